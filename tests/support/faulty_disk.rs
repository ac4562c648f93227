//! A disk that fails at a chosen operation, and forgets an arbitrary part of what was not synced when the power goes.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use rand::prelude::*;
use redb::StorageBackend;

/// Drives write at least this much at once, so a write is torn at these bounds only.
const SECTOR: usize = 512;

/// What happens at the chosen operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The power goes: this and every later operation fail, and unsynced writes are kept or not, sector by sector.
    PowerLoss,
    /// Only this operation fails, as a bad cable makes it; the process lives on. A sync that fails keeps an arbitrary part.
    Once,
}

#[derive(Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Resize(u64),
}

#[derive(Debug)]
struct State {
    /// What is safe.
    synced: Vec<u8>,
    /// What came after, in order.
    unsynced: Vec<Change>,
    /// What reads see: both together.
    seen: Vec<u8>,
    operations: u64,
    fail_at: Option<(u64, Fault)>,
    dead: bool,
    random: StdRng,
}

/// The disk. Clones are the same disk; give one to the store and keep one.
#[derive(Debug, Clone)]
pub struct Disk(Arc<Mutex<State>>);

fn change(bytes: &mut Vec<u8>, offset: u64, data: &[u8]) {
    let start = usize::try_from(offset).unwrap();
    let end = start + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[start..end].copy_from_slice(data);
}

impl Disk {
    /// An empty disk without faults.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            synced: Vec::new(),
            unsynced: Vec::new(),
            seen: Vec::new(),
            operations: 0,
            fail_at: None,
            dead: false,
            random: StdRng::seed_from_u64(seed),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Fails the `number`th operation from now (1 is the next); reads are not counted, for they leave nothing behind.
    pub fn fail_at(&self, number: u64, fault: Fault) {
        let mut state = self.state();
        state.fail_at = Some((state.operations + number, fault));
    }

    /// Whether the chosen operation was reached, since it was chosen or the disk was restarted.
    pub fn has_failed(&self) -> bool {
        let state = self.state();
        state
            .fail_at
            .is_some_and(|(number, _)| state.operations >= number)
    }

    /// Fails no more.
    pub fn heal(&self) {
        self.state().fail_at = None;
    }

    /// Takes the power away, if it is still there, and gives it back: what was not synced is kept or lost, sector by sector.
    pub fn restart(&self) {
        let mut state = self.state();
        state.settle_unsynced();
        state.dead = false;
        state.fail_at = None;
    }
}

impl State {
    /// Keeps an arbitrary part of what was not synced, and that is the disk from now on.
    fn settle_unsynced(&mut self) {
        // All, nothing, or some: the extremes find other faults than the middle.
        let kept = *[0.0, 0.1, 0.5, 0.9, 1.0].choose(&mut self.random).unwrap();
        for unsynced in std::mem::take(&mut self.unsynced) {
            match unsynced {
                Change::Resize(length) => {
                    if self.random.random_bool(kept) {
                        self.synced.resize(usize::try_from(length).unwrap(), 0);
                    }
                }
                Change::Write(offset, data) => {
                    // Parts end at the disk's sectors, not at those of the write.
                    let first = SECTOR - usize::try_from(offset).unwrap() % SECTOR;
                    let (head, rest) = data.split_at(first.min(data.len()));
                    let mut at = offset;
                    for part in std::iter::once(head).chain(rest.chunks(SECTOR)) {
                        if self.random.random_bool(kept) {
                            change(&mut self.synced, at, part);
                        }
                        at += part.len() as u64;
                    }
                }
            }
        }
        self.seen = self.synced.clone();
    }

    /// Counts an operation, and fails it if it is the chosen one.
    fn operate(&mut self) -> io::Result<()> {
        if self.dead {
            return Err(io::Error::other("the power is gone"));
        }
        self.operations += 1;
        match self.fail_at {
            Some((number, Fault::PowerLoss)) if self.operations == number => {
                self.dead = true;
                Err(io::Error::other("the power goes"))
            }
            Some((number, Fault::Once)) if self.operations == number => {
                Err(io::Error::other("the disk failed once"))
            }
            _ => Ok(()),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        let state = self.state();
        if state.dead {
            return Err(io::Error::other("the power is gone"));
        }
        Ok(state.seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        if state.dead {
            return Err(io::Error::other("the power is gone"));
        }
        let start = usize::try_from(offset).unwrap();
        let bytes = state.seen.get(start..start + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        state.operate()?;
        state.seen.resize(usize::try_from(len).unwrap(), 0);
        state.unsynced.push(Change::Resize(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        if let Err(error) = state.operate() {
            if !state.dead {
                // As Linux does: what failed to be written is dropped, and a second sync would say that all is well.
                state.settle_unsynced();
            }
            return Err(error);
        }
        let state = &mut *state;
        for unsynced in state.unsynced.drain(..) {
            match unsynced {
                Change::Resize(length) => {
                    state.synced.resize(usize::try_from(length).unwrap(), 0);
                }
                Change::Write(offset, data) => change(&mut state.synced, offset, &data),
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        if let Err(error) = state.operate() {
            if state.dead {
                // Some of the very last write may have reached the disk.
                state.unsynced.push(Change::Write(offset, data.to_vec()));
            }
            return Err(error);
        }
        change(&mut state.seen, offset, data);
        state.unsynced.push(Change::Write(offset, data.to_vec()));
        Ok(())
    }
}
