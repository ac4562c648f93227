//! Restate: its server keeps the state, the handlers of [`handlers`] run in a process of their own.

mod client;
mod handlers;

pub use client::{Design, Restate};
pub use handlers::serve;
