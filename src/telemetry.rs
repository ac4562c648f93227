//! Logs and metrics: what the daemon says of itself, to people and to programs, without naming anybody.

use std::fmt;
use std::io;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

/// For whom the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A person at a terminal.
    Human,
    /// A program: one JSON object per line.
    Json,
}

/// Logs or metrics could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Something in this process set them up before.
    #[error("{0} are set up already in this process; set them up once, at the start")]
    Twice(&'static str),
}

/// The running log.
#[derive(Debug, Clone)]
pub struct Log {
    filter: reload::Handle<Targets, Registry>,
}

impl Log {
    /// Changes how much is logged from now on.
    pub fn set_level(&self, level: LevelFilter) {
        // The only failure is that the subscriber is gone, and then there is no log to change.
        let _ = self.filter.reload(filter(level));
    }
}

/// Starts the log of this process, on standard error: standard output belongs to what was asked for.
///
/// # Errors
/// There is a log already.
pub fn start_log(level: LevelFilter, form: Form) -> Result<Log, Fault> {
    let (subscriber, log) = log(level, form, io::stderr);
    subscriber.try_init().map_err(|_| Fault::Twice("logs"))?;
    Ok(log)
}

/// The log as [`start_log`] starts it, with another writer; not yet started.
pub fn log<W>(level: LevelFilter, form: Form, writer: W) -> (impl Subscriber + Send + Sync, Log)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (filter, handle) = reload::Layer::new(filter(level));
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match form {
        // Colours only confuse where the log ends up in a file, and that is where a daemon's log ends up.
        Form::Human => layer.with_ansi(false).with_filter(filter).boxed(),
        Form::Json => layer
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .with_filter(filter)
            .boxed(),
    };
    (
        tracing_subscriber::registry().with(layer),
        Log { filter: handle },
    )
}

/// The daemon's own parts at `level`; libraries at warnings and errors only, because they know nothing of the rule
/// that no address and no token stands in the log.
fn filter(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("handover", level)
}

/// The metrics of this process.
#[derive(Debug, Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// All metrics in the text format of Prometheus.
    pub fn render(&self) -> String {
        // Folds what was observed since; without it the recorder would keep every single observation.
        self.handle.run_upkeep();
        self.handle.render()
    }

    /// Folds what was observed, to be called every few seconds: where nobody asks for the metrics, observations of
    /// durations would otherwise pile up.
    pub fn fold(&self) {
        self.handle.run_upkeep();
    }
}

/// Starts collecting metrics in this process. Nothing listens: the daemon shows [`Metrics::render`] where it wants.
///
/// # Errors
/// Something collects them already.
pub fn start_metrics() -> Result<Metrics, Fault> {
    let recorder = recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| Fault::Twice("metrics"))?;
    Ok(Metrics { handle })
}

/// Seconds; from a read out of the cache to a request that ran into its time limit.
const BUCKETS: [f64; 14] = [
    0.000_1, 0.000_25, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0,
];

fn recorder() -> PrometheusRecorder {
    // Buckets, not quantiles: only buckets of several nodes can be added up. The list is not empty, which is all that
    // the builder could complain about; it would fall back to its own.
    let builder = PrometheusBuilder::new()
        .set_buckets(&BUCKETS)
        .unwrap_or_else(|_| PrometheusBuilder::new());
    builder.build_recorder()
}

/// An email address as it may stand in a log line or on a page for somebody else: `a•••@uni.example`.
#[derive(Clone, Copy)]
pub struct Redacted<'a>(pub &'a str);

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is no address may be anything, a token for instance: nothing of it is shown.
        let Some((local, domain)) = self.0.rsplit_once('@') else {
            return out.write_str("•••");
        };
        let mut letters = local.chars();
        // The first letter helps to tell people apart; of a name of one letter it would be all.
        if let (Some(first), Some(_)) = (letters.next(), letters.next())
            && first.is_alphanumeric()
        {
            write!(out, "{first}")?;
        }
        write!(out, "•••@")?;
        domain
            .chars()
            .take(253)
            .try_for_each(|letter| write!(out, "{}", letter.escape_debug()))
    }
}

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Page {
        fn lines(&self) -> Vec<String> {
            String::from_utf8(self.0.lock().unwrap().clone())
                .unwrap()
                .lines()
                .map(str::to_owned)
                .collect()
        }
    }

    fn written(level: LevelFilter, form: Form, say: impl FnOnce(&Log)) -> Vec<String> {
        let page = Page::default();
        let writer = page.clone();
        let (subscriber, log) = log(level, form, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || say(&log));
        page.lines()
    }

    #[test]
    fn the_level_counts_for_the_daemon_and_libraries_only_warn() {
        let lines = written(LevelFilter::INFO, Form::Human, |log| {
            tracing::info!(target: "handover::store", "seen 1");
            tracing::debug!(target: "handover::store", "unseen");
            tracing::info!(target: "lettre", "unseen");
            tracing::warn!(target: "lettre", "seen 2");
            log.set_level(LevelFilter::DEBUG);
            tracing::debug!(target: "handover::store", "seen 3");
            tracing::info!(target: "lettre", "unseen");
            log.set_level(LevelFilter::ERROR);
            tracing::warn!(target: "handover::store", "unseen");
            tracing::warn!(target: "lettre", "unseen");
        });
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(
            lines.iter().all(|line| !line.contains("unseen")),
            "{lines:?}"
        );
    }

    #[test]
    fn a_line_for_programs_is_one_json_object() {
        let lines = written(LevelFilter::INFO, Form::Json, |_| {
            let to = Redacted("anna@uni.example");
            tracing::info!(target: "handover::mail", %to, "letter\nsent");
        });
        let [line] = lines.as_slice() else {
            panic!("{lines:?}")
        };
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(object["message"], "letter\nsent");
        assert_eq!(object["to"], "a•••@uni.example");
        assert_eq!(object["level"], "INFO");
    }

    #[test]
    fn a_stranger_cannot_forge_a_log_line() {
        let lines = written(LevelFilter::INFO, Form::Human, |_| {
            let forged = "x\n2026-01-01T00:00:00Z ERROR handover: all is lost \u{1b}[31m";
            tracing::info!(target: "handover::web", message = ?forged, name = forged, to = %Redacted("a@b\nc"));
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(!lines.concat().contains('\u{1b}'));
    }

    #[test]
    fn an_address_keeps_its_first_letter_and_its_domain() {
        for (address, shown) in [
            ("anna.lee@uni.example", "a•••@uni.example"),
            ("ab@uni.example", "a•••@uni.example"),
            ("a@uni.example", "•••@uni.example"),
            ("@uni.example", "•••@uni.example"),
            ("\u{1b}[2J@uni.example", "•••@uni.example"),
            ("a\"@\"b@uni.example", "a•••@uni.example"),
            ("no-address-but-a-token", "•••"),
            ("", "•••"),
        ] {
            assert_eq!(Redacted(address).to_string(), shown, "{address}");
            assert_eq!(format!("{:?}", Redacted(address)), shown, "{address}");
        }
    }

    #[test]
    fn metrics_are_rendered_as_text_with_buckets() {
        let recorder = recorder();
        let metrics = Metrics {
            handle: recorder.handle(),
        };
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("handover_letters_total", "kind" => "offer").increment(2);
            metrics::histogram!("handover_request_seconds").record(0.003);
        });
        metrics.fold();
        let text = metrics.render();
        assert!(
            text.contains("handover_letters_total{kind=\"offer\"} 2"),
            "{text}"
        );
        assert!(
            text.contains("handover_request_seconds_bucket{le=\"0.005\"} 1"),
            "{text}"
        );
    }
}
