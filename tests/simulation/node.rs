//! A node: its own actors, one message at a time each, its own ids and its own clock. It can end between any two steps.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Weak};

use futures_util::future::BoxFuture;
use handover::actors::context::{self, Answered, Question};
use handover::actors::incoming::Desk;
use handover::actors::invitation;
use handover::actors::world::{Call, Settings, Trouble, World};
use handover::domain::event::{By, Channel};
use handover::domain::id::{Context, InvitationId};
use handover::domain::time::Time;
use handover::store::{Fault, Store};

use crate::mailbox::{Answer, Mailbox, Reply, reply};
use crate::universe::{Home, Universe, locked};

enum ToContext {
    Ask(Box<Question>, Reply<Result<Answered, Trouble>>),
    Forget,
}

struct ToTransfer(
    Call,
    Box<invitation::Command>,
    Reply<Result<invitation::Done, Trouble>>,
);

/// The world of one node.
pub struct Node {
    myself: Weak<Self>,
    pub index: usize,
    pub universe: Arc<Universe>,
    pub store: Arc<dyn Store>,
    settings: Settings,
    contexts: Mutex<BTreeMap<Context, Mailbox<ToContext>>>,
    transfers: Mutex<BTreeMap<InvitationId, Mailbox<ToTransfer>>>,
}

impl Node {
    pub fn new(
        index: usize,
        universe: Arc<Universe>,
        store: Arc<dyn Store>,
        settings: Settings,
    ) -> Arc<Self> {
        Arc::new_cyclic(|myself| Self {
            myself: Weak::clone(myself),
            index,
            universe,
            store,
            settings,
            contexts: Mutex::default(),
            transfers: Mutex::default(),
        })
    }

    /// The time as this node reads it.
    pub fn now(&self) -> Time {
        self.universe.now(self.index)
    }

    /// Starts something on this node.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.universe.spawn(Home::Node(self.index), work);
    }

    /// Has the actor of a transfer carry out a command.
    pub fn transfer(
        self: &Arc<Self>,
        id: InvitationId,
        call: Call,
        command: invitation::Command,
    ) -> Answer<Result<invitation::Done, Trouble>> {
        let (reply, answer) = reply();
        let message = ToTransfer(call, Box::new(command), reply);
        let mut awake = locked(&self.transfers);
        let mailbox = awake.entry(id).or_insert_with(|| {
            let mailbox = Mailbox::new();
            self.spawn(run_transfer(Arc::clone(self), id, mailbox.clone()));
            mailbox
        });
        mailbox.send(message);
        answer
    }

    /// A timer of this transfer is due at this moment.
    pub async fn wake(self: &Arc<Self>, id: InvitationId, at: Time) -> Result<(), Fault> {
        let by = By {
            person: None,
            channel: Channel::Timer,
        };
        let call = Call {
            command: None,
            by,
            at,
            answers: None,
        };
        let answer = self.transfer(id, call, invitation::Command::Wake);
        let answer = answer.within(None).await;
        let answer = answer.unwrap_or_else(|| Err(Fault::retry("an actor ended").into()));
        invitation::woken(answer)
    }

    /// Puts some actors to rest, as the directory does with those that are idle.
    pub fn tire(&self) {
        locked(&self.contexts).retain(|_, mailbox| {
            let stays = self.universe.percent(50);
            if !stays {
                mailbox.close();
            }
            stays
        });
        locked(&self.transfers).retain(|_, mailbox| {
            let stays = self.universe.percent(50);
            if !stays {
                mailbox.close();
            }
            stays
        });
    }

    /// How many actors are awake.
    pub fn awake(&self) -> usize {
        locked(&self.contexts).len() + locked(&self.transfers).len()
    }

    fn send_to_context(&self, context: Context, message: ToContext) {
        let mut awake = locked(&self.contexts);
        let mailbox = awake.entry(context).or_insert_with(|| {
            let mailbox = Mailbox::new();
            let work = run_context(self.settings.clone(), context, mailbox.clone());
            self.spawn(work);
            mailbox
        });
        mailbox.send(message);
    }
}

async fn run_context(settings: Settings, context: Context, mailbox: Mailbox<ToContext>) {
    let mut core = context::Core::new(context);
    while let Some(message) = mailbox.next().await {
        match message {
            ToContext::Ask(question, reply) => reply.send(core.answer(&settings, *question).await),
            ToContext::Forget => core.forget(),
        }
    }
}

async fn run_transfer(node: Arc<Node>, id: InvitationId, mailbox: Mailbox<ToTransfer>) {
    let core = invitation::Core::new(id);
    while let Some(ToTransfer(call, command, reply)) = mailbox.next().await {
        reply.send(core.handle(&*node, &call, &command).await);
    }
}

impl Desk for Node {
    fn now(&self) -> Time {
        Self::now(self)
    }

    fn answer(
        &self,
        offer: InvitationId,
        call: Call,
        command: invitation::Command,
    ) -> BoxFuture<'_, Result<invitation::Done, Trouble>> {
        Box::pin(async move {
            let ended = || Err(Fault::retry("an actor ended").into());
            let Some(myself) = self.myself.upgrade() else {
                return ended();
            };
            let answer = myself.transfer(offer, call, command);
            answer.within(None).await.unwrap_or_else(ended)
        })
    }
}

impl World for Node {
    fn settings(&self) -> Settings {
        self.settings.clone()
    }

    fn ask(
        &self,
        context: Context,
        question: Question,
    ) -> BoxFuture<'_, Result<Answered, Trouble>> {
        Box::pin(async move {
            let (reply, answer) = reply();
            self.send_to_context(context, ToContext::Ask(Box::new(question), reply));
            let universe = &self.universe;
            let hurried = universe.fault(universe.weather.unanswered);
            let patience = hurried.then(|| universe.rest(universe.below(8)));
            let answer = answer.within(patience).await;
            answer.unwrap_or_else(|| Err(Fault::retry("an actor did not answer").into()))
        })
    }

    fn forget(&self, context: Context) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.send_to_context(context, ToContext::Forget) })
    }

    fn pause(&self, attempt: u32) -> BoxFuture<'_, ()> {
        let times = self.settings.ids.below(8 << attempt.min(6));
        Box::pin(self.universe.rest(times))
    }

    fn letters_wait(&self) {}
}
