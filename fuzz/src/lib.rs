//! What must hold whatever comes in by mail. Each function takes any bytes and panics when it does not.
//!
//! cargo-fuzz calls them from `fuzz_targets/`; `tests/fuzz.rs` calls them with the kept seeds, and with what it makes of these.
#![allow(clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

use std::sync::Mutex;

use futures_util::future::{BoxFuture, ready};
use handover::domain::id::LetterId;
use handover::domain::secret::SiteKey;
use handover::mail::inbound::grammar::{self, Answer};
use handover::mail::inbound::lmtp::{self, Limits};
use handover::mail::inbound::{
    Authentication, Delivery, Door, Envelope, Examined, Purpose, Recipient, Scheme, Settings,
    Turned, examine as examined,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

const TRUSTED: &str = "mx.site.example";

/// An address is a recipient's in one way only, and only with a token that has the shape; a token is a letter's, or a probe's, if it was
/// made for it, and for that purpose.
pub fn address(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (pattern, address) = text
        .split_once('\n')
        .unwrap_or(("%{t}@reply.site.example", &text));
    let key = SiteKey::new([7; 32]);
    for token in [address, pattern] {
        of_one_purpose(&key, token);
    }
    let Ok(scheme) = Scheme::of_pattern(pattern) else {
        return;
    };
    made(&key, &scheme, data);
    let Some(recipient) = scheme.read(address) else {
        return;
    };
    let token = recipient.token();
    of_one_purpose(&key, token);
    assert_eq!(token.len(), 32);
    assert!(
        token
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
    );
    let written = scheme.write(&recipient);
    assert!(written.ends_with(scheme.domain()));
    assert_eq!(scheme.read(&written), Some(recipient.clone()));
    assert_eq!(scheme.read(&written.to_uppercase()), Some(recipient));
}

/// The letter, or the probe, that the site would take a token for, whatever purpose its address names.
fn letter_of(key: &SiteKey, purpose: Purpose, token: &str) -> Option<LetterId> {
    match purpose {
        Purpose::Reply => key.letter_of_reply(token),
        Purpose::Bounce => key.letter_of_bounce(token),
        Purpose::Probe => key.probe_of(token),
    }
}

fn token_of(key: &SiteKey, purpose: Purpose, letter: LetterId) -> String {
    match purpose {
        Purpose::Reply => key.reply(letter),
        Purpose::Bounce => key.bounce(letter),
        Purpose::Probe => key.probe(letter),
    }
}

const PURPOSES: [Purpose; 3] = [Purpose::Reply, Purpose::Bounce, Purpose::Probe];

/// For which purpose a token was made: the one that makes it again, and no other.
fn of_one_purpose(key: &SiteKey, token: &str) -> Option<Purpose> {
    let holds = |purpose: &Purpose| match letter_of(key, *purpose, token) {
        Some(letter) => {
            assert_eq!(token_of(key, *purpose, letter), token.to_ascii_lowercase());
            true
        }
        None => false,
    };
    let held: Vec<Purpose> = PURPOSES.into_iter().filter(holds).collect();
    assert!(held.len() <= 1, "{token} is good for {held:?}");
    held.first().copied()
}

/// Nobody guesses a token, so some are made, of an id that the bytes give: each is read back as what it is, through its address too, and
/// is nobody's with one character changed.
fn made(key: &SiteKey, scheme: &Scheme, data: &[u8]) {
    let bits = data
        .iter()
        .fold(0_u128, |bits, byte| bits.rotate_left(8) ^ u128::from(*byte));
    let letter = LetterId::from_bits(bits);
    for purpose in PURPOSES {
        let token = token_of(key, purpose, letter);
        assert_eq!(of_one_purpose(key, &token), Some(purpose));
        assert_eq!(letter_of(key, purpose, &token), Some(letter));
        let recipient = Recipient::new(purpose, &token).expect("well-formed");
        let written = scheme.write(&recipient);
        assert_eq!(scheme.read(&written), Some(recipient.clone()));
        assert_eq!(scheme.read(&written.to_uppercase()), Some(recipient));
        let at = usize::try_from(bits % 32).expect("small");
        let turned = |(n, c): (usize, char)| match (n == at, c) {
            (true, 'a') => 'b',
            (true, _) => 'a',
            (false, c) => c,
        };
        let other: String = token.chars().enumerate().map(turned).collect();
        assert_eq!(of_one_purpose(key, &other), None, "{token} and {other}");
    }
}

/// An answer begins with its verb, and is read the same when it is written down again.
pub fn answer(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Some(line) = grammar::deciding_line(&text) else {
        return;
    };
    assert!(
        line.chars().count() <= grammar::LONGEST && !line.contains('\n') && !line.contains("  ")
    );
    assert_eq!(
        grammar::deciding_line(&line).as_deref(),
        Some(line.as_str())
    );
    let (verbs, rest) = match grammar::answer(&line) {
        Answer::Accept { context } => (["accept", "annehmen"], context),
        Answer::Decline { reason } => (["decline", "ablehnen"], reason),
        Answer::Neither => return,
    };
    let lower = line.to_lowercase();
    let letters = lower.trim_start_matches(|c: char| !c.is_alphabetic());
    assert!(
        verbs.iter().any(|verb| letters.starts_with(verb)),
        "{line:?}"
    );
    assert!(
        lower.len() - letters.len() <= 8,
        "only marks stand before it: {line:?}"
    );
    if let Some(rest) = rest {
        assert!(!rest.is_empty() && rest.trim() == rest && line.contains(&rest));
        assert!(!rest.chars().any(char::is_control));
    }
}

/// Header values of Authentication-Results, one a line: whoever vouches is the trusted server, once, and says that something passed.
pub fn authentication(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let values = text
        .lines()
        .map(|value| format!("Authentication-Results: {value}\r\n"));
    let mut raw: String = values.collect();
    raw.push_str("From: anna@lab.example\r\n\r\naccept\r\n");
    acts_by_right(raw.as_bytes(), Purpose::Reply, Some("anna@lab.example"));
}

/// Any message, to each kind of address and with either kind of sender: nothing but token, sender, authentication and grammar together acts.
pub fn examine(data: &[u8]) {
    let Some((first, raw)) = data.split_first() else {
        return;
    };
    let purpose = match first & 5 {
        0 => Purpose::Reply,
        1 => Purpose::Bounce,
        _ => Purpose::Probe,
    };
    let sender = (first & 2 == 0).then_some("anna@lab.example");
    acts_by_right(raw, purpose, sender);
}

/// What a mail server says of a letter: as a whole message, and as the status in one.
pub fn report(data: &[u8]) {
    acts_by_right(data, Purpose::Bounce, None);
    let mut raw = b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n".to_vec();
    raw.extend_from_slice(data);
    raw.extend_from_slice(b"\r\n--b--\r\n");
    acts_by_right(&raw, Purpose::Bounce, None);
}

fn examine_with(
    raw: &[u8],
    purpose: Purpose,
    sender: Option<&str>,
    trusted: Option<&str>,
) -> Examined {
    let recipient = Recipient::new(purpose, &"a".repeat(32)).expect("well-formed");
    let envelope = Envelope {
        recipient: &recipient,
        sender,
        signed: None,
    };
    let settings = Settings {
        reply_domain: "reply.site.example".to_owned(),
        authentication: match trusted {
            Some(id) => Authentication::Border(id.to_owned()),
            None => Authentication::Nothing,
        },
    };
    examined(raw, &envelope, &settings)
}

/// Looks at the message again, naively, and finds what must be there if it was taken for what it says.
fn acts_by_right(raw: &[u8], purpose: Purpose, sender: Option<&str>) {
    let found = examine_with(raw, purpose, sender, Some(TRUSTED));
    assert_eq!(
        found,
        examine_with(raw, purpose, sender, Some(TRUSTED)),
        "the same message is the same"
    );
    if let Examined::Reply { authenticated, .. } = examine_with(raw, purpose, sender, None) {
        assert!(
            authenticated.is_err(),
            "without a trusted server nobody vouches"
        );
    }
    if purpose == Purpose::Probe {
        let dropped =
            matches!(&found, Examined::Dropped { outcome, .. } if outcome.word() == "probe");
        assert!(dropped, "what comes to a probe does nothing: {found:?}");
    }
    match found {
        Examined::Dropped { why, .. } => assert!(!why.is_empty() && why.len() < 200),
        Examined::Report {
            recipients,
            message_id,
        } => {
            assert_eq!(purpose, Purpose::Bounce);
            assert!((1..=50).contains(&recipients.len()));
            well_formed(message_id.as_deref());
            for recipient in recipients {
                for address in recipient.original.iter().chain(&recipient.last) {
                    assert!(
                        address.len() <= 320
                            && !address.contains(|c: char| c.is_control() || c.is_whitespace())
                    );
                }
                if let Some(text) = &recipient.diagnostic {
                    assert!(text.chars().count() <= 300 && !text.contains(char::is_control));
                }
            }
        }
        Examined::Reply {
            from,
            authenticated,
            verb,
            message_id,
        } => {
            assert!(purpose == Purpose::Reply && sender.is_some());
            well_formed(message_id.as_deref());
            let message = String::from_utf8_lossy(raw).replace("\r\n", "\n");
            let (header, body) = message.split_once("\n\n").unwrap_or((&message, ""));
            let header = header.replace("\n ", " ").replace("\n\t", " ");
            let of = |name: &str| -> Vec<String> {
                let lower = header.to_lowercase();
                let values = lower
                    .lines()
                    .filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                values.map(str::to_owned).collect()
            };
            assert!(of("x-handover-loop").is_empty());
            assert!(of("received").len() <= 30);
            assert_eq!(of("from").len(), 1);
            assert!(
                of("auto-submitted")
                    .iter()
                    .all(|value| value.contains("no"))
            );
            if authenticated.is_ok() {
                let domain = from.domain().to_owned();
                let named: Vec<String> = of("authentication-results")
                    .into_iter()
                    .map(|value| value.replace('\\', ""))
                    .filter(|value| value.contains(TRUSTED))
                    .collect();
                let vouches = |value: &String| {
                    value.contains("pass")
                        && (value.contains("dmarc")
                            || value.contains(domain.rsplit('.').next().unwrap_or_default()))
                };
                assert!(named.iter().any(vouches), "{header}");
                let ours = |value: &&String| {
                    let rest = value.trim_ascii_start().strip_prefix(TRUSTED);
                    rest.is_some_and(|rest| rest.starts_with([' ', ';', '(']))
                };
                let ours = of("authentication-results").iter().filter(ours).count();
                assert!(ours <= 1, "{header}");
            }
            if of("content-type").is_empty()
                && of("content-transfer-encoding").is_empty()
                && raw.is_ascii()
            {
                let again = grammar::deciding_line(body)
                    .map_or(Answer::Neither, |line| grammar::answer(&line));
                assert_eq!(verb, again);
            }
        }
    }
}

fn well_formed(message_id: Option<&str>) {
    let fits = |id: &str| id.len() <= 250 && id.bytes().all(|b| b.is_ascii_graphic());
    assert!(message_id.is_none_or(fits), "{message_id:?}");
}

/// A door that knows the addresses whose token begins with an `a`: what was taken, and for which purpose.
#[derive(Default)]
struct Taken(Mutex<Vec<Vec<u8>>>, Mutex<Vec<Purpose>>);

impl Door for Taken {
    fn knows<'a>(&'a self, recipient: &'a Recipient) -> BoxFuture<'a, Result<(), Turned>> {
        let known = recipient.token().starts_with('a');
        Box::pin(ready(if known {
            Ok(())
        } else {
            Err(Turned::unknown())
        }))
    }
    fn take<'a>(&'a self, delivery: Delivery<'a>) -> BoxFuture<'a, Result<(), Turned>> {
        assert!(
            delivery.recipient.token().starts_with('a'),
            "nobody asked for it"
        );
        assert!(
            delivery
                .envelope_sender
                .is_none_or(|sender| (1..=320).contains(&sender.len()))
        );
        self.1
            .lock()
            .expect("nobody panicked")
            .push(delivery.recipient.purpose());
        self.0
            .lock()
            .expect("nobody panicked")
            .push(delivery.raw.to_vec());
        Box::pin(ready(Ok(())))
    }
}

/// All that a stranger says in a session: it ends, its answers are well-formed, and what is taken stands in it, whole and by itself.
pub fn session(data: &[u8]) {
    let limits = Limits {
        line: 128,
        message: 1_024,
        recipients: 3,
        errors: 5,
        ..Limits::default()
    };
    let settings = lmtp::Settings {
        name: "reply.site.example".to_owned(),
        scheme: Scheme::of_domain("reply.site.example").expect("well-formed"),
        limits,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let taken = Taken::default();
    let answers = runtime.expect("it starts").block_on(async {
        let (mut ours, theirs) = tokio::io::duplex(64 * 1_024 * 1_024);
        ours.write_all(data).await.expect("there is room");
        ours.shutdown().await.expect("there is room");
        lmtp::serve(theirs, &settings, &taken, &CancellationToken::new()).await;
        let mut answers = String::new();
        ours.read_to_string(&mut answers)
            .await
            .expect("answers are text");
        answers
    });
    let well_formed = |line: &str| {
        let (code, rest) = line.split_at_checked(3).expect("a code");
        code.bytes().all(|b| b.is_ascii_digit()) && rest.starts_with([' ', '-'])
    };
    assert!(answers.ends_with("\r\n") && answers.starts_with("220 "));
    assert!(answers.lines().all(well_formed), "{answers}");
    let lines = data.iter().filter(|b| **b == b'\n').count();
    assert!(answers.lines().count() <= 6 * lines + 3, "{answers}");
    for purpose in taken.1.into_inner().expect("nobody panicked") {
        let letter = match purpose {
            Purpose::Reply => b'r',
            Purpose::Bounce => b'b',
            Purpose::Probe => b'p',
        };
        // What is folded need not stand there as it is read.
        let said = data.to_ascii_lowercase();
        let named = [letter, b'-'];
        let is_named = said.windows(2).any(|two| two == named);
        assert!(is_named || !data.is_ascii(), "{purpose:?} was not named");
    }
    // Without the doubled dots, each message stands in what was said, between two line ends.
    let text = |bytes: &[u8]| bytes.iter().map(|b| char::from(*b)).collect::<String>();
    let sent = text(data).replace("\r\n.", "\r\n");
    let taken = taken.0.into_inner().expect("nobody panicked");
    assert!(taken.len() <= answers.matches("\n354 ").count() * 3);
    for raw in taken {
        assert!(raw.len() <= 1_024 && (raw.is_empty() || raw.ends_with(b"\r\n")));
        let raw = text(&raw);
        assert!(
            !raw.replace("\r\n", "").contains(['\r', '\n']),
            "a bare line end passed"
        );
        assert!(
            sent.contains(&format!("\r\n{raw}\r\n")),
            "it was not said: {raw:?}"
        );
    }
}
