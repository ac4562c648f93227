//! What is read of rights, whether few or many share an item.

use std::sync::Arc;

use super::*;
use crate::actors::proposal::Proposal;
use crate::domain::id::{InvitationId, ItemKind, WorkgroupId};
use crate::domain::index::Entry;
use crate::domain::item::{Details, State};
use crate::domain::policy::{Domain, Policy};
use crate::domain::rights::{Grant, Origin, Part};
use crate::domain::secret::SiteKey;
use crate::domain::workgroup::Membership;
use crate::ids::Ids;
use crate::store::model::Model;
use crate::store::{Outcome, Store as _};

const NOW: Time = Time::from_ms(1_000);
const POOL: WorkgroupId = WorkgroupId::from_bits(500);
const OWNER: AccountId = AccountId::from_bits(1_000);
const MEMBER: AccountId = AccountId::from_bits(1_001);
const STRANGER: AccountId = AccountId::from_bits(1_002);

fn item(kind: ItemKind, bits: u128) -> Item {
    Item {
        id: ItemId::new(kind, bits),
        name: format!("item {bits}"),
        owner: Context::Personal(OWNER),
        state: State::Active,
        bytes: 0,
        files: 0,
        created_at: NOW,
        registered_by: OWNER,
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

fn grant(item: ItemId, to: Context, level: Level) -> Grant {
    Grant::none(item, to).with(Part {
        level,
        origin: Origin::Invitation(InvitationId::from_bits(7)),
        accepted_by: OWNER,
        since: NOW,
        until: None,
    })
}

fn collaborator(n: u128) -> AccountId {
    AccountId::from_bits(n)
}

/// A site in which a project is shared with so many people, who read it, and then with a workgroup, which writes to it. A run's data went into it.
async fn site(collaborators: u128) -> Settings {
    let mut all = Proposal::default();
    let people = (0..collaborators).map(collaborator);
    for (n, id) in people.chain([OWNER, MEMBER, STRANGER]).enumerate() {
        let address = format!("person{n}@lab.example").parse().unwrap();
        let account = Account::registered(id, address, Domain::public(), NOW);
        all.create(&account, None);
    }
    let membership = Membership {
        workgroup: POOL,
        account: MEMBER,
        role: Role::Member,
        since: NOW,
    };
    all.create(&membership, None);
    let (run, project) = (item(ItemKind::Run, 1), item(ItemKind::Project, 2));
    all.link(Entry::ProjectOf(run.id, project.id), Vec::new());
    all.create(&run, None);
    all.create(&project, None);
    for n in 0..collaborators {
        let to = Context::Personal(collaborator(n));
        all.create(&grant(project.id, to, Level::Read), None);
    }
    let pool = Context::Workgroup(POOL);
    all.create(&grant(project.id, pool, Level::Write), None);
    let store = Arc::new(Model::new());
    let outcome = store.commit(all.into_commit(NOW)).await;
    assert_eq!(outcome, Outcome::Done(crate::store::Version(1)));
    let key = SiteKey::new([7; 32]);
    Settings::new(
        store,
        Arc::new(Policy::default()),
        key,
        Arc::new(Ids::seeded(1)),
    )
}

#[tokio::test]
async fn rights_are_the_same_whether_few_or_many_share_an_item() {
    for collaborators in [0, 1, 29, 30, 31, 32, 200] {
        let settings = site(collaborators).await;
        let (run, project) = (
            ItemId::new(ItemKind::Run, 1),
            ItemId::new(ItemKind::Project, 2),
        );
        let last = collaborators.checked_sub(1).map(collaborator);
        let personal = |of| (Key::Grant(project, Context::Personal(of)), 1);
        let mut cases = vec![
            (OWNER, project, Some(Level::Own), vec![]),
            (OWNER, run, Some(Level::Own), vec![]),
            (
                MEMBER,
                project,
                Some(Level::Write),
                vec![
                    (Key::Grant(project, Context::Workgroup(POOL)), 1),
                    (Key::Membership(POOL, MEMBER), 1),
                ],
            ),
            (MEMBER, run, Some(Level::Read), vec![]),
            (STRANGER, project, None, vec![]),
            (STRANGER, run, None, vec![]),
            (OWNER, ItemId::new(ItemKind::Run, 2), None, vec![]),
        ];
        if let Some(id) = last {
            cases.push((id, project, Some(Level::Read), vec![personal(id)]));
            cases.push((id, run, Some(Level::Read), vec![]));
        }
        for (person, item, may, rests) in cases {
            let right = effective(&settings, person, item, NOW).await.unwrap();
            let case = format!("{person} {item} among {collaborators}");
            assert_eq!(right.as_ref().map(Right::level), may, "{case}");
            let found = right.map(|right| right.rests).unwrap_or_default();
            let found: Vec<_> = found
                .iter()
                .map(|(key, version)| (*key, version.0))
                .collect();
            assert_eq!(found, rests, "{case}");
            let permit = if_any(&settings, person, item, NOW).await.unwrap();
            assert_eq!(permit.as_ref().map(Permit::level), may, "{case}");
            assert!(permit.is_none_or(|permit| permit.id() == item), "{case}");
        }
    }
}
