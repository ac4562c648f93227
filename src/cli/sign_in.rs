//! Signing in by the code from a mail or with a token, and out again.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::{Account, BeginSignIn, FinishSignIn, SignInBegun, Token};

use super::api::{Api, path};
use super::args::{Login, Logout};
use super::base::Base;
use super::failure::{Exit, Failure};
use super::outcome::Document;
use super::session::{Form, belongs_to, chosen_url, file};
use super::settings::{File, Saved};
use super::surroundings::Surroundings;
use super::text::printable;

/// How often a person on a terminal may mistype a code; as often as the server lets them.
const TRIES: u32 = 5;

/// The answer to a right code, the account as it came.
#[derive(Deserialize)]
struct Signed {
    secret: String,
    token: Token,
    account: Box<RawValue>,
}

fn settings_file(here: &Surroundings<'_>) -> Result<File, Failure> {
    file(&here.environment).ok_or_else(|| {
        Failure::new(
            Exit::Local,
            "there is no place for the settings: neither XDG_CONFIG_HOME nor HOME is set",
            "set HOME, or give HANDOVER_URL and HANDOVER_TOKEN with each command",
        )
    })
}

/// `handover login`
pub(super) fn login(args: &Login, here: &mut Surroundings<'_>) -> Result<(), Failure> {
    let file = settings_file(here)?;
    let saved = file.read()?;
    let url = match chosen_url(&args.common, &here.environment, &saved) {
        Some(url) => url.to_owned(),
        None if here.terminal.attended => here
            .terminal
            .ask("Server (such as https://handover.uni.example): ")?,
        None => {
            let next = "handover login --url URL, or set HANDOVER_URL";
            return Err(Failure::new(Exit::Usage, "no server is known yet", next));
        }
    };
    let base = Base::parse(&url)?;
    let api = Api::new(base.clone(), None, here.tools);
    if args.token {
        return with_token(args, api, &file, here);
    }
    if let (Some(sign_in), Some(code)) = (&args.sign_in, &args.code) {
        let key = key(args, &api);
        let document = api.post(path(&["sign-in", sign_in]), &finish(args, code), &key)?;
        return signed(args, &document, base, &file, here);
    }
    let address = match &args.address {
        Some(address) => address.clone(),
        None if here.terminal.attended => here.terminal.ask("Email address: ")?,
        None => {
            let what = "nobody is there to be asked for the address";
            return Err(Failure::new(
                Exit::Usage,
                what,
                "handover login --address ADDRESS",
            ));
        }
    };
    let begun = api.post(
        path(&["sign-in"]),
        &BeginSignIn {
            address: address.clone(),
        },
        &key(args, &api),
    )?;
    let SignInBegun {
        sign_in,
        expires_at,
    } = begun.read()?;
    let until = here.moments().full(&expires_at);
    let terminal = &mut here.terminal;
    if !terminal.attended {
        match Form::of(&args.common) {
            Form::Json => writeln!(terminal.output, "{}", begun.as_str())?,
            _ => writeln!(terminal.output, "{}", printable(&sign_in))?,
        }
        let next = format!(
            "handover login --url {} --sign-in {} --code CODE",
            base.as_str(),
            printable(&sign_in)
        );
        writeln!(
            terminal.errors,
            "A code was mailed to {}, good until {until}. Go on with\n  {next}",
            printable(&address)
        )?;
        return Ok(());
    }
    writeln!(
        terminal.errors,
        "A code was mailed to {}, good until {until}.",
        printable(&address)
    )?;
    let mut tries = 1;
    loop {
        let code = here.terminal.ask("Code: ")?;
        let finished = api.post(
            path(&["sign-in", &sign_in]),
            &finish(args, &code),
            &api.fresh_key(),
        );
        match finished {
            Ok(document) => return signed(args, &document, base, &file, here),
            Err(failure) if failure.is("code.wrong") && tries < TRIES => {
                let told = failure.for_people(here.terminal.error_colours);
                write!(here.terminal.errors, "{told}")?;
                tries += 1;
            }
            Err(failure) => return Err(failure),
        }
    }
}

fn key(args: &Login, api: &Api<'_>) -> String {
    let given = args.once.idempotency_key.clone();
    given.unwrap_or_else(|| api.fresh_key())
}

fn finish(args: &Login, code: &str) -> FinishSignIn {
    FinishSignIn {
        code: code.to_owned(),
        token_name: Some(args.name.clone()),
    }
}

/// Keeps a token that was made elsewhere, if it is good.
fn with_token(
    args: &Login,
    api: Api<'_>,
    file: &File,
    here: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    if here.terminal.attended {
        write!(here.terminal.errors, "Token: ")?;
    }
    let secret = here.terminal.line()?;
    if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        let what = "what stands on standard input is no token";
        let next = "give the token alone, as it was shown when it was made";
        return Err(Failure::new(Exit::Usage, what, next));
    }
    let base = api.base().clone();
    let document = api.with_token(secret.clone()).get(path(&["account"]))?;
    let saved = Saved {
        url: Some(base.as_str().to_owned()),
        token: Some(secret),
        token_id: None,
    };
    keep(args, &saved, &document, &base, file, here)
}

fn signed(
    args: &Login,
    document: &Document,
    base: Base,
    file: &File,
    here: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let signed: Signed = document.read()?;
    let saved = Saved {
        url: Some(base.as_str().to_owned()),
        token: Some(signed.secret),
        token_id: Some(signed.token.id),
    };
    keep(
        args,
        &saved,
        &Document::from(signed.account),
        &base,
        file,
        here,
    )
}

/// Saves the token, and says who is signed in; the secret is never printed.
fn keep(
    args: &Login,
    saved: &Saved,
    account: &Document,
    base: &Base,
    file: &File,
    here: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let Account {
        id,
        name,
        addresses,
        ..
    } = account.read()?;
    file.write(saved)?;
    let overridden = here.environment.token.is_some();
    let terminal = &mut here.terminal;
    match Form::of(&args.common) {
        Form::Json => writeln!(terminal.output, "{}", account.as_str())?,
        Form::Terse => writeln!(terminal.output, "{}", printable(&id))?,
        Form::People => {
            let address = addresses.first().map_or("", String::as_str);
            let (name, address) = (printable(&name), printable(address));
            writeln!(
                terminal.output,
                "Signed in at {} as {name} <{address}>.",
                base.as_str()
            )?;
        }
    }
    if overridden {
        writeln!(
            terminal.errors,
            "note: HANDOVER_TOKEN is set, and is used instead of this token"
        )?;
    }
    Ok(())
}

/// `handover logout`
pub(super) fn logout(args: &Logout, here: &mut Surroundings<'_>) -> Result<(), Failure> {
    let file = settings_file(here)?;
    let saved = file.read()?;
    let url = chosen_url(&args.common, &here.environment, &saved).map(Base::parse);
    let own = match &url {
        Some(Ok(base)) => belongs_to(&saved, base),
        Some(Err(_)) => return url.transpose().map(|_| ()),
        None => false,
    };
    let (Some(Ok(base)), Some(token), true) = (url, saved.token, own) else {
        writeln!(here.terminal.errors, "nobody was signed in there")?;
        return Ok(());
    };
    let mut ended = false;
    if let Some(id) = &saved.token_id {
        let api = Api::new(base, Some(token), here.tools);
        let given = args.once.idempotency_key.clone();
        let key = given.unwrap_or_else(|| api.fresh_key());
        match api.delete(path(&["tokens", id]), &key) {
            Ok(()) => ended = true,
            // Gone already, which is what was asked for.
            Err(failure) if matches!(failure.exit, Exit::NotSignedIn | Exit::NotFound) => {
                ended = true
            }
            Err(failure) => {
                let how = format!(
                    "the token is still good and still kept; try again, or delete {}",
                    file.path()
                );
                return Err(failure.with_hint(how));
            }
        }
    }
    file.write(&Saved {
        url: saved.url,
        ..Saved::default()
    })?;
    let terminal = &mut here.terminal;
    if ended {
        writeln!(terminal.errors, "Signed out; the token is ended.")?;
    } else {
        writeln!(
            terminal.errors,
            "Signed out here. The token itself is still good: end it in the list of your tokens."
        )?;
    }
    if here.environment.token.is_some() {
        writeln!(terminal.errors, "note: HANDOVER_TOKEN is still set")?;
    }
    Ok(())
}
