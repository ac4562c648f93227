//! The stories of issue 5, told at a desk and on a plain phone: the same pages, the same words, the same ends.

use crate::site::{CARL, CORE, DESK, MIA, PHONE, Screen, World};

pub const SOILS: &str = "Wetland soils 2026";
pub const LEAVES: &str = "Beech leaves 2026";

#[tokio::test]
async fn every_story_ends_well_at_a_desk() {
    tell(DESK).await;
}

#[tokio::test]
async fn every_story_ends_well_on_a_phone_that_runs_no_scripts() {
    tell(PHONE).await;
}

async fn tell(screen: Screen) {
    let mut world = World::open(screen).await;
    world.sees_what_is_wrong().await;
    somebody_signs_in(&mut world).await;
    several_are_chosen_in_a_list(&mut world).await;
    a_project_is_offered_and_the_address_corrected(&mut world).await;
    an_offer_is_accepted_into_a_workgroup(&mut world).await;
    an_offer_is_declined_with_a_reason(&mut world).await;
    a_project_is_shared_and_accepted(&mut world).await;
    a_link_is_given_away_and_its_access_revoked(&mut world).await;
    the_context_one_acts_as_is_chosen(&mut world).await;
    a_workgroup_is_made_and_people_are_invited(&mut world).await;
    an_account_is_settled(&mut world).await;
    somebody_signs_out(&mut world).await;
    world.sum_up("stories");
    world.close().await;
}

async fn somebody_signs_in(world: &mut World) {
    world.goto("/").await;
    world.browser.text_with("We send a code");
    world.look("sign-in").await;
    world.browser.write("#address", CORE);
    world.browser.press("Send me a code");
    world.browser.text_with("Code from the letter");
    world.look("code").await;
    let code = world.code(CORE);
    world.browser.write("#code", "AAAA-AAAA");
    world.browser.press("Sign in");
    world.browser.text_with("That did not work");
    world.look("code-wrong").await;
    world.browser.rewrite("#code", &code);
    world.browser.press("Sign in");
    world
        .browser
        .text_with("Invitations and offers waiting for you");
    world.look("home-of-nobody-yet").await;
    world.keep(CORE);
    for (path, says, name) in [
        ("/runs", "No run at the moment", "runs-none"),
        ("/projects", "No project at the moment", "projects-none"),
        ("/transfers", "None.", "transfers-none"),
        (
            "/transfers/new",
            "There is nothing to choose in",
            "transfer-nothing",
        ),
        ("/shared", "Nothing now", "shared-none"),
        (
            "/workgroups",
            "You belong to no workgroup yet",
            "workgroups-none",
        ),
        ("/nowhere", "There is nothing here", "not-found"),
    ] {
        world.goto(path).await;
        world.browser.text_with(says);
        world.look(name).await;
    }
}

async fn several_are_chosen_in_a_list(world: &mut World) {
    world.register(CORE);
    world.goto("/runs").await;
    world.browser.text_with("LH09001");
    world.look("runs").await;
    world.goto("/projects").await;
    world.tick(SOILS);
    world.tick(LEAVES);
    world.look("projects-ticked").await;
    world.browser.press("Put into the trash");
    world.browser.text_with("2 projects are in the trash");
    world.goto("/projects?state=trashed").await;
    world.look("trash").await;
    world.tick(SOILS);
    world.browser.press("Delete for good");
    world.browser.text_with(SOILS);
    world.look("purge").await;
    world.goto("/projects?state=trashed").await;
    world.tick(SOILS);
    world.tick(LEAVES);
    world.browser.press("Restore");
    world
        .browser
        .text_with("2 projects are out of the trash again");
    world.goto("/projects?name=soils").await;
    let text = world.browser.text_with(SOILS);
    assert!(!text.contains(LEAVES), "{text}");
    world.browser.press(SOILS);
    world.browser.text_with("Who has access, and why");
    world.look("project").await;
    world.goto("/runs").await;
    world.browser.press_on("//th/a[contains(., 'LH09001')]");
    world.browser.text_with("Who has access, and why");
    world.look("run").await;
}

/// Fills the dialog in and goes on to the preview, whose heading says this.
fn ask(world: &World, to: &str, message: &str, go_on: &str) {
    world.browser.write("#recipient", to);
    world.browser.write("#message", message);
    world.browser.press(go_on);
}

pub async fn offer(world: &mut World, project: &str, to: &str, picture: bool) {
    world.becomes(CORE).await;
    world.goto("/projects").await;
    world.tick(project);
    world.browser.press("Transfer");
    world.browser.text_with("Days to answer");
    if picture {
        world.look("transfer").await;
        ask(world, "nobody", "Your data.", "See what will happen");
        world.browser.text_with("That did not work");
        world.look("transfer-wrong").await;
        world.browser.rewrite("#recipient", to);
        world.browser.press("See what will happen");
    } else {
        ask(world, to, "Your data.", "See what will happen");
    }
    world.browser.text_with("Changes hands when it is accepted");
    if picture {
        world.look("transfer-preview").await;
    }
    world.choose("I confirm");
    world.browser.press("Send the offer");
    world
        .browser
        .text_with("It is offered; the recipient is told by email");
}

async fn a_project_is_offered_and_the_address_corrected(world: &mut World) {
    offer(world, LEAVES, "karl@lab.test", true).await;
    world.look("offer-sent").await;
    world.browser.press("Correct the address");
    world.browser.write("#recipient", CARL);
    world.browser.press("Offer it to this address");
    world.browser.text_with("It is offered to this address now");
    world.look("offer-readdressed").await;
    world.goto("/transfers").await;
    let text = world.browser.text_with("cancelled");
    assert!(text.contains("pending"), "{text}");
    world.look("transfers").await;
}

async fn an_offer_is_accepted_into_a_workgroup(world: &mut World) {
    world.browser.forgets();
    world.goto("/i").await;
    world.browser.text_with("Sign in to respond");
    world.look("link-of-letter").await;
    world.becomes(CARL).await;
    world.look("home-with-offer").await;
    world.goto("/mailbox").await;
    world.browser.text_with("letters are not mailed");
    world.look("mailbox").await;
    let letter = world.letter(CARL, "offer");
    world.goto(&letter).await;
    world.browser.text_with("Message-ID");
    world.look("letter").await;
    // Two clicks from the letter's link to "it is yours", whichever context is chosen.
    world.browser.press_on("//pre//a[contains(@href, '/i/')]");
    world.browser.text_with("Context to accept into");
    world.look("offer").await;
    world.browser.press("Accept into TechSupport");
    world.browser.text_with("It belongs to TechSupport now");
    world.look("receipt").await;
    world.browser.press("The offer and its history");
    world.browser.text_with("accepted");
    world.look("offer-accepted").await;
}

async fn an_offer_is_declined_with_a_reason(world: &mut World) {
    offer(world, SOILS, CARL, false).await;
    world.goto("/projects").await;
    world.browser.text_with("offered");
    world.look("projects-offered").await;
    world.browser.press(SOILS);
    world.browser.text_with("Its letters");
    world.look("project-offered").await;
    world.becomes(CARL).await;
    world.goto("/").await;
    world.browser.press("Decline");
    world.browser.write("#reason-1", "Not our soils.");
    world.look("home-declining").await;
    world.browser.press("Decline the offer");
    world
        .browser
        .text_with("Declined: nothing has changed hands");
    world.look("receipt-declined").await;
    world.becomes(CORE).await;
    world.goto("/transfers").await;
    world.browser.press_on("//tr[contains(., 'declined')]//a");
    world.browser.text_with("Not our soils.");
    world.look("offer-declined").await;
}

async fn a_project_is_shared_and_accepted(world: &mut World) {
    world.goto("/projects").await;
    world.tick(SOILS);
    world.browser.press("Share");
    world.browser.text_with("They may");
    world.look("share").await;
    world.choose("read and write");
    ask(world, CARL, "Have a look.", "See who would see what");
    world.browser.text_with("Shared when it is accepted");
    world.look("share-preview").await;
    world.browser.press("Invite");
    world
        .browser
        .text_with("They are invited and told by email");
    world.look("share-sent").await;
    world.becomes(CARL).await;
    world.goto("/").await;
    world.browser.press("Choose another context");
    world.browser.text_with("Context to accept into");
    world.look("share-offered").await;
    world.browser.press("Accept into Personal");
    world.browser.text_with("It is shared with you");
    world.look("receipt-of-share").await;
    world.goto("/shared").await;
    world.browser.text_with(SOILS);
    world.look("shared").await;
    world.browser.press(SOILS);
    world.browser.press("Register files that belong to it");
    world.browser.write("#list", "counts/plot-01.tsv 4096");
    world.look("project-listing-files").await;
    world.browser.press("List them");
    world.browser.text_with("The files are listed now.");
    world.look("project-with-files").await;
    world.goto("/").await;
    world.browser.text_with(SOILS);
    world.look("home-of-recipient").await;
}

async fn a_link_is_given_away_and_its_access_revoked(world: &mut World) {
    world.becomes(CORE).await;
    world.goto("/projects").await;
    world.browser.press(SOILS);
    world.browser.press("Links");
    world.browser.text_with("Make a link");
    world.browser.press("Make a link");
    world.browser.write("#link-most", "3");
    world.look("link-making").await;
    world.browser.press("Make the link");
    world.browser.text_with("The link is made");
    world.look("people").await;
    let people = world.browser.path().await;
    let page = world.browser.source();
    let (_, rest) = page.split_once("id=\"url-1\"").unwrap();
    let (_, rest) = rest.split_once("value=\"").unwrap();
    let link = rest.split('"').next().unwrap();
    world.becomes(MIA).await;
    world.browser.goto(link).await;
    world.browser.text_with("is shared by this link");
    world.look("link").await;
    world.browser.press("Accept into Personal");
    world.browser.text_with("Give this access up");
    world.goto("/shared").await;
    world.browser.text_with(SOILS);
    world.becomes(CORE).await;
    world.goto(&people).await;
    world.browser.press_on("//li[contains(., 'mia')]//summary");
    world.look("people-changing").await;
    world
        .browser
        .press_on("//li[contains(., 'mia')]//button[contains(., 'Revoke at once')]");
    world.browser.text_with("that access has ended");
    world.look("people-revoked").await;
    world.becomes(MIA).await;
    world.goto("/shared").await;
    world.browser.text_with("Nothing now");
}

async fn the_context_one_acts_as_is_chosen(world: &mut World) {
    world.becomes(CARL).await;
    world.goto("/projects").await;
    world.browser.text_with("No project at the moment");
    world
        .browser
        .press_on("//details[contains(@class, 'acts-as')]/summary");
    world.look("contexts").await;
    world
        .browser
        .press_on("//button[@name='context'][contains(., 'TechSupport')]");
    world.browser.text_with(LEAVES);
    assert_eq!(world.browser.path().await, "/projects");
    world.look("projects-of-workgroup").await;
    world.goto("/").await;
    world.browser.text_with("What is new in TechSupport");
    world.look("home-of-workgroup").await;
    world
        .browser
        .press_on("//summary[normalize-space()='Account']");
    world.look("menu").await;
    world.goto("/workgroups").await;
    world.browser.press("TechSupport");
    world
        .browser
        .text_with("The configuration file of this site");
    world.look("workgroup-of-member").await;
}

async fn a_workgroup_is_made_and_people_are_invited(world: &mut World) {
    world.becomes(MIA).await;
    world.goto("/workgroups/new").await;
    world.browser.text_with("You will own the workgroup");
    world.browser.write("#name", "Clinic genomics");
    world.browser.write("#handle", "clinic");
    world
        .browser
        .write("#description", "Exomes of the clinic.\nSince 2026.");
    world.look("workgroup-new").await;
    world.browser.press("Create the workgroup");
    world.browser.text_with("Exomes of the clinic.");
    world.look("workgroup").await;
    world.browser.press("Invitations");
    world.browser.text_with("One on each line");
    world
        .browser
        .write("#addresses", &format!("{CARL}, {CORE}\nnobody"));
    world.look("workgroup-inviting").await;
    world.browser.press("Invite them");
    world.browser.text_with("These were not invited");
    world.look("workgroup-invited").await;
    for (page, says) in [
        ("Members", "Every member may do everything"),
        ("Storage", "It owns nothing yet"),
        ("Settings", "What it is called, and for"),
    ] {
        let link = format!("//main//a[normalize-space()='{page}']");
        world.browser.press_on(&link);
        world.browser.text_with(says);
        world
            .look(&format!("workgroup-{}", page.to_lowercase()))
            .await;
    }
    world.browser.press("Close this workgroup");
    world.browser.text_with("Clinic genomics");
    world.look("workgroup-close").await;
    world.becomes(CARL).await;
    world.goto("/").await;
    world.browser.press("Look at it");
    world.browser.text_with("invites you to");
    world.look("membership-offered").await;
    world.browser.press("Accept");
    world.browser.text_with("What now");
    world.look("receipt-of-membership").await;
    world.goto("/workgroups").await;
    world.browser.text_with("Clinic genomics");
    world.look("workgroups").await;
}

async fn an_account_is_settled(world: &mut World) {
    const HOME: &str = "mia@home.test";
    world.becomes(MIA).await;
    world.goto("/account").await;
    world.browser.text_with("Your account");
    world.look("account").await;
    world.browser.rewrite("#name", "Dr. Mia Brandt");
    world.browser.press("Save");
    world.browser.text_with("Saved.");
    world.goto("/account/addresses").await;
    world.browser.write("#address", HOME);
    world.browser.press("Send a code");
    world.browser.text_with("Code from the letter");
    world.look("account-code").await;
    let code = world.code(HOME);
    world.browser.write("#code", &code);
    world.browser.press("Add the address");
    world.browser.text_with("The address is yours");
    world.look("account-addresses").await;
    world.goto("/account/tokens").await;
    world.browser.write("#name", "the pipeline");
    world.browser.press("Make the token");
    world.browser.text_with("Copy it now");
    world.look("account-token-made").await;
    world.goto("/account/blocked").await;
    world.browser.write("#sender", "spam@spam.test");
    world.browser.press("Block");
    world.browser.text_with("Blocked. They can offer");
    world.look("account-blocked").await;
    for (part, says) in [
        ("tokens", "the pipeline"),
        ("sessions", "this one"),
        ("defaults", "By sender"),
        ("notifications", "Also send me"),
        ("close", "Close the account"),
    ] {
        world.goto(&format!("/account/{part}")).await;
        world.browser.text_with(says);
        world.look(&format!("account-{part}")).await;
    }
}

async fn somebody_signs_out(world: &mut World) {
    world.goto("/").await;
    world
        .browser
        .press_on("//summary[normalize-space()='Account']");
    world.browser.press("Sign out");
    world.browser.text_with("We send a code");
    world.goto("/account").await;
    world.browser.text_with("We send a code");
}
