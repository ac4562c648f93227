//! Somebody with a command: asks a node, waits or not, asks again with the same command id, and remembers what was answered.

use std::sync::Arc;

use handover::actors::custody;
use handover::actors::invitation::workgroup::Invite;
use handover::actors::invitation::{self, To};
use handover::actors::moves::{self, Decision};
use handover::actors::workgroups;
use handover::actors::world::{Call, Trouble};
use handover::actors::{lifecycle, links, sharing};
use handover::domain::document::Document as _;
use handover::domain::event::{By, Channel};
use handover::domain::id::{
    AccountId, CommandId, Context, InvitationId, ItemId, LinkId, MoveId, WorkgroupId,
};
use handover::domain::index::Entry;
use handover::domain::invitation::{Invitation, Request, State, Terms};
use handover::domain::key::Key;
use handover::domain::lifecycle::Act;
use handover::domain::link;
use handover::domain::moving::Move;
use handover::domain::refusal::{Code, Findings};
use handover::domain::time::Time;
use handover::domain::workgroup::Workgroup;

use crate::broken::Broken;
use crate::cluster::{Cluster, KEY};
use crate::mailbox::{Answer, reply};
use crate::node::Node;
use crate::shadow::Doc;
use crate::universe::{KNOWN_MS, locked};

/// How often somebody asks before going away.
const ASKS: u32 = 8;

/// What somebody wants.
#[derive(Debug, Clone)]
pub enum Intent {
    Request(Request, To),
    Readdress(InvitationId, To),
    Invitation(InvitationId, invitation::Command),
    Custody(Context, Arc<custody::Command>),
    Sharing(ItemId, sharing::Command),
    Link(LinkId, Option<Context>),
    Invite(Invite),
    Create(workgroups::New),
    Workgroup(WorkgroupId, workgroups::Command),
    Close(WorkgroupId),
    Lifecycle(ItemId, Act),
    Propose(moves::New),
    Decide(MoveId, Decision),
}

/// What somebody was answered.
#[derive(Debug, Clone)]
enum Told {
    Invitation(Box<invitation::Done>),
    Custody(custody::Done),
    Sharing(sharing::Done),
    Link(links::Accepted),
    Workgroup(Workgroup),
    Move(Box<Move>),
}

/// A command: who wants what, and what makes a repetition a repetition.
#[derive(Debug, Clone)]
pub struct Errand {
    pub person: AccountId,
    pub command: CommandId,
    pub intent: Intent,
}

/// How things stood when an attempt began, for judging a refusal.
struct Before {
    at: Time,
    step: u64,
    open_until: Option<Time>,
    room_changed: Option<u64>,
    commits: u64,
}

fn call(node: &Node, errand: &Errand) -> Call {
    let by = By {
        person: Some(errand.person),
        channel: Channel::Api,
    };
    Call {
        command: Some(errand.command.into()),
        by,
        at: node.now(),
        answers: None,
    }
}

/// The edge of a node: turns what somebody wants into a command to an actor.
fn perform(
    cluster: &Arc<Cluster>,
    node: &Arc<Node>,
    errand: &Errand,
    mut call: Call,
) -> Answer<Result<Told, Trouble>> {
    let (reply, answer) = reply();
    let (errand, here, cluster) = (errand.clone(), Arc::clone(node), Arc::clone(cluster));
    node.spawn(async move {
        if cluster.universe.broken == Broken::PresentState {
            call.command = None;
            if let Some(told) = seems_done(&cluster, &errand) {
                return reply.send(Ok(told));
            }
        }
        let fresh = |transfer| {
            let settings = handover::actors::world::World::settings(&*here);
            InvitationId::made(settings.ids.fresh(call.at), transfer)
        };
        let answer = match errand.intent {
            Intent::Request(ask, to) => {
                let id = fresh(ask.terms.is_transfer());
                here.transfer(id, call, invitation::Command::Request { ask, to })
            }
            Intent::Readdress(id, to) => {
                let new = fresh(id.is_transfer());
                let command = invitation::Command::Readdress { new, to };
                here.transfer(id, call, command)
            }
            Intent::Invitation(id, command) => here.transfer(id, call, command),
            Intent::Custody(context, command) => {
                let done = custody::handle(&*here, context, &call, command).await;
                return reply.send(done.map(Told::Custody));
            }
            Intent::Sharing(item, command) => {
                let done = sharing::handle(&*here, &call, item, command).await;
                return reply.send(done.map(Told::Sharing));
            }
            Intent::Link(link, into) => {
                let token = KEY.share(link);
                let done = links::accept(&*here, &call, &token, into).await;
                return reply.send(done.map(Told::Link));
            }
            Intent::Invite(invite) => {
                let id = fresh(false);
                here.transfer(id, call, invitation::Command::Invite(invite))
            }
            Intent::Create(new) => {
                let done = workgroups::create(&*here, &call, &new).await;
                return reply.send(done.map(Told::Workgroup));
            }
            Intent::Workgroup(id, command) => {
                let done = workgroups::handle(&*here, &call, id, &command).await;
                return reply.send(done.map(Told::Workgroup));
            }
            Intent::Close(id) => {
                let done = workgroups::close(&*here, &call, id).await;
                return reply.send(done.map(Told::Workgroup));
            }
            Intent::Lifecycle(item, act) => {
                let done = lifecycle::carry_out(&*here, errand.person, call, item, act).await;
                return reply.send(done.map(Told::Custody));
            }
            Intent::Propose(new) => {
                let done = moves::propose(&*here, &call, &new).await;
                return reply.send(done.map(|done| Told::Move(Box::new(done))));
            }
            Intent::Decide(id, decision) => {
                let done = moves::decide(&*here, &call, id, decision).await;
                let approved = done.is_ok() && decision == Decision::Approve;
                reply.send(done.map(|done| Told::Move(Box::new(done))));
                if approved {
                    carry_on(&cluster, &here, id, &call).await;
                }
                return;
            }
        };
        if let Some(done) = answer.within(None).await {
            reply.send(done.map(Box::new).map(Told::Invitation));
        }
    });
    answer
}

/// What was approved is done, as far as it goes; a node that starts goes on with it.
async fn carry_on(cluster: &Cluster, node: &Node, id: MoveId, call: &Call) {
    if let Err(Trouble::Fault(fault)) = moves::go_on(node, id, call).await
        && !fault.retry
    {
        let universe = &cluster.universe;
        universe.fail(format!(
            "{id} goes on: a fault that no retry mends: {fault}"
        ));
    }
}

/// The broken rule: whether a command ran before is told by whether what it wants is so now.
fn seems_done(cluster: &Cluster, errand: &Errand) -> Option<Told> {
    let checker = locked(&cluster.checker);
    let shadow = &checker.shadow;
    match &errand.intent {
        Intent::Request(ask, _) => {
            let same = |t: &&handover::domain::invitation::Invitation| {
                t.state.is_open()
                    && t.terms == ask.terms
                    && t.items.iter().map(|i| i.item).eq(ask.items.iter().copied())
            };
            let transfer = shadow.transfers().find(same)?.clone();
            Some(Told::Invitation(Box::new(invitation::Done {
                transfer,
                already: true,
                warnings: Vec::new(),
            })))
        }
        Intent::Custody(_, command) => match &**command {
            custody::Command::StartAnalysis { name, projects } => {
                let mut running = shadow.analyses.iter().filter_map(|id| shadow.analysis(*id));
                let there = running.find(|a| a.name == *name && a.ended_at.is_none())?;
                Some(Told::Custody(custody::Done {
                    items: projects.clone(),
                    analysis: Some(there.id),
                }))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Runs an errand until it is answered, or whoever runs it gives up.
pub async fn run(cluster: Arc<Cluster>, errand: Errand) {
    let universe = Arc::clone(&cluster.universe);
    universe.note(|| format!("{} {}: {:?}", errand.person, errand.command, errand.intent));
    let mut told_before = None;
    let mut asks = 0;
    while asks < ASKS {
        universe.rest(1 + universe.below(6)).await;
        let Some(node) = cluster.node(universe.place(2)) else {
            // Nobody there; the other one may be.
            universe.rest(10).await;
            asks += u32::from(universe.is_calm());
            continue;
        };
        asks += 1;
        let call = call(&node, &errand);
        let before = before(&cluster, &errand, call.at);
        let answer = perform(&cluster, &node, &errand, call);
        let hurried = universe.fault(universe.weather.impatience);
        let patience = hurried.then(|| universe.rest(universe.below(200)));
        let told = answer.within(patience).await;
        let wrong = match &told {
            None => Ok(()),
            Some(Ok(told)) => acknowledged(&cluster, &errand, told),
            Some(Err(Trouble::Refused(why))) => refused(&cluster, &errand, &before, why),
            Some(Err(Trouble::Fault(fault))) if fault.retry => Ok(()),
            Some(Err(Trouble::Fault(fault))) => {
                Err(format!("a fault that no retry mends: {fault}"))
            }
        };
        let shown = || match &told {
            None => "no answer".to_owned(),
            Some(Ok(_)) => "done".to_owned(),
            Some(Err(Trouble::Refused(why))) => {
                let codes: Vec<&str> = why.blocks.iter().map(|r| r.code.as_str()).collect();
                codes.join(", ")
            }
            Some(Err(Trouble::Fault(fault))) => fault.to_string(),
        };
        universe.note(|| format!("{} of node {}: {}", errand.command, node.index, shown()));
        count(&cluster, &told);
        if let Err(why) = wrong {
            universe.fail(format!("{}: {why}", errand.command));
            return;
        }
        let what = match told {
            Some(Ok(told)) => id_of(&told),
            Some(Err(Trouble::Refused(why))) if contended(&why) => continue,
            Some(Err(Trouble::Refused(_))) => return,
            _ => continue,
        };
        let forgotten = locked(&cluster.checker).forgotten.contains(&errand.command);
        if let Some(before) = &told_before
            && *before != what
            && !forgotten
            && universe.broken != Broken::PresentState
        {
            universe.fail(format!(
                "{} was answered {before}, then {what}",
                errand.command
            ));
        }
        told_before = Some(what);
        // Much later, the same command comes again: a script, a restored tab, a proxy.
        if !universe.percent(15) || universe.is_calm() {
            return;
        }
        universe.rest(50 + universe.below(400)).await;
    }
}

fn count(cluster: &Cluster, told: &Option<Result<Told, Trouble>>) {
    let mut checker = locked(&cluster.checker);
    match told {
        None => checker.saw("answers lost"),
        Some(Ok(_)) => checker.saw("answers"),
        Some(Err(Trouble::Refused(why))) => {
            for refusal in &why.blocks {
                checker.saw(refusal.code.as_str());
            }
        }
        Some(Err(Trouble::Fault(_))) => checker.saw("faults"),
    }
}

fn contended(why: &Findings) -> bool {
    why.blocks
        .iter()
        .any(|refusal| refusal.code == Code::Contended)
}

fn id_of(told: &Told) -> String {
    match told {
        Told::Invitation(done) => done.transfer.id.to_string(),
        Told::Custody(done) => format!("{:?} {:?}", done.items, done.analysis),
        Told::Sharing(done) => format!("{:?}", done.link),
        Told::Link(done) => format!("{} {}", done.item, done.into),
        Told::Workgroup(done) => done.id.to_string(),
        Told::Move(done) => done.id.to_string(),
    }
}

fn before(cluster: &Cluster, errand: &Errand, at: Time) -> Before {
    let checker = locked(&cluster.checker);
    let shadow = &checker.shadow;
    let (transfer, into) = match &errand.intent {
        Intent::Invitation(id, invitation::Command::Accept { into }) => (Some(*id), *into),
        Intent::Invitation(id, _) | Intent::Readdress(id, _) => (Some(*id), None),
        _ => (None, None),
    };
    let transfer = transfer.and_then(|id| shadow.transfer(id));
    let open = transfer.filter(|t| matches!(t.state, State::Pending { .. }));
    Before {
        at,
        step: cluster.universe.step(),
        open_until: open.map(|t| t.expires_at),
        room_changed: into.map(|into| room_changed(&checker, into)),
        commits: checker.commits(),
    }
}

fn room_changed(checker: &crate::checker::Checker, into: Context) -> u64 {
    let changed = checker.room_changed.get(&into);
    changed.copied().unwrap_or_default()
}

fn fits(checker: &crate::checker::Checker, transfer: &Invitation, into: Context) -> bool {
    let items = transfer.items.iter();
    let items = items.filter_map(|offered| checker.shadow.item(offered.item));
    let bytes: u64 = items.map(|item| item.bytes).sum();
    let usage = u64::try_from(checker.shadow.usage(into)).unwrap_or(0);
    checker
        .quota(into)
        .is_none_or(|quota| usage.saturating_add(bytes) <= quota)
}

/// What was acknowledged is so, and stays so.
fn acknowledged(cluster: &Cluster, errand: &Errand, told: &Told) -> Result<(), String> {
    let checker = locked(&cluster.checker);
    let shadow = &checker.shadow;
    let committed = checker.commands.contains_key(&errand.command);
    let already = match told {
        Told::Invitation(done) => done.already,
        Told::Custody(_) => false,
        Told::Sharing(done) => done.already,
        Told::Link(done) => done.already,
        // What is so already needs no commit, and the answer does not tell.
        Told::Workgroup(_) => matches!(
            errand.intent,
            Intent::Workgroup(
                _,
                workgroups::Command::Change(_) | workgroups::Command::ChangeRole { .. }
            )
        ),
        Told::Move(_) => matches!(errand.intent, Intent::Decide(..)),
    };
    if !committed && !already && cluster.universe.broken != Broken::PresentState {
        return Err("was acknowledged and never committed".to_owned());
    }
    let holds = match (&errand.intent, told) {
        (Intent::Custody(_, command), Told::Custody(done)) => {
            let there = |id: &ItemId| shadow.item(*id).is_some() || shadow.tombstone(*id).is_some();
            done.items.iter().all(there)
                && match (&**command, done.items.first(), done.analysis) {
                    (custody::Command::AddFiles { item, files, .. }, Some(first), _) => {
                        let entry = |path: &str| {
                            let digest = handover::domain::id::Digest::of(path.as_bytes());
                            Entry::File(*item, digest)
                        };
                        let listed =
                            |f: &custody::File| shadow.entries.contains_key(&entry(&f.path));
                        item == first && (shadow.item(*item).is_none() || files.iter().all(listed))
                    }
                    (custody::Command::StartAnalysis { .. }, _, id) => {
                        id.is_some_and(|id| shadow.analysis(id).is_some())
                    }
                    (custody::Command::EndAnalysis { analysis }, ..) => shadow
                        .analysis(*analysis)
                        .is_some_and(|a| a.ended_at.is_some()),
                    (_, first, _) => first.is_some(),
                }
        }
        (intent, Told::Invitation(done)) => {
            let Some(now) = shadow.transfer(done.transfer.id) else {
                return Err(format!(
                    "{} was acknowledged and is not there",
                    done.transfer.id
                ));
            };
            if done.transfer.key() != now.key() {
                return Err("another transfer was acknowledged".to_owned());
            }
            match intent {
                Intent::Request(ask, _) => {
                    now.message == ask.message || cluster.universe.broken == Broken::PresentState
                }
                Intent::Readdress(id, _) => now.corrects == Some(*id),
                Intent::Invitation(id, command) => {
                    *id == now.id
                        && match command {
                            // One joins a workgroup oneself, whatever context was named.
                            invitation::Command::Accept { into } => matches!(now.state,
                            State::Accepted { into: there, .. }
                                if now.terms.is_about_workgroup() || into.is_none_or(|into| into == there)),
                            invitation::Command::Decline { .. } => {
                                matches!(now.state, State::Declined { .. })
                            }
                            invitation::Command::Cancel => {
                                matches!(now.state, State::Cancelled { .. })
                            }
                            _ => true,
                        }
                }
                Intent::Invite(invite) => now.message == invite.message,
                _ => false,
            }
        }
        (Intent::Sharing(_, command), Told::Sharing(done)) => match command {
            sharing::Command::MakeLink { .. } => {
                let key = done.link.map(Key::Link);
                key.is_some_and(|key| shadow.docs.contains_key(&key))
            }
            sharing::Command::Deactivate { link } => {
                let found = shadow.docs.get(&Key::Link(*link));
                matches!(found, Some(Doc::Link(link)) if link.state != link::State::Active)
            }
            _ => true,
        },
        (Intent::Link(..), Told::Link(_)) => true,
        (Intent::Close(id), Told::Workgroup(_)) => {
            shadow.workgroup(*id).is_some_and(|w| w.state.is_closed())
        }
        (Intent::Create(_) | Intent::Workgroup(..), Told::Workgroup(done)) => {
            shadow.workgroup(done.id).is_some()
        }
        (Intent::Propose(_), Told::Move(done)) => shadow.proposed_move(done.id).is_some(),
        (Intent::Decide(id, decision), Told::Move(_)) => {
            let now = shadow.proposed_move(*id).map(|of| of.state.word());
            let ended = now == Some("cancelled");
            ended || *decision == Decision::Approve && now.is_some_and(|now| now != "proposed")
        }
        // It may have been restored, or purged, since.
        (Intent::Lifecycle(item, _), Told::Custody(done)) => done.items == [*item],
        _ => false,
    };
    if holds {
        Ok(())
    } else {
        Err(format!(
            "{:?} was acknowledged as {told:?} and is not so",
            errand.intent
        ))
    }
}

/// What was refused was not done before, and the reason holds.
fn refused(
    cluster: &Cluster,
    errand: &Errand,
    before: &Before,
    why: &Findings,
) -> Result<(), String> {
    if why.blocks.is_empty() {
        return Err("was refused without a reason".to_owned());
    }
    let checker = locked(&cluster.checker);
    let ran = checker.commands.get(&errand.command);
    if let Some((at, step)) = ran
        && *step < before.step
        && before.at.since_ms(*at) < KNOWN_MS
        && cluster.universe.latest().since_ms(*at) < KNOWN_MS
        && !contended(why)
    {
        return Err(format!(
            "was committed at step {step}, and refused later: {:?}",
            why.blocks
        ));
    }
    let Intent::Invitation(id, command) = &errand.intent else {
        return Ok(());
    };
    let Some(now) = checker.shadow.transfer(*id) else {
        return Ok(());
    };
    for refusal in &why.blocks {
        let so = match refusal.code {
            Code::TransferExpired | Code::InvitationExpired => {
                let over = matches!(now.terms, Terms::Access { until: Some(until), .. } if until <= before.at);
                over || matches!(now.state, State::Expired { .. })
                    || before.open_until.is_none_or(|until| until <= before.at)
            }
            Code::TransferCancelled | Code::InvitationCancelled => {
                matches!(now.state, State::Cancelled { .. })
            }
            Code::TransferDeclined | Code::InvitationDeclined => {
                matches!(now.state, State::Declined { .. })
            }
            Code::TransferAccepted | Code::InvitationAccepted => {
                matches!(now.state, State::Accepted { .. })
            }
            Code::TargetOverQuota => match (command, before.room_changed) {
                (invitation::Command::Accept { into: Some(into) }, Some(changed)) => {
                    let steady = room_changed(&checker, *into) == changed
                        && now.items.iter().all(|offered| {
                            let last = checker.item_changed.get(&offered.item);
                            last.is_none_or(|last| *last <= before.commits)
                        });
                    !(steady && fits(&checker, now, *into))
                }
                _ => true,
            },
            _ => true,
        };
        if !so {
            return Err(format!(
                "was refused for a reason that does not hold: {refusal}; {now:?}"
            ));
        }
    }
    Ok(())
}
