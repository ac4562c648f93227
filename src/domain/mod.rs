//! What the words mean: pure, synchronous functions; time, ids and secrets come in as arguments.

pub mod account;
pub mod address;
pub mod attempts;
pub mod called;
pub mod document;
pub mod event;
pub mod governance;
pub mod id;
pub mod incoming;
pub mod index;
pub mod invitation;
pub mod item;
pub mod key;
pub mod letter;
pub mod lifecycle;
pub mod link;
pub mod moving;
pub mod policy;
pub mod ration;
pub mod reach;
pub mod refusal;
pub mod rights;
pub mod secret;
pub mod time;
pub mod tombstone;
pub mod workgroup;
