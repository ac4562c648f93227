//! What each letter consists of: which sentences of the catalogue, which facts, which ways to answer.

mod writer;

use crate::domain::account::SignIn;
use crate::domain::invitation::{Invitation, State, Terms};
use crate::domain::letter::{Answer, Kind, Letter, News, Revoked, Side, Subject};
use crate::domain::secret::SiteKey;

use super::outline::{Block, Outline};
use super::texts::{Facts, Language, Unsayable};
use super::{About, Site, story};

use writer::Writer;

/// Why there is no letter.
#[derive(Debug)]
pub enum Untold {
    /// What it is about is not what it speaks of, or stands otherwise.
    Mismatch,
    /// The catalogue has no words for it.
    Unsayable(Unsayable),
}

impl From<Unsayable> for Untold {
    fn from(why: Unsayable) -> Self {
        Self::Unsayable(why)
    }
}

/// What this letter consists of.
pub fn outline(
    letter: &Letter,
    about: &About<'_>,
    site: &Site,
    key: &SiteKey,
) -> Result<Outline, Untold> {
    let language = Language::of(&letter.language);
    let writes = |facts: Facts| Writer {
        letter,
        site,
        key,
        language,
        facts,
        blocks: Vec::new(),
    };
    match (about, &letter.says) {
        (About::SignIn(sign_in), Kind::SignInCode { .. }) => {
            writes(story::code(letter, sign_in, site, language)).code("sign-in-code", sign_in)
        }
        (About::SignIn(sign_in), Kind::AddressCode { .. }) => {
            writes(story::code(letter, sign_in, site, language)).code("address-code", sign_in)
        }
        (
            About::Itself,
            Kind::AccessRevoked {
                name,
                owner,
                whose,
                more,
                beyond,
            },
        ) => {
            let others = more.len() + usize::try_from(*beyond).unwrap_or(usize::MAX);
            let Subject::Access(item) = letter.subject else {
                return Err(Untold::Mismatch);
            };
            let first = Revoked {
                item,
                name: name.clone(),
                owner: owner.clone(),
                whose: whose.clone(),
                at: letter.created_at,
            };
            let facts = story::frame(letter, site)
                .with("count", others + 1)
                .with("others", others)
                .with("item-short", story::short(name));
            writes(facts).revoked(&first, more, others + 1)
        }
        (About::Itself, Kind::News { says }) => {
            writes(story::news(letter, says, site, language)).news(says)
        }
        (About::Invitation(told), says) => {
            let facts = story::invitation(letter, told, site, language);
            match says {
                Kind::Answer { says, .. } => writes(facts).answer(says, told),
                Kind::Undeliverable { address, reason } => writes(
                    facts
                        .with("address", story::named(address))
                        .with("why", story::named(reason)),
                )
                .undeliverable(),
                _ => {
                    let turn = turn(says, &told.state).ok_or(Untold::Mismatch)?;
                    writes(facts).invitation(turn, told)
                }
            }
        }
        (About::SignIn(_) | About::Itself, _) => Err(Untold::Mismatch),
    }
}

/// What a letter about an invitation can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Offer,
    Reminder,
    Accepted(Side),
    Declined(Side),
    Cancelled,
    Expired(Side),
}

/// What this letter tells, if that is how the invitation stands.
fn turn(says: &Kind, state: &State) -> Option<Turn> {
    Some(match (says, state) {
        (Kind::Offer { .. }, State::Pending { .. }) => Turn::Offer,
        (Kind::Reminder { .. }, State::Pending { .. }) => Turn::Reminder,
        (Kind::Accepted { side }, State::Accepted { .. }) => Turn::Accepted(*side),
        (Kind::Declined { side }, State::Declined { .. }) => Turn::Declined(*side),
        (Kind::Cancelled, State::Cancelled { .. }) => Turn::Cancelled,
        (Kind::Expired { side }, State::Expired { .. }) => Turn::Expired(*side),
        _ => return None,
    })
}

impl Turn {
    const fn word(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Reminder => "reminder",
            Self::Accepted(Side::Sender) => "accepted-sender",
            Self::Accepted(Side::Recipient) => "accepted-recipient",
            Self::Declined(Side::Sender) => "declined-sender",
            Self::Declined(Side::Recipient) => "declined-recipient",
            Self::Cancelled => "cancelled",
            Self::Expired(Side::Sender) => "expired-sender",
            Self::Expired(Side::Recipient) => "expired-recipient",
        }
    }
}

/// What each kind of invitation has of its own.
struct Family {
    name: &'static str,
    /// Labels and values, by the names of sentences or facts.
    facts: &'static [(&'static str, &'static str)],
    effects: &'static [&'static str],
    now: &'static [&'static str],
}

const TRANSFER: Family = Family {
    name: "transfer",
    facts: &[
        ("fact-from", "fact-from-value"),
        ("fact-out-of", "sender-side"),
        ("fact-to", "receiver"),
    ],
    effects: &[
        "transfer-effect-owner",
        "transfer-effect-sender",
        "transfer-effect-shares",
        "transfer-effect-final",
    ],
    now: &[
        "transfer-now-find",
        "transfer-now-storage",
        "transfer-now-sender",
        "transfer-now-shares",
        "not-you",
    ],
};

const SHARE: Family = Family {
    name: "share",
    facts: &[
        ("fact-from", "fact-from-value"),
        ("fact-of", "sender-side"),
        ("fact-with", "receiver"),
    ],
    effects: &[
        "share-effect-may",
        "share-effect-until",
        "share-effect-storage",
    ],
    now: &[
        "share-now-find",
        "share-now-may",
        "share-now-storage",
        "not-you",
    ],
};

const WORKGROUP: Family = Family {
    name: "workgroup",
    facts: &[
        ("fact-workgroup", "fact-workgroup-value"),
        ("fact-from", "fact-from-value"),
        ("fact-to", "receiver"),
        ("fact-as", "fact-as-value"),
    ],
    effects: &[
        "workgroup-effect-role",
        "workgroup-effect-others",
        "workgroup-effect-data",
    ],
    now: &["workgroup-now-role", "workgroup-now-find", "not-you"],
};

const fn family(terms: &Terms) -> &'static Family {
    match terms {
        Terms::Ownership { .. } => &TRANSFER,
        Terms::Access { .. } => &SHARE,
        Terms::Membership { .. } | Terms::Workgroup => &WORKGROUP,
    }
}

/// Whole letters.
impl Writer<'_> {
    fn code(mut self, name: &str, sign_in: &SignIn) -> Result<Outline, Untold> {
        self.lead(name)?;
        let code = self.key.code(sign_in.id);
        let (left, right) = code.split_at_checked(code.len() / 2).unwrap_or((&code, ""));
        self.blocks.push(Block::Code(format!("{left}-{right}")));
        self.says(&format!("{name}-good"))?;
        self.says(&format!("{name}-after"))?;
        self.end(name, "foot-code")
    }

    fn revoked(
        mut self,
        first: &Revoked,
        more: &[Revoked],
        count: usize,
    ) -> Result<Outline, Untold> {
        let name = "access-revoked";
        let mut lines = Vec::new();
        for one in std::iter::once(first).chain(more).take(story::SHOWN) {
            let facts = Facts::default()
                .with("kind", one.item.kind().word())
                .with("item", story::named(&one.name))
                .with("owner", story::named(&one.owner))
                .with("whose", story::named(&one.whose))
                .with("at", story::date(one.at, self.language));
            lines.push(
                self.site
                    .texts
                    .say(self.language, "access-revoked-item", &facts)?,
            );
        }
        let lead = self.say("access-revoked-lead")?;
        let more = self.more(count)?;
        self.blocks.push(Block::List { lead, lines, more });
        self.says("access-revoked-after")?;
        self.end(name, "foot-no-reply")
    }

    fn news(mut self, news: &News) -> Result<Outline, Untold> {
        let name = news.word();
        self.lead(name)?;
        if let News::MoveProposed {
            reason: Some(reason),
            ..
        } = news
        {
            self.quote("move-proposed-reason", reason)?;
        }
        self.says(&format!("{name}-after"))?;
        self.end(name, "foot-no-reply")
    }

    fn undeliverable(mut self) -> Result<Outline, Untold> {
        self.lead("undeliverable")?;
        self.says("undeliverable-after")?;
        self.end("undeliverable", "foot-no-reply")
    }

    fn invitation(mut self, turn: Turn, told: &Invitation) -> Result<Outline, Untold> {
        let family = family(&told.terms);
        let name = format!("{}-{}", family.name, turn.word());
        self.lead(&name)?;
        let mut foot = "foot-no-reply";
        match turn {
            Turn::Offer | Turn::Reminder => {
                self.items(told)?;
                self.offered(family, told)?;
                foot = self.ask(&name)?;
            }
            Turn::Accepted(Side::Recipient) => {
                self.items(told)?;
                self.renamed(told)?;
                self.list("what-now", family.now)?;
            }
            Turn::Declined(side) => {
                self.reason(side, &told.state)?;
                self.items(told)?;
                self.says(&format!("{name}-after"))?;
            }
            Turn::Accepted(Side::Sender) | Turn::Cancelled | Turn::Expired(_) => {
                self.items(told)?;
                self.says(&format!("{name}-after"))?;
            }
        }
        self.end(&name, foot)
    }

    fn answer(mut self, answer: &Answer, told: &Invitation) -> Result<Outline, Untold> {
        let name = answer.word();
        self.lead(name)?;
        let mut foot = "foot-no-reply";
        match answer {
            Answer::Confirm => {
                self.open("answer-open")?;
                self.says("answer-confirm-after")?;
            }
            Answer::NotUnderstood => foot = self.ask(name)?,
            Answer::WhichContext { names } => {
                let names = names.iter().map(|name| story::named(name)).collect();
                self.lines(names);
                foot = self.ask(name)?;
            }
            Answer::RepliesOff => self.open("answer-open")?,
            Answer::Refused { sentences } => {
                let sentences = sentences.iter().map(|said| story::named(said)).collect();
                self.lines(sentences);
                if matches!(told.state, State::Pending { .. }) {
                    foot = self.ask(name)?;
                }
            }
            Answer::Ended => self.says("answer-ended-after")?,
        }
        self.end(name, foot)
    }
}
