//! Those who look after the site and its domains: people and their quotas, access and audit, mail that does not get on, and everything of
//! somebody who leaves.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::daemon::{BINARY, Place};
use crate::post_office::{PostOffice, free_port};
use crate::site::{ANNA, CARL, DEAN, DESK, PHONE, ROOT, SETTINGS, Screen, World};

const BEN: &str = "ben@uni.test";
const RUN: &str = "LH09001";

#[tokio::test]
async fn a_site_is_looked_after_at_a_desk() {
    tell(DESK).await;
}

#[tokio::test]
async fn a_site_is_looked_after_on_a_phone_that_runs_no_scripts() {
    tell(PHONE).await;
}

async fn tell(screen: Screen) {
    let mut world = open(screen).await;
    for other in [CARL, ANNA, DEAN] {
        world.becomes(other).await;
    }
    let run = world.register(ANNA);
    somebody_becomes_professional(&mut world).await;
    a_workgroup_gets_a_quota(&mut world).await;
    who_sees_what_is_said_with_the_reasons(&mut world, &run).await;
    what_was_done_is_searched(&mut world).await;
    a_letter_is_held_up_and_sent_again(&mut world).await;
    what_came_in_is_looked_at(&mut world).await;
    everything_of_a_leaver_is_proposed_to_move(&mut world).await;
    a_second_administrator_sees_it_and_approves(&mut world).await;
    everything_has_moved(&mut world).await;
    world.sum_up("administration");
    world.close().await;
}

/// With a mail server that can be stopped, and a door for replies.
async fn open(screen: Screen) -> World {
    let home = tempfile::tempdir().unwrap();
    let office = PostOffice::sink(&home.path().join("sink"));
    let door = free_port();
    let replies = format!("{SETTINGS}[reply]\nlisten = \"127.0.0.1:{door}\"\n");
    let place = Place::new(&home.path().join("site"), office.port, &replies);
    World::at(screen, home, place, Some(office)).await
}

/// Goes to a part of the administration by its own links.
fn part(world: &World, name: &str, says: &str) {
    let link = format!("//nav[@aria-label='Administration']/a[normalize-space()='{name}']");
    world.browser.press_on(&link);
    world.browser.text_with(says);
}

async fn somebody_becomes_professional(world: &mut World) {
    world.becomes(CARL).await;
    world.goto("/admin").await;
    world.browser.text_with("There is nothing here");
    world.becomes(ROOT).await;
    let account = "//summary[normalize-space()='Account']";
    world.browser.press_on(account);
    world.browser.press("Administration");
    world.browser.text_with("You administer the site");
    world.look("admin").await;
    part(world, "People", "Write the whole address");
    world.look("admin-people").await;
    world.browser.write("#who", "nobody@lab.test");
    world.browser.press("Look up");
    world.browser.text_with("That did not work");
    world.look("admin-people-nobody").await;
    world.browser.rewrite("#who", CARL);
    world.browser.press("Look up");
    world.browser.text_with("basic");
    world.look("admin-person").await;
    world.browser.rewrite("#quota", "much");
    world.browser.press("Change it");
    world.browser.text_with("is not a quota");
    world.look("admin-person-wrong").await;
    world.browser.pick("#tier", "professional");
    world.browser.rewrite("#quota", "20TB");
    world.browser.press("Change it");
    world.browser.text_with("Changed. It holds from now on.");
    world.browser.text_with("Tier professional");
    world.look("admin-person-changed").await;
}

async fn a_workgroup_gets_a_quota(world: &mut World) {
    part(world, "Workgroups", "No workgroup yet");
    world.look("admin-workgroups-none").await;
    world.becomes(DEAN).await;
    world.goto("/workgroups/new").await;
    world.browser.write("#name", "Genomics");
    world.browser.write("#handle", "genomics");
    world.look("workgroup-new-in-domain").await;
    world.browser.press("Create the workgroup");
    world.browser.text_with("you own it");
    world.becomes(ROOT).await;
    world.goto("/admin/workgroups").await;
    world.browser.text_with("Genomics");
    world.look("admin-workgroups").await;
    let quota = "//tr[contains(., 'Genomics')]//a[contains(., 'Quota')]";
    world.browser.press_on(quota);
    world.browser.text_with("What it may hold");
    world.look("admin-workgroup").await;
    world.browser.rewrite("#quota", "5TB");
    world.browser.press("Change it");
    world.browser.text_with("Changed. It holds from now on.");
}

async fn who_sees_what_is_said_with_the_reasons(world: &mut World, run: &str) {
    part(world, "Access", "Who can see this run or project?");
    world.look("admin-access").await;
    let address = format!("{}{run}", world.place.site);
    world.browser.write("#item", &address);
    world
        .browser
        .press_on("//form[.//input[@id='item']]//button");
    // The page before asks "Who can see", too.
    let text = world.browser.text_with(RUN);
    assert!(
        text.contains("Who can see") && text.contains(DEAN),
        "{text}"
    );
    world.look("admin-access-item").await;
    world.browser.press("What happened to it");
    world.browser.text_with("What was done");
    world.look("admin-audit-item").await;
    world.goto("/admin/access").await;
    world.browser.write("#person", ANNA);
    world
        .browser
        .press_on("//form[.//input[@id='person']]//button");
    world.browser.text_with("Everything of their contexts");
    world.look("admin-access-person").await;
}

async fn what_was_done_is_searched(world: &mut World) {
    part(world, "Audit", "What you did yourself");
    world.look("admin-audit").await;
    world.browser.write("#person", ANNA);
    world.browser.press("Search");
    let text = world.browser.text_with("What was done");
    assert!(text.contains(RUN), "{text}");
    world.look("admin-audit-person").await;
    world.browser.rewrite("#context", "genomics");
    world.browser.press("Search");
    world.browser.text_with("Nothing that fits");
    world.browser.rewrite("#person", "nobody@uni.test");
    world.browser.press("Search");
    world.browser.text_with("That did not work");
    world.look("admin-audit-wrong").await;
}

async fn a_letter_is_held_up_and_sent_again(world: &mut World) {
    world.goto("/admin/mail").await;
    world.browser.text_with("No letter is due");
    world.look("admin-mail").await;
    let port = world.office.take().unwrap().port;
    world.becomes(DEAN).await;
    world.goto("/workgroups").await;
    world.browser.press("Genomics");
    world.browser.press("Invite people");
    world.browser.write("#addresses", BEN);
    world.browser.press("Invite them");
    world.browser.text_with("Each gets a letter");
    world.becomes(ROOT).await;
    world.goto_until("/admin/mail", BEN).await;
    world.look("admin-mail-held-up").await;
    world.browser.press("Letters in trouble");
    world.browser.text_with("To this address");
    world.look("admin-outbox").await;
    let letter = format!("//tr[contains(., '{BEN}')]//a");
    world.browser.press_on(&letter);
    world.browser.text_with("Tried 1 time");
    world.look("admin-letter").await;
    world.office = Some(PostOffice::failing_sink(
        &world.path().join("sink"),
        port,
        &[],
    ));
    world.browser.press("Send it now");
    world.browser.text_with("It is tried again, now.");
    world.mailed(BEN, |letter| letter.link().is_some());
    let page = world.browser.path().await;
    world.goto_until(&page, "sent").await;
    world.look("admin-letter-sent").await;
    world.goto("/admin/mail/outbox").await;
    world.browser.text_with("None.");
    world.look("admin-outbox-none").await;
}

/// Ben has answered the letter from a mailbox that proves nothing.
async fn what_came_in_is_looked_at(world: &mut World) {
    world.goto("/admin/mail/inbound").await;
    world.browser.text_with("Nothing. Replies to letters");
    world.look("admin-inbound-none").await;
    // He does it again, after his letter was looked at.
    world.becomes(DEAN).await;
    world.goto("/workgroups").await;
    world.browser.press("Genomics");
    world.browser.press("Invite people");
    world.browser.write("#addresses", CARL);
    world.browser.press("Invite them");
    let office = world.office.as_mut().unwrap();
    let letter = office.wait_for("the invitation", |letter| letter.to == BEN);
    let to = letter.header("Reply-To").unwrap();
    let answer = format!(
        "From: {BEN}\nMessage-ID: <1@uni.test>\nSubject: Re: {}\nMIME-Version: 1.0\n\
         Content-Type: text/plain\n\naccept\n",
        letter.subject
    );
    mail_in(&world.place, &to, &answer);
    world.becomes(ROOT).await;
    world.goto_until("/admin/mail/inbound", "a letter").await;
    world.look("admin-inbound").await;
    world.browser.press_on("//tbody//th/a");
    world.browser.text_with("What it says is sealed");
    world.look("admin-message").await;
    world.goto("/admin/mail/addresses").await;
    world.browser.text_with("None.");
    world.look("admin-doubtful").await;
}

/// The site's mail server brings this message for an address of the site.
fn mail_in(place: &Place, to: &str, message: &str) {
    let mut process = Command::new(BINARY)
        .args(["mail-in", "--sender", BEN, "--config"])
        .arg(&place.config)
        .arg(to)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    input.write_all(message.as_bytes()).unwrap();
    drop(input);
    assert!(process.wait().unwrap().success());
}

async fn everything_of_a_leaver_is_proposed_to_move(world: &mut World) {
    world.goto("/admin/moves").await;
    world.browser.text_with("one administrator proposes it");
    world.look("admin-moves-none").await;
    world.browser.press("Propose a move");
    world.browser.text_with("Whose data");
    world.look("admin-move-new").await;
    world.browser.write("#from", ANNA);
    world.browser.write("#to", "workgroup:nothing");
    world
        .browser
        .write("#reason", "Anna has left the institute.");
    world.browser.press("Show what would move");
    world.browser.text_with("That did not work");
    world.look("admin-move-wrong").await;
    world.browser.rewrite("#to", "workgroup:genomics");
    world.browser.press("Show what would move");
    let text = world.browser.text_with("would belong to Genomics");
    assert!(text.contains("1 run and 2 projects"), "{text}");
    world.look("admin-move-preview").await;
    world.browser.press("Propose it");
    let text = world.browser.text_with("Proposed. Another administrator");
    assert!(!text.contains("Approve, and move it now"), "{text}");
    world.look("admin-move-proposed").await;
    part(world, "Overview", "another administrator approves it");
    world.look("admin-stuck").await;
}

async fn a_second_administrator_sees_it_and_approves(world: &mut World) {
    world.becomes(DEAN).await;
    world.goto("/admin").await;
    world.browser.press_on("//a[contains(., 'Move of')]");
    let text = world.browser.text_with("It would move");
    assert!(
        text.contains("Anna has left the institute.") && text.contains(RUN),
        "{text}"
    );
    world.look("admin-move").await;
    world.browser.press("Approve, and move it now");
    world.browser.text_with("Approved.");
    let page = world.browser.path().await;
    world.goto_until(&page, "done").await;
    world.look("admin-move-done").await;
    world.goto("/admin/moves?state=closed").await;
    world.browser.text_with("Genomics");
    world.look("admin-moves-ended").await;
}

async fn everything_has_moved(world: &mut World) {
    world.goto("/workgroups").await;
    world.browser.press("Genomics");
    world.browser.press("Act as it, and see its runs");
    world.browser.text_with(RUN);
    world.look("runs-moved").await;
    world.becomes(ANNA).await;
    for (page, says) in [
        ("/runs", "No run at the moment"),
        ("/projects", "No project at the moment"),
    ] {
        world.goto(page).await;
        world.browser.text_with(says);
    }
}
