//! `GET /live`: tells a page that is open that looking again is worth it, by server-sent events. An event holds nothing; the page asks
//! for itself again, and sees what its person may see then.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use crate::actors::changes::{self, Listening, Moment, Shown, Topic};
use crate::domain::id::{AccountId, Context};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::said;
use crate::store::Fault;
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::problem::{Edge, Failure};

use super::Stop;
use super::form::Fields;

/// So many pages of one person are told at once. Over HTTP/1.1 a browser has six connections to a site, and pages need some too.
const OF_ONE: usize = 4;
/// What happens together is told together: so long is waited before the first event, between further ones, and at most, when there is
/// no end to them.
const SOON: Duration = Duration::from_millis(250);
const NEXT: Duration = Duration::from_secs(1);
const LATEST: Duration = Duration::from_secs(8);
/// After so long without news the next is the first again.
const QUIET: Duration = Duration::from_secs(5);
/// After so long without news something is sent all the same, so that nobody in between takes the connection for dead.
const BEAT: Duration = Duration::from_secs(25);
/// A browser that lost its connection comes back after so many milliseconds, and so many more by chance: all of them do when the
/// daemon starts again.
const BACK_MS: u64 = 2_000;
const CHANCE_MS: u64 = 4_000;
/// Proxies are asked not to wait for the rest.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

// ---- how many there are ----

/// The streams that are open, by whose they are, and what ends them.
#[derive(Default)]
pub struct Streams {
    of: Mutex<BTreeMap<AccountId, usize>>,
    ended: CancellationToken,
}

/// Why no further stream is opened.
enum Full {
    OfOne,
    OfAll,
}

impl Streams {
    /// Ends all of them, and any that is opened from now on.
    pub fn end(&self) {
        self.ended.cancel();
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        let of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.values().sum()
    }

    fn take(&self, account: AccountId, most: usize) -> Result<(), Full> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if of.values().sum::<usize>() >= most {
            return Err(Full::OfAll);
        }
        let own = of.entry(account).or_default();
        if *own >= OF_ONE {
            return Err(Full::OfOne);
        }
        *own += 1;
        Ok(())
    }

    fn give_back(&self, account: AccountId) {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = of.get_mut(&account) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                of.remove(&account);
            }
        }
    }
}

/// A place among the streams, given back when it is dropped.
struct Place {
    app: App,
    account: AccountId,
}

impl Place {
    /// Each stream holds a connection, of which there are twice as many as requests: half as many streams leave room for those.
    fn take(app: &App, account: AccountId) -> Result<Self, Failure> {
        let most = app.bounds().max_concurrent_requests.div_ceil(2);
        match app.streams().take(account, most) {
            Ok(()) => Ok(Self {
                app: app.clone(),
                account,
            }),
            Err(Full::OfOne) => Err(Failure::from(Refusal::new(
                Code::TooMany,
                said!("{n} pages of yours are kept up to date already", n = OF_ONE),
                said!("close some, or load this page again to see what is new"),
            ))
            .retry_after(60)),
            Err(Full::OfAll) => Err(Failure::edge(
                Edge::Overloaded,
                said!("as many pages as there may be are kept up to date already"),
                said!("load the page again to see what is new"),
            )
            .retry_after(60)),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.app.streams().give_back(self.account);
    }
}

// ---- what is looked at ----

/// What the page at a path shows; `None`: nothing that is told.
fn shown(path: &str, acts_as: Context) -> Option<Shown> {
    let mut parts = path.strip_prefix('/')?.splitn(3, '/');
    let (part, id) = (parts.next()?, parts.next());
    Some(match (part, id) {
        ("", None) => Shown::Home,
        ("runs" | "projects", None) => Shown::Context(acts_as),
        ("shared" | "transfers" | "workgroups", None) => Shown::Contexts,
        ("items", Some(id)) => Shown::Item(id.parse().ok()?),
        ("transfers" | "invitations", Some(id)) => Shown::Invitation(id.parse().ok()?),
        ("workgroups", Some(name)) => Shown::Workgroup(name.to_owned()),
        ("admin", None) => Shown::Administration,
        ("admin", Some("moves")) => match parts.next() {
            Some(id) => Shown::Move(id.parse().ok()?),
            None => Shown::Administration,
        },
        ("admin", Some("mail")) => Shown::Mail,
        _ => return None,
    })
}

// ---- the stream ----

/// `GET /live?at=PATH&since=MOMENT`: of the page at that path, which was made then.
pub async fn listen(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let Some(browser) = browser else {
        let next_step = said!("sign in, and open the page again");
        let no = Refusal::new(Code::NotSignedIn, said!("nobody is signed in"), next_step);
        return Err(Failure::from(no).into());
    };
    let account = browser.account();
    let acts_as = browser.acts_as().unwrap_or(Context::Personal(account));
    let Some(shown) = shown(asked.get("at"), acts_as) else {
        return Err(Stop::Nothing);
    };
    let place = Place::take(&app, account)?;
    // Without the moment, everything may have changed since.
    let since = Moment(asked.get("since").parse().unwrap_or(0));
    let topics = topics(&app, &browser, &shown, &BTreeSet::new()).await?;
    let stream = Stream {
        listening: app.directory().changes().listen(topics, since),
        shown,
        browser,
        wait: SOON,
        _place: place,
        app,
    };
    let ids = Arc::clone(&stream.app.settings().ids);
    let back = Duration::from_millis(BACK_MS + ids.below(CHANCE_MS));
    let first = Ok::<_, Infallible>(Event::default().retry(back));
    let rest = stream::unfold(stream, |mut stream| async move {
        let event = stream.next().await?;
        Some((Ok(event), stream))
    });
    let head = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (BUFFERING, HeaderValue::from_static("no")),
    ];
    let first = stream::once(std::future::ready(first));
    Ok((head, Sse::new(first.chain(rest))).into_response())
}

/// What whoever looks may be told of now, and the end of their session.
async fn topics(
    app: &App,
    browser: &Browser,
    shown: &Shown,
    heard: &BTreeSet<Topic>,
) -> Result<BTreeSet<Topic>, Fault> {
    let call = app.directory().call(browser.by(), None);
    let mut topics = changes::topics(&app.settings(), &call, shown, heard).await?;
    topics.insert(Topic::Session(browser.session()));
    Ok(topics)
}

struct Stream {
    app: App,
    browser: Browser,
    shown: Shown,
    listening: Listening,
    /// So long is waited before the next event.
    wait: Duration,
    _place: Place,
}

impl Stream {
    /// The next event; `None` when there is none any more: the session or the daemon has ended, or the store failed.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let first = self.wait == SOON;
            let patience = if first { BEAT } else { QUIET };
            let told = tokio::time::timeout(patience, self.listening.heard());
            let told = self.unless_ended(told).await?.is_ok();
            if told {
                self.unless_ended(tokio::time::sleep(self.wait)).await?;
            } else if !first {
                self.wait = SOON;
                continue;
            }
            if !self.browser.lasts(&self.app).await.ok()? {
                return None;
            }
            if !told {
                return Some(Event::default().comment("still here"));
            }
            if self.has_news().await.ok()? {
                self.wait = (self.wait * 2).clamp(NEXT, LATEST);
                return Some(Event::default().data("news"));
            }
        }
    }

    /// Whether what was heard is for whoever looks, by what they may see now; that is listened to from here on.
    async fn has_news(&mut self) -> Result<bool, Fault> {
        let heard = self.listening.take();
        let topics = topics(&self.app, &self.browser, &self.shown, &heard).await?;
        let is_theirs = heard.iter().any(|topic| topics.contains(topic));
        self.listening.to(topics);
        Ok(is_theirs)
    }

    async fn unless_ended<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            () = self.app.streams().ended.cancelled() => None,
            done = work => Some(done),
        }
    }
}
