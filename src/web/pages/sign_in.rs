//! Signing in: an address, then the code that was sent to it, then back to where one was going.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::actors::sign_in;
use crate::domain::account::SignIn;
use crate::domain::address::Address;
use crate::domain::event::{By, Channel};
use crate::domain::id::{AccountId, SignInId};
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::web::App;
use crate::web::auth::{self, Browser};
use crate::web::language::{self, say};
use crate::web::pages::filters;
use crate::web::rates::Client;

use super::form::{Fields, Open, Posted};
use super::words::Moment;
use super::{Frame, Problems, Stop, frame, local, page, to};

/// The cookie that holds which code this browser waits for. It is no secret: without the code it is worth nothing.
const WAITS: &str = "handover-sign-in";

#[derive(Template)]
#[template(path = "pages/sign-in.html")]
struct Ask<'a> {
    f: Frame<'a>,
    /// What was done just now.
    note: Option<String>,
    next: &'a str,
    address: &'a str,
    /// Whether the problems are those of the address.
    wrong: bool,
    problems: Problems,
    /// Short name and name of each identity provider.
    providers: Vec<(&'a str, &'a str)>,
}

/// The page on which one begins, after what went wrong if anything did.
pub(super) fn ask_page(
    app: &App,
    next: &str,
    address: &str,
    wrong: bool,
    problems: Problems,
) -> Response {
    noted(app, None, (next, address, wrong), problems)
}

fn noted(
    app: &App,
    note: Option<String>,
    (next, address, wrong): (&str, &str, bool),
    problems: Problems,
) -> Response {
    let status = match problems.is_empty() {
        true => StatusCode::OK,
        false => problems.status,
    };
    let providers = app.providers();
    page(
        status,
        &Ask {
            f: frame(app, None),
            note,
            next,
            address,
            wrong,
            problems,
            providers: providers.names().collect(),
        },
    )
}

/// `GET /sign-in`
pub async fn ask(State(app): State<App>, asked: Fields, browser: Option<Browser>) -> Response {
    let next = local(asked.get("next"));
    if browser.is_some() {
        return to(next);
    }
    let note = (asked.get("done") == "out").then(|| say!("You are signed out."));
    noted(&app, note, (next, "", false), Problems::default())
}

/// `POST /sign-in`
pub async fn begin(
    State(app): State<App>,
    client: Client,
    Open { fields, .. }: Open,
) -> Result<Response, Stop> {
    let next = local(fields.get("next")).to_owned();
    let typed: String = fields.get("address").chars().take(300).collect();
    let again = |problems: Problems| ask_page(&app, &next, &typed, true, problems);
    let address: Address = match typed.parse() {
        Ok(address) => address,
        Err(malformed) => return Ok(again(Problems::of(malformed.refusal("address"))?)),
    };
    let limiters = app.limiters();
    let within = limiters
        .attempt(client)
        .and_then(|()| limiters.code(&address));
    if let Err(too_many) = within {
        return Ok(again(Problems::of(too_many)?));
    }
    let call = app.directory().call(NOBODY, None);
    let reads = Some(language::now().tag());
    match sign_in::begin(app.directory(), &call, address, reads).await {
        Ok(id) => {
            let lifetime = app.settings().policy.sign_in.code_lifetime_ms / 1_000;
            let mut response = to(&to_code(&next));
            remember(&app, &mut response, WAITS, &id.to_string(), lifetime)?;
            Ok(response)
        }
        Err(trouble) => Ok(again(Problems::of(trouble)?)),
    }
}

pub(super) const NOBODY: By = By {
    person: None,
    channel: Channel::Web,
};

fn to_code(next: &str) -> String {
    match next {
        "/" => "/sign-in/code".to_owned(),
        next => format!("/sign-in/code?next={next}"),
    }
}

/// Sets a host-only cookie that scripts cannot read.
pub fn remember(
    app: &App,
    response: &mut Response,
    name: &str,
    value: &str,
    seconds: i64,
) -> Result<(), Stop> {
    let secure = if app.site().is_https() {
        "; Secure"
    } else {
        ""
    };
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    // Names and values are made of letters, digits and what separates them.
    let cookie = HeaderValue::try_from(cookie).map_err(|_| Stop::Nothing)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(())
}

#[derive(Template)]
#[template(path = "pages/code.html")]
struct Wait<'a> {
    f: Frame<'a>,
    next: &'a str,
    again: String,
    address: Option<String>,
    until: Moment,
    typed: &'a str,
    problems: Problems,
}

async fn waiting(app: &App, headers: &HeaderMap) -> Result<Option<SignIn>, Stop> {
    let id = auth::cookie(headers, WAITS).and_then(|value| value.parse::<SignInId>().ok());
    let Some(id) = id else {
        return Ok(None);
    };
    let now = app.directory().now();
    let waits = |s: &SignIn| !s.used && s.tries_left > 0 && now < s.expires_at;
    let found = sign_in::attempt(&app.settings(), id).await?;
    Ok(found.filter(waits))
}

fn code_page(
    app: &App,
    waits: Option<SignIn>,
    next: &str,
    typed: &str,
    problems: Problems,
) -> Response {
    let status = if problems.is_empty() {
        StatusCode::OK
    } else {
        problems.status
    };
    page(
        status,
        &Wait {
            f: frame(app, None),
            next,
            again: match next {
                "/" => "/sign-in".to_owned(),
                next => format!("/sign-in?next={next}"),
            },
            until: waits
                .as_ref()
                .map_or(app.directory().now(), |s| s.expires_at)
                .into(),
            address: waits.map(|s| s.address.to_string()),
            typed,
            problems,
        },
    )
}

/// `GET /sign-in/code`
pub async fn wait(
    State(app): State<App>,
    asked: Fields,
    headers: HeaderMap,
) -> Result<Response, Stop> {
    let waits = waiting(&app, &headers).await?;
    Ok(code_page(
        &app,
        waits,
        local(asked.get("next")),
        "",
        Problems::default(),
    ))
}

/// `POST /sign-in/code`
pub async fn finish(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Open { fields, browser }: Open,
) -> Result<Response, Stop> {
    let next = local(fields.get("next"));
    let typed: String = fields.get("code").chars().take(40).collect();
    let Some(waits) = waiting(&app, &headers).await? else {
        let problem = Refusal::field(
            "code",
            said!("the code is used or too old"),
            said!("ask for a new code"),
        );
        return Ok(code_page(&app, None, next, &typed, Problems::of(problem)?));
    };
    if let Err(too_many) = app.limiters().attempt(client) {
        let problems = Problems::of(too_many)?;
        return Ok(code_page(&app, Some(waits), next, &typed, problems));
    }
    let call = app.directory().call(NOBODY, None);
    let account = match sign_in::finish(app.directory(), &call, waits.id, &typed).await {
        Ok(account) => account,
        Err(trouble) => {
            let waits = waiting(&app, &headers).await?;
            return Ok(code_page(&app, waits, next, &typed, Problems::of(trouble)?));
        }
    };
    let mut response = signed_in(&app, account.id, &headers, browser, None, next).await?;
    remember(&app, &mut response, WAITS, "", 0)?;
    Ok(response)
}

/// On to where one was going, signed in by a code or through an identity provider.
pub(super) async fn signed_in(
    app: &App,
    account: AccountId,
    headers: &HeaderMap,
    before: Option<Browser>,
    through: Option<&str>,
    next: &str,
) -> Result<Response, Stop> {
    // Rotated: whatever session this browser had ends here.
    if let Some(old) = before {
        auth::close_session(app, &old).await?;
    }
    let (_, cookie) = auth::open_session(app, account, headers, through).await?;
    let mut response = to(next);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// `POST /sign-out`
pub async fn leave(
    State(app): State<App>,
    Posted { fields, person }: Posted,
) -> Result<Response, Stop> {
    let cookie = auth::close_session(&app, &person.browser).await?;
    let next = local(fields.get("next"));
    let mut response = match next {
        "/" => to("/sign-in?done=out"),
        next => to(&format!("/sign-in?done=out&next={next}")),
    };
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}
