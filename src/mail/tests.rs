mod replying;

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::texts::Language;
use super::*;
use crate::domain::event::Channel;
use crate::domain::id::{
    AccountId, Context, InvitationId, ItemId, ItemKind, SignInId, WorkgroupId,
};
use crate::domain::invitation::{KeepAccess, Offered, Recipient, Sender, State, Terms};
use crate::domain::letter::{Answer, ByMail, Kind, Letter, Revoked, Side, Subject};
use crate::domain::rights::Level;
use crate::domain::secret::SiteKey;
use crate::domain::time::{DAY_MS, MINUTE_MS, Time};

const NOW: Time = Time::from_ms(1_795_344_420_000);

fn site() -> Site {
    Site {
        name: "Handover at Uni".into(),
        public_url: "https://handover.uni.example/".into(),
        from: "handover@uni.example".parse().unwrap(),
        from_name: "Handover at Uni".into(),
        reply_domain: "reply.uni.example".into(),
        replies: Some(Scheme::of_domain("reply.uni.example").unwrap()),
        instance: "uni-1".into(),
        texts: Arc::new(Texts::built_in()),
        colours: Colours::default(),
    }
}

fn key() -> SiteKey {
    SiteKey::new([7; 32])
}

fn offered(number: u128, name: &str) -> Offered {
    let kind = if number == 1 {
        ItemKind::Run
    } else {
        ItemKind::Project
    };
    Offered {
        item: ItemId::new(kind, number),
        name: name.into(),
        bytes: 11_000_000_000_000 / u64::try_from(number).unwrap(),
        files: 991_228 - u64::try_from(number).unwrap(),
        holds: None,
    }
}

fn transfer() -> Invitation {
    Invitation {
        id: InvitationId::from_bits(42),
        source: Context::Workgroup(WorkgroupId::from_bits(9)),
        source_name: "Sequencing core".into(),
        sender: Sender {
            account: AccountId::from_bits(1),
            name: "Ana Core".into(),
            address: "ana@core.example".parse().unwrap(),
            language: "en".into(),
        },
        recipient: Recipient::Address("carl@lab.example".parse().unwrap()),
        items: vec![offered(1, "221122_M00123_0042"), offered(2, "Yeast RNA")],
        message: Some("Here is your run.\n\nReports: https://core.example/r/7".into()),
        terms: Terms::ownership(KeepAccess::Read {
            until: Some(NOW.plus_ms(30 * DAY_MS)),
        }),
        requested_at: NOW,
        expires_at: NOW.plus_ms(14 * DAY_MS),
        mailed_at: Some(NOW),
        corrects: None,
        letters: Vec::new(),
        state: State::Pending {
            since: NOW,
            reminders: 0,
        },
    }
}

fn letter(says: Kind) -> Letter {
    let subject = Subject::Invitation(InvitationId::from_bits(42));
    let to = match says {
        Kind::Accepted { side } | Kind::Declined { side } | Kind::Expired { side } => side,
        _ => Side::Recipient,
    };
    let to = match to {
        Side::Sender => "ana@core.example",
        Side::Recipient => "carl@lab.example",
    };
    let id = LetterId::from_bits(4711);
    let mut letter = Letter::queued(id, to.parse().unwrap(), "en", subject, says, NOW);
    if matches!(
        letter.says,
        Kind::Offer { .. } | Kind::Reminder { .. } | Kind::Answer { .. }
    ) {
        let names = ["Personal", "TechSupport", "Yeast pool"];
        letter.by_mail = ByMail::Into(names.map(str::to_owned).to_vec());
    }
    letter
}

fn offer() -> Letter {
    letter(Kind::Offer {
        expires_at: NOW.plus_ms(14 * DAY_MS),
        again: false,
    })
}

fn written(letter: &Letter, transfer: &Invitation) -> Rendered {
    render(letter, &About::Invitation(transfer), &site(), &key()).unwrap()
}

/// As text and as HTML without its head, which is the same for all.
fn snapshot(name: &str, rendered: &Rendered) {
    only_our_headers(rendered, &HEADERS);
    assert!(rendered.html.len() <= 100 * 1024 && rendered.text.len() <= 100 * 1024);
    let text = format!("Subject: {}\n\n{}", rendered.subject, rendered.text);
    insta::assert_snapshot!(format!("{name}.txt"), text);
    let (_, body) = rendered.html.split_once("<body>\n").unwrap();
    insta::assert_snapshot!(format!("{name}.html"), body);
}

fn check(name: &str, letter: &Letter, transfer: &Invitation) {
    snapshot(name, &written(letter, transfer));
}

#[test]
fn every_letter_says_in_every_language_what_from_whom_and_how_to_answer() {
    let samples = samples::all().unwrap();
    for sample in &samples {
        for language in Language::ALL {
            let rendered = sample.render(language.tag(), &site(), &key()).unwrap();
            snapshot(&format!("{}-{}", sample.name, language.tag()), &rendered);
        }
    }
    let names: std::collections::BTreeSet<&str> =
        samples.iter().map(|sample| sample.name.as_str()).collect();
    assert_eq!(names.len(), samples.len(), "each has a name of its own");
}

#[test]
fn an_offer_to_a_workgroup_that_keeps_nothing_and_is_sent_again() {
    let mut transfer = transfer();
    transfer.source = Context::Personal(AccountId::from_bits(1));
    transfer.recipient = Recipient::Workgroup {
        id: WorkgroupId::from_bits(3),
        handle: "TechSupport".into(),
    };
    transfer.terms = Terms::ownership(KeepAccess::None);
    transfer.message = None;
    transfer.items = (1..=250)
        .map(|n| offered(n, &format!("Project {n}")))
        .collect();
    let letter = letter(Kind::Offer {
        expires_at: transfer.expires_at,
        again: true,
    });
    check("offer-to-workgroup", &letter, &transfer);
}

#[test]
fn no_letter_about_a_share_or_a_membership_speaks_of_a_change_of_ownership() {
    let samples = samples::all().unwrap();
    for prefix in ["share-", "workgroup-"] {
        let about = |name: &str| name.starts_with(prefix) && !name.contains("ownership");
        for sample in samples.iter().filter(|sample| about(&sample.name)) {
            let rendered = sample.render("en", &site(), &key()).unwrap();
            for word in ["ownership", "owns", "transfer", "cannot be undone"] {
                for text in [&rendered.subject, &rendered.text, &rendered.html] {
                    assert!(!text.contains(word), "{} says {word}: {text}", sample.name);
                }
            }
        }
    }
}

/// A letter that holds what it says.
fn holding(subject: Subject, says: Kind) -> Letter {
    let mut letter = letter(says);
    letter.subject = subject;
    letter
}

#[test]
fn all_access_that_was_taken_back_on_a_day_is_told_in_one_letter() {
    let revoked = |number: u128| Revoked {
        item: ItemId::new(ItemKind::Project, number),
        name: format!("Yeast RNA {number}"),
        owner: "Sequencing core".into(),
        whose: "TechSupport".into(),
        at: NOW,
    };
    let says = Kind::AccessRevoked {
        name: "Yeast RNA 1".into(),
        owner: "Sequencing core".into(),
        whose: "TechSupport".into(),
        more: (2..=12).map(revoked).collect(),
        beyond: 0,
    };
    let letter = holding(Subject::Access(ItemId::new(ItemKind::Project, 1)), says);
    let rendered = render(&letter, &About::Itself, &site(), &key()).unwrap();
    snapshot("access-revoked-twelve", &rendered);
    for (language, rest) in [("en", "and 51 more"), ("de", "und 51 weitere")] {
        let mut letter = letter.clone();
        letter.language = language.to_owned();
        if let Kind::AccessRevoked { beyond, .. } = &mut letter.says {
            *beyond = 49;
        }
        let rendered = render(&letter, &About::Itself, &site(), &key()).unwrap();
        assert!(rendered.text.contains(rest), "{}", rendered.text);
    }
    let error = render(&offer(), &About::Itself, &site(), &key()).unwrap_err();
    assert!(matches!(error, Unwritable::Mismatch { .. }), "{error}");
}

fn answer(says: Answer) -> Letter {
    letter(Kind::Answer {
        message: Some("abc.1@mail.lab.example".into()),
        says,
    })
}

#[test]
fn an_answer_to_a_reply_cannot_be_answered_by_a_machine() {
    let rendered = written(&answer(Answer::NotUnderstood), &transfer());
    assert_eq!(rendered.from, None, "the envelope's sender is null");
    let raw = String::from_utf8(rendered.raw).unwrap();
    let head = raw.split("\r\n\r\n").next().unwrap().replace("\r\n", "\n");
    insta::assert_snapshot!("headers-answer", head);
    for id in [
        "",
        "x",
        "a@b\r\nBcc: c@d.example",
        "a@b>",
        "a b@c",
        "ä@b",
        &format!("{}@b", "a".repeat(300)),
    ] {
        let letter = letter(Kind::Answer {
            message: Some(id.into()),
            says: Answer::Confirm,
        });
        let raw = String::from_utf8(written(&letter, &transfer()).raw).unwrap();
        assert!(
            !raw.contains("In-Reply-To") && raw.contains("auto-replied"),
            "{id}"
        );
    }
}

#[test]
fn without_a_reply_door_or_without_an_account_letters_name_no_reply_address() {
    let mut quiet = site();
    quiet.replies = None;
    let about = transfer();
    let rendered = render(&offer(), &About::Invitation(&about), &quiet, &key()).unwrap();
    insta::assert_snapshot!("no-replies", rendered.text);
    assert_eq!(rendered.from.unwrap().as_str(), "handover@uni.example");
    let raw = String::from_utf8(rendered.raw).unwrap();
    assert!(!raw.contains("Reply-To") && !raw.contains("mailto:"));
    let mut stranger = offer();
    stranger.by_mail = ByMail::No;
    let rendered = written(&stranger, &about);
    assert!(!rendered.html.contains("mailto:") && !rendered.text.contains("accept Personal"));
}

#[test]
fn a_letter_can_be_answered_and_reported_on_at_addresses_of_its_own() {
    let rendered = written(&offer(), &transfer());
    let id = LetterId::from_bits(4711);
    let (reply, bounce) = (key().reply(id), key().bounce(id));
    assert_eq!(
        rendered.from.clone().unwrap().as_str(),
        format!("b-{bounce}@reply.uni.example")
    );
    let raw = String::from_utf8(rendered.raw).unwrap();
    assert!(raw.contains(&format!("Reply-To: r-{reply}@reply.uni.example\r\n")));
    for line in ["accept%20Personal", "accept%20TechSupport", "body=decline"] {
        assert!(rendered.html.contains(line), "{line}");
    }
    let told = written(&letter(Kind::Cancelled), &{
        let mut transfer = transfer();
        transfer.state = State::Cancelled {
            at: NOW,
            by: AccountId::from_bits(1),
            replaced_by: None,
        };
        transfer
    });
    let raw = String::from_utf8(told.raw).unwrap();
    assert!(!raw.contains("Reply-To"), "it asks for nothing");
}

#[test]
fn a_site_gives_letters_its_colours_and_words() {
    let mut site = site();
    site.colours.light = "#aa0000".parse().unwrap();
    let mut texts = Texts::built_in();
    let source = "transfer-offer-lead = Hello from the core: { $sender } has data for you.\n";
    texts.replace(Language::English, source.into()).unwrap();
    site.texts = Arc::new(texts);
    let about = transfer();
    let rendered = render(&offer(), &About::Invitation(&about), &site, &key()).unwrap();
    assert!(
        rendered
            .text
            .contains("Hello from the core: Ana Core has data")
    );
    assert!(rendered.html.contains("background: #aa0000"));
}

fn sign_in() -> (Letter, SignIn) {
    let sign_in = SignIn {
        id: SignInId::from_bits(5),
        address: "carl@lab.example".parse().unwrap(),
        expires_at: NOW.plus_ms(10 * MINUTE_MS),
        tries_left: 5,
        used: false,
        adds_to: None,
        language: None,
    };
    let mut letter = letter(Kind::SignInCode {
        expires_at: sign_in.expires_at,
    });
    letter.subject = Subject::SignIn(sign_in.id);
    (letter, sign_in)
}

#[test]
fn a_code_is_typed_and_no_link_signs_in() {
    let (letter, sign_in) = sign_in();
    let rendered = render(&letter, &About::SignIn(&sign_in), &site(), &key()).unwrap();
    assert!(
        !rendered.subject.contains(&key().code(sign_in.id)),
        "shown on locked screens"
    );
    assert!(!rendered.html.contains("href"));
}

#[test]
fn the_whole_message_as_it_goes_over_the_wire() {
    let rendered = written(&offer(), &transfer());
    let raw = String::from_utf8(rendered.raw).unwrap();
    let (head, body) = raw.split_once("\r\n\r\n").unwrap();
    insta::assert_snapshot!("headers", head.replace("\r\n", "\n"));
    let parts: Vec<&str> = body
        .split("\r\n\r\n")
        .map(|p| p.lines().next().unwrap_or(""))
        .collect();
    assert_eq!(
        parts[0],
        format!("--handover-{}", LetterId::from_bits(4711))
    );
    assert!(body.find("text/plain").unwrap() < body.find("text/html").unwrap());
    insta::assert_snapshot!("whole.html", rendered.html);
    for absent in ["List-", "Precedence", "<img"] {
        assert!(!raw.contains(absent), "{absent}");
    }
}

#[test]
fn the_same_letter_is_the_same_bytes_and_another_letter_has_another_id_and_link() {
    let first = written(&offer(), &transfer());
    let mut tried = offer();
    tried.attempts = 3;
    tried.last_error = Some("RCPT: 451".into());
    assert_eq!(written(&tried, &transfer()), first);
    let mut other = offer();
    other.id = LetterId::from_bits(4712);
    let other = written(&other, &transfer());
    assert_ne!(other.message_id, first.message_id);
    let link = |id| {
        format!(
            "https://handover.uni.example/i/{}",
            key().link(LetterId::from_bits(id))
        )
    };
    assert!(first.text.contains(&link(4711)) && first.html.contains(&link(4711)));
    assert!(other.text.contains(&link(4712)) && !other.text.contains(&link(4711)));
}

#[test]
fn a_letter_that_speaks_of_what_did_not_happen_is_not_written() {
    let (code, sign_in) = sign_in();
    let pending = transfer();
    let late = letter(Kind::Cancelled);
    for (letter, about) in [
        (&late, About::Invitation(&pending)),
        (&code, About::Invitation(&pending)),
        (&late, About::SignIn(&sign_in)),
    ] {
        let error = render(letter, &about, &site(), &key()).unwrap_err();
        assert!(matches!(error, Unwritable::Mismatch { .. }), "{error}");
    }
}

/// Header lines, unfolded: what a mail program would see as headers.
fn header_names(raw: &[u8]) -> Vec<String> {
    let raw = String::from_utf8(raw.to_vec()).unwrap();
    let head = raw.split("\r\n\r\n").next().unwrap();
    let name = |line: &str| line.split(':').next().unwrap().to_owned();
    head.split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(name)
        .collect()
}

const HEADERS: [&str; 12] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Language",
    "X-Handover-Loop",
    "MIME-Version",
    "Content-Type",
];

/// That its headers are ours, with those of a letter that is answered, or is an answer, among them.
fn only_our_headers(rendered: &Rendered, ours: &[&str]) {
    let mut names = header_names(&rendered.raw);
    for sometimes in ["Reply-To", "In-Reply-To"] {
        if let Some(at) = names.iter().position(|name| name == sometimes) {
            names.remove(at);
        }
    }
    assert_eq!(names, ours);
    let raw = &rendered.raw;
    let bare = (0..raw.len()).any(|i| {
        (raw[i] == b'\n' && (i == 0 || raw[i - 1] != b'\r'))
            || (raw[i] == b'\r' && raw.get(i + 1) != Some(&b'\n'))
    });
    assert!(!bare, "a bare line end could smuggle a second message");
    assert!(raw.is_ascii());
    for line in raw.split(|b| *b == b'\n') {
        assert!(line.len() <= 999, "a line of {} bytes", line.len());
    }
    assert!(!rendered.subject.chars().any(char::is_control));
    assert!(
        rendered.subject.chars().count() <= 160,
        "{}",
        rendered.subject
    );
}

#[test]
fn names_and_messages_cannot_add_headers_or_a_second_message() {
    for attack in [
        "x\r\nBcc: victim@y.example",
        "x\nSubject: other\n\nbody",
        "x\u{85}Bcc: a\u{2028}Bcc: b",
        "\r\n.\r\nMAIL FROM:<a@b.example>\r\n",
        "\n.\r\nQUIT",
        "=?utf-8?q?=0D=0ABcc:_x?=",
        "\u{0}\u{7f}\u{1b}[31m",
        "\"<a@b.example>, \"",
    ] {
        let mut transfer = transfer();
        transfer.sender.name = attack.into();
        transfer.source_name = attack.into();
        transfer.items[0].name = attack.into();
        transfer.message = Some(attack.into());
        only_our_headers(&written(&offer(), &transfer), &HEADERS);
        let mut site = site();
        site.from_name = attack.into();
        site.instance = attack.into();
        site.reply_domain = attack.into();
        let about = About::Invitation(&transfer);
        only_our_headers(&render(&offer(), &about, &site, &key()).unwrap(), &HEADERS);
        transfer.state = State::Declined {
            at: NOW,
            by: AccountId::from_bits(2),
            reason: Some(attack.into()),
        };
        only_our_headers(
            &written(&letter(Kind::Declined { side: Side::Sender }), &transfer),
            &HEADERS,
        );
    }
}

#[test]
fn what_others_wrote_is_text_and_not_markup_or_links() {
    let mut transfer = transfer();
    let attack = "<script>alert(1)</script><a href=\"https://evil.example\">ok</a>\u{202e}";
    transfer.sender.name = attack.into();
    transfer.items[0].name = attack.into();
    transfer.message = Some(attack.into());
    let rendered = written(&offer(), &transfer);
    assert!(
        !rendered.html.contains("<script") && !rendered.html.contains("<a href=\"https://evil")
    );
    for part in [&rendered.html, &rendered.text] {
        assert!(!part.contains('\u{202e}'));
        assert!(!part.contains("https://evil") && part.contains("hxxps[:]//evil[.]example"));
    }
    let quoted = rendered
        .text
        .lines()
        .filter(|line| line.starts_with("> "))
        .count();
    assert_eq!(quoted, 1);
}

#[test]
fn a_letter_stays_small_with_250_items_of_the_longest_names() {
    for c in ["\"", "<", "é", "日", "🧬", "."] {
        let mut transfer = transfer();
        let name = c.repeat(255);
        transfer.items = (1..=250).map(|n| offered(n, &name)).collect();
        transfer.message = Some(c.repeat(500));
        transfer.sender.name = c.repeat(100);
        only_our_headers(&written(&offer(), &transfer), &HEADERS);
        let renamed = transfer.items.iter().map(|o| (o.item, name.clone()));
        transfer.state = State::Accepted {
            at: NOW,
            by: AccountId::from_bits(2),
            channel: Channel::Api,
            into: Context::Personal(AccountId::from_bits(2)),
            into_name: c.repeat(100),
            renamed: renamed.collect(),
        };
        let receipt = written(
            &letter(Kind::Accepted {
                side: Side::Recipient,
            }),
            &transfer,
        );
        only_our_headers(&receipt, &HEADERS);
        for rendered in [written_offer_of(&transfer), receipt] {
            assert!(rendered.html.len() <= 100 * 1024, "{}", rendered.html.len());
            assert!(rendered.raw.len() <= 200 * 1024, "{}", rendered.raw.len());
            assert!(
                rendered.text.contains("and 240 more") && rendered.html.contains("and 240 more")
            );
        }
    }
}

#[test]
fn what_one_person_accepted_for_themselves_is_said_of_nobody_else() {
    let mut share = transfer();
    share.terms = Terms::Access {
        level: Level::Read,
        until: None,
    };
    share.state = State::Accepted {
        at: NOW,
        by: AccountId::from_bits(2),
        channel: Channel::Api,
        into: Context::Personal(AccountId::from_bits(2)),
        into_name: "Carl".into(),
        renamed: BTreeMap::new(),
    };
    for (side, says) in [
        (Side::Sender, "they may read the data until it is revoked"),
        (Side::Recipient, "You may read the data until it is revoked"),
    ] {
        let text = written(&letter(Kind::Accepted { side }), &share).text;
        let text: Vec<&str> = text.split_whitespace().collect();
        let text = text.join(" ");
        assert!(text.contains(says), "{text}");
        assert!(!text.to_lowercase().contains("everybody"), "{text}");
    }
}

fn written_offer_of(transfer: &Invitation) -> Rendered {
    let mut transfer = transfer.clone();
    transfer.state = State::Pending {
        since: NOW,
        reminders: 0,
    };
    written(&offer(), &transfer)
}

#[test]
fn addresses_and_dates_at_the_edge_are_written_or_refused_but_never_panic() {
    for to in [
        "jörg@müller.example",
        "o'neil+x@lab.example",
        "ｃａｒｌ@lab.example",
    ] {
        let mut letter = offer();
        letter.to = to.parse().unwrap();
        let _either = render(&letter, &About::Invitation(&transfer()), &site(), &key());
    }
    for at in [i64::MIN, -1, 0, i64::MAX] {
        let mut letter = offer();
        letter.created_at = Time::from_ms(at);
        only_our_headers(&written(&letter, &transfer()), &HEADERS);
    }
}

#[tokio::test]
async fn the_mailbox_keeps_the_newest_letters() {
    let mailbox = Mailbox::new(2);
    for bits in [1, 2, 3] {
        let mut letter = offer();
        letter.id = LetterId::from_bits(bits);
        mailbox.send(&written(&letter, &transfer())).await.unwrap();
    }
    let ids: Vec<u128> = mailbox
        .list()
        .iter()
        .map(|letter| letter.id.bits())
        .collect();
    assert_eq!(ids, [3, 2]);
    assert!(mailbox.get(LetterId::from_bits(1)).is_none());
    assert_eq!(
        mailbox.get(LetterId::from_bits(2)).unwrap().to.as_str(),
        "carl@lab.example"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_people_write_the_message_keeps_its_shape(
        name in any::<String>(),
        message in any::<String>(),
        context in "\\PC{0,100}",
    ) {
        let mut transfer = transfer();
        transfer.sender.name = name.clone();
        transfer.source_name = context;
        transfer.items[0].name = name;
        transfer.message = Some(message);
        only_our_headers(&written(&offer(), &transfer), &HEADERS);
    }
}
