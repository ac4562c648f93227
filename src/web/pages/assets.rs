//! The stylesheet, the script and the icon, compiled in and named by their content, so that browsers may keep them for a year.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::domain::id::Digest;

struct Asset {
    path: String,
    name: String,
    kind: &'static str,
    text: &'static str,
}

impl Asset {
    fn new(stem: &str, ending: &str, kind: &'static str, text: &'static str) -> Self {
        let digest = Digest::of(text.as_bytes()).0;
        let name = format!("{stem}-{digest:032x}.{ending}");
        Self {
            path: format!("/assets/{name}"),
            name,
            kind,
            text,
        }
    }
}

static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("../../../assets/handover.css");
    Asset::new("handover", "css", "text/css; charset=utf-8", text)
});

static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("../../../assets/handover.js");
    Asset::new("handover", "js", "text/javascript; charset=utf-8", text)
});

static ICON: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("../../../assets/handover.svg");
    Asset::new("handover", "svg", "image/svg+xml", text)
});

/// Where the stylesheet is.
pub fn stylesheet() -> &'static str {
    &STYLESHEET.path
}

/// Where the script is.
pub fn script() -> &'static str {
    &SCRIPT.path
}

/// Where the icon is.
pub fn icon() -> &'static str {
    &ICON.path
}

/// `GET /assets/{name}`; `None`: there is none of that name, perhaps because it is an older version's.
pub async fn show(Path(name): Path<String>) -> Option<Response> {
    let asset = [&*STYLESHEET, &*SCRIPT, &*ICON]
        .into_iter()
        .find(|asset| asset.name == name)?;
    let head = [
        (CONTENT_TYPE, asset.kind),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Some((head, asset.text).into_response())
}
