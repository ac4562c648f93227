//! Mail in trouble, put into a store as no request can.

use handover::actors::load;
use handover::actors::proposal::Proposal;
use handover::domain::document::Document;
use handover::domain::id::{LetterId, MessageId};
use handover::domain::incoming::{Incoming, Purpose, State as Came};
use handover::domain::key::Key;
use handover::domain::letter::{Letter, State};
use handover::domain::time::Time;
use handover::store::{Outcome, Store};

/// A reason as a mail server, or a person behind it, may write it.
pub const EVIL: &str = "550 <script>alert(1)</script>\u{202e}\"' gone";

async fn commit(store: &dyn Store, proposal: Proposal, at: Time) {
    let outcome = store.commit(proposal.into_commit(at)).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
}

pub async fn create<D: Document>(store: &dyn Store, document: &D, at: Time) {
    let mut proposal = Proposal::default();
    proposal.create(document, None);
    commit(store, proposal, at).await;
}

pub async fn change<D: Document>(
    store: &dyn Store,
    key: Key,
    at: Time,
    change: impl FnOnce(&mut D),
) -> D {
    let old = load::one::<D>(store, key).await.unwrap().unwrap();
    let mut new = old.document.clone();
    change(&mut new);
    let mut proposal = Proposal::default();
    proposal.replace(&old, &new, None);
    commit(store, proposal, at).await;
    new
}

/// Has a letter met this, after three attempts.
pub async fn met(store: &dyn Store, id: LetterId, at: Time, delivery: State) -> Letter {
    let met = |letter: &mut Letter| {
        letter.attempts = 3;
        letter.last_error = Some("4.2.0 come back".to_owned());
        letter.delivery = delivery;
    };
    change(store, Key::Letter(id), at, met).await
}

/// A message that came in to a letter; of what was seen to, what became of it and why.
pub fn message(n: u128, letter: LetterId, at: Time, became: Option<(&str, &str)>) -> Incoming {
    let new = Incoming {
        id: MessageId::from_bits(n),
        letter,
        purpose: Purpose::Reply,
        at,
        bytes: 2_048,
        signed: None,
        state: Came::Waiting { not_before: at },
    };
    match became {
        Some((outcome, why)) => new.done(at.plus_ms(1_000), outcome, why),
        None => new,
    }
}
