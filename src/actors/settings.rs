//! What a person decides about their own account.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::account::{Account, Quiet};
use crate::domain::event::{Event, What};
use crate::domain::id::{AccountId, Context};
use crate::domain::key::Key;
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::said::said;
use crate::domain::workgroup::Membership;

use super::load::{self, Versioned};
use super::once::{Decision, once};
use super::proposal::Proposal;
use super::world::{Call, Settings, Trouble, World};

/// At most this many senders are blocked, and as many have a default context of their own.
pub const MAX_BLOCKED: usize = 1_000;
/// The languages there are letters in.
pub const LANGUAGES: [&str; 2] = ["en", "de"];

/// What shall be different; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// What the person is called, 1 to 100 characters.
    pub name: Option<String>,
    /// Where uploaded runs land.
    pub default_run_location: Option<Context>,
    /// Where offers are accepted into.
    pub default_context: Option<Context>,
    /// The same for offers of particular senders, by their folded addresses: all of them.
    pub default_context_by_sender: Option<BTreeMap<String, Context>>,
    /// Where offers of these senders go from now on, by their folded addresses, and all others as before; `None`: where all others go.
    pub of_senders: BTreeMap<String, Option<Context>>,
    /// Folded addresses whose offers are refused: all of them.
    pub blocked: Option<BTreeSet<String>>,
    /// Further ones.
    pub block: BTreeSet<String>,
    /// Those that are let in again.
    pub unblock: BTreeSet<String>,
    /// The language of letters and pages.
    pub language: Option<String>,
    /// Letters the person does without.
    pub quiet: Option<Quiet>,
}

/// Changes the account's settings; the account as it is then.
///
/// # Errors
/// A context is not the person's, a value is out of bounds, or the world failed.
pub async fn change(
    world: &dyn World,
    call: &Call,
    id: AccountId,
    change: &Change,
) -> Result<Account, Trouble> {
    once(world, call, || Box::pin(changed(world, call, id, change))).await
}

async fn changed(
    world: &dyn World,
    call: &Call,
    id: AccountId,
    change: &Change,
) -> Result<Decision<Account>, Trouble> {
    let settings = world.settings();
    let found = load::one::<Account>(&*settings.store, Key::Account(id)).await?;
    let open = |account: &Versioned<Account>| account.document.closed_at.is_none();
    let Some(old) = found.filter(open) else {
        return Err(Refusal::new(
            Code::NotSignedIn,
            said!("your account no longer exists"),
            said!("sign in again"),
        )
        .into());
    };
    let mut proposal = Proposal::default();
    let next = decide(&settings, &old, change, &mut proposal).await?;
    if next != old.document {
        let how = "its settings".to_owned();
        let event = Event {
            at: call.at,
            by: call.by,
            what: What::Changed { how },
        };
        proposal.replace(&old, &next, Some(&event));
    }
    Ok(Decision::done(next, proposal))
}

async fn decide(
    settings: &Settings,
    old: &Versioned<Account>,
    change: &Change,
    proposal: &mut Proposal,
) -> Result<Account, Trouble> {
    let mut next = old.document.clone();
    let mut findings = Findings::default();
    if let Some(name) = &change.name {
        match valid(name) {
            Some(name) => next.name = name,
            None => findings.block(Refusal::field(
                "name",
                said!("a name has 1 to 100 characters and no control characters"),
                said!("choose another name"),
            )),
        }
    }
    let wanted = [
        ("default_run_location", change.default_run_location),
        ("default_context", change.default_context),
    ];
    let by_sender = change.default_context_by_sender.iter().flatten();
    let by_sender = by_sender.map(|(_, context)| *context);
    let by_sender = by_sender.chain(change.of_senders.values().filter_map(|into| *into));
    let by_sender: BTreeSet<Context> = by_sender.collect();
    let by_sender = by_sender
        .into_iter()
        .map(|context| ("default_context_by_sender", Some(context)));
    for (field, context) in wanted.into_iter().chain(by_sender) {
        if let Some(Context::Workgroup(workgroup)) = context {
            let key = Key::Membership(workgroup, next.id);
            let found = load::one::<Membership>(&*settings.store, key).await?;
            match found {
                Some(there) => proposal.guard(key, there.version),
                None => findings.block(not_yours(field)),
            }
        } else if context.is_some_and(|context| context != Context::Personal(next.id)) {
            findings.block(not_yours(field));
        }
    }
    if let Some(context) = change.default_run_location {
        next.default_run_location = context;
    }
    if let Some(context) = change.default_context {
        next.default_context = context;
    }
    senders(change, &mut next, &mut findings);
    if let Some(language) = &change.language {
        if !LANGUAGES.contains(&language.as_str()) {
            let shown: String = language
                .chars()
                .filter(|c| !c.is_control())
                .take(20)
                .collect();
            findings.block(Refusal::field(
                "language",
                said!("there are no letters in \"{shown}\"", shown),
                said!("choose one of: {languages}", languages = LANGUAGES.to_vec()),
            ));
        }
        next.language.clone_from(language);
    }
    if let Some(quiet) = change.quiet {
        next.quiet = quiet;
    }
    if findings.blocks.is_empty() {
        Ok(next)
    } else {
        Err(findings.into())
    }
}

/// Where offers of particular senders go, and whose are refused. What is added or taken away is so to what there is when it is committed.
fn senders(change: &Change, next: &mut Account, findings: &mut Findings) {
    if let Some(by_sender) = &change.default_context_by_sender {
        next.default_context_by_sender.clone_from(by_sender);
    }
    for (sender, into) in &change.of_senders {
        match into {
            Some(context) => next
                .default_context_by_sender
                .insert(sender.clone(), *context),
            None => next.default_context_by_sender.remove(sender),
        };
    }
    if let Some(blocked) = &change.blocked {
        next.blocked.clone_from(blocked);
    }
    if let Some(both) = change.block.intersection(&change.unblock).next() {
        findings.block(Refusal::field(
            "block",
            said!("{both} cannot be blocked and let in at once", both),
            said!("name it once"),
        ));
    }
    next.blocked.extend(change.block.iter().cloned());
    next.blocked
        .retain(|sender| !change.unblock.contains(sender));
    let adds = !change.of_senders.is_empty() || change.default_context_by_sender.is_some();
    let blocks = !change.block.is_empty() || change.blocked.is_some();
    for (field, many, grows) in [
        (
            "default_context_by_sender",
            next.default_context_by_sender.len(),
            adds,
        ),
        ("blocked", next.blocked.len(), blocks),
    ] {
        if grows && many > MAX_BLOCKED {
            findings.block(Refusal::field(
                field,
                said!(
                    "{many} senders are more than {most}",
                    many,
                    most = MAX_BLOCKED
                ),
                said!("name fewer"),
            ));
        }
    }
}

fn not_yours(field: &str) -> Refusal {
    Refusal::new(
        Code::RecipientNotAMember,
        said!("you do not belong to this context"),
        said!("choose one of your contexts"),
    )
    .about(field)
}

fn valid(name: &str) -> Option<String> {
    let name = name.trim();
    let fits = (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned())
}
