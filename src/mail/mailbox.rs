//! The built-in mailbox: where letters go in development, to be read on a page or by a test.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{BoxFuture, ready};

use crate::domain::id::LetterId;

use super::{Failure, Rendered, Transport};

/// Keeps the newest letters in memory and sends none of them anywhere.
#[derive(Debug)]
pub struct Mailbox {
    most: usize,
    letters: Mutex<VecDeque<Arc<Rendered>>>,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::new(500)
    }
}

impl Mailbox {
    /// An empty one that keeps at most this many letters (at least one); the oldest go first.
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            letters: Mutex::new(VecDeque::new()),
        }
    }

    /// All letters, newest first. One that was sent twice stands here twice, as it would in a real mailbox.
    pub fn list(&self) -> Vec<Arc<Rendered>> {
        self.held().iter().rev().cloned().collect()
    }

    /// The newest copy of this letter.
    pub fn get(&self, id: LetterId) -> Option<Arc<Rendered>> {
        self.held()
            .iter()
            .rev()
            .find(|letter| letter.id == id)
            .cloned()
    }

    fn held(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<Rendered>>> {
        // Nothing panics while it is held, and a list of letters cannot be half changed.
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Mailbox {
    fn send<'a>(&'a self, letter: &'a Rendered) -> BoxFuture<'a, Result<(), Failure>> {
        let mut letters = self.held();
        while letters.len() >= self.most {
            letters.pop_front();
        }
        letters.push_back(Arc::new(letter.clone()));
        Box::pin(ready(Ok(())))
    }
}
