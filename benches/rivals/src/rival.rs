//! What every system under test must be able to do, seen from the client.

use serde::Deserialize;

use crate::http::{Connection, Failure};

/// The size every item has, so that usage counters move by something.
pub const ITEM_BYTES: u64 = 1 << 20;
/// Large enough never to refuse here; it is checked all the same.
pub const QUOTA_BYTES: u64 = 1 << 60;

#[derive(Clone, Debug, Deserialize)]
pub struct Person {
    pub email: String,
    /// What the person's requests carry where the system asks for it.
    #[serde(default)]
    pub token: String,
}

/// Who offers to whom in one loop of the generator.
#[derive(Clone, Debug, Deserialize)]
pub struct Pair {
    pub sender: Person,
    pub recipient: Person,
}

/// The workflow *offer, wait, accept, durable* on one system. Every answer means: it is durable.
pub trait Rival: Send + Sync + 'static {
    fn label(&self) -> &'static str;

    /// Whose processes (`--watch KEY.part=PID`) these are; two designs on one server share a key.
    fn key(&self) -> &'static str;

    /// Makes the accounts and their contexts known.
    fn introduce(
        &self,
        http: &Connection,
        pair: &Pair,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Registers one item of the sender under a name nobody has used; answers with the item's id.
    fn prepare(
        &self,
        http: &Connection,
        pair: &Pair,
        name: &str,
    ) -> impl Future<Output = Result<String, Failure>> + Send;

    /// The sender offers the item to the recipient; answers with the transfer's id.
    fn offer(
        &self,
        http: &Connection,
        pair: &Pair,
        item: &str,
    ) -> impl Future<Output = Result<String, Failure>> + Send;

    /// The recipient accepts into their personal context.
    fn accept(
        &self,
        http: &Connection,
        pair: &Pair,
        item: &str,
        transfer: &str,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Whether the item is the recipient's now: a rate of transfers that did not happen would be worth nothing.
    fn belongs_to_recipient(
        &self,
        http: &Connection,
        pair: &Pair,
        item: &str,
    ) -> impl Future<Output = Result<bool, Failure>> + Send;
}
