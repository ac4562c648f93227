//! Who asks, and under which command: what handlers need that hand a [`Call`] on to the actors and do nothing else with it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::actors::world::Call;
use crate::web::App;
use crate::web::auth::{Read, Signed, Write};
use crate::web::problem::Failure;
use crate::web::take::Taken;

/// Somebody who looks at something.
pub struct Looks {
    /// The site.
    pub app: App,
    /// As the actors know it.
    pub call: Call,
}

impl FromRequestParts<App> for Looks {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let signed = Signed::<Read>::from_request_parts(parts, app).await?;
        Ok(Self {
            call: app.directory().call(signed.by(), None),
            app: app.clone(),
        })
    }
}

/// Somebody who wants something changed.
pub struct Acts {
    /// The site.
    pub app: App,
    signed: Signed<Write>,
}

impl Acts {
    /// As the actors know it; a repetition is known by its Idempotency-Key.
    pub fn call<T>(&self, taken: &Taken<T>) -> Call {
        let once = taken.once(self.signed.account());
        self.app.directory().call(self.signed.by(), once)
    }
}

impl FromRequestParts<App> for Acts {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        Ok(Self {
            signed: Signed::from_request_parts(parts, app).await?,
            app: app.clone(),
        })
    }
}
