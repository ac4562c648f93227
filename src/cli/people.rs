//! Who is signed in, and what they may act as.

use std::collections::BTreeMap;

use crate::wire::{Account, Context};

use super::amounts::size;
use super::api::path;
use super::failure::Failure;
use super::session::{Form, Session};
use super::table::{Fit, Table, amounts, column, facts};
use super::text::printable;

/// `handover whoami`
pub(super) fn whoami(session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let document = session.api.get(path(&["account"]))?;
    match session.form {
        Form::Json => session.document(&document),
        _ => shown(document.read()?, session),
    }
}

/// Shows an account.
pub(super) fn shown(account: Account, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    if session.form == Form::Terse {
        return session.print(format_args!("{}\n", printable(&account.id)));
    }
    let names = names(session)?;
    let named = |id: &String| match names.get(id) {
        Some(name) => format!("{name} ({id})"),
        None => id.clone(),
    };
    let shown = facts(&[
        ("name", account.name),
        ("addresses", account.addresses.join(", ")),
        ("id", account.id),
        ("tier", account.tier),
        ("domain", account.domain),
        ("runs land in", named(&account.default_run_location)),
        ("offers are accepted into", named(&account.default_context)),
        (
            "offers of some senders",
            account
                .default_context_by_sender
                .iter()
                .map(|(sender, context)| format!("{sender} into {}", named(context)))
                .collect::<Vec<_>>()
                .join(", "),
        ),
        ("offers refused from", account.blocked.join(", ")),
        ("letters not sent", account.quiet.join(", ")),
        ("since", session.moments.full(&account.created_at)),
        ("server", session.api.base().as_str().to_owned()),
    ]);
    session.print(shown)
}

/// What the contexts of whoever is signed in are called, by their ids.
fn names(session: &Session<'_, '_>) -> Result<BTreeMap<String, String>, Failure> {
    let mut names = BTreeMap::new();
    session.api.list("/contexts", &[], None, &mut |document| {
        let context: Context = document.read()?;
        names.insert(context.id, context.name);
        Ok(true)
    })?;
    Ok(names)
}

/// `handover contexts`
pub(super) fn contexts(session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let mut table = Table::new([
        column("CONTEXT", Fit::Keeps),
        column("NAME", Fit::Shrinks),
        column("ROLE", Fit::Keeps),
        amounts("USED", Fit::Keeps),
        amounts("FREE", Fit::Keeps),
        column("DOMAIN", Fit::Drops),
        column("ID", Fit::Keeps),
    ]);
    let row = |context: Context| {
        let free = context
            .quota
            .map(|quota| quota.saturating_sub(context.usage));
        table.row([
            context.handle.into(),
            context.name.into(),
            context.role.into(),
            size(context.usage).into(),
            free.map_or_else(|| "no cap".to_owned(), size).into(),
            context.domain.into(),
            context.id.into(),
        ]);
    };
    session.list("/contexts", &[], None, |context: &Context| &context.id, row)?;
    session.table("", &table)
}
