//! A small executor: at every step one ready task, drawn by the seed, is polled once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use crate::universe::{Home, Universe, Work, locked};

type Ready = Arc<Mutex<Vec<u64>>>;

struct Bell {
    task: u64,
    rung: AtomicBool,
    ready: Ready,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        if !self.rung.swap(true, Ordering::Relaxed) {
            locked(&self.ready).push(self.task);
        }
    }
}

struct Task {
    home: Home,
    bell: Arc<Bell>,
    work: Work,
}

/// All tasks of one history.
pub struct Executor {
    universe: Arc<Universe>,
    tasks: BTreeMap<u64, Task>,
    ready: Ready,
    next: u64,
}

impl Executor {
    pub fn new(universe: Arc<Universe>) -> Self {
        Self {
            universe,
            tasks: BTreeMap::new(),
            ready: Ready::default(),
            next: 0,
        }
    }

    fn take_in(&mut self) {
        for (home, work) in self.universe.births() {
            let task = self.next;
            self.next += 1;
            let bell = Arc::new(Bell {
                task,
                rung: AtomicBool::new(false),
                ready: Arc::clone(&self.ready),
            });
            Arc::clone(&bell).wake();
            self.tasks.insert(task, Task { home, bell, work });
        }
    }

    /// Polls one ready task, the first that has rested enough if there is none else; whether there was one.
    pub fn step(&mut self) -> bool {
        self.take_in();
        let idle = locked(&self.ready).is_empty();
        self.universe.ring(idle);
        let drawn = {
            let mut ready = locked(&self.ready);
            if ready.is_empty() {
                return false;
            }
            let place = self.universe.place(ready.len());
            ready.swap_remove(place)
        };
        self.universe.advance();
        let Some(task) = self.tasks.get_mut(&drawn) else {
            // It ended after somebody rang.
            return true;
        };
        task.bell.rung.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&task.bell));
        if let Poll::Ready(()) = task.work.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.tasks.remove(&drawn);
        }
        true
    }

    /// Everything on this node ends where it is.
    pub fn kill(&mut self, node: usize) {
        self.take_in();
        let (dead, alive): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut self.tasks)
            .into_iter()
            .partition(|(_, task)| task.home == Home::Node(node));
        self.tasks = alive;
        drop(dead);
    }

    /// Tasks that have not ended, by where they run: outside, and on nodes.
    pub fn unfinished(&self) -> (usize, usize) {
        let outside = self.tasks.values().filter(|t| t.home == Home::Outside);
        let outside = outside.count();
        (outside, self.tasks.len() - outside)
    }
}
