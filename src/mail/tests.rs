use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::event::Channel;
use crate::domain::id::{
    AccountId, Context, InvitationId, ItemId, ItemKind, SignInId, WorkgroupId,
};
use crate::domain::invitation::{KeepAccess, Offered, Recipient, Sender, State, Terms};
use crate::domain::letter::{Kind, Letter, Side, Subject};
use crate::domain::rights::Level;
use crate::domain::secret::SiteKey;
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Time};
use crate::domain::workgroup::Role;

const NOW: Time = Time::from_ms(1_795_344_420_000);

fn site() -> Site {
    Site {
        name: "Handover at Uni".into(),
        public_url: "https://handover.uni.example/".into(),
        from: "handover@uni.example".parse().unwrap(),
        from_name: "Handover at Uni".into(),
        reply_domain: "reply.uni.example".into(),
        replies: None,
        instance: "uni-1".into(),
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
    Letter::queued(id, to.parse().unwrap(), "en", subject, says, NOW)
}

fn offer() -> Letter {
    letter(Kind::Offer {
        expires_at: NOW.plus_ms(14 * DAY_MS),
        again: false,
    })
}

fn accepted() -> State {
    State::Accepted {
        at: NOW.plus_ms(HOUR_MS),
        by: AccountId::from_bits(2),
        channel: Channel::Web,
        into: Context::Workgroup(WorkgroupId::from_bits(3)),
        into_name: "TechSupport".into(),
        renamed: BTreeMap::from([(ItemId::new(ItemKind::Project, 2), "Yeast RNA (2)".into())]),
    }
}

fn written(letter: &Letter, transfer: &Invitation) -> Rendered {
    render(letter, &About::Invitation(transfer), &site(), &key()).unwrap()
}

fn shown(rendered: &Rendered) -> String {
    format!("Subject: {}\n\n{}", rendered.subject, rendered.text)
}

fn check(name: &str, letter: &Letter, transfer: &Invitation) {
    let rendered = written(letter, transfer);
    insta::assert_snapshot!(format!("{name}.txt"), shown(&rendered));
    insta::assert_snapshot!(format!("{name}.html"), rendered.html);
}

#[test]
fn an_offer_says_what_from_whom_how_large_and_until_when() {
    check("offer", &offer(), &transfer());
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
fn a_reminder_says_when_the_offer_ends() {
    let expires_at = transfer().expires_at;
    check(
        "reminder",
        &letter(Kind::Reminder { expires_at }),
        &transfer(),
    );
}

#[test]
fn both_sides_are_told_how_an_offer_ended() {
    let reason = Some("Not ours.\nTry the neighbours: www.lab.example".into());
    let declined = State::Declined {
        at: NOW.plus_ms(HOUR_MS),
        by: AccountId::from_bits(2),
        reason,
    };
    let expired = State::Expired {
        at: NOW.plus_ms(14 * DAY_MS),
    };
    let (sender, recipient) = (Side::Sender, Side::Recipient);
    for (name, says, state) in [
        (
            "accepted-sender",
            Kind::Accepted { side: sender },
            accepted(),
        ),
        (
            "accepted-recipient",
            Kind::Accepted { side: recipient },
            accepted(),
        ),
        (
            "declined-sender",
            Kind::Declined { side: sender },
            declined.clone(),
        ),
        (
            "declined-recipient",
            Kind::Declined { side: recipient },
            declined,
        ),
        (
            "expired-sender",
            Kind::Expired { side: sender },
            expired.clone(),
        ),
        (
            "expired-recipient",
            Kind::Expired { side: recipient },
            expired,
        ),
        (
            "cancelled",
            Kind::Cancelled,
            State::Cancelled {
                at: NOW.plus_ms(HOUR_MS),
                by: AccountId::from_bits(1),
                replaced_by: Some(InvitationId::from_bits(43)),
            },
        ),
    ] {
        let mut transfer = transfer();
        transfer.state = state;
        check(name, &letter(says), &transfer);
    }
}

fn share() -> Invitation {
    Invitation {
        id: InvitationId::made(42, false),
        terms: Terms::Access {
            level: Level::Read,
            until: Some(NOW.plus_ms(30 * DAY_MS)),
        },
        ..transfer()
    }
}

fn membership() -> Invitation {
    Invitation {
        items: Vec::new(),
        source_name: "Yeast pool".into(),
        message: Some("Join us.".into()),
        terms: Terms::Membership { role: Role::Member },
        ..share()
    }
}

fn handing_over() -> Invitation {
    Invitation {
        terms: Terms::Workgroup,
        message: None,
        ..membership()
    }
}

/// Every letter about this invitation, from the offer to each of its ends.
fn every_turn(invitation: &Invitation) -> Vec<(&'static str, Letter, Invitation)> {
    let expires_at = invitation.expires_at;
    let again = false;
    let at = NOW.plus_ms(HOUR_MS);
    let by = AccountId::from_bits(2);
    let declined = State::Declined {
        at,
        by,
        reason: Some("Not ours.".into()),
    };
    let cancelled = State::Cancelled {
        at,
        by,
        replaced_by: None,
    };
    let expired = State::Expired { at: expires_at };
    let pending = invitation.state.clone();
    let (sender, recipient) = (Side::Sender, Side::Recipient);
    let offer = Kind::Offer { expires_at, again };
    [
        ("offer", offer, pending.clone()),
        ("reminder", Kind::Reminder { expires_at }, pending),
        (
            "accepted-sender",
            Kind::Accepted { side: sender },
            accepted(),
        ),
        (
            "accepted-recipient",
            Kind::Accepted { side: recipient },
            accepted(),
        ),
        (
            "declined-sender",
            Kind::Declined { side: sender },
            declined.clone(),
        ),
        (
            "declined-recipient",
            Kind::Declined { side: recipient },
            declined,
        ),
        ("cancelled", Kind::Cancelled, cancelled),
        (
            "expired-sender",
            Kind::Expired { side: sender },
            expired.clone(),
        ),
        (
            "expired-recipient",
            Kind::Expired { side: recipient },
            expired,
        ),
    ]
    .into_iter()
    .map(|(name, says, state)| {
        let mut invitation = invitation.clone();
        invitation.state = state;
        (name, letter(says), invitation)
    })
    .collect()
}

#[test]
fn shares_and_workgroups_have_words_of_their_own_at_every_turn() {
    for (kind, invitation) in [
        ("share", share()),
        ("membership", membership()),
        ("workgroup", handing_over()),
    ] {
        for (turn, letter, invitation) in every_turn(&invitation) {
            check(&format!("{kind}-{turn}"), &letter, &invitation);
        }
    }
}

#[test]
fn no_letter_about_a_share_or_a_membership_speaks_of_a_change_of_ownership() {
    for invitation in [share(), membership()] {
        for (turn, letter, invitation) in every_turn(&invitation) {
            let rendered = written(&letter, &invitation);
            for word in ["ownership", "owns", "transfer", "cannot be undone"] {
                for text in [&rendered.subject, &rendered.text, &rendered.html] {
                    assert!(!text.contains(word), "{turn} says {word}: {text}");
                }
            }
        }
    }
}

#[test]
fn whoever_loses_access_is_told_what_to_and_by_whom() {
    let item = ItemId::new(ItemKind::Project, 2);
    let mut letter = letter(Kind::AccessRevoked {
        name: "Yeast RNA".into(),
        owner: "Sequencing core".into(),
        whose: "TechSupport".into(),
    });
    letter.subject = Subject::Access(item);
    let rendered = render(&letter, &About::Access(item), &site(), &key()).unwrap();
    insta::assert_snapshot!("access-revoked.txt", shown(&rendered));
    insta::assert_snapshot!("access-revoked.html", rendered.html);
    let error = render(&offer(), &About::Access(item), &site(), &key()).unwrap_err();
    assert!(matches!(error, Unwritable::Mismatch { .. }), "{error}");
}

fn sign_in() -> (Letter, SignIn) {
    let sign_in = SignIn {
        id: SignInId::from_bits(5),
        address: "carl@lab.example".parse().unwrap(),
        expires_at: NOW.plus_ms(10 * MINUTE_MS),
        tries_left: 5,
        used: false,
        adds_to: None,
    };
    let mut letter = letter(Kind::SignInCode {
        expires_at: sign_in.expires_at,
    });
    letter.subject = Subject::SignIn(sign_in.id);
    (letter, sign_in)
}

#[test]
fn a_code_that_adds_an_address() {
    let (mut letter, sign_in) = sign_in();
    letter.says = Kind::AddressCode {
        expires_at: sign_in.expires_at,
    };
    let rendered = render(&letter, &About::SignIn(&sign_in), &site(), &key()).unwrap();
    insta::assert_snapshot!("address-code.txt", shown(&rendered));
    insta::assert_snapshot!("address-code.html", rendered.html);
    assert!(!rendered.html.contains("href"));
}

#[test]
fn a_code_to_type_and_no_link_that_signs_in() {
    let (letter, sign_in) = sign_in();
    let rendered = render(&letter, &About::SignIn(&sign_in), &site(), &key()).unwrap();
    insta::assert_snapshot!("sign-in-code.txt", shown(&rendered));
    insta::assert_snapshot!("sign-in-code.html", rendered.html);
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
    for absent in ["Reply-To", "List-", "Precedence", "mailto:", "<img"] {
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

fn only_our_headers(rendered: &Rendered) {
    assert_eq!(header_names(&rendered.raw), HEADERS);
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
        only_our_headers(&written(&offer(), &transfer));
        let mut site = site();
        site.from_name = attack.into();
        site.instance = attack.into();
        site.reply_domain = attack.into();
        let about = About::Invitation(&transfer);
        only_our_headers(&render(&offer(), &about, &site, &key()).unwrap());
        transfer.state = State::Declined {
            at: NOW,
            by: AccountId::from_bits(2),
            reason: Some(attack.into()),
        };
        only_our_headers(&written(
            &letter(Kind::Declined { side: Side::Sender }),
            &transfer,
        ));
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
        only_our_headers(&written(&offer(), &transfer));
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
        only_our_headers(&receipt);
        for rendered in [written_offer_of(&transfer), receipt] {
            assert!(rendered.html.len() <= 100 * 1024, "{}", rendered.html.len());
            assert!(rendered.raw.len() <= 200 * 1024, "{}", rendered.raw.len());
            assert!(
                rendered.text.contains("and 240 more") && rendered.html.contains("and 240 more")
            );
        }
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
        only_our_headers(&written(&letter, &transfer()));
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
        only_our_headers(&written(&offer(), &transfer));
    }
}
