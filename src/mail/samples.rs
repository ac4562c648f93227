//! One letter of every kind, about people and data that there are not: for operators who want to see what the site sends.

use std::collections::BTreeMap;

use crate::domain::account::SignIn;
use crate::domain::address::Address;
use crate::domain::event::Channel;
use crate::domain::id::{
    AccountId, Context, InvitationId, ItemId, ItemKind, LetterId, MoveId, SignInId, WorkgroupId,
};
use crate::domain::invitation::{Invitation, KeepAccess, Offered, Recipient, Sender, State, Terms};
use crate::domain::item::Holds;
use crate::domain::letter::{Answer, ByMail, Kind, Letter, News, Revoked, Side, Subject};
use crate::domain::rights::Level;
use crate::domain::secret::SiteKey;
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Time};
use crate::domain::workgroup::Role;

use super::{About, Rendered, Site, Unwritable, render};

/// When it all happens: 22 November 2026.
const NOW: Time = Time::from_ms(1_795_344_420_000);
/// Whose the letter's tokens would be; they open nothing.
const LETTER: LetterId = LetterId::from_bits(4711);
const ANA: AccountId = AccountId::from_bits(1);
const CARL: AccountId = AccountId::from_bits(2);

/// A letter and what it is about.
pub struct Sample {
    /// What it is called: `transfer-offer`, `sign-in-code`.
    pub name: String,
    letter: Letter,
    about: Thing,
}

enum Thing {
    Invitation(Box<Invitation>),
    SignIn(SignIn),
    Itself,
}

impl Sample {
    /// As it would leave, in this language.
    ///
    /// # Errors
    /// When a sentence cannot be said.
    pub fn render(
        &self,
        language: &str,
        site: &Site,
        key: &SiteKey,
    ) -> Result<Rendered, Unwritable> {
        let about = match &self.about {
            Thing::Invitation(invitation) => About::Invitation(invitation),
            Thing::SignIn(sign_in) => About::SignIn(sign_in),
            Thing::Itself => About::Itself,
        };
        let mut letter = self.letter.clone();
        language.clone_into(&mut letter.language);
        render(&letter, &about, site, key)
    }
}

/// One of every kind.
///
/// # Errors
/// When an address of theirs is none, which a test sees to.
pub fn all() -> Result<Vec<Sample>, crate::domain::address::Malformed> {
    let people = People {
        ana: "ana@core.example".parse()?,
        carl: "carl@lab.example".parse()?,
    };
    let mut all = Vec::new();
    for (family, invitation) in [
        ("transfer", people.transfer()),
        ("share", people.share()),
        ("workgroup", people.membership()),
        ("workgroup-ownership", people.ownership()),
    ] {
        all.extend(people.turns(family, &invitation));
    }
    all.extend(people.answers());
    all.extend(people.news());
    all.extend(people.codes());
    Ok(all)
}

struct People {
    ana: Address,
    carl: Address,
}

fn offered(item: ItemId, name: &str, bytes: u64, files: u64, holds: Option<Holds>) -> Offered {
    Offered {
        item,
        name: name.to_owned(),
        bytes,
        files,
        holds,
    }
}

/// A project as it is before anything was computed: its files are with its run.
const RECORDS: Holds = Holds {
    biosamples: 96,
    libraries: 192,
};

fn run() -> ItemId {
    ItemId::new(ItemKind::Run, 1)
}

fn project() -> ItemId {
    ItemId::new(ItemKind::Project, 2)
}

impl People {
    fn letter(&self, to: Side, subject: Subject, says: Kind) -> Letter {
        let to = match to {
            Side::Sender => &self.ana,
            Side::Recipient => &self.carl,
        };
        Letter::queued(LETTER, to.clone(), "en", subject, says, NOW)
    }

    fn transfer(&self) -> Invitation {
        Invitation {
            id: InvitationId::made(42, true),
            source: Context::Workgroup(WorkgroupId::from_bits(9)),
            source_name: "Sequencing core".to_owned(),
            sender: Sender {
                account: ANA,
                name: "Ana Core".to_owned(),
                address: self.ana.clone(),
                language: "en".to_owned(),
            },
            recipient: Recipient::Address(self.carl.clone()),
            items: vec![
                offered(
                    run(),
                    "221122_M00123_0042",
                    11_000_000_000_000,
                    991_227,
                    None,
                ),
                offered(project(), "Yeast RNA", 0, 0, Some(RECORDS)),
            ],
            message: Some("Here is your run.\n\nReports: https://core.example/r/7".to_owned()),
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

    fn share(&self) -> Invitation {
        Invitation {
            id: InvitationId::made(42, false),
            terms: Terms::Access {
                level: Level::Read,
                until: Some(NOW.plus_ms(30 * DAY_MS)),
            },
            ..self.transfer()
        }
    }

    fn membership(&self) -> Invitation {
        Invitation {
            items: Vec::new(),
            source_name: "Yeast pool".to_owned(),
            message: Some("Join us.".to_owned()),
            terms: Terms::Membership { role: Role::Member },
            ..self.share()
        }
    }

    fn ownership(&self) -> Invitation {
        Invitation {
            terms: Terms::Workgroup,
            message: None,
            ..self.membership()
        }
    }

    /// Every letter about this invitation, from the offer to each of its ends.
    fn turns(&self, family: &str, invitation: &Invitation) -> Vec<Sample> {
        let expires_at = invitation.expires_at;
        let offer = Kind::Offer {
            expires_at,
            again: false,
        };
        let mut turns = vec![
            ("offer", Side::Recipient, offer, invitation.state.clone()),
            (
                "reminder",
                Side::Recipient,
                Kind::Reminder { expires_at },
                invitation.state.clone(),
            ),
            ("cancelled", Side::Recipient, Kind::Cancelled, cancelled()),
        ];
        for (side, word) in [(Side::Sender, "sender"), (Side::Recipient, "recipient")] {
            let end = |turn: &'static str| match (turn, word) {
                ("accepted", "sender") => "accepted-sender",
                ("accepted", _) => "accepted-recipient",
                ("declined", "sender") => "declined-sender",
                ("declined", _) => "declined-recipient",
                (_, "sender") => "expired-sender",
                _ => "expired-recipient",
            };
            turns.push((end("accepted"), side, Kind::Accepted { side }, accepted()));
            turns.push((end("declined"), side, Kind::Declined { side }, declined()));
            let expired = State::Expired { at: expires_at };
            turns.push((end("expired"), side, Kind::Expired { side }, expired));
        }
        let sample = |(turn, side, says, state)| {
            let told = Invitation {
                state,
                ..invitation.clone()
            };
            self.about(format!("{family}-{turn}"), side, says, told)
        };
        turns.into_iter().map(sample).collect()
    }

    fn about(&self, name: String, to: Side, says: Kind, told: Invitation) -> Sample {
        let mut letter = self.letter(to, Subject::Invitation(told.id), says);
        letter.by_mail = match to {
            Side::Sender => ByMail::No,
            Side::Recipient if told.terms.is_about_workgroup() => ByMail::Plainly,
            Side::Recipient => {
                let names = ["Personal", "TechSupport", "Yeast pool"];
                ByMail::Into(names.map(str::to_owned).to_vec())
            }
        };
        let about = Thing::Invitation(Box::new(told));
        Sample {
            name,
            letter,
            about,
        }
    }

    fn answers(&self) -> Vec<Sample> {
        let names = ["Personal", "TechSupport"].map(str::to_owned).to_vec();
        let sentence = "it would exceed the quota of \"TechSupport\"; free some space";
        let mut answers: Vec<Sample> = [
            (Answer::Confirm, None),
            (Answer::NotUnderstood, None),
            (Answer::WhichContext { names }, None),
            (Answer::RepliesOff, None),
            (
                Answer::Refused {
                    sentences: vec![sentence.to_owned()],
                },
                None,
            ),
            (Answer::Ended, Some(accepted())),
        ]
        .into_iter()
        .map(|(says, state)| {
            let mut told = self.transfer();
            told.state = state.unwrap_or(told.state);
            let name = says.word().to_owned();
            let message = Some("reply.1@mail.lab.example".to_owned());
            self.about(name, Side::Recipient, Kind::Answer { message, says }, told)
        })
        .collect();
        let says = Kind::Undeliverable {
            address: self.carl.to_string(),
            reason: "5.1.1".to_owned(),
        };
        let name = "undeliverable".to_owned();
        answers.push(self.about(name, Side::Sender, says, self.transfer()));
        answers
    }

    fn news(&self) -> Vec<Sample> {
        let pool = || "Yeast pool".to_owned();
        let ana = || "Ana Core".to_owned();
        let carl = || "Carl Lab".to_owned();
        let workgroup = Subject::Workgroup(WorkgroupId::from_bits(9));
        let moving = Subject::Move(MoveId::from_bits(7));
        let news = [
            (
                workgroup,
                News::Joined {
                    workgroup: pool(),
                    who: carl(),
                    address: self.carl.clone(),
                    role: Role::Member,
                },
            ),
            (
                workgroup,
                News::RoleChanged {
                    workgroup: pool(),
                    by: ana(),
                    role: Role::Administrator,
                },
            ),
            (
                workgroup,
                News::Removed {
                    workgroup: pool(),
                    by: ana(),
                },
            ),
            (
                workgroup,
                News::Closed {
                    workgroup: pool(),
                    by: ana(),
                },
            ),
            (
                Subject::Access(run()),
                News::LinkAccepted {
                    item: "221122_M00123_0042".to_owned(),
                    who: carl(),
                    address: self.carl.clone(),
                    into: "TechSupport".to_owned(),
                    level: Level::Read,
                },
            ),
            (
                moving,
                News::MoveProposed {
                    from: "Berta Left".to_owned(),
                    into: pool(),
                    by: ana(),
                    reason: Some("She left in October.".to_owned()),
                },
            ),
            (
                moving,
                News::MoveApproved {
                    from: "Berta Left".to_owned(),
                    into: pool(),
                    by: "Doris Dean".to_owned(),
                    proposer: ana(),
                },
            ),
        ];
        let mut samples: Vec<Sample> = news
            .into_iter()
            .map(|(subject, says)| {
                let name = says.word().to_owned();
                self.itself(name, subject, Kind::News { says })
            })
            .collect();
        let says = Kind::AccessRevoked {
            beyond: 0,
            name: "Yeast RNA".to_owned(),
            owner: "Sequencing core".to_owned(),
            whose: "TechSupport".to_owned(),
            more: vec![Revoked {
                item: run(),
                name: "221122_M00123_0042".to_owned(),
                owner: "Sequencing core".to_owned(),
                whose: "TechSupport".to_owned(),
                at: NOW.plus_ms(HOUR_MS),
            }],
        };
        let name = "access-revoked".to_owned();
        samples.push(self.itself(name, Subject::Access(project()), says));
        samples
    }

    fn itself(&self, name: String, subject: Subject, says: Kind) -> Sample {
        Sample {
            name,
            letter: self.letter(Side::Recipient, subject, says),
            about: Thing::Itself,
        }
    }

    fn codes(&self) -> Vec<Sample> {
        let expires_at = NOW.plus_ms(10 * MINUTE_MS);
        let sign_in = SignIn {
            id: SignInId::from_bits(5),
            address: self.carl.clone(),
            expires_at,
            tries_left: 5,
            used: false,
            adds_to: None,
            language: None,
        };
        let subject = Subject::SignIn(sign_in.id);
        [
            Kind::SignInCode { expires_at },
            Kind::AddressCode { expires_at },
        ]
        .into_iter()
        .map(|says| Sample {
            name: says.word().to_owned(),
            letter: self.letter(Side::Recipient, subject, says),
            about: Thing::SignIn(sign_in.clone()),
        })
        .collect()
    }
}

fn accepted() -> State {
    State::Accepted {
        at: NOW.plus_ms(HOUR_MS),
        by: CARL,
        channel: Channel::Web,
        into: Context::Workgroup(WorkgroupId::from_bits(3)),
        into_name: "TechSupport".to_owned(),
        renamed: BTreeMap::from([(project(), "Yeast RNA (2)".to_owned())]),
    }
}

fn declined() -> State {
    State::Declined {
        at: NOW.plus_ms(HOUR_MS),
        by: CARL,
        reason: Some("Not ours.\nTry the neighbours: www.lab.example".to_owned()),
    }
}

fn cancelled() -> State {
    State::Cancelled {
        at: NOW.plus_ms(HOUR_MS),
        by: ANA,
        replaced_by: Some(InvitationId::made(43, true)),
    }
}
