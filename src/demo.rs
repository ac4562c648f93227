//! `handover demo`: the story of a transfer, played with the real daemon and the real command line on a throw-away store.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::SignalKind;

use crate::config::Config;
use crate::daemon::{CannotStart, Daemon};
use crate::mail::{Mailbox, Rendered};
use crate::runfolder::sample;
use crate::telemetry;
use crate::wire;

/// A letter arrives within this time, or the story ends.
const PATIENCE: Duration = Duration::from_secs(20);
const FAY: &str = "fay@core.example";
const RITA: &str = "rita@lab.example";
const WORKGROUP: &str = "TechSupport";
const OWN_WORKGROUP: &str = "RiverLab";

/// How the demo runs.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Listen on this port of 127.0.0.1 instead of 8080 (or a free one if that is taken)
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// End after the story instead of staying up
    #[arg(long)]
    once: bool,
}

/// Why the story cannot go on.
#[derive(Debug, thiserror::Error)]
enum Stuck {
    #[error("{0}")]
    Start(#[from] CannotStart),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Http(Box<ureq::Error>),
    #[error("\"handover {0}\" failed")]
    Step(String),
    #[error("no letter \"{0}\" came within 20 s")]
    Letter(String),
    #[error("{0}")]
    Other(String),
}

impl From<ureq::Error> for Stuck {
    fn from(error: ureq::Error) -> Self {
        Self::Http(Box::new(error))
    }
}

/// Plays the story, then stays up until it is interrupted.
pub fn run(options: &Options) -> ExitCode {
    let log = telemetry::start_log(
        tracing::level_filters::LevelFilter::WARN,
        telemetry::Form::Human,
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let played = match (log, runtime) {
        (Ok(_log), Ok(runtime)) => runtime.block_on(play(options)),
        (Err(fault), _) => Err(Stuck::Other(fault.to_string())),
        (_, Err(error)) => Err(error.into()),
    };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(stuck) => {
            eprintln!("handover demo: {stuck}");
            ExitCode::FAILURE
        }
    }
}

fn free_port(wanted: u16) -> io::Result<u16> {
    let at = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let listener = at(wanted).or_else(|_| at(0))?;
    Ok(listener.local_addr()?.port())
}

/// A folder that goes with the demo.
struct Folder(PathBuf);

impl Folder {
    fn make() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("handover-demo-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left lies in the system's folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn configuration(folder: &Path, port: u16, inside: u16) -> Result<Config, Stuck> {
    let path = |name: &str| folder.join(name).display().to_string();
    let text = format!(
        r#"
[site]
name = "Handover demo"
contact = "help@core.example"
public_url = "http://127.0.0.1:{port}"
[server]
listen = "127.0.0.1:{port}"
metrics_listen = "127.0.0.1:{inside}"
[store]
path = {store:?}
[secrets]
key_file = {key:?}
[[workgroup]]
handle = "{WORKGROUP}"
name = "Tech Support"
owner = "lee@lab.example"
members = ["{RITA}"]
[workgroups]
create = "anyone"
"#,
        store = path("demo.redb"),
        key = path("demo.key"),
    );
    Config::parse(&text, "the demo's configuration").map_err(|p| Stuck::Other(p.to_string()))
}

async fn play(options: &Options) -> Result<(), Stuck> {
    let folder = Folder::make()?;
    let port = match options.port {
        Some(port) => port,
        None => free_port(8080)?,
    };
    let config = configuration(&folder.0, port, free_port(9090)?)?;
    let metrics = telemetry::start_metrics().map_err(|fault| Stuck::Other(fault.to_string()))?;
    let daemon = Daemon::start(&config, metrics).await?;
    let Some(mailbox) = daemon.mailbox.clone() else {
        return Err(Stuck::Other("the demo has no mailbox".into()));
    };
    let story = Story {
        url: format!("http://127.0.0.1:{port}"),
        folder: folder.0.clone(),
        mailbox,
    };
    // The story waits for processes and answers; the daemon must not wait with it.
    let told = tokio::task::spawn_blocking(move || story.tell())
        .await
        .map_err(|error| Stuck::Other(error.to_string()))?;
    if told.is_ok() && !options.once {
        println!("\nThe demo stays up. Press Ctrl-C to end it; everything it made is then gone.");
        let mut terminate = tokio::signal::unix::signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted?,
            _ = terminate.recv() => {}
        }
    }
    daemon
        .stop()
        .await
        .map_err(|fault| Stuck::Other(fault.to_string()))?;
    told
}

struct Story {
    url: String,
    folder: PathBuf,
    mailbox: Arc<Mailbox>,
}

struct Person {
    name: &'static str,
    token: String,
}

impl Story {
    fn tell(&self) -> Result<(), Stuck> {
        println!("Handover demo: a core facility hands a sequencing run to a customer.");
        println!(
            "Everything below is the real daemon and the real command line, on a store that is thrown away."
        );
        let fay = self.sign_in("Fay", FAY)?;
        let rita = self.sign_in("Rita", RITA)?;

        chapter(
            "1. The instrument has written a run folder; Fay of the core facility registers it",
        );
        let first = sample::write(&self.folder, &sample::Sample::default())?;
        let place = first.display().to_string();
        self.step(&fay, &["run", "register", &place])?;
        let items = self.items(&fay)?;

        chapter("2. What would happen if she transferred the run and its projects to Rita?");
        let mut preview = vec!["transfer", "preview"];
        preview.extend(items.iter().map(String::as_str));
        preview.extend(["--to", RITA]);
        self.step(&fay, &preview)?;

        chapter("3. She offers them to Rita, by email");
        let mut request = vec!["transfer", "request"];
        request.extend(items.iter().map(String::as_str));
        request.extend([
            "--to",
            RITA,
            "--message",
            "Your run is done. Thank you for working with us!",
            "--accept-terms",
        ]);
        self.step(&fay, &request)?;
        let transfer = self.open_offer(&rita)?;

        chapter("4. The letter that Rita gets, as text");
        quoted(&*self.letter(RITA, "offer")?);

        chapter("5. Who owns what before: everything is Fay's, nothing is in TechSupport");
        self.step(&fay, &["project", "list"])?;
        self.step(&rita, &["project", "list", "--context", WORKGROUP])?;

        chapter("6. Rita accepts into her workgroup TechSupport");
        self.step(
            &rita,
            &["transfer", "accept", &transfer, "--into", WORKGROUP],
        )?;

        chapter("7. The receipt");
        quoted(&*self.letter(RITA, "accepted")?);

        chapter("8. Who owns what after");
        self.step(&fay, &["project", "list"])?;
        self.step(&rita, &["run", "list", "--context", WORKGROUP])?;
        self.step(&rita, &["project", "list", "--context", WORKGROUP])?;
        self.step(&fay, &["transfer", "list", "--sent"])?;

        chapter("9. Your turn: a second run is offered to Rita, and waits");
        let samples = |of: &str| (1..=3).map(|n| format!("{of}-{n:02}")).collect();
        let second = sample::Sample {
            run_number: 42,
            projects: vec![
                ("River water 2026".into(), samples("RIVER")),
                ("Oak roots 2026".into(), samples("OAK")),
            ],
            ..sample::Sample::default()
        };
        let second = sample::write(&self.folder, &second)?;
        self.step(&fay, &["run", "register", &second.display().to_string()])?;
        let run = self.newest_run(&fay)?;
        self.step(
            &fay,
            &[
                "transfer",
                "request",
                &run,
                "--with-projects",
                "--to",
                RITA,
                "--accept-terms",
            ],
        )?;

        chapter("10. And a third run stays Fay's, so that you can pass it on as the facility");
        let third = sample::Sample {
            run_number: 43,
            projects: vec![("Meadow soil 2026".into(), samples("SOIL"))],
            ..sample::Sample::default()
        };
        let third = sample::write(&self.folder, &third)?;
        self.step(&fay, &["run", "register", &third.display().to_string()])?;
        let mut reads = Vec::new();
        for read in ["SOIL-01_R1.fastq", "SOIL-01_R2.fastq"] {
            let file = self.folder.join(read);
            std::fs::write(&file, "@demo\nACGTACGT\n+\nFFFFFFFF\n")?;
            reads.push(file.display().to_string());
        }
        let mut dataset = vec!["project", "add-files", "Meadow soil 2026"];
        dataset.extend(reads.iter().map(String::as_str));
        dataset.extend(["--dataset", "SOIL-01 reads", "--type", "FASTQ"]);
        dataset.extend(["--biosample", "SOIL-01"]);
        self.step(&fay, &dataset)?;

        chapter(
            "11. Rita makes a workgroup of her own: the configuration file names TechSupport and rules it, and not this one",
        );
        self.step(
            &rita,
            &["workgroup", "create", OWN_WORKGROUP, "--name", "River Lab"],
        )?;
        println!();
        println!("Click along in a browser:");
        println!(
            "  {}/mailbox     the built-in mailbox: open the offer to {RITA}, follow its link",
            self.url
        );
        println!(
            "  {}/            sign in as {RITA}, to whom it was offered; the code to type is in the mailbox",
            self.url
        );
        println!(
            "  {}/projects    sign in as {FAY}: \"Meadow soil 2026\" is hers, to transfer or share with whom you like",
            self.url
        );
        println!(
            "  {}/workgroups  sign in as {RITA}: \"River Lab\" is hers, to invite people into, hand over or close",
            self.url
        );
        println!("  {}/api/docs    what programs can do", self.url);
        println!("Or go on from a shell:");
        println!(
            "  export HANDOVER_URL={} HANDOVER_TOKEN={}   # you are Rita",
            self.url, rita.token
        );
        println!("  handover transfer list --received");
        Ok(())
    }

    fn sign_in(&self, name: &'static str, address: &str) -> Result<Person, Stuck> {
        let begun: wire::SignInBegun = ureq::post(format!("{}/api/v1/sign-in", self.url))
            .send_json(wire::BeginSignIn {
                address: address.to_owned(),
            })?
            .body_mut()
            .read_json()?;
        // The code stands on a line of its own in the letter.
        let letter = self.letter(address, "code")?;
        let is_code = |line: &&str| {
            let line = line.trim();
            let digits = line.chars().filter(char::is_ascii_alphanumeric).count();
            digits == crate::domain::secret::CODE_LENGTH
                && line
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-')
        };
        let code = letter
            .text
            .lines()
            .find(is_code)
            .unwrap_or_default()
            .trim()
            .to_owned();
        let signed_in: wire::SignedIn =
            ureq::post(format!("{}/api/v1/sign-in/{}", self.url, begun.sign_in))
                .send_json(wire::FinishSignIn {
                    code,
                    token_name: Some("demo".into()),
                })?
                .body_mut()
                .read_json()?;
        Ok(Person {
            name,
            token: signed_in.secret,
        })
    }

    fn command(&self, who: &Person, arguments: &[&str]) -> Result<Command, Stuck> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(arguments)
            .env("HANDOVER_URL", &self.url)
            .env("HANDOVER_TOKEN", &who.token)
            .env("COLUMNS", "110");
        Ok(command)
    }

    /// Runs the command line as this person and shows what it prints.
    fn step(&self, who: &Person, arguments: &[&str]) -> Result<(), Stuck> {
        let shown: Vec<String> = arguments.iter().map(|word| quoted_word(word)).collect();
        println!("\n{}$ handover {}", who.name, shown.join(" "));
        io::stdout().flush()?;
        let status = self.command(who, arguments)?.status()?;
        if status.success() {
            Ok(())
        } else {
            Err(Stuck::Step(arguments.join(" ")))
        }
    }

    fn told(&self, who: &Person, arguments: &[&str]) -> Result<Vec<String>, Stuck> {
        let out = self.command(who, arguments)?.output()?;
        if !out.status.success() {
            io::stderr().write_all(&out.stderr)?;
            return Err(Stuck::Step(arguments.join(" ")));
        }
        Ok(String::from_utf8_lossy(&out.stdout)
            .lines()
            .map(str::to_owned)
            .collect())
    }

    fn items(&self, who: &Person) -> Result<Vec<String>, Stuck> {
        let mut items = self.told(who, &["run", "list", "--terse"])?;
        items.extend(self.told(who, &["project", "list", "--terse"])?);
        Ok(items)
    }

    fn newest_run(&self, who: &Person) -> Result<String, Stuck> {
        let runs = self.told(who, &["run", "list", "--terse"])?;
        runs.into_iter()
            .next()
            .ok_or_else(|| Stuck::Other("no run is registered".into()))
    }

    fn open_offer(&self, who: &Person) -> Result<String, Stuck> {
        let offers = self.told(who, &["transfer", "list", "--received", "--terse"])?;
        offers
            .into_iter()
            .next()
            .ok_or_else(|| Stuck::Other("no offer waits".into()))
    }

    /// The newest letter of this kind to this address; waits for it.
    fn letter(&self, to: &str, kind: &str) -> Result<Arc<Rendered>, Stuck> {
        let is_it = |letter: &&Arc<Rendered>| {
            let subject = letter.subject.to_lowercase();
            let fits = match kind {
                "code" => subject.contains("code"),
                "accepted" => subject.contains("yours") || subject.contains("accepted"),
                _ => subject.contains("offer") || subject.contains("transfer"),
            };
            letter.to.as_str() == to && fits
        };
        let step = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            if let Some(letter) = self.mailbox.list().iter().find(is_it) {
                return Ok(Arc::clone(letter));
            }
            std::thread::sleep(step);
            waited += step;
        }
        Err(Stuck::Letter(kind.to_owned()))
    }
}

fn chapter(title: &str) {
    println!("\n── {title}");
}

fn quoted_word(word: &str) -> String {
    if word.contains(' ') {
        format!("\"{word}\"")
    } else {
        word.to_owned()
    }
}

fn quoted(letter: &Rendered) {
    println!("\n    To: {}\n    Subject: {}\n", letter.to, letter.subject);
    for line in letter.text.lines() {
        println!("    {line}");
    }
}
