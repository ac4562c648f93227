//! Pages that are open show what others do without being loaded again, and leave alone whoever is at work in them.

use std::time::Duration;

use handover::actors::browse::LOOKED_THROUGH;
use handover::runfolder::sample::Sample;
use serde_json::json;

use crate::browser::{As, Browser};
use crate::daemon::{until, within};
use crate::site::{CARL, CORE, DESK, World};
use crate::stories::{LEAVES, SOILS, offer};

const IS_SAME: &str = "window.isSame === true";
const TOLD: &str = "document.getElementById('told').textContent";
const SINCE: &str = "document.querySelector('main').dataset.since";
/// As a hand that moves over the page.
const REACHING: &str =
    "window.reaching = setInterval(() => document.dispatchEvent(new Event('pointermove')), 50)";
const REASON: &str = "document.getElementById('reason-1')?.value ?? ''";

/// From now on it shows whether the page was loaded again.
fn remember(browser: &Browser) {
    browser.ask("window.isSame = true");
}

fn is_same(browser: &Browser) -> bool {
    browser.ask(IS_SAME) == json!(true)
}

#[tokio::test]
async fn what_others_do_shows_without_loading_the_page_again() {
    let mut world = World::open(DESK).await;
    world.becomes(CARL).await;
    let cookies = world.browser.cookies();
    world.becomes(CORE).await;
    world.register(CORE);
    let carl = Browser::open(world.path(), As::Desktop).await;
    carl.becomes(&cookies);
    carl.goto(&format!("{}/", world.place.site)).await;
    carl.text_with("None at the moment");
    remember(&carl);

    offer(&mut world, SOILS, CARL, false).await;
    remember(&world.browser);
    carl.text_with(SOILS);
    assert!(is_same(&carl));
    assert_eq!(
        carl.ask(TOLD),
        json!("Updated: Invitations and offers waiting for you")
    );
    // The letter leaves while its sender looks on.
    until("the letter is sent", within(20), || {
        world
            .browser
            .text_with("Letters")
            .contains("sent")
            .then_some(())
    });
    assert!(is_same(&world.browser));

    whoever_types_is_left_alone(&mut world, &carl).await;
    the_sender_sees_the_answer(&mut world, &carl).await;
    what_takes_long_says_so(&mut world).await;
    whoever_is_signed_out_elsewhere_sees_nothing_more(&mut world, &carl).await;
    carl.close().await;
    world.close().await;
}

/// More projects than are looked through for one page, the one that is looked for before them all.
#[tokio::test]
async fn what_is_rare_is_looked_for_over_many_pages_without_a_click() {
    let mut world = World::open(DESK).await;
    world.becomes(CORE).await;
    world.register(CORE);
    let token = world.terminal(CORE);
    for run in 0..=LOOKED_THROUGH as u32 / 250 {
        let project = |n| (format!("Plots {run:02} {n:03}"), vec![format!("S{n}")]);
        world.register_with(
            &token,
            &Sample {
                run_number: 100 + run,
                lanes: 1,
                base_call_bytes: 1,
                projects: (0..250).map(project).collect(),
                ..Sample::default()
            },
        );
    }
    let soils = SOILS.replace(' ', "+");
    world.goto("/projects").await;
    // One tick chooses all that the page lists, and goes as soon as one of them is not chosen.
    world.choose("Select all");
    let chosen = "document.querySelectorAll('[name=item]:checked').length";
    assert_eq!(world.browser.ask(chosen), json!(50));
    world.browser.press_on("(//td[@class='tick']//input)[1]");
    assert_eq!(world.browser.ask(chosen), json!(49));
    let all = "document.querySelector('[data-ticks] input').checked";
    assert_eq!(world.browser.ask(all), json!(false));
    world.goto(&format!("/projects?name={soils}")).await;
    let page = world.browser.text_with(SOILS);
    assert!(page.contains("Previous page"), "{page}");
    // From there, the page before is looked for in the other direction, and ends where it began.
    world.browser.press("Previous page");
    world.browser.text_with(SOILS);
    world.close().await;
}

/// Another offer comes while a reason to decline the first is typed.
async fn whoever_types_is_left_alone(world: &mut World, carl: &Browser) {
    carl.press("Decline");
    carl.write("#reason-1", "Not our");
    let since = carl.ask(SINCE);
    offer(world, LEAVES, CARL, false).await;
    until("the page has been fetched", within(20), || {
        (carl.ask(SINCE) != since).then_some(())
    });
    carl.write("#reason-1", " soils.");
    assert_eq!(carl.ask(REASON), json!("Not our soils."));
    assert!(!carl.text_with(SOILS).contains(LEAVES));
    // Once they have done with it, what came meanwhile appears; but nothing moves while they reach for something.
    carl.ask("document.getElementById('reason-1').value = ''");
    carl.press("Decline");
    carl.ask(REACHING);
    carl.ask("document.activeElement.blur()");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!carl.text_with(SOILS).contains(LEAVES));
    carl.ask("clearInterval(window.reaching)");
    carl.text_with(LEAVES);
    assert!(is_same(carl));
}

async fn the_sender_sees_the_answer(world: &mut World, carl: &Browser) {
    remember(&world.browser);
    let page = world.browser.text_with("Change the offer");
    assert!(!page.contains("Receipt"), "{page}");
    // The newest offer stands first.
    carl.press("Accept into Personal");
    carl.text_with("You own all of it");
    let page = world.browser.text_with("Receipt");
    assert!(!page.contains("Change the offer"), "{page}");
    assert!(is_same(&world.browser));
}

/// Presses a button twice, and tells after a while how often its form was sent, what is said, and whether the button shows it.
const IMPATIENT: &str = "(async () => {
    const button = [...document.querySelectorAll('main form button')].find(one => one.textContent === 'Save');
    let sent = 0;
    document.addEventListener('submit', event => { if (!event.defaultPrevented) sent += 1; });
    button.click();
    button.click();
    await new Promise(done => setTimeout(done, 1500));
    return { sent, says: document.querySelector('.says').textContent, told: document.getElementById('told').textContent,
        busy: button.matches('[aria-busy=true] .pressed') };
})()";

/// A form that was sent over a network that takes its time.
async fn what_takes_long_says_so(world: &mut World) {
    const SAYS: &str = "This takes a moment; it goes on by itself.";
    world.goto("/account").await;
    world.browser.text_with("Your account");
    let network = |latency: u32| {
        let speed = json!({ "offline": false, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1 });
        world
            .browser
            .tool("Network.emulateNetworkConditions", speed)
    };
    network(4_000).unwrap();
    let seen = world.browser.ask(IMPATIENT);
    let expected = json!({ "sent": 1, "says": SAYS, "told": SAYS, "busy": true });
    assert_eq!(seen, expected);
    network(0);
    world.browser.text_with("Saved.");
}

async fn whoever_is_signed_out_elsewhere_sees_nothing_more(world: &mut World, carl: &Browser) {
    carl.goto(&format!("{}/", world.place.site)).await;
    carl.text_with(SOILS);
    world.becomes(CARL).await;
    world.goto("/account/sessions").await;
    world.browser.press("Sign out here");
    carl.text_with("We send a code");
}
