//! Messages in order, and answers to them, without a runtime.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use crate::universe::{Rest, locked};

struct Slot<T> {
    value: Option<T>,
    closed: bool,
    waker: Option<Waker>,
}

/// Gives one answer; dropped without, whoever waits learns that there is none.
pub struct Reply<T>(Arc<Mutex<Slot<T>>>);

/// Waits for one answer.
pub struct Answer<T>(Arc<Mutex<Slot<T>>>);

/// A question's two ends.
pub fn reply<T>() -> (Reply<T>, Answer<T>) {
    let slot = Arc::new(Mutex::new(Slot {
        value: None,
        closed: false,
        waker: None,
    }));
    (Reply(Arc::clone(&slot)), Answer(slot))
}

impl<T> Reply<T> {
    pub fn send(self, value: T) {
        locked(&self.0).value = Some(value);
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        let waker = {
            let mut slot = locked(&self.0);
            slot.closed = true;
            slot.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Answer<T> {
    /// The answer; `None`: it was lost, or did not come before this was over.
    pub async fn within(self, patience: Option<Rest>) -> Option<T> {
        let mut patience = patience.map(Box::pin);
        poll_fn(move |context| {
            let mut slot = locked(&self.0);
            if let Some(value) = slot.value.take() {
                return Poll::Ready(Some(value));
            }
            if slot.closed {
                return Poll::Ready(None);
            }
            slot.waker = Some(context.waker().clone());
            drop(slot);
            match &mut patience {
                Some(patience) => patience.as_mut().poll(context).map(|()| None),
                None => Poll::Pending,
            }
        })
        .await
    }
}

struct Queue<M> {
    messages: VecDeque<M>,
    closed: bool,
    waker: Option<Waker>,
}

/// Messages to one actor, in the order they came.
pub struct Mailbox<M>(Arc<Mutex<Queue<M>>>);

impl<M> Clone for Mailbox<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> Mailbox<M> {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Queue {
            messages: VecDeque::new(),
            closed: false,
            waker: None,
        })))
    }
    pub fn send(&self, message: M) {
        let waker = {
            let mut queue = locked(&self.0);
            queue.messages.push_back(message);
            queue.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
    /// No further messages; those that are there are still seen to.
    pub fn close(&self) {
        let waker = {
            let mut queue = locked(&self.0);
            queue.closed = true;
            queue.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
    /// The next message; `None`: closed and empty.
    pub async fn next(&self) -> Option<M> {
        poll_fn(|context| {
            let mut queue = locked(&self.0);
            if let Some(message) = queue.messages.pop_front() {
                return Poll::Ready(Some(message));
            }
            if queue.closed {
                return Poll::Ready(None);
            }
            queue.waker = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}
