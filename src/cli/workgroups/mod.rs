//! Workgroups: created, shown, changed, their members and the invitations into them.

pub mod args;

use serde_json::json;

use crate::wire::{
    ChangeMember, ChangeWorkgroup, CreateWorkgroup, HandOverWorkgroup, InviteMembers,
    InvitedMembers, Member, MemberInvitation, Workgroup,
};

use super::amounts::size;
use super::api::path;
use super::args::Once;
use super::failure::{Exit, Failure};
use super::outcome::Document;
use super::session::{Form, Session};
use super::table::{Fit, Table, amounts, column, facts, state};
use super::text::{paragraph, printable};

use args::Workgroup as Command;

/// `handover workgroup …`
pub(super) fn perform(command: &Command, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    match command {
        Command::Create(args) => create(args, session),
        Command::List(args) => list(args, session),
        Command::Show(args) => show(args, session),
        Command::Edit(args) => edit(args, session),
        Command::Members(args) => members(args, session),
        Command::Invite(args) => invite(args, session),
        Command::Invitations(args) => invitations(args, session),
        Command::Promote(args) => change_role(args, "administrator", session),
        Command::Demote(args) => change_role(args, "member", session),
        Command::Remove(args) => remove(args, session),
        Command::Leave(args) => leave(args, session),
        Command::HandOver(args) => hand_over(args, session),
        Command::Close(args) => close(args, session),
    }
}

// ---- the workgroup itself ----

fn told(
    document: &Document,
    session: &mut Session<'_, '_>,
    sentence: impl FnOnce(&Workgroup) -> String,
) -> Result<(), Failure> {
    let workgroup: Workgroup = match session.form {
        Form::Json => return session.document(document),
        _ => document.read()?,
    };
    match session.form {
        Form::People => session.print(format_args!("{}\n", sentence(&workgroup))),
        _ => session.print(format_args!("{}\n", printable(&workgroup.id))),
    }
}

fn create(args: &args::Create, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = CreateWorkgroup {
        handle: args.handle.clone(),
        name: args.name.clone(),
        description: args.description.clone(),
        domain: args.domain.clone(),
        collaborative: args.collaborative,
    };
    let document = session.command(&["workgroups"], &body, &args.once)?;
    told(&document, session, |made| {
        let (handle, id) = (printable(&made.handle), printable(&made.id));
        format!(
            "Created the workgroup {handle} ({id}); you own it.\n\nhandover workgroup invite {handle} ADDRESS"
        )
    })
}

fn list(args: &args::List, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let mut table = Table::new([
        column("HANDLE", Fit::Keeps),
        column("NAME", Fit::Shrinks),
        column("YOU ARE", Fit::Keeps),
        amounts("USED", Fit::Keeps),
        column("DOMAIN", Fit::Drops),
        column("ID", Fit::Keeps),
    ]);
    let row = |one: Workgroup| {
        table.row([
            one.handle.into(),
            one.name.into(),
            one.role.unwrap_or_default().into(),
            size(one.usage).into(),
            one.domain.into(),
            one.id.into(),
        ]);
    };
    let query = args.domain.as_deref().map(|domain| ("domain", domain));
    let query: Vec<_> = query.into_iter().collect();
    session.list(
        "/workgroups",
        &query,
        args.limit,
        |one: &Workgroup| &one.id,
        row,
    )?;
    session.table("", &table)
}

fn show(args: &args::Looked, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let document = session.api.get(path(&["workgroups", &args.workgroup]))?;
    let one: Workgroup = match session.form {
        Form::Json => return session.document(&document),
        _ => document.read()?,
    };
    if session.form == Form::Terse {
        return session.print(format_args!("{}\n", printable(&one.id)));
    }
    let free = one.quota.map(|quota| quota.saturating_sub(one.usage));
    let yes = |yes: bool, words: &str| if yes { words.to_owned() } else { String::new() };
    session.print(facts(&[
        ("workgroup", one.handle),
        ("name", one.name),
        ("id", one.id),
        ("tier", one.tier),
        ("domain", one.domain),
        (
            "members",
            yes(one.collaborative, "from outside the domain too"),
        ),
        (
            "changed",
            yes(one.configured, "in the site's configuration file only"),
        ),
        (
            "you are",
            one.role
                .unwrap_or_else(|| "administrator of its domain".to_owned()),
        ),
        ("used", size(one.usage)),
        ("free", free.map_or_else(|| "no cap".to_owned(), size)),
        ("since", session.moments.full(&one.created_at)),
    ]))?;
    match one.description {
        Some(text) => session.print(format_args!("\n{}", paragraph(&text, "  "))),
        None => Ok(()),
    }
}

fn edit(args: &args::Edit, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = ChangeWorkgroup {
        name: args.name.clone(),
        description: args.description.clone(),
        handle: args.handle.clone(),
    };
    let at = path(&["workgroups", &args.workgroup]);
    let key = key(&args.once, session);
    let document = session.api.patch(at, &body, &key)?;
    told(&document, session, |one| {
        let (handle, name) = (printable(&one.handle), printable(&one.name));
        format!("Changed: {handle}, \"{name}\".")
    })
}

fn key(once: &Once, session: &Session<'_, '_>) -> String {
    let given = once.idempotency_key.clone();
    given.unwrap_or_else(|| session.api.fresh_key())
}

/// Says that something was done; programs see it by the exit code.
fn done(session: &mut Session<'_, '_>, sentence: String) -> Result<(), Failure> {
    if session.form == Form::People {
        session.print(format_args!("{sentence}\n"))
    } else {
        Ok(())
    }
}

fn close(args: &args::Close, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    if !args.yes {
        let name = printable(&args.workgroup);
        let question = format!("Close {name} for good? Type yes: ");
        session.confirm(&question, "nothing was closed", "--yes")?;
    }
    let at = path(&["workgroups", &args.workgroup]);
    session.api.delete(at, &key(&args.once, session))?;
    let name = printable(&args.workgroup);
    done(session, format!("Closed {name}; its handle is free."))
}

// ---- members ----

fn members(args: &args::Listed, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let mut table = Table::new([
        column("NAME", Fit::Shrinks),
        column("ADDRESS", Fit::Shrinks),
        column("ROLE", Fit::Keeps),
        column("SINCE", Fit::Drops),
        column("ID", Fit::Keeps),
    ]);
    let moments = session.moments.clone();
    let row = |member: Member| {
        let since = moments.short(&member.since);
        table.row([
            member.name.into(),
            member.address.into(),
            member.role.into(),
            since.into(),
            member.account.into(),
        ]);
    };
    let at = path(&["workgroups", &args.workgroup, "members"]);
    session.list(&at, &[], args.limit, |member: &Member| &member.account, row)?;
    session.table("", &table)
}

fn change_role(
    args: &args::Member,
    role: &str,
    session: &mut Session<'_, '_>,
) -> Result<(), Failure> {
    let at = path(&["workgroups", &args.workgroup, "members", &args.member]);
    let body = ChangeMember {
        role: role.to_owned(),
    };
    let key = key(&args.once, session);
    session.api.patch(at, &body, &key)?;
    let (who, workgroup) = (printable(&args.member), printable(&args.workgroup));
    let article = if role == "administrator" { "an" } else { "a" };
    done(
        session,
        format!("{who} is {article} {role} of {workgroup} now."),
    )
}

fn remove(args: &args::Member, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let at = path(&["workgroups", &args.workgroup, "members", &args.member]);
    session.api.delete(at, &key(&args.once, session))?;
    let (who, workgroup) = (printable(&args.member), printable(&args.workgroup));
    done(session, format!("Removed {who} from {workgroup}."))
}

fn leave(args: &args::Named, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let at = ["workgroups", &args.workgroup, "leave"];
    session.command(&at, &json!({}), &args.once)?;
    let name = printable(&args.workgroup);
    done(session, format!("You have left {name}."))
}

// ---- invitations ----

fn invite(args: &args::Invite, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let mut addresses = args.addresses.clone();
    if let Some(file) = &args.file {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let (file, kind) = (printable(&file.to_string_lossy()), error.kind());
            let sentence = format!("the addresses in {file} cannot be read ({kind})");
            Failure::new(Exit::Local, sentence, "name a text file that you can read")
        })?;
        addresses.push(text);
    }
    let body = InviteMembers {
        addresses,
        role: Some(args.role.clone()),
        message: args.message.clone(),
        expires_in_days: args.expires,
    };
    let at = ["workgroups", &args.workgroup, "invitations"];
    let document = session.command(&at, &body, &args.once)?;
    let answer: InvitedMembers = document.read()?;
    let mut table = Table::new([
        column("ADDRESS", Fit::Shrinks),
        column("", Fit::Keeps),
        column("ID", Fit::Keeps),
    ]);
    let (mut ids, mut guards) = (String::new(), Vec::new());
    for one in answer.items {
        let id = one.invitation.map(|made| made.id);
        let word = if id.is_some() { "invited" } else { "refused" };
        ids.extend(id.iter().map(|id| format!("{}\n", printable(id))));
        table.row([
            one.address.into(),
            word.into(),
            id.unwrap_or_default().into(),
        ]);
        guards.extend(one.guards);
    }
    match session.form {
        Form::Json => session.document(&document)?,
        Form::Terse => session.print(ids)?,
        Form::People => session.table("", &table)?,
    }
    if guards.is_empty() {
        Ok(())
    } else {
        Err(Failure::of(Exit::Refused, guards))
    }
}

fn invitations(args: &args::Invitations, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let workgroup = args.workgroup.as_str();
    match (&args.cancel, &args.resend) {
        (Some(id), _) => return act(args, (id, "cancel"), "Cancelled", session),
        (None, Some(id)) => return act(args, (id, "resend"), "Mailed again", session),
        (None, None) => {}
    }
    let mut table = Table::new([
        column("ADDRESS", Fit::Shrinks),
        column("TO BE", Fit::Keeps),
        column("STATE", Fit::Keeps),
        column("INVITED BY", Fit::Drops),
        column("EXPIRES", Fit::Drops),
        column("ID", Fit::Keeps),
    ]);
    let moments = session.moments.clone();
    let row = |one: MemberInvitation| {
        let expires = moments.short(&one.expires_at);
        table.row([
            one.address.into(),
            one.role.into(),
            state(&one.state),
            one.invited_by.into(),
            expires.into(),
            one.id.into(),
        ]);
    };
    let at = path(&["workgroups", workgroup, "invitations"]);
    session.list(&at, &[], args.limit, |one: &MemberInvitation| &one.id, row)?;
    session.table("", &table)
}

fn act(
    args: &args::Invitations,
    (id, verb): (&str, &str),
    word: &str,
    session: &mut Session<'_, '_>,
) -> Result<(), Failure> {
    let at = ["workgroups", &args.workgroup, "invitations", id, verb];
    let document = session.command(&at, &json!({}), &args.once)?;
    answered(&document, session, |one| {
        format!("{word}: the invitation of {}.", printable(&one.address))
    })
}

fn answered(
    document: &Document,
    session: &mut Session<'_, '_>,
    sentence: impl FnOnce(&MemberInvitation) -> String,
) -> Result<(), Failure> {
    let one: MemberInvitation = match session.form {
        Form::Json => return session.document(document),
        _ => document.read()?,
    };
    match session.form {
        Form::People => session.print(format_args!("{}\n", sentence(&one))),
        _ => session.print(format_args!("{}\n", printable(&one.id))),
    }
}

fn hand_over(args: &args::HandOver, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = HandOverWorkgroup {
        to: args.to.clone(),
        message: args.message.clone(),
        expires_in_days: args.expires,
    };
    let at = ["workgroups", &args.workgroup, "hand-over"];
    let document = session.command(&at, &body, &args.once)?;
    let moments = session.moments.clone();
    answered(&document, session, |one| {
        let (id, to) = (printable(&one.id), printable(&one.address));
        let until = moments.full(&one.expires_at);
        format!("Offered to {to}: {id} stands until {until}. You own it until they accept.")
    })
}
