//! What is left of an item that was purged: enough to verify its journal, and to sweep away what belonged to it.

use serde::{Deserialize, Serialize};

use crate::chain::Chain;

use super::document::Document;
use super::id::{Context, ItemId};
use super::key::{Key, Queue};
use super::time::{MINUTE_MS, Time};

/// Whoever buries an item sweeps too; somebody else takes it up after this long, in milliseconds, if that came to nothing.
const TAKEN_UP_MS: i64 = 5 * MINUTE_MS;

/// The stone on an item's grave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Which item.
    pub item: ItemId,
    /// What it was called.
    pub name: String,
    /// Who owned it, and may read its journal.
    pub owner: Context,
    /// When it was purged.
    pub purged_at: Time,
    /// Whether everything that belonged to it is gone too.
    pub swept: bool,
    /// Where the chain of its events ended.
    pub chain: Chain,
}

impl Document for Tombstone {
    const TAG: &'static str = "tombstone";
    fn key(&self) -> Key {
        Key::Tombstone(self.item)
    }
    fn due(&self) -> Option<(Queue, Time, u128)> {
        let at = self.purged_at.plus_ms(TAKEN_UP_MS);
        (!self.swept).then(|| (Queue::Purges, at, self.item.bits()))
    }
    fn concerns(&self) -> Vec<Context> {
        vec![self.owner]
    }
}
