//! What goes wrong when two nodes work on one store and each remembers a little: found by the simulation, each kept here by name.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/staged.rs"]
mod staged;

use std::collections::{BTreeMap, BTreeSet};

use handover::actors::account;
use handover::actors::custody::{self, Command as Custody};
use handover::actors::incoming::{self, Became, Finished, Kept, Limits, New, Opened, Reply, Says};
use handover::actors::invitation::{self, Command, To};
use handover::actors::lifecycle;
use handover::actors::links;
use handover::actors::listing;
use handover::actors::load::{self, Versioned};
use handover::actors::moves::{self, Decision};
use handover::actors::proposal::Proposal;
use handover::actors::queries;
use handover::actors::sharing;
use handover::actors::sign_in;
use handover::actors::site::{self, Wanted};
use handover::actors::sweep;
use handover::actors::workgroups;
use handover::actors::world::{Call, Trouble, World as _, contended};
use handover::domain::account::Account;
use handover::domain::address::Address;
use handover::domain::document;
use handover::domain::event::{Channel, Event, What};
use handover::domain::id::{
    AccountId, CommandId, Context, InvitationId, ItemId, LetterId, MessageId,
};
use handover::domain::incoming::{Incoming, Purpose};
use handover::domain::index::{self, Phase};
use handover::domain::invitation::{Invitation, KeepAccess, Request, State, Terms};
use handover::domain::key::{Counter, Key};
use handover::domain::letter::Subject;
use handover::domain::lifecycle::Act;
use handover::domain::policy::{Creators, Domain, InUse, Policy, Private, Replies};
use handover::domain::refusal::{Code, Refusal};
use handover::domain::rights::{Grant, Level, Origin, Part};
use handover::domain::secret::SiteKey;
use handover::domain::time::DAY_MS;
use handover::domain::workgroup::{Role, Workgroup};
use handover::store::{ABSENT, Claimed, Outcome, Queue, Store as _, Version};
use staged::{Moment, Site, at, wanted};

const ANNA: &str = "anna@lab.example";
const BOB: &str = "bob@lab.example";

fn ask(item: ItemId) -> Request {
    Request {
        items: vec![item],
        message: None,
        terms: Terms::ownership(KeepAccess::None),
        lifetime_ms: Some(DAY_MS),
        terms_accepted: true,
    }
}

fn codes(trouble: &Trouble) -> Vec<Code> {
    match trouble {
        Trouble::Refused(why) => why.blocks.iter().map(|refusal| refusal.code).collect(),
        Trouble::Fault(fault) => panic!("{fault}"),
    }
}

/// A project of 50 bytes in this context.
fn project(site: &Site, context: Context, who: &str) -> ItemId {
    project_called(site, context, who, "Genomes")
}

fn project_called(site: &Site, context: Context, who: &str, name: &str) -> ItemId {
    let call = site.call(who, None, 0);
    let create = Custody::CreateProject { name: name.into() };
    let done = site.one.custody(context, &call, create).unwrap();
    let files = vec![custody::File {
        path: "a.fastq.gz".into(),
        bytes: 50,
        checksum: None,
        dataset: None,
    }];
    let add = Custody::AddFiles {
        item: done.items[0],
        files,
        dataset: None,
        keeps: false,
    };
    site.one.custody(context, &call, add).unwrap();
    done.items[0]
}

fn offer(site: &Site, item: ItemId, from: &str, to: &str) -> InvitationId {
    let call = site.call(from, None, 0);
    let to = To::Address(to.parse().unwrap());
    let id = site.fresh();
    let request = Command::Request { ask: ask(item), to };
    site.one.transfer(id, &call, &request).unwrap();
    id
}

#[test]
fn data_stays_in_a_domain_that_its_workgroup_has_just_moved_into() {
    let site = Site::new(Policy::default());
    let techs = site.apply(&wanted("techs", &[ANNA]));
    let item = project(&site, techs, ANNA);
    let id = offer(&site, item, ANNA, ANNA);
    // The second node remembers the workgroup as it is now.
    let into = Context::Personal(site.account(ANNA));
    let wrong = Command::Accept { into: Some(techs) };
    let call = site.call(ANNA, None, 0);
    assert!(site.two.transfer(id, &call, &wrong).is_err());
    let mut moved = wanted("techs", &[ANNA]);
    moved.domain = Domain::named("uni");
    site.apply(&moved);
    let accept = Command::Accept { into: Some(into) };
    let refused = site.two.transfer(id, &call, &accept).unwrap_err();
    assert_eq!(codes(&refused), [Code::DomainNoWayOut]);
}

#[test]
fn data_stays_in_a_domain_that_its_workgroup_moves_into_while_it_is_let_go() {
    for terms in [
        Terms::ownership(KeepAccess::None),
        Terms::Access {
            level: Level::Read,
            until: None,
        },
    ] {
        let site = Site::new(Policy::default());
        let techs = site.apply(&wanted("techs", &[ANNA]));
        let item = project(&site, techs, ANNA);
        let call = site.call(ANNA, None, 0);
        let ask = Request { terms, ..ask(item) };
        let to = To::Address(ANNA.parse().unwrap());
        let id = InvitationId::made(site.fresh().bits(), terms.is_transfer());
        let request = Command::Request { ask, to };
        site.one.transfer(id, &call, &request).unwrap();
        site.two.after(Moment::Load(Key::Item(item)), |one| {
            let mut moved = wanted("techs", &[ANNA]);
            moved.domain = Domain::named("uni");
            one.apply(&moved);
        });
        let into = Context::Personal(site.account(ANNA));
        let accept = Command::Accept { into: Some(into) };
        let refused = site.two.transfer(id, &call, &accept).unwrap_err();
        assert_eq!(codes(&refused), [Code::DomainNoWayOut], "{terms:?}");
    }
}

#[test]
fn what_changes_hands_is_not_shared_again_with_whoever_has_it() {
    let site = Site::new(Policy::default());
    for person in [ANNA, BOB, "carl@lab.example"] {
        site.apply(&wanted(&person.replace('@', "-"), &[person]));
    }
    let from = Context::Personal(site.account(ANNA));
    let item = project(&site, from, ANNA);
    let terms = Terms::Access {
        level: Level::Read,
        until: None,
    };
    let share = || {
        let to = To::Address(BOB.parse().unwrap());
        let id = InvitationId::made(site.fresh().bits(), false);
        let ask = Request { terms, ..ask(item) };
        let call = site.call(ANNA, None, 0);
        let request = Command::Request { ask, to };
        site.one.transfer(id, &call, &request).unwrap();
        id
    };
    let accept = Command::Accept { into: None };
    let call = site.call(BOB, None, 0);
    site.two.transfer(share(), &call, &accept).unwrap();
    let again = share();
    let away = offer(&site, item, ANNA, "carl@lab.example");
    let carl = site.call("carl@lab.example", None, 0);
    site.two.after(Moment::Load(Key::Item(item)), move |one| {
        let accept = Command::Accept { into: None };
        one.transfer(away, &carl, &accept).unwrap();
    });
    let refused = site.two.transfer(again, &call, &accept).unwrap_err();
    assert_eq!(codes(&refused), [Code::ItemForbidden]);
}

#[test]
fn an_account_that_takes_something_in_while_it_is_closed_stays_open() {
    let site = Site::new(Policy::default());
    site.apply(&wanted("techs", &[BOB, ANNA]));
    let anna = site.account(ANNA);
    let call = site.call(ANNA, None, 0);
    site.two
        .after(Moment::Load(Key::Account(anna)), move |one| {
            let create = Custody::CreateProject {
                name: "Genomes".into(),
            };
            one.custody(Context::Personal(anna), &call, create).unwrap();
        });
    let refused = staged::now(account::close(&site.two, &call, anna)).unwrap_err();
    assert_eq!(codes(&refused), [Code::AccountNotEmpty]);
    // It takes things in again, and is closed for good once nothing is left.
    let create = Custody::CreateProject {
        name: "Exomes".into(),
    };
    site.one
        .custody(Context::Personal(anna), &call, create.clone())
        .unwrap();
    let bob = site.account(BOB);
    site.apply(&wanted("techs", &[ANNA]));
    let call = site.call(BOB, None, 0);
    staged::now(account::close(&site.two, &call, bob)).unwrap();
    let late = site.one.custody(Context::Personal(bob), &call, create);
    assert_eq!(codes(&late.unwrap_err()), [Code::RecipientUnknown]);
}

#[test]
fn what_a_closed_account_was_called_is_told_to_nobody() {
    let site = Site::new(Policy::default());
    site.apply(&wanted("techs", &[ANNA, BOB]));
    let (anna, bob) = (site.account(ANNA), site.account(BOB));
    let item = project(&site, Context::Personal(anna), ANNA);
    let id = offer(&site, item, ANNA, ANNA);
    site.apply(&wanted("techs", &[ANNA]));
    let call = site.call(BOB, None, 0);
    staged::now(account::close(&*site.one, &call, bob)).unwrap();
    let call = site.call(ANNA, None, 0);
    let create = Custody::CreateProject {
        name: "Exomes".into(),
    };
    let theirs = Context::Personal(bob);
    let accept = Command::Accept { into: Some(theirs) };
    for refused in [
        site.one.custody(theirs, &call, create).unwrap_err(),
        site.one.transfer(id, &call, &accept).unwrap_err(),
    ] {
        assert_eq!(codes(&refused), [Code::RecipientNotAMember]);
    }
}

#[test]
fn who_reads_two_versions_of_a_document_cannot_commit() {
    let site = Site::new(Policy::default());
    let techs = site.apply(&wanted("techs", &[ANNA]));
    let Context::Workgroup(id) = techs else {
        panic!("a workgroup")
    };
    let key = Key::Membership(id, site.account(ANNA));
    let version = site.version(key);
    for (first, second) in [(version, Version(0)), (Version(0), version)] {
        let (mut proposal, mut other) = (Proposal::default(), Proposal::default());
        proposal.guard(key, first);
        other.guard(key, second);
        proposal.join(other);
        let outcome = staged::now(site.model.commit(proposal.into_commit(at(0))));
        assert!(matches!(outcome, Outcome::Conflict(_)), "{outcome:?}");
    }
}

#[test]
fn who_leaves_a_workgroup_while_cancelling_does_not_cancel() {
    let site = Site::new(Policy::default());
    let techs = site.apply(&wanted("techs", &[ANNA, BOB]));
    let item = project(&site, techs, ANNA);
    let id = offer(&site, item, ANNA, "carl@clinic.example");
    let Context::Workgroup(workgroup) = techs else {
        panic!("a workgroup")
    };
    let key = Key::Membership(workgroup, site.account(BOB));
    site.two.after(Moment::Load(key), |one| {
        one.apply(&wanted("techs", &[ANNA]))
    });
    let refused = site
        .two
        .transfer(id, &site.call(BOB, None, 0), &Command::Cancel);
    assert_eq!(codes(&refused.unwrap_err()), [Code::TransferNotFound]);
    assert!(site.transfer(id).state.is_open());
}

#[test]
fn who_leaves_a_workgroup_while_correcting_its_invitation_does_not_correct_it() {
    let site = Site::new(Policy::default());
    let techs = site.apply(&wanted("techs", &[ANNA, BOB]));
    let item = project(&site, techs, ANNA);
    let Context::Workgroup(workgroup) = techs else {
        panic!("a workgroup")
    };
    let to = || To::Address("carl@clinic.example".parse().unwrap());
    let share = |n| InvitationId::made(site.fresh().bits() + n, false);
    let terms = Terms::Access {
        level: Level::Read,
        until: None,
    };
    let ask = Request { terms, ..ask(item) };
    let id = share(0);
    let request = Command::Request { ask, to: to() };
    let anna = site.call(ANNA, None, 0);
    site.one.transfer(id, &anna, &request).unwrap();
    // The item is Bob's by now, the invitation still that of the workgroup.
    let away = offer(&site, item, ANNA, BOB);
    let bob = site.call(BOB, None, 0);
    let accept = Command::Accept { into: None };
    site.one.transfer(away, &bob, &accept).unwrap();
    let key = Key::Membership(workgroup, site.account(BOB));
    site.two.after(Moment::Load(key), |one| {
        one.apply(&wanted("techs", &[ANNA]))
    });
    let correct = Command::Readdress {
        new: share(1),
        to: to(),
    };
    let refused = site.two.transfer(id, &bob, &correct);
    assert_eq!(codes(&refused.unwrap_err()), [Code::InvitationNotFound]);
    assert!(site.transfer(id).state.is_open());
}

#[test]
fn who_leaves_a_workgroup_while_offering_does_not_offer() {
    let site = Site::new(Policy::default());
    let techs = site.apply(&wanted("techs", &[ANNA, BOB]));
    let item = project(&site, techs, ANNA);
    let Context::Workgroup(workgroup) = techs else {
        panic!("a workgroup")
    };
    let key = Key::Membership(workgroup, site.account(BOB));
    site.two.after(Moment::Load(key), |one| {
        one.apply(&wanted("techs", &[ANNA]))
    });
    let to = To::Address(ANNA.parse().unwrap());
    let request = Command::Request { ask: ask(item), to };
    let refused = site
        .two
        .transfer(site.fresh(), &site.call(BOB, None, 0), &request);
    assert_eq!(codes(&refused.unwrap_err()), [Code::ItemNotFound]);
}

#[test]
fn who_administers_a_domain_that_its_workgroup_has_just_left_does_not_offer() {
    let private = Private {
        suffixes: vec!["uni.example".into()],
        administrators: vec![BOB.parse().unwrap()],
    };
    let site = Site::new(Policy {
        domains: BTreeMap::from([("uni".to_owned(), private)]),
        ..Policy::default()
    });
    site.apply(&wanted("bobs", &[BOB]));
    let mut inside = wanted("techs", &[ANNA]);
    inside.domain = Domain::named("uni");
    let techs = site.apply(&inside);
    let item = project(&site, techs, ANNA);
    let Context::Workgroup(workgroup) = techs else {
        panic!("a workgroup")
    };
    site.two
        .after(Moment::Load(Key::Workgroup(workgroup)), |one| {
            one.apply(&wanted("techs", &[ANNA]))
        });
    let to = To::Address(ANNA.parse().unwrap());
    let request = Command::Request { ask: ask(item), to };
    let refused = site
        .two
        .transfer(site.fresh(), &site.call(BOB, None, 0), &request);
    assert_eq!(codes(&refused.unwrap_err()), [Code::ItemNotFound]);
}

#[test]
fn a_quota_that_another_node_has_raised_counts_at_once() {
    let site = Site::new(Policy::default());
    let mut techs = wanted("techs", &[ANNA, BOB]);
    techs.quota = Some(10);
    let into = site.apply(&techs);
    let from = Context::Personal(site.account(ANNA));
    let id = offer(&site, project(&site, from, ANNA), ANNA, BOB);
    let accept = Command::Accept { into: Some(into) };
    let call = site.call(BOB, None, 0);
    let refused = site.two.transfer(id, &call, &accept).unwrap_err();
    assert_eq!(codes(&refused), [Code::TargetOverQuota]);
    techs.quota = Some(100);
    site.apply(&techs);
    let done = site.two.transfer(id, &call, &accept).unwrap();
    assert!(matches!(done.transfer.state, State::Accepted { .. }));
}

#[test]
fn an_offer_that_another_node_has_extended_is_not_too_late() {
    let site = Site::new(Policy::default());
    site.apply(&wanted("techs", &[ANNA, BOB]));
    let from = Context::Personal(site.account(ANNA));
    let id = offer(&site, project(&site, from, ANNA), ANNA, BOB);
    // The actor on the second node looks at the offer, and has nothing to do.
    let woken = site
        .two
        .transfer(id, &site.timer(1), &Command::Wake)
        .unwrap();
    assert!(woken.already);
    let extend = Command::Extend {
        lifetime_ms: 9 * DAY_MS,
    };
    site.one
        .transfer(id, &site.call(ANNA, None, 2), &extend)
        .unwrap();
    let accept = Command::Accept { into: None };
    let late = site.call(BOB, None, 5 * DAY_MS);
    let done = site.two.transfer(id, &late, &accept).unwrap();
    assert!(matches!(done.transfer.state, State::Accepted { .. }));
}

#[test]
fn a_timer_that_lost_against_others_is_due_again() {
    let fault = invitation::woken(Err(contended())).unwrap_err();
    assert!(fault.retry);
    let gone = Refusal::new(Code::TransferNotFound, "gone", "nothing");
    assert!(invitation::woken(Err(gone.into())).is_ok());
}

#[test]
fn after_an_unknown_commit_the_answer_is_what_the_other_node_did() {
    let site = Site::new(Policy::default());
    site.apply(&wanted("techs", &[ANNA, BOB]));
    let from = Context::Personal(site.account(ANNA));
    let item = project(&site, from, ANNA);
    let call = site.call(ANNA, Some(CommandId::from_bits(7)), 0);
    let to = To::Address(BOB.parse().unwrap());
    let request = Command::Request { ask: ask(item), to };
    let (theirs, ours) = (site.fresh(), site.fresh());
    let again = request.clone();
    site.two.after(Moment::LostCommit, move |one| {
        one.transfer(theirs, &call, &again).unwrap();
    });
    let done = site.two.transfer(ours, &call, &request).unwrap();
    assert_eq!(done.transfer.id, theirs);
}

#[test]
fn a_double_click_is_not_refused_because_of_itself() {
    let site = Site::new(Policy::default());
    site.apply(&wanted("techs", &[ANNA, BOB]));
    let from = Context::Personal(site.account(ANNA));
    let item = project(&site, from, ANNA);
    let call = site.call(ANNA, Some(CommandId::from_bits(7)), 0);
    let to = To::Address(BOB.parse().unwrap());
    let request = Command::Request { ask: ask(item), to };
    let (theirs, again) = (site.fresh(), request.clone());
    site.two.after(Moment::Outcome, move |one| {
        one.transfer(theirs, &call, &again).unwrap();
    });
    let done = site.two.transfer(site.fresh(), &call, &request).unwrap();
    assert_eq!(done.transfer.id, theirs);

    let call = Call {
        command: Some(CommandId::from_bits(8).into()),
        ..call
    };
    let create = || Custody::CreateProject {
        name: "Exomes".into(),
    };
    site.two.after(Moment::Outcome, move |one| {
        one.custody(from, &call, create()).unwrap();
    });
    let done = site.two.custody(from, &call, create()).unwrap();
    assert_eq!(site.one.custody(from, &call, create()).unwrap(), done);
}

#[test]
fn the_journal_of_a_corrected_offer_says_that_it_waits_for_analyses() {
    let policy = Policy {
        in_use: InUse::Wait,
        ..Policy::default()
    };
    let site = Site::new(policy);
    site.apply(&wanted("techs", &[ANNA, BOB]));
    let from = Context::Personal(site.account(ANNA));
    let item = project(&site, from, ANNA);
    let call = site.call(ANNA, None, 0);
    let start = Custody::StartAnalysis {
        name: "align".into(),
        projects: vec![item],
    };
    site.one.custody(from, &call, start).unwrap();
    let id = offer(&site, item, ANNA, "carl@clinic.example");
    let new = site.fresh();
    let to = To::Address(BOB.parse().unwrap());
    site.one
        .transfer(id, &call, &Command::Readdress { new, to })
        .unwrap();
    assert_eq!(site.transfer(new).state, State::Requested);
    let journal = staged::now(site.model.history(Key::Invitation(new), Version(0), 10)).unwrap();
    let first: Event = serde_json::from_slice(&journal[0].1).unwrap();
    assert_eq!(first.what, What::Requested);
}

#[test]
fn each_command_twice_equals_once() {
    let site = Site::new(Policy::default());
    site.apply(&wanted("techs", &[ANNA, BOB]));
    let from = Context::Personal(site.account(ANNA));
    let item = project(&site, from, ANNA);
    let id = site.fresh();
    let to = |who: &str| To::Address(who.parse().unwrap());
    let corrected = site.fresh();
    let steps: [(&str, i64, InvitationId, Command); 6] = [
        (
            ANNA,
            0,
            id,
            Command::Request {
                ask: ask(item),
                to: to("carl@clinic.example"),
            },
        ),
        (
            ANNA,
            2 * 3_600_000,
            id,
            Command::Extend {
                lifetime_ms: 9 * DAY_MS,
            },
        ),
        (ANNA, 3 * DAY_MS, id, Command::Resend),
        (
            ANNA,
            3 * DAY_MS,
            id,
            Command::Readdress {
                new: corrected,
                to: to(BOB),
            },
        ),
        (BOB, 4 * DAY_MS, corrected, Command::Accept { into: None }),
        (
            BOB,
            4 * DAY_MS,
            corrected,
            Command::Decline { reason: None },
        ),
    ];
    for (n, (who, when, id, command)) in steps.into_iter().enumerate() {
        let call = site.call(who, Some(CommandId::from_bits(100 + n as u128)), when);
        let Ok(once) = site.one.transfer(id, &call, &command) else {
            continue;
        };
        let before = site.model.view();
        for node in [&site.one, &site.two] {
            let twice = node.transfer(id, &call, &command).unwrap();
            assert!(twice.already, "{command:?}");
            assert_eq!(twice.transfer.id, once.transfer.id);
        }
        assert_eq!(before, site.model.view(), "{command:?}");
    }
    assert!(matches!(
        site.transfer(corrected).state,
        State::Accepted { .. }
    ));
}

fn part(site: &Site, level: Level) -> Part {
    Part {
        level,
        origin: Origin::Invitation(site.fresh()),
        accepted_by: site.account(BOB),
        since: at(0),
        until: None,
    }
}

/// Access to the item for this context, as the store has it or not any more.
fn grant(site: &Site, item: ItemId, to: Context, given: bool) {
    grant_at(site, item, to, Level::Write, given);
}

fn grant_at(site: &Site, item: ItemId, to: Context, level: Level, given: bool) {
    let grant = Grant::none(item, to).with(part(site, level));
    let mut proposal = Proposal::default();
    match given {
        true => proposal.create(&grant, None),
        false => proposal.delete(&Versioned {
            version: site.version(Key::Grant(item, to)),
            document: grant,
        }),
    }
    let done = staged::now(site.model.commit(proposal.into_commit(at(0))));
    assert!(matches!(done, Outcome::Done(_)), "{done:?}");
}

/// What a collaborator of this context is told who adds files while the other node does something just after the right was looked at.
fn adds_while(to: &str, act: impl FnOnce(&Site, ItemId, Context) + Send + 'static) -> Vec<Code> {
    let site = std::sync::Arc::new(Site::new(Policy::default()));
    let lab = site.apply(&wanted("lab", &[ANNA]));
    let pool = site.apply(&wanted("pool", &["boss@lab.example", BOB]));
    let to = match to {
        "pool" => pool,
        _ => Context::Personal(site.account(BOB)),
    };
    let item = project(&site, lab, ANNA);
    grant(&site, item, to, true);
    let call = site.call(BOB, None, 0);
    let there = std::sync::Arc::clone(&site);
    let looked = Moment::Scan(index::on(item));
    site.two.after(looked, move |_| act(&there, item, to));
    let files = vec![custody::File {
        path: "b.fastq.gz".into(),
        bytes: 1,
        checksum: None,
        dataset: None,
    }];
    let add = Custody::AddFiles {
        item,
        files,
        dataset: None,
        keeps: false,
    };
    match site.two.custody(lab, &call, add) {
        Ok(_) => Vec::new(),
        Err(trouble) => codes(&trouble),
    }
}

#[test]
fn what_is_written_rests_on_the_grant_and_on_the_membership_behind_it() {
    assert_eq!(adds_while("bob", |_, _, _| {}), []);
    assert_eq!(adds_while("pool", |_, _, _| {}), []);
    let revoke = |site: &Site, item, to| grant(site, item, to, false);
    assert_eq!(adds_while("bob", revoke), [Code::ItemNotFound]);
    assert_eq!(adds_while("pool", revoke), [Code::ItemNotFound]);
    let leave = |site: &Site, _, _| {
        site.apply(&wanted("pool", &["boss@lab.example"]));
    };
    assert_eq!(adds_while("pool", leave), [Code::ItemNotFound]);
}

#[test]
fn an_item_that_was_put_away_is_not_denied_to_whoever_did_it_and_left_since() {
    let site = Site::new(Policy::default());
    let techs = site.apply(&wanted("techs", &[BOB, ANNA]));
    let item = project(&site, techs, ANNA);
    let command = CommandId::from_bits(7);
    let call = site.call(ANNA, Some(command), 0);
    let person = site.account(ANNA);
    let trash = || {
        let done = lifecycle::carry_out(&*site.one, person, call, item, Act::Trash);
        staged::now(done).unwrap().items
    };
    assert_eq!(trash(), [item]);
    site.apply(&wanted("techs", &[BOB]));
    // Their answer was lost, and they ask once more.
    assert_eq!(trash(), [item]);
}

#[test]
fn the_file_takes_nobody_into_a_workgroup_that_it_lets_go_meanwhile() {
    let site = Site::new(Policy::default());
    let techs = site.apply(&wanted("techs", &[ANNA]));
    site.apply(&wanted("others", &[BOB]));
    let Context::Workgroup(id) = techs else {
        panic!("{techs} is no workgroup");
    };
    let membership = Key::Membership(id, site.account(BOB));
    site.two.after(Moment::Load(membership), |one| {
        staged::now(site::let_go(one, &[], at(0))).unwrap();
    });
    site.two.apply(&wanted("techs", &[ANNA, BOB]));
    let found = staged::now(site.model.load(&[Key::Workgroup(id), membership])).unwrap();
    let ruled = document::decode::<Workgroup>(&found[0].as_ref().unwrap().body).unwrap();
    // Its owner is the one whom the file names, so it rules the workgroup again.
    assert!(ruled.ruled && found[1].is_some(), "{ruled:?}");
}

#[test]
fn nothing_is_offered_to_a_workgroup_that_is_closed_while_it_is_looked_up() {
    let site = Site::new(Policy::default());
    let techs = site.apply(&wanted("techs", &[ANNA]));
    site.apply(&wanted("others", &[BOB]));
    let Context::Workgroup(id) = techs else {
        panic!("{techs} is no workgroup");
    };
    staged::now(site::let_go(&*site.one, &[], at(0))).unwrap();
    let item = project(&site, Context::Personal(site.account(BOB)), BOB);
    let close = site.call(ANNA, None, 0);
    site.two
        .after(Moment::Load(Key::Workgroup(id)), move |one| {
            staged::now(workgroups::close(one, &close, id)).unwrap();
        });
    let to = To::Workgroup("techs".parse().unwrap());
    let request = Command::Request { ask: ask(item), to };
    let call = site.call(BOB, None, 0);
    let refused = site
        .two
        .transfer(site.fresh(), &call, &request)
        .unwrap_err();
    assert_eq!(codes(&refused), [Code::RecipientUnknown]);
}

#[test]
fn an_offer_that_waited_for_analyses_ends_if_its_workgroup_was_closed_meanwhile() {
    let site = Site::new(Policy {
        in_use: InUse::Wait,
        ..Policy::default()
    });
    let techs = site.apply(&wanted("techs", &[ANNA]));
    site.apply(&wanted("others", &[BOB]));
    let Context::Workgroup(id) = techs else {
        panic!("{techs} is no workgroup");
    };
    staged::now(site::let_go(&*site.one, &[], at(0))).unwrap();
    let from = Context::Personal(site.account(BOB));
    let item = project(&site, from, BOB);
    let call = site.call(BOB, None, 0);
    let start = Custody::StartAnalysis {
        name: "align".into(),
        projects: vec![item],
    };
    let analysis = site.one.custody(from, &call, start).unwrap().analysis;
    let waits = site.fresh();
    let to = To::Workgroup("techs".parse().unwrap());
    let request = Command::Request { ask: ask(item), to };
    site.one.transfer(waits, &call, &request).unwrap();
    // Its administrators know nothing of it, so it does not stand in their way; it is nobody's while it waits.
    staged::now(workgroups::close(&site.two, &site.call(ANNA, None, 0), id)).unwrap();
    let end = Custody::EndAnalysis {
        analysis: analysis.unwrap(),
    };
    site.one.custody(from, &call, end).unwrap();
    site.one
        .transfer(waits, &site.timer(1), &Command::Wake)
        .unwrap();
    let ended = site.transfer(waits);
    assert_eq!(ended.state, State::Expired { at: at(1) });
    // The data is free again.
    offer(&site, item, BOB, ANNA);
}

#[test]
fn a_link_that_was_accepted_through_the_other_node_meanwhile_is_told_once() {
    let site = Site::new(Policy::default());
    site.apply(&wanted("techs", &[ANNA, BOB]));
    let item = project(&site, Context::Personal(site.account(ANNA)), ANNA);
    let make = sharing::Command::MakeLink {
        level: Level::Read,
        expires_at: None,
        max_acceptances: Some(1),
    };
    let call = site.call(ANNA, None, 0);
    let made = staged::now(sharing::handle(&*site.one, &call, item, make)).unwrap();
    let token = site.one.settings().key.share(made.link.unwrap());
    let into = Context::Personal(site.account(BOB));
    let call = site.call(BOB, None, 1);
    let again = token.clone();
    site.two
        .after(Moment::Load(Key::Grant(item, into)), move |one| {
            let first = staged::now(links::accept(one, &call, &again, Some(into))).unwrap();
            assert!(!first.already);
        });
    let second = staged::now(links::accept(&site.two, &call, &token, Some(into))).unwrap();
    assert!(second.already, "{second:?}");
    let letters = staged::now(site.model.waiting(Queue::Outbox, 10)).unwrap();
    assert_eq!(letters.len(), 1, "{letters:?}");
}

#[test]
fn a_move_that_is_cancelled_takes_no_offer_back_any_more() {
    let administrators = ["adam@lab.example", "eva@lab.example"];
    let site = Site::new(Policy {
        administrators: administrators.map(|a| a.parse().unwrap()).to_vec(),
        ..Policy::default()
    });
    let techs = site.apply(&wanted("techs", &[ANNA]));
    site.apply(&wanted(
        "others",
        &[BOB, "adam@lab.example", "eva@lab.example"],
    ));
    staged::now(site::let_go(&*site.one, &[], at(0))).unwrap();
    let anna = Context::Personal(site.account(ANNA));
    let item = project(&site, anna, ANNA);
    let id = offer(&site, item, ANNA, BOB);
    let new = moves::New {
        from: Some(anna),
        to: Some(techs),
        reason: None,
    };
    let propose = site.call("adam@lab.example", None, 0);
    let moving = staged::now(moves::propose(&*site.one, &propose, &new))
        .unwrap()
        .id;
    let approve = site.call("eva@lab.example", None, 0);
    staged::now(moves::decide(
        &*site.one,
        &approve,
        moving,
        Decision::Approve,
    ))
    .unwrap();
    // The offer is looked up to be taken back, and meanwhile the move is cancelled through the other node.
    site.two
        .after(Moment::Load(Key::Invitation(id)), move |one| {
            staged::now(moves::decide(one, &propose, moving, Decision::Cancel)).unwrap();
        });
    staged::now(moves::go_on(&site.two, moving, &approve)).unwrap();
    let found = staged::now(site.model.load(&[Key::Invitation(id)])).unwrap();
    let offer = document::decode::<Invitation>(&found[0].as_ref().unwrap().body).unwrap();
    assert!(offer.state.is_open(), "{:?}", offer.state);
}

/// An offer to Bob, and what he answers to its letter from this address.
fn answered(site: &Site, from: &str) -> Reply {
    let name = site.fresh().to_string();
    let item = project_called(site, Context::Personal(site.account(ANNA)), ANNA, &name);
    let to = To::Address(BOB.parse().unwrap());
    let request = Command::Request { ask: ask(item), to };
    let call = site.call(ANNA, None, 0);
    let offer = site.one.transfer(site.fresh(), &call, &request).unwrap();
    Reply {
        message: MessageId::from_bits(5),
        letter: offer.transfer.letters[0],
        from: from.parse().unwrap(),
        doubt: None,
        says: Says::Accept { context: None },
        message_id: None,
    }
}

fn acting() -> Site {
    let site = Site::new(Policy {
        replies: Replies::Act,
        ..Policy::default()
    });
    site.apply(&wanted("techs", &[ANNA, BOB]));
    site
}

#[test]
fn an_offer_that_is_accepted_while_a_list_is_read_stands_there_once() {
    let site = acting();
    let letter = answered(&site, BOB).letter;
    let Subject::Invitation(offer) = site.letter(letter).subject else {
        panic!("its letter is about it")
    };
    let settings = site.two.settings();
    let bob = staged::now(load::one::<Account>(
        &*site.model,
        Key::Account(site.account(BOB)),
    ));
    let bob = bob.unwrap().unwrap().document;
    let call = site.call(BOB, None, 0);
    let read = Moment::Load(Key::Invitation(offer));
    site.two.after(read, move |one| {
        let accept = Command::Accept { into: None };
        one.transfer(offer, &call, &accept).unwrap();
    });
    let boxes = staged::now(listing::inboxes(&settings, &bob)).unwrap();
    let phases = [Phase::Open, Phase::Closed];
    let page = listing::page(&settings, &boxes, &phases, None, 10, &queries::every);
    let (page, _) = staged::now(page).unwrap();
    let states: Vec<&str> = page.iter().map(|offer| offer.state.word()).collect();
    assert_eq!(states, ["accepted"]);
}

#[test]
fn a_message_that_decided_is_not_told_that_it_came_too_late_when_the_store_hiccups() {
    let site = acting();
    let reply = answered(&site, BOB);
    let first = staged::now(incoming::decide(&*site.one, None, &reply)).unwrap();
    assert_eq!(first.outcome, "decided");
    // That node ended before it wrote this down, and another one sees to the message.
    site.two.after(Moment::FailedOutcome, |_| ());
    let fault = staged::now(incoming::decide(&site.two, None, &reply)).unwrap_err();
    assert!(fault.retry, "{fault}");
    let again = staged::now(incoming::decide(&site.two, None, &reply)).unwrap();
    assert_eq!(again, first);
}

#[test]
fn what_a_message_decided_counts_though_its_sender_gave_up_the_address_since() {
    let site = acting();
    let (bob, home) = (site.account(BOB), "bob@home.example");
    let address = || home.parse().unwrap();
    let call = site.call(BOB, None, 0);
    let id = staged::now(account::begin_address(&*site.one, &call, bob, address())).unwrap();
    let code = SiteKey::new([1; 32]).code(id);
    staged::now(account::finish_address(&*site.one, &call, bob, id, &code)).unwrap();
    let reply = answered(&site, home);
    let first = staged::now(incoming::decide(&*site.one, None, &reply)).unwrap();
    assert_eq!(first.outcome, "decided");
    staged::now(account::remove_address(&*site.one, &call, bob, &address())).unwrap();
    let again = staged::now(incoming::decide(&site.two, None, &reply)).unwrap();
    assert_eq!(again, first);
}

#[test]
fn of_a_message_that_waited_for_a_week_it_is_said_that_it_waited_and_not_that_the_key_is_another() {
    let site = acting();
    let letter = answered(&site, BOB).letter;
    assert_eq!(came(&site, letter, "<1@there>", ROOM), Kept::New);
    let (_, opened) = taken_up(&site);
    assert!(opened.message.is_ok());
    staged::now(sweep::sweep(&*site.model, at(7 * DAY_MS), 100)).unwrap();
    let id = opened.incoming.document.id;
    let opened = staged::now(incoming::open(&site.two.settings(), id));
    let why = opened.unwrap().unwrap().message.unwrap_err();
    assert!(why.contains("for a week"), "{why}");
}

#[test]
fn what_somebody_tries_in_vain_by_replying_stands_in_the_audit() {
    let bob = |site: &Site| answered(site, BOB);
    let late = |site: &Site| {
        let reply = answered(site, BOB);
        site.two.set_clock(2 * DAY_MS);
        reply
    };
    let other = |site: &Site| answered(site, ANNA);
    let check = |given: &dyn Fn(&Site) -> Reply, who: &str, then: &[&str]| {
        let site = acting();
        let reply = given(&site);
        assert_eq!(came(&site, reply.letter, "<1@there>", ROOM), Kept::New);
        let (row, opened) = taken_up(&site);
        let message = opened.incoming.document.id;
        let reply = Reply { message, ..reply };
        let outcome = incoming::see_to(&site.two, row, &opened.incoming, &reply);
        staged::now(outcome).unwrap();
        let view = site.model.view();
        let events = view.journal().map(|(_, _, event)| event);
        let events: Vec<Event> = events.map(|e| serde_json::from_slice(e).unwrap()).collect();
        let tried: Vec<String> = events
            .iter()
            .filter_map(|event| match &event.what {
                What::Refused { command, codes, .. } => {
                    assert_eq!(event.by.person, Some(site.account(who)));
                    assert_eq!(event.by.channel, Channel::Reply);
                    let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
                    Some(format!("{command}: {}", codes.join(" ")))
                }
                _ => None,
            })
            .collect();
        assert_eq!(tried, then);
    };
    check(&bob, BOB, &[]);
    check(&late, BOB, &["reply accept: transfer.expired"]);
    check(&other, ANNA, &["reply accept: transfer.not_found"]);
}

const ROOM: Limits = Limits {
    a_day: 5,
    bytes: 1 << 20,
    bytes_a_letter: 1 << 20,
};

/// A message of 600 bytes to the address of a letter.
fn came(site: &Site, letter: LetterId, message_id: &str, limits: Limits) -> Kept {
    let raw = "accept".repeat(100);
    let new = New {
        letter,
        purpose: Purpose::Reply,
        envelope_sender: Some(BOB),
        same: (message_id, b"accept"),
        read_as: "bob accepts",
        raw: raw.as_bytes(),
        signed: None,
    };
    staged::now(incoming::keep(&site.two.settings(), at(0), limits, &new)).unwrap()
}

/// The next message that waits, and the row that it is taken up by.
fn taken_up(site: &Site) -> (Claimed, Opened) {
    let row = staged::now(site.model.claim(Queue::Incoming, at(0), 1, DAY_MS)).unwrap()[0];
    let id = MessageId::from_bits(row.due.id);
    let opened = staged::now(incoming::open(&site.two.settings(), id));
    (row, opened.unwrap().unwrap())
}

/// Bytes that are kept as they came: of all letters, and of this one.
fn kept_bytes(site: &Site, letter: LetterId) -> Vec<i64> {
    let counters = [Counter::Sealed, Counter::SealedOf(letter)];
    staged::now(site.model.counters(&counters)).unwrap()
}

#[test]
fn a_message_that_two_nodes_took_up_is_not_too_late_for_what_it_decided_itself() {
    for says in [
        Says::Accept { context: None },
        Says::Decline { reason: None },
    ] {
        let site = acting();
        let letter = answered(&site, BOB).letter;
        assert_eq!(came(&site, letter, "<1@there>", ROOM), Kept::New);
        let (row, opened) = taken_up(&site);
        let reply = Reply {
            message: opened.incoming.document.id,
            letter,
            from: BOB.parse().unwrap(),
            doubt: None,
            says,
            message_id: None,
        };
        // By the second node's clock the offer is over. It has just read it, as it was before the first node decides.
        site.two.set_clock(2 * DAY_MS);
        let first = reply.clone();
        site.two.after(Moment::Outcome, move |one| {
            let became = staged::now(incoming::decide(one, None, &first)).unwrap();
            assert_eq!(became.outcome, "decided");
        });
        let outcome = incoming::see_to(&site.two, row, &opened.incoming, &reply);
        assert_eq!(staged::now(outcome).unwrap(), "decided");
        let key = Key::Incoming(reply.message);
        let found = staged::now(site.model.load(&[key])).unwrap();
        let found = document::decode::<Incoming>(&found[0].as_ref().unwrap().body).unwrap();
        assert_eq!(found.outcome(), "decided");
        let explained = match site.letter(letter).subject {
            Subject::Invitation(id) => Counter::Explained(id),
            other => panic!("{other:?}"),
        };
        let told = staged::now(site.model.counters(&[explained])).unwrap();
        assert_eq!(told, [0], "nobody is told that it came too late");
    }
}

#[test]
fn what_a_message_decides_and_that_it_was_seen_to_is_one_commit() {
    let site = acting();
    let letter = answered(&site, BOB).letter;
    assert_eq!(came(&site, letter, "<1@there>", ROOM), Kept::New);
    let (row, opened) = taken_up(&site);
    let reply = Reply {
        message: opened.incoming.document.id,
        letter,
        from: BOB.parse().unwrap(),
        doubt: None,
        says: Says::Accept { context: None },
        message_id: None,
    };
    let became = staged::now(incoming::decide(&site.two, Some(row.due), &reply)).unwrap();
    assert_eq!((became.outcome, became.written), ("decided", true));
    // Nothing was written down but what that decided.
    let opened = staged::now(incoming::open(&site.one.settings(), reply.message));
    assert!(opened.unwrap().is_none(), "it waits no longer");
    assert_eq!(kept_bytes(&site, letter), [0, 0]);
    let rows = staged::now(site.model.claim(Queue::Incoming, at(2 * DAY_MS), 1, DAY_MS));
    assert_eq!(rows.unwrap().len(), 0, "and is due no longer");
}

#[test]
fn the_same_message_read_as_that_of_somebody_else_is_another() {
    let site = acting();
    let letter = answered(&site, BOB).letter;
    let came = |read_as| {
        let new = New {
            letter,
            purpose: Purpose::Reply,
            envelope_sender: Some(BOB),
            same: ("<1@there>", b"accept"),
            read_as,
            raw: b"Message-ID: <1@there>\r\n\r\naccept",
            signed: None,
        };
        staged::now(incoming::keep(&site.two.settings(), at(0), ROOM, &new)).unwrap()
    };
    // For nobody vouches; of somebody else; of Bob where something else stood first; and as he sent it.
    let all = ["", "eve accepts", "bob says neither", "bob accepts"];
    for read_as in all {
        assert_eq!(came(read_as), Kept::New, "{read_as}");
    }
    for read_as in all {
        assert_eq!(came(read_as), Kept::Before, "{read_as}");
    }
}

#[test]
fn a_message_that_was_understood_takes_no_room_any_more() {
    for (outcome, goes) in [
        ("decided", true),
        ("auto", true),
        ("unauthenticated", true),
        ("given-up", false),
        ("unreadable", false),
    ] {
        let site = acting();
        let letter = answered(&site, BOB).letter;
        assert_eq!(came(&site, letter, "<1@there>", ROOM), Kept::New);
        let full = kept_bytes(&site, letter);
        assert!(full[0] > 600 && full[0] == full[1], "{full:?}");
        let (row, opened) = taken_up(&site);
        let became = Became::silent(outcome, "so it is");
        let finished = incoming::finish(&site.two, row, opened.incoming, &became, at(1));
        assert_eq!(staged::now(finished).unwrap(), Finished::Settled);
        let left = if goes { vec![0, 0] } else { full };
        assert_eq!(kept_bytes(&site, letter), left, "{outcome}");
        assert_eq!(came(&site, letter, "<1@there>", ROOM), Kept::Before);
    }
}

#[test]
fn nobody_fills_the_room_of_all_with_messages_to_one_letter() {
    let site = acting();
    let (eve, bob) = (answered(&site, BOB).letter, answered(&site, BOB).letter);
    let limits = Limits {
        bytes_a_letter: 2_000,
        ..ROOM
    };
    for (letter, message_id, kept) in [
        (eve, "<1@there>", Kept::New),
        (eve, "<2@there>", Kept::New),
        (eve, "<3@there>", Kept::TooMany),
        (bob, "<4@there>", Kept::New),
    ] {
        assert_eq!(
            came(&site, letter, message_id, limits),
            kept,
            "{message_id}"
        );
    }
}

/// What somebody who wants to come in by each door is told whose account is closed before, or while the door opens.
fn comes_in(closed: &str, door: &str) -> Vec<Code> {
    let site = Site::new(Policy {
        creators: Creators::Anyone,
        ..Policy::default()
    });
    site.apply(&wanted("techs", &[BOB, ANNA]));
    site.apply(&wanted("techs", &[BOB]));
    let (anna, call) = (site.account(ANNA), site.call(ANNA, None, 0));
    let close = move |node: &staged::Node| {
        staged::now(account::close(node, &call, anna)).unwrap();
    };
    match closed {
        "before" => close(&site.one),
        "meanwhile" => site.two.after(Moment::Load(Key::Account(anna)), close),
        _ => {}
    }
    let done = match door {
        "workgroup" => {
            let new = workgroups::New {
                handle: "annas".parse().unwrap(),
                name: "Annas".into(),
                description: String::new(),
                domain: None,
                collaborative: false,
            };
            staged::now(workgroups::create(&site.two, &call, &new)).map(|_| ())
        }
        "token" => {
            let (name, scopes) = ("laptop".to_owned(), BTreeSet::new());
            let made = sign_in::create_token(&site.two, &call, anna, name, scopes, None);
            staged::now(made).map(|_| ())
        }
        _ => {
            let opened = sign_in::open_session(&site.two, &call, anna, "a browser", None);
            staged::now(opened).map(|_| ())
        }
    };
    done.map_or_else(|trouble| codes(&trouble), |()| Vec::new())
}

#[test]
fn whoever_has_closed_their_account_makes_no_workgroup_token_or_session() {
    for door in ["workgroup", "token", "session"] {
        assert_eq!(comes_in("not", door), [], "{door}");
        assert_eq!(comes_in("before", door), [Code::NotSignedIn], "{door}");
        assert_eq!(comes_in("meanwhile", door), [Code::NotSignedIn], "{door}");
    }
}

/// What whoever raises the access of a workgroup is told, when the file says something else of the workgroup meanwhile.
fn raises_while(
    collaborative: bool,
    becomes: &[&str],
    at: impl FnOnce(&Site) -> Moment,
) -> Vec<Code> {
    let site = Site::new(Policy::default());
    let mut pool = wanted("pool", &[BOB, ANNA]);
    pool.collaborative = collaborative;
    pool.domain = Domain::named(if collaborative { "uni" } else { "public" });
    let to = site.apply(&pool);
    let from = Context::Personal(site.account(ANNA));
    let item = project(&site, from, ANNA);
    grant_at(&site, item, to, Level::Read, true);
    let mut then = wanted("pool", becomes);
    then.collaborative = collaborative;
    then.domain = Domain::named("uni");
    let moment = at(&site);
    site.two.after(moment, move |one| one.apply(&then));
    let change = sharing::Command::Change {
        grantee: to,
        level: Some(Level::Write),
        until: None,
    };
    let call = site.call(ANNA, None, 0);
    let done = staged::now(sharing::handle(&site.two, &call, item, change));
    done.map_or_else(|trouble| codes(&trouble), |_| Vec::new())
}

#[test]
fn access_is_not_raised_through_a_wall_that_rises_meanwhile() {
    let pool = |site: &Site| site.workgroup("pool");
    let itself = |site: &Site| Moment::Load(Key::Workgroup(pool(site)));
    let membership = |site: &Site| Moment::Load(Key::Membership(pool(site), site.account(ANNA)));
    let wall = [Code::DomainNotCollaborative];
    assert_eq!(raises_while(true, &[BOB, ANNA], membership), []);
    assert_eq!(raises_while(true, &[BOB], membership), wall);
    assert_eq!(raises_while(false, &[BOB, ANNA], itself), wall);
}

/// A workgroup of more people than the store lists at once, as the file says; those whose accounts are the newest come last.
fn crowd(site: &Site) -> (Wanted, Vec<Address>) {
    let people: Vec<Address> = (0..1_300)
        .map(|n| format!("p{n:04}@lab.example").parse().unwrap())
        .collect();
    let mut crowd = wanted("crowd", &["p0000@lab.example"]);
    for some in people.chunks(100) {
        let members = some.iter().map(|address| (address.clone(), Role::Member));
        crowd
            .people
            .extend(members.filter(|(who, _)| *who != people[0]));
        site.apply(&crowd);
    }
    let mut people = people;
    people.sort_by_key(|address| site.account(address.as_str()));
    (crowd, people)
}

#[test]
fn a_workgroup_of_more_members_than_are_listed_at_once_is_ruled_and_written_to() {
    let site = Site::new(Policy::default());
    let (mut crowd, people) = crowd(&site);
    let [.., first, second, last] = people.as_slice() else {
        panic!("people");
    };
    for role in crowd.people.values_mut() {
        *role = Role::Member;
    }
    crowd.people.insert(first.clone(), Role::Owner);
    crowd.people.insert(second.clone(), Role::Administrator);
    let into = site.apply(&crowd);
    // Its owner and its administrator answer for it, though a thousand accounts are older.
    site.apply(&wanted("others", &[BOB]));
    let item = project(&site, Context::Personal(site.account(BOB)), BOB);
    let to = To::Workgroup("crowd".parse().unwrap());
    let request = Command::Request { ask: ask(item), to };
    let call = site.call(BOB, None, 0);
    let offer = site.one.transfer(site.fresh(), &call, &request).unwrap();
    assert_eq!(offer.transfer.letters.len(), 2);
    // Whoever is struck from the file has access no longer, the last of them and many of them.
    let Context::Workgroup(id) = into else {
        panic!("{into} is no workgroup");
    };
    let membership = |who: &Address| Key::Membership(id, site.account(who.as_str()));
    crowd.people.remove(last);
    site.apply(&crowd);
    assert_eq!(site.version(membership(last)), ABSENT);
    crowd.people.retain(|_, role| *role != Role::Member);
    site.apply(&crowd);
    for who in &people {
        let stays = crowd.people.contains_key(who);
        assert_eq!(site.version(membership(who)) != ABSENT, stays, "{who}");
    }
}

#[test]
fn what_is_shared_with_more_than_are_counted_is_not_archived_and_not_counted() {
    let site = Site::new(Policy::default());
    site.apply(&wanted("techs", &[ANNA, BOB]));
    let item = project(&site, Context::Personal(site.account(ANNA)), ANNA);
    for some in 0..3 {
        let mut proposal = Proposal::default();
        for n in 0..400 {
            let to = Context::Personal(AccountId::from_bits(some * 400 + n + 1));
            proposal.create(&Grant::none(item, to).with(part(&site, Level::Read)), None);
        }
        let done = staged::now(site.model.commit(proposal.into_commit(at(0))));
        assert!(matches!(done, Outcome::Done(_)), "{done:?}");
    }
    let (person, call) = (site.account(ANNA), site.call(ANNA, None, 0));
    let archived = lifecycle::carry_out(&*site.one, person, call, item, Act::Archive);
    let Err(Trouble::Refused(why)) = staged::now(archived) else {
        panic!("it is shared");
    };
    let said = why.blocks[0].sentence.english();
    assert!(
        said.contains("is shared (with access: 1000 or more;"),
        "{said}"
    );
}
