//! People with tokens and what they own, written into the store before the daemon starts: the same documents and index entries that
//! it would write itself.

use std::mem::take;
use std::path::Path;
use std::sync::Arc;

use handover::actors::proposal::Proposal;
use handover::chain::Chain;
use handover::domain::account::{Account, Scope, Token};
use handover::domain::id::{AccountId, Context, Digest, ItemId, ItemKind};
use handover::domain::item::{Details, Item, Life, State};
use handover::domain::policy::Domain;
use handover::domain::time::{DAY_MS, Time};
use handover::ids::Ids;
use handover::store::embedded::{Embedded, Options};
use handover::store::{Commit, Outcome, Store};

/// Somebody with a token.
#[derive(Clone)]
pub struct Person {
    pub account: AccountId,
    pub address: String,
    pub token: String,
}

/// The time now.
pub fn now() -> Time {
    use handover::clock::Clock as _;
    Time::from_ms(handover::clock::System::new().now())
}

/// Ids and the time for what is written.
pub struct Maker {
    pub ids: Ids,
    pub at: Time,
}

impl Maker {
    pub fn new() -> Self {
        Self {
            ids: Ids::from_system(),
            at: now(),
        }
    }

    /// An account and a token of it.
    pub fn person(&self, name: &str, proposal: &mut Proposal) -> Person {
        let id = AccountId::from_bits(self.ids.fresh(self.at));
        let address = format!("{name}@bench.example");
        let parsed = address.parse().unwrap();
        let account = Account::registered(id, parsed, Domain::public(), self.at);
        proposal.create(&account, None);
        let secret = data_encoding::BASE64URL_NOPAD.encode(&self.ids.secret());
        let secret = format!("ho_{secret}");
        let token = Token {
            digest: Digest::of(secret.as_bytes()),
            account: id,
            name: "bench".to_owned(),
            scopes: Scope::ALL.into(),
            created_at: self.at,
            expires_at: self.at.plus_ms(30 * DAY_MS),
        };
        proposal.create(&token, None);
        Person {
            account: id,
            address,
            token: secret,
        }
    }

    /// A project of somebody, of 1 GB in 100 files.
    pub fn project(&self, owner: AccountId, name: String) -> Item {
        Item {
            id: ItemId::new(ItemKind::Project, self.ids.fresh(self.at)),
            name,
            owner: Context::Personal(owner),
            state: State::Active,
            bytes: 1_000_000_000,
            files: 100,
            created_at: self.at,
            registered_by: owner,
            pending: None,
            life: Life::default(),
            chain: Chain::default(),
            trashed_inside: 0,
            running_analyses: 0,
            default_of: 0,
            details: Details::Project {
                biosamples: 8,
                libraries: 16,
            },
        }
    }
}

pub fn open(path: &Path) -> Arc<Embedded> {
    let options = Options {
        cache_bytes: 1024 * 1024 * 1024,
        ..Options::default()
    };
    Arc::new(Embedded::open(path, &options).unwrap())
}

/// Commits what must not fail.
pub async fn commit(store: &dyn Store, commits: Vec<Commit>) {
    let all = commits.into_iter().map(|commit| store.commit(commit));
    for outcome in futures_util::future::join_all(all).await {
        assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    }
}

/// Two people with some projects, half of them each one's; to be handed to and fro.
#[derive(Clone)]
pub struct Pair {
    pub people: [Person; 2],
    pub projects: Vec<(ItemId, usize)>,
}

/// So many projects are made by one commit.
const A_COMMIT: usize = 200;

/// Pairs with so many projects each.
pub async fn pairs(store: &dyn Store, count: usize, projects: usize) -> Vec<Pair> {
    let maker = Maker::new();
    let mut pairs = Vec::new();
    for number in 0..count {
        let mut proposal = Proposal::default();
        let left = maker.person(&format!("left{number}"), &mut proposal);
        let right = maker.person(&format!("right{number}"), &mut proposal);
        let people = [left, right];
        let mut owned = Vec::new();
        for project in 0..projects {
            if project % A_COMMIT == A_COMMIT - 1 {
                commit(store, vec![take(&mut proposal).into_commit(maker.at)]).await;
            }
            let side = project % 2;
            let name = format!("Project {project} of pair {number}");
            let item = maker.project(people[side].account, name);
            proposal.create(&item, None);
            owned.push((item.id, side));
        }
        commit(store, vec![proposal.into_commit(maker.at)]).await;
        pairs.push(Pair {
            people,
            projects: owned,
        });
    }
    pairs
}

/// Makes a store with pairs of people for `benches/rivals` and prints them as its `people.json`.
pub fn people_of_rivals(store: &Path, count: usize) {
    let store = open(store);
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let pairs = runtime.block_on(pairs(&*store, count, 0));
    store.close().unwrap();
    let person =
        |person: &Person| serde_json::json!({"email": person.address, "token": person.token});
    let listed: Vec<_> = pairs
        .iter()
        .map(|pair| {
            let [sender, recipient] = &pair.people;
            serde_json::json!({"sender": person(sender), "recipient": person(recipient)})
        })
        .collect();
    println!("{}", serde_json::to_string(&listed).unwrap());
}
