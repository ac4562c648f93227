//! What a form sends, and that it was sent by a page of this site in the session that it acts for.

use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;

use crate::actors::world::{Call, Once};
use crate::domain::id::{CommandId, Digest};
use crate::domain::said::said;
use crate::web::App;
use crate::web::auth::{Browser, same_origin};
use crate::web::problem::{Edge, Failure};

use super::{Person, Stop};

/// The fields of a form. One that is missing is empty.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// What was typed or chosen.
    pub fn get(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(there, _)| there == name);
        field.map_or("", |(_, value)| value)
    }

    /// Everything that was chosen in the fields of this name, in their order; at most so many.
    pub fn all(&self, name: &str, most: usize) -> Vec<&str> {
        let fields = self.0.iter().filter(|(there, _)| there == name);
        fields.map(|(_, value)| value.as_str()).take(most).collect()
    }

    /// The same, or `None` when there is nothing but space.
    pub fn given(&self, name: &str) -> Option<String> {
        let value = self.get(name).trim();
        (!value.is_empty()).then(|| value.to_owned())
    }
}

/// What was typed into a field, cut to so many characters: as much as is shown again.
pub fn text(fields: &Fields, name: &str, most: usize) -> String {
    // Browsers send line ends as two characters, and people count them as one.
    let text = fields.get(name).replace("\r\n", "\n");
    text.chars().take(most).collect()
}

/// All that was typed into a field of many lines: whoever corrects one of them sends the others again. The body of a form bounds it.
pub fn lines(fields: &Fields, name: &str) -> String {
    fields.get(name).replace("\r\n", "\n")
}

/// What the address of a page asks for; an address that cannot be read asks for nothing.
impl FromRequestParts<App> for Fields {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        let asked = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        Ok(Self(
            asked.map_or_else(|_| Vec::new(), |Query(asked)| asked),
        ))
    }
}

async fn fields(request: Request, app: &App) -> Result<Fields, Stop> {
    match Form::<Vec<(String, String)>>::from_request(request, app).await {
        Ok(Form(fields)) => Ok(Fields(fields)),
        Err(rejection) => {
            let edge = match rejection.status().as_u16() {
                413 => Edge::TooLarge,
                415 => Edge::MediaType,
                _ => Edge::Malformed,
            };
            Err(Failure::edge(
                edge,
                said!("this form cannot be read"),
                said!("open the page again and repeat what you did"),
            )
            .into())
        }
    }
}

/// A form that somebody sent who need not be signed in.
pub struct Open {
    /// What it holds.
    pub fields: Fields,
    /// Who had been signed in before.
    pub browser: Option<Browser>,
}

impl FromRequest<App> for Open {
    type Rejection = Stop;

    async fn from_request(request: Request, app: &App) -> Result<Self, Stop> {
        let (mut parts, body) = request.into_parts();
        if !same_origin(app, &parts.headers) {
            return Err(Stop::Forged);
        }
        let browser = Option::<Browser>::from_request_parts(&mut parts, app).await?;
        let fields = fields(Request::from_parts(parts, body), app).await?;
        Ok(Self { fields, browser })
    }
}

/// A form that somebody sent who is signed in.
pub struct Posted {
    /// What it holds.
    pub fields: Fields,
    /// Who sent it.
    pub person: Person,
}

impl FromRequest<App> for Posted {
    type Rejection = Stop;

    async fn from_request(request: Request, app: &App) -> Result<Self, Stop> {
        let headers = request.headers().clone();
        let page = page_of(request.uri().path());
        let Open { fields, browser } = Open::from_request(request, app).await?;
        let person = super::person(app, browser, &page).await?;
        if !person.browser.form_fits(app, &headers, fields.get("form")) {
            return Err(Stop::Forged);
        }
        Ok(Self { fields, person })
    }
}

/// The page that a form stands on, to come back to after signing in.
fn page_of(path: &str) -> String {
    let (page, _) = path.rsplit_once('/').unwrap_or(("", ""));
    match page {
        page if page.starts_with("/transfers/")
            || page.starts_with("/invitations/")
            || page.starts_with("/admin/")
            || page == "/l"
            || page.starts_with("/workgroups")
            || page.starts_with("/account") =>
        {
            super::local(page).to_owned()
        }
        _ => "/".to_owned(),
    }
}

impl Posted {
    /// Who wants it, and when. Every form that changes something carries a number of its own, so that a second press of the same
    /// button, or a browser that sends the form again, asks for the same thing and not for another.
    pub fn call(&self, app: &App, path: &str) -> Call {
        let once = self.fields.get("once");
        // With all fields in it, a form that is changed after going back to it asks for another thing.
        let all = format!("{:?}", self.fields.0);
        self.call_once(app, path, if once.is_empty() { once } else { &all })
    }

    /// The same where the path and this number tell everything that is asked for.
    pub fn call_once(&self, app: &App, path: &str, once: &str) -> Call {
        let command = (!once.is_empty()).then(|| {
            let account = self.person.account.id;
            // With the account and the path in it, nobody can name a command of somebody else.
            let id = Digest::of(format!("form|{account}|{path}|{once}").as_bytes());
            Once::from(CommandId::from_bits(id.0))
        });
        app.directory().call(self.person.browser.by(), command)
    }
}

/// A number for the forms of a page that is shown now.
pub fn once(app: &App) -> String {
    CommandId::from_bits(app.settings().ids.fresh(app.directory().now())).to_string()
}
