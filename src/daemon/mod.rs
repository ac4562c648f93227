//! The daemon: start, reload, soft and hard stop.

mod at_door;
mod doctor;
mod letters;
mod mail_in;
mod meaning;
mod replies;
mod signals;
mod verify;
pub mod words;

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::actors::changes::Telling;
use crate::actors::directory::Directory;
use crate::actors::moves;
use crate::actors::site;
use crate::actors::sweep;
use crate::actors::world::{Settings, Trouble};
use crate::clock::{Clock, System};
use crate::config::{self, Config, Problems};
use crate::courier::{self, Courier};
use crate::domain::event::{By, Channel};
use crate::domain::secret::SiteKey;
use crate::domain::time::Time;
use crate::ids::Ids;
use crate::mail::smtp::{Login, Security, Smtp};
use crate::mail::{Mailbox, Site, Transport};
use crate::store::embedded::{Embedded, Options};
use crate::store::{Fault, Queue, Store};
use crate::telemetry::{self, Metrics};
use crate::web;

pub use doctor::{doctor, doctor_mail};
pub use mail_in::mail_in;
use signals::{Signals, Wish};
pub use verify::{Found, verify, verify_store};

/// Letters in the courier's hands for each connection to the mail server: what was sent is written down while the next one leaves.
const LETTERS_PER_CONNECTION: usize = 16;
/// The built-in mailbox keeps this many of the newest letters.
const MAILBOX_LETTERS: usize = 500;
/// How often idle actors are put to rest and old command results are forgotten.
const CHORES: Duration = Duration::from_secs(10);
/// So many old command results are forgotten at once.
const FORGOTTEN_AT_ONCE: usize = 1_000;
/// So much of what is kept no longer is deleted at once: more than a busy site signs in within [`CHORES`].
const SWEPT_AT_ONCE: usize = 500;

/// Why the daemon cannot start, in one sentence with the next step.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    /// The configuration is wrong.
    #[error("{0}")]
    Configuration(#[from] Problems),
    /// One of its parts cannot start.
    #[error("{0}")]
    Part(String),
}

impl CannotStart {
    fn part(what: impl ToString) -> Self {
        Self::Part(what.to_string())
    }
}

/// A running daemon.
pub struct Daemon {
    /// Finds the actors.
    pub directory: Directory,
    /// Where pages and API are.
    pub address: SocketAddr,
    /// The port that replies come in at, when it is one.
    pub replies_port: Option<u16>,
    /// The built-in mailbox, when letters go there.
    pub mailbox: Option<Arc<Mailbox>>,
    app: web::App,
    store: Arc<Embedded>,
    stop: CancellationToken,
    failed: CancellationToken,
    stop_within: Duration,
    tasks: Vec<JoinHandle<()>>,
}

impl Daemon {
    /// Opens the store, wakes nobody, listens.
    ///
    /// # Errors
    /// The first thing that cannot be had, with the next step.
    pub async fn start(config: &Config, metrics: Metrics) -> Result<Self, CannotStart> {
        let clock: Arc<dyn Clock> = Arc::new(System::new());
        let ids = Arc::new(Ids::from_system());
        if config.store.path.exists() && !config.secrets.key_file.exists() {
            return Err(CannotStart::Part(lost_key(config)));
        }
        let key = config::secrets::load_or_create(&config.secrets.key_file, || ids.secret())
            .map_err(|problem| CannotStart::Configuration(problem.into()))?;
        let key = SiteKey::new(key);
        let policy = meaning::policy(config).map_err(CannotStart::part)?;
        let wanted = meaning::workgroups(config).map_err(CannotStart::part)?;
        let providers = meaning::providers(config).map_err(CannotStart::part)?;
        let listener = listen(config.server.listen, "server.listen").await?;
        let inside = listen(config.server.metrics_listen, "server.metrics_listen").await?;
        let address = listener.local_addr().map_err(CannotStart::part)?;

        let options = Options {
            cache_bytes: usize::try_from(config.store.cache.as_bytes()).unwrap_or(usize::MAX),
            max_waiting: usize::try_from(config.store.max_waiting_commits).unwrap_or(1_024),
        };
        let store = Embedded::open(&config.store.path, &options).map_err(CannotStart::part)?;
        let store = Arc::new(store);
        let shared: Arc<dyn Store> = Arc::clone(&store) as Arc<dyn Store>;
        let settings = Settings::new(
            Arc::clone(&shared),
            Arc::new(policy),
            key.clone(),
            Arc::clone(&ids),
        );
        let directory = Directory::start(settings, Arc::clone(&clock))
            .await
            .map_err(CannotStart::part)?;
        apply(&directory, &wanted)
            .await
            .map_err(CannotStart::part)?;

        let stop = CancellationToken::new();
        let (transport, mailbox) = transport(config)?;
        let now = {
            let clock = Arc::clone(&clock);
            Arc::new(move || Time::from_ms(clock.now()))
        };
        let lease_ms = courier::Settings::default().lease_ms;
        let queues = [
            Queue::Outbox,
            Queue::Timers,
            Queue::Purges,
            Queue::Sweeps,
            Queue::Incoming,
        ];
        for queue in queues {
            let taken = store
                .take_over(queue, Time::from_ms(clock.now()), lease_ms)
                .await
                .map_err(CannotStart::part)?;
            if taken > 0 {
                tracing::info!(
                    ?queue,
                    taken,
                    "taken up again after a stop that was not clean"
                );
            }
        }
        let letters_site = letters_site(config)?;
        let replies =
            replies::open(config, &directory, letters_site.replies.clone(), &clock).await?;
        let courier = Courier::new(
            courier::Parts {
                store: Arc::new(Telling::new(shared, directory.changes().clone())),
                transport,
                timers: Arc::new(directory.clone()),
                site: letters_site,
                key,
                letters: directory.letters(),
                ids: Arc::clone(&ids),
                inbox: replies.as_ref().map(replies::Replies::inbox),
                now,
            },
            courier::Settings {
                letters_at_once: LETTERS_PER_CONNECTION
                    * usize::try_from(config.mail.smtp.connections).unwrap_or(4),
                stop_within: config.server.stop_within.as_std(),
                retry_for_ms: config.mail.smtp.retry_for.as_ms(),
                seed: ids.below(u64::MAX),
                ..courier::Settings::default()
            },
        );
        let app = web::App::new(
            directory.clone(),
            Arc::clone(&clock),
            meaning::pages_site(config),
            meaning::bounds(config),
            meaning::rates(config),
        );
        app.sign_in_through(providers);
        if let Some(mailbox) = &mailbox {
            app.show_mailbox(Arc::new(letters::Shown(Arc::clone(mailbox))));
        }
        let failed = CancellationToken::new();
        let mut tasks = vec![
            tokio::spawn(courier.run(stop.clone())),
            tokio::spawn(unfinished(directory.clone(), stop.clone())),
            tokio::spawn(chores(
                directory.clone(),
                Arc::clone(&store),
                metrics.clone(),
                stop.clone(),
                failed.clone(),
            )),
            tokio::spawn(web::serve(
                web::Listeners {
                    site: listener,
                    operators: inside,
                },
                app.clone(),
                Some(metrics),
                stop.clone(),
            )),
        ];
        let replies_port = replies.as_ref().and_then(replies::Replies::port);
        if let Some(replies) = replies {
            tasks.push(tokio::spawn(replies.serve(stop.clone())));
        }
        Ok(Self {
            directory,
            address,
            replies_port,
            mailbox,
            app,
            store,
            stop,
            failed,
            stop_within: config.server.stop_within.as_std(),
            tasks,
        })
    }

    /// Finishes what is in flight, then closes the store.
    ///
    /// # Errors
    /// The store cannot be closed cleanly; what was acknowledged is safe all the same.
    pub async fn stop(self) -> Result<(), Fault> {
        self.stop.cancel();
        let all = futures_util::future::join_all(self.tasks);
        if tokio::time::timeout(self.stop_within, all).await.is_err() {
            tracing::warn!("some work did not end in time; what was acknowledged is safe");
        }
        self.directory.stop();
        let store = self.store;
        tokio::task::spawn_blocking(move || store.close())
            .await
            .unwrap_or_else(|_| Err(Fault::never("closing the store ended in a panic")))
    }
}

/// A store without its key: a new one, made in silence, would end every link and every code that was sent.
fn lost_key(config: &Config) -> String {
    let key = config.secrets.key_file.display();
    format!(
        "secrets.key_file: {key} is missing, but the store {} exists; put the key back from a backup, or make a new one with \
         `(umask 077; head -c 32 /dev/urandom > {key})`, which ends every link and code that was sent",
        config.store.path.display()
    )
}

async fn listen(address: SocketAddr, key: &str) -> Result<TcpListener, CannotStart> {
    TcpListener::bind(address).await.map_err(|error| {
        CannotStart::Part(format!(
            "{key}: {address} cannot be listened on: {error}; stop what listens there, or name another address"
        ))
    })
}

/// Goes on with moves that an earlier stop interrupted.
async fn unfinished(directory: Directory, stop: CancellationToken) {
    let by = By {
        person: None,
        channel: Channel::Administrator,
    };
    let call = directory.call(by, None);
    tokio::select! {
        () = stop.cancelled() => {}
        gone_on = moves::resume(&directory, &call) => if let Err(why) = gone_on {
            tracing::error!(?why, "moves that were not finished wait for another start, or another approval");
        },
    }
}

async fn apply(directory: &Directory, wanted: &[site::Wanted]) -> Result<(), String> {
    for workgroup in wanted {
        let at = directory.now();
        match site::apply(directory, workgroup, at).await {
            Ok(left) => {
                for site::Left(what) in left {
                    tracing::warn!("{what}");
                }
            }
            Err(Trouble::Refused(findings)) => {
                let why: Vec<String> = findings.blocks.iter().map(ToString::to_string).collect();
                return Err(format!(
                    "workgroup {}: {}",
                    workgroup.handle,
                    why.join("; ")
                ));
            }
            Err(Trouble::Fault(fault)) => return Err(fault.to_string()),
        }
    }
    let freed = site::let_go(directory, wanted, directory.now()).await;
    freed.map_err(|why| format!("workgroups that the file names no longer: {why:?}"))
}

fn letters_site(config: &Config) -> Result<Site, CannotStart> {
    let from = config.mail.from.as_str();
    let name = config.mail.from_name.as_ref().unwrap_or(&config.site.name);
    let (texts, colours) = words::of(&config.letters).map_err(CannotStart::Configuration)?;
    Ok(Site {
        name: config.site.name.to_string(),
        public_url: config
            .site
            .public_url
            .as_str()
            .trim_end_matches('/')
            .to_owned(),
        from: from.parse().map_err(CannotStart::part)?,
        from_name: name.to_string(),
        reply_domain: config.mail.reply_domain.as_str().to_owned(),
        replies: replies::scheme(config)?,
        instance: config.site.public_url.as_str().to_owned(),
        texts: Arc::new(texts),
        colours,
    })
}

type Transports = (Arc<dyn Transport>, Option<Arc<Mailbox>>);

fn transport(config: &Config) -> Result<Transports, CannotStart> {
    match config.mail.transport {
        config::Transport::Mailbox => {
            let mailbox = Arc::new(Mailbox::new(MAILBOX_LETTERS));
            Ok((Arc::clone(&mailbox) as Arc<dyn Transport>, Some(mailbox)))
        }
        config::Transport::Smtp => {
            let smtp = Smtp::new(smtp_settings(config)?)
                .map_err(|failure| CannotStart::Part(format!("mail.smtp: {}", failure.text)))?;
            Ok((Arc::new(smtp), None))
        }
    }
}

fn smtp_settings(config: &Config) -> Result<crate::mail::smtp::Settings, CannotStart> {
    let smtp = &config.mail.smtp;
    let login = match (&smtp.username, &smtp.password_file) {
        (Some(username), Some(file)) => {
            let password = config::secrets::password(file)
                .map_err(|problem| CannotStart::Configuration(problem.into()))?;
            Some(Login {
                username: username.clone(),
                password: password.expose().to_owned(),
            })
        }
        _ => None,
    };
    Ok(crate::mail::smtp::Settings {
        host: smtp.host.as_str().to_owned(),
        port: smtp.port,
        security: match smtp.security {
            config::Security::None => Security::Plain,
            config::Security::Starttls => Security::StartTls,
            config::Security::Tls => Security::Tls,
        },
        login,
        hello: config.mail.reply_domain.as_str().to_owned(),
        connections: usize::try_from(smtp.connections).unwrap_or(4),
        timeout: smtp.timeout.as_std(),
    })
}

/// What is done now and then: rest for idle actors, old command results forgotten, metrics folded.
async fn chores(
    directory: Directory,
    store: Arc<Embedded>,
    metrics: Metrics,
    stop: CancellationToken,
    failed: CancellationToken,
) {
    let mut beat = tokio::time::interval(CHORES);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = beat.tick() => {}
        }
        directory.tire();
        metrics.fold();
        let (contexts, transfers) = directory.awake();
        metrics::gauge!("handover_actors_awake", "kind" => "context").set(gauge(contexts));
        metrics::gauge!("handover_actors_awake", "kind" => "transfer").set(gauge(transfers));
        let stats = store.stats();
        metrics::counter!("handover_store_batches_total").absolute(stats.batches);
        metrics::counter!("handover_store_commits_total").absolute(stats.commits);
        metrics::gauge!("handover_store_waiting").set(gauge(stats.waiting));
        if let Err(fault) = store.health().await
            && !stop.is_cancelled()
        {
            // After a failed write the file must be opened anew; whoever watches the process starts it again.
            tracing::error!(%fault, "the store failed; stopping, to be started again");
            failed.cancel();
            return;
        }
        // What is not forgotten now is forgotten the next time; a failing store is told by those who need it.
        let _ = store
            .forget_commands(directory.now(), FORGOTTEN_AT_ONCE)
            .await;
        // The same is true of what is kept no longer.
        let _ = sweep::sweep(&*store, directory.now(), SWEPT_AT_ONCE).await;
    }
}

fn gauge(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// The configuration of a file, or the embedded defaults; relative paths in the defaults lie in the working folder.
///
/// # Errors
/// Everything that is wrong with it.
pub fn configuration(file: Option<&Path>) -> Result<Config, Problems> {
    file.map_or_else(|| Ok(Config::default()), Config::load)
}

/// `handover serve`: runs until it is told to stop.
pub fn serve(file: Option<&Path>) -> ExitCode {
    let config = match configuration(file) {
        Ok(config) => config,
        Err(problems) => return failed(&problems),
    };
    let log = match telemetry::start_log(level(&config), form(&config)) {
        Ok(log) => log,
        Err(fault) => return failed(&fault),
    };
    let metrics = match telemetry::start_metrics() {
        Ok(metrics) => metrics,
        Err(fault) => return failed(&fault),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(run(file, config, &log, metrics)),
        Err(error) => failed(&format!("the runtime cannot start: {error}")),
    }
}

fn failed(why: &dyn std::fmt::Display) -> ExitCode {
    // Whoever starts it reads this, whatever is logged where.
    eprintln!("handover: {why}");
    ExitCode::FAILURE
}

async fn run(
    file: Option<&Path>,
    started: Config,
    log: &telemetry::Log,
    metrics: Metrics,
) -> ExitCode {
    // What needs a restart is told against what it was started with, however often the file is read again.
    let mut config = started.clone();
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return failed(&format!("signals cannot be listened to: {error}")),
    };
    let daemon = match Daemon::start(&config, metrics).await {
        Ok(daemon) => daemon,
        Err(why) => return failed(&why),
    };
    tracing::info!(address = %daemon.address, url = config.site.public_url.as_str(), "ready");
    notify(&[sd_notify::NotifyState::Ready]);
    loop {
        let wish = tokio::select! {
            wish = signals.next() => wish,
            () = daemon.failed.cancelled() => break,
        };
        if wish == Wish::Stop {
            break;
        }
        let mut states = vec![sd_notify::NotifyState::Reloading];
        states.extend(sd_notify::NotifyState::monotonic_usec_now().ok());
        notify(&states);
        reload(file, &started, &mut config, &daemon, log).await;
        notify(&[sd_notify::NotifyState::Ready]);
    }
    let failed = daemon.failed.is_cancelled();
    tracing::info!("stopping: finishing what is in flight; a second signal stops at once");
    notify(&[sd_notify::NotifyState::Stopping]);
    tokio::select! {
        closed = daemon.stop() => match closed {
            Ok(()) if failed => ExitCode::FAILURE,
            Ok(()) => {
                tracing::info!("stopped");
                ExitCode::SUCCESS
            }
            Err(fault) => {
                tracing::error!(%fault, "the store was not closed cleanly");
                ExitCode::FAILURE
            }
        },
        () = async { while signals.next().await != Wish::Stop {} } => {
            tracing::warn!("stopped at once; what was acknowledged is safe");
            // The runtime would wait for blocking work; the store needs no goodbye.
            std::process::exit(130)
        }
    }
}

fn notify(states: &[sd_notify::NotifyState<'_>]) {
    // Nobody listens unless systemd started it.
    let _ = sd_notify::notify(states);
}

/// Takes over what can be taken over while running, and says what cannot.
async fn reload(
    file: Option<&Path>,
    started: &Config,
    config: &mut Config,
    daemon: &Daemon,
    log: &telemetry::Log,
) {
    let Some(file) = file else {
        tracing::warn!("nothing to reload: it was started without a configuration file");
        return;
    };
    let new = match Config::load(file) {
        Ok(new) => new,
        Err(problems) => {
            for problem in &problems {
                // The sentence may quote an address from the file, which has no place in a log.
                tracing::error!(key = %problem.key, line = problem.line, "the configuration has a problem; the old one stays in force");
            }
            return;
        }
    };
    let (applied, _) = Config::reload_differences(config, &new);
    let (_, restart) = Config::reload_differences(started, &new);
    let meant = meaning::policy(&new).and_then(|policy| {
        let providers = meaning::providers(&new)?;
        Ok((policy, meaning::workgroups(&new)?, providers))
    });
    let (policy, workgroups, providers) = match meant {
        Ok(meant) => meant,
        Err(why) => {
            tracing::error!(%why, "the old configuration stays in force");
            return;
        }
    };
    log.set_level(level(&new));
    daemon.directory.decide_by(policy);
    daemon.app.limit_by(meaning::rates(&new));
    daemon.app.sign_in_through(providers);
    if let Err(why) = apply(&daemon.directory, &workgroups).await {
        tracing::error!(%why, "some workgroups are not as configured");
    }
    tracing::info!(?applied, "configuration reloaded");
    if !restart.is_empty() {
        tracing::warn!(keys = ?restart, "these take effect only after a restart");
    }
    *config = new;
}

const fn level(config: &Config) -> tracing::level_filters::LevelFilter {
    use tracing::level_filters::LevelFilter;
    match config.logging.level {
        config::Level::Error => LevelFilter::ERROR,
        config::Level::Warn => LevelFilter::WARN,
        config::Level::Info => LevelFilter::INFO,
        config::Level::Debug => LevelFilter::DEBUG,
        config::Level::Trace => LevelFilter::TRACE,
    }
}

const fn form(config: &Config) -> telemetry::Form {
    match config.logging.format {
        config::Format::Human => telemetry::Form::Human,
        config::Format::Json => telemetry::Form::Json,
    }
}
