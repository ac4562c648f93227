//! `handover doctor`: is everything there that the daemon needs? Every check is made, whatever the others found.

mod dns;
mod mail;
mod round_trip;
#[cfg(feature = "own-authentication")]
mod signatures;

use std::net::TcpStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::clock::{Clock as _, System};
use crate::config::{self, Config};
use crate::domain::time::Time;
use crate::mail::smtp::Smtp;
use crate::store::embedded::{Embedded, OpenError, Options};

/// A moment that no clock in order can be before: the day this check was written.
const NOT_BEFORE_MS: i64 = 1_763_769_600_000;
/// Nobody is waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(10);

enum Found {
    Good(String),
    Bad(String),
}
use Found::{Bad, Good};

/// Checks everything and prints a line each; fails if anything is wrong.
pub fn doctor(file: Option<&Path>) -> ExitCode {
    let config = match readable(file) {
        Ok(config) => config,
        Err(failure) => return failure,
    };
    let where_from = file.map_or_else(
        || "the embedded defaults".into(),
        |f| f.display().to_string(),
    );
    let checks = [
        ("configuration", Good(format!("{where_from}: no problem"))),
        ("key file", key(&config)),
        ("store", store(&config)),
        ("clock", clock()),
        ("mail server", mail_server(&config)),
        ("public URL", public_url(&config)),
    ];
    told(checks)
}

/// Checks the way of letters and of the answers to them, as far as it can be seen from here, and sends a message round it; `selector` is that of the DKIM key.
pub fn doctor_mail(file: Option<&Path>, selector: Option<&str>) -> ExitCode {
    let config = match readable(file) {
        Ok(config) => config,
        Err(failure) => return failure,
    };
    let mut checks = vec![("mail server", mail_server(&config))];
    match runtime() {
        Ok(runtime) => {
            checks.extend(runtime.block_on(mail::names(&config, selector)));
            #[cfg(feature = "own-authentication")]
            checks.extend(runtime.block_on(signatures::check(&config)));
            checks.extend(runtime.block_on(round_trip::checks(&config)));
        }
        Err(error) => checks.push(("DNS", Bad(error.to_string()))),
    }
    told(checks)
}

fn readable(file: Option<&Path>) -> Result<Config, ExitCode> {
    super::configuration(file).map_err(|problems| {
        println!("configuration  wrong\n{problems}");
        ExitCode::FAILURE
    })
}

fn told(checks: impl IntoIterator<Item = (&'static str, Found)>) -> ExitCode {
    let mut all_good = true;
    for (name, found) in checks {
        let (mark, sentence) = match found {
            Good(sentence) => ("ok", sentence),
            Bad(sentence) => {
                all_good = false;
                ("WRONG", sentence)
            }
        };
        println!("{name:<14} {mark:<6} {sentence}");
    }
    if all_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn key(config: &Config) -> Found {
    let path = &config.secrets.key_file;
    match config::secrets::check_key(path) {
        Err(problem) => Bad(problem.sentence),
        Ok(()) if path.exists() => Good(format!("{} is private", path.display())),
        Ok(()) if config.store.path.exists() => Bad(super::lost_key(config)),
        Ok(()) => Good(format!("{} is made at the first start", path.display())),
    }
}

fn store(config: &Config) -> Found {
    let path = &config.store.path;
    let shown = path.display();
    if !path.exists() {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        return match tempfile_in(folder) {
            Ok(()) => Good(format!(
                "{shown} is made at the first start; its folder is writable"
            )),
            Err(error) => Bad(format!(
                "{} is not writable: {error}; make the folder, writable for this user",
                folder.display()
            )),
        };
    }
    match Embedded::open(path, &Options::default()) {
        Ok(store) => match store.close() {
            Ok(()) => Good(format!("{shown} opens, and its format is known")),
            Err(fault) => Bad(format!("{shown}: {fault}")),
        },
        Err(OpenError::InUse { .. }) => Good(format!("{shown} is in use by a running daemon")),
        Err(error) => Bad(error.to_string()),
    }
}

fn tempfile_in(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".handover-doctor-{}", std::process::id()));
    std::fs::write(&path, b"writable?")?;
    std::fs::remove_file(&path)
}

fn clock() -> Found {
    let now = Time::from_ms(System::new().now());
    if now.ms() < NOT_BEFORE_MS {
        Bad(format!(
            "it says {now}, which is past; set it, and keep it right with NTP"
        ))
    } else {
        Good(now.for_people())
    }
}

fn mail_server(config: &Config) -> Found {
    if config.mail.transport == config::Transport::Mailbox {
        return Good("letters stay in the built-in mailbox (development only)".into());
    }
    let settings = match super::smtp_settings(config) {
        Ok(settings) => settings,
        Err(why) => return Bad(why.to_string()),
    };
    let place = format!("{}:{}", settings.host, settings.port);
    let answer = match (runtime(), Smtp::new(settings)) {
        (Ok(runtime), Ok(smtp)) => {
            runtime.block_on(async { tokio::time::timeout(PATIENCE, smtp.check()).await })
        }
        (Err(error), _) => return Bad(error.to_string()),
        (_, Err(failure)) => return Bad(failure.text),
    };
    match answer {
        Ok(Ok(())) => Good(format!("{place} answers")),
        Ok(Err(failure)) => Bad(format!(
            "{place}: {}; see mail.smtp in the configuration",
            failure.text
        )),
        Err(_) => Bad(format!(
            "{place} does not answer within {} s; see mail.smtp in the configuration",
            PATIENCE.as_secs()
        )),
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

fn public_url(config: &Config) -> Found {
    let url = config.site.public_url.as_str();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .build()
        .into();
    match agent.get(url).call() {
        Ok(answer) if answer.status().as_u16() < 500 => Good(format!("{url} answers from here")),
        Ok(answer) => Bad(format!(
            "{url} answers {}; look at the proxy and the daemon's log",
            answer.status()
        )),
        Err(error) => {
            let listens =
                TcpStream::connect_timeout(&config.server.listen, Duration::from_secs(1)).is_ok();
            if !listens {
                return Good(format!(
                    "not asked: nothing listens on {} yet; start the daemon and ask again",
                    config.server.listen
                ));
            }
            Bad(format!(
                "{url} cannot be reached from here: {error}; the daemon listens, so look at the name, the proxy and the firewall"
            ))
        }
    }
}
