//! Actors, and what they decide with: contexts admit, the item keeps whose it is, the transfer coordinates.
//!
//! The decisions are ordinary functions over a [`world::World`]; the ractor shells in [`directory`] only give each of them one owner.
//! A simulation drives the same functions without the shells.

pub mod access;
pub mod account;
pub mod allowance;
pub mod attempts;
pub mod audit;
pub mod browse;
pub mod changes;
pub mod collaborators;
pub mod consequences;
pub mod context;
pub mod custody;
pub mod directory;
pub mod incoming;
pub mod invitation;
pub mod lifecycle;
pub mod links;
pub mod listing;
pub mod load;
pub mod members;
pub mod moves;
pub mod names;
mod news;
pub mod once;
pub mod people;
pub mod post;
pub mod proposal;
pub mod purge;
pub mod queries;
mod ration;
pub mod reach;
pub mod recent;
pub mod rights;
pub mod settings;
pub mod sharing;
pub mod sign_in;
pub mod site;
pub mod storage;
pub mod stuck;
pub mod sweep;
pub mod workgroups;
pub mod world;
