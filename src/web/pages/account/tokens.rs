//! Personal API tokens: those there are, and a new one, whose secret is shown once.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::actors::sign_in;
use crate::domain::account::{Scope, Token};
use crate::domain::id::Digest;
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::domain::time::DAY_MS;
use crate::web::App;
use crate::web::api::{account as api, read};
use crate::web::auth::Browser;
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::pages::form::{self, Fields, Posted};
use crate::web::pages::{Frame, Person, Problems, Stop, frame, page, person, to, words};
use crate::web::problem::Failure;

/// At most this many are listed.
const LISTED: usize = 50;

struct One {
    digest: String,
    name: String,
    scopes: String,
    since: String,
    until: String,
}

impl From<Token> for One {
    fn from(token: Token) -> Self {
        let scopes: Vec<String> = token.scopes.iter().copied().map(named).collect();
        Self {
            digest: token.digest.to_string(),
            name: words::short(&token.name),
            scopes: scopes.join(", "),
            since: words::date(token.created_at),
            until: words::date(token.expires_at),
        }
    }
}

/// What a scope is called where people choose it.
fn named(scope: Scope) -> String {
    match scope {
        Scope::Read => say!("read" as "a scope"),
        Scope::Write => say!("write" as "a scope"),
        Scope::Account => say!("account" as "a scope"),
    }
}

struct Choice {
    word: &'static str,
    name: String,
    what: String,
    chosen: bool,
}

/// What was typed.
struct Typed {
    name: String,
    scopes: BTreeSet<String>,
    days: String,
}

impl Typed {
    fn of(fields: &Fields) -> Self {
        let scopes = fields.all("scope", Scope::ALL.len() + 1).into_iter();
        Self {
            name: form::text(fields, "name", 400),
            scopes: scopes.map(str::to_owned).collect(),
            days: form::text(fields, "days", 20).trim().to_owned(),
        }
    }

    /// What most people want.
    fn usual() -> Self {
        Self {
            name: String::new(),
            scopes: [Scope::Read, Scope::Write]
                .map(|scope| scope.word().to_owned())
                .into(),
            days: String::new(),
        }
    }

    fn choices(&self) -> Vec<Choice> {
        let choice = |scope: Scope| Choice {
            word: scope.word(),
            name: named(scope),
            what: match scope {
                Scope::Read => say!("look at everything you can look at"),
                Scope::Write => say!("register, transfer, share, accept"),
                Scope::Account => say!("settings and tokens too"),
            },
            chosen: self.scopes.contains(scope.word()),
        };
        Scope::ALL.map(choice).into()
    }
}

/// A token that was made just now.
struct Made {
    name: String,
    secret: String,
}

#[derive(Template)]
#[template(path = "pages/account-tokens.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    made: Option<Made>,
    tokens: Vec<One>,
    unlisted: usize,
    typed: Typed,
    scopes: Vec<Choice>,
    longest_days: i64,
    once: String,
}

/// `GET /account/tokens`
pub async fn show(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = person(&app, browser, "/account/tokens").await?;
    let note =
        (asked.get("done") == "revoked").then(|| say!("Revoked. It opens nothing any more."));
    let typed = Typed::usual();
    render(&app, &person, typed, None, note, Problems::default()).await
}

async fn render(
    app: &App,
    person: &Person,
    typed: Typed,
    made: Option<Made>,
    note: Option<String>,
    problems: Problems,
) -> Result<Response, Stop> {
    let now = app.directory().now();
    let found = sign_in::tokens(&app.settings(), person.account.id).await?;
    let tokens = found.into_iter().map(|found| found.document);
    let mut tokens: Vec<Token> = tokens.filter(|token| now < token.expires_at).collect();
    tokens.sort_by_key(|token| std::cmp::Reverse(token.created_at));
    let view = Page {
        f: frame(app, Some(person)),
        person,
        note,
        made,
        unlisted: tokens.len().saturating_sub(LISTED),
        tokens: tokens.into_iter().take(LISTED).map(One::from).collect(),
        scopes: typed.choices(),
        typed,
        longest_days: api::longest_token_ms(app) / DAY_MS,
        once: form::once(app),
        problems,
    };
    Ok(page(view.problems.page_status(), &view))
}

/// `POST /account/tokens/make`: the page that answers shows the secret; the same form sent again shows it again.
pub async fn make(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    let typed = Typed::of(&posted.fields);
    match made(&app, &posted, &typed).await {
        Ok((secret, token)) => {
            let name = words::short(&token.name);
            let made = Some(Made { name, secret });
            let person = &posted.person;
            render(
                &app,
                person,
                Typed::usual(),
                made,
                None,
                Problems::default(),
            )
            .await
        }
        Err(failure) => {
            let problems = Problems::of(failure)?;
            render(&app, &posted.person, typed, None, None, problems).await
        }
    }
}

async fn made(app: &App, posted: &Posted, typed: &Typed) -> Result<(String, Token), Failure> {
    let mut problems = read::Problems::default();
    let name = problems.keep(api::token_name("name", &typed.name));
    let scopes = typed.scopes.iter().cloned().collect();
    let scopes = problems.keep(api::scopes(Some(scopes)));
    let days = match typed.days.as_str() {
        "" => Ok(None),
        days => days.parse().map(Some).map_err(|_| {
            Refusal::field(
                "days",
                said!(
                    "\"{typed}\" is not a number of days",
                    typed = words::short(days)
                ),
                said!("write a whole number, or leave it empty"),
            )
        }),
    };
    let lifetime = days.and_then(|days| api::token_lifetime(app, days));
    let lifetime = problems.keep(lifetime);
    let asked = name.zip(scopes).zip(lifetime);
    let ((name, scopes), lifetime) = problems.unless_any(asked)?;
    let call = posted.call(app, "/account/tokens/make");
    let person = posted.person.account.id;
    let world = app.directory();
    Ok(sign_in::create_token(world, &call, person, name, scopes, lifetime).await?)
}

/// `POST /account/tokens/revoke`
pub async fn revoke(
    State(app): State<App>,
    Posted { fields, person }: Posted,
) -> Result<Response, Stop> {
    let digest: Digest = fields.get("token").parse().map_err(|_| Stop::Nothing)?;
    let call = app.directory().call(person.browser.by(), None);
    sign_in::revoke_token(app.directory(), &call, person.account.id, digest).await?;
    Ok(to("/account/tokens?done=revoked"))
}
