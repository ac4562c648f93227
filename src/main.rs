//! `handover`: the daemon, and the command line that talks to it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use handover::{cli, config, daemon, demo};

/// Share sequencing data and pass on its ownership.
#[derive(Debug, Parser)]
#[command(
    name = "handover",
    version,
    about = "Share sequencing data and pass on its ownership",
    after_help = cli::EXIT_CODES,
    max_term_width = 100
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon until SIGTERM or SIGINT; SIGHUP reloads the configuration
    Serve {
        /// The configuration file; without one, the embedded defaults (development on loopback)
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Look at the configuration
    Config {
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// Check everything the daemon needs: store, mail server, clock, key file, public URL
    Doctor {
        /// The configuration file
        #[arg(long, value_name = "FILE", global = true)]
        config: Option<PathBuf>,
        #[command(subcommand)]
        what: Option<DoctorCommand>,
    },
    /// See the letters that the site sends
    Letter {
        #[command(subcommand)]
        what: daemon::words::Letters,
    },
    /// Deliver one message of standard input to the running daemon, for mail servers without LMTP
    ///
    /// Exit codes: 0 taken, 67 refused for good, 75 try again later.
    MailIn {
        /// The configuration file
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The envelope's sender; empty for reports
        #[arg(long, value_name = "ADDRESS", default_value = "")]
        sender: String,
        /// The envelope's recipient
        #[arg(value_name = "ADDRESS")]
        recipient: String,
    },
    /// Play the story of a transfer on a throw-away store, then stay up to be tried
    Demo(demo::Options),
    /// Print shell completions
    Completions(cli::Completions),
    #[command(flatten)]
    Client(cli::Command),
}

#[derive(Debug, Subcommand)]
enum DoctorCommand {
    /// Check the way of letters and of answers to them: mail server, DNS, reply door, and a message to itself
    Mail {
        /// Selector of the DKIM key that letters are signed with, to see that the key is published
        #[arg(long, value_name = "NAME")]
        dkim: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Tell every problem of a configuration file, or that there is none
    Check {
        /// The configuration file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Print the configuration in force, defaults included, secrets left out
    Show {
        /// The configuration file
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Print what every key means, as Markdown
    Reference,
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve { config } => daemon::serve(config.as_deref()),
        Command::Config { what } => look_at(what),
        Command::Doctor { config, what } => match what {
            None => daemon::doctor(config.as_deref()),
            Some(DoctorCommand::Mail { dkim }) => {
                daemon::doctor_mail(config.as_deref(), dkim.as_deref())
            }
        },
        Command::Letter { what } => daemon::words::look(&what),
        Command::MailIn {
            config,
            sender,
            recipient,
        } => daemon::mail_in(config.as_deref(), &sender, &recipient),
        Command::Demo(options) => demo::run(&options),
        Command::Completions(asked) => cli::completions(&asked, &mut Arguments::command()),
        Command::Client(command) => match command.store_to_verify() {
            Some(config) => daemon::verify(config),
            None => cli::run(&command),
        },
    }
}

fn look_at(what: ConfigCommand) -> ExitCode {
    match what {
        ConfigCommand::Reference => {
            print!("{}", config::reference());
            ExitCode::SUCCESS
        }
        ConfigCommand::Check { config } => match daemon::words::checked(&config) {
            Ok(()) => {
                println!("{}: no problem", config.display());
                ExitCode::SUCCESS
            }
            Err(problems) => {
                eprintln!("{problems}");
                ExitCode::FAILURE
            }
        },
        ConfigCommand::Show { config } => match daemon::configuration(config.as_deref()) {
            Ok(config) => {
                print!("{}", config::show(&config));
                ExitCode::SUCCESS
            }
            Err(problems) => {
                eprintln!("{problems}");
                ExitCode::FAILURE
            }
        },
    }
}
