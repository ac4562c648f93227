//! What people do with what they have every day: the trash and back, and offers that stand, change and end.

use std::fs;

use crate::daemon::{until, within};
use crate::site::{CARL, CORE, DESK, PHONE, Screen, World};
use crate::stories::{LEAVES, SOILS, offer};

#[tokio::test]
async fn the_day_goes_well_at_a_desk() {
    tell(DESK).await;
}

#[tokio::test]
async fn the_day_goes_well_on_a_phone_that_runs_no_scripts() {
    tell(PHONE).await;
}

async fn tell(screen: Screen) {
    let mut world = World::open(screen).await;
    for other in [CARL, CORE] {
        world.becomes(other).await;
    }
    world.register(CORE);
    several_go_for_good_and_one_comes_back(&mut world).await;
    what_is_offered_stays_out_of_the_trash(&mut world).await;
    an_offer_gets_more_time_and_no_second_letter_yet(&mut world).await;
    an_offer_is_cancelled(&mut world).await;
    the_history_is_filtered_and_saved(&mut world).await;
    world.sum_up("daily");
    world.close().await;
}

async fn several_go_for_good_and_one_comes_back(world: &mut World) {
    world.goto("/projects").await;
    world.tick(SOILS);
    world.tick(LEAVES);
    world.browser.press("Put into the trash");
    world.browser.text_with("2 projects are in the trash");
    world.goto("/projects?state=trashed").await;
    world.tick(SOILS);
    world.tick(LEAVES);
    world.browser.press("Delete for good");
    let text = world.browser.text_with("Delete 2 projects for good?");
    assert!(text.contains(SOILS) && text.contains(LEAVES), "{text}");
    world.look("purge-of-several").await;
    world.browser.press("Delete for good");
    world
        .browser
        .text_with("2 projects will be deleted for good");
    world.look("trash-of-what-goes").await;
    world.browser.press(SOILS);
    world.browser.text_with("deleted for good");
    world.look("project-that-goes").await;
    world.browser.press("Restore");
    world.browser.text_with("out of the trash again");
    world.look("project-restored").await;
    world.goto("/projects?state=trashed").await;
    let text = world.browser.text_with(LEAVES);
    assert!(!text.contains(SOILS), "{text}");
    world.tick(LEAVES);
    world.browser.press("Restore");
    world.browser.text_with("out of the trash again");
    world.goto("/projects").await;
    world.tick(LEAVES);
    world.browser.press("Archive");
    world
        .browser
        .text_with("is archived: neither shared nor transferred");
    world.goto("/projects?state=archived").await;
    world.look("archived").await;
    world.tick(LEAVES);
    world.browser.press("Take out of the archive");
    world.browser.text_with("out of the archive again");
}

async fn what_is_offered_stays_out_of_the_trash(world: &mut World) {
    offer(world, LEAVES, CARL, false).await;
    world.goto("/projects").await;
    world.tick(SOILS);
    world.tick(LEAVES);
    world.browser.press("Put into the trash");
    let text = world
        .browser
        .text_with("1 of 2 could not be put into the trash");
    assert!(text.contains("1 item is in the trash"), "{text}");
    world.look("trash-in-part").await;
    world.goto("/projects?state=trashed").await;
    world.tick(SOILS);
    world.browser.press("Restore");
    world.browser.text_with("out of the trash again");
}

async fn an_offer_gets_more_time_and_no_second_letter_yet(world: &mut World) {
    offer(world, SOILS, CARL, false).await;
    let text = world.browser.text_with("It can be mailed again from");
    assert!(!text.contains("Mail it again"), "{text}");
    world.browser.press("Give it more time");
    world.browser.rewrite("#days", "365");
    world.browser.press("Extend");
    world.browser.text_with("That did not work");
    world.look("offer-extended-too-far").await;
    world.browser.rewrite("#days", "60");
    world.browser.press("Extend");
    world.browser.text_with("It stands longer now");
    world.look("offer-extended").await;
}

async fn an_offer_is_cancelled(world: &mut World) {
    world.browser.press("Cancel the offer");
    world.browser.text_with("can no longer accept it");
    world.look("offer-cancelling").await;
    world
        .browser
        .press_on("//button[normalize-space()='Cancel the offer']");
    world
        .browser
        .text_with("Cancelled: nothing has changed hands");
    world.look("receipt-of-cancelled").await;
}

async fn the_history_is_filtered_and_saved(world: &mut World) {
    world.goto("/transfers").await;
    let text = world.browser.text_with("cancelled");
    assert!(text.contains("pending"), "{text}");
    world.look("transfers-all").await;
    world.browser.pick("#state", "pending");
    world.browser.press("Show");
    world
        .browser
        .at("?kind=&role=&state=pending&context=")
        .await;
    world.browser.text_with(LEAVES);
    let rows = rows(world);
    assert!(rows.contains("pending") && !rows.contains(SOILS), "{rows}");
    world.look("transfers-pending").await;
    let folder = world.path().join("saved");
    fs::create_dir_all(&folder).unwrap();
    world.browser.saves_to(&folder);
    world.browser.press("Save as a table (CSV)");
    let table = until("the table is saved", within(20), || {
        // Its name is there before its lines are.
        let saved = fs::read_to_string(folder.join("transfers.csv")).ok();
        saved.filter(|table| table.ends_with('\n'))
    });
    let lines: Vec<&str> = table.lines().collect();
    let [head, line] = lines[..] else {
        panic!("{table}");
    };
    assert!(head.starts_with("id,state,sender,"), "{table}");
    assert!(
        line.contains(LEAVES) && line.contains(",pending,"),
        "{table}"
    );
    world.becomes(CARL).await;
    world.goto("/transfers").await;
    let text = world.browser.text_with(LEAVES);
    assert!(text.contains("from "), "{text}");
    world.browser.pick("#role", "received");
    world.browser.press("Show");
    world
        .browser
        .at("?kind=&role=received&state=&context=")
        .await;
    world.browser.text_with(LEAVES);
    world.look("transfers-received").await;
}

/// What the list of transfers says.
fn rows(world: &World) -> String {
    let rows = world
        .browser
        .ask("document.querySelector('tbody').innerText");
    rows.as_str().unwrap().to_owned()
}
