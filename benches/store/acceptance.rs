//! A typical commit: the acceptance of one item.

use handover::domain::id::{
    AccountId, CommandId, Context, Digest, InvitationId, ItemId, ItemKind, LetterId, WorkgroupId,
};
use handover::domain::index::{Entry, Phase, Receiver};
use handover::domain::key::{Counter, Key};
use handover::domain::shelf::Spelled;
use handover::domain::time::Time;
use handover::store::{ABSENT, Add, Commit, Due, IndexChange, Queue, Version, Write};

/// One item that goes to and fro between two contexts, each acceptance a commit.
pub struct Slot {
    number: u128,
    round: u128,
    versions: [Version; 3],
}

/// Spreads numbers as random bits would, so that addresses and names lie apart on disk.
fn spread(number: u128) -> u128 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}

impl Slot {
    pub fn new(number: u64) -> Self {
        Self {
            number: u128::from(number),
            round: 0,
            versions: [ABSENT; 3],
        }
    }

    fn context(&self, of_round: u128) -> Context {
        let side = of_round % 2;
        match side {
            0 => Context::Workgroup(WorkgroupId::from_bits(spread(self.number % 64))),
            _ => Context::Personal(AccountId::from_bits(spread(self.number))),
        }
    }

    /// What the store was told.
    pub fn done(&mut self, version: Version) {
        self.versions = [version; 3];
        self.round += 1;
    }

    /// The document that every acceptance guards.
    pub fn membership(&self) -> Key {
        let workgroup = WorkgroupId::from_bits(spread(self.number % 64));
        Key::Membership(workgroup, AccountId::from_bits(spread(self.number)))
    }

    /// Makes the guarded document.
    pub fn setup(&self) -> Commit {
        Commit {
            writes: vec![Write {
                key: self.membership(),
                expected: ABSENT,
                body: Some(vec![b'm'; 80]),
                event: None,
            }],
            ..Commit::default()
        }
    }

    /// The next acceptance; `guarded` is the version of the membership, `unique` a number nobody else uses.
    pub fn accept(&self, guarded: Version, unique: u64) -> Commit {
        let unique = u128::from(unique);
        let item = ItemId::new(ItemKind::Project, self.number);
        let transfer = InvitationId::from_bits(self.number);
        let (from, to) = (self.context(self.round), self.context(self.round + 1));
        let name = Spelled::of(&format!("Project {:032x}", spread(self.number)));
        let label = vec![b'l'; 65];
        let write = |key, nth: usize, body: usize, event: usize| Write {
            key,
            expected: self.versions.get(nth).copied().unwrap_or_default(),
            body: Some(vec![b'b'; body]),
            event: (event > 0).then(|| vec![b'e'; event]),
        };
        let letter = |nth: u128| LetterId::from_bits((unique << 1) + nth);
        let own = item.bits().to_be_bytes().to_vec();
        let due = |queue, round, id| Due {
            queue,
            at: Time::from_ms(i64::try_from(round).unwrap_or_default()),
            id,
        };
        let address = Receiver::Address(Digest(spread(self.number)));
        Commit {
            command: Some(CommandId::from_bits(unique)),
            at: Time::from_ms(i64::try_from(unique).unwrap_or_default()),
            result: vec![b'r'; 200],
            writes: vec![
                write(Key::Item(item), 0, 600, 120),
                write(Key::Invitation(transfer), 1, 500, 120),
                write(Key::Grant(item, self.context(0)), 2, 100, 60),
                write(Key::Letter(letter(0)), 9, 300, 0),
                write(Key::Letter(letter(1)), 9, 300, 0),
            ],
            guards: vec![(self.membership(), guarded)],
            adds: vec![
                Add {
                    counter: Counter::Usage(from),
                    by: -1_000,
                    limit: None,
                },
                Add {
                    counter: Counter::Usage(to),
                    by: 1_000,
                    limit: Some(i64::MAX),
                },
            ],
            index: vec![
                IndexChange::Delete(Entry::Owned(from, item)),
                IndexChange::Put(Entry::Owned(to, item), label.clone()),
                IndexChange::Delete(Entry::Sized(from, 1_000, item)),
                IndexChange::Put(Entry::Sized(to, 1_000, item), label),
                IndexChange::Delete(Entry::Name(from, ItemKind::Project, name)),
                IndexChange::PutUnique(Entry::Name(to, ItemKind::Project, name), own),
                IndexChange::Delete(Entry::Sent(to, Phase::Closed, transfer)),
                IndexChange::Put(Entry::Sent(from, Phase::Closed, transfer), Vec::new()),
                IndexChange::Put(
                    Entry::Received(address, Phase::Closed, transfer),
                    vec![1; 8],
                ),
            ],
            enqueue: vec![
                due(Queue::Outbox, unique, letter(0).bits()),
                due(Queue::Timers, self.round + 1, self.number),
            ],
            dequeue: vec![due(Queue::Timers, self.round, self.number)],
            answers: None,
        }
    }
}
