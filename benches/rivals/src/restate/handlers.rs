//! The hand-over as Restate handlers, in the two shapes its users would choose between.
//!
//! *Workflow*: what Restate's pages on human approval show. Each transfer is a workflow whose `run` handler waits for
//! a durable promise or for a durable sleep, whichever comes first; a shared handler brings the recipient's answer.
//!
//! *Objects*: the same rules without anything that waits. The item is a virtual object, an offer and its acceptance
//! are two short exclusive handlers, the expiry is a delayed message of the object to itself, cancelled on acceptance.
//! It needs fewer messages, so it shows what Restate can do at best.
//!
//! Both share the contexts (virtual objects with a usage counter and a quota) and the letters. A letter is a message
//! that becomes due in an hour, so that it is durable like a row of an outbox, and nobody pays for its delivery inside
//! the measured time.

use std::net::SocketAddr;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use restate_sdk::hyper::HyperEndpoint;
use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

const EXPIRY: Duration = Duration::from_secs(14 * 24 * 3600);
const LETTERS_DUE: Duration = Duration::from_secs(3600);
const REFUSED: u16 = 409;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    pub owner: String,
    pub name: String,
    pub size_bytes: u64,
    #[serde(default)]
    pub offer: Option<Offer>,
}

/// What an item remembers of the offer it is in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Offer {
    pub transfer: String,
    pub recipient: String,
    /// The delayed invocation that would end the offer; only the *objects* shape has one.
    pub timer: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct OfferRequest {
    pub sender: String,
    pub recipient: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Terms {
    item: String,
    sender: String,
    recipient: String,
    size_bytes: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Acceptance {
    pub transfer: String,
    pub recipient: String,
    /// The context the recipient chose, such as `personal:b-1@rivals.example`.
    pub context: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Accepted,
    OverQuota,
    Expired,
}

/// What `accept` tells the waiting workflow, and what that answers; the id says which acceptance came first.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    id: String,
    context: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Decision {
    outcome: Outcome,
    answer: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Usage {
    pub used_bytes: u64,
    pub quota_bytes: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct OwnerChange {
    transfer: String,
    context: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct AuditEvent {
    kind: String,
    transfer: String,
    from: String,
    to: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct LetterRow {
    kind: String,
    transfer: String,
    address: String,
}

fn refused(why: impl Into<String>) -> HandlerError {
    TerminalError::new_with_code(REFUSED, why.into()).into()
}

pub fn personal(person: &str) -> String {
    format!("personal:{person}")
}

/// Queues one letter from any handler; a macro because the context types have no common public trait object.
macro_rules! queue_letter {
    ($ctx:expr, $kind:expr, $transfer:expr, $address:expr) => {
        $ctx.service_client::<LettersClient>()
            .deliver(Json(LetterRow {
                kind: $kind.to_owned(),
                transfer: $transfer.to_owned(),
                address: $address.to_owned(),
            }))
            .send_after(LETTERS_DUE)
    };
}

async fn load(ctx: &ObjectContext<'_>) -> Result<Item, HandlerError> {
    match ctx.get::<Json<Item>>("item").await? {
        Some(Json(item)) => Ok(item),
        None => Err(refused(format!("there is no item {}", ctx.key()))),
    }
}

fn may_offer(item: &Item, sender: &str) -> Result<(), HandlerError> {
    if item.owner != personal(sender) {
        return Err(refused("the item is not yours"));
    }
    if item.offer.is_some() {
        return Err(refused("the item is already offered"));
    }
    Ok(())
}

fn record_owner_change(ctx: &ObjectContext<'_>, mut item: Item, change: OwnerChange) {
    let event = AuditEvent {
        kind: "accepted".to_owned(),
        transfer: change.transfer.clone(),
        from: item.owner,
        to: change.context.clone(),
    };
    item.owner = change.context;
    item.offer = None;
    ctx.set(&format!("event/{}", change.transfer), Json(event));
    ctx.set("item", Json(item));
}

/// A context with its storage counter.
struct Contexts;

#[restate_sdk::object]
impl Contexts {
    #[handler]
    async fn open(&self, ctx: ObjectContext<'_>, Json(usage): Json<Usage>) -> HandlerResult<()> {
        ctx.set("usage", Json(usage));
        Ok(())
    }

    #[handler]
    async fn receive(&self, ctx: ObjectContext<'_>, bytes: u64) -> HandlerResult<bool> {
        let Some(Json(mut usage)) = ctx.get::<Json<Usage>>("usage").await? else {
            return Err(refused(format!("there is no context {}", ctx.key())));
        };
        let fits = usage.used_bytes.saturating_add(bytes) <= usage.quota_bytes;
        if fits {
            usage.used_bytes += bytes;
            ctx.set("usage", Json(usage));
        }
        Ok(fits)
    }

    #[handler]
    async fn release(&self, ctx: ObjectContext<'_>, bytes: u64) -> HandlerResult<()> {
        if let Some(Json(mut usage)) = ctx.get::<Json<Usage>>("usage").await? {
            usage.used_bytes = usage.used_bytes.saturating_sub(bytes);
            ctx.set("usage", Json(usage));
        }
        Ok(())
    }

    #[handler]
    async fn show(&self, ctx: SharedObjectContext<'_>) -> HandlerResult<Json<Option<Usage>>> {
        Ok(Json(
            ctx.get::<Json<Usage>>("usage")
                .await?
                .map(|Json(usage)| usage),
        ))
    }
}

struct Letters;

#[restate_sdk::service]
impl Letters {
    #[handler]
    async fn deliver(
        &self,
        _ctx: Context<'_>,
        Json(_letter): Json<LetterRow>,
    ) -> HandlerResult<()> {
        Ok(())
    }
}

/// The item of the *workflow* shape.
struct OfferedItems;

#[restate_sdk::object]
impl OfferedItems {
    #[handler]
    async fn register(&self, ctx: ObjectContext<'_>, Json(item): Json<Item>) -> HandlerResult<()> {
        ctx.set("item", Json(item));
        Ok(())
    }

    /// Marks the item and starts its transfer; answers with the transfer's id.
    #[handler]
    async fn offer(
        &self,
        mut ctx: ObjectContext<'_>,
        Json(request): Json<OfferRequest>,
    ) -> HandlerResult<String> {
        let mut item = load(&ctx).await?;
        may_offer(&item, &request.sender)?;
        let transfer = ctx.rand_uuid().to_string();
        let terms = Terms {
            item: ctx.key().to_owned(),
            sender: request.sender,
            recipient: request.recipient.clone(),
            size_bytes: item.size_bytes,
        };
        item.offer = Some(Offer {
            transfer: transfer.clone(),
            recipient: request.recipient,
            timer: None,
        });
        ctx.set("item", Json(item));
        drop(
            ctx.workflow_client::<TransfersClient>(&transfer)
                .run(Json(terms))
                .send(),
        );
        Ok(transfer)
    }

    #[handler(ingress_private = true)]
    async fn hand_over(
        &self,
        ctx: ObjectContext<'_>,
        Json(change): Json<OwnerChange>,
    ) -> HandlerResult<()> {
        let item = load(&ctx).await?;
        if item
            .offer
            .as_ref()
            .is_none_or(|offer| offer.transfer != change.transfer)
        {
            return Err(refused("the item is not in this transfer"));
        }
        record_owner_change(&ctx, item, change);
        Ok(())
    }

    #[handler(ingress_private = true)]
    async fn withdraw(&self, ctx: ObjectContext<'_>, transfer: String) -> HandlerResult<()> {
        let mut item = load(&ctx).await?;
        if item
            .offer
            .as_ref()
            .is_some_and(|offer| offer.transfer == transfer)
        {
            item.offer = None;
            ctx.set("item", Json(item));
        }
        Ok(())
    }

    #[handler]
    async fn owner(&self, ctx: SharedObjectContext<'_>) -> HandlerResult<String> {
        Ok(ctx
            .get::<Json<Item>>("item")
            .await?
            .map(|Json(item)| item.owner)
            .unwrap_or_default())
    }
}

/// One transfer from its offer to its end.
struct Transfers;

#[restate_sdk::workflow]
impl Transfers {
    #[handler]
    async fn run(
        &self,
        ctx: WorkflowContext<'_>,
        Json(terms): Json<Terms>,
    ) -> HandlerResult<Json<Outcome>> {
        let transfer = ctx.key();
        // A promise and not state: an acceptance may overtake the start of `run`, and then waits for the terms.
        ctx.resolve_promise("terms", Json(terms.clone()));
        drop(queue_letter!(ctx, "offer", transfer, terms.recipient));
        let answer = restate_sdk::select! {
            answer = ctx.promise::<Json<Answer>>("answer") => Some(answer?),
            slept = ctx.sleep(EXPIRY) => { slept?; None }
        };
        let Some(Json(answer)) = answer else {
            ctx.object_client::<OfferedItemsClient>(&terms.item)
                .withdraw(transfer.to_owned())
                .call()
                .await?;
            drop(queue_letter!(ctx, "expired", transfer, terms.sender));
            drop(queue_letter!(ctx, "expired", transfer, terms.recipient));
            ctx.resolve_promise(
                "decision",
                Json(Decision {
                    outcome: Outcome::Expired,
                    answer: String::new(),
                }),
            );
            return Ok(Json(Outcome::Expired));
        };
        let change = OwnerChange {
            transfer: transfer.to_owned(),
            context: answer.context,
        };
        ctx.object_client::<OfferedItemsClient>(&terms.item)
            .hand_over(Json(change))
            .call()
            .await?;
        drop(
            ctx.object_client::<ContextsClient>(personal(&terms.sender))
                .release(terms.size_bytes)
                .send(),
        );
        drop(queue_letter!(ctx, "accepted", transfer, terms.sender));
        drop(queue_letter!(ctx, "received", transfer, terms.recipient));
        ctx.resolve_promise(
            "decision",
            Json(Decision {
                outcome: Outcome::Accepted,
                answer: answer.id,
            }),
        );
        Ok(Json(Outcome::Accepted))
    }

    /// Reserves the room, brings the answer to the waiting `run`, and returns once that has carried it out. A refusal
    /// for lack of room leaves the offer open; room reserved for an answer that came second is given back.
    #[handler]
    async fn accept(
        &self,
        ctx: SharedWorkflowContext<'_>,
        Json(acceptance): Json<Acceptance>,
    ) -> HandlerResult<Json<Outcome>> {
        let Json(terms) = ctx.promise::<Json<Terms>>("terms").await?;
        if terms.recipient != acceptance.recipient {
            return Err(refused("the offer is not addressed to you"));
        }
        let target = ctx.object_client::<ContextsClient>(&acceptance.context);
        if !target.receive(terms.size_bytes).call().await? {
            return Ok(Json(Outcome::OverQuota));
        }
        let id = ctx.invocation_id().to_owned();
        ctx.resolve_promise(
            "answer",
            Json(Answer {
                id: id.clone(),
                context: acceptance.context.clone(),
            }),
        );
        let Json(decision) = ctx.promise::<Json<Decision>>("decision").await?;
        if decision.answer != id {
            drop(
                ctx.object_client::<ContextsClient>(&acceptance.context)
                    .release(terms.size_bytes)
                    .send(),
            );
        }
        Ok(Json(decision.outcome))
    }
}

/// The item of the *objects* shape: everything about its offer is its own state.
struct PlainItems;

#[restate_sdk::object]
impl PlainItems {
    #[handler]
    async fn register(&self, ctx: ObjectContext<'_>, Json(item): Json<Item>) -> HandlerResult<()> {
        ctx.set("item", Json(item));
        Ok(())
    }

    #[handler]
    async fn offer(
        &self,
        mut ctx: ObjectContext<'_>,
        Json(request): Json<OfferRequest>,
    ) -> HandlerResult<String> {
        let mut item = load(&ctx).await?;
        may_offer(&item, &request.sender)?;
        let transfer = ctx.rand_uuid().to_string();
        let timer = ctx
            .object_client::<PlainItemsClient>(ctx.key())
            .expire(transfer.clone())
            .send_after(EXPIRY);
        drop(queue_letter!(ctx, "offer", transfer, request.recipient));
        item.offer = Some(Offer {
            transfer: transfer.clone(),
            recipient: request.recipient,
            timer: Some(timer.await?.invocation_id().to_owned()),
        });
        ctx.set("item", Json(item));
        Ok(transfer)
    }

    #[handler]
    async fn accept(
        &self,
        ctx: ObjectContext<'_>,
        Json(acceptance): Json<Acceptance>,
    ) -> HandlerResult<Json<Outcome>> {
        let item = load(&ctx).await?;
        let Some(offer) = item
            .offer
            .clone()
            .filter(|offer| offer.transfer == acceptance.transfer)
        else {
            return Err(refused("the item is not in this transfer"));
        };
        if offer.recipient != acceptance.recipient {
            return Err(refused("the offer is not addressed to you"));
        }
        let target = ctx.object_client::<ContextsClient>(&acceptance.context);
        if !target.receive(item.size_bytes).call().await? {
            return Ok(Json(Outcome::OverQuota));
        }
        drop(
            ctx.object_client::<ContextsClient>(&item.owner)
                .release(item.size_bytes)
                .send(),
        );
        drop(queue_letter!(ctx, "accepted", offer.transfer, item.owner));
        drop(queue_letter!(
            ctx,
            "received",
            offer.transfer,
            offer.recipient
        ));
        if let Some(timer) = offer.timer {
            ctx.invocation_handle(timer).cancel();
        }
        record_owner_change(
            &ctx,
            item,
            OwnerChange {
                transfer: offer.transfer,
                context: acceptance.context,
            },
        );
        Ok(Json(Outcome::Accepted))
    }

    #[handler(ingress_private = true)]
    async fn expire(&self, ctx: ObjectContext<'_>, transfer: String) -> HandlerResult<()> {
        let mut item = load(&ctx).await?;
        if let Some(offer) = item.offer.take_if(|offer| offer.transfer == transfer) {
            drop(queue_letter!(ctx, "expired", transfer, item.owner));
            drop(queue_letter!(ctx, "expired", transfer, offer.recipient));
            ctx.set("item", Json(item));
        }
        Ok(())
    }

    #[handler]
    async fn owner(&self, ctx: SharedObjectContext<'_>) -> HandlerResult<String> {
        Ok(ctx
            .get::<Json<Item>>("item")
            .await?
            .map(|Json(item)| item.owner)
            .unwrap_or_default())
    }
}

/// Serves all handlers until the process ends.
///
/// The SDK's own `HttpServer` leaves Nagle's algorithm on, which here meets delayed acknowledgements: each step then
/// waits some 40 ms for nothing. The same endpoint is therefore served with it off, in Restate's favour.
///
/// # Errors
/// When the address is taken or the listener fails.
pub async fn serve(address: SocketAddr) -> std::io::Result<()> {
    let endpoint = Endpoint::builder()
        .bind(Contexts)
        .bind(Letters)
        .bind(OfferedItems)
        .bind(Transfers)
        .bind(PlainItems)
        .build();
    let endpoint = HyperEndpoint::new(endpoint);
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection = http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), endpoint.clone());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("connection from {peer}: {error}");
            }
        });
    }
}
