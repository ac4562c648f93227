//! The analyses that write to projects: they begin, they end, and which of them run. One that stopped without saying so would stand in
//! the way for ever, so whoever is told of it is told which it is, and whoever may write to its project may end it.

use std::collections::BTreeSet;

use crate::actors::context::Core;
use crate::actors::lifecycle;
use crate::actors::load;
use crate::actors::proposal::Proposal;
use crate::actors::rights::{self, Permit};
use crate::actors::world::{Call, Settings, Trouble};
use crate::domain::id::{AccountId, AnalysisId, ItemId};
use crate::domain::index;
use crate::domain::item::{self, Analysis, Item};
use crate::domain::key::{Key, Queue};
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::rights::Level;
use crate::domain::said::said;
use crate::store::{Direction, Fault};

use super::{Done, changed, still_here, writes};

pub(super) async fn start(
    core: &Core,
    settings: &Settings,
    call: &Call,
    person: AccountId,
    (name, projects): (&str, &[ItemId]),
    proposal: &mut Proposal,
) -> Result<Done, Trouble> {
    let id = AnalysisId::from_bits(settings.ids.fresh(call.at));
    let mut named = BTreeSet::new();
    for project in projects {
        if !named.insert(*project) {
            return Err(Refusal::field(
                "projects",
                said!("project {project} is named twice", project),
                said!("name each project once"),
            )
            .into());
        }
        let permit = writes(settings, call, person, *project, proposal).await?;
        if named.len() == 1 {
            still_here(core, &permit)?;
        } else if permit.owner() != core.context() {
            return Err(Refusal::field(
                "projects",
                said!(
                    "project {project} belongs to another context than the first one",
                    project
                ),
                said!("start one analysis for each context"),
            )
            .into());
        }
        lifecycle::open(permit.item())?;
        let mut next = permit.item().clone();
        next.running_analyses = next.running_analyses.saturating_add(1);
        let began = changed(call, "an analysis began to write to it");
        proposal.replace(permit.versioned(), &next, Some(&began));
    }
    let analysis = Analysis {
        id,
        name: name.to_owned(),
        projects: projects.to_vec(),
        started_by: person,
        started_at: call.at,
        ended_at: None,
    };
    proposal.create(&analysis, None);
    Ok(Done {
        items: projects.to_vec(),
        analysis: Some(id),
    })
}

pub(super) async fn end(
    settings: &Settings,
    call: &Call,
    person: AccountId,
    id: AnalysisId,
    proposal: &mut Proposal,
) -> Result<Done, Trouble> {
    let store = &*settings.store;
    let none = || {
        Refusal::field(
            "analysis",
            said!("there is no analysis {id} of yours", id),
            said!("check the id"),
        )
    };
    let old = load::one::<Analysis>(store, Key::Analysis(id))
        .await?
        .ok_or_else(none)?;
    let ended_already = old.document.ended_at.is_some();
    if old.document.started_by != person {
        let projects = &old.document.projects;
        let all = rights::permits(settings, person, projects, call.at).await?;
        let writes = |permit: &&Permit| permit.level() >= Level::Write;
        let permit = all.iter().flatten().find(writes).ok_or_else(none)?;
        if !ended_already {
            permit.guard(proposal);
        }
    }
    let done = Done {
        items: old.document.projects.clone(),
        analysis: Some(id),
    };
    if ended_already {
        return Ok(done);
    }
    let mut ended = old.document.clone();
    ended.ended_at = Some(call.at);
    proposal.replace(&old, &ended, None);
    // The projects may have changed hands meanwhile; what ran in them has ended all the same.
    for project in &old.document.projects {
        let Some(item) = load::one::<Item>(store, Key::Item(*project)).await? else {
            continue;
        };
        let mut next = item.document.clone();
        next.running_analyses = next.running_analyses.saturating_sub(1);
        proposal.replace(
            &item,
            &next,
            Some(&changed(call, "an analysis that wrote to it ended")),
        );
        if let Some(waiting) = next.pending.filter(|_| next.running_analyses == 0) {
            proposal.due(Queue::Timers, call.at, waiting.bits());
        }
    }
    Ok(done)
}

// ---- which run ----

/// So many are named where they stand in the way.
const NAMED: usize = 3;

/// A page of the analyses that write to a project now, oldest first.
///
/// # Errors
/// The store failed.
pub async fn running(
    settings: &Settings,
    permit: &Permit,
    after: Option<AnalysisId>,
    limit: usize,
) -> Result<(Vec<Analysis>, Option<AnalysisId>), Fault> {
    some(settings, permit.id(), after, limit).await
}

async fn some(
    settings: &Settings,
    project: ItemId,
    after: Option<AnalysisId>,
    limit: usize,
) -> Result<(Vec<Analysis>, Option<AnalysisId>), Fault> {
    let store = &*settings.store;
    let prefix = index::running(project);
    let from = after.map(|id| prefix.wide(id.bits()).as_slice().to_vec());
    let page = store.scan(prefix, from, Direction::Forward, limit).await?;
    let id = |key: &[u8]| index::last_id(key).map(AnalysisId::from_bits);
    let ids: Vec<AnalysisId> = page.rows.iter().filter_map(|(key, _)| id(key)).collect();
    let keys: Vec<Key> = ids.iter().copied().map(Key::Analysis).collect();
    let found = load::all::<Analysis>(store, &keys).await?;
    let all = found.into_iter().flatten().map(|found| found.document);
    Ok((all.collect(), ids.last().copied().filter(|_| page.more)))
}

/// Tells which analyses write to these items wherever that they do is told. For whoever acts for their owner.
pub(in crate::actors) async fn named(
    settings: &Settings,
    items: &[&Item],
    findings: &mut Findings,
) -> Result<(), Fault> {
    for item in items.iter().filter(|item| item.running_analyses > 0) {
        let id = item.id.to_string();
        let told = |refusal: &&mut Refusal| {
            refusal.code == Code::ItemInUse && refusal.about.as_ref() == Some(&id)
        };
        let all = findings.blocks.iter_mut().chain(&mut findings.warns);
        let Some(refusal) = { all }.find(told) else {
            continue;
        };
        let (which, _) = some(settings, item.id, None, NAMED).await?;
        *refusal = item::in_use(item, &which, refusal.next_step.clone());
    }
    Ok(())
}
