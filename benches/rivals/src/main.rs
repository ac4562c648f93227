//! The same hand-over on Handover, on Restate and on plain PostgreSQL, measured side by side in one run.
//!
//! *Offer, wait, accept, durable*: an item of one person is offered to another (offer recorded, item marked, letter
//! queued, expiry armed); a separate request accepts it into a context (owner, both usage counters with the limit
//! checked, audit event, two letters, expiry disarmed). Each answer means that all of it survives a crash.
//!
//! `run.sh` starts the servers and calls this; `README.md` says what is compared and how.

mod cpu;
mod handover;
mod http;
mod load;
mod postgres;
mod restate;
mod rival;
mod table;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::cpu::Watched;
use crate::handover::{Handover, Letters};
use crate::http::Failure;
use crate::load::{Cell, Plan};
use crate::postgres::Postgres;
use crate::restate::{Design, Restate};
use crate::rival::{Pair, Person, Rival};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
#[command(about, version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the handlers that Restate's server calls.
    ServeRestate {
        #[arg(long)]
        listen: SocketAddr,
    },
    /// Serve the HTTP interface in front of PostgreSQL; creates the tables in an empty database.
    ServePostgres {
        #[arg(long)]
        listen: SocketAddr,
        /// Such as "host=/run/pg port=5432 user=postgres dbname=postgres".
        #[arg(long)]
        database: String,
        /// Connections in the pool.
        #[arg(long, default_value_t = 16)]
        pool: usize,
    },
    /// Listen as a mail server that never says a word, so that letters wait.
    ServeSilence {
        #[arg(long)]
        listen: SocketAddr,
    },
    /// Measure the systems whose addresses are given and print the table.
    Measure(Measure),
}

#[derive(Args)]
struct Measure {
    /// Base address of a Handover whose letters stay in the outbox, as the others' do.
    #[arg(long, requires = "handover_people")]
    handover: Option<String>,
    /// Base address of a Handover whose courier runs while it is measured; the same people.
    #[arg(long, requires = "handover_people")]
    handover_courier: Option<String>,
    /// JSON: a list of {"sender": {"email", "token"}, "recipient": {"email", "token"}}, as many as connections.
    #[arg(long)]
    handover_people: Option<PathBuf>,
    /// Restate's ingress address; the handlers are already registered.
    #[arg(long)]
    restate: Option<String>,
    /// The address of the service in front of PostgreSQL.
    #[arg(long)]
    postgres: Option<String>,
    /// Numbers of connections, each a row per system.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    connections: Vec<usize>,
    /// Seconds measured per row.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Seconds of load before that.
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// Seconds of rest before each row, so that the one before does not reach into it.
    #[arg(long, default_value_t = 2)]
    rest: u64,
    /// How many people offer; as many as connections unless given. 1 is a core facility: one sender, many recipients.
    #[arg(long)]
    senders: Option<usize>,
    /// Measure only these of the systems given: handover, restate, postgres.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Processes to account for, with all they start: rival.part=PID (rivals: handover, restate, postgres).
    #[arg(long)]
    watch: Vec<Watched>,
}

impl Measure {
    /// The pairs of one row; `name` keeps the rows' people apart, so that each row starts alike.
    fn invented(&self, name: &str, connections: usize) -> Vec<Arc<Pair>> {
        let senders = self.senders.unwrap_or(connections).clamp(1, connections);
        let person = |role: &str, number: usize| Person {
            email: format!("{role}-{number}-{name}@rivals.example"),
            token: String::new(),
        };
        let pair = |number: usize| Pair {
            sender: person("a", number % senders),
            recipient: person("b", number),
        };
        (0..connections)
            .map(|number| Arc::new(pair(number)))
            .collect()
    }

    fn given(&self, pairs: &[Pair]) -> Vec<Arc<Pair>> {
        let senders = self
            .senders
            .unwrap_or(pairs.len())
            .clamp(1, pairs.len().max(1));
        let pair = |(number, pair): (usize, &Pair)| {
            let sender = pairs.get(number % senders).unwrap_or(pair).sender.clone();
            Arc::new(Pair {
                sender,
                recipient: pair.recipient.clone(),
            })
        };
        pairs.iter().enumerate().map(pair).collect()
    }

    fn wanted<'a>(&self, key: &str, address: Option<&'a String>) -> Option<&'a String> {
        address.filter(|_| self.only.is_empty() || self.only.iter().any(|one| one == key))
    }

    async fn cell<R: Rival>(
        &self,
        rival: R,
        pairs: &[Arc<Pair>],
        connections: usize,
    ) -> Result<Cell, Failure> {
        tokio::time::sleep(Duration::from_secs(self.rest)).await;
        let plan = Plan {
            connections,
            warm_up: Duration::from_secs(self.warm_up),
            measured: Duration::from_secs(self.seconds),
        };
        let cell = load::measure(&Arc::new(rival), pairs, plan, &self.watch).await?;
        eprintln!(
            "{}, {} connections: {:.0} transfers/s",
            cell.rival,
            connections,
            cell.per_second()
        );
        Ok(cell)
    }

    async fn run(&self) -> Result<Vec<Cell>, AnyError> {
        let people: Vec<Pair> = match &self.handover_people {
            Some(path) => serde_json::from_slice(&tokio::fs::read(path).await?)?,
            None => Vec::new(),
        };
        let mut cells = Vec::new();
        for &connections in &self.connections {
            for (base, letters) in [
                (&self.handover, Letters::Waiting),
                (&self.handover_courier, Letters::Carried),
            ] {
                if let Some(base) = self.wanted("handover", base.as_ref()) {
                    let base = base.clone();
                    let rival = Handover { base, letters };
                    cells.push(self.cell(rival, &self.given(&people), connections).await?);
                }
            }
            if let Some(ingress) = self.wanted("restate", self.restate.as_ref()) {
                for (design, name) in [(Design::Workflow, "w"), (Design::Objects, "o")] {
                    let pairs = self.invented(&format!("{name}{connections}"), connections);
                    let rival = Restate {
                        ingress: ingress.clone(),
                        design,
                    };
                    cells.push(self.cell(rival, &pairs, connections).await?);
                }
            }
            if let Some(service) = self.wanted("postgres", self.postgres.as_ref()) {
                let pairs = self.invented(&format!("p{connections}"), connections);
                let rival = Postgres {
                    service: service.clone(),
                };
                cells.push(self.cell(rival, &pairs, connections).await?);
            }
        }
        Ok(cells)
    }
}

async fn dispatch(cli: Cli) -> Result<(), AnyError> {
    match cli.command {
        Command::ServeRestate { listen } => restate::serve(listen).await?,
        Command::ServePostgres {
            listen,
            database,
            pool,
        } => postgres::serve(listen, &database, pool).await?,
        Command::ServeSilence { listen } => {
            let listener = tokio::net::TcpListener::bind(listen).await?;
            let mut held = Vec::new();
            loop {
                held.push(listener.accept().await?);
            }
        }
        Command::Measure(measure) => println!("{}", table::markdown(&measure.run().await?)),
    }
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    match dispatch(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rivals: {error}");
            ExitCode::FAILURE
        }
    }
}
