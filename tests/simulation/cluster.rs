//! Two nodes on one store, and the world they share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use handover::actors::incoming::Limits;
use handover::actors::moves;
use handover::actors::site::Wanted;
use handover::actors::world::{Call, Settings, Trouble};
use handover::domain::event::{By, Channel};
use handover::domain::id::{AccountId, Context, ItemId};
use handover::domain::policy::{
    ByReply, Creators, Domain, InUse, Policy, Private, Registration, Replies, SignIn, Tier, Verb,
};
use handover::domain::rights::Level;
use handover::domain::secret::SiteKey;
use handover::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use handover::domain::workgroup::Role;
use handover::ids::Ids;
use handover::store::Store;
use handover::store::model::Model;

use crate::checker::Checker;
use crate::executor::Executor;
use crate::node::Node;
use crate::shadow::Doc;
use crate::store::Disturbed;
use crate::universe::{Home, Universe, locked};

/// The site's key, in every history the same.
pub const KEY: SiteKey = SiteKey::new([42; 32]);

/// People with an account from the beginning; the last one administers the private domain.
pub const PEOPLE: [&str; 7] = [
    "core@facility.example",
    "anna@lab.example",
    "bob@lab.example",
    "carl@clinic.example",
    "dora@uni.example",
    "emil@med.uni.example",
    "dean@uni.example",
];
/// People who have none yet.
pub const STRANGERS: [&str; 3] = ["new@lab.example", "zoe@uni.example", "max@clinic.example"];
/// Handles of workgroups: three public ones, and three of the private domain, the last one collaborative.
pub const WORKGROUPS: [&str; 5] = ["techs", "genomes", "open-lab", "uni-core", "uni-open"];

/// Who administers the site.
pub const SITE: [&str; 2] = ["core@facility.example", "carl@clinic.example"];
/// Handles that people give to workgroups of their own.
pub const HANDLES: [&str; 6] = ["exomes", "genomes", "pool", "reads", "uni-lab", "uni-core"];

/// The nodes, and what they share.
pub struct Cluster {
    pub universe: Arc<Universe>,
    pub model: Arc<Model>,
    pub checker: Arc<Mutex<Checker>>,
    pub policy: Arc<Policy>,
    /// How much mail is kept.
    pub limits: Limits,
    pub wanted: Mutex<Vec<Wanted>>,
    /// What the configuration named before.
    unnamed: Mutex<Vec<Wanted>>,
    /// For the broken rule that remembers rights.
    pub remembered: Mutex<BTreeMap<(AccountId, ItemId), Option<Level>>>,
    nodes: [Mutex<Option<Arc<Node>>>; 2],
    starts: Mutex<u64>,
}

fn policy(universe: &Universe) -> Policy {
    let in_use = [InUse::Warn, InUse::Block, InUse::Wait];
    Policy {
        quota: BTreeMap::from([
            (Tier::Basic, Some(150 + universe.below(300))),
            (Tier::Professional, Some(300)),
            (Tier::Enterprise, None),
        ]),
        quota_of: BTreeMap::from([("uni".to_owned(), 400)]),
        domains: BTreeMap::from([(
            "uni".to_owned(),
            Private {
                suffixes: vec!["uni.example".to_owned()],
                administrators: vec!["dean@uni.example".parse().unwrap()],
            },
        )]),
        default_expiry_ms: DAY_MS * (1 + i64::try_from(universe.below(14)).unwrap()),
        in_use: *universe.pick(&in_use).unwrap(),
        max_items: 5,
        open_offers: 1 + i64::try_from(universe.below(4)).unwrap(),
        letters_a_day: 1 + i64::try_from(universe.below(12)).unwrap(),
        resend_after_ms: 12 * HOUR_MS,
        terms: "it cannot be undone".to_owned(),
        language: "en".to_owned(),
        sign_in: SignIn {
            registration: if universe.percent(50) {
                Registration::Open
            } else {
                Registration::Invited
            },
            code_lifetime_ms: 10 * MINUTE_MS,
            code_tries: 5,
            session_lifetime_ms: DAY_MS,
            token_lifetime_ms: DAY_MS,
        },
        administrators: SITE.iter().map(|who| who.parse().unwrap()).collect(),
        creators: match universe.below(6) {
            0 => Creators::Professional,
            1 => Creators::DomainAdministrators,
            _ => Creators::Anyone,
        },
        purge_after_ms: DAY_MS,
        replies: match universe.below(10) {
            0 => Replies::Off,
            1 => Replies::ConfirmOnly,
            _ => Replies::Act,
        },
        replies_of: BTreeMap::from([(
            "uni".to_owned(),
            ByReply {
                replies: match universe.below(3) {
                    0 => Replies::ConfirmOnly,
                    _ => Replies::Act,
                },
                verbs: BTreeSet::from([Verb::Accept, Verb::Decline]),
            },
        )]),
    }
}

fn wanted(universe: &Universe, handle: &str) -> Wanted {
    let uni = handle.starts_with("uni");
    // One that everybody is in and that fills up.
    let tight = handle == WORKGROUPS[0];
    let fits = |person: &&&str| !uni || handle == "uni-open" || person.ends_with("uni.example");
    let mut people = BTreeMap::new();
    for person in PEOPLE.iter().filter(fits) {
        let role = match universe.below(10) {
            0..=4 => Role::Member,
            5..=6 => Role::Administrator,
            _ if tight => Role::Member,
            _ => continue,
        };
        people.insert(person.parse().unwrap(), role);
    }
    let owner = if uni {
        "dean@uni.example"
    } else {
        PEOPLE[universe.place(4)]
    };
    people.insert(owner.parse().unwrap(), Role::Owner);
    Wanted {
        handle: handle.parse().unwrap(),
        name: format!("The {handle} group"),
        tier: if uni {
            Tier::Enterprise
        } else {
            Tier::Professional
        },
        domain: if uni {
            Domain::named("uni")
        } else {
            Domain::public()
        },
        collaborative: handle == "uni-open",
        quota: if tight {
            Some(50 + universe.below(30))
        } else {
            universe.percent(60).then(|| 60 + universe.below(140))
        },
        people,
    }
}

impl Cluster {
    pub fn new(universe: Arc<Universe>) -> Self {
        let policy = Arc::new(policy(&universe));
        // Sometimes there is hardly room.
        let bytes = if universe.percent(10) { 4_000 } else { 1 << 20 };
        let limits = Limits {
            a_day: 1 + i64::try_from(universe.below(20)).unwrap(),
            bytes,
            bytes_a_letter: bytes / 2,
        };
        let wanted = WORKGROUPS.iter().map(|handle| wanted(&universe, handle));
        let wanted = Mutex::new(wanted.collect());
        Self {
            model: Arc::new(Model::new()),
            checker: Arc::new(Mutex::new(Checker::new(Arc::clone(&policy)))),
            limits,
            wanted,
            unnamed: Mutex::default(),
            remembered: Mutex::default(),
            nodes: [Mutex::new(None), Mutex::new(None)],
            starts: Mutex::new(0),
            policy,
            universe,
        }
    }

    /// The node of this number, while it is up.
    pub fn node(&self, index: usize) -> Option<Arc<Node>> {
        self.nodes.get(index).and_then(|node| locked(node).clone())
    }

    /// Starts a node with nothing but the store.
    pub fn start(&self, index: usize) {
        let mut starts = locked(&self.starts);
        *starts += 1;
        let ids = self
            .universe
            .seed
            .wrapping_mul(1_000_003)
            .wrapping_add(*starts);
        let store: Arc<dyn Store> = Arc::new(Disturbed {
            universe: Arc::clone(&self.universe),
            model: Arc::clone(&self.model),
            checker: Arc::clone(&self.checker),
            node: index,
        });
        let settings = Settings::new(
            Arc::clone(&store),
            Arc::clone(&self.policy),
            KEY,
            Arc::new(Ids::seeded(ids)),
        );
        let node = Node::new(index, Arc::clone(&self.universe), store, settings);
        self.universe.note(|| format!("node {index} starts"));
        *locked(&self.nodes[index]) = Some(node);
        self.resume(index);
    }

    /// Goes on with moves that were interrupted, as a node does when it starts.
    pub fn resume(&self, index: usize) {
        let Some(node) = self.node(index) else { return };
        let universe = Arc::clone(&self.universe);
        self.universe.spawn(Home::Node(index), async move {
            let by = By {
                person: None,
                channel: Channel::Administrator,
            };
            let at = node.now();
            let command = None;
            if let Err(Trouble::Fault(fault)) = moves::resume(
                &*node,
                &Call {
                    command,
                    by,
                    at,
                    answers: None,
                },
            )
            .await
                && !fault.retry
            {
                universe.fail(format!("going on with moves: {fault}"));
            }
        });
    }

    /// The configuration names a workgroup no longer, whose own people rule it then; or names it again.
    fn name(self: &Arc<Self>, index: usize) {
        let (mut all, mut unnamed) = (locked(&self.wanted), locked(&self.unnamed));
        // The first one fills up, and stays what it is.
        let place = 1 + self.universe.place(all.len().saturating_sub(1));
        if !unnamed.is_empty() && self.universe.percent(30) {
            let place = self.universe.place(unnamed.len());
            let again = unnamed.swap_remove(place);
            self.universe
                .note(|| format!("the configuration names {} again", again.handle));
            all.push(again.clone());
            drop((all, unnamed));
            return self.apply_these(index, vec![again]);
        }
        if place >= all.len() {
            return;
        }
        let gone = all.remove(place);
        self.universe
            .note(|| format!("the configuration names {} no longer", gone.handle));
        unnamed.push(gone);
        let named = all.clone();
        drop((all, unnamed));
        let Some(node) = self.node(index) else { return };
        let universe = Arc::clone(&self.universe);
        self.universe.spawn(Home::Node(index), async move {
            let done = handover::actors::site::let_go(&*node, &named, node.now()).await;
            if let Err(Trouble::Fault(fault)) = done
                && !fault.retry
            {
                universe.fail(format!("letting workgroups go: {fault}"));
            }
        });
    }

    /// Ends a node where it is: all it was doing and all it remembered is gone.
    pub fn crash(&self, executor: &mut Executor, index: usize) {
        self.universe.note(|| format!("node {index} crashes"));
        executor.kill(index);
        let gone = locked(&self.nodes[index]).take();
        drop(gone);
    }

    /// Applies the configuration on a node, as at its start.
    pub fn apply(self: &Arc<Self>, index: usize) {
        let all = locked(&self.wanted).clone();
        self.apply_these(index, all);
    }

    fn apply_these(self: &Arc<Self>, index: usize, all: Vec<Wanted>) {
        let Some(node) = self.node(index) else { return };
        let cluster = Arc::clone(self);
        self.universe.spawn(Home::Node(index), async move {
            for wanted in all {
                let done = handover::actors::site::apply(&*node, &wanted, node.now()).await;
                if let Err(Trouble::Fault(fault)) = done
                    && !fault.retry
                {
                    let handle = &wanted.handle;
                    cluster.universe.fail(format!("applying {handle}: {fault}"));
                }
            }
        });
    }

    /// The workgroup that fills up gets a little more room: enough for one more offer, seldom for two.
    pub fn more_room(self: &Arc<Self>, index: usize) {
        let used = {
            let checker = locked(&self.checker);
            let of = |doc: &Doc| match doc {
                Doc::Workgroup(w) if w.handle.as_str() == WORKGROUPS[0] => Some(w.id),
                _ => None,
            };
            let id = checker.shadow.docs.values().find_map(of);
            id.map_or(0, |id| checker.shadow.usage(Context::Workgroup(id)))
        };
        let mut all = locked(&self.wanted);
        let Some(wanted) = all.first_mut() else {
            return;
        };
        let more = 20 + self.universe.below(50);
        wanted.quota = Some(u64::try_from(used).unwrap_or(0) + more);
        let wanted = wanted.clone();
        drop(all);
        self.apply_these(index, vec![wanted]);
    }

    /// Somebody edits the configuration: members come, go and rise, quotas and domains change.
    pub fn edit(self: &Arc<Self>, index: usize) {
        let universe = &self.universe;
        if universe.percent(25) {
            return self.name(index);
        }
        let mut all = locked(&self.wanted);
        let place = universe.place(all.len());
        let Some(wanted) = all.get_mut(place) else {
            return;
        };
        let people: BTreeSet<&str> = PEOPLE.iter().chain(&STRANGERS).copied().collect();
        let people: Vec<&str> = people.into_iter().collect();
        let person = people[universe.place(people.len())].parse().unwrap();
        match universe.below(8) {
            0..=2 => {
                if wanted.people.get(&person) != Some(&Role::Owner) {
                    wanted.people.remove(&person);
                }
            }
            3..=5 => {
                let roles = [Role::Member, Role::Administrator];
                let role = *universe.pick(&roles).unwrap();
                if wanted.people.get(&person) != Some(&Role::Owner) {
                    wanted.people.insert(person, role);
                }
            }
            6 => wanted.quota = universe.percent(60).then(|| 100 + universe.below(300)),
            _ => {
                let public = wanted.domain.is_public();
                wanted.domain = if public {
                    Domain::named("uni")
                } else {
                    Domain::public()
                };
            }
        }
        let wanted = wanted.clone();
        drop(all);
        universe.note(|| format!("the configuration of {} is edited", wanted.handle));
        self.apply_these(index, vec![wanted]);
    }
}
