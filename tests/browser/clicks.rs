//! From the link in the letter to "it is yours", counted.

use crate::site::{CARL, CORE, DESK, PHONE, Screen, World};
use crate::stories::{LEAVES, SOILS, offer};

#[tokio::test]
async fn two_clicks_lead_from_the_letter_to_it_is_yours_at_a_desk() {
    tell(DESK).await;
}

#[tokio::test]
async fn two_clicks_lead_from_the_letter_to_it_is_yours_on_a_phone() {
    tell(PHONE).await;
}

async fn tell(screen: Screen) {
    let mut world = World::open(screen).await;
    world.becomes(CARL).await;
    world.becomes(CORE).await;
    world.register(CORE);
    accepts(&mut world, LEAVES, "It is yours").await;
    // Another context costs no click more where it is the one that is chosen beforehand.
    world.becomes(CARL).await;
    world.goto("/account/defaults").await;
    world.browser.pick("#accepting", "TechSupport");
    world.browser.press("Save");
    world.browser.text_with("Saved.");
    accepts(&mut world, SOILS, "It belongs to TechSupport now").await;
    world.close().await;
}

/// The recipient, who is signed in, looks at the letter.
async fn accepts(world: &mut World, project: &str, ends: &str) {
    offer(world, project, CARL, false).await;
    world.becomes(CARL).await;
    let letter = world.letter(CARL, "offer");
    world.goto(&letter).await;
    world.browser.text_with(project);
    let before = world.browser.presses();
    world.browser.press_on("//pre//a[contains(@href, '/i/')]");
    world.browser.text_with("Context to accept into");
    world
        .browser
        .press_on("//button[starts-with(normalize-space(), 'Accept into') and not(@class)]");
    world.browser.text_with(ends);
    let clicks = world.browser.presses() - before;
    assert_eq!(clicks, 2);
}
