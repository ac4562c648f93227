//! Links through which runs and projects are shared.

use crate::wire::{
    AcceptInvitation, Choice, CreateLink, Link, LinkAccepted, LinkAnswer, OpenedLink, Page,
};

use super::amounts::{Moments, count, size};
use super::api::path;
use super::args::sharing::{LinkAccept, LinkCreate, LinkDeactivate, LinkOpen, ShareList};
use super::failure::{Exit, Failure};
use super::names;
use super::offers::choices;
use super::session::{Form, Session};
use super::table::{Fit, Table, amounts, column, facts, state};
use super::text::printable;

/// `handover link create`
pub(super) fn create(args: &LinkCreate, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let (id, place) = names::one(&args.item, args.context.as_deref(), session)?;
    let body = CreateLink {
        level: Some(args.level.clone()),
        expires_at: args.expires.clone(),
        max_acceptances: args.max_acceptances,
    };
    let document = session.command(&[place, &id, "links"], &body, &args.once)?;
    let link: Link = document.read()?;
    match session.form {
        Form::Json => session.document(&document),
        Form::Terse => session.print(format_args!("{}\n", printable(&link.url))),
        Form::People => {
            let (url, id) = (printable(&link.url), printable(&link.id));
            session.print(format_args!(
                "{url}\nWhoever is signed in and opens it may accept. To end it: handover link deactivate {id}\n"
            ))
        }
    }
}

/// `handover link list`
pub(super) fn list(args: &ShareList, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let (id, place) = names::one(&args.item, args.context.as_deref(), session)?;
    let document = session.api.get(path(&[place, &id, "links"]))?;
    let links: Page<Link> = document.read()?;
    match session.form {
        Form::Json => session.document(&document),
        Form::Terse => {
            let id = |link: &Link| format!("{}\n", printable(&link.id));
            session.print(links.items.iter().map(id).collect::<String>())
        }
        Form::People => {
            if links.items.is_empty() {
                writeln!(session.terminal.errors, "nothing there")?;
            }
            let table = table(links.items, &session.moments.clone());
            session.table("", &table)
        }
    }
}

fn table(links: Vec<Link>, moments: &Moments) -> Table<6> {
    let mut table = Table::new([
        column("STATE", Fit::Keeps),
        column("GIVES", Fit::Keeps),
        amounts("ACCEPTED", Fit::Keeps),
        column("EXPIRES", Fit::Drops),
        column("ID", Fit::Keeps),
        column("LINK", Fit::Keeps),
    ]);
    for link in links {
        let accepted = count(u64::from(link.accepted));
        let accepted = match link.max_acceptances {
            Some(most) => format!("{accepted} of {}", count(u64::from(most))),
            None => accepted,
        };
        let expires = link.expires_at.map(|end| moments.short(&end));
        table.row([
            state(&link.state),
            link.level.into(),
            accepted.into(),
            expires.unwrap_or_else(|| "never".to_owned()).into(),
            link.id.into(),
            link.url.into(),
        ]);
    }
    table
}

/// `handover link deactivate`
pub(super) fn deactivate(
    args: &LinkDeactivate,
    session: &mut Session<'_, '_>,
) -> Result<(), Failure> {
    let key = session.key(&args.once);
    let document = session.api.end(path(&["links", &args.id]), &key)?;
    let answer: LinkAnswer = document.read()?;
    match session.form {
        Form::Json => session.document(&document),
        Form::Terse => session.print(format_args!("{}\n", printable(&answer.link.id))),
        Form::People => {
            let how = match answer.already {
                true => "Deactivated before",
                false => "Deactivated for good",
            };
            session.print(format_args!(
                "{how}. Those who accepted it keep their access until it is revoked.\n"
            ))
        }
    }
}

/// The token in what was typed: a whole link, or its last part.
fn token(link: &str) -> &str {
    let link = link.trim().trim_end_matches('/');
    link.rsplit_once("/l/").map_or(link, |(_, token)| token)
}

/// `handover link open`
pub(super) fn open(args: &LinkOpen, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let at = path(&["links", "by-token", token(&args.link)]);
    let document = session.api.get(at)?;
    let opened: OpenedLink = document.read()?;
    match session.form {
        Form::Json => return session.document(&document),
        Form::Terse => {
            return session.print(format_args!("{}\n", printable(&opened.item.id)));
        }
        Form::People => {}
    }
    let ends = opened.expires_at.as_ref();
    let ends = ends.map(|end| session.moments.full(end));
    let OpenedLink { item, .. } = &opened;
    session.print(facts(&[
        (item.kind.as_str(), item.name.clone()),
        ("id", item.id.clone()),
        ("size", size(item.bytes)),
        ("owner", opened.owner_name.clone()),
        (
            "link made by",
            format!("{} <{}>", opened.maker_name, opened.maker_address),
        ),
        ("gives", opened.level.clone()),
        ("open until", ends.unwrap_or_default()),
        ("you have it in", opened.held.join(", ")),
    ]))?;
    if !opened.blocks.is_empty() {
        return Err(Failure::of(Exit::Refused, opened.blocks));
    }
    let all: Vec<Choice> = opened.choices;
    choices(all, session)?;
    let link = printable(&args.link);
    session.print(format_args!(
        "\nhandover link accept {link} --into CONTEXT\n"
    ))
}

/// `handover link accept`
pub(super) fn accept(args: &LinkAccept, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = AcceptInvitation {
        context: args.into.clone(),
    };
    let pieces = ["links", "by-token", token(&args.link), "accept"];
    let document = session.command(&pieces, &body, &args.once)?;
    let accepted: LinkAccepted = document.read()?;
    let item = printable(&accepted.item);
    match session.form {
        Form::Json => session.document(&document),
        Form::Terse => session.print(format_args!("{item}\n")),
        Form::People => {
            let how = match accepted.already {
                true => "Had before",
                false => "Accepted",
            };
            let context = printable(&accepted.context);
            session.print(format_args!("{how}: {item} is shared with {context}.\n"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn a_link_is_typed_whole_or_by_its_last_part() {
        for typed in [
            "https://handover.example/l/x7Qk",
            " https://handover.example/l/x7Qk/ ",
            "x7Qk",
        ] {
            assert_eq!(token(typed), "x7Qk", "{typed}");
        }
    }
}
