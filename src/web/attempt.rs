//! What the door must know of a request that is found out further in: who it is that wants to change something, and why they may not.
//!
//! Every refusal becomes a `Failure` on its way to whoever asked, whether a program or a browser; there it is noted, and the door, which
//! all answers pass, has it written down.

use std::cell::RefCell;
use std::future::Future;
use std::time::Duration;

use crate::actors::attempts::{self, Attempt};
use crate::domain::event::By;
use crate::domain::id::{AnalysisId, Context, InvitationId, ItemId, LinkId};
use crate::domain::refusal::{Code, Findings};

use super::App;

/// At most this many reasons of one attempt are written down; a bundle may have one for each of its items.
const MAX_REASONS: usize = 20;
/// At most this many characters of each thing that an attempt is about.
const MAX_ABOUT: usize = 80;

/// What was found out about a request.
#[derive(Debug, Default, Clone)]
pub struct Noted {
    by: Option<By>,
    codes: Vec<Code>,
    about: Vec<String>,
}

tokio::task_local! {
    static NOTED: RefCell<Noted>;
}

/// Answers a request and says what was found out about it on the way.
pub async fn watch<T>(answer: impl Future<Output = T>) -> (T, Noted) {
    let watched = async {
        let answer = answer.await;
        (answer, NOTED.with(|noted| noted.take()))
    };
    NOTED.scope(RefCell::default(), watched).await
}

/// Somebody who is signed in wants to change something.
pub fn by(by: By) {
    // Outside a request there is nobody to tell.
    let _ = NOTED.try_with(|noted| noted.borrow_mut().by = Some(by));
}

/// It was refused. What is said last counts.
pub fn refused(why: &Findings) {
    let _ = NOTED.try_with(|noted| {
        let mut noted = noted.borrow_mut();
        let reasons = why.blocks.iter().take(MAX_REASONS);
        noted.codes = reasons.clone().map(|reason| reason.code).collect();
        noted.codes.dedup();
        let about = reasons.filter_map(|reason| reason.about.as_ref());
        noted.about = about
            .map(|about| about.chars().take(MAX_ABOUT).collect())
            .collect();
        noted.about.dedup();
    });
}

/// A request, as it stands in the journal.
#[derive(Debug, Clone, Copy)]
pub struct Tried<'a> {
    /// The method.
    pub method: &'a str,
    /// The route it is at.
    pub route: &'a str,
    /// The path, as it may be shown.
    pub path: &'a str,
}

/// Has an attempt written down that was refused, if that is done `within`. What was not well formed is no attempt at anything.
pub async fn record(app: &App, noted: Noted, tried: Tried<'_>, within: Duration) {
    let Some(by) = noted.by else { return };
    if noted.codes.iter().all(|code| *code == Code::RequestInvalid) {
        return;
    }
    let mut about: Vec<String> = tried
        .path
        .split('/')
        .filter(|part| is_id(part))
        .map(str::to_owned)
        .collect();
    for one in noted.about {
        if !about.contains(&one) {
            about.push(one);
        }
    }
    let attempt = Attempt {
        command: format!("{} {}", tried.method, tried.route),
        codes: noted.codes,
        about,
    };
    let directory = app.directory();
    let recorded = attempts::record(directory, app.attempts(), by, directory.now(), &attempt);
    if !matches!(tokio::time::timeout(within, recorded).await, Ok(Ok(()))) {
        // It was refused all the same; that it could not be written down is for the operators.
        metrics::counter!("handover_attempts_lost_total").increment(1);
        let route = tried.route;
        tracing::warn!(route, "a refused attempt could not be written down");
    }
}

/// Whether a piece of a path names something; anything else in a path may be a secret.
fn is_id(part: &str) -> bool {
    part.parse::<ItemId>().is_ok()
        || part.parse::<InvitationId>().is_ok()
        || part.parse::<Context>().is_ok()
        || part.parse::<LinkId>().is_ok()
        || part.parse::<AnalysisId>().is_ok()
}
