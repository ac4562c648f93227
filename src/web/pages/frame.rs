//! Who is looking, and what surrounds every page.

use crate::actors::changes::Moment;
use crate::actors::queries::{self, Own};
use crate::domain::account::Account;
use crate::domain::id::Context;
use crate::web::App;
use crate::web::auth::Browser;
use crate::web::language;

use super::words::{context_name, role};
use super::{Stop, assets};

// ---- who is looking ----

/// The person whose browser this is, as pages show them.
pub struct Person {
    pub(super) browser: Browser,
    pub(super) account: Account,
    /// Their primary address.
    pub(super) address: String,
    /// What every form they send must carry.
    pub(super) form: String,
    /// All their contexts, `personal` first.
    pub(super) contexts: Vec<Own>,
    /// The one they act as: its lists are shown, and what they make is made there.
    pub(super) acts_as: Own,
    /// When the page began to be made: it shows everything that was told before.
    pub(super) since: Moment,
}

impl Person {
    /// One of their contexts.
    pub(super) fn own(&self, context: Context) -> Option<&Own> {
        self.contexts.iter().find(|own| own.context == context)
    }
}

/// Whoever is signed in; anybody else is sent to sign in and then back to `next`.
pub async fn person(app: &App, browser: Option<Browser>, next: &str) -> Result<Person, Stop> {
    match somebody(app, browser).await? {
        Some(person) => Ok(person),
        None => Err(Stop::SignIn(next.to_owned())),
    }
}

/// Whoever is signed in, if anybody.
pub async fn somebody(app: &App, browser: Option<Browser>) -> Result<Option<Person>, Stop> {
    let Some(browser) = browser else {
        return Ok(None);
    };
    let since = app.directory().changes().now();
    let settings = app.settings();
    let Some(account) = queries::account_if_any(&settings, browser.account()).await? else {
        return Ok(None);
    };
    let contexts = queries::contexts(&settings, account.id).await?;
    // The context that was chosen last; `personal` when none was, or they do not belong to it any more.
    let chosen = contexts
        .iter()
        .find(|own| browser.acts_as() == Some(own.context));
    let Some(acts_as) = chosen.or(contexts.first()).cloned() else {
        return Ok(None);
    };
    Ok(Some(Person {
        form: browser.form_token(app),
        address: account
            .primary()
            .map_or_else(String::new, ToString::to_string),
        account,
        browser,
        contexts,
        acts_as,
        since,
    }))
}

/// What surrounds every page.
pub struct Frame<'a> {
    /// The language of the page, as in RFC 5646.
    pub(super) language: &'static str,
    pub(super) site: &'a str,
    /// Whom to ask who is at a loss.
    pub(super) contact: Option<&'a str>,
    pub(super) stylesheet: &'static str,
    pub(super) script: &'static str,
    pub(super) icon: &'static str,
    pub(super) person: Option<&'a Person>,
    pub(super) mailbox: bool,
    pub(super) administers: bool,
    /// Whether they administer the site.
    pub(super) operates: bool,
    /// The part of the site that the page belongs to, by its path; the header marks it.
    pub(super) here: &'static str,
    pub(super) switch: Vec<Switch>,
}

/// A context that one may act as.
pub struct Switch {
    pub(super) context: Context,
    pub(super) name: String,
    pub(super) role: Option<String>,
    pub(super) chosen: bool,
}

impl Frame<'_> {
    /// The same, of a page that belongs there.
    pub(super) fn at(mut self, here: &'static str) -> Self {
        self.here = here;
        self
    }
    /// Whether this is the present part of the site, which is marked.
    pub(super) fn is_at(&self, path: &str) -> bool {
        self.here == path
    }
    /// What the context one acts as is called.
    pub(super) fn acts_as(&self) -> &str {
        let chosen = self.switch.iter().find(|switch| switch.chosen);
        chosen.map_or("", |switch| switch.name.as_str())
    }
}

pub fn frame<'a>(app: &'a App, person: Option<&'a Person>) -> Frame<'a> {
    let policy = &app.settings().policy;
    let switch = |person: &Person, own: &Own| Switch {
        context: own.context,
        name: context_name(own.context, &own.name),
        role: role(own.context, own),
        chosen: own.context == person.acts_as.context,
    };
    let operates = person.is_some_and(|person| policy.administers_site(&person.account.addresses));
    Frame {
        language: language::now().tag(),
        site: &app.site().name,
        contact: app.site().contact.as_deref(),
        stylesheet: assets::stylesheet(),
        script: assets::script(),
        icon: assets::icon(),
        mailbox: app.mailbox().is_some(),
        administers: operates
            || person.is_some_and(|person| policy.administers_anything(&person.account.addresses)),
        operates,
        here: "",
        switch: person.map_or_else(Vec::new, |person| {
            let all = person.contexts.iter();
            all.map(|own| switch(person, own)).collect()
        }),
        person,
    }
}
