//! What is new in the context one acts as.

use crate::actors::recent::{self as found, Of};
use crate::actors::rights;
use crate::domain::id::ItemKind;
use crate::domain::invitation::{Invitation, Terms};
use crate::domain::key::Key;
use crate::web::App;
use crate::web::language::say;

use super::journal::{self, Line};
use super::words::{self};
use super::{Person, Stop};

/// At most this many lines.
const LINES: usize = 8;

/// One line.
pub struct News {
    /// Where more stands about it.
    pub place: Option<String>,
    pub name: String,
    /// `2 others`, to which the same happened.
    pub others: Option<String>,
    pub line: Line,
}

/// The newest lines.
pub async fn of(app: &App, person: &Person) -> Result<Vec<News>, Stop> {
    let settings = app.settings();
    let (account, now) = (&person.account, app.directory().now());
    let acting = rights::acting(&settings, account.id, person.acts_as.context).await?;
    let news = found::of(&settings, account, &acting, now, LINES).await?;
    let events: Vec<(Key, _)> = news
        .iter()
        .map(|one| (journal(&one.of), one.event.clone()))
        .collect();
    let lines = journal::told(&settings, account, &events).await?;
    let told = |(one, line): (found::News, Line)| News {
        place: place(&one.of),
        name: name(&one.of),
        others: (one.others > 0).then(|| say!(one.others; "{n} other", "{n} others")),
        line,
    };
    Ok(news.into_iter().zip(lines).map(told).collect())
}

const fn journal(of: &Of) -> Key {
    match of {
        Of::Item(item) => Key::Item(item.id),
        Of::Gone(stone) => Key::Tombstone(stone.item),
        Of::Hidden(id) => Key::Item(*id),
        Of::Invitation(invitation) => Key::Invitation(invitation.id),
        Of::Workgroup(workgroup) => Key::Workgroup(workgroup.id),
    }
}

fn place(of: &Of) -> Option<String> {
    match of {
        Of::Item(item) => Some(format!("/items/{}", item.id)),
        Of::Invitation(invitation) => Some(words::place(invitation.id)),
        Of::Workgroup(workgroup) => Some(format!("/workgroups/{}", workgroup.id)),
        Of::Gone(_) | Of::Hidden(_) => None,
    }
}

fn name(of: &Of) -> String {
    match of {
        Of::Item(item) => words::short(&item.name),
        Of::Gone(stone) => words::short(&stone.name),
        Of::Hidden(id) => match id.kind() {
            ItemKind::Run => say!("a run that you cannot see now"),
            ItemKind::Project => say!("a project that you cannot see now"),
        },
        Of::Invitation(invitation) => of_invitation(invitation),
        Of::Workgroup(workgroup) => words::short(&workgroup.name),
    }
}

fn of_invitation(invitation: &Invitation) -> String {
    let (what, to) = (words::named(invitation), invitation.recipient.said());
    match invitation.terms {
        Terms::Ownership { .. } => say!("Offer of {what} to {to}", what, to),
        Terms::Access { .. } => say!("Share of {what} with {to}", what, to),
        Terms::Membership { .. } => say!("Invitation of {to} to {what}", what, to),
        Terms::Workgroup => say!("Hand-over of {what} to {to}", what, to),
    }
}
