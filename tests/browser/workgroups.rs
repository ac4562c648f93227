//! The console of a workgroup: who belongs to it and as what, what it holds, to whom it belongs, and its end.

use crate::site::{CARL, CORE, DESK, MIA, PHONE, Screen, World};
use crate::stories::{LEAVES, offer};

#[tokio::test]
async fn a_workgroup_is_looked_after_at_a_desk() {
    tell(DESK).await;
}

#[tokio::test]
async fn a_workgroup_is_looked_after_on_a_phone_that_runs_no_scripts() {
    tell(PHONE).await;
}

async fn tell(screen: Screen) {
    let mut world = World::open(screen).await;
    for other in [CARL, CORE, MIA] {
        world.becomes(other).await;
    }
    let place = two_people_join_a_workgroup(&mut world).await;
    one_is_promoted_and_one_removed(&mut world, &place).await;
    its_storage_is_told_by_member_and_item(&mut world, &place).await;
    it_is_handed_over(&mut world, &place).await;
    it_is_closed_once_it_is_empty(&mut world, &place).await;
    world.sum_up("workgroups");
    world.close().await;
}

/// Where the pages of Mia's new workgroup are.
async fn two_people_join_a_workgroup(world: &mut World) -> String {
    world.goto("/workgroups/new").await;
    world.browser.write("#name", "Clinic genomics");
    world.browser.write("#handle", "clinic");
    world.browser.press("Create the workgroup");
    world.browser.text_with("you own it");
    let place = world.browser.path().await;
    world.goto(&format!("{place}/invitations")).await;
    world
        .browser
        .write("#addresses", &format!("{CARL}\n{CORE}"));
    world.browser.press("Invite them");
    world.browser.text_with("Each gets a letter");
    for who in [CARL, CORE] {
        world.becomes(who).await;
        world.goto("/").await;
        world.browser.press("Accept");
        world.browser.text_with("You belong to Clinic genomics now");
    }
    place
}

/// What can be done with a member.
fn open(world: &World, member: &str) {
    let summary = format!("//li[contains(., '{member}')]//summary");
    world.browser.press_on(&summary);
}

async fn one_is_promoted_and_one_removed(world: &mut World, place: &str) {
    let members = format!("{place}/members");
    world.goto(&members).await;
    let text = world.browser.text_with(CARL);
    assert!(!text.contains("Change or remove"), "{text}");
    world.becomes(MIA).await;
    world.goto(&members).await;
    open(world, CARL);
    world.look("members-changing").await;
    world.browser.press("Make them an administrator");
    world.browser.text_with("Changed. It holds from now on.");
    world.look("members-promoted").await;
    open(world, CORE);
    world
        .browser
        .press_on(&format!("//li[contains(., '{CORE}')]//button[@formaction]"));
    let text = world.browser.text_with("Removed. They see nothing");
    assert!(!text.contains(CORE), "{text}");
    world.look("members-removed").await;
    world.becomes(CORE).await;
    world.goto(place).await;
    world.browser.text_with("There is nothing here");
    world.goto("/workgroups").await;
    world.browser.text_with("You belong to no workgroup yet");
}

async fn its_storage_is_told_by_member_and_item(world: &mut World, place: &str) {
    world.register(CORE);
    offer(world, LEAVES, "workgroup:clinic", false).await;
    // Whom its owner made an administrator answers for it.
    world.becomes(CARL).await;
    world.goto("/").await;
    world.browser.press("Accept into Clinic genomics");
    world.browser.text_with("It belongs to Clinic genomics now");
    world.goto(&format!("{place}/storage")).await;
    let text = world.browser.text_with("By whoever registered it");
    assert!(
        text.contains("no member") && text.contains(LEAVES),
        "{text}"
    );
    world.look("workgroup-storage-by-member").await;
}

async fn it_is_handed_over(world: &mut World, place: &str) {
    world.becomes(MIA).await;
    world.goto(&format!("{place}/settings")).await;
    world
        .browser
        .press_on("//summary[normalize-space()='Hand it over']");
    world.browser.write("#heir", CORE);
    world.browser.press("Offer it to them");
    world.browser.text_with("That did not work");
    world.look("workgroup-handing-over-wrong").await;
    world.browser.rewrite("#heir", CARL);
    world.browser.press("Offer it to them");
    world.browser.text_with("You own it until they accept");
    world.look("workgroup-handing-over").await;
    world.becomes(CARL).await;
    world.goto("/").await;
    world.browser.text_with("Clinic genomics");
    world.look("home-with-workgroup-offered").await;
    world.browser.press("Look at it");
    world.browser.text_with("If you accept");
    world.look("workgroup-offered").await;
    world.browser.press("Accept");
    world.browser.text_with("You own Clinic genomics now");
    world.look("receipt-of-workgroup").await;
    world.becomes(MIA).await;
    world.goto(&format!("{place}/members")).await;
    let text = world.browser.text_with(MIA);
    assert!(text.contains("owner"), "{text}");
    world.goto(&format!("{place}/settings")).await;
    let text = world.browser.text_with("What it is called, and for");
    assert!(!text.contains("Close this workgroup"), "{text}");
}

async fn it_is_closed_once_it_is_empty(world: &mut World, place: &str) {
    let close = format!("{place}/close");
    world.becomes(CARL).await;
    world.goto(&close).await;
    world.browser.text_with("What stands in the way");
    world.look("workgroup-close-not-yet").await;
    world.goto(place).await;
    world.browser.press("Act as it, and see its runs");
    world.browser.text_with("No run at the moment");
    world.goto("/projects").await;
    world.tick(LEAVES);
    world.browser.press("Transfer");
    world.browser.write("#recipient", CORE);
    world.browser.press("See what will happen");
    world.choose("I confirm");
    world.browser.press("Send the offer");
    world.browser.text_with("It is offered");
    world.becomes(CORE).await;
    world.goto("/").await;
    world.browser.press("Accept into Personal");
    world.browser.text_with("It is yours");
    world.becomes(CARL).await;
    world.goto(&close).await;
    world.browser.press("Close it for good");
    let text = world.browser.text_with("The workgroup is closed");
    assert!(!text.contains("Clinic genomics"), "{text}");
    world.look("workgroup-closed").await;
}
