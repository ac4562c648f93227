//! Handover: share sequencing data and pass on its ownership.
//!
//! `docs/architecture.md` shows the way of a command; arrows between the modules point down only:
//! `daemon → web, courier → actors → store → domain`, and `mail → domain, clock`.

pub mod actors;
pub mod chain;
pub mod cli;
pub mod clock;
pub mod config;
pub mod courier;
pub mod daemon;
pub mod demo;
pub mod domain;
pub mod ids;
pub mod mail;
pub mod runfolder;
pub mod size;
pub mod store;
pub mod telemetry;
pub mod web;
pub mod wire;
