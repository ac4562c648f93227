//! What operators see and do of mail: letters that did not leave, messages that came in, addresses that letters do not reach. For those
//! who administer the site.

mod addresses;
mod letters;
mod messages;
mod waiting;

use crate::domain::account::Account;
use crate::domain::document::Document;
use crate::domain::event::{Event, What};
use crate::domain::index;
use crate::domain::invitation::{kept_text, text_problem};
use crate::domain::key::{Bytes, Key};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::{Said, said};
use crate::store::{Direction, Fault, MAX_PAGE, Store};

use super::load;
use super::people;
use super::proposal::Proposal;
use super::world::{Call, Settings, Trouble};

pub use addresses::{Doubtful, address, addresses, reset};
pub use letters::{Troubled, change_letter, letter, letters};
pub use messages::{Came, change_message, message, messages};
pub use waiting::{Outcome, Overdue, Overview, overdue, overview, waits};

/// What an operator wants of a letter or a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Try it again, now.
    Retry,
    /// Try it no more.
    Drop {
        /// Why, at most 500 characters; whoever made the offer that a letter is about sees it.
        reason: Option<String>,
    },
}

impl Wish {
    fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Retry => Ok(()),
            Self::Drop { reason } => text_problem("reason", reason.as_deref()).map_or(Ok(()), Err),
        }
    }
}

/// Why it was dropped, as it is kept.
fn dropped(reason: Option<&str>) -> String {
    match kept_text(reason) {
        Some(reason) => format!("dropped by an operator: {reason}"),
        None => "dropped by an operator".to_owned(),
    }
}

/// A list, newest first, and where it goes on. A page may hold fewer than were asked for and still go on.
pub type List<T, C> = (Vec<T>, Option<C>);

/// Who calls must administer the site, still when it is committed.
async fn operator(
    settings: &Settings,
    call: &Call,
    proposal: &mut Proposal,
) -> Result<(), Trouble> {
    let id = people::person_of(call)?;
    let found = load::one::<Account>(&*settings.store, Key::Account(id)).await?;
    let account = found.ok_or_else(people::no_account)?;
    if !settings
        .policy
        .administers_site(&account.document.addresses)
    {
        return Err(Refusal::new(
            Code::AdministratorsOnly,
            said!("only those who administer the site look after its mail"),
            said!("ask somebody whom the configuration names in site.administrators"),
        )
        .into());
    }
    proposal.guard(Key::Account(id), account.version);
    Ok(())
}

/// That whoever looks administers the site.
async fn looks(settings: &Settings, call: &Call) -> Result<(), Trouble> {
    operator(settings, call, &mut Proposal::default()).await
}

/// What an operator did, for the audit.
fn did(call: &Call, how: impl Into<String>) -> Event {
    Event {
        at: call.at,
        by: call.by,
        what: What::Changed { how: how.into() },
    }
}

fn unknown(sentence: Said, about: impl ToString) -> Trouble {
    let next_step = said!("list them, and choose one of the list");
    Refusal::new(Code::MailNotFound, sentence, next_step)
        .about(about)
        .into()
}

fn not_now(sentence: Said, next_step: Said) -> Trouble {
    Refusal::new(Code::MailNotNow, sentence, next_step).into()
}

/// What a page of a list is made of.
struct Search<'a, D> {
    store: &'a dyn Store,
    /// Whose entries are looked through.
    prefix: Bytes,
    /// The key where the last page ended.
    after: Option<Vec<u8>>,
    limit: usize,
    /// Where the document of an entry is kept.
    key: fn(u128) -> Key,
    /// Whether a document belongs on the page; none: all do.
    keep: Option<&'a (dyn Fn(&D) -> bool + Sync)>,
    /// Whether nothing that is asked for comes after this one.
    over: &'a (dyn Fn(&D) -> bool + Sync),
}

impl<D: Document> Search<'_, D> {
    /// What was found, newest first, and the bits of the id that was looked at last, if there is more. However little is found, it looks
    /// at 1,000 at most.
    async fn run(self) -> Result<List<D, u128>, Fault> {
        let (limit, looked_at) = match self.keep {
            None => (self.limit, self.limit),
            Some(_) => (self.limit, MAX_PAGE),
        };
        let scan = self
            .store
            .scan(self.prefix, self.after, Direction::Backward, looked_at);
        let page = scan.await?;
        let ids: Vec<u128> = page
            .rows
            .iter()
            .filter_map(|(key, _)| index::last_id(key))
            .collect();
        let keys: Vec<Key> = ids.iter().map(|bits| (self.key)(*bits)).collect();
        let documents = load::all::<D>(self.store, &keys).await?;
        let mut found = Vec::new();
        let mut last = None;
        for (bits, document) in ids.into_iter().zip(documents) {
            if found.len() >= limit {
                return Ok((found, last));
            }
            last = Some(bits);
            let Some(document) = document.map(|document| document.document) else {
                continue;
            };
            if (self.over)(&document) {
                return Ok((found, None));
            }
            if self.keep.is_none_or(|keep| keep(&document)) {
                found.push(document);
            }
        }
        Ok((found, last.filter(|_| page.more)))
    }
}
