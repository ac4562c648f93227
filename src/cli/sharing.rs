//! Sharing: who is invited, who works with an item, what is shared with whoever is signed in.

use crate::wire::{
    AccessAnswer, ChangeAccess, Collaborator, Collaborators, InvitationAnswer, LeaveItem,
    OfferedItem, RequestShare, SharePreview, SharedItem, Stays,
};

use super::amounts::{Moments, counted};
use super::api::{PAGE, path};
use super::args::sharing::{ShareChange, ShareInvite, ShareLeave, ShareList, ShareRevoke, Shared};
use super::base::escaped;
use super::failure::{Exit, Failure, reason};
use super::items::Kind;
use super::names;
use super::outcome::Document;
use super::request::{line, offered};
use super::session::{Form, Session};
use super::table::{Fit, Table, column, facts};
use super::text::printable;

/// How long an access lasts, in words.
pub(super) fn until(until: Option<&String>, moments: &Moments) -> String {
    until.map_or_else(|| "no end".to_owned(), |until| moments.short(until))
}

// ---- inviting ----

/// `handover share invite`
pub(super) fn invite(args: &ShareInvite, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let kinds = [Kind::Run, Kind::Project];
    let items = names::resolve(&args.items, &kinds, args.context.as_deref(), session)?;
    let body = RequestShare {
        items,
        recipient: args.to.clone().unwrap_or_default(),
        level: Some(args.level.clone()),
        until: args.until.clone(),
        associated_projects: args.with_projects,
        message: args.message.clone(),
        expires_in_days: args.expires,
    };
    if args.preview {
        return preview(&body, session);
    }
    let document = session.command(&["shares"], &body, &args.once)?;
    let InvitationAnswer {
        invitation,
        already,
        warnings,
    } = document.read()?;
    session.warnings(&warnings)?;
    let id = printable(&invitation.id);
    match session.form {
        Form::Json => session.document(&document),
        Form::Terse => session.print(format_args!("{id}\n")),
        Form::People => {
            let how = if already { "Invited before" } else { "Invited" };
            let items = counted(invitation.items.len() as u64, "item", "items");
            let until = session.moments.full(&invitation.expires_at);
            let to = printable(&invitation.recipient);
            session.print(format_args!(
                "{how}: {to} to {items}, to {}; they may accept until {until}.\nhandover invitation show {id}\n",
                args.level
            ))
        }
    }
}

fn preview(body: &RequestShare, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    // It changes nothing, so its key is its own.
    let key = session.api.fresh_key();
    let document = session.api.post(path(&["shares", "preview"]), body, &key)?;
    let preview: SharePreview = document.read()?;
    match session.form {
        Form::Json => session.document(&document)?,
        Form::Terse => {
            let id = |item: &OfferedItem| format!("{}\n", printable(&item.id));
            session.print(preview.shares.iter().map(id).collect::<String>())?;
        }
        Form::People => for_people(&preview, session)?,
    }
    match (preview.possible, session.form) {
        (true, _) => Ok(()),
        // The document says why.
        (false, Form::Json) => Err(Failure::of(Exit::Refused, Vec::new())),
        (false, _) => Err(Failure::of(Exit::Refused, preview.blocks)),
    }
}

fn for_people(preview: &SharePreview, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    session.warnings(&preview.warnings)?;
    session.print(facts(&[(
        "shares",
        counted(preview.shares.len() as u64, "item", "items"),
    )]))?;
    session.table("Shared", &offered(&preview.shares))?;
    let lines = |all: &[Stays]| -> String { all.iter().map(line).collect() };
    for (title, all) in [
        ("Seen besides", &preview.along),
        ("Not shared", &preview.apart),
    ] {
        if !all.is_empty() {
            session.print(format_args!("\n{title}\n{}", lines(all)))?;
        }
    }
    let mut access = Table::new([
        column("WHO", Fit::Shrinks),
        column("BEFORE", Fit::Keeps),
        column("AFTER", Fit::Keeps),
    ]);
    for change in &preview.access {
        let (who, before, after) = (&change.who, &change.before, &change.after);
        access.row([who.into(), before.into(), after.into()]);
    }
    session.table("Access, once it is accepted", &access)
}

// ---- collaborators ----

/// `handover share list`
pub(super) fn list(args: &ShareList, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let (id, place) = names::one(&args.item, args.context.as_deref(), session)?;
    let all = working_with((place, &id), session)?;
    let document = Document::of(&all)?;
    let Collaborators {
        collaborators,
        pending,
        ..
    } = all;
    let moments = session.moments.clone();
    match session.form {
        Form::Json => session.document(&document),
        Form::Terse => {
            let context = |one: &Collaborator| format!("{}\n", printable(&one.context));
            session.print(collaborators.iter().map(context).collect::<String>())
        }
        Form::People => {
            if collaborators.is_empty() && pending.is_empty() {
                writeln!(session.terminal.errors, "shared with nobody")?;
            }
            session.table("", &working(collaborators, &moments))?;
            let waiting = super::invitations::table(pending, true, &moments);
            session.table("Waiting for an answer", &waiting)
        }
    }
}

/// Everybody who works with an item, page after page.
fn working_with(
    (place, id): (&str, &str),
    session: &Session<'_, '_>,
) -> Result<Collaborators, Failure> {
    let at = format!("{}?limit={PAGE}", path(&[place, id, "collaborators"]));
    let mut all: Collaborators = session.api.get(at.clone())?.read()?;
    while let Some(cursor) = all.next_cursor.take() {
        let at = format!("{at}&cursor={}", escaped(&cursor));
        let page: Collaborators = session.api.get(at)?.read()?;
        all.collaborators.extend(page.collaborators);
        // The same cursor twice would go round for ever.
        all.next_cursor = page.next_cursor.filter(|next| *next != cursor);
    }
    Ok(all)
}

fn working(collaborators: Vec<Collaborator>, moments: &Moments) -> Table<6> {
    let mut table = Table::new([
        column("NAME", Fit::Shrinks),
        column("MAY", Fit::Keeps),
        column("UNTIL", Fit::Keeps),
        column("SINCE", Fit::Drops),
        column("ACCEPTED BY", Fit::Drops),
        column("ID", Fit::Keeps),
    ]);
    for one in collaborators {
        table.row([
            one.name.into(),
            one.level.into(),
            until(one.until.as_ref(), moments).into(),
            moments.short(&one.since).into(),
            one.accepted_by_name.into(),
            one.context.into(),
        ]);
    }
    table
}

/// The id of the collaborator that was named by id or by name.
fn collaborator(
    name: &str,
    (place, id): (&str, &str),
    session: &Session<'_, '_>,
) -> Result<String, Failure> {
    if name.starts_with("acc_") || name.starts_with("wg_") {
        return Ok(name.to_owned());
    }
    let all = working_with((place, id), session)?;
    let folded = name.to_lowercase();
    let is_it = |one: &&Collaborator| one.name.to_lowercase() == folded;
    let mut fitting: Vec<&str> = all
        .collaborators
        .iter()
        .filter(is_it)
        .map(|one| one.context.as_str())
        .collect();
    fitting.dedup();
    match fitting.as_slice() {
        [one] => Ok((*one).to_owned()),
        found => {
            let (exit, what) = match found.len() {
                0 => (Exit::NotFound, "nobody who works with it"),
                _ => (Exit::Usage, "the name of several who work with it"),
            };
            let sentence = format!("\"{}\" is {what}", printable(name));
            let next = "name one of those that `handover share list` shows, by id";
            Err(Failure::of(exit, vec![reason(exit, sentence, next)]))
        }
    }
}

fn told(
    document: &Document,
    id: &str,
    said: &str,
    session: &mut Session<'_, '_>,
) -> Result<(), Failure> {
    let AccessAnswer { already, warnings } = document.read()?;
    session.warnings(&warnings)?;
    match session.form {
        Form::Json => session.document(document),
        Form::Terse => session.print(format_args!("{}\n", printable(id))),
        Form::People if already => session.print("It was so before.\n"),
        Form::People => session.print(format_args!("{said}\n")),
    }
}

/// `handover share change`
pub(super) fn change(args: &ShareChange, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let (id, place) = names::one(&args.item, args.context.as_deref(), session)?;
    let whose = collaborator(&args.collaborator, (place, &id), session)?;
    let body = ChangeAccess {
        level: args.level.clone(),
        until: args.until.clone(),
    };
    let key = session.key(&args.once);
    let at = path(&[place, &id, "collaborators", &whose]);
    let document = session.api.patch(at, &body, &key)?;
    told(&document, &whose, "Changed.", session)
}

/// `handover share revoke`
pub(super) fn revoke(args: &ShareRevoke, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let (id, place) = names::one(&args.item, args.context.as_deref(), session)?;
    let whose = collaborator(&args.collaborator, (place, &id), session)?;
    let key = session.key(&args.once);
    let at = path(&[place, &id, "collaborators", &whose]);
    let document = session.api.end(at, &key)?;
    let said = "Revoked: they lose sight of it at once, and are told.";
    told(&document, &whose, said, session)
}

/// `handover share leave`
pub(super) fn leave(args: &ShareLeave, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let (item, place) = names::shared(&args.item, session)?;
    let body = LeaveItem {
        context: args.context.clone(),
    };
    let document = session.command(&[place, &item, "leave"], &body, &args.once)?;
    let whose = args.context.as_deref().unwrap_or("personal");
    told(&document, whose, "Given up.", session)
}

// ---- what is shared ----

/// `handover shared`
pub(super) fn shared(args: &Shared, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let mut query = Vec::new();
    query.extend(args.context.as_deref().map(|context| ("context", context)));
    let mut table = Table::new([
        column("KIND", Fit::Keeps),
        column("NAME", Fit::Shrinks),
        column("OF", Fit::Shrinks),
        column("MAY", Fit::Keeps),
        column("UNTIL", Fit::Drops),
        column("WITH", Fit::Drops),
        column("ID", Fit::Keeps),
    ]);
    let moments = session.moments.clone();
    let row = |shared: SharedItem| {
        table.row([
            shared.item.kind.into(),
            shared.item.name.into(),
            shared.owner_name.into(),
            shared.level.into(),
            until(shared.until.as_ref(), &moments).into(),
            shared.context.into(),
            shared.item.id.into(),
        ]);
    };
    session.list(
        "/shared-with-me",
        &query,
        args.limit,
        |shared: &SharedItem| &shared.item.id,
        row,
    )?;
    session.table("", &table)
}
