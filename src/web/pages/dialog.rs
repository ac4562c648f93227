//! What the dialogs that offer something have in common: what was typed, to whom one offered before, and how a preview reads.

use crate::actors::browse::{self, Asked, At, Order, Which};
use crate::actors::invitation::To;
use crate::actors::queries::{self, Box_};
use crate::actors::rights::{self, Permit};
use crate::domain::id::{Context, ItemId, ItemKind};
use crate::domain::index::Phase;
use crate::domain::invitation::{Invitation, MAX_TEXT, Recipient, Request};
use crate::domain::item::{Holds, Item, State as ItemState};
use crate::domain::refusal::{Findings, Refusal};
use crate::domain::rights::Level;
use crate::domain::said::{Said, said};
use crate::web::App;
use crate::web::api::read;
use crate::web::language::{say, speak};
use crate::web::problem::Failure;
use crate::wire;

use super::form::{self, Fields};
use super::life;
use super::words::{self, Row};
use super::{Person, Problems, Stop};

/// A bundle has at most 250 items, and a few more are carried along so that this can be said.
const MOST: usize = 260;
/// So many earlier recipients are proposed, looked for in so many offers.
const PROPOSED: usize = 12;
const LOOKED_AT: usize = 50;
/// So many runs, and so many projects, stand there to choose from where none was chosen.
const CHOOSABLE: usize = 25;

/// What a recipient begins with that is a workgroup.
const WORKGROUP: &str = "workgroup:";

/// What was typed and chosen.
#[derive(Default)]
pub struct Typed {
    pub items: Vec<String>,
    pub recipient: String,
    pub message: String,
    /// Of a transfer: whether the sender may still look at it.
    pub keep: bool,
    /// Of a share: whether the recipient may change it too.
    pub write: bool,
    /// Of a share: whether the projects of the runs are shared with them.
    pub projects: bool,
    pub until: String,
    pub days: String,
    pub terms: bool,
}

impl Typed {
    pub fn of(fields: &Fields) -> Self {
        let text = |name| form::text(fields, name, 4 * MAX_TEXT);
        let mut items: Vec<String> = Vec::new();
        for item in fields.all("item", MOST) {
            if !items.iter().any(|there| there == item) {
                items.push(item.to_owned());
            }
        }
        Self {
            items,
            recipient: text("recipient").trim().to_owned(),
            message: text("message"),
            keep: fields.get("keep") == "read",
            write: fields.get("level") == "write",
            projects: fields.get("projects") == "yes",
            until: text("until").trim().to_owned(),
            days: text("days").trim().to_owned(),
            terms: fields.get("terms") == "yes",
        }
    }

    pub fn ids(&self) -> Vec<ItemId> {
        self.items.iter().filter_map(|id| id.parse().ok()).collect()
    }

    /// Where whoever sends nothing goes back to: the item, or the list that it stands in.
    pub fn back(&self) -> String {
        match self.ids().as_slice() {
            [] => "/".to_owned(),
            [one] => format!("/items/{one}"),
            [first, ..] => match first.kind() {
                ItemKind::Run => "/runs".to_owned(),
                ItemKind::Project => "/projects".to_owned(),
            },
        }
    }

    /// So many days to answer, if a number was typed.
    pub fn days(&self, problems: &mut read::Problems) -> Option<Option<u32>> {
        match self.days.as_str() {
            "" => Some(None),
            days => problems.keep(days.parse().map(Some).map_err(|_| {
                Refusal::field(
                    "days",
                    said!(
                        "\"{typed}\" is not a number of days",
                        typed = words::short(days)
                    ),
                    said!("write a whole number from 1 to 90"),
                )
            })),
        }
    }

    /// A day that is chosen counts to its end.
    fn until(&self) -> Option<String> {
        (!self.until.is_empty()).then(|| end_of(&self.until))
    }

    /// Whether the recipient is a workgroup.
    pub fn to_workgroup(&self) -> bool {
        self.recipient.starts_with(WORKGROUP)
    }

    /// Whether the recipient is a workgroup that this person is not in: they know it by its handle alone.
    pub fn to_unknown_workgroup(&self, person: &Person) -> bool {
        let handles = person
            .contexts
            .iter()
            .filter_map(|own| own.handle.as_deref());
        self.to_workgroup() && !handles.map(workgroup).any(|own| own == self.recipient)
    }

    /// The message, if there is one.
    pub fn message(&self) -> Option<String> {
        let message = self.message.trim();
        (!message.is_empty()).then(|| message.to_owned())
    }

    /// The transfer that is asked for.
    pub fn transfer(&self) -> Result<(Request, Option<To>), Findings> {
        let mut problems = read::Problems::default();
        let days = self.days(&mut problems).flatten();
        let keep_access = wire::KeepAccess {
            level: if self.keep { "read" } else { "none" }.to_owned(),
            until: self.until().filter(|_| self.keep),
        };
        let ask = wire::RequestTransfer {
            items: self.items.clone(),
            recipient: self.recipient.clone(),
            message: self.message(),
            keep_access: Some(keep_access),
            expires_in_days: days,
            accept_terms: self.terms,
        };
        problems.and(read::request(ask, false))
    }

    /// The share that is asked for.
    pub fn share(&self) -> Result<(Request, Option<To>), Findings> {
        let mut problems = read::Problems::default();
        let days = self.days(&mut problems).flatten();
        let ask = wire::RequestShare {
            items: self.items.clone(),
            recipient: self.recipient.clone(),
            level: Some(if self.write { "write" } else { "read" }.to_owned()),
            until: self.until(),
            associated_projects: self.projects,
            message: self.message(),
            expires_in_days: days,
        };
        problems.and(read::share(ask, false))
    }
}

/// The last second of a day, as programs write it.
pub fn end_of(day: &str) -> String {
    format!("{day}T23:59:59Z")
}

/// An item of a dialog.
pub fn row(permit: &Permit) -> Row {
    Row::of(permit.item())
}

/// What is wrong where nothing was ticked to choose it.
pub fn nothing_chosen(typed: &Typed) -> Result<Problems, Stop> {
    match typed.items.is_empty().then(|| life::problem(0)).flatten() {
        Some(why) => Problems::of(Failure::from(why)),
        None => Ok(Problems::default()),
    }
}

/// The newest runs and projects of the context that somebody acts as, those of them that can be chosen, and whether it has any at all.
pub async fn choosable(
    app: &App,
    person: &Person,
    can: impl Fn(&Item) -> bool,
) -> Result<(Vec<Row>, bool), Stop> {
    let settings = app.settings();
    let now = app.directory().now();
    let acting = rights::acting(&settings, person.account.id, person.acts_as.context).await?;
    let (mut all, mut any) = (Vec::new(), false);
    for kind in [ItemKind::Run, ItemKind::Project] {
        let asked = Asked {
            kind,
            which: Which::Kept,
            order: Order::Newest,
            name: "",
        };
        let found = browse::page(&settings, &acting, asked, At::Start, CHOOSABLE, now).await?;
        any |= !found.items.is_empty();
        let items = found.items.iter().map(|listed| &listed.item);
        let active = items.filter(|item| item.state == ItemState::Active);
        all.extend(active.filter(|item| can(item)).map(Row::of));
    }
    Ok((all, any))
}

/// How many items that is, and how large they are together.
pub fn amount(items: usize, bytes: u64) -> String {
    words::sized(words::items(items), bytes)
}

/// To whom the context offered something before, the latest first; then the person's own workgroups.
pub async fn proposed(app: &App, person: &Person, chosen: &[Permit]) -> Result<Vec<String>, Stop> {
    let settings = app.settings();
    let owner = chosen.first().map(|permit| permit.item().owner);
    let context = owner.unwrap_or(person.acts_as.context);
    let others = person.contexts.iter().filter(|own| own.context != context);
    let handles = others.filter_map(|own| own.handle.as_deref());
    let own: Vec<String> = handles.map(workgroup).take(PROPOSED).collect();
    let Ok(acting) = rights::acting(&settings, person.account.id, context).await else {
        return Ok(own);
    };
    let mut all: Vec<String> = Vec::new();
    for phase in [Phase::Open, Phase::Closed] {
        let of = Box_::sent(&acting);
        let keep = |one: &Invitation| !one.terms.is_about_workgroup();
        let page = queries::transfers(&settings, of, phase, None, LOOKED_AT, &keep).await?;
        for found in page.transfers {
            let recipient = address(&found.document.recipient);
            if !all.contains(&recipient) {
                all.push(recipient);
            }
        }
    }
    all.truncate(PROPOSED);
    for own in own {
        if !all.contains(&own) {
            all.push(own);
        }
    }
    Ok(all)
}

/// The workgroup whose the items stay when they are shared, if it is not whoever shares them.
pub fn stays(person: &Person, chosen: &[Permit]) -> Option<String> {
    let owner = chosen.first()?.item().owner;
    let own = person.own(owner)?;
    match owner {
        Context::Personal(_) => None,
        Context::Workgroup(_) => Some(words::short(&own.name)),
    }
}

fn workgroup(handle: &str) -> String {
    format!("{WORKGROUP}{handle}")
}

/// A recipient as it is typed.
pub fn address(recipient: &Recipient) -> String {
    match recipient {
        Recipient::Address(address) => address.to_string(),
        Recipient::Workgroup { handle, .. } => workgroup(handle),
    }
}

/// What somebody may do with the items now, and would afterwards.
pub struct Access {
    pub who: String,
    pub before: String,
    pub after: String,
}

/// An item of a preview.
pub fn moving(item: &wire::OfferedItem) -> Row {
    let kind = item.id.parse::<ItemId>().map(|id| id.kind()).ok();
    let holds = item.biosamples.zip(item.libraries);
    let holds = holds.map(|(biosamples, libraries)| Holds {
        biosamples,
        libraries,
    });
    let amount = |kind| words::amount(kind, item.bytes, item.files, holds);
    Row {
        id: item.id.clone(),
        link: true,
        name: words::short(&item.name),
        was: None,
        kind: kind.map(words::kind).unwrap_or_default(),
        amount: kind.map(amount).unwrap_or_default(),
    }
}

/// A line of who may do what.
pub fn access(change: wire::AccessChange) -> Access {
    let word = |level: String| match level.split_once(" until ") {
        Some((level, until)) => match read::moment("until", until) {
            Ok(until) => say!("{level} until {until}", level = may(level), until),
            Err(_) => speak(&may(level)),
        },
        None => speak(&may(&level)),
    };
    Access {
        who: words::short(&change.who),
        before: word(change.before),
        after: word(change.after),
    }
}

/// What a program calls an access, as people say it.
fn may(level: &str) -> Said {
    match level {
        "own" => said!("owner"),
        "write" => Level::Write.said(),
        "read" => Level::Read.said(),
        _ => said!("nothing" as "a level of access"),
    }
}

/// That no recipient is named.
pub fn nobody() -> Refusal {
    Refusal::field(
        "recipient",
        said!("nobody is named"),
        said!("name a recipient"),
    )
}
