//! Documents as they lie in stores that exist, and what the store keeps about each. A change of a document breaks stores: give it a new
//! `FORM`, and `upgrade` the old one. So does a change of what it derives: raise the store's `FORMAT`, with a step that writes it anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use handover::chain::{Chain, Fingerprint, Place};
use handover::domain::account::{Account, Scope, Session, SignIn, Token};
use handover::domain::attempts::Attempts;
use handover::domain::document::{self, Document, Unreadable};
use handover::domain::event::{By, Change, Channel, Event, Recorded, What};
use handover::domain::id::{
    AccountId, AnalysisId, Context, Digest, InvitationId, ItemId, ItemKind, LetterId, LinkId,
    MessageId, MoveId, SignInId, WorkgroupId,
};
use handover::domain::incoming::{self, Incoming, Purpose, Sealed, Signed};
use handover::domain::invitation::{
    self, Invitation, KeepAccess, Offered, Recipient, Sender, Terms,
};
use handover::domain::item::{
    Analysis, Biosample, Biosamples, Details, Item, Library, Life, Read, Run, RunStatus, State,
};
use handover::domain::letter::{self, Kind, Letter, Subject};
use handover::domain::link::{self, Link};
use handover::domain::moving::{self, Administrator, Move};
use handover::domain::policy::{Domain, Tier};
use handover::domain::ration::Ration;
use handover::domain::reach::Reach;
use handover::domain::rights::{Grant, Level, Origin, Part};
use handover::domain::time::Time;
use handover::domain::tombstone::Tombstone;
use handover::domain::workgroup::{self, Membership, Role, Workgroup};

const AT: Time = Time::from_ms(1_800_000_000_000);
const ANNA: AccountId = AccountId::from_bits(0x0190_0000_0000_7000_8000_0000_0000_0001);
const GROUP: WorkgroupId = WorkgroupId::from_bits(0x0190_0000_0000_7000_8000_0000_0000_0002);
const INVITATION: InvitationId = InvitationId::from_bits(0x0190_0000_0000_8000_8000_0000_0000_0004);
const TRANSFER: InvitationId = InvitationId::from_bits(0x0190_0000_0000_7000_8000_0000_0000_0003);
const LETTER: LetterId = LetterId::from_bits(0x0190_0000_0000_7000_8000_0000_0000_0004);
const LINK: LinkId = LinkId::from_bits(0x0190_0000_0000_7000_8000_0000_0000_0006);
const SIGN_IN: SignInId = SignInId::from_bits(0x0190_0000_0000_7000_8000_0000_0000_0005);

fn run() -> ItemId {
    ItemId::new(ItemKind::Run, 6)
}

fn project() -> ItemId {
    ItemId::new(ItemKind::Project, 7)
}

fn check<D: Document + std::fmt::Debug>(case: &str, document: &D) {
    let name = format!("{}-{}-{case}", D::TAG, D::FORM);
    let golden = compare(&name, &document::encode(document));
    assert_eq!(&document::decode::<D>(&golden).unwrap(), document, "{name}");
    let derived = derived(document);
    let of_derived = format!("{name}.derived");
    if derived.is_empty() {
        assert!(
            !golden_file(&of_derived).exists(),
            "{of_derived} is left over"
        );
    } else {
        compare(&of_derived, derived.as_bytes());
    }
}

fn golden_file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    folder.join(name)
}

fn compare(name: &str, written: &[u8]) -> Vec<u8> {
    let path = golden_file(name);
    if !path.exists() {
        fs::write(&path, written).unwrap();
        panic!("{name} is new; look at it and commit it");
    }
    let golden = fs::read(&path).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&golden),
        String::from_utf8_lossy(written),
        "{name}"
    );
    golden
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the store keeps about a document, a line each.
fn derived<D: Document>(document: &D) -> String {
    let mut lines = String::new();
    for row in document.entries() {
        let key = hex(row.entry.bytes().as_ref());
        let value = row.value.escape_ascii();
        lines += &format!("entry {key} {:?} {value}\n", row.kept);
    }
    for (counter, by) in document.counts() {
        lines += &format!("counter {} {by:+}\n", hex(counter.bytes().as_ref()));
    }
    if let Some((queue, at, id)) = document.due() {
        lines += &format!("due {queue:?} {} {id:032x}\n", at.ms());
    }
    lines
}

fn account() -> Account {
    let address = "Anna@Lab.example".parse().unwrap();
    Account::registered(ANNA, address, Domain::public(), AT)
}

#[test]
fn accounts_and_how_they_sign_in() {
    check("plain", &account());
    let mut full = account();
    full.quota = Some(1 << 40);
    full.blocked = BTreeSet::from(["eve@lab.example".to_owned()]);
    full.default_context_by_sender =
        BTreeMap::from([("core@lab.example".to_owned(), Context::Workgroup(GROUP))]);
    check("full", &full);
    full.quiet.reminders = true;
    full.quiet.receipts = true;
    check("quiet", &full);
    check("closed", &full.closed(AT));
    check(
        "adding",
        &SignIn {
            id: SIGN_IN,
            address: "anna@private.example".parse().unwrap(),
            expires_at: AT,
            tries_left: 4,
            used: true,
            adds_to: Some(ANNA),
            language: None,
        },
    );
    check(
        "waiting",
        &SignIn {
            id: SIGN_IN,
            address: "anna@lab.example".parse().unwrap(),
            expires_at: AT,
            tries_left: 5,
            used: false,
            adds_to: None,
            language: None,
        },
    );
    check(
        "plain",
        &Session {
            digest: Digest::of(b"session"),
            account: ANNA,
            created_at: AT,
            expires_at: AT,
            client: "Firefox".into(),
        },
    );
    check(
        "plain",
        &Token {
            digest: Digest::of(b"token"),
            account: ANNA,
            name: "pipeline".into(),
            scopes: BTreeSet::from([Scope::Read, Scope::Write, Scope::Account]),
            created_at: AT,
            expires_at: AT,
        },
    );
}

#[test]
fn workgroups_and_memberships() {
    let workgroup = Workgroup {
        id: GROUP,
        handle: "TechSupport".parse().unwrap(),
        name: "Tech Support".into(),
        tier: Tier::Professional,
        domain: Domain::public(),
        collaborative: false,
        quota: None,
        created_at: AT,
        description: None,
        ruled: false,
        state: workgroup::State::Open,
    };
    check("plain", &workgroup);
    let mut ruled = workgroup.clone();
    ruled.ruled = true;
    ruled.quota = Some(1 << 40);
    ruled.description = Some("helps everybody".into());
    ruled.state = workgroup::State::Closing;
    check("ruled", &ruled);
    let mut closed = workgroup;
    closed.state = workgroup::State::Closed { at: AT };
    check("closed", &closed);
    for role in [Role::Member, Role::Administrator, Role::Owner] {
        let membership = Membership {
            workgroup: GROUP,
            account: ANNA,
            role,
            since: AT,
        };
        check(role.word(), &membership);
    }
}

#[test]
fn items_and_what_belongs_to_them() {
    let item = |id: ItemId, details| Item {
        id,
        name: "20261122_LH00001_0001_A22AAAALT3".into(),
        owner: Context::Personal(ANNA),
        state: State::Active,
        bytes: 11_000_000_000_000,
        files: 991_227,
        created_at: AT,
        registered_by: ANNA,
        pending: None,
        life: Life::default(),
        chain: Chain::default(),
        trashed_inside: 0,
        running_analyses: 0,
        default_of: 0,
        details,
    };
    let details = Details::Run(Run {
        instrument: "LH00001".into(),
        platform: "NovaSeq X".into(),
        flow_cell: "22AAAALT3".into(),
        lanes: 8,
        reads: vec![Read {
            number: 1,
            cycles: 151,
            indexed: false,
        }],
        started_at: Some(AT),
        ended_at: None,
        status: RunStatus::InProgress,
    });
    check("run", &item(run(), details));
    let details = Details::Project {
        biosamples: 2,
        libraries: 3,
    };
    check("project", &item(project(), details.clone()));
    let mut busy = item(project(), details);
    busy.state = State::Archived;
    busy.pending = Some(TRANSFER);
    busy.trashed_inside = 1;
    busy.running_analyses = 2;
    busy.default_of = 3;
    busy.owner = Context::Workgroup(GROUP);
    check("busy", &busy);
    let mut trashed = busy.clone();
    trashed.state = State::Trashed;
    trashed.life = Life {
        trashed_at: Some(AT),
        archived_at: Some(AT),
        purge_at: Some(AT),
    };
    trashed.chain = Chain::default().with(b"registered");
    check("trashed", &trashed);
    check(
        "purged",
        &Tombstone {
            item: project(),
            name: "Genomes".into(),
            owner: Context::Workgroup(GROUP),
            purged_at: AT,
            swept: false,
            chain: Chain::default().with(b"registered"),
        },
    );
    let library = Library {
        name: "L1".into(),
        lane: Some(1),
        index: Some("ACGT".into()),
        index2: None,
    };
    check(
        "plain",
        &Biosamples {
            project: project(),
            biosamples: vec![Biosample {
                name: "NA12878".into(),
                libraries: vec![library],
            }],
        },
    );
    check(
        "ended",
        &Analysis {
            id: AnalysisId::from_bits(8),
            name: "DRAGEN".into(),
            projects: vec![project()],
            started_by: ANNA,
            started_at: AT,
            ended_at: Some(AT),
        },
    );
    check(
        "kept",
        &Grant {
            item: run(),
            grantee: Context::Personal(ANNA),
            parts: vec![
                Part {
                    level: Level::Read,
                    origin: Origin::Kept(TRANSFER),
                    accepted_by: ANNA,
                    since: AT,
                    until: None,
                },
                Part {
                    level: Level::Write,
                    origin: Origin::Invitation(INVITATION),
                    accepted_by: ANNA,
                    since: AT,
                    until: Some(AT),
                },
            ],
        },
    );
}

#[test]
fn transfers_in_every_state() {
    let states = [
        invitation::State::Requested,
        invitation::State::Pending {
            since: AT,
            reminders: 1,
        },
        invitation::State::Accepted {
            at: AT,
            by: ANNA,
            channel: Channel::Web,
            into: Context::Workgroup(GROUP),
            into_name: "Tech Support".into(),
            renamed: BTreeMap::from([(project(), "Genomes (2)".to_owned())]),
        },
        invitation::State::Declined {
            at: AT,
            by: ANNA,
            reason: Some("not mine".into()),
        },
        invitation::State::Cancelled {
            at: AT,
            by: ANNA,
            replaced_by: Some(TRANSFER),
        },
        invitation::State::Expired { at: AT },
    ];
    for state in states {
        let word = state.word();
        let open = state.is_open();
        let workgroup = Recipient::Workgroup {
            id: GROUP,
            handle: "TechSupport".into(),
        };
        let transfer = Invitation {
            id: TRANSFER,
            source: Context::Personal(ANNA),
            source_name: "Anna (Personal)".into(),
            sender: Sender {
                account: ANNA,
                name: "Anna".into(),
                address: "anna@lab.example".parse().unwrap(),
                language: "en".into(),
            },
            recipient: if open {
                Recipient::Address("rita@lab.example".parse().unwrap())
            } else {
                workgroup
            },
            items: vec![Offered {
                item: project(),
                name: "Genomes".into(),
                bytes: 1,
                files: 2,
                holds: None,
            }],
            message: Some("as agreed".into()),
            terms: Terms::ownership(if open {
                KeepAccess::None
            } else {
                KeepAccess::Read { until: Some(AT) }
            }),
            requested_at: AT,
            expires_at: AT,
            mailed_at: Some(AT),
            corrects: None,
            letters: vec![LETTER],
            state,
        };
        check(word, &transfer);
    }
}

#[test]
fn links_open_and_deactivated() {
    let mut link = Link {
        id: LINK,
        digest: Digest::of(b"share"),
        item: project(),
        level: Level::Write,
        created_by: ANNA,
        created_at: AT,
        expires_at: Some(AT),
        max_acceptances: Some(20),
        state: link::State::Active,
    };
    check("bounded", &link);
    link.expires_at = None;
    link.max_acceptances = None;
    link.state = link::State::Deactivated { at: AT, by: ANNA };
    check("deactivated", &link);
}

#[test]
fn moves_in_every_state() {
    let administrator = || Administrator {
        account: ANNA,
        address: "dean@uni.example".parse().unwrap(),
        at: AT,
    };
    let states = [
        moving::State::Proposed,
        moving::State::Moving {
            approved: administrator(),
        },
        moving::State::Done {
            approved: administrator(),
            at: AT,
        },
        moving::State::Cancelled {
            approved: Some(administrator()),
            by: administrator(),
        },
    ];
    for state in states {
        let word = state.word();
        let one = Move {
            id: MoveId::from_bits(9),
            from: Context::Personal(ANNA),
            from_name: "Anna (Personal)".into(),
            domain: Domain::named("uni"),
            to: Context::Workgroup(GROUP),
            to_name: "Tech Support".into(),
            reason: Some("has left".into()),
            proposed: administrator(),
            items: 250,
            bytes: 1 << 40,
            state,
        };
        check(word, &one);
    }
}

#[test]
fn letters_of_every_kind_and_delivery() {
    use letter::Side::{Recipient, Sender};
    let (again, expires_at) = (true, AT);
    let says = [
        ("offer", Kind::Offer { expires_at, again }),
        ("reminder", Kind::Reminder { expires_at }),
        ("accepted", Kind::Accepted { side: Sender }),
        ("declined", Kind::Declined { side: Recipient }),
        ("cancelled", Kind::Cancelled),
        ("expired", Kind::Expired { side: Sender }),
    ];
    let subject = Subject::Invitation(TRANSFER);
    let to = || "rita@lab.example".parse().unwrap();
    for (case, says) in says {
        check(case, &Letter::queued(LETTER, to(), "en", subject, says, AT));
    }
    let revoked = Kind::AccessRevoked {
        beyond: 0,
        name: "Yeast RNA".into(),
        owner: "Sequencing core".into(),
        whose: "Tech Support".into(),
        more: Vec::new(),
    };
    let subject = Subject::Access(project());
    check(
        "access-revoked",
        &Letter::queued(LETTER, to(), "en", subject, revoked, AT),
    );
    let answer = Kind::Answer {
        message: Some("1@lab.example".into()),
        says: letter::Answer::WhichContext {
            names: vec!["Personal".into()],
        },
    };
    let mut answer = Letter::queued(LETTER, to(), "de", subject, answer, AT);
    answer.by_mail = letter::ByMail::Into(vec!["Personal".into()]);
    check("answer", &answer);
    let joined = letter::News::Joined {
        workgroup: "Yeast pool".into(),
        who: "Rita".into(),
        address: to(),
        role: Role::Member,
    };
    let joined = Kind::News { says: joined };
    check(
        "news",
        &Letter::queued(LETTER, to(), "en", subject, joined, AT),
    );
    let code = Kind::SignInCode { expires_at };
    let mut letter = Letter::queued(LETTER, to(), "en", Subject::SignIn(SIGN_IN), code, AT);
    check("code", &letter);
    letter.attempts = 3;
    letter.last_error = Some("connection refused".into());
    let reason = || "no such user".to_owned();
    let deliveries = [
        ("sent", letter::State::Sent { at: AT }),
        (
            "undeliverable",
            letter::State::Undeliverable {
                at: AT,
                reason: reason(),
            },
        ),
        (
            "dead",
            letter::State::Dead {
                at: AT,
                reason: reason(),
            },
        ),
        (
            "bounced",
            letter::State::Bounced {
                at: AT,
                reason: reason(),
            },
        ),
        (
            "withdrawn",
            letter::State::Withdrawn {
                at: AT,
                reason: None,
            },
        ),
        (
            "dropped",
            letter::State::Withdrawn {
                at: AT,
                reason: Some("dropped by an operator: a test".to_owned()),
            },
        ),
    ];
    for (case, delivery) in deliveries {
        letter.delivery = delivery;
        check(case, &letter);
    }
}

#[test]
fn what_came_in_by_mail_and_what_is_known_of_addresses() {
    let waiting = Incoming {
        id: MessageId::from_bits(11),
        letter: LETTER,
        purpose: Purpose::Reply,
        at: AT,
        bytes: 1_200,
        signed: None,
        state: incoming::State::Waiting { not_before: AT },
    };
    check("waiting", &waiting);
    let (domain, why) = ("lab.example".to_owned(), "it bears no signature".to_owned());
    for (case, signed) in [
        ("signed", Signed::For { domain }),
        ("unsigned", Signed::Not { why }),
    ] {
        let signed = Some(signed);
        check(
            case,
            &Incoming {
                signed,
                ..waiting.clone()
            },
        );
    }
    check("done", &waiting.done(AT, "decided", "accepted"));
    let mut sealed = Sealed::new(waiting.id, LETTER, AT, b"sealed");
    check("of-letter", &sealed);
    sealed.letter = None;
    check("plain", &sealed);
    let reach = Reach::unknown("rita@lab.example".parse().unwrap(), AT);
    let failed = reach.reported(LETTER, "5.1.1", AT);
    check("failed", &failed);
    let mut refused = failed.refused("550 5.1.1 no such user", AT);
    refused.asked_at = Some(AT);
    check("undeliverable", &refused);
    let rita = Recipient::Address("rita@lab.example".parse().unwrap());
    check("plain", &Ration::of(&rita, AT));
}

#[test]
fn events_and_what_was_tried() {
    let attempts = Attempts {
        person: ANNA,
        hour: 500_000,
        recorded: 50,
        more: 3,
    };
    check("full", &attempts);
    let event = Recorded {
        event: Event {
            at: AT,
            by: By {
                person: Some(ANNA),
                channel: Channel::Cli,
            },
            what: What::PurgeOrdered { purge_at: AT },
        },
        context: Some(Context::Workgroup(GROUP)),
        changes: vec![Change {
            field: "state".into(),
            before: None,
            after: Some("trashed".into()),
        }],
        place: Some(Place {
            number: 2,
            previous: Some(Fingerprint::of(b"registered")),
        }),
    };
    let stored = serde_json::to_string(&event).unwrap();
    let path = golden_file("event");
    if !path.exists() {
        fs::write(&path, &stored).unwrap();
        panic!("{} is new; look at it and commit it", path.display());
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), stored);
    assert_eq!(serde_json::from_str::<Recorded>(&stored).unwrap(), event);
    assert_eq!(serde_json::from_str::<Event>(&stored).unwrap(), event.event);
}

#[test]
fn what_cannot_be_read_is_told_with_a_next_step() {
    let newer = document::decode::<Account>(b"account/2 {}").unwrap_err();
    assert!(matches!(newer, Unreadable::Form { form: 2, .. }), "{newer}");
    assert!(
        newer
            .to_string()
            .contains("install the version that wrote it")
    );
    let other = document::decode::<Account>(b"transfer/1 {}").unwrap_err();
    assert!(matches!(other, Unreadable::Type { .. }), "{other}");
    let broken = document::decode::<Account>(b"account/1 {").unwrap_err();
    assert!(matches!(broken, Unreadable::Body { .. }), "{broken}");
    for junk in [&b""[..], b"account", b"account/ {}", b"\xff\xfe {}"] {
        assert!(document::decode::<Account>(junk).is_err());
    }
}
