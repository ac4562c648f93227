//! Plain PostgreSQL: a small HTTP service with a connection pool, one transaction per request.

mod client;
mod service;
mod transactions;

pub use client::Postgres;
pub use service::serve;
