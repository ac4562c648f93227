//! One accepted and one expired transfer, on a real store whose disk fails at every operation in turn: the same commands are repeated
//! on what is left, and the story ends as it would have without the fault.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/faulty_disk.rs"]
#[allow(dead_code, reason = "the store's own crash points use the rest")]
mod faulty_disk;

use std::sync::Arc;
use std::time::Duration;

use faulty_disk::{Disk, Fault as DiskFault};
use handover::actors::directory::Directory;
use handover::actors::invitation::{Command, To};
use handover::actors::load;
use handover::actors::proposal::Proposal;
use handover::actors::world::{Call, Settings, Trouble};
use handover::chain::Chain;
use handover::clock::{Clock as _, Manual};
use handover::courier::{self, Courier};
use handover::domain::account::Account;
use handover::domain::document::Document as _;
use handover::domain::event::{By, Channel};
use handover::domain::id::{AccountId, CommandId, Context, InvitationId, ItemId, ItemKind};
use handover::domain::invitation::{Invitation, KeepAccess, Request, State, Terms};
use handover::domain::item::{Details, Item, Life, State as ItemState};
use handover::domain::key::{Counter, Key, Queue};
use handover::domain::letter::{Letter, State as Delivery};
use handover::domain::policy::{Domain, Policy};
use handover::domain::secret::SiteKey;
use handover::domain::time::{DAY_MS, MINUTE_MS, Time};
use handover::ids::Ids;
use handover::mail::{Mailbox, Site};
use handover::store::embedded::{Embedded, Options};
use handover::store::{Fault, Outcome, Store};

const START: i64 = 1_800_000_000_000;
const FAY: AccountId = AccountId::from_bits(1);
const RITA: AccountId = AccountId::from_bits(2);
const TRANSFER: InvitationId = InvitationId::from_bits(9);

fn project() -> Item {
    Item {
        id: ItemId::new(ItemKind::Project, 7),
        name: "Genomes".into(),
        owner: Context::Personal(FAY),
        state: ItemState::Active,
        bytes: 1_000,
        files: 3,
        created_at: Time::from_ms(START),
        registered_by: FAY,
        pending: None,
        life: Life::default(),
        chain: Chain::default(),
        trashed_inside: 0,
        running_analyses: 0,
        default_of: 0,
        details: Details::Project {
            biosamples: 0,
            libraries: 0,
        },
    }
}

/// The machine: its disk, its clock, and the mailbox on the other side.
struct Machine {
    disk: Disk,
    clock: Arc<Manual>,
    mailbox: Arc<Mailbox>,
    starts: u64,
}

/// The daemon as far as it takes part: store, actors, courier.
struct Running {
    store: Arc<Embedded>,
    directory: Directory,
    courier: Courier,
}

impl Machine {
    fn new(seed: u64) -> Self {
        Self {
            disk: Disk::new(seed),
            clock: Arc::new(Manual::at(START)),
            mailbox: Arc::new(Mailbox::new(100)),
            starts: 0,
        }
    }

    async fn start(&mut self) -> Option<Running> {
        self.starts += 1;
        let options = Options {
            cache_bytes: 256 * 1024,
            max_waiting: 64,
        };
        let store = Arc::new(Embedded::open_with_backend(self.disk.clone(), &options).ok()?);
        let shared: Arc<dyn Store> = Arc::clone(&store) as Arc<dyn Store>;
        let settings = Settings::new(
            Arc::clone(&shared),
            Arc::new(Policy::default()),
            SiteKey::new([7; 32]),
            Arc::new(Ids::seeded(self.starts)),
        );
        let clock: Arc<Manual> = Arc::clone(&self.clock);
        let directory = Directory::start(settings.clone(), clock).await.unwrap();
        let clock = Arc::clone(&self.clock);
        let parts = courier::Parts {
            store: shared,
            transport: Arc::clone(&self.mailbox) as Arc<_>,
            timers: Arc::new(directory.clone()),
            site: Site {
                name: "Handover".into(),
                public_url: "https://handover.example".into(),
                from: "handover@site.example".parse().unwrap(),
                from_name: "Handover".into(),
                reply_domain: "reply.site.example".into(),
                replies: None,
                instance: "test".into(),
                texts: Arc::new(handover::mail::texts::Texts::built_in()),
                colours: handover::mail::Colours::default(),
            },
            key: settings.key,
            letters: directory.letters(),
            ids: Arc::clone(&settings.ids),
            inbox: None,
            now: Arc::new(move || Time::from_ms(clock.now())),
        };
        let courier = Courier::new(parts, courier::Settings::default());
        Some(Running {
            store,
            directory,
            courier,
        })
    }

    /// After a fault: the process is gone, the machine starts again.
    fn restart(&mut self) {
        self.disk.restart();
    }
}

impl Running {
    /// Accounts and the project, unless they are there.
    async fn set_up(&self) -> Result<(), Fault> {
        let store = &*self.store;
        if load::one::<Item>(store, project().key()).await?.is_some() {
            return Ok(());
        }
        let account = |id, address: &str| {
            let address = address.parse().unwrap();
            Account::registered(id, address, Domain::public(), Time::from_ms(START))
        };
        let mut proposal = Proposal::default();
        proposal.create(&account(FAY, "fay@core.example"), None);
        proposal.create(&account(RITA, "rita@lab.example"), None);
        proposal.create(&project(), None);
        match self
            .store
            .commit(proposal.into_commit(Time::from_ms(START)))
            .await
        {
            Outcome::Done(_) => Ok(()),
            _ => Err(Fault::retry("the disk failed")),
        }
    }

    async fn act(&self, command: u128, who: AccountId, what: Command) -> Result<(), Fault> {
        let call = Call {
            command: Some(CommandId::from_bits(command).into()),
            by: By {
                person: Some(who),
                channel: Channel::Api,
            },
            at: self.directory.now(),
            answers: None,
        };
        match self.directory.transfer(TRANSFER, call, what).await {
            Ok(_) => Ok(()),
            Err(Trouble::Fault(fault)) => Err(fault),
            Err(Trouble::Refused(why)) => panic!("refused: {why:?}"),
        }
    }

    async fn request(&self) -> Result<(), Fault> {
        let ask = Request {
            items: vec![project().id],
            message: None,
            terms: Terms::ownership(KeepAccess::None),
            lifetime_ms: None,
            terms_accepted: true,
        };
        let to = To::Address("rita@lab.example".parse().unwrap());
        self.act(1, FAY, Command::Request { ask, to }).await
    }

    async fn accept(&self) -> Result<(), Fault> {
        let into = Some(Context::Personal(RITA));
        self.act(2, RITA, Command::Accept { into }).await
    }

    /// Until nothing is due, or the disk fails: then the process would be gone, or be restarted by whoever watches it.
    async fn deliver(&self, disk: &Disk, queue: Queue) -> Result<(), Fault> {
        let all = async {
            while self.courier.step(queue, 10).await? > 0 {}
            Ok(())
        };
        let failure = async {
            let mut beat = tokio::time::interval(Duration::from_millis(2));
            while !disk.has_failed() {
                beat.tick().await;
            }
        };
        tokio::select! {
            done = all => done,
            () = failure => Err(Fault::retry("the disk failed")),
        }
    }
}

/// Plays as far as the disk lets it. Each step may have been done before; repeating it is what a client does.
async fn play(machine: &Machine, running: &Running, accepted: bool) -> Result<(), Fault> {
    running.set_up().await?;
    running.request().await?;
    running.deliver(&machine.disk, Queue::Outbox).await?;
    if accepted {
        running.accept().await?;
    } else {
        // Past both reminders and the end; the timers are asked again after each lease.
        let end = START + 15 * DAY_MS;
        machine.clock.set(end.max(machine.clock.now()));
        running.deliver(&machine.disk, Queue::Timers).await?;
    }
    running.deliver(&machine.disk, Queue::Outbox).await
}

/// Everything a person could see at the end.
async fn check(machine: &Machine, running: &Running, accepted: bool, about: &str) {
    let store = &*running.store;
    let found = load::one::<Invitation>(store, Key::Invitation(TRANSFER))
        .await
        .unwrap();
    let transfer = found.unwrap().document;
    let item = load::one::<Item>(store, project().key())
        .await
        .unwrap()
        .unwrap()
        .document;
    let usage = [
        Counter::Usage(Context::Personal(FAY)),
        Counter::Usage(Context::Personal(RITA)),
    ];
    let usage = store.counters(&usage).await.unwrap();
    assert_eq!(item.pending, None, "{about}");
    if accepted {
        assert!(
            matches!(transfer.state, State::Accepted { by: RITA, .. }),
            "{about}: {transfer:?}"
        );
        assert_eq!(item.owner, Context::Personal(RITA), "{about}");
        assert_eq!(usage, [0, 1_000], "{about}");
    } else {
        assert!(
            matches!(transfer.state, State::Expired { .. }),
            "{about}: {transfer:?}"
        );
        assert_eq!(item.owner, Context::Personal(FAY), "{about}");
        assert_eq!(usage, [1_000, 0], "{about}");
    }
    assert_eq!(
        transfer.letters.len(),
        3,
        "{about}: one offer, and one letter to each side at the end"
    );
    for id in &transfer.letters {
        let letter = load::one::<Letter>(store, Key::Letter(*id))
            .await
            .unwrap()
            .unwrap();
        match letter.document.delivery {
            Delivery::Sent { .. } => assert!(machine.mailbox.get(*id).is_some(), "{about}"),
            Delivery::Withdrawn { .. } => assert!(!accepted || machine.starts > 1, "{about}"),
            other => panic!("{about}: a letter is {other:?}"),
        }
    }
    for queue in [Queue::Outbox, Queue::Timers] {
        assert_eq!(
            store.next_due(queue).await.unwrap(),
            None,
            "{about}: {queue:?}"
        );
    }
}

/// Fails the `number`th disk operation of the story; whether it was reached.
async fn with_fault_at(number: u64, fault: DiskFault, accepted: bool) -> bool {
    let about = format!("{fault:?} at operation {number}");
    let mut machine = Machine::new(number);
    machine.disk.fail_at(number, fault);
    let mut met = false;
    for _ in 0..8 {
        let Some(running) = machine.start().await else {
            met |= machine.disk.has_failed();
            // A store has its name only when it is whole; what is left of one that never was is not opened again.
            machine.disk = Disk::new(number);
            continue;
        };
        let played = play(&machine, &running, accepted).await;
        let failed = machine.disk.has_failed();
        met |= failed;
        if played.is_ok() && !failed {
            // What was claimed when the power went comes back when its lease ends.
            settle(&machine, &running).await;
            check(&machine, &running, accepted, &about).await;
            running.directory.stop();
            return met;
        }
        running.directory.stop();
        drop(running);
        machine.restart();
    }
    panic!("{about}: the story does not come to an end");
}

async fn settle(machine: &Machine, running: &Running) {
    for _ in 0..4 {
        machine.clock.set(machine.clock.now() + 5 * MINUTE_MS);
        running.deliver(&machine.disk, Queue::Timers).await.unwrap();
        running.deliver(&machine.disk, Queue::Outbox).await.unwrap();
    }
}

async fn every_operation(fault: DiskFault, accepted: bool) {
    let mut number = 1;
    while with_fault_at(number, fault, accepted).await {
        number += 1;
    }
    assert!(number > 30, "only {number} operations");
}

#[tokio::test]
async fn an_accepted_transfer_survives_a_power_loss_at_every_disk_operation() {
    every_operation(DiskFault::PowerLoss, true).await;
}

#[tokio::test]
async fn an_expired_transfer_survives_a_power_loss_at_every_disk_operation() {
    every_operation(DiskFault::PowerLoss, false).await;
}

#[tokio::test]
async fn an_accepted_transfer_survives_a_failure_of_every_disk_operation() {
    every_operation(DiskFault::Once, true).await;
}

#[tokio::test]
async fn an_expired_transfer_survives_a_failure_of_every_disk_operation() {
    every_operation(DiskFault::Once, false).await;
}
