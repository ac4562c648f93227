//! How much a context may hold, as a form asks for it and says it.

use crate::actors::allowance::{self, Change, Of, Seen};
use crate::config::{Cap, Size};
use crate::domain::policy::{Policy, Tier};
use crate::domain::refusal::Refusal;
use crate::domain::said::said;
use crate::web::App;
use crate::web::api::allowance::tier as read_tier;
use crate::web::api::read;
use crate::web::language::say;
use crate::web::problem::{Failure, guard};
use crate::wire::Guard;

use super::super::form::{Fields, Posted};
use super::super::words::{self, Storage};
use super::super::{Problems, Stop};

/// The allowance of a context with the fields that change it.
pub struct Allowance {
    /// What its tier is, in a few words.
    pub tier: String,
    /// The tiers that may be given, and whether they are chosen; none: its tier follows from where it lives.
    pub tiers: Vec<(&'static str, bool)>,
    /// What the field for it says: empty where that of the tier holds.
    pub quota: String,
    /// What holds where it has none of its own.
    pub of_tier: String,
    pub storage: Storage,
    /// Why it cannot be changed.
    pub ruled: Option<Guard>,
}

impl Allowance {
    /// As it is, or, when a form is shown again, as it was typed.
    pub fn of(policy: &Policy, seen: Seen, typed: Option<&Fields>) -> Self {
        let of_tier = cap(policy.quota(None, &seen.domain, seen.tier));
        let chosen = typed.map_or(seen.tier.word(), |typed| typed.get("tier"));
        let choice = |tier: Tier| (tier.word(), tier.word() == chosen);
        Self {
            tier: words::tier(seen.tier, seen.own.quota, policy.creators),
            tiers: match seen.tiers {
                true => [Tier::Basic, Tier::Professional].map(choice).to_vec(),
                false => Vec::new(),
            },
            quota: match (typed, seen.quota) {
                (Some(typed), _) => typed.get("quota").chars().take(100).collect(),
                (None, None) => String::new(),
                (None, own) => cap(policy.quota(own, &seen.domain, seen.tier)),
            },
            of_tier,
            storage: Storage::of(&seen.own),
            ruled: seen.ruled.map(guard),
        }
    }
}

fn cap(bytes: Option<u64>) -> String {
    let at = |bytes| Cap::At(Size::from_bytes(bytes));
    bytes.map_or(Cap::Unlimited, at).to_string()
}

/// What is told above the page after a change.
pub fn note(asked: &Fields) -> Option<String> {
    (asked.get("done") == "changed").then(|| say!("Changed. It holds from now on."))
}

/// Whoever was looked up, if somebody was named, and everything that is wrong with that or with the form that was just sent.
pub async fn looked_up<T>(
    named: &str,
    look: impl Future<Output = Result<T, Failure>>,
    refused: Option<Failure>,
) -> Result<(Option<T>, Problems), Stop> {
    let found = match named {
        "" => None,
        _ => Some(look.await),
    };
    let (found, trouble) = match found.transpose() {
        Ok(found) => (found, None),
        Err(failure) => (None, Some(failure)),
    };
    let problems = match refused.or(trouble) {
        Some(failure) => Problems::of(failure)?,
        None => Problems::default(),
    };
    Ok((found, problems))
}

/// Does what the form asks for.
pub async fn change(app: &App, posted: &Posted, path: &str, of: &Of) -> Result<(), Failure> {
    let change = asked(&posted.fields)?;
    let call = posted.call(app, path);
    allowance::change(app.directory(), &call, of, change).await?;
    Ok(())
}

fn asked(fields: &Fields) -> Result<Change, Failure> {
    let mut problems = read::Problems::default();
    let tier = fields.given("tier");
    let tier = tier.and_then(|word| problems.keep(read_tier(&word)));
    let quota = match fields.given("quota") {
        None => Some(None),
        Some(text) => problems.keep(quota(&text)),
    };
    Ok(problems.unless_any(Some(Change { tier, quota }))?)
}

/// Without a cap is written as the largest one, as everywhere.
fn quota(text: &str) -> Result<Option<u64>, Refusal> {
    let text = text.to_lowercase();
    let cap: Result<Cap, _> = text.parse();
    cap.map(|cap| Some(cap.as_bytes().unwrap_or(u64::MAX)))
        .map_err(|_| {
            let sentence = match text.parse::<Size>() {
                Ok(_) => said!(
                    "a quota of nothing lets nobody receive anything; write a size such as \"1TiB\", or \"none\" for no cap"
                ),
                Err(_) => said!(
                    "\"{text}\" is not a quota; write a size such as \"1TiB\", or \"none\" for no cap",
                    text = words::short(&text)
                ),
            };
            let next_step = said!("leave it empty for that of the domain or tier");
            Refusal::field("quota", sentence, next_step)
        })
}
