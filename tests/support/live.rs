//! Pages that are open, and what they are told.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use handover::web::App;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::website::{Answer, Browser, Website};

/// Longer than anything is joined, shorter than the silence after which something is sent all the same.
pub const A_WHILE: Duration = Duration::from_secs(20);
const NEWS: &str = "data: news\n\n";

/// When a page was made, as it says itself.
pub fn made(page: &Answer) -> &str {
    let (_, since) = page.body.split_once("data-since=\"").unwrap();
    since.split('"').next().unwrap()
}

pub fn cookies(browser: &Browser) -> String {
    let all = browser.cookies.iter();
    let all: Vec<String> = all.map(|(name, value)| format!("{name}={value}")).collect();
    all.join("; ")
}

pub async fn ask(app: &App, browser: &Browser, query: &str) -> Response<Body> {
    let request = Request::get(format!("/live?{query}"))
        .header(header::COOKIE, cookies(browser))
        .body(Body::empty())
        .unwrap();
    let router = handover::web::router(app.clone());
    router.oneshot(request).await.unwrap()
}

/// A page that is open, and what it is told.
pub struct Open(Body);

impl Open {
    /// Opens it now.
    pub async fn at(web: &Website, browser: &Browser, path: &str) -> Self {
        // A moment after whatever happened before.
        web.clock.advance(Duration::from_millis(1));
        let page = web.get(&mut browser.clone(), path).await;
        Self::made_at(web, browser, path, made(&page)).await
    }

    pub async fn made_at(web: &Website, browser: &Browser, path: &str, since: &str) -> Self {
        let response = ask(&web.app, browser, &format!("at={path}&since={since}")).await;
        assert_eq!(response.status(), StatusCode::OK);
        let head = |name| response.headers()[name].to_str().unwrap();
        assert_eq!(head(header::CONTENT_TYPE), "text/event-stream");
        assert_eq!(head(header::CACHE_CONTROL), "no-store");
        let mut open = Self(response.into_body());
        let first = open.next().await.unwrap();
        assert!(first.starts_with("retry: "), "{first}");
        open
    }

    async fn next(&mut self) -> Option<String> {
        let bytes = self.0.frame().await?.unwrap().into_data().unwrap();
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// Everything that it is told in this time; `None` last: that was all.
    pub async fn within(&mut self, time: Duration) -> Vec<Option<String>> {
        let mut told = Vec::new();
        let all = async {
            loop {
                let next = self.next().await;
                let ended = next.is_none();
                told.push(next);
                if ended {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(time, all).await;
        told
    }

    pub async fn has_news(&mut self) -> bool {
        let told = self.within(A_WHILE).await;
        let told = told.iter().map(|one| one.as_deref().expect("it goes on"));
        let told: Vec<&str> = told.filter(|one| !one.starts_with(':')).collect();
        assert!(
            told.is_empty() || told == [NEWS],
            "an event holds nothing: {told:?}"
        );
        !told.is_empty()
    }
}
