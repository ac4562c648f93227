//! Offering: what a request would do, the terms, the request itself.

use crate::wire::{
    Guard, KeepAccess, OfferedItem, Preview, RequestTransfer, Stays, TransferAnswer,
};

use super::amounts::{Moments, counted, size};
use super::api::path;
use super::args;
use super::failure::{Exit, Failure};
use super::items::Kind;
use super::names;
use super::outcome::Document;
use super::session::{Form, Session};
use super::table::{Fit, Table, amounts, column, facts};
use super::text::printable;

/// What is asked for, with names made ids.
fn wanted(
    offer: &args::Offer,
    to: &str,
    accept_terms: bool,
    session: &mut Session<'_, '_>,
) -> Result<RequestTransfer, Failure> {
    let kinds = [Kind::Run, Kind::Project];
    let mut items = names::resolve(&offer.items, &kinds, offer.context.as_deref(), session)?;
    if offer.with_projects {
        items = names::with_projects(items, session)?;
    }
    Ok(RequestTransfer {
        items,
        recipient: to.to_owned(),
        message: offer.message.clone(),
        keep_access: offer.keep_access.clone(),
        expires_in_days: offer.expires,
        accept_terms,
    })
}

fn ask_preview(body: &RequestTransfer, session: &Session<'_, '_>) -> Result<Document, Failure> {
    // It changes nothing, so its key is its own and not the request's.
    let key = session.api.fresh_key();
    session
        .api
        .post(path(&["transfers", "preview"]), body, &key)
}

fn refused(preview: Preview) -> Failure {
    Failure::of(Exit::Refused, preview.blocks)
}

/// `handover transfer preview`
pub(super) fn preview(args: &args::Preview, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = wanted(
        &args.offer,
        args.to.as_deref().unwrap_or_default(),
        false,
        session,
    )?;
    let document = ask_preview(&body, session)?;
    let preview: Preview = document.read()?;
    match session.form {
        Form::Json => session.document(&document)?,
        Form::Terse => {
            let id = |item: &OfferedItem| format!("{}\n", printable(&item.id));
            session.print(preview.moves.iter().map(id).collect::<String>())?;
        }
        Form::People => {
            let (width, colours) = (session.terminal.width, session.terminal.colours);
            let text = for_people(&preview, &body, &session.moments, width, colours);
            session.print(text)?;
        }
    }
    match (preview.possible, session.form) {
        (true, _) => Ok(()),
        // The document says why.
        (false, Form::Json) => Err(Failure::of(Exit::Refused, Vec::new())),
        (false, _) => Err(refused(preview)),
    }
}

/// `handover transfer request`
pub(super) fn request(args: &args::Request, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    if !args.accept_terms && !session.terminal.attended {
        return Err(Failure::new(
            Exit::Usage,
            "the terms are not confirmed, and nobody is there to be asked",
            "read them with `handover transfer preview`, then add --accept-terms",
        ));
    }
    let mut body = wanted(&args.offer, &args.to, args.accept_terms, session)?;
    if !args.accept_terms {
        confirm(&body, session)?;
        body.accept_terms = true;
    }
    let document = session.command(&["transfers"], &body, &args.once)?;
    let answer: TransferAnswer = document.read()?;
    let TransferAnswer {
        transfer,
        already,
        warnings,
    } = answer;
    session.warnings(&warnings)?;
    match session.form {
        Form::Json => session.document(&document),
        Form::Terse => session.print(format_args!("{}\n", printable(&transfer.id))),
        Form::People => {
            let how = if already { "Offered before" } else { "Offered" };
            let text = format!(
                "{how}: {} ({}) to {}, until {}.\n",
                counted(transfer.items.len() as u64, "item", "items"),
                size(transfer.bytes),
                printable(&transfer.recipient),
                session.moments.full(&transfer.expires_at),
            );
            session.print(text)?;
            if transfer.state == "requested" {
                session.print("It waits for running analyses to end, and is mailed then.\n")?;
            }
            let id = printable(&transfer.id);
            session.print(format_args!("handover transfer show {id}\n"))
        }
    }
}

/// Shows what will happen and the terms, and asks. All of it on standard error: standard output is for the result.
fn confirm(body: &RequestTransfer, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let preview: Preview = ask_preview(body, session)?.read()?;
    if !preview.possible {
        return Err(refused(preview));
    }
    let (width, colours) = (session.terminal.width, session.terminal.error_colours);
    let text = for_people(&preview, body, &session.moments, width, colours);
    writeln!(session.terminal.errors, "{text}")?;
    let answer = session
        .terminal
        .ask("Offer this, on these terms? Type yes: ")?;
    if answer.eq_ignore_ascii_case("yes") {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Refused,
        "the terms were not confirmed, so nothing was offered",
        "run the command again and type yes, or add --accept-terms",
    ))
}

/// What `read:2027-…` or nothing means, in words.
pub(super) fn kept(keep: &KeepAccess, moments: &Moments) -> String {
    match (keep.level.as_str(), &keep.until) {
        ("none" | "", _) => "nothing".to_owned(),
        (level, None) => format!("{level} access, until it is revoked"),
        (level, Some(until)) => format!("{level} access until {}", moments.full(until)),
    }
}

/// Something that stays, with its id where one may see it.
pub(super) fn line(one: &Stays) -> String {
    let (what, why) = (printable(&one.what), printable(&one.why));
    match &one.item {
        Some(id) => format!("  {what} ({}): {why}\n", printable(id)),
        None => format!("  {what}: {why}\n"),
    }
}

/// Items of an offer.
pub(super) fn offered(items: &[OfferedItem]) -> Table<5> {
    let mut table = Table::new([
        column("KIND", Fit::Keeps),
        column("NAME", Fit::Shrinks),
        amounts("SIZE", Fit::Keeps),
        amounts("FILES", Fit::Drops),
        column("ID", Fit::Keeps),
    ]);
    for item in items {
        table.row([
            item.kind.as_str().into(),
            item.name.as_str().into(),
            super::amounts::amount(item.bytes, item.biosamples).into(),
            super::amounts::count(item.files).into(),
            item.id.as_str().into(),
        ]);
    }
    table
}

fn for_people(
    preview: &Preview,
    body: &RequestTransfer,
    moments: &Moments,
    width: Option<usize>,
    colours: bool,
) -> String {
    let keep = body.keep_access.clone().unwrap_or_default();
    let until = preview.expires_at.as_ref().map(|at| moments.full(at));
    let items = counted(preview.moves.len() as u64, "item", "items");
    let mut text = facts(&[
        ("moves", format!("{items}, {}", size(preview.bytes))),
        ("to", body.recipient.clone()),
        ("your context keeps", kept(&keep, moments)),
        ("offer stands until", until.unwrap_or_default()),
    ]);
    let mut part = |title: &str, shown: String| {
        if !shown.is_empty() {
            text.push_str(&format!("\n{title}\n{shown}"));
        }
    };
    part("Moves", offered(&preview.moves).shown(2, width, colours));

    let stays = preview.stays.iter();
    part("Stays", stays.map(line).collect());

    let mut access = Table::new([
        column("WHO", Fit::Shrinks),
        column("BEFORE", Fit::Keeps),
        column("AFTER", Fit::Keeps),
    ]);
    for change in &preview.access {
        let (who, before, after) = (&change.who, &change.before, &change.after);
        access.row([who.into(), before.into(), after.into()]);
    }
    part(
        "Access, once it is accepted",
        access.shown(2, width, colours),
    );

    let guard = |guard: &Guard| {
        format!(
            "  {}\n    next: {}\n",
            printable(&guard.sentence),
            printable(&guard.next_step)
        )
    };
    part(
        "Worth knowing",
        preview.warnings.iter().map(guard).collect(),
    );
    part("Terms", super::text::paragraph(&preview.terms, "  "));
    text
}
