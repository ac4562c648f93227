//! What a person decides about their account.

use clap::{Args, Subcommand};

use crate::wire::{Account, AddAddress, ChangeAccount, CloseAccount, ProveAddress, SignInBegun};

use super::api::path;
use super::args::{Common, EXIT_CODES, Once};
use super::failure::Failure;
use super::people;
use super::session::{Form, Session};
use super::text::printable;

/// Commands about the account's settings.
#[derive(Debug, Subcommand)]
pub enum Settings {
    /// Show the settings
    #[command(after_help = EXIT_CODES)]
    Show(Show),
    /// Change settings; what is not named stays
    #[command(after_help = EXIT_CODES)]
    Set(Box<Set>),
    /// Add, prove or remove an address
    #[command(subcommand)]
    Address(Address),
    /// Print everything about the account, as JSON Lines
    #[command(after_help = EXIT_CODES)]
    Export(Show),
    /// Close the account for good
    #[command(after_help = EXIT_CODES)]
    Close(Close),
}

/// Commands about further addresses.
#[derive(Debug, Subcommand)]
pub enum Address {
    /// Mail a code to a further address
    #[command(after_help = EXIT_CODES)]
    Add(Add),
    /// Add the address that a mailed code proves
    #[command(after_help = EXIT_CODES)]
    Prove(Prove),
    /// Remove an address
    #[command(after_help = EXIT_CODES)]
    Remove(Remove),
}

/// Shows.
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    common: Common,
}

/// Changes.
#[derive(Debug, Args)]
pub struct Set {
    /// What you are called
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Where uploaded runs land: personal, or a workgroup's handle, name or id
    #[arg(long, value_name = "CONTEXT")]
    runs_land_in: Option<String>,
    /// Where offers are accepted into unless you say otherwise
    #[arg(long, value_name = "CONTEXT")]
    accept_into: Option<String>,
    /// The same for offers of one sender, as ADDRESS=CONTEXT; repeat it for more, all others are forgotten
    #[arg(long, value_name = "ADDRESS=CONTEXT", value_parser = pair)]
    accept_from: Option<Vec<(String, String)>>,
    /// A further sender whose offers are refused; repeat it for more
    #[arg(long, value_name = "ADDRESS")]
    block: Vec<String>,
    /// A sender whose offers are let in again; repeat it for more
    #[arg(long, value_name = "ADDRESS")]
    unblock: Vec<String>,
    /// Refuse nobody's offers
    #[arg(long, conflicts_with_all = ["block", "unblock"])]
    block_nobody: bool,
    /// Letters to do without: reminders, outcomes, receipts, arrivals; repeat it for more
    #[arg(long, value_name = "KIND")]
    without: Option<Vec<String>>,
    /// Get every letter
    #[arg(long, conflicts_with = "without")]
    all_letters: bool,
    /// The language of letters: en or de
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// Which of your addresses is the primary one
    #[arg(long, value_name = "ADDRESS")]
    primary: Option<String>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    once: Once,
}

/// Asks for a code.
#[derive(Debug, Args)]
pub struct Add {
    /// The address
    address: String,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    once: Once,
}

/// Types the code.
#[derive(Debug, Args)]
pub struct Prove {
    /// What `address add` printed: sgn_…
    #[arg(value_name = "ID")]
    sign_in: String,
    /// The code from the mail
    code: String,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    once: Once,
}

/// Removes.
#[derive(Debug, Args)]
pub struct Remove {
    /// The address
    address: String,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    once: Once,
}

/// Closes.
#[derive(Debug, Args)]
pub struct Close {
    /// Your primary address, to confirm it
    #[arg(long, value_name = "ADDRESS")]
    confirm: String,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    once: Once,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (address, context) = text
        .split_once('=')
        .ok_or_else(|| format!("\"{text}\" is not ADDRESS=CONTEXT"))?;
    Ok((address.to_owned(), context.to_owned()))
}

impl Settings {
    /// Where the server is and how to print.
    pub(super) const fn common(&self) -> &Common {
        match self {
            Self::Show(args) | Self::Export(args) => &args.common,
            Self::Set(args) => &args.common,
            Self::Address(Address::Add(args)) => &args.common,
            Self::Address(Address::Prove(args)) => &args.common,
            Self::Address(Address::Remove(args)) => &args.common,
            Self::Close(args) => &args.common,
        }
    }
}

/// `handover settings …`
pub(super) fn settings(settings: &Settings, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    match settings {
        Settings::Show(_) => people::whoami(session),
        Settings::Set(args) => set(args, session),
        Settings::Address(Address::Add(args)) => add(args, session),
        Settings::Address(Address::Prove(args)) => prove(args, session),
        Settings::Address(Address::Remove(args)) => remove(args, session),
        Settings::Export(_) => export(session),
        Settings::Close(args) => close(args, session),
    }
}

fn set(args: &Set, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let none = |nobody: bool| nobody.then(Vec::new);
    let body = ChangeAccount {
        name: args.name.clone(),
        default_run_location: args.runs_land_in.clone(),
        default_context: args.accept_into.clone(),
        default_context_by_sender: args
            .accept_from
            .as_ref()
            .map(|pairs| pairs.iter().cloned().collect()),
        blocked: none(args.block_nobody),
        block: args.block.clone(),
        unblock: args.unblock.clone(),
        language: args.language.clone(),
        quiet: args.without.clone().or_else(|| none(args.all_letters)),
        primary_address: args.primary.clone(),
    };
    let key = session.key(&args.once);
    let document = session.api.patch(path(&["account"]), &body, &key)?;
    match session.form {
        Form::Json => session.document(&document),
        _ => people::shown(document.read()?, session),
    }
}

fn add(args: &Add, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = AddAddress {
        address: args.address.clone(),
    };
    let document = session.command(&["account", "addresses"], &body, &args.once)?;
    if session.form == Form::Json {
        return session.document(&document);
    }
    let begun: SignInBegun = document.read()?;
    let id = printable(&begun.sign_in);
    session.print(format_args!("{id}\n"))?;
    if session.form == Form::People {
        let until = session.moments.full(&begun.expires_at);
        writeln!(
            session.terminal.errors,
            "A code was mailed to {}, good until {until}. Go on with\n  handover settings address prove {id} CODE",
            printable(&args.address)
        )?;
    }
    Ok(())
}

fn prove(args: &Prove, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = ProveAddress {
        code: args.code.clone(),
    };
    let at = ["account", "addresses", &args.sign_in, "prove"];
    let document = session.command(&at, &body, &args.once)?;
    match session.form {
        Form::Json => session.document(&document),
        _ => addresses(document.read()?, session),
    }
}

fn remove(args: &Remove, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let key = session.key(&args.once);
    session
        .api
        .delete(path(&["account", "addresses", &args.address]), &key)?;
    let account = session.account()?;
    addresses(account, session)
}

fn addresses(account: Account, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    for address in account.addresses {
        session.print(format_args!("{}\n", printable(&address)))?;
    }
    Ok(())
}

fn export(session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let document = session.api.get(path(&["account", "export"]))?;
    session.document(&document)
}

fn close(args: &Close, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let body = CloseAccount {
        address: args.confirm.clone(),
    };
    session.command(&["account", "close"], &body, &args.once)?;
    session.print("The account is closed.\n")
}
