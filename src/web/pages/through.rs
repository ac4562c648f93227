//! Signing in through an identity provider: out to it, and back with a code that it is asked about.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use crate::actors::sign_in;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::{Said, said};
use crate::web::App;
use crate::web::auth::{self, Browser};
use crate::web::language;
use crate::web::pages::filters;
use crate::web::problem::{Edge, Failure};
use crate::web::provider::{Begun, LIFETIME_MS, Miss, Provider, Unproven};
use crate::web::rates::Client;

use super::form::{Fields, Open};
use super::sign_in::{NOBODY, ask_page, remember, signed_in};
use super::{Frame, Problems, Stop, frame, local, page};

/// Where providers send browsers back to.
const BACK: &str = "/sign-in/callback";
/// The cookie that holds what was begun. The prefix keeps neighbours of this host from planting one of theirs.
const SECURE_BEGUN: &str = "__Host-handover-provider";
/// The same on loopback, where the prefix is not allowed.
const PLAIN_BEGUN: &str = "handover-provider";
/// Providers' codes are far shorter.
const LONGEST_CODE: usize = 4_096;
/// Tells browsers where to go on. A redirect would do, but browsers hold those that follow a form to the sites that forms may go to, and a
/// provider may send the browser on to any other.
const REFRESH: HeaderName = HeaderName::from_static("refresh");

fn another_way() -> Said {
    said!("begin again, or have a code sent to your address")
}

fn code_instead() -> Said {
    said!("have a code sent to your address instead")
}

#[derive(Template)]
#[template(path = "pages/onward.html")]
struct Onward<'a> {
    f: Frame<'a>,
    name: &'a str,
    url: &'a str,
    again: String,
}

fn begun_name(app: &App) -> &'static str {
    match app.site().is_https() {
        true => SECURE_BEGUN,
        false => PLAIN_BEGUN,
    }
}

fn back(app: &App) -> String {
    format!("{}{BACK}", app.site().public_url)
}

/// `POST /sign-in/provider`
pub async fn begin(
    State(app): State<App>,
    client: Client,
    Open { fields, .. }: Open,
) -> Result<Response, Stop> {
    let next = local(fields.get("next"));
    if let Err(too_many) = app.limiters().attempt(client) {
        return Ok(ask_page(&app, next, "", false, Problems::of(too_many)?));
    }
    let Some(provider) = app.providers().find(fields.get("provider")) else {
        let gone = refusal(said!("there is no such identity provider"), another_way());
        return Ok(ask_page(&app, next, "", false, Problems::of(gone)?));
    };
    let settings = app.settings();
    let now = app.directory().now();
    let begun = Begun::new(now, settings.ids.secret(), provider.handle(), next);
    let back = back(&app);
    let way = provider.way_there(app.clock(), &settings.key, &begun, &back);
    let url = match way.await {
        Ok(url) => url,
        Err(miss) => return missed(&app, &provider, next, miss),
    };
    let mut response = page(
        StatusCode::OK,
        &Onward {
            f: frame(&app, None),
            name: provider.name(),
            url: &url,
            again: match next {
                "/" => "/sign-in".to_owned(),
                next => format!("/sign-in?next={next}"),
            },
        },
    );
    let refresh = HeaderValue::try_from(format!("0; url={url}")).map_err(|_| Stop::Nothing)?;
    response.headers_mut().insert(REFRESH, refresh);
    let seconds = LIFETIME_MS / 1_000;
    remember(
        &app,
        &mut response,
        begun_name(&app),
        begun.cookie(),
        seconds,
    )?;
    Ok(response)
}

/// `GET /sign-in/callback`: the provider sent the browser back.
pub async fn finish(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let mut response = finished(&app, client, &headers, &asked, browser).await?;
    // Whatever came of it, the same answer is good for nothing a second time.
    remember(&app, &mut response, begun_name(&app), "", 0)?;
    Ok(response)
}

async fn finished(
    app: &App,
    client: Client,
    headers: &HeaderMap,
    asked: &Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let refused = |next: &str, address: &str, failure: Failure| {
        Ok(ask_page(app, next, address, false, Problems::of(failure)?))
    };
    if let Err(too_many) = app.limiters().attempt(client) {
        return refused("/", "", too_many);
    }
    let settings = app.settings();
    let cookie = auth::cookie(headers, begun_name(app)).unwrap_or_default();
    let now = app.directory().now();
    let Some(begun) = Begun::returned(&settings.key, now, cookie, asked.get("state")) else {
        let sentence = said!(
            "this sign-in was not begun in this browser, is over already, or took longer than ten minutes"
        );
        return refused("/", "", refusal(sentence, another_way()));
    };
    // Whatever the cookie says, it goes nowhere but to a page of this site.
    let next = local(begun.next());
    let Some(provider) = app.providers().find(begun.provider()) else {
        let sentence = said!("the identity provider is none of this site any more");
        return refused(next, "", refusal(sentence, another_way()));
    };
    if let Err(sentence) = answered(&provider, asked) {
        return refused(next, "", refusal(sentence, another_way()));
    }
    let (code, back) = (asked.get("code"), back(app));
    let proven = provider.proven(app.clock(), &settings.key, &begun, code, &back);
    let address = match proven.await {
        Ok(Ok(address)) => address,
        Ok(Err(unproven)) => {
            let (address, failure) = not_proven(&provider, unproven);
            return refused(next, &address, failure);
        }
        Err(miss) => return missed(app, &provider, next, miss),
    };
    let call = app.directory().call(NOBODY, None);
    let reads = Some(language::now().tag());
    match sign_in::vouched(app.directory(), &call, &address, reads).await {
        Ok(account) => {
            let through = Some(provider.handle());
            signed_in(app, account.id, headers, browser, through, next).await
        }
        Err(trouble) => refused(next, address.as_str(), trouble.into()),
    }
}

/// Whether the provider sent the browser back with a code; else what it did instead. None of its words are shown, for anybody can write
/// them into an address.
fn answered(provider: &Provider, asked: &Fields) -> Result<(), Said> {
    let name = provider.name();
    let (issuer, code) = (asked.get("iss"), asked.get("code"));
    if !issuer.is_empty() && !provider.is_issuer(issuer) {
        return Err(said!(
            "you come from another identity provider than {name}, where this sign-in was begun",
            name
        ));
    }
    match asked.get("error") {
        "" => {}
        "access_denied" => {
            return Err(said!(
                "{name} did not let you in, or you said no there",
                name
            ));
        }
        _ => return Err(said!("{name} did not carry out the sign-in", name)),
    }
    if code.is_empty() || code.len() > LONGEST_CODE {
        return Err(said!("{name} sent no code", name));
    }
    Ok(())
}

fn refusal(sentence: Said, next_step: Said) -> Failure {
    Refusal::new(Code::NotSignedIn, sentence, next_step).into()
}

/// The address to fill in, and what is said.
fn not_proven(provider: &Provider, unproven: Unproven) -> (String, Failure) {
    let name = provider.name();
    let send = said!("have a code sent to it");
    let (address, sentence, next_step) = match unproven {
        Unproven::NoAddress => {
            let sentence = said!("{name} tells no email address of yours", name);
            return (
                String::new(),
                refusal(sentence, said!("have a code sent to your address")),
            );
        }
        Unproven::Unverified(address) => {
            let sentence = said!(
                "{name} does not say that {address} is verified",
                name,
                address
            );
            (address, sentence, send)
        }
        Unproven::Untrusted(address) => {
            let sentence = said!(
                "this site does not take the word of {name} for {address}",
                name,
                address
            );
            (address, sentence, send)
        }
        Unproven::Outside(address) => {
            let sentence = said!("{name} may not vouch for {address} here", name, address);
            (address, sentence, send)
        }
    };
    (address.to_string(), refusal(sentence, next_step))
}

fn missed(app: &App, provider: &Provider, next: &str, miss: Miss) -> Result<Response, Stop> {
    let name = provider.name();
    let failure = match miss {
        Miss::Down(why) => {
            tracing::warn!(
                provider = provider.handle(),
                why,
                "an identity provider cannot be asked"
            );
            Failure::edge(
                Edge::Unavailable,
                said!("{name} cannot be reached just now", name),
                said!("have a code sent to your address instead, or try again in a minute"),
            )
        }
        Miss::CodeRefused => {
            let sentence = said!(
                "{name} says that this sign-in was used already, or is too old",
                name
            );
            refusal(sentence, another_way())
        }
        Miss::Doubted(doubt) => {
            let sentence = said!(
                "the answer of {name} {doubt}, so nobody was signed in",
                name,
                doubt = doubt.said()
            );
            refusal(sentence, code_instead())
        }
    };
    Ok(ask_page(app, next, "", false, Problems::of(failure)?))
}
