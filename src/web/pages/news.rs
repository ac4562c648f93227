//! What is new in the context one acts as.

use crate::actors::recent::{self as found, Of};
use crate::actors::rights;
use crate::domain::invitation::{Invitation, Terms};
use crate::web::App;
use crate::web::language::say;

use super::words::{self, Line};
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
    let events: Vec<((), _)> = news.iter().map(|one| ((), one.event.clone())).collect();
    let lines = words::history(&settings, &events).await?.lines;
    let told = |(one, line): (found::News, Line)| News {
        place: place(&one.of),
        name: name(&one.of),
        others: (one.others > 0).then(|| say!(one.others; "{n} other", "{n} others")),
        line,
    };
    Ok(news.into_iter().zip(lines).map(told).collect())
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
        Of::Hidden(id) => format!("a {} that you cannot see now", id.kind().word()),
        Of::Invitation(invitation) => of_invitation(invitation),
        Of::Workgroup(workgroup) => words::short(&workgroup.name),
    }
}

fn of_invitation(invitation: &Invitation) -> String {
    let about = words::about(invitation);
    let to = &invitation.recipient;
    match invitation.terms {
        Terms::Ownership { .. } => format!("Offer of {about} to {to}"),
        Terms::Access { .. } => format!("Share of {about} with {to}"),
        Terms::Membership { .. } => format!("Invitation of {to} to {about}"),
        Terms::Workgroup => format!("Hand-over of {about} to {to}"),
    }
}
