//! The first page: offers that wait for whoever looks, and what they have sent.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::consequences;
use crate::actors::invitation::default_context;
use crate::actors::load::Versioned;
use crate::actors::queries::{self, Box_, Choice};
use crate::actors::rights;
use crate::domain::id::Context;
use crate::domain::index::Phase;
use crate::domain::invitation::{Invitation, Recipient, Terms};
use crate::domain::time::Time;
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::language::{say, speak};
use crate::web::pages::filters;

use super::news::{self, News};
use super::words::{self, Moment, Storage, context_name};
use super::{Frame, Person, Stop, form, frame, page, shared};

/// At most this many offers of each list.
const SHOWN: usize = 20;
/// And this many items that others share; all of them have a page of their own.
const SHARED: usize = 5;
/// Names of this many items of an offer.
const NAMED: usize = 3;
/// What has more items than this is looked at before it is accepted.
const AT_HAND: usize = 8;
/// So many other contexts are named; the header holds all of them.
const ELSEWHERE: usize = 8;

/// A context, by what it is called.
pub struct Into {
    pub context: Context,
    pub name: String,
}

struct Waiting {
    /// Where its pages are.
    place: String,
    title: String,
    /// Whether people call it an offer, and not an invitation.
    offer: bool,
    /// Whether one joins a workgroup oneself, so that no context is chosen.
    joins: bool,
    sender_name: String,
    sender_address: String,
    /// The workgroup it was sent to, if it was.
    to: Option<String>,
    until: Moment,
    left: Option<String>,
    names: String,
    /// What the sender wrote, as far as a line bears it.
    message: Option<String>,
    /// Where it goes when it is accepted at once.
    into: Option<Into>,
    /// What the sender keeps, where accepting makes one the owner of the data, for good.
    keeps: Option<String>,
    /// What else there is to know before it is accepted at once.
    besides: Vec<String>,
    /// Whether there are several contexts to choose from.
    several: bool,
}

struct Sent {
    place: String,
    title: String,
    recipient: String,
    source_name: Option<String>,
    /// The word that programs use for the state.
    state: &'static str,
    stands: String,
    when: String,
}

#[derive(Template)]
#[template(path = "pages/home.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    inbox: Vec<Waiting>,
    more: bool,
    sent: Vec<Sent>,
    news: Vec<News>,
    /// Contexts that they do not act as.
    elsewhere: Vec<Into>,
    shared: Vec<shared::Row>,
    more_shared: bool,
    storage: Storage,
    once: String,
}

/// `GET /`
pub async fn show(State(app): State<App>, browser: Option<Browser>) -> Result<Response, Stop> {
    let person = super::person(&app, browser, "/").await?;
    let settings = app.settings();
    let now = app.directory().now();
    let waiting = queries::inbox(&settings, &person.account, now, SHOWN + 1).await?;
    let more = waiting.len() > SHOWN;
    let mut inbox = Vec::new();
    for found in waiting.into_iter().take(SHOWN) {
        inbox.push(offered(&app, &person, &found.document, now).await?);
    }
    let (shared, further) = shared::rows(&app, &person, None, SHARED).await?;
    let view = Page {
        f: frame(&app, Some(&person)).at("/"),
        inbox,
        more,
        sent: sent(&app, &person).await?,
        news: news::of(&app, &person).await?,
        elsewhere: elsewhere(&person),
        shared,
        more_shared: further.is_some(),
        storage: Storage::of(&person.acts_as),
        once: form::once(&app),
        person: &person,
    };
    Ok(page(StatusCode::OK, &view))
}

/// The contexts that they do not act as, the first few.
pub fn elsewhere(person: &Person) -> Vec<Into> {
    let here = person.acts_as.context;
    let others = person.contexts.iter().filter(|own| own.context != here);
    let other = others.take(ELSEWHERE).map(|own| Into {
        context: own.context,
        name: context_name(own.context, &own.name),
    });
    other.collect()
}

async fn offered(
    app: &App,
    person: &Person,
    transfer: &Invitation,
    now: Time,
) -> Result<Waiting, Stop> {
    let choices = queries::choices(&app.settings(), transfer, person.account.id).await?;
    let wanted = match &transfer.recipient {
        Recipient::Address(_) => default_context(&person.account, transfer),
        Recipient::Workgroup { id, .. } => Context::Workgroup(*id),
    };
    let wanted = queries::or_personal(wanted, person.account.id, &choices);
    let several = choices.len() > 1;
    // Whoever acts as a workgroup may well mean that one: they look first, rather than take it to themselves for good.
    let acts_as = person.acts_as.context;
    let meant = |choice: &Choice| {
        let personal = matches!(choice.own.context, Context::Personal(_));
        !personal || acts_as == choice.own.context || !transfer.terms.is_transfer()
    };
    let into = choices
        .into_iter()
        .find(|choice| choice.own.context == wanted && choice.findings.blocks.is_empty())
        .filter(meant)
        .filter(|_| !transfer.terms.is_transfer() || transfer.items.len() <= AT_HAND);
    let besides = match (&into, transfer.terms) {
        (Some(_), Terms::Ownership { .. }) => besides(app, wanted, transfer).await?,
        _ => Vec::new(),
    };
    Ok(Waiting {
        place: words::place(transfer.id),
        title: title(transfer),
        offer: matches!(transfer.terms, Terms::Ownership { .. } | Terms::Workgroup),
        joins: transfer.terms.is_about_workgroup(),
        sender_name: words::short(&transfer.sender.name),
        sender_address: transfer.sender.address.to_string(),
        to: match &transfer.recipient {
            Recipient::Address(_) => None,
            workgroup @ Recipient::Workgroup { .. } => Some(speak(&workgroup.said())),
        },
        until: transfer.expires_at.into(),
        left: words::left(transfer.expires_at, now),
        names: names(transfer),
        message: transfer.message.as_deref().map(words::line),
        keeps: match transfer.terms {
            Terms::Ownership { keep_access } => Some(words::keeps(keep_access)),
            Terms::Access { .. } | Terms::Membership { .. } | Terms::Workgroup => None,
        },
        besides,
        several,
        into: into.map(|choice| Into {
            context: wanted,
            name: context_name(wanted, &choice.own.name),
        }),
    })
}

/// What the page of an offer would say before its buttons.
async fn besides(app: &App, into: Context, transfer: &Invitation) -> Result<Vec<String>, Stop> {
    let settings = app.settings();
    let now = app.directory().now();
    let others = consequences::is_open_to_others(&settings, transfer, &[into], now).await?;
    let apart = consequences::leaves_some_behind(&settings, transfer).await?;
    let mut besides = Vec::new();
    if others {
        besides.push(say!(
            "Others have access to it, and keep it until you end it."
        ));
    }
    if apart && transfer.leaves_reads() {
        besides.push(say!(
            "The base calls are no part of it: they lie with a run that is not offered."
        ));
    } else if apart {
        besides.push(say!(
            "Runs or projects that belong to it are not offered, and stay where they are."
        ));
    }
    Ok(besides)
}

/// What it is about, and how much of it.
fn title(invitation: &Invitation) -> String {
    let (what, bytes) = (words::named(invitation), invitation.bytes());
    match invitation.terms {
        Terms::Ownership { .. } => words::sized(what, bytes),
        Terms::Access { level, .. } => {
            let what = words::sized(what, bytes);
            say!("{what}, to share: {level}", what, level = level.said())
        }
        Terms::Membership { role } => {
            say!("Workgroup {what}, as {role}", what, role = role.said())
        }
        Terms::Workgroup => say!("Workgroup {what}, as its owner", what),
    }
}

fn names(transfer: &Invitation) -> String {
    if transfer.items.len() == 1 {
        // The title says it.
        return String::new();
    }
    let named = transfer.items.iter().take(NAMED);
    let names: Vec<String> = named.map(|offered| words::short(&offered.name)).collect();
    match transfer.items.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => say!("{names}, and {more} more", names, more),
    }
}

async fn sent(app: &App, person: &Person) -> Result<Vec<Sent>, Stop> {
    let settings = app.settings();
    let mut all: Vec<Versioned<Invitation>> = Vec::new();
    for own in queries::contexts(&settings, person.account.id).await? {
        for phase in [Phase::Open, Phase::Closed] {
            let acting = rights::acting(&settings, person.account.id, own.context).await?;
            let of = Box_::sent(&acting);
            let page =
                queries::transfers(&settings, of, phase, None, SHOWN, &queries::every).await?;
            all.extend(page.transfers);
        }
    }
    all.sort_by_key(|found| std::cmp::Reverse(found.document.id));
    all.truncate(SHOWN);
    let shown = |found: Versioned<Invitation>| {
        let transfer = found.document;
        Sent {
            place: words::place(transfer.id),
            title: title(&transfer),
            recipient: speak(&transfer.recipient.said()),
            source_name: words::source_name(&transfer),
            state: transfer.state.word(),
            stands: words::standing(transfer.state.word()),
            when: words::date(transfer.requested_at),
        }
    };
    Ok(all.into_iter().map(shown).collect())
}
