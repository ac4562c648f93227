//! What the words mean: pure, synchronous functions; time, ids and secrets come in as arguments.

pub mod id;
pub mod index;
pub mod key;
pub mod time;
