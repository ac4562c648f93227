//! Puts a letter together, part by part: sentences of the catalogue, lists, what others said, and how to answer.

use crate::domain::invitation::{Invitation, State};
use crate::domain::letter::{ByMail, Letter, Side};
use crate::domain::secret::SiteKey;
use crate::mail::outline::{Block, Outline};
use crate::mail::reply::Reply;
use crate::mail::texts::{Facts, Language, Unsayable};
use crate::mail::{Site, defuse, story};

use super::{Family, Untold};

/// Puts a letter together.
pub(super) struct Writer<'a> {
    pub(super) letter: &'a Letter,
    pub(super) site: &'a Site,
    pub(super) key: &'a SiteKey,
    pub(super) language: Language,
    pub(super) facts: Facts,
    pub(super) blocks: Vec<Block>,
}

type Told<T = ()> = Result<T, Unsayable>;

/// Its parts.
impl Writer<'_> {
    pub(super) fn say(&self, name: &str) -> Told<String> {
        self.site.texts.say(self.language, name, &self.facts)
    }

    pub(super) fn says(&mut self, name: &str) -> Told {
        let said = self.say(name)?;
        self.blocks.push(Block::Says(said));
        Ok(())
    }

    pub(super) fn lead(&mut self, letter: &str) -> Told {
        self.says(&format!("{letter}-lead"))
    }

    pub(super) fn end(self, letter: &str, foot: &str) -> Result<Outline, Untold> {
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
    pub(super) fn lines(&mut self, lines: Vec<String>) {
        if let Some(Block::Says(lead)) = self.blocks.pop() {
            let more = None;
            self.blocks.push(Block::List { lead, lines, more });
        }
    }

    pub(super) fn list(&mut self, lead: &str, names: &[&str]) -> Told {
        let lead = self.say(lead)?;
        let lines = names
            .iter()
            .map(|name| self.say(name))
            .collect::<Told<_>>()?;
        let more = None;
        self.blocks.push(Block::List { lead, lines, more });
        Ok(())
    }

    pub(super) fn more(&self, count: usize) -> Told<Option<String>> {
        let more = count.saturating_sub(story::SHOWN);
        if more == 0 {
            return Ok(None);
        }
        let facts = Facts::default().with("more", more);
        self.site.texts.say(self.language, "more", &facts).map(Some)
    }

    pub(super) fn items(&mut self, told: &Invitation) -> Told {
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

    pub(super) fn renamed(&mut self, told: &Invitation) -> Told {
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
    pub(super) fn offered(&mut self, family: &Family, told: &Invitation) -> Told {
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
        let mut effects = family.effects.to_vec();
        if told.terms.is_transfer() && told.leaves_reads() {
            effects.insert(1, "transfer-effect-reads");
        }
        self.list("when-accepted", &effects)
    }

    pub(super) fn quote(&mut self, lead: &str, words: &str) -> Told {
        let lines = defuse::lines(words);
        if !lines.is_empty() {
            let lead = self.say(lead)?;
            self.blocks.push(Block::Quote { lead, lines });
        }
        match defuse::breaks(words) {
            true => self.says("links-broken"),
            false => Ok(()),
        }
    }

    pub(super) fn reason(&mut self, side: Side, state: &State) -> Told {
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
}

/// How it is answered.
impl Writer<'_> {
    /// How it is answered; which foot goes with that.
    pub(super) fn ask(&mut self, letter: &str) -> Told<&'static str> {
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

    pub(super) fn open(&mut self, lead: &str) -> Told {
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
