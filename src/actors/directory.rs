//! The directory: wakes, supervises and puts to rest the actors of contexts and transfers.
//!
//! It keeps its own map; a message is sent under the map's lock, so none can reach an actor after the message that sends it to rest.
//! Mailboxes are unbounded; the bound is at the door (`web`), and every call here has a time limit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, ActorRuntime, SupervisionEvent};
use tokio::sync::{Notify, oneshot};

use crate::clock::Clock;
use crate::domain::event::By;
use crate::domain::id::{Context, InvitationId, ItemId};
use crate::domain::policy::Policy;
use crate::domain::time::Time;
use crate::store::Fault;

use super::changes::{Changes, Telling};
use super::context::{self, Answered, Question};
use super::custody;
use super::incoming::Desk;
use super::invitation;
use super::purge;
use super::sharing;
use super::world::{Call, Once, Settings, Trouble, World};

/// A call that took longer has failed; it may have been committed all the same, which a repetition with the same command id tells.
const CALL_LIMIT: Duration = Duration::from_secs(30);
/// An actor that was not asked for this long is put to rest.
const IDLE: Duration = Duration::from_secs(60);
/// With more actors of a kind awake than this, one rests as soon as it has answered: anybody may ask for what is not there.
const MANY_AWAKE: usize = 5_000;

type Reply<T> = oneshot::Sender<Result<T, Trouble>>;

enum ContextMessage {
    Ask(Box<Question>, Reply<Answered>),
    Forget,
    Rest,
}

enum TransferMessage {
    Do(Call, Box<invitation::Command>, Reply<invitation::Done>),
    Rest,
}

struct Awake<M> {
    actor: ActorRef<M>,
    used: Duration,
}

type Map<K, M> = Mutex<BTreeMap<K, Awake<M>>>;

struct Inner {
    settings: RwLock<Settings>,
    clock: Arc<dyn Clock>,
    changes: Changes,
    letters: Arc<Notify>,
    root: ActorRef<()>,
    contexts: Arc<Map<Context, ContextMessage>>,
    transfers: Arc<Map<InvitationId, TransferMessage>>,
}

/// Finds or wakes the actor that owns what a command is about.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// ---- the shells ----

struct ContextActor(Directory);

impl Actor for ContextActor {
    type Msg = ContextMessage;
    type State = context::Core;
    type Arguments = Context;

    async fn pre_start(
        &self,
        _: ActorRef<ContextMessage>,
        context: Context,
    ) -> Result<context::Core, ActorProcessingErr> {
        Ok(context::Core::new(context))
    }

    async fn handle(
        &self,
        myself: ActorRef<ContextMessage>,
        message: ContextMessage,
        core: &mut context::Core,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ContextMessage::Ask(question, reply) => {
                let answer = core.answer(&self.0.settings(), *question).await;
                // Whoever asked may have gone; that changes nothing here.
                let _ = reply.send(answer);
            }
            ContextMessage::Forget => core.forget(),
            ContextMessage::Rest => myself.stop(None),
        }
        Ok(())
    }
}

struct TransferActor(Directory);

impl Actor for TransferActor {
    type Msg = TransferMessage;
    type State = invitation::Core;
    type Arguments = InvitationId;

    async fn pre_start(
        &self,
        _: ActorRef<TransferMessage>,
        id: InvitationId,
    ) -> Result<invitation::Core, ActorProcessingErr> {
        Ok(invitation::Core::new(id))
    }

    async fn handle(
        &self,
        myself: ActorRef<TransferMessage>,
        message: TransferMessage,
        core: &mut invitation::Core,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            TransferMessage::Do(call, command, reply) => {
                let _ = reply.send(core.handle(&self.0, &call, &command).await);
            }
            TransferMessage::Rest => myself.stop(None),
        }
        Ok(())
    }
}

/// Supervises all of them: one that ends by a broken assertion is counted and forgotten; the next message wakes another.
struct Root {
    contexts: Arc<Map<Context, ContextMessage>>,
    transfers: Arc<Map<InvitationId, TransferMessage>>,
}

impl Root {
    fn gone(&self, who: &ActorCell) {
        let id = who.get_id();
        locked(&self.contexts).retain(|_, awake| awake.actor.get_id() != id);
        locked(&self.transfers).retain(|_, awake| awake.actor.get_id() != id);
    }
}

impl Actor for Root {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(who, why) => {
                metrics::counter!("handover_actors_failed_total").increment(1);
                tracing::error!(%why, "an actor ended by a broken assertion; its state is read again");
                self.gone(&who);
            }
            // One that was put to rest is out of the map already.
            SupervisionEvent::ActorTerminated(..)
            | SupervisionEvent::ActorStarted(_)
            | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}

// ---- the directory ----

impl Directory {
    /// Starts with nobody awake. What is committed from here on is told.
    pub async fn start(mut settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        let changes = Changes::new(Arc::clone(&clock));
        settings.store = Arc::new(Telling::new(settings.store, changes.clone()));
        let contexts = Arc::new(Mutex::new(BTreeMap::new()));
        let transfers = Arc::new(Mutex::new(BTreeMap::new()));
        let root = Root {
            contexts: Arc::clone(&contexts),
            transfers: Arc::clone(&transfers),
        };
        let (root, _) = Actor::spawn(None, root, ())
            .await
            .map_err(|error| Fault::never(format!("the actors cannot start: {error}")))?;
        Ok(Self(Arc::new(Inner {
            settings: RwLock::new(settings),
            clock,
            changes,
            letters: Arc::new(Notify::new()),
            root,
            contexts,
            transfers,
        })))
    }

    /// From now on this is what the site decided.
    pub fn decide_by(&self, policy: Policy) {
        let mut settings = self
            .0
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        settings.policy = Arc::new(policy);
    }

    /// Notified when letters were committed.
    pub fn letters(&self) -> Arc<Notify> {
        Arc::clone(&self.0.letters)
    }

    /// Where what is committed is told.
    pub fn changes(&self) -> &Changes {
        &self.0.changes
    }

    /// The time.
    pub fn now(&self) -> Time {
        Time::from_ms(self.0.clock.now())
    }

    /// A call of somebody, now.
    pub fn call(&self, by: By, command: Option<Once>) -> Call {
        Call {
            command,
            by,
            at: self.now(),
            answers: None,
        }
    }

    /// Has a transfer's actor carry out a command.
    pub async fn transfer(
        &self,
        id: InvitationId,
        call: Call,
        command: invitation::Command,
    ) -> Result<invitation::Done, Trouble> {
        let (reply, answer) = oneshot::channel();
        self.send_to_transfer(id, TransferMessage::Do(call, Box::new(command), reply))?;
        let answer = answered(answer).await;
        let closed = matches!(&answer, Ok(done) if !done.transfer.state.is_open());
        let mut awake = locked(&self.0.transfers);
        if closed || awake.len() > MANY_AWAKE {
            rest(awake.remove(&id), TransferMessage::Rest);
        }
        drop(awake);
        answer
    }

    /// Has a context's actor decide a command about its own data, and commits it.
    pub async fn custody(
        &self,
        context: Context,
        call: Call,
        command: custody::Command,
    ) -> Result<custody::Done, Trouble> {
        custody::handle(self, context, &call, Arc::new(command)).await
    }

    /// Has the actor of whoever decides about access to an item decide a command, and commits it.
    pub async fn sharing(
        &self,
        item: ItemId,
        call: Call,
        command: sharing::Command,
    ) -> Result<sharing::Done, Trouble> {
        sharing::handle(self, &call, item, command).await
    }

    /// Lets a transfer do what is due: its timer fired.
    pub async fn wake(&self, id: InvitationId, at: Time) -> Result<(), Fault> {
        let woken = self.transfer(id, Call::of_timer(at), invitation::Command::Wake);
        invitation::woken(woken.await)
    }

    /// Purges what is due of the item with these bits; whether there is more to do.
    pub async fn purge(&self, item: u128, at: Time) -> Result<bool, Fault> {
        purge::fire(self, item, at).await
    }

    /// How many actors of contexts and of transfers are awake.
    pub fn awake(&self) -> (usize, usize) {
        (
            locked(&self.0.contexts).len(),
            locked(&self.0.transfers).len(),
        )
    }

    /// Puts to rest who has not been asked for a minute. Called now and then by the daemon.
    pub fn tire(&self) {
        let now = self.0.clock.elapsed();
        sweep(&self.0.contexts, now, || ContextMessage::Rest);
        sweep(&self.0.transfers, now, || TransferMessage::Rest);
    }

    /// Puts everybody to rest; what was sent before is still answered.
    pub fn stop(&self) {
        let end = Duration::MAX;
        sweep(&self.0.contexts, end, || ContextMessage::Rest);
        sweep(&self.0.transfers, end, || TransferMessage::Rest);
        self.0.root.stop(None);
    }

    fn send_to_transfer(&self, id: InvitationId, message: TransferMessage) -> Result<(), Fault> {
        let mut awake = locked(&self.0.transfers);
        let used = self.0.clock.elapsed();
        if let Some(there) = awake.get_mut(&id) {
            there.used = used;
            return sent(there.actor.send_message(message).is_ok());
        }
        let shell = TransferActor(self.clone());
        let root = self.0.root.get_cell();
        let (actor, _) = ActorRuntime::spawn_linked_instant(None, shell, id, root)
            .map_err(|error| Fault::retry(format!("an actor cannot start: {error}")))?;
        let delivered = actor.send_message(message).is_ok();
        awake.insert(id, Awake { actor, used });
        sent(delivered)
    }

    fn send_to_context(&self, context: Context, message: ContextMessage) -> Result<(), Fault> {
        let mut awake = locked(&self.0.contexts);
        let used = self.0.clock.elapsed();
        if let Some(there) = awake.get_mut(&context) {
            there.used = used;
            return sent(there.actor.send_message(message).is_ok());
        }
        let shell = ContextActor(self.clone());
        let root = self.0.root.get_cell();
        let (actor, _) = ActorRuntime::spawn_linked_instant(None, shell, context, root)
            .map_err(|error| Fault::retry(format!("an actor cannot start: {error}")))?;
        let delivered = actor.send_message(message).is_ok();
        awake.insert(context, Awake { actor, used });
        sent(delivered)
    }
}

fn sent(delivered: bool) -> Result<(), Fault> {
    if delivered {
        Ok(())
    } else {
        Err(Fault::retry("an actor has just ended"))
    }
}

async fn answered<T>(answer: oneshot::Receiver<Result<T, Trouble>>) -> Result<T, Trouble> {
    match tokio::time::timeout(CALL_LIMIT, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(Fault::retry("an actor ended before it answered").into()),
        Err(_) => Err(Fault::retry("an actor did not answer in 30 seconds").into()),
    }
}

fn rest<M: ractor::Message>(awake: Option<Awake<M>>, message: M) {
    if let Some(awake) = awake {
        // It may have ended by itself; then there is nothing to put to rest.
        let _ = awake.actor.send_message(message);
    }
}

fn sweep<K: Ord + Copy, M: ractor::Message>(map: &Map<K, M>, now: Duration, message: fn() -> M) {
    let mut awake = locked(map);
    let idle: Vec<K> = awake
        .iter()
        .filter(|(_, there)| now.saturating_sub(there.used) >= IDLE)
        .map(|(key, _)| *key)
        .collect();
    for key in idle {
        rest(awake.remove(&key), message());
    }
}

impl Desk for Directory {
    fn now(&self) -> Time {
        Self::now(self)
    }

    fn answer(
        &self,
        offer: InvitationId,
        call: Call,
        command: invitation::Command,
    ) -> BoxFuture<'_, Result<invitation::Done, Trouble>> {
        Box::pin(self.transfer(offer, call, command))
    }
}

impl World for Directory {
    fn settings(&self) -> Settings {
        let settings = self.0.settings.read();
        settings.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn ask(
        &self,
        context: Context,
        question: Question,
    ) -> BoxFuture<'_, Result<Answered, Trouble>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.send_to_context(context, ContextMessage::Ask(Box::new(question), reply))?;
            let answer = answered(answer).await;
            let mut awake = locked(&self.0.contexts);
            if awake.len() > MANY_AWAKE {
                rest(awake.remove(&context), ContextMessage::Rest);
            }
            drop(awake);
            answer
        })
    }

    fn forget(&self, context: Context) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // One that is not awake, or cannot be reached, remembers nothing.
            if let Some(there) = locked(&self.0.contexts).get(&context) {
                let _ = there.actor.send_message(ContextMessage::Forget);
            }
        })
    }

    fn pause(&self, attempt: u32) -> BoxFuture<'_, ()> {
        let jitter = self.settings().ids.below(8 << attempt.min(6));
        Box::pin(tokio::time::sleep(Duration::from_millis(jitter)))
    }

    fn letters_wait(&self) {
        self.0.letters.notify_one();
    }
}
