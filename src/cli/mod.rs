//! The command line: a client of the API, and nothing else.
//!
//! It knows the API's wire types and reads run folders; what is right or wrong the server decides, and this prints it. `args`
//! says what can be typed, `session` signs each call, `api` sends it until it is answered, `failure` maps what went wrong to
//! the exit codes that scripts rely on (`docs/cli.md`).

mod access;
mod account;
mod amounts;
mod analyses;
mod answers;
mod api;
mod args;
mod audit;
mod base;
mod failure;
mod files;
mod history;
mod invitations;
mod items;
mod lifecycle;
mod links;
mod mail;
mod moves;
mod names;
mod offers;
mod outcome;
mod people;
mod register;
mod request;
mod session;
mod settings;
mod sharing;
mod sign_in;
mod surroundings;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod workgroups;

pub use args::{Command, Completions, EXIT_CODES};

use std::io::{self, Write as _};
use std::process::ExitCode;

use failure::{Exit, Failure};
use session::Session;
use surroundings::Surroundings;

/// Carries out one of the client's commands and says how it ended. Blocks; not for use inside an async runtime.
pub fn run(command: &Command) -> ExitCode {
    surroundings::with_process(|mut here| perform(command, &mut here)).into()
}

/// Prints the completion script for a shell; `whole` is the top-level parser with every command.
pub fn completions(asked: &Completions, whole: &mut clap::Command) -> ExitCode {
    let name = whole.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, whole, name, &mut script);
    match io::stdout().write_all(&script) {
        Ok(()) => Exit::Done,
        Err(error) => Failure::from(error).exit,
    }
    .into()
}

/// Carries out the command and tells what went wrong.
fn perform(command: &Command, here: &mut Surroundings<'_>) -> Exit {
    let done = dispatch(command, here).and_then(|()| Ok(here.terminal.output.flush()?));
    let Err(failure) = done else {
        return Exit::Done;
    };
    // What was printed before it went wrong stands before the reason.
    let flushed = here.terminal.output.flush();
    let told = if command.common().json {
        failure.for_programs()
    } else {
        failure.for_people(here.terminal.error_colours)
    };
    // Where not even standard error takes it, the exit code still tells.
    let _ = here.terminal.errors.write_all(told.as_bytes());
    match (failure.exit, flushed) {
        (Exit::Done, Err(error)) => Failure::from(error).exit,
        (exit, _) => exit,
    }
}

fn dispatch(command: &Command, here: &mut Surroundings<'_>) -> Result<(), Failure> {
    use args::sharing::{Invitation, Link, Share};
    use args::{Access, Admin, Project, Run, Transfer};
    let common = command.common();
    match command {
        Command::Login(args) => return sign_in::login(args, here),
        Command::Logout(args) => return sign_in::logout(args, here),
        // A dry run asks nobody, so nobody need be signed in.
        Command::Run(Run::Register(args)) if args.dry_run => return register::dry_run(args, here),
        _ => {}
    }
    let session = &mut Session::open(common, here)?;
    match command {
        Command::Login(_) | Command::Logout(_) => Ok(()),
        Command::Whoami(_) => people::whoami(session),
        Command::Contexts(_) => people::contexts(session),
        Command::Settings(settings) => account::settings(settings, session),
        Command::Workgroup(workgroup) => workgroups::perform(workgroup, session),
        Command::Run(run) => match run {
            Run::Register(args) => register::register(args, session),
            Run::List(args) => items::list(args, items::Kind::Run, session),
            Run::Show(args) => items::show(args, items::Kind::Run, session),
        },
        Command::Project(project) => match project {
            Project::Create(args) => items::create(args, session),
            Project::AddFiles(args) => files::add(args, session),
            Project::List(args) => items::list(args, items::Kind::Project, session),
            Project::Show(args) => items::show(args, items::Kind::Project, session),
        },
        Command::Access(Access::Show(args)) => access::show(args, session),
        Command::Admin(Admin::Access(args)) => access::of_person(args, session),
        Command::Admin(Admin::Allow(args)) => access::allow(args, session),
        Command::Admin(Admin::Move(one)) => moves::perform(one, session),
        Command::Mail(mail) => mail::perform(mail, session),
        Command::Item(item) => {
            use args::Item;
            let (args, act) = match item {
                Item::Trash(args) => (args, lifecycle::Act::Trash),
                Item::Restore(args) => (args, lifecycle::Act::Restore),
                Item::Archive(args) => (args, lifecycle::Act::Archive),
                Item::Unarchive(args) => (args, lifecycle::Act::Unarchive),
                Item::Purge(args) => (args, lifecycle::Act::Purge),
            };
            lifecycle::change(args, act, session)
        }
        Command::Analysis(analysis) => analyses::perform(analysis, session),
        Command::Audit(audit) => match audit {
            args::Audit::List(args) => audit::list(args, session),
            args::Audit::Export(args) => audit::export(&args.filter, session),
            args::Audit::Verify(args) => audit::verify(args, session),
        },
        Command::Transfer(transfer) => match transfer {
            Transfer::Preview(args) => request::preview(args, session),
            Transfer::Request(args) => request::request(args, session),
            Transfer::List(args) => offers::list(args, session),
            Transfer::Show(args) => offers::show(args, session),
            Transfer::Accept(args) => answers::accept(args, session),
            Transfer::Decline(args) => answers::decline(args, session),
            Transfer::Cancel(args) => answers::cancel(args, session),
            Transfer::Resend(args) => answers::resend(args, session),
            Transfer::Extend(args) => answers::extend(args, session),
            Transfer::Readdress(args) => answers::readdress(args, session),
        },
        Command::Share(share) => match share {
            Share::Invite(args) => sharing::invite(args, session),
            Share::List(args) => sharing::list(args, session),
            Share::Change(args) => sharing::change(args, session),
            Share::Revoke(args) => sharing::revoke(args, session),
            Share::Leave(args) => sharing::leave(args, session),
        },
        Command::Shared(args) => sharing::shared(args, session),
        Command::Link(link) => match link {
            Link::Create(args) => links::create(args, session),
            Link::List(args) => links::list(args, session),
            Link::Deactivate(args) => links::deactivate(args, session),
            Link::Open(args) => links::open(args, session),
            Link::Accept(args) => links::accept(args, session),
        },
        Command::Invitation(invitation) => match invitation {
            Invitation::List(args) => invitations::list(args, session),
            Invitation::Show(args) => invitations::show(args, session),
            Invitation::Accept(args) => invitations::accept(args, session),
            Invitation::Decline(args) => invitations::decline(args, session),
            Invitation::Cancel(args) => invitations::cancel(args, session),
            Invitation::Resend(args) => invitations::resend(args, session),
            Invitation::Extend(args) => invitations::extend(args, session),
        },
    }
}
