//! The page of an offer: to those it was sent to, with what there is to decide; to those who sent it, with how it stands.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::invitation::default_context;
use crate::actors::queries::{self, Choice, Shown};
use crate::domain::account::Account;
use crate::domain::id::{Context, InvitationId};
use crate::domain::invitation::{Invitation, KeepAccess, State as Standing};
use crate::domain::refusal::{Refusal, size};
use crate::domain::time::{DAY_MS, Time};
use crate::web::App;
use crate::web::auth::Browser;

use super::form::{self, Fields};
use super::words::{self, History, List, Moment, Posted, Row};
use super::{Frame, Person, Problems, Stop, as_sentence, frame, page};

/// At most this many letters, newest first, are listed.
const LETTERS: usize = 30;

/// Facts about an offer that everybody sees who sees it at all.
pub struct Facts {
    id: String,
    what: String,
    size: String,
    sender_name: String,
    sender_address: String,
    source_name: Option<String>,
    recipient: String,
    until_word: &'static str,
    until: Moment,
    left: Option<String>,
    keeps: String,
    message: Option<String>,
}

impl Facts {
    fn of(transfer: &Invitation, now: Time) -> Self {
        let open = transfer.state.is_open();
        Self {
            id: transfer.id.to_string(),
            what: words::what(&transfer.items),
            size: size(transfer.bytes()),
            sender_name: words::plain(&transfer.sender.name),
            sender_address: transfer.sender.address.to_string(),
            source_name: words::source_name(transfer),
            recipient: transfer.recipient.to_string(),
            until_word: if open { "Open until" } else { "Was open until" },
            until: transfer.expires_at.into(),
            left: words::left(transfer.expires_at, now).filter(|_| open),
            keeps: words::keeps(transfer.terms.keep_access()),
            message: transfer.message.as_deref().map(words::plain),
        }
    }
}

struct Choosable {
    context: Context,
    name: String,
    role: Option<&'static str>,
    storage: String,
    why: Vec<Refusal>,
    shut: bool,
    chosen: bool,
}

/// What the recipient decides with.
struct Answer {
    choices: Vec<Choosable>,
    any: bool,
    sender_after: String,
    declining: bool,
    reason: String,
}

/// What the sender sees and may do.
struct Own {
    open: bool,
    mailed: bool,
    extending: bool,
    days: String,
    letters: Vec<Posted>,
    older_letters: usize,
}

struct Late {
    sentence: String,
    next_step: String,
}

#[derive(Template)]
#[template(path = "pages/offer.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    heading: String,
    o: Facts,
    note: Option<&'static str>,
    late: Option<Late>,
    reason: Option<String>,
    receipt: bool,
    problems: Problems,
    list: List,
    answer: Option<Answer>,
    own: Option<Own>,
    history: History,
    once: String,
}

/// What was typed or chosen in a form that is shown again, and what to say.
#[derive(Default)]
pub struct Again {
    /// What was wrong.
    pub problems: Problems,
    /// What was done just now.
    pub note: Option<&'static str>,
    /// From which item on the items are listed.
    pub from: usize,
    /// The context that was chosen.
    pub context: Option<Context>,
    /// The reason that was typed, if it was to be declined.
    pub reason: Option<String>,
    /// The days that were typed, if it was to be extended.
    pub days: Option<String>,
}

/// The transfer that a path names.
pub fn id_of(path: &str) -> Result<InvitationId, Stop> {
    path.parse().map_err(|_| Stop::Nothing)
}

/// `GET /transfers/{id}`
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let here = format!("/transfers/{id}");
    let person = super::person(&app, browser, super::local(&here)).await?;
    let again = Again {
        note: match asked.get("done") {
            "resent" => Some("It is being mailed again."),
            "extended" => Some("It stands longer now; the recipient is told."),
            _ => None,
        },
        from: asked.get("from").parse().unwrap_or(0),
        ..Again::default()
    };
    render(&app, &person, id_of(&id)?, again).await
}

/// The page, perhaps with a form that is to be sent again.
pub async fn render(
    app: &App,
    person: &Person,
    id: InvitationId,
    again: Again,
) -> Result<Response, Stop> {
    let settings = app.settings();
    let now = app.directory().now();
    let shown = queries::transfer(&settings, &person.account, id).await?;
    let transfer = &shown.transfer.document;
    let answerable = shown.entitled.recipient && transfer.too_late(now).is_none();
    let status = if again.problems.is_empty() {
        StatusCode::OK
    } else {
        again.problems.status
    };
    let choices = if answerable {
        queries::choices(&settings, transfer, person.account.id).await?
    } else {
        Vec::new()
    };
    let view = Page {
        f: frame(app, Some(person)),
        person,
        heading: heading(&shown, answerable),
        o: Facts::of(transfer, now),
        note: again.note,
        late: late(&shown, now),
        reason: match &transfer.state {
            Standing::Declined { reason, .. } => reason.as_deref().map(words::plain),
            _ => None,
        },
        receipt: super::receipt::has(&transfer.state),
        list: items(&shown, again.from),
        answer: answerable.then(|| answer(person, transfer, choices, &again)),
        own: shown
            .entitled
            .sender
            .then(|| own(&shown, &person.account, &again, now)),
        history: words::history(&settings, &shown.history).await?,
        once: form::once(app),
        problems: again.problems,
    };
    Ok(page(status, &view))
}

fn heading(shown: &Shown, answerable: bool) -> String {
    let transfer = &shown.transfer.document;
    let what = words::what(&transfer.items);
    let sender = words::short(&transfer.sender.name);
    match (answerable, shown.entitled.sender) {
        (true, _) => format!("{sender} offers you {what}"),
        (false, true) => format!("Your offer of {what}"),
        (false, false) => format!("{sender}’s offer of {what}"),
    }
}

/// Whether links to the items lead anywhere for this side.
fn links(shown: &Shown) -> bool {
    match shown.transfer.document.state {
        Standing::Accepted { .. } => {
            !shown.entitled.sender
                || shown.entitled.recipient
                || shown.transfer.document.terms.keep_access() != KeepAccess::None
        }
        _ => shown.entitled.sender,
    }
}

/// The items with the names they have now.
pub fn items(shown: &Shown, from: usize) -> List {
    let transfer = &shown.transfer.document;
    let link = links(shown);
    let new_name = |offered: &crate::domain::invitation::Offered| match &transfer.state {
        Standing::Accepted { renamed, .. } => renamed.get(&offered.item),
        _ => None,
    };
    let row = |offered: &_| Row::offered(offered, link, new_name(offered));
    List::of("Items".to_owned(), &transfer.items, from, row)
}

fn late(shown: &Shown, now: Time) -> Option<Late> {
    let transfer = &shown.transfer.document;
    let why = transfer.too_late(now)?;
    let next_step = if shown.entitled.sender && !shown.entitled.recipient {
        match transfer.state {
            Standing::Requested if now < transfer.expires_at => why.next_step,
            Standing::Accepted { .. } => "ownership has passed".to_owned(),
            Standing::Requested
            | Standing::Pending { .. }
            | Standing::Declined { .. }
            | Standing::Cancelled { .. }
            | Standing::Expired { .. } => "everything is still yours".to_owned(),
        }
    } else {
        why.next_step
    };
    let mut sentence = as_sentence(&why.sentence);
    sentence.pop();
    Some(Late {
        sentence,
        next_step,
    })
}

fn answer(person: &Person, transfer: &Invitation, choices: Vec<Choice>, again: &Again) -> Answer {
    let bytes = transfer.bytes();
    let open = |choice: &Choice| choice.findings.blocks.is_empty();
    let wanted = again
        .context
        .unwrap_or_else(|| default_context(&person.account, transfer));
    let only = {
        let mut open = choices.iter().filter(|choice| open(choice));
        match (open.next(), open.next()) {
            (Some(only), None) => Some(only.own.context),
            _ => None,
        }
    };
    let shown = |choice: Choice| {
        let shut = !open(&choice);
        let context = choice.own.context;
        Choosable {
            context,
            name: context_name(context, &choice.own.name),
            role: role(context, &choice.own),
            // What the reason says with numbers is not said twice.
            storage: words::storage(choice.own.quota, choice.own.usage, (!shut).then_some(bytes)),
            shut,
            chosen: !shut && (context == wanted || only == Some(context)),
            why: choice.findings.blocks,
        }
    };
    let choices: Vec<Choosable> = choices.into_iter().map(shown).collect();
    Answer {
        any: choices.iter().any(|choice| !choice.shut),
        choices,
        sender_after: match transfer.terms.keep_access() {
            KeepAccess::None => "the sender loses control and sight of it".to_owned(),
            kept => format!(
                "the sender loses control of it, and keeps {}",
                words::keeps(kept)
            ),
        },
        declining: again.reason.is_some(),
        reason: again.reason.clone().unwrap_or_default(),
    }
}

/// What a context is called where one's own is meant.
pub fn context_name(context: Context, name: &str) -> String {
    match context {
        Context::Personal(_) => "Personal".to_owned(),
        Context::Workgroup(_) => words::short(name),
    }
}

/// What somebody is in a context of theirs, where that is worth a word.
pub fn role(context: Context, own: &queries::Own) -> Option<&'static str> {
    match context {
        Context::Personal(_) => None,
        Context::Workgroup(_) => Some(own.role.word()),
    }
}

fn own(shown: &Shown, account: &Account, again: &Again, now: Time) -> Own {
    let transfer = &shown.transfer.document;
    let lifetime = transfer.expires_at.since_ms(transfer.requested_at);
    let older_letters = shown.letters.len().saturating_sub(LETTERS);
    Own {
        open: transfer.state.is_open() && now < transfer.expires_at,
        mailed: matches!(transfer.state, Standing::Pending { .. }) && now < transfer.expires_at,
        extending: again.days.is_some(),
        days: match &again.days {
            Some(days) => days.clone(),
            None => (lifetime / DAY_MS).clamp(1, 90).to_string(),
        },
        letters: shown
            .letters
            .iter()
            .rev()
            .take(LETTERS)
            .map(|letter| words::posted(letter, shown.addressee(letter, account)))
            .collect(),
        older_letters,
    }
}
