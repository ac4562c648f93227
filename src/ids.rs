//! The one source of randomness: ids, and the secrets of sessions and tokens.

use std::sync::{Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::domain::time::Time;

/// Makes ids and secrets. Seeded from the operating system in production, from a number in a simulation.
#[derive(Debug)]
pub struct Ids(Mutex<StdRng>);

impl Ids {
    /// Seeded by the operating system.
    pub fn from_system() -> Self {
        #[allow(
            clippy::disallowed_methods,
            reason = "this module is where randomness comes from"
        )]
        let mut system = rand::rng();
        Self(Mutex::new(StdRng::from_rng(&mut system)))
    }

    /// The same ids in every run.
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// A time-ordered id: UUIDv7 (RFC 9562 §5.7) of this moment.
    pub fn fresh(&self, at: Time) -> u128 {
        let mut random = [0; 10];
        self.fill(&mut random);
        let ms = u64::try_from(at.ms()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(ms, &random)
            .into_uuid()
            .as_u128()
    }

    /// 256 random bits.
    pub fn secret(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.fill(&mut bytes);
        bytes
    }

    /// A number below `end` (which is at least 1), for jitter.
    pub fn below(&self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_be_bytes(bytes) % end.max(1)
    }

    fn fill(&self, bytes: &mut [u8]) {
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rng.fill_bytes(bytes);
    }
}
