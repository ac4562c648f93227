//! Who may do what, one line a case.

use std::collections::BTreeMap;

use super::*;
use crate::domain::id::{ItemKind, WorkgroupId};
use crate::domain::item::Details;
use crate::domain::policy::Private;

const NOW: Time = Time::from_ms(1_000);
const ME: AccountId = AccountId::from_bits(1);
const POOL: WorkgroupId = WorkgroupId::from_bits(2);

fn mine() -> Context {
    Context::Personal(ME)
}
fn pool() -> Context {
    Context::Workgroup(POOL)
}
fn theirs() -> Context {
    Context::Personal(AccountId::from_bits(9))
}
fn others() -> Context {
    Context::Workgroup(WorkgroupId::from_bits(8))
}

/// What I may do, and why.
fn mine_in(facts: Facts<'_>) -> Vec<Reason> {
    let asks = Asks {
        contexts: &[mine(), pool()],
        addresses: &["me@uni.example".parse().unwrap()],
    };
    effective(asks, facts, &policy(), NOW)
}

fn policy() -> Policy {
    let uni = Private {
        suffixes: Vec::new(),
        administrators: vec!["me@uni.example".parse().unwrap()],
    };
    Policy {
        domains: BTreeMap::from([("uni".to_owned(), uni)]),
        ..Policy::default()
    }
}

fn item(kind: ItemKind, id: u128, owner: Context) -> Item {
    Item {
        id: ItemId::new(kind, id),
        name: "x".to_owned(),
        owner,
        state: State::Active,
        bytes: 0,
        files: 0,
        created_at: NOW,
        registered_by: ME,
        pending: None,
        life: crate::domain::item::Life::default(),
        chain: crate::chain::Chain::default(),
        trashed_inside: 0,
        running_analyses: 0,
        default_of: 0,
        details: Details::Project {
            biosamples: 0,
            libraries: 0,
        },
    }
}

fn grant(item: &Item, to: Context, level: Level, until: Option<i64>) -> Grant {
    Grant::none(item.id, to).with(Part {
        level,
        origin: Origin::Invitation(InvitationId::from_bits(7)),
        accepted_by: ME,
        since: NOW,
        until: until.map(Time::from_ms),
    })
}

/// What I may do with an item in this state and domain, when these grants are there.
fn check(
    state: State,
    owner: Context,
    domain: &str,
    grants: &[(Context, Level, Option<i64>)],
) -> String {
    let mut item = item(ItemKind::Project, 5, owner);
    item.state = state;
    let grants: Vec<Grant> = grants
        .iter()
        .map(|(to, level, until)| grant(&item, *to, *level, *until))
        .collect();
    let facts = Facts {
        whose: (&item).into(),
        owner_domain: Some(&Domain::named(domain)),
        grants: &grants,
        through: &[],
    };
    let reasons = mine_in(facts);
    let all = everybody(facts, NOW);
    assert!(reasons.iter().all(|reason| all.contains(reason)));
    level(&reasons).map_or("nothing", Level::word).to_owned()
}

#[test]
fn the_strongest_reason_counts() {
    use Level::{Read, Write};
    use State::{Active, Archived, Trashed};
    for (state, owner, domain, grants, may) in [
        (Active, mine(), "public", vec![], "own"),
        (Active, pool(), "public", vec![], "own"),
        (Active, theirs(), "public", vec![], "nothing"),
        (Active, others(), "public", vec![], "nothing"),
        (Active, others(), "uni", vec![], "own"),
        (
            Active,
            theirs(),
            "public",
            vec![(mine(), Read, None)],
            "read",
        ),
        (
            Active,
            theirs(),
            "public",
            vec![(pool(), Write, None)],
            "write",
        ),
        (
            Active,
            theirs(),
            "public",
            vec![(others(), Write, None)],
            "nothing",
        ),
        (
            Active,
            theirs(),
            "public",
            vec![(mine(), Read, None), (pool(), Write, None)],
            "write",
        ),
        (Active, theirs(), "uni", vec![(mine(), Read, None)], "own"),
        (
            Active,
            theirs(),
            "public",
            vec![(mine(), Write, Some(1_000))],
            "nothing",
        ),
        (
            Active,
            theirs(),
            "public",
            vec![(mine(), Write, Some(1_001))],
            "write",
        ),
        (
            Active,
            theirs(),
            "public",
            vec![(mine(), Write, Some(999)), (pool(), Read, None)],
            "read",
        ),
        (
            Archived,
            theirs(),
            "public",
            vec![(mine(), Read, None)],
            "read",
        ),
        (
            Trashed,
            theirs(),
            "public",
            vec![(mine(), Write, None)],
            "nothing",
        ),
        (Trashed, mine(), "public", vec![], "own"),
        (Trashed, others(), "uni", vec![], "own"),
    ] {
        let found = check(state, owner, domain, &grants);
        assert_eq!(found, may, "{state:?} {owner} {domain} {grants:?}");
    }
}

#[test]
fn a_project_shows_the_runs_of_its_owner_and_of_nobody_else() {
    let sees = |run: &Item, project: &Item, given: Level| {
        let through = [(project.into(), vec![grant(project, mine(), given, None)])];
        let facts = Facts {
            whose: run.into(),
            owner_domain: None,
            grants: &[],
            through: &through,
        };
        level(&mine_in(facts))
    };
    let run = item(ItemKind::Run, 3, theirs());
    let project = item(ItemKind::Project, 4, theirs());
    let foreign = item(ItemKind::Project, 4, others());
    assert_eq!(sees(&run, &project, Level::Read), Some(Level::Read));
    assert_eq!(
        sees(&run, &project, Level::Write),
        Some(Level::Read),
        "never more than sight"
    );
    assert_eq!(
        sees(&run, &foreign, Level::Write),
        None,
        "a project that was given away takes no run along"
    );
    let trashed = |item: &Item| Item {
        state: State::Trashed,
        ..item.clone()
    };
    assert_eq!(sees(&trashed(&run), &project, Level::Read), None);
    assert_eq!(sees(&run, &trashed(&project), Level::Read), None);
}

#[test]
fn a_grant_on_another_item_gives_nothing() {
    let item_ = item(ItemKind::Project, 5, theirs());
    let other = item(ItemKind::Project, 6, theirs());
    let grants = [grant(&other, mine(), Level::Write, None)];
    let facts = Facts {
        whose: (&item_).into(),
        owner_domain: None,
        grants: &grants,
        through: &[],
    };
    assert_eq!(mine_in(facts), []);
}

#[test]
fn whoever_need_not_be_known_to_administer_is_not_taken_for_an_administrator() {
    let item = item(ItemKind::Project, 5, others());
    let facts = Facts {
        whose: (&item).into(),
        owner_domain: None,
        grants: &[],
        through: &[],
    };
    assert_eq!(mine_in(facts), []);
}
