//! What each letter consists of: which sentences of the catalogue, which facts, which ways to answer.

use crate::domain::account::SignIn;
use crate::domain::id::ItemId;
use crate::domain::invitation::{Invitation, State, Terms};
use crate::domain::letter::{Answer, ByMail, Kind, Letter, News, Revoked, Side, Subject};
use crate::domain::secret::SiteKey;

use super::outline::{Block, Outline};
use super::reply::Reply;
use super::texts::{Facts, Language, Unsayable};
use super::{About, Site, defuse, story};

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
            writes(code_facts(letter, sign_in, site, language)).code("sign-in-code", sign_in)
        }
        (About::SignIn(sign_in), Kind::AddressCode { .. }) => {
            writes(code_facts(letter, sign_in, site, language)).code("address-code", sign_in)
        }
        (
            About::Itself,
            Kind::AccessRevoked {
                name,
                owner,
                whose,
                more,
            },
        ) => {
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
                .with("count", more.len() + 1)
                .with("others", more.len())
                .with("item-short", story::short(name));
            writes(facts).revoked(&first, more)
        }
        (About::Itself, Kind::News { says }) => {
            writes(news_facts(letter, says, site, language)).news(says)
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

fn code_facts(letter: &Letter, sign_in: &SignIn, site: &Site, language: Language) -> Facts {
    story::frame(letter, site).with("expires", story::date(sign_in.expires_at, language))
}

fn news_facts(letter: &Letter, news: &News, site: &Site, language: Language) -> Facts {
    let facts = story::frame(letter, site).with("at", story::date(letter.created_at, language));
    let workgroup = |facts: Facts, name: &str| {
        facts
            .with("workgroup", story::named(name))
            .with("workgroup-short", story::short(name))
    };
    let who = |facts: Facts, name: &str, address| {
        facts
            .with("who", story::named(name))
            .with("who-short", story::short(name))
            .with("address", story::address(address))
    };
    let way = |facts: Facts, from: &str, into: &str| {
        facts
            .with("from", story::named(from))
            .with("from-short", story::short(from))
            .with("into", story::named(into))
            .with("into-short", story::short(into))
    };
    match news {
        News::Joined {
            workgroup: name,
            who: person,
            address,
            role,
        } => who(workgroup(facts, name), person, address).with("role", role.word()),
        News::RoleChanged {
            workgroup: name,
            by,
            role,
        } => workgroup(facts, name)
            .with("by", story::named(by))
            .with("role", role.word()),
        News::Removed {
            workgroup: name,
            by,
        }
        | News::Closed {
            workgroup: name,
            by,
        } => workgroup(facts, name).with("by", story::named(by)),
        News::LinkAccepted {
            item,
            who: person,
            address,
            into,
            level,
        } => who(facts, person, address)
            .with("item", story::named(item))
            .with("item-short", story::short(item))
            .with("into", story::named(into))
            .with("level", story::level_word(*level))
            .with("kind", kind_of(letter.subject)),
        News::MoveProposed { from, into, by, .. } => {
            way(facts, from, into).with("by", story::named(by))
        }
        News::MoveApproved {
            from,
            into,
            by,
            proposer,
        } => way(facts, from, into)
            .with("by", story::named(by))
            .with("proposer", story::named(proposer)),
    }
}

fn kind_of(subject: Subject) -> &'static str {
    match subject {
        Subject::Access(item) => word_of(item),
        _ => "project",
    }
}

fn word_of(item: ItemId) -> &'static str {
    item.kind().word()
}

/// Puts a letter together.
struct Writer<'a> {
    letter: &'a Letter,
    site: &'a Site,
    key: &'a SiteKey,
    language: Language,
    facts: Facts,
    blocks: Vec<Block>,
}

type Told<T = ()> = Result<T, Unsayable>;

impl Writer<'_> {
    // ---- whole letters ----

    fn code(mut self, name: &str, sign_in: &SignIn) -> Result<Outline, Untold> {
        self.lead(name)?;
        let code = self.key.code(sign_in.id);
        let (left, right) = code.split_at_checked(code.len() / 2).unwrap_or((&code, ""));
        self.blocks.push(Block::Code(format!("{left}-{right}")));
        self.says(&format!("{name}-good"))?;
        self.says(&format!("{name}-after"))?;
        self.end(name, "foot-code")
    }

    fn revoked(mut self, first: &Revoked, more: &[Revoked]) -> Result<Outline, Untold> {
        let name = "access-revoked";
        let mut lines = Vec::new();
        for one in std::iter::once(first).chain(more).take(story::SHOWN) {
            let facts = Facts::default()
                .with("kind", word_of(one.item))
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
        let more = self.more(more.len() + 1)?;
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

    // ---- their parts ----

    fn say(&self, name: &str) -> Told<String> {
        self.site.texts.say(self.language, name, &self.facts)
    }

    fn says(&mut self, name: &str) -> Told {
        let said = self.say(name)?;
        self.blocks.push(Block::Says(said));
        Ok(())
    }

    fn lead(&mut self, letter: &str) -> Told {
        self.says(&format!("{letter}-lead"))
    }

    fn end(self, letter: &str, foot: &str) -> Result<Outline, Untold> {
        Ok(Outline {
            language: self.language.tag(),
            subject: self.say(&format!("{letter}-subject"))?,
            title: self.say(&format!("{letter}-title"))?,
            foot: self.say(foot)?,
            home: story::home(self.site),
            blocks: self.blocks,
        })
    }

    /// Lines under the paragraph before them.
    fn lines(&mut self, lines: Vec<String>) {
        if let Some(Block::Says(lead)) = self.blocks.pop() {
            let more = None;
            self.blocks.push(Block::List { lead, lines, more });
        }
    }

    fn list(&mut self, lead: &str, names: &[&str]) -> Told {
        let lead = self.say(lead)?;
        let lines = names
            .iter()
            .map(|name| self.say(name))
            .collect::<Told<_>>()?;
        let more = None;
        self.blocks.push(Block::List { lead, lines, more });
        Ok(())
    }

    fn more(&self, count: usize) -> Told<Option<String>> {
        let more = count.saturating_sub(story::SHOWN);
        if more == 0 {
            return Ok(None);
        }
        let facts = Facts::default().with("more", more);
        self.site.texts.say(self.language, "more", &facts).map(Some)
    }

    fn items(&mut self, told: &Invitation) -> Told {
        if told.items.is_empty() {
            return Ok(());
        }
        self.listed(
            "items",
            "item",
            story::items(told, self.language),
            told.items.len(),
        )
    }

    fn renamed(&mut self, told: &Invitation) -> Told {
        let (first, count) = story::renamed(told);
        if count == 0 {
            return Ok(());
        }
        self.listed("renamed", "renamed-item", first, count)
    }

    fn listed(&mut self, lead: &str, line: &str, first: Vec<Facts>, count: usize) -> Told {
        let texts = &self.site.texts;
        let lines = first
            .iter()
            .map(|facts| texts.say(self.language, line, facts));
        let lines = lines.collect::<Told<_>>()?;
        let (lead, more) = (self.say(lead)?, self.more(count)?);
        self.blocks.push(Block::List { lead, lines, more });
        Ok(())
    }

    /// What is offered, besides the items: from whom, until when, with which words, and what will happen.
    fn offered(&mut self, family: &Family, told: &Invitation) -> Told {
        let mut facts = Vec::new();
        for (label, value) in family.facts {
            let value = match *value {
                "fact-workgroup-value" => story::named(&told.source_name),
                value => self.say(value)?,
            };
            facts.push((self.say(label)?, value));
        }
        let until = story::date(told.expires_at, self.language);
        facts.push((self.say("fact-open-until")?, until));
        self.blocks.push(Block::Facts(facts));
        if let Some(message) = &told.message {
            self.quote("message", message)?;
        }
        self.list("when-accepted", family.effects)
    }

    fn quote(&mut self, lead: &str, words: &str) -> Told {
        let lines = defuse::lines(words);
        if !lines.is_empty() {
            let lead = self.say(lead)?;
            self.blocks.push(Block::Quote { lead, lines });
        }
        Ok(())
    }

    fn reason(&mut self, side: Side, state: &State) -> Told {
        let lead = match side {
            Side::Sender => "reason-given",
            Side::Recipient => "reason-told",
        };
        match state {
            State::Declined {
                reason: Some(reason),
                ..
            } if !defuse::lines(reason).is_empty() => self.quote(lead, reason),
            _ => self.says("reason-none"),
        }
    }

    // ---- how to answer ----

    /// How it is answered; which foot goes with that.
    fn ask(&mut self, letter: &str) -> Told<&'static str> {
        let reply = Reply::to(self.letter, self.site, self.key);
        let (Some(reply), false) = (reply, self.letter.by_mail == ByMail::No) else {
            self.open("answer-open")?;
            self.says("open-note")?;
            return Ok("foot-no-reply");
        };
        self.examples()?;
        self.buttons(letter, &reply)?;
        self.open("answer-or-open")?;
        self.says("open-note")?;
        Ok("foot-reply")
    }

    fn open(&mut self, lead: &str) -> Told {
        let lead = self.say(lead)?;
        let label = self.say("open")?;
        let url = format!(
            "{}/i/{}",
            story::home(self.site),
            self.key.link(self.letter.id)
        );
        self.blocks.push(Block::Open { lead, label, url });
        Ok(())
    }

    /// Three lines that a reply may consist of.
    fn examples(&mut self) -> Told {
        let (accept, decline) = (self.language.accept(), self.language.decline());
        let bare = |line: String| (line, String::new());
        let reason = format!("{decline} {}", self.say("example-reason")?);
        let lines = match &self.letter.by_mail {
            ByMail::Into(names) if !names.is_empty() => {
                let default = names.first().map_or("", String::as_str);
                let other = names.get(1).map_or(default, String::as_str);
                let note = self.about_context("example-default", default)?;
                vec![
                    (accept.to_owned(), note),
                    bare(format!("{accept} {other}")),
                    bare(reason),
                ]
            }
            ByMail::Into(_) | ByMail::Plainly | ByMail::No => vec![
                bare(accept.to_owned()),
                bare(decline.to_owned()),
                bare(reason),
            ],
        };
        let lead = self.say("answer-by-mail")?;
        self.blocks.push(Block::Examples { lead, lines });
        Ok(())
    }

    fn buttons(&mut self, letter: &str, reply: &Reply) -> Told {
        let subject = format!("Re: {}", self.say(&format!("{letter}-subject"))?);
        let mut buttons = Vec::new();
        let (accept, decline) = (self.language.accept(), self.language.decline());
        match &self.letter.by_mail {
            ByMail::Into(names) if !names.is_empty() => {
                for name in names {
                    let label = self.about_context("accept-into", name)?;
                    buttons.push((label, reply.mailto(&subject, &format!("{accept} {name}"))));
                }
            }
            ByMail::Into(_) | ByMail::Plainly | ByMail::No => {
                let label = self.say("accept-plainly")?;
                buttons.push((label, reply.mailto(&subject, accept)));
            }
        }
        buttons.push((self.say("decline")?, reply.mailto(&subject, decline)));
        let lead = self.say("answer-buttons")?;
        self.blocks.push(Block::Buttons { lead, buttons });
        Ok(())
    }

    fn about_context(&self, sentence: &str, name: &str) -> Told<String> {
        let facts = Facts::default().with("context", story::named(name));
        self.site.texts.say(self.language, sentence, &facts)
    }
}
