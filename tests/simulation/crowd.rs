//! What people do: sensible things mostly, and often late, twice, in the wrong context or from an old letter.

mod keeping;
mod looking;
mod workgroups;

use std::sync::Arc;

use handover::actors::custody::{Command as Custody, Dataset, File, NewProject};
use handover::actors::invitation::{Command, To};
use handover::actors::{account, invitation, queries, sharing, sign_in, world};
use handover::domain::event::{By, Channel};
use handover::domain::id::{AccountId, CommandId, Context, ItemId, ItemKind};
use handover::domain::invitation::{Invitation, KeepAccess, Recipient, Request, Terms};
use handover::domain::item::{Biosample, Run, RunStatus};
use handover::domain::key::Key;
use handover::domain::link;
use handover::domain::rights::Level;
use handover::domain::time::DAY_MS;
use handover::domain::workgroup::Role;

use crate::broken::Broken;
use crate::checker::inbox::HOME;
use crate::client::{Errand, Intent, run};
use crate::cluster::{Cluster, HANDLES, KEY, PEOPLE, STRANGERS, WORKGROUPS};
use crate::shadow::{Doc, Shadow};
use crate::universe::{Home, locked};

/// Somebody does something.
pub fn act(cluster: &Arc<Cluster>) {
    let universe = &cluster.universe;
    let bits = u128::from(universe.below(u64::MAX)) << 64 | u128::from(universe.step());
    let command = CommandId::from_bits(bits);
    // A quota that is not held is missed only where several come in at once.
    let often = if universe.broken == Broken::QuotaBefore {
        30
    } else {
        8
    };
    if universe.percent(often) {
        return rush(cluster, bits);
    }
    let done = {
        let checker = locked(&cluster.checker);
        decide(cluster, &checker.shadow, command)
    };
    let Some((person, intent)) = done else {
        return beside(cluster);
    };
    let errand = Errand {
        person,
        command,
        intent,
    };
    let start = |errand: Errand| {
        let work = run(Arc::clone(cluster), errand);
        universe.spawn(Home::Outside, work);
    };
    if universe.percent(12) {
        // A double click; without script, the second one has an id of its own.
        let mut again = errand.clone();
        if universe.percent(40)
            && !matches!(
                errand.intent,
                Intent::Request(..) | Intent::Custody(..) | Intent::Invite(_)
            )
        {
            again.command = CommandId::from_bits(bits ^ 1 << 100);
        }
        start(again);
    }
    start(errand);
}

/// The end of the month: everybody accepts whatever is open, into the same workgroup where they can.
fn rush(cluster: &Arc<Cluster>, bits: u128) {
    let universe = &cluster.universe;
    // Seldom: whoever accepts decides anew when the quota changes meanwhile.
    if universe.percent(15) {
        return cluster.more_room(universe.place(2));
    }
    let checker = locked(&cluster.checker);
    let shadow = &checker.shadow;
    let workgroups: Vec<Context> = every_context(shadow)
        .into_iter()
        .filter(|context| matches!(context, Context::Workgroup(_)))
        .collect();
    let tight = shadow.docs.values().find_map(|doc| match doc {
        Doc::Workgroup(w) if w.handle.as_str() == WORKGROUPS[0] => Some(Context::Workgroup(w.id)),
        _ => None,
    });
    let some = universe.pick(&workgroups).copied();
    let Some(into) = (if universe.percent(70) { tight } else { some }) else {
        return;
    };
    let open = shadow
        .transfers()
        .filter(|t| t.state.is_open() && t.terms.is_transfer());
    let open: Vec<&Invitation> = open.take(12).collect();
    if open.len() < 3 {
        return offer_many(cluster, shadow, bits);
    }
    for (n, transfer) in open.into_iter().enumerate() {
        let mut answers = answering(shadow, transfer);
        // Others are refused, and take no room.
        if answers.iter().any(|id| shadow.belongs(*id, into)) {
            answers.retain(|id| shadow.belongs(*id, into));
        }
        let Some(person) = universe.pick(&answers).copied() else {
            continue;
        };
        let command = CommandId::from_bits(bits ^ (2 + n as u128) << 100);
        let accept = Command::Accept { into: Some(into) };
        let intent = Intent::Invitation(transfer.id, accept);
        let errand = Errand {
            person,
            command,
            intent,
        };
        universe.spawn(Home::Outside, run(Arc::clone(cluster), errand));
    }
}

/// Several people offer something to the same workgroup, which may not have room for all of it.
fn offer_many(cluster: &Arc<Cluster>, shadow: &Shadow, bits: u128) {
    let universe = &cluster.universe;
    for (n, person) in accounts(shadow).into_iter().enumerate() {
        let own = owned(shadow, Context::Personal(person), None);
        let Some(item) = universe.pick(&own).copied() else {
            continue;
        };
        let command = CommandId::from_bits(bits ^ (2 + n as u128) << 100);
        let ask = Request {
            items: vec![item],
            message: Some(command.to_string()),
            terms: Terms::ownership(KeepAccess::None),
            lifetime_ms: None,
            terms_accepted: true,
        };
        let to = To::Workgroup(WORKGROUPS[0].parse().unwrap());
        let errand = Errand {
            person,
            command,
            intent: Intent::Request(ask, to),
        };
        universe.spawn(Home::Outside, run(Arc::clone(cluster), errand));
    }
}

fn accounts(shadow: &Shadow) -> Vec<AccountId> {
    let of = |doc: &Doc| match doc {
        Doc::Account(account) => Some(account.id),
        _ => None,
    };
    shadow.docs.values().filter_map(of).collect()
}

/// The contexts of a person: personal first.
fn contexts(shadow: &Shadow, person: AccountId) -> Vec<Context> {
    let of = |key: &Key| match key {
        Key::Membership(workgroup, id) if *id == person => Some(Context::Workgroup(*workgroup)),
        _ => None,
    };
    let workgroups = shadow.docs.keys().filter_map(of);
    std::iter::once(Context::Personal(person))
        .chain(workgroups)
        .collect()
}

fn every_context(shadow: &Shadow) -> Vec<Context> {
    let of = |key: &Key| match key {
        Key::Account(id) => Some(Context::Personal(*id)),
        Key::Workgroup(id) => Some(Context::Workgroup(*id)),
        _ => None,
    };
    shadow.docs.keys().filter_map(of).collect()
}

fn owned(shadow: &Shadow, context: Context, kind: Option<ItemKind>) -> Vec<ItemId> {
    let of = shadow.items().filter(|item| item.owner == context);
    let of = of.filter(|item| kind.is_none_or(|kind| item.id.kind() == kind));
    of.map(|item| item.id).collect()
}

fn decide(cluster: &Cluster, shadow: &Shadow, command: CommandId) -> Option<(AccountId, Intent)> {
    let universe = &cluster.universe;
    let people = accounts(shadow);
    let person = *universe.pick(&people)?;
    match universe.below(100) {
        0..=14 => return workgroups::decide(cluster, shadow, person, command),
        15..=21 => return keeping::put_away(cluster, shadow, person),
        22..=23 => return keeping::move_all(cluster, shadow, person, command),
        _ => {}
    }
    let context = if universe.percent(4) {
        *universe.pick(&every_context(shadow))?
    } else {
        *universe.pick(&contexts(shadow, person))?
    };
    let transfers: Vec<&Invitation> = shadow.transfers().collect();
    let open: Vec<&Invitation> = shadow.transfers().filter(|t| t.state.is_open()).collect();
    // Mostly an open offer; sometimes an old one, from an old letter.
    let some = if universe.percent(85) {
        universe.pick(&open)
    } else {
        universe.pick(&transfers)
    };
    let custody = |command| Some((person, Intent::Custody(context, Arc::new(command))));
    let answer = |transfer: &Invitation, command| {
        let who = if universe.percent(92) {
            universe.pick(&answering(shadow, transfer)).copied()?
        } else {
            person
        };
        Some((who, Intent::Invitation(transfer.id, command)))
    };
    let send = |transfer: &Invitation, command| {
        let sender = transfer.sender.account;
        let who = if universe.percent(80) { sender } else { person };
        Some((who, Intent::Invitation(transfer.id, command)))
    };
    match universe.below(100) {
        0..=6 => {
            let command = Arc::new(register(cluster, command));
            // Workgroups fill up by transfers mostly, so that their quotas are met there.
            let at = if universe.percent(75) {
                Context::Personal(person)
            } else {
                context
            };
            Some((person, Intent::Custody(at, command)))
        }
        7..=10 => custody(Custody::CreateProject {
            name: name(cluster),
        }),
        11..=15 => {
            let item = *universe.pick(&owned(shadow, context, Some(ItemKind::Project)))?;
            custody(Custody::AddFiles {
                item,
                files: files(cluster),
                dataset: dataset(cluster, shadow, item),
                keeps: universe.percent(50),
            })
        }
        16..=19 => {
            let mut projects = owned(shadow, context, Some(ItemKind::Project));
            projects.truncate(1 + universe.place(2));
            (!projects.is_empty()).then_some(())?;
            custody(Custody::StartAnalysis {
                name: command.to_string(),
                projects,
            })
        }
        20..=26 => {
            let all: Vec<_> = shadow
                .analyses
                .iter()
                .filter_map(|id| shadow.analysis(*id))
                .collect();
            let running: Vec<_> = all.iter().filter(|a| a.ended_at.is_none()).collect();
            let analysis = universe.pick(&running)?;
            let (who, id) = (analysis.started_by, analysis.id);
            let context = *universe.pick(&contexts(shadow, who))?;
            let command = Custody::EndAnalysis { analysis: id };
            Some((who, Intent::Custody(context, Arc::new(command))))
        }
        27..=52 => {
            let ask = request(cluster, shadow, context, command)?;
            let to = collaborator(cluster, shadow, &ask.items).or_else(|| to(cluster))?;
            Some((person, Intent::Request(ask, to)))
        }
        53..=74 => {
            let transfer = some?;
            let answers = answering(shadow, transfer);
            let who = universe.pick(&answers).copied().unwrap_or(person);
            let into = match universe.below(10) {
                0..=1 => None,
                2 => universe.pick(&every_context(shadow)).copied(),
                _ => universe.pick(&contexts(shadow, who)).copied(),
            };
            let who = if universe.percent(95) { who } else { person };
            Some((
                who,
                Intent::Invitation(transfer.id, Command::Accept { into }),
            ))
        }
        75..=79 => answer(
            some?,
            Command::Decline {
                reason: Some(command.to_string()),
            },
        ),
        80..=83 => send(some?, Command::Cancel),
        84..=87 => {
            // An invitation into a workgroup has no such door: it is cancelled, and made anew.
            let transfer = some.filter(|some| !some.terms.is_about_workgroup())?;
            Some((
                transfer.sender.account,
                Intent::Readdress(transfer.id, to(cluster)?),
            ))
        }
        88..=90 => send(some?, Command::Resend),
        94..=95 => {
            let (item, grantee) = some_grant(cluster, shadow)?;
            let command = match universe.below(4) {
                0 => sharing::Command::Leave { grantee },
                1 => sharing::Command::Revoke { grantee },
                _ => sharing::Command::Change {
                    grantee,
                    level: universe
                        .pick(&[None, Some(Level::Read), Some(Level::Write)])
                        .copied()?,
                    until: universe.percent(40).then(|| {
                        universe
                            .percent(50)
                            .then(|| universe.latest().plus_ms(DAY_MS))
                    }),
                },
            };
            let side = match command {
                sharing::Command::Leave { .. } => grantee,
                _ => shadow.item(item)?.owner,
            };
            let who = match universe.percent(85) {
                true => somebody_of(cluster, shadow, side)?,
                false => person,
            };
            Some((who, Intent::Sharing(item, command)))
        }
        96..=97 => {
            let items = owned(shadow, context, None);
            let item = *universe.pick(&items)?;
            let command = sharing::Command::MakeLink {
                level: match universe.percent(30) {
                    true => Level::Write,
                    false => Level::Read,
                },
                expires_at: universe
                    .percent(40)
                    .then(|| universe.latest().plus_ms(DAY_MS)),
                max_acceptances: universe.percent(60).then(|| 1 + universe.place(2) as u32),
            };
            Some((person, Intent::Sharing(item, command)))
        }
        98..=99 => {
            let links: Vec<_> = shadow.links().collect();
            // Old URLs stand in old mails and chats.
            let old = links.iter().filter(|of| of.state != link::State::Active);
            let old: Vec<_> = old.copied().collect();
            let old = universe.pick(&old).filter(|_| universe.percent(40));
            let link = old.or_else(|| universe.pick(&links))?;
            if universe.percent(35) {
                let owner = shadow.item(link.item)?.owner;
                let who = somebody_of(cluster, shadow, owner)?;
                let command = sharing::Command::Deactivate { link: link.id };
                return Some((who, Intent::Sharing(link.item, command)));
            }
            let into = universe.pick(&contexts(shadow, person)).copied();
            Some((person, Intent::Link(link.id, into)))
        }
        91..=93 => {
            let days = i64::try_from(universe.below(30)).unwrap_or(1);
            send(
                some?,
                Command::Extend {
                    lifetime_ms: days * DAY_MS,
                },
            )
        }
        _ => None,
    }
}

/// Somebody who may answer this offer.
fn answering(shadow: &Shadow, transfer: &Invitation) -> Vec<AccountId> {
    shadow
        .docs
        .values()
        .filter_map(|doc| match (doc, &transfer.recipient) {
            (Doc::Account(account), Recipient::Address(address)) => {
                account.has(address).then_some(account.id)
            }
            (Doc::Membership(m), Recipient::Workgroup { id, .. }) => {
                (m.workgroup == *id && m.role >= Role::Administrator).then_some(m.account)
            }
            _ => None,
        })
        .collect()
}

/// Somebody who belongs to this context.
fn somebody_of(cluster: &Cluster, shadow: &Shadow, context: Context) -> Option<AccountId> {
    let people = accounts(shadow);
    let people = people.into_iter().filter(|id| shadow.belongs(*id, context));
    let people: Vec<AccountId> = people.collect();
    cluster.universe.pick(&people).copied()
}

/// An item with a context that has been given access to it.
fn some_grant(cluster: &Cluster, shadow: &Shadow) -> Option<(ItemId, Context)> {
    let of = |key: &Key| match key {
        Key::Grant(item, grantee) => Some((*item, *grantee)),
        _ => None,
    };
    let all: Vec<_> = shadow.docs.keys().filter_map(of).collect();
    cluster.universe.pick(&all).copied()
}

fn name(cluster: &Cluster) -> String {
    format!("Project {}", cluster.universe.below(8))
}

fn register(cluster: &Cluster, command: CommandId) -> Custody {
    let universe = &cluster.universe;
    let projects = (0..universe.below(3)).map(|_| NewProject {
        name: name(cluster),
        biosamples: vec![Biosample {
            name: format!("sample-{}", universe.below(5)),
            libraries: Vec::new(),
        }],
    });
    let mut projects: Vec<NewProject> = projects.collect();
    projects.dedup_by(|a, b| a.name == b.name);
    let name = if universe.percent(20) {
        format!("run-{}", universe.below(4))
    } else {
        command.to_string()
    };
    Custody::RegisterRun {
        name,
        run: Run {
            instrument: "LH00100".into(),
            platform: "NovaSeq X".into(),
            flow_cell: "225LFTLT3".into(),
            lanes: 8,
            reads: Vec::new(),
            started_at: None,
            ended_at: None,
            status: RunStatus::Completed,
        },
        files: 10,
        bytes: 5 + universe.below(45),
        projects,
    }
}

fn files(cluster: &Cluster) -> Vec<File> {
    let universe = &cluster.universe;
    let file = |_| File {
        path: format!("reads/{}.fastq.gz", universe.below(6)),
        bytes: universe.below(15),
        checksum: None,
        dataset: None,
    };
    (0..1 + universe.below(3)).map(file).collect()
}

/// One of two datasets of one of the project's biosamples, sometimes.
fn dataset(cluster: &Cluster, shadow: &Shadow, project: ItemId) -> Option<Dataset> {
    let universe = &cluster.universe;
    let all = &shadow.biosamples(project)?.biosamples;
    let biosample = universe.pick(all).filter(|_| universe.percent(70))?;
    Some(Dataset {
        name: format!("{} {}", biosample.name, universe.below(2)),
        kind: "FASTQ".to_owned(),
        biosample: biosample.name.clone(),
        files: 0,
        bytes: 0,
    })
}

fn request(
    cluster: &Cluster,
    shadow: &Shadow,
    context: Context,
    command: CommandId,
) -> Option<Request> {
    let universe = &cluster.universe;
    let mut all = if universe.percent(5) {
        shadow.items().map(|item| item.id).collect()
    } else {
        owned(shadow, context, None)
    };
    let mut items = Vec::new();
    for _ in 0..1 + universe.below(4) {
        if !all.is_empty() {
            items.push(all.swap_remove(universe.place(all.len())));
        }
    }
    (!items.is_empty()).then_some(())?;
    let days = |most| DAY_MS * i64::try_from(universe.below(most)).unwrap_or(1);
    let until = || {
        universe
            .percent(40)
            .then(|| universe.latest().plus_ms(days(60)))
    };
    let terms = if universe.percent(35) {
        let level = match universe.percent(30) {
            true => Level::Write,
            false => Level::Read,
        };
        let until = until();
        Terms::Access { level, until }
    } else {
        Terms::ownership(match universe.percent(33) {
            true => KeepAccess::Read { until: until() },
            false => KeepAccess::None,
        })
    };
    Some(Request {
        items,
        // By this a request that ran twice is recognised.
        message: Some(command.to_string()),
        terms,
        lifetime_ms: universe.percent(50).then(|| days(21)),
        terms_accepted: !universe.percent(2),
    })
}

/// Now and then: somebody who works with one of these items already.
fn collaborator(cluster: &Cluster, shadow: &Shadow, items: &[ItemId]) -> Option<To> {
    let universe = &cluster.universe;
    let granted = items.iter().flat_map(|item| shadow.grants(*item));
    let granted: Vec<Context> = granted.map(|grant| grant.grantee).collect();
    let collaborator = universe.pick(&granted).filter(|_| universe.percent(40))?;
    match collaborator {
        Context::Personal(id) => shadow.account(*id)?.primary().cloned().map(To::Address),
        Context::Workgroup(id) => shadow
            .workgroup(*id)
            .map(|w| To::Workgroup(w.handle.clone())),
    }
}

fn to(cluster: &Cluster) -> Option<To> {
    let universe = &cluster.universe;
    Some(match universe.below(10) {
        0..=5 => To::Address(universe.pick(&PEOPLE)?.parse().ok()?),
        6 => To::Address(universe.pick(&STRANGERS)?.parse().ok()?),
        7 => To::Workgroup(universe.pick(&HANDLES)?.parse().ok()?),
        _ => To::Workgroup(universe.pick(&WORKGROUPS)?.parse().ok()?),
    })
}

/// What goes on beside transfers: previews, lists, people who register, an administrator at work.
fn beside(cluster: &Arc<Cluster>) {
    let universe = &cluster.universe;
    let index = universe.place(2);
    let Some(node) = cluster.node(index) else {
        return;
    };
    if universe.percent(25) {
        return cluster.edit(index);
    }
    let here = Arc::clone(cluster);
    let what = universe.below(100);
    universe.spawn(Home::Node(index), async move {
        let node = &*node;
        let done = match what {
            0..=11 => further_address(&here, node).await,
            12..=39 => sign_up(&here, node).await,
            40..=67 => looking::peep(&here, node).await,
            68..=84 => looking::knock(&here, node).await,
            _ => look_around(&here, node).await,
        };
        if let Err(world::Trouble::Fault(fault)) = done
            && !fault.retry
        {
            here.universe
                .fail(format!("a fault that no retry mends: {fault}"));
        }
    });
}

async fn sign_up(cluster: &Cluster, node: &crate::node::Node) -> Result<(), world::Trouble> {
    let universe = &cluster.universe;
    let by = By {
        person: None,
        channel: Channel::Web,
    };
    let call = |node: &crate::node::Node| world::Call {
        command: None,
        by,
        at: node.now(),
        answers: None,
    };
    let Some(address) = universe.pick(&STRANGERS) else {
        return Ok(());
    };
    let Ok(address) = address.parse() else {
        return Ok(());
    };
    let id = sign_in::begin(node, &call(node), address, None).await?;
    for _ in 0..2 {
        let typed = if universe.percent(80) {
            KEY.code(id)
        } else {
            "BCDFGHJK".to_owned()
        };
        let account = sign_in::finish(node, &call(node), id, &typed).await?;
        universe.note(|| format!("{} is signed in", account.id));
    }
    Ok(())
}

/// Somebody proves a further address, or takes it back.
async fn further_address(
    cluster: &Cluster,
    node: &crate::node::Node,
) -> Result<(), world::Trouble> {
    let universe = &cluster.universe;
    let (person, address) = {
        let checker = locked(&cluster.checker);
        let people = accounts(&checker.shadow);
        let Some(person) = universe.pick(&people).copied() else {
            return Ok(());
        };
        let address = format!("p{}@{HOME}", universe.below(4));
        (person, address.parse())
    };
    let Ok(address) = address else {
        return Ok(());
    };
    let call = || world::Call {
        command: None,
        by: By {
            person: Some(person),
            channel: Channel::Web,
        },
        at: node.now(),
        answers: None,
    };
    if universe.percent(30) {
        return account::remove_address(node, &call(), person, &address)
            .await
            .map(drop);
    }
    let id = account::begin_address(node, &call(), person, address).await?;
    let code = KEY.code(id);
    account::finish_address(node, &call(), person, id, &code).await?;
    Ok(())
}

async fn look_around(cluster: &Cluster, node: &crate::node::Node) -> Result<(), world::Trouble> {
    let universe = &cluster.universe;
    let settings = world::World::settings(node);
    let (person, ask) = {
        let checker = locked(&cluster.checker);
        let people = accounts(&checker.shadow);
        let Some(person) = universe.pick(&people).copied() else {
            return Ok(());
        };
        let context = Context::Personal(person);
        let command = CommandId::from_bits(0);
        (person, request(cluster, &checker.shadow, context, command))
    };
    let call = world::Call {
        command: None,
        by: By {
            person: Some(person),
            channel: Channel::Web,
        },
        at: node.now(),
        answers: None,
    };
    if let Some(ask) = ask {
        let to = to(cluster).filter(|_| universe.percent(80));
        invitation::preview(node, &call, &ask, to.as_ref()).await?;
    }
    let Some(account) = handover::actors::load::one::<handover::domain::account::Account>(
        &*node.store,
        Key::Account(person),
    )
    .await?
    else {
        return Ok(());
    };
    for found in queries::inbox(&settings, &account.document, call.at, 10).await? {
        let id = found.document.id;
        match queries::transfer(&settings, &account.document, id).await {
            // It may have been taken back, or the role with it, meanwhile.
            Ok(_) | Err(world::Trouble::Refused(_)) => {}
            Err(fault) => return Err(fault),
        }
        queries::choices(&settings, &found.document, person).await?;
    }
    Ok(())
}
