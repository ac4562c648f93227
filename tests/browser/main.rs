//! The pages in a real browser, in front of the real daemon.
//!
//! Pictures of every page, and what each weighs, are kept in `tests/output/browser`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod administration;
#[path = "../support/browser.rs"]
mod browser;
mod clicks;
#[path = "../support/daemon.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod daemon;
mod daily;
mod letters;
mod live;
mod look;
mod pictures;
#[path = "../support/post_office.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod post_office;
mod site;
mod stories;
mod workgroups;
