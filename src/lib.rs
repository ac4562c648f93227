//! Handover: share sequencing data and pass on its ownership.
//!
//! `docs/architecture.md` shows the way of a command; arrows between the modules point down only:
//! `daemon → web, courier → actors → store → domain`, and `mail → domain`.

pub mod domain;
pub mod mail;
pub mod store;
