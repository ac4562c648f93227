//! How pages tell a journal: who did what and when, as far as whoever reads may know of it.

use std::collections::BTreeMap;

use crate::actors::names;
use crate::actors::queries;
use crate::actors::world::{Settings, Trouble};
use crate::domain::account::Account;
use crate::domain::event::{Channel, Event, What};
use crate::domain::id::{AccountId, Context, InvitationId};
use crate::domain::invitation::{Invitation, Terms};
use crate::domain::key::Key;
use crate::domain::rights::{Level, Origin};
use crate::domain::said::{Said, said};
use crate::store::Fault;
use crate::web::language::say;

use super::words::{Moment, place, short, standing, until_when};

/// At most this many lines of a history, so that a page stays below 100 KB whatever happened.
const LINES: usize = 20;

/// One line of a history.
pub struct Line {
    pub at: Moment,
    pub what: String,
    /// Where the invitation is that it tells of, for those who may see it.
    pub place: Option<String>,
    pub by: Option<String>,
    pub through: Option<String>,
}

/// A journal for people: its newest lines, the newest first.
pub struct History {
    pub lines: Vec<Line>,
    /// How many older ones are left out.
    pub older: usize,
}

/// The invitations that lines of a journal tell of, those of them that whoever reads may see.
pub type Known = BTreeMap<InvitationId, Invitation>;

/// Tells a journal, with the names of everybody in it that this person may know.
pub async fn history(
    settings: &Settings,
    reader: &Account,
    journal: &[(Key, Event)],
) -> Result<History, Trouble> {
    let older = journal.len().saturating_sub(LINES);
    let journal = journal.get(older..).unwrap_or_default();
    let mut lines = told(settings, reader, journal).await?;
    lines.reverse();
    Ok(History { lines, older })
}

/// All lines of journals, in their order.
pub async fn told(
    settings: &Settings,
    reader: &Account,
    journal: &[(Key, Event)],
) -> Result<Vec<Line>, Trouble> {
    let known = queries::seen_of(settings, reader, named_in(journal)).await?;
    Ok(told_with(settings, &known, journal).await?)
}

/// The same where it is known which invitations may be told of.
pub async fn told_with(
    settings: &Settings,
    known: &Known,
    journal: &[(Key, Event)],
) -> Result<Vec<Line>, Fault> {
    let persons = journal.iter().filter_map(|(_, event)| event.by.person);
    let people = names::people(settings, persons).await?;
    let contexts = names::contexts(settings, contexts_in(journal)).await?;
    let names = Names {
        people,
        contexts,
        known,
    };
    Ok(lines(journal, &names))
}

/// The invitations that a journal names besides its own.
pub fn named_in(journal: &[(Key, Event)]) -> impl Iterator<Item = InvitationId> {
    journal
        .iter()
        .filter_map(|(_, event)| named_by(&event.what))
}

const fn named_by(what: &What) -> Option<InvitationId> {
    match what {
        What::Offered { transfer } | What::OfferEnded { transfer, .. } => Some(*transfer),
        What::AccessGranted {
            origin: Origin::Invitation(id),
            ..
        } => Some(*id),
        _ => None,
    }
}

/// Who and what lines of a journal are about.
struct Names<'a> {
    people: BTreeMap<AccountId, String>,
    contexts: BTreeMap<Context, String>,
    known: &'a Known,
}

impl Names<'_> {
    fn person(&self, id: AccountId) -> String {
        let name = self.people.get(&id);
        name.map_or_else(|| say!("somebody"), |name| short(name))
    }
    fn context(&self, context: &Context) -> Said {
        let name = self.contexts.get(context).map(|name| short(name));
        name.map_or_else(|| said!("another context"), |name| said!("“{name}”", name))
    }
}

fn lines(journal: &[(Key, Event)], names: &Names<'_>) -> Vec<Line> {
    let line = |(of, event): &(Key, Event)| Line {
        at: event.at.into(),
        what: own_words(of, &event.what)
            .or_else(|| of_invitation(event, names))
            .unwrap_or_else(|| sentence(&event.what, names)),
        place: named_by(&event.what)
            .filter(|id| names.known.contains_key(id))
            .map(place),
        by: event.by.person.map(|id| names.person(id)),
        through: match event.by.channel {
            Channel::Web => Some(say!("in the browser")),
            Channel::Api => Some(say!("through the API")),
            Channel::Cli => Some(say!("on the command line")),
            Channel::Reply => Some(say!("by a reply to a letter")),
            Channel::Administrator => Some(say!("by the site's configuration")),
            Channel::Timer => None,
        },
    };
    journal.iter().map(line).collect()
}

/// What is said of this document alone: a workgroup is not registered, and whoever is invited is offered nothing.
fn own_words(of: &Key, what: &What) -> Option<String> {
    match (of, what) {
        (Key::Workgroup(_), What::Registered) => Some(say!("created")),
        (Key::Invitation(id), What::Pending) if !id.is_transfer() => Some(say!("invited")),
        _ => None,
    }
}

/// What has to do with an invitation, as far as whoever reads may know of it.
fn of_invitation(event: &Event, names: &Names<'_>) -> Option<String> {
    if let What::AccessGranted {
        to, level, origin, ..
    } = &event.what
    {
        return granted(event.by.person?, (to, *level, origin), names);
    }
    let known = names.known.get(&named_by(&event.what)?)?;
    let recipient = known.recipient.said();
    match &event.what {
        What::Offered { .. } => Some(say!("offered to {recipient}", recipient)),
        What::OfferEnded { how, .. } => Some(say!(
            "the offer to {recipient} ended: {how}",
            recipient,
            how = standing(how)
        )),
        _ => None,
    }
}

/// Who accepts an access did not give it to themselves.
fn granted(
    by: AccountId,
    (to, level, origin): (&Context, Level, &Origin),
    names: &Names<'_>,
) -> Option<String> {
    let (who, level) = (names.person(by), level.said());
    let whom = (*to != Context::Personal(by)).then(|| names.context(to));
    match origin {
        Origin::Kept(_) => None,
        Origin::Link(_) => Some(match whom {
            None => say!("{who} accepted a link: {level} access", who, level),
            Some(whom) => say!(
                "{who} accepted a link: {level} access for {whom}",
                who,
                level,
                whom
            ),
        }),
        Origin::Invitation(id) => {
            let sender = names.known.get(id).map(|known| short(&known.sender.name));
            Some(match (sender, whom) {
                (None, None) => say!("{who} accepted an invitation: {level} access", who, level),
                (None, Some(whom)) => {
                    say!(
                        "{who} accepted an invitation: {level} access for {whom}",
                        who,
                        level,
                        whom
                    )
                }
                (Some(sender), None) => {
                    say!(
                        "{who} accepted {sender}’s invitation: {level} access",
                        who,
                        sender,
                        level
                    )
                }
                (Some(sender), Some(whom)) => say!(
                    "{who} accepted {sender}’s invitation: {level} access for {whom}",
                    who,
                    sender,
                    level,
                    whom
                ),
            })
        }
    }
}

/// That somebody was invited to an item, which stands in no journal of the item itself.
pub fn invited(share: &Invitation) -> Option<Line> {
    let Terms::Access { level, .. } = share.terms else {
        return None;
    };
    Some(Line {
        at: share.requested_at.into(),
        what: say!(
            "{recipient} was invited: {level} access",
            recipient = share.recipient.said(),
            level = level.said()
        ),
        place: Some(place(share.id)),
        by: Some(short(&share.sender.name)),
        through: None,
    })
}

fn sentence(what: &What, names: &Names<'_>) -> String {
    let named = |context: &Context| names.context(context);
    match what {
        What::Registered => say!("registered"),
        What::Changed { how } => say!("changed: {how}", how = changed(how)),
        What::Joined { role } => say!("joined as {role}", role = role.said()),
        What::Offered { .. } => say!("offered to somebody"),
        What::OfferEnded { how, .. } => say!("an offer of it ended: {how}", how = standing(how)),
        What::Transferred { from, to, name, .. } => say!(
            "ownership passed from {from} to {into}, as “{name}”",
            from = named(from),
            into = named(to),
            name = short(name)
        ),
        What::Requested => say!("requested; waits for running analyses to end"),
        What::Pending => say!("offered"),
        What::Reminded => say!("the recipient was reminded"),
        What::Resent => say!("mailed again"),
        What::Extended { expires_at } => {
            say!("given more time, until {at}", at = expires_at)
        }
        What::Accepted { into } => say!("accepted into {into}", into = named(into)),
        What::Declined => say!("declined"),
        What::Cancelled => say!("cancelled"),
        What::Expired => say!("expired"),
        What::Granted { .. } => say!("read access was agreed with the earlier owner"),
        What::AccessGranted { to, level, .. } => {
            say!(
                "{whom} was given {level} access",
                whom = named(to),
                level = level.said()
            )
        }
        What::AccessChanged {
            whose,
            level,
            until,
        } => say!(
            "the access of {whose} was changed to {level}, {until}",
            whose = named(whose),
            level = level.said(),
            until = until_when(*until)
        ),
        What::AccessRevoked { whose } => {
            say!("the access of {whose} was revoked", whose = named(whose))
        }
        What::AccessLeft { whose } => say!("{whose} gave its access up", whose = named(whose)),
        What::LinkMade { level, .. } => {
            say!(
                "a link was made that gives {level} access",
                level = level.said()
            )
        }
        What::LinkDeactivated { .. } => say!("a link was deactivated"),
        What::Trashed => say!("put into the trash"),
        What::Restored => say!("restored from the trash"),
        What::Archived => say!("archived"),
        What::Unarchived => say!("restored from the archive"),
        What::PurgeOrdered { purge_at } => {
            say!("to be deleted for good on {at}", at = purge_at)
        }
        What::Purged => say!("deleted for good"),
        What::SignedIn { through: None } => say!("signed in"),
        What::SignedIn {
            through: Some(provider),
        } => say!("signed in through {provider}", provider),
        What::SignedOut => say!("signed out"),
        What::TokenMade { name } => say!("made the token “{name}”", name = short(name)),
        What::TokenRevoked { name } => say!("revoked the token “{name}”", name = short(name)),
        What::Delisted => say!("no longer a member"),
        What::Refused { command, .. } => say!("refused: {command}", command = short(command)),
        What::RoleChanged { from, to } => say!(
            "{before} became {role}",
            before = from.said(),
            role = to.said()
        ),
        What::MemberJoined { role, .. } => say!("somebody joined as {role}", role = role.said()),
        What::MemberChanged { from, to, .. } => {
            say!(
                "a member who was {before} became {role}",
                before = from.said(),
                role = to.said()
            )
        }
        What::MemberLeft { .. } => say!("a member left"),
        What::MemberRemoved { .. } => say!("a member was removed"),
        What::Closing => say!("is being closed"),
        What::Reopened => say!("goes on, because it could not be closed"),
        What::Closed => say!("closed"),
        What::Proposed => say!("proposed"),
        What::Approved => say!("approved"),
        What::Stepped { items } => say!("{items} items have moved", items),
        What::Finished => say!("nothing is left to move"),
        What::Moved { from, to, name, .. } => say!(
            "moved from {from} to {into} by two administrators, as “{name}”",
            from = named(from),
            into = named(to),
            name = short(name)
        ),
    }
}

/// How a run, a project or a workgroup changed, which the journal keeps in English.
fn changed(how: &str) -> String {
    match how {
        "files were listed" => say!("files were listed"),
        "a further run was registered into it" => say!("a further run was registered into it"),
        "an analysis began to write to it" => say!("an analysis began to write to it"),
        "an analysis that wrote to it ended" => say!("an analysis that wrote to it ended"),
        "its name, description or handle" => say!("its name, description or handle"),
        "its settings, in the configuration" => say!("its settings, in the configuration"),
        "its allowance" => say!("its allowance"),
        other => short(other),
    }
}

fn contexts_in(journal: &[(Key, Event)]) -> Vec<Context> {
    let of = |what: &What| match what {
        What::Transferred { from, to, .. } | What::Moved { from, to, .. } => vec![*from, *to],
        What::Accepted { into } => vec![*into],
        What::AccessGranted { to, .. } => vec![*to],
        What::AccessChanged { whose, .. }
        | What::AccessRevoked { whose }
        | What::AccessLeft { whose } => vec![*whose],
        _ => Vec::new(),
    };
    journal
        .iter()
        .flat_map(|(_, event)| of(&event.what))
        .collect()
}
