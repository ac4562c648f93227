//! The addresses of an account: a further one is added by typing the code that is sent to it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::actors::{account, sign_in};
use crate::domain::account::{MAX_ADDRESSES, SignIn};
use crate::domain::id::SignInId;
use crate::web::App;
use crate::web::api::settings as api;
use crate::web::auth::Browser;
use crate::web::language::say;
use crate::web::pages::filters;
use crate::web::pages::form::{self, Fields, Posted};
use crate::web::pages::words::Moment;
use crate::web::pages::{Frame, Person, Problems, Stop, frame, page, to};
use crate::web::problem::Failure;
use crate::web::rates::Client;

#[derive(Template)]
#[template(path = "pages/account-addresses.html")]
struct Page<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    note: Option<String>,
    addresses: Vec<String>,
    full: bool,
    typed: String,
    once: String,
}

/// `GET /account/addresses`
pub async fn show(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = crate::web::pages::person(&app, browser, "/account/addresses").await?;
    let note = match asked.get("done") {
        "added" => Some(say!(
            "The address is yours. What was offered to it is on your home page."
        )),
        "primary" => Some(say!("Letters about your own offers go there from now on.")),
        "removed" => Some(say!(
            "The address is removed. You cannot sign in with it any more."
        )),
        _ => None,
    };
    Ok(render(
        &app,
        &person,
        note,
        String::new(),
        Problems::default(),
    ))
}

fn render(
    app: &App,
    person: &Person,
    note: Option<String>,
    typed: String,
    problems: Problems,
) -> Response {
    let addresses = &person.account.addresses;
    let view = Page {
        f: frame(app, Some(person)),
        person,
        note,
        addresses: addresses.iter().map(ToString::to_string).collect(),
        full: addresses.len() >= MAX_ADDRESSES,
        typed,
        once: form::once(app),
        problems,
    };
    page(view.problems.page_status(), &view)
}

/// `POST /account/addresses/add`
pub async fn add(State(app): State<App>, client: Client, posted: Posted) -> Result<Response, Stop> {
    let typed = form::text(&posted.fields, "address", 400);
    match begun(&app, client, &posted, &typed).await {
        Ok(id) => Ok(to(&format!("/account/addresses/code?waits={id}"))),
        Err(failure) => {
            let problems = Problems::of(failure)?;
            Ok(render(&app, &posted.person, None, typed, problems))
        }
    }
}

async fn begun(
    app: &App,
    client: Client,
    posted: &Posted,
    typed: &str,
) -> Result<SignInId, Failure> {
    let address = api::address(typed.trim())?;
    app.limiters().attempt(client)?;
    app.limiters().code(&address)?;
    let call = posted.call(app, "/account/addresses/add");
    let person = posted.person.account.id;
    Ok(account::begin_address(app.directory(), &call, person, address).await?)
}

#[derive(Template)]
#[template(path = "pages/account-code.html")]
struct Wait<'a> {
    f: Frame<'a>,
    person: &'a Person,
    problems: Problems,
    waits: Option<SignIn>,
    until: Moment,
    typed: String,
}

/// `GET /account/addresses/code`
pub async fn wait(
    State(app): State<App>,
    asked: Fields,
    browser: Option<Browser>,
) -> Result<Response, Stop> {
    let person = crate::web::pages::person(&app, browser, "/account/addresses").await?;
    let id = asked.get("waits").parse().map_err(|_| Stop::Nothing)?;
    waiting(&app, &person, id, String::new(), Problems::default()).await
}

async fn waiting(
    app: &App,
    person: &Person,
    id: SignInId,
    typed: String,
    problems: Problems,
) -> Result<Response, Stop> {
    let now = app.directory().now();
    let found = sign_in::attempt(&app.settings(), id).await?;
    let waits = found.filter(|one| one.adds_to == Some(person.account.id) && one.is_open(now));
    let view = Wait {
        f: frame(app, Some(person)),
        person,
        until: waits.as_ref().map_or(now, |one| one.expires_at).into(),
        waits,
        typed,
        problems,
    };
    Ok(page(view.problems.page_status(), &view))
}

/// `POST /account/addresses/prove`
pub async fn prove(
    State(app): State<App>,
    client: Client,
    posted: Posted,
) -> Result<Response, Stop> {
    let id: SignInId = posted
        .fields
        .get("waits")
        .parse()
        .map_err(|_| Stop::Nothing)?;
    let typed = form::text(&posted.fields, "code", 40);
    match proven(&app, client, &posted, id, &typed).await {
        Ok(()) => Ok(to("/account/addresses?done=added")),
        Err(failure) => {
            let problems = Problems::of(failure)?;
            waiting(&app, &posted.person, id, typed, problems).await
        }
    }
}

async fn proven(
    app: &App,
    client: Client,
    posted: &Posted,
    id: SignInId,
    code: &str,
) -> Result<(), Failure> {
    app.limiters().attempt(client)?;
    let call = app.directory().call(posted.person.browser.by(), None);
    let person = posted.person.account.id;
    account::finish_address(app.directory(), &call, person, id, code).await?;
    Ok(())
}

/// What is done to one address of the account.
#[derive(Clone, Copy)]
enum Act {
    MakePrimary,
    Remove,
}

async fn carry_out(app: &App, posted: &Posted, act: Act) -> Result<Response, Stop> {
    let done = match api::address(posted.fields.get("address")) {
        Err(refusal) => Err(Failure::from(refusal)),
        Ok(address) => {
            let (world, person) = (app.directory(), posted.person.account.id);
            let call = world.call(posted.person.browser.by(), None);
            let done = match act {
                Act::MakePrimary => account::make_primary(world, &call, person, &address).await,
                Act::Remove => account::remove_address(world, &call, person, &address).await,
            };
            done.map_err(Failure::from)
        }
    };
    match (done, act) {
        (Ok(_), Act::MakePrimary) => Ok(to("/account/addresses?done=primary")),
        (Ok(_), Act::Remove) => Ok(to("/account/addresses?done=removed")),
        (Err(failure), _) => {
            let problems = Problems::of(failure)?;
            Ok(render(app, &posted.person, None, String::new(), problems))
        }
    }
}

/// `POST /account/addresses/primary`
pub async fn make_primary(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    carry_out(&app, &posted, Act::MakePrimary).await
}

/// `POST /account/addresses/remove`
pub async fn remove(State(app): State<App>, posted: Posted) -> Result<Response, Stop> {
    carry_out(&app, &posted, Act::Remove).await
}
