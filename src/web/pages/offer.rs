//! The page of an offer: to those it was sent to, with what there is to decide; to those who sent it, with how it stands.

mod saying;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::actors::collaborators;
use crate::actors::consequences;
use crate::actors::invitation::default_by_sender;
use crate::actors::queries::{self, Choice, Shown};
use crate::actors::rights::{self, Permit};
use crate::domain::account::Account;
use crate::domain::event::Event;
use crate::domain::id::{Context, InvitationId, ItemId};
use crate::domain::invitation::{Invitation, KeepAccess, State as Standing, Terms};
use crate::domain::item::State as ItemState;
use crate::domain::key::Key;
use crate::domain::policy::Policy;
use crate::domain::time::{DAY_MS, Time};
use crate::mail::reply::mailto;
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::language::{say, speak};
use crate::web::pages::filters;
use crate::web::problem::guards;
use crate::wire::Guard;

use saying::{Besides, Late, heading, late, then};

pub use saying::{accessed, terms};

use super::dialog;
use super::form::{self, Fields};
use super::journal::{self, History};
use super::words::{self, Fact, List, Moment, Posted, Row};
use super::{Frame, Person, Problems, Stop, frame, page};

/// At most this many letters, newest first, are listed.
const LETTERS: usize = 30;
/// So many items stand in an address.
const ANEW: usize = 50;

/// What follows the address of the page for whoever comes from a letter.
pub const FROM_LETTER: &str = "?by=letter";

/// Facts about an offer that everybody sees who sees it at all.
pub struct Facts {
    /// Where its pages are.
    place: String,
    /// Whether people call it an offer; else it is an invitation.
    offer: bool,
    what: String,
    size: Option<String>,
    sender_name: String,
    sender_address: String,
    /// The link to write to them.
    sender_mail: String,
    source_name: Option<String>,
    recipient: String,
    until_word: String,
    until: Moment,
    left: Option<String>,
    /// What its terms come to.
    terms: Fact,
    message: Option<String>,
}

impl Facts {
    fn of(transfer: &Invitation, now: Time) -> Self {
        let open = transfer.state.is_open();
        Self {
            place: words::place(transfer.id),
            offer: matches!(transfer.terms, Terms::Ownership { .. } | Terms::Workgroup),
            what: match transfer.terms.is_about_workgroup() {
                true => say!("workgroup {name}", name = words::about(transfer)),
                false => words::about(transfer),
            },
            size: Some(transfer.bytes())
                .filter(|bytes| *bytes > 0)
                .map(words::size),
            sender_name: words::plain(&transfer.sender.name),
            sender_address: transfer.sender.address.to_string(),
            sender_mail: mailto(transfer.sender.address.as_str()),
            source_name: words::source_name(transfer),
            recipient: speak(&transfer.recipient.said()),
            until_word: match open {
                true => say!("Open until"),
                false => say!("Was open until"),
            },
            until: transfer.expires_at.into(),
            left: words::left(transfer.expires_at, now).filter(|_| open),
            terms: terms(transfer.terms),
            message: transfer.message.as_deref().map(words::plain),
        }
    }
}

struct Choosable {
    context: Context,
    name: String,
    role: Option<String>,
    /// Where its members are listed, of a workgroup.
    members: Option<String>,
    storage: String,
    why: Vec<Guard>,
    shut: bool,
    chosen: bool,
}

/// What the recipient decides with.
struct Answer {
    /// What happens when it is accepted, a sentence each.
    then: Vec<String>,
    /// Whether one joins oneself, so that no context is chosen.
    joins: bool,
    /// Whether it makes one the owner of the data, for good.
    owns: bool,
    /// Whether somebody besides its owner has access, or a link leads to it.
    others: bool,
    /// Whether the base calls are no part of it.
    reads: bool,
    choices: Vec<Choosable>,
    /// Whether the only one is their own, and not because the recipient is a workgroup.
    alone: bool,
    any: bool,
    declining: bool,
    reason: String,
}

/// What the sender sees and may do.
struct Own {
    open: bool,
    mailed: bool,
    /// From when on it can be mailed again, where that is still to come.
    again_from: Option<String>,
    extending: bool,
    days: String,
    /// Whether it can be offered to another address, and what was typed.
    correcting: Option<String>,
    corrects: bool,
    letters: Vec<Posted>,
    older_letters: usize,
    /// Where the same items are offered anew, once nothing came of it.
    anew: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/offer.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    heading: String,
    o: Facts,
    note: Option<String>,
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
    pub note: Option<String>,
    /// Whether they come from a letter.
    pub by_letter: bool,
    /// From which item on the items are listed.
    pub from: usize,
    /// The context that was chosen.
    pub context: Option<Context>,
    /// The reason that was typed, if it was to be declined.
    pub reason: Option<String>,
    /// The days that were typed, if it was to be extended.
    pub days: Option<String>,
    /// The address that was typed, if it was to be corrected.
    pub recipient: Option<String>,
}

/// The invitation that a path names.
pub fn id_of(path: &str) -> Result<InvitationId, Stop> {
    path.parse().map_err(|_| Stop::Nothing)
}

/// The page to come back to after signing in, whether or not there is such an invitation.
pub fn here(id: &str) -> String {
    match id.starts_with("inv_") {
        true => format!("/invitations/{id}"),
        false => format!("/transfers/{id}"),
    }
}

/// `GET /transfers/{id}`, `GET /invitations/{id}`
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = super::person(&app, browser, super::local(&here(&id))).await?;
    let id = id_of(&id)?;
    let again = Again {
        note: match asked.get("done") {
            "offered" => Some(say!(
                "It is offered; the recipient is told by email. Until they accept, everything stays as it is."
            )),
            "invited" => Some(say!(
                "They are invited and told by email. Until they accept, they see nothing of it but this invitation."
            )),
            "readdressed" => Some(say!(
                "It is offered to this address now; the offer before is cancelled."
            )),
            "resent" => Some(say!("It is being mailed again.")),
            "extended" => Some(say!("It stands longer now; the recipient is told.")),
            _ => None,
        },
        by_letter: asked.get("by") == "letter",
        from: asked.get("from").parse().unwrap_or(0),
        ..Again::default()
    };
    render(&app, &person, id, again).await
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
    let journal = shown.history.iter();
    let journal: Vec<(Key, Event)> = journal
        .map(|(_, event)| (Key::Invitation(id), event.clone()))
        .collect();
    let choices = if answerable {
        queries::choices(&settings, transfer, person.account.id).await?
    } else {
        Vec::new()
    };
    let besides = match transfer.terms {
        Terms::Ownership { .. } if answerable => {
            let own = Context::Personal(person.account.id);
            let own = [transfer.recipient.context().unwrap_or(own)];
            Besides {
                others: consequences::is_open_to_others(&settings, transfer, &own, now).await?,
                apart: consequences::leaves_some_behind(&settings, transfer).await?,
                reads: transfer.leaves_reads(),
                runs: false,
            }
        }
        Terms::Access { .. } if answerable => {
            let items = transfer.items.iter().map(|item| item.item);
            Besides {
                runs: consequences::brings_runs(&settings, items, transfer.source).await?,
                ..Besides::default()
            }
        }
        _ => Besides::default(),
    };
    let anew = match shown.entitled.sender {
        true => anew(app, person, transfer).await?,
        false => None,
    };
    let ended = collaborators::has_ended(&settings, transfer, now).await?;
    let view = Page {
        f: frame(app, Some(person)),
        person,
        heading: heading(&shown, answerable),
        o: Facts::of(transfer, now),
        note: again.note.clone().or_else(|| {
            let theirs = again.by_letter && shown.entitled.sender && !shown.entitled.recipient;
            let recipient = || speak(&transfer.recipient.said());
            theirs.then(|| say!(
                "The letter is for {recipient}. You see what those see who sent it; to answer it, sign out, and sign in with that address.",
                recipient = recipient()
            ))
        }),
        late: late(&shown, ended, now),
        reason: match &transfer.state {
            Standing::Declined { reason, .. } => reason.as_deref().map(words::plain),
            _ => None,
        },
        receipt: super::receipt::has(&transfer.state),
        list: items(&shown, (again.from, words::place(id)), ended),
        answer: answerable.then(|| answer(person, transfer, (choices, besides), &again)),
        own: shown
            .entitled
            .sender
            .then(|| own(&shown, &person.account, &again, (anew, &settings.policy, now))),
        history: journal::history(&settings, &person.account, &journal).await?,
        once: form::once(app),
        problems: again.problems,
    };
    Ok(page(status, &view))
}

/// Whether links to the items lead anywhere for this side.
fn links(shown: &Shown, ended: bool) -> bool {
    match shown.transfer.document.state {
        Standing::Accepted { .. } if !shown.transfer.document.terms.is_transfer() => {
            shown.entitled.sender || !ended
        }
        Standing::Accepted { .. } => {
            !shown.entitled.sender
                || shown.entitled.recipient
                || shown.transfer.document.terms.keep_access() != KeepAccess::None
        }
        _ => shown.entitled.sender,
    }
}

/// The items with the names they have now.
pub fn items(shown: &Shown, (from, place): (usize, String), ended: bool) -> List {
    let transfer = &shown.transfer.document;
    let link = links(shown, ended);
    let new_name = |offered: &crate::domain::invitation::Offered| match &transfer.state {
        Standing::Accepted { renamed, .. } => renamed.get(&offered.item),
        _ => None,
    };
    let row = |offered: &_| Row::offered(offered, link, new_name(offered));
    List::of((say!("Items"), place), &transfer.items, from, row)
}

fn answer(
    person: &Person,
    transfer: &Invitation,
    (choices, besides): (Vec<Choice>, Besides),
    again: &Again,
) -> Answer {
    let bytes = transfer.terms.is_transfer().then(|| transfer.bytes());
    let open = |choice: &Choice| choice.findings.blocks.is_empty();
    let named = again
        .context
        .or_else(|| default_by_sender(&person.account, transfer));
    let wanted = named.unwrap_or(person.account.default_context);
    // Whoever acts as a workgroup and has named no other context, here or for this sender, means that one.
    let acting = person.acts_as.context;
    let can = |choice: &Choice| choice.own.context == acting && open(choice);
    let wanted = match wanted {
        Context::Personal(_) if named.is_none() && choices.iter().any(can) => acting,
        wanted => queries::or_personal(wanted, person.account.id, &choices),
    };
    let only = {
        let mut open = choices.iter().filter(|choice| open(choice));
        match (open.next(), open.next()) {
            (Some(only), None) => Some(only.own.context),
            _ => None,
        }
    };
    // That it is proposed as long as nobody says otherwise makes one's own no better than the others.
    let equal = matches!(wanted, Context::Personal(_)) && named.is_none();
    let shown = |choice: Choice| {
        let shut = !open(&choice);
        let context = choice.own.context;
        Choosable {
            context,
            name: words::context_name(context, &choice.own.name),
            role: words::role(context, &choice.own),
            members: match context {
                Context::Personal(_) => None,
                Context::Workgroup(id) => Some(format!("/workgroups/{id}/members")),
            },
            // What the reason says with numbers is not said twice.
            storage: words::storage(choice.own.quota, choice.own.usage, bytes.filter(|_| !shut)),
            shut,
            chosen: !shut && (equal || context == wanted || only == Some(context)),
            why: guards(choice.findings.blocks),
        }
    };
    let choices: Vec<Choosable> = choices.into_iter().map(shown).collect();
    Answer {
        alone: matches!(choices.as_slice(), [one] if matches!(one.context, Context::Personal(_))),
        any: choices.iter().any(|choice| !choice.shut),
        choices,
        then: then(transfer, besides),
        joins: transfer.terms.is_about_workgroup(),
        owns: transfer.terms.is_transfer(),
        others: besides.others,
        reads: besides.reads && besides.apart,
        declining: again.reason.is_some(),
        reason: again.reason.clone().unwrap_or_default(),
    }
}

fn own(
    shown: &Shown,
    account: &Account,
    again: &Again,
    (anew, policy, now): (Option<String>, &Policy, Time),
) -> Own {
    let transfer = &shown.transfer.document;
    let lifetime = transfer.expires_at.since_ms(transfer.requested_at);
    let lately = transfer.mailed_lately(policy, now);
    let older_letters = shown.letters.len().saturating_sub(LETTERS);
    Own {
        open: transfer.state.is_open() && now < transfer.expires_at,
        mailed: matches!(transfer.state, Standing::Pending { .. }) && now < transfer.expires_at,
        again_from: lately.map(|(_, again)| words::date(again)),
        extending: again.days.is_some(),
        corrects: transfer.terms.is_transfer(),
        correcting: again.recipient.clone(),
        days: match &again.days {
            Some(days) => days.clone(),
            None => (lifetime / DAY_MS).clamp(1, 90).to_string(),
        },
        letters: shown
            .letters
            .iter()
            .rev()
            .take(LETTERS)
            .map(|letter| {
                words::posted(
                    letter,
                    shown.addressee(letter, account),
                    Some(transfer.terms),
                )
            })
            .collect(),
        older_letters,
        anew,
    }
}

/// Where what was offered in vain is offered again, if all of it can be, and the address of that page bears it.
async fn anew(app: &App, person: &Person, transfer: &Invitation) -> Result<Option<String>, Stop> {
    let in_vain = matches!(
        transfer.state,
        Standing::Declined { .. }
            | Standing::Expired { .. }
            | Standing::Cancelled {
                replaced_by: None,
                ..
            }
    );
    let fits = transfer.terms.is_transfer() && (1..=ANEW).contains(&transfer.items.len());
    if !in_vain || !fits {
        return Ok(None);
    }
    let ids: Vec<ItemId> = transfer.items.iter().map(|one| one.item).collect();
    let now = app.directory().now();
    let permits = rights::permits(&app.settings(), person.account.id, &ids, now).await?;
    let can = |permit: &Permit| {
        let item = permit.item();
        permit.owner() == transfer.source
            && item.pending.is_none()
            && item.state == ItemState::Active
    };
    if !permits
        .iter()
        .all(|permit| permit.as_ref().is_some_and(can))
    {
        return Ok(None);
    }
    let items: Vec<String> = ids.iter().map(|id| format!("item={id}")).collect();
    let recipient = words::in_address(&dialog::address(&transfer.recipient));
    let items = items.join("&");
    Ok(Some(format!(
        "/transfers/new?{items}&recipient={recipient}"
    )))
}
