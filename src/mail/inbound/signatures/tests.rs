//! What the door does with what is found, and while nothing can be found.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::{FutureExt as _, pending, ready};

use super::super::address::Purpose;
use super::super::verdict::Authentication;
use super::*;
use crate::clock::Manual;

/// What was handed on, and how often.
#[derive(Default)]
struct Behind {
    taken: AtomicUsize,
    last: Mutex<Option<Signed>>,
}

impl Door for &'static Behind {
    fn knows<'a>(&'a self, _: &'a Recipient) -> BoxFuture<'a, Result<(), Turned>> {
        Box::pin(ready(Ok(())))
    }
    fn take<'a>(&'a self, delivery: Delivery<'a>) -> BoxFuture<'a, Result<(), Turned>> {
        self.taken.fetch_add(1, Ordering::SeqCst);
        *self.last.lock().unwrap() = delivery.signed.cloned();
        Box::pin(ready(Ok(())))
    }
}

/// Judges by what the body says.
struct Reader(AtomicUsize);

impl Signatures for Reader {
    fn of<'a>(
        &'a self,
        raw: &'a [u8],
        from: &'a Address,
        _: &'a Recipient,
    ) -> BoxFuture<'a, Result<Signed, Untold>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let says = |word: &str| raw.windows(word.len()).any(|at| at == word.as_bytes());
        if says("slow") {
            return Box::pin(pending());
        }
        if says("down") {
            return Box::pin(ready(Err(Untold("no answer".to_owned()))));
        }
        let domain = from.domain().to_owned();
        Box::pin(ready(Ok(Signed::For { domain })))
    }
}

struct Case {
    door: Witness<&'static Behind>,
    behind: &'static Behind,
    reader: Arc<Reader>,
    clock: Arc<Manual>,
}

fn case() -> Case {
    let behind: &'static Behind = Box::leak(Box::default());
    let reader = Arc::new(Reader(AtomicUsize::new(0)));
    let clock = Arc::new(Manual::at(0));
    let settings = Settings {
        reply_domain: "reply.site.example".to_owned(),
        authentication: Authentication::Own,
    };
    let signatures = Arc::clone(&reader) as Arc<dyn Signatures>;
    let time = Arc::clone(&clock) as Arc<dyn Clock>;
    Case {
        door: Witness::new(behind, Some(signatures), settings, time),
        behind,
        reader,
        clock,
    }
}

fn to(purpose: Purpose, token: char) -> Recipient {
    Recipient::new(purpose, &token.to_string().repeat(32)).unwrap()
}

fn mail(says: &str) -> String {
    format!("From: anna@lab.example\r\nMessage-ID: <1@lab.example>\r\n\r\n{says}\r\n")
}

const fn delivery<'a>(recipient: &'a Recipient, raw: &'a str) -> Delivery<'a> {
    Delivery {
        recipient,
        envelope_sender: Some("anna@lab.example"),
        raw: raw.as_bytes(),
        signed: None,
    }
}

impl Case {
    /// The answer, when there is one at once.
    fn take(&self, recipient: &Recipient, says: &str) -> Option<Result<(), Turned>> {
        let raw = mail(says);
        self.door.take(delivery(recipient, &raw)).now_or_never()
    }
    fn taken(&self) -> usize {
        self.behind.taken.load(Ordering::SeqCst)
    }
    fn last(&self) -> Option<Signed> {
        self.behind.last.lock().unwrap().clone()
    }
}

#[test]
fn what_is_found_goes_with_a_reply_and_nothing_else_is_looked_at() {
    let case = case();
    let domain = "lab.example".to_owned();
    assert_eq!(case.take(&to(Purpose::Reply, 'a'), "accept"), Some(Ok(())));
    assert_eq!(case.last(), Some(Signed::For { domain }));
    assert_eq!(case.take(&to(Purpose::Bounce, 'a'), "accept"), Some(Ok(())));
    assert_eq!(case.take(&to(Purpose::Probe, 'a'), "accept"), Some(Ok(())));
    let robot = "Auto-Submitted: auto-replied\r\nFrom: anna@lab.example\r\n\r\naccept\r\n";
    let recipient = to(Purpose::Reply, 'a');
    let robots = case.door.take(delivery(&recipient, robot)).now_or_never();
    assert_eq!(robots, Some(Ok(())));
    assert_eq!(case.last(), None);
    assert_eq!((case.taken(), case.reader.0.load(Ordering::SeqCst)), (4, 1));
}

#[test]
fn what_cannot_be_told_comes_again_and_after_an_hour_counts_as_signed_by_nobody() {
    let case = case();
    let (a, b) = (to(Purpose::Reply, 'a'), to(Purpose::Reply, 'b'));
    let again = Some(Err(Turned::untold()));
    assert_eq!(case.take(&a, "down"), again);
    case.clock.advance(PATIENCE - Duration::from_secs(1));
    assert_eq!(case.take(&a, "down"), again);
    assert_eq!(case.taken(), 0);
    case.clock.advance(Duration::from_secs(1));
    // Each message has its own hour.
    assert_eq!(case.take(&a, "down too"), again);
    assert_eq!(case.take(&b, "down"), again);
    assert_eq!(case.take(&a, "down"), Some(Ok(())));
    assert!(matches!(case.last(), Some(Signed::Not { why }) if why.contains("for an hour")));
    case.clock.advance(REMEMBERED);
    assert_eq!(case.take(&a, "down"), again, "it is forgotten");
    assert_eq!(locked(&case.door.seen).untold.len(), 1);
}

#[test]
fn no_more_is_remembered_than_there_is_room_for() {
    let case = case();
    let a = to(Purpose::Reply, 'a');
    for n in 0..MOST_REMEMBERED + 10 {
        assert_eq!(
            case.take(&a, &format!("down {n}")),
            Some(Err(Turned::untold()))
        );
    }
    let seen = locked(&case.door.seen);
    assert_eq!(
        (seen.untold.len(), seen.since.len()),
        (MOST_REMEMBERED, MOST_REMEMBERED)
    );
}

#[test]
fn one_message_at_a_time_to_one_recipient_is_looked_at_and_others_do_not_wait() {
    let case = case();
    let (a, b) = (to(Purpose::Reply, 'a'), to(Purpose::Reply, 'b'));
    let raw = mail("slow");
    let mut waits = case.door.take(delivery(&a, &raw));
    assert_eq!((&mut waits).now_or_never(), None);
    assert_eq!(case.take(&a, "accept"), Some(Err(Turned::too_many())));
    assert_eq!(case.take(&b, "accept"), Some(Ok(())));
    // Its session went away.
    drop(waits);
    assert_eq!(case.take(&a, "accept"), Some(Ok(())));
}

#[test]
fn a_site_that_trusts_its_border_looks_at_nothing() {
    let Case {
        door,
        behind,
        reader,
        ..
    } = case();
    let door = Witness {
        signatures: None,
        ..door
    };
    let (recipient, raw) = (to(Purpose::Reply, 'a'), mail("down"));
    let answer = door.take(delivery(&recipient, &raw)).now_or_never();
    assert_eq!(answer, Some(Ok(())));
    assert_eq!(*behind.last.lock().unwrap(), None);
    assert_eq!(reader.0.load(Ordering::SeqCst), 0);
}

#[test]
fn what_was_found_vouches_for_the_domain_it_was_found_for() {
    let check = |found: Option<Signed>, then: bool| {
        let from = "Anna@LAB.example".parse().unwrap();
        assert_eq!(signed(found.as_ref(), &from).is_ok(), then, "{found:?}");
    };
    let named = |domain: &str| {
        Some(Signed::For {
            domain: domain.to_owned(),
        })
    };
    check(named("lab.example"), true);
    check(named("example"), false);
    check(named("mail.lab.example"), false);
    check(
        Some(Signed::Not {
            why: "x".to_owned(),
        }),
        false,
    );
    check(None, false);
}
