//! Somebody with so many projects, as many that others share with them, and as many transfers: what the lists of a context are made of.

use handover::actors::proposal::Proposal;
use handover::domain::account::Session;
use handover::domain::event::{By, Channel, Event, What};
use handover::domain::id::{AccountId, Context, Digest, InvitationId, ItemId};
use handover::domain::invitation::{
    Invitation, KeepAccess, Offered, Recipient, Sender, State, Terms,
};
use handover::domain::item::{Item, State as Standing};
use handover::domain::rights::{Grant, Level, Origin, Part};
use handover::domain::time::{DAY_MS, Time};
use handover::store::{Commit, Store};

use super::fill::{self, Maker, Person};

/// Between one thing that is registered and the next.
const APART_MS: i64 = 60_000;
/// Things of each kind in one commit, and commits that are on their way at once.
const TOGETHER: usize = 25;
const AT_ONCE: usize = 64;
/// What projects are called by their number, so that names are in another order than ids.
const KINDS: [&str; 8] = [
    "Exomes",
    "Genomes",
    "Panels",
    "RNA time course",
    "ATAC pilot",
    "Single cells",
    "Amplicons",
    "Methylomes",
];
/// One in so many is archived, in the trash, shared with somebody, still waiting for its answer.
const ARCHIVED: usize = 20;
const TRASHED: usize = 50;
const SHARED: usize = 4;
const OPEN: usize = 1_000;

/// Whoever looks, and by what their browser is known.
pub struct Looker {
    pub cookie: String,
}

struct Filler<'a> {
    store: &'a dyn Store,
    maker: Maker,
    looker: Person,
    other: Person,
    count: usize,
}

/// Fills a store with one person's lists of `count` things each.
pub async fn fill(store: &dyn Store, count: usize) -> Looker {
    let maker = Maker::new();
    let mut proposal = Proposal::default();
    let looker = maker.person("looker", &mut proposal);
    let other = maker.person("other", &mut proposal);
    let session = Session {
        digest: Digest::of(looker.token.as_bytes()),
        account: looker.account,
        created_at: maker.at,
        expires_at: maker.at.plus_ms(30 * DAY_MS),
        client: "bench".to_owned(),
    };
    proposal.create(&session, None);
    fill::commit(store, vec![proposal.into_commit(maker.at)]).await;
    let cookie = looker.token.clone();
    let filler = Filler {
        store,
        maker,
        looker,
        other,
        count,
    };
    filler.all().await;
    Looker { cookie }
}

impl Filler<'_> {
    async fn all(&self) {
        let numbers: Vec<usize> = (0..self.count).collect();
        for round in numbers.chunks(TOGETHER * AT_ONCE) {
            let commits = round.chunks(TOGETHER).map(|some| self.some(some));
            fill::commit(self.store, commits.collect()).await;
        }
    }

    fn some(&self, numbers: &[usize]) -> Commit {
        let mut proposal = Proposal::default();
        for number in numbers {
            self.own(*number, &mut proposal);
            self.shared(*number, &mut proposal);
            self.transfer(*number, &mut proposal);
        }
        let last = numbers.last().copied().unwrap_or_default();
        proposal.into_commit(self.then(last))
    }

    fn then(&self, number: usize) -> Time {
        let ago = i64::try_from(self.count - number).unwrap();
        self.maker.at.plus_ms(-APART_MS * ago)
    }

    /// A project as if it had been registered then.
    fn project(&self, owner: AccountId, number: usize) -> Item {
        let at = self.then(number);
        let mixed = number.wrapping_mul(7_919) % self.count.max(1);
        let name = format!("{} {mixed:06} of batch {}", KINDS[number % 8], number / 96);
        let id = self.maker.ids.fresh(at);
        let bytes = (mixed as u64 + 1) * 37_000_000;
        Item {
            id: ItemId::new(handover::domain::id::ItemKind::Project, id),
            bytes,
            created_at: at,
            ..self.maker.project(owner, name)
        }
    }

    /// One of the looker's own.
    fn own(&self, number: usize, proposal: &mut Proposal) {
        let mut item = self.project(self.looker.account, number);
        if number % TRASHED == 1 {
            item.state = Standing::Trashed;
        } else if number % ARCHIVED == 2 {
            item.state = Standing::Archived;
        } else if number % SHARED == 3 {
            let to = Context::Personal(self.other.account);
            proposal.create(&self.grant(&item, to), None);
        }
        let event = Event {
            at: item.created_at,
            by: By {
                person: Some(self.looker.account),
                channel: Channel::Api,
            },
            what: What::Registered,
        };
        proposal.create(&item, Some(&event));
    }

    /// One of somebody else's that the looker may read.
    fn shared(&self, number: usize, proposal: &mut Proposal) {
        let item = self.project(self.other.account, number);
        let to = Context::Personal(self.looker.account);
        proposal.create(&self.grant(&item, to), None);
        proposal.create(&item, None);
    }

    fn grant(&self, item: &Item, to: Context) -> Grant {
        let invitation = InvitationId::from_bits(self.maker.ids.fresh(item.created_at));
        let by = match to {
            Context::Personal(id) => id,
            Context::Workgroup(_) => self.looker.account,
        };
        Grant::none(item.id, to).with(Part {
            level: Level::Read,
            origin: Origin::Invitation(invitation),
            accepted_by: by,
            since: item.created_at,
            until: None,
        })
    }

    /// One that the looker has sent or, every other one, was sent.
    fn transfer(&self, number: usize, proposal: &mut Proposal) {
        let sides = [&self.looker, &self.other];
        let (from, to) = (sides[number % 2], sides[1 - number % 2]);
        let at = self.then(number);
        let project = self.project(from.account, number);
        let state = match number {
            _ if number % OPEN < 2 => State::Pending {
                since: self.maker.at,
                reminders: 0,
            },
            _ if number % 10 < 2 => State::Declined {
                at: at.plus_ms(1),
                by: to.account,
                reason: None,
            },
            _ => State::Accepted {
                at: at.plus_ms(1),
                by: to.account,
                channel: Channel::Web,
                into: Context::Personal(to.account),
                into_name: to.address.clone(),
                renamed: Default::default(),
            },
        };
        let transfer = Invitation {
            id: InvitationId::from_bits(self.maker.ids.fresh(at)),
            source: Context::Personal(from.account),
            source_name: from.address.clone(),
            sender: Sender {
                account: from.account,
                name: from.address.clone(),
                address: from.address.parse().unwrap(),
                language: "en".to_owned(),
            },
            recipient: Recipient::Address(to.address.parse().unwrap()),
            items: vec![Offered {
                item: project.id,
                name: project.name,
                bytes: project.bytes,
                files: project.files,
                holds: None,
            }],
            message: None,
            terms: Terms::ownership(KeepAccess::None),
            requested_at: at,
            expires_at: self.maker.at.plus_ms(14 * DAY_MS),
            mailed_at: Some(at),
            corrects: None,
            letters: Vec::new(),
            state,
        };
        proposal.create(&transfer, None);
    }
}
