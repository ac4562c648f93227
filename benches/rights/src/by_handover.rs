//! Handover: the store on the disk, filled with the documents that the daemon would write itself.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;
use handover::actors::proposal::Proposal;
use handover::actors::rights;
use handover::actors::world::Settings;
use handover::domain::account::{Account, Scope, Token};
use handover::domain::id::{
    AccountId, Context, Digest, InvitationId, ItemId, ItemKind, WorkgroupId,
};
use handover::domain::item::{Details, Item, State};
use handover::domain::policy::{Domain, Policy, Tier};
use handover::domain::rights::{Grant, Level as Granted, Origin, Part};
use handover::domain::secret::SiteKey;
use handover::domain::time::{DAY_MS, Time};
use handover::domain::workgroup::{Membership, Role, Workgroup};
use handover::ids::Ids;
use handover::store::embedded::{Embedded, Options};
use handover::store::{Outcome, Store as _};

use super::relations::{Level, Question, Relations, To};

/// So many people, or items with their grants, in one commit.
const TOGETHER: usize = 150;
/// So many commits at a time: the store writes them together.
const COMMITS: usize = 8;
/// Between one thing that is registered and the next, as ids carry the time: years of a busy core.
const APART_MS: i64 = 60_000;

/// A site whose store is filled.
pub struct Site {
    store: Arc<Embedded>,
    settings: Settings,
    now: Time,
    people: Vec<AccountId>,
    workgroups: Vec<WorkgroupId>,
    items: Vec<ItemId>,
}

/// The secret of somebody's token.
pub fn secret(person: usize) -> String {
    format!("ho_person{person}")
}

impl Site {
    pub async fn filled(relations: &Relations, path: &Path, now: Time) -> Self {
        let options = Options {
            cache_bytes: 1024 * 1024 * 1024,
            ..Options::default()
        };
        let store = Arc::new(Embedded::open(path, &options).unwrap());
        let ids = Arc::new(Ids::from_system());
        let many = relations.people + relations.workgroups + relations.items;
        let mut then = now.plus_ms(-APART_MS * many as i64);
        let mut fresh = |count: usize| -> Vec<u128> {
            let one = |_| {
                then = then.plus_ms(APART_MS);
                ids.fresh(then)
            };
            (0..count).map(one).collect()
        };
        let people = fresh(relations.people)
            .into_iter()
            .map(AccountId::from_bits);
        let people = people.collect();
        let workgroups = fresh(relations.workgroups).into_iter();
        let workgroups = workgroups.map(WorkgroupId::from_bits).collect();
        let items = fresh(relations.items).into_iter();
        let items = items.map(|id| ItemId::new(ItemKind::Project, id)).collect();
        let key = SiteKey::new([7; 32]);
        let policy = Arc::new(Policy::default());
        let site = Self {
            settings: Settings::new(store.clone(), policy, key, ids),
            store,
            now,
            people,
            workgroups,
            items,
        };
        site.fill(relations).await;
        site
    }

    async fn fill(&self, relations: &Relations) {
        let all = 0..relations.workgroups;
        self.write(all, |id, to| to.create(&self.workgroup(id), None))
            .await;
        let all = 0..relations.people;
        self.write(all, |id, to| self.person(relations, id, to))
            .await;
        let all = 0..relations.items;
        self.write(all, |id, to| self.item(relations, id, to)).await;
    }

    async fn write(&self, all: std::ops::Range<usize>, make: impl Fn(usize, &mut Proposal)) {
        let all: Vec<usize> = all.collect();
        for round in all.chunks(TOGETHER * COMMITS) {
            let commits = round.chunks(TOGETHER).map(|some| {
                let mut proposal = Proposal::default();
                some.iter().for_each(|id| make(*id, &mut proposal));
                self.store.commit(proposal.into_commit(self.now))
            });
            for outcome in join_all(commits).await {
                assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
            }
        }
    }

    fn workgroup(&self, id: usize) -> Workgroup {
        Workgroup {
            id: self.workgroups[id],
            handle: format!("workgroup{id}").parse().unwrap(),
            name: format!("Workgroup {id}"),
            tier: Tier::Professional,
            domain: Domain::public(),
            collaborative: false,
            quota: None,
            created_at: self.now,
            description: None,
            ruled: false,
            state: handover::domain::workgroup::State::Open,
        }
    }

    fn person(&self, relations: &Relations, id: usize, to: &mut Proposal) {
        let account = self.people[id];
        let address = format!("person{id}@bench.example").parse().unwrap();
        let domain = Domain::public();
        to.create(
            &Account::registered(account, address, domain, self.now),
            None,
        );
        let token = Token {
            digest: Digest::of(secret(id).as_bytes()),
            account,
            name: "bench".to_owned(),
            scopes: Scope::ALL.into(),
            created_at: self.now,
            expires_at: self.now.plus_ms(30 * DAY_MS),
        };
        to.create(&token, None);
        for workgroup in relations.workgroups_of(id) {
            let membership = Membership {
                workgroup: self.workgroups[workgroup],
                account,
                role: Role::Member,
                since: self.now,
            };
            to.create(&membership, None);
        }
    }

    fn item(&self, relations: &Relations, number: usize, to: &mut Proposal) {
        let id = self.items[number];
        let owner = self.people[relations.owner(number)];
        let item = Item {
            id,
            name: format!("Project {number}"),
            owner: Context::Personal(owner),
            state: State::Active,
            bytes: 1_000_000_000,
            files: 100,
            created_at: self.now,
            registered_by: owner,
            pending: None,
            life: Default::default(),
            chain: Default::default(),
            trashed_inside: 0,
            running_analyses: 0,
            default_of: 0,
            details: Details::Project {
                biosamples: 8,
                libraries: 16,
            },
        };
        to.create(&item, None);
        for (grantee, level) in relations.grants_on(number) {
            let grantee = match grantee {
                To::Person(person) => Context::Personal(self.people[person]),
                To::Workgroup(workgroup) => Context::Workgroup(self.workgroups[workgroup]),
            };
            let part = Part {
                level: match level {
                    Level::Read => Granted::Read,
                    Level::Write => Granted::Write,
                },
                origin: Origin::Invitation(InvitationId::from_bits(id.bits())),
                accepted_by: owner,
                since: self.now,
                until: None,
            };
            to.create(&Grant::none(id, grantee).with(part), None);
        }
    }

    /// Whom and what the question is about, as a handler has it.
    pub fn request(&self, question: Question) -> (AccountId, ItemId, Granted) {
        let wants = match question.wants {
            Level::Read => Granted::Read,
            Level::Write => Granted::Write,
        };
        (
            self.people[question.person],
            self.items[question.item],
            wants,
        )
    }

    /// What they may do and why, and what a commit must guard that rests on it.
    pub async fn asked(&self, (person, item, wants): (AccountId, ItemId, Granted)) -> bool {
        let right = rights::effective(&self.settings, person, item, self.now).await;
        right.unwrap().is_some_and(|right| right.level() >= wants)
    }

    /// The same, and the item if they may know of it: what every handler asks.
    pub async fn permitted(&self, (person, item, wants): (AccountId, ItemId, Granted)) -> bool {
        let permit = rights::if_any(&self.settings, person, item, self.now).await;
        permit
            .unwrap()
            .is_some_and(|permit| permit.level() >= wants)
    }

    pub fn path_of(&self, item: usize) -> String {
        format!("/api/v1/projects/{}", self.items[item])
    }

    /// So that a daemon can open it.
    pub fn close(&self) {
        self.store.close().unwrap();
    }
}
