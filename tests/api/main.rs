//! The whole site over HTTP, on the store in memory, with a clock that is moved.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod account;
mod allowance;
mod audit;
mod bounds;
mod edge;
mod guards;
#[path = "../support/in_trouble.rs"]
mod in_trouble;
mod left;
mod letters;
mod life;
mod lifecycle;
mod mail;
mod moves;
mod repeated;
mod rights;
mod server;
mod settings;
mod sharing;
mod strangers;
#[path = "../support/api.rs"]
mod support;
mod sweep;
mod threats;
mod workgroups;
