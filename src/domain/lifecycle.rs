//! Trash, archive and the end of an item: what each command needs, and what it changes. Only the owning context gives them.

use serde::{Deserialize, Serialize};

use super::event::What;
use super::item::{self, Item, Life, State};
use super::policy::Policy;
use super::refusal::{Code, Findings, Refusal};
use super::said::{Said, said};
use super::time::Time;

/// What is wanted of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// Put it into the trash.
    Trash,
    /// Take it out of the trash; a purge that was ordered does not come.
    Restore,
    /// Archive it.
    Archive,
    /// Take it out of the archive.
    Unarchive,
    /// Remove it for good, after a while.
    Purge,
}

impl Act {
    /// The word people and programs use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Trash => "trash",
            Self::Restore => "restore",
            Self::Archive => "archive",
            Self::Unarchive => "unarchive",
            Self::Purge => "purge",
        }
    }

    /// The states it can begin from.
    const fn begins_from(self) -> &'static [State] {
        match self {
            Self::Trash => &[State::Active, State::Archived],
            Self::Restore | Self::Purge => &[State::Trashed],
            Self::Archive => &[State::Active],
            Self::Unarchive => &[State::Archived],
        }
    }

    /// Whether it would take the item away from what runs on it.
    const fn disturbs(self) -> bool {
        match self {
            Self::Trash | Self::Archive | Self::Purge => true,
            Self::Restore | Self::Unarchive => false,
        }
    }
}

/// So many were seen; whether there are more was not looked at where one is enough.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many.
    pub number: usize,
    /// Whether there may be more.
    pub more: bool,
}

impl Seen {
    fn said(self) -> Said {
        match self.more {
            true => said!("{number} or more", number = self.number),
            false => self.number.to_string().into(),
        }
    }
}

/// How others have access to an item, or could get it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shared {
    /// Contexts that have access now.
    pub grants: Seen,
    /// Links that can be accepted.
    pub links: usize,
    /// Open invitations to it.
    pub invitations: Seen,
}

impl Shared {
    /// Whether nobody else has access or could get it.
    pub const fn is_nothing(&self) -> bool {
        self.grants.number == 0 && self.links == 0 && self.invitations.number == 0
    }
}

/// The item afterwards and the event, or everything in the way.
pub fn decide(
    item: &Item,
    act: Act,
    shared: &Shared,
    policy: &Policy,
    now: Time,
) -> Result<(Item, What), Findings> {
    let mut findings = Findings::default();
    if item.pending.is_some() {
        findings.block(offered(item, act));
    }
    if act.disturbs() && item.running_analyses > 0 {
        findings.block(item::in_use(item, &[], item::let_end()));
    }
    if act == Act::Archive && !shared.is_nothing() {
        findings.block(is_shared(item, shared));
    }
    let ordered = act == Act::Purge && item.life.purge_at.is_some();
    if ordered || !act.begins_from().contains(&item.state) {
        findings.block(wrong_state(item, act));
    }
    if findings.blocks.is_empty() {
        Ok(after(item, act, policy, now))
    } else {
        Err(findings.sorted())
    }
}

fn after(item: &Item, act: Act, policy: &Policy, now: Time) -> (Item, What) {
    let mut next = item.clone();
    let what = match act {
        Act::Trash => {
            next.state = State::Trashed;
            next.life.trashed_at = Some(now);
            What::Trashed
        }
        Act::Restore => {
            next.life = Life {
                archived_at: item.life.archived_at,
                ..Life::default()
            };
            next.state = match next.life.archived_at {
                Some(_) => State::Archived,
                None => State::Active,
            };
            What::Restored
        }
        Act::Archive => {
            next.state = State::Archived;
            next.life.archived_at = Some(now);
            What::Archived
        }
        Act::Unarchive => {
            next.state = State::Active;
            next.life = Life::default();
            What::Unarchived
        }
        Act::Purge => {
            let purge_at = now.plus_ms(policy.purge_after_ms);
            next.life.purge_at = Some(purge_at);
            What::PurgeOrdered { purge_at }
        }
    };
    (next, what)
}

/// Why nothing may be added to an item that is not in use; `None`: it may.
pub fn closed(item: &Item) -> Option<Refusal> {
    let (kind, name) = (item.id.kind().said(), &item.name);
    let (code, lies, next) = match item.state {
        State::Active => return None,
        State::Trashed => (
            Code::ItemTrashed,
            said!("{kind} \"{name}\" is in the trash", kind, name),
            said!("restore it first"),
        ),
        State::Archived => (
            Code::ItemArchived,
            said!("{kind} \"{name}\" is archived", kind, name),
            said!("restore it from the archive first"),
        ),
    };
    Some(Refusal::new(code, lies, next).about(item.id))
}

/// Where an item is.
fn lies(item: &Item) -> Said {
    let (kind, name) = (item.id.kind().said(), &item.name);
    match (item.state, item.life.purge_at) {
        (State::Active, _) => said!("{kind} \"{name}\" is active", kind, name),
        (State::Archived, _) => said!("{kind} \"{name}\" is archived", kind, name),
        (State::Trashed, None) => said!("{kind} \"{name}\" is in the trash", kind, name),
        (State::Trashed, Some(at)) => said!(
            "{kind} \"{name}\" is in the trash and is deleted for good on {at}",
            kind,
            name,
            at
        ),
    }
}

fn offered(item: &Item, act: Act) -> Refusal {
    let (kind, name) = (item.id.kind().said(), &item.name);
    let next = match act {
        Act::Trash => said!("cancel the offer, or wait for its answer, then trash it"),
        Act::Restore => said!("cancel the offer, or wait for its answer, then restore it"),
        Act::Archive => said!("cancel the offer, or wait for its answer, then archive it"),
        Act::Unarchive => said!("cancel the offer, or wait for its answer, then unarchive it"),
        Act::Purge => said!("cancel the offer, or wait for its answer, then delete it for good"),
    };
    let offered = said!("{kind} \"{name}\" is offered to somebody", kind, name);
    Refusal::new(Code::ItemPendingTransfer, offered, next).about(item.id)
}

fn is_shared(item: &Item, shared: &Shared) -> Refusal {
    Refusal::new(
        Code::ItemShared,
        said!(
            "\"{name}\" is shared (with access: {grants}; active links: {links}; open invitations: {invitations})",
            name = item.name,
            grants = shared.grants.said(),
            links = shared.links,
            invitations = shared.invitations.said()
        ),
        said!(
            "revoke the access, deactivate the links and cancel the invitations, or leave it as it is"
        ),
    )
    .about(item.id)
}

fn wrong_state(item: &Item, act: Act) -> Refusal {
    let next = match (act, item.state) {
        (Act::Trash | Act::Archive | Act::Unarchive, State::Trashed) => said!("restore it first"),
        (Act::Purge, State::Trashed) => said!("wait, or restore it if it shall stay"),
        (Act::Purge, State::Active | State::Archived) => said!("put it into the trash first"),
        _ => said!("leave it as it is"),
    };
    Refusal::new(Code::ItemState, lies(item), next).about(item.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Chain;
    use crate::domain::id::{AccountId, Context, InvitationId, ItemId, ItemKind};
    use crate::domain::item::Details;
    use crate::domain::time::DAY_MS;

    const NOW: Time = Time::from_ms(1_800_000_000_000);
    const BEFORE: Time = NOW.plus_ms(-DAY_MS);

    fn item(state: State, life: Life) -> Item {
        Item {
            id: ItemId::new(ItemKind::Project, 1),
            name: "Genomes".into(),
            owner: Context::Personal(AccountId::from_bits(1)),
            state,
            bytes: 1,
            files: 1,
            created_at: BEFORE,
            registered_by: AccountId::from_bits(1),
            pending: None,
            life,
            chain: Chain::default(),
            trashed_inside: 0,
            running_analyses: 0,
            default_of: 0,
            details: Details::Project {
                biosamples: 0,
                libraries: 0,
            },
        }
    }

    fn active() -> Item {
        item(State::Active, Life::default())
    }
    fn archived() -> Item {
        let archived_at = Some(BEFORE);
        item(
            State::Archived,
            Life {
                archived_at,
                ..Life::default()
            },
        )
    }
    fn trashed() -> Item {
        let trashed_at = Some(BEFORE);
        item(
            State::Trashed,
            Life {
                trashed_at,
                ..Life::default()
            },
        )
    }
    fn trashed_from_archive() -> Item {
        let mut item = trashed();
        item.life.archived_at = Some(BEFORE);
        item
    }
    fn ordered() -> Item {
        let mut item = trashed();
        item.life.purge_at = Some(NOW);
        item
    }

    fn decided(item: &Item, act: Act, shared: &Shared) -> Result<Item, Vec<Code>> {
        match decide(item, act, shared, &Policy::default(), NOW) {
            Ok((item, _)) => Ok(item),
            Err(findings) => Err(findings.blocks.iter().map(|why| why.code).collect()),
        }
    }

    #[test]
    fn each_command_in_each_state() {
        use Act::{Archive, Purge, Restore, Trash, Unarchive};
        let no = Err(vec![Code::ItemState]);
        let cases = [
            ("active", active(), Trash, Ok(State::Trashed)),
            ("active", active(), Restore, no.clone()),
            ("active", active(), Archive, Ok(State::Archived)),
            ("active", active(), Unarchive, no.clone()),
            ("active", active(), Purge, no.clone()),
            ("archived", archived(), Trash, Ok(State::Trashed)),
            ("archived", archived(), Restore, no.clone()),
            ("archived", archived(), Archive, no.clone()),
            ("archived", archived(), Unarchive, Ok(State::Active)),
            ("archived", archived(), Purge, no.clone()),
            ("trashed", trashed(), Trash, no.clone()),
            ("trashed", trashed(), Restore, Ok(State::Active)),
            ("trashed", trashed(), Archive, no.clone()),
            ("trashed", trashed(), Unarchive, no.clone()),
            ("trashed", trashed(), Purge, Ok(State::Trashed)),
            (
                "from the archive",
                trashed_from_archive(),
                Restore,
                Ok(State::Archived),
            ),
            ("ordered", ordered(), Trash, no.clone()),
            ("ordered", ordered(), Restore, Ok(State::Active)),
            ("ordered", ordered(), Purge, no),
        ];
        for (given, item, act, then) in cases {
            let decided = decided(&item, act, &Shared::default());
            assert_eq!(decided.map(|item| item.state), then, "{given}, {act:?}");
        }
    }

    #[test]
    fn moments_follow_the_state() {
        let nothing = Shared::default();
        let life = |item: Item, act| decided(&item, act, &nothing).unwrap().life;
        assert_eq!(life(active(), Act::Trash).trashed_at, Some(NOW));
        assert_eq!(life(ordered(), Act::Restore), Life::default());
        assert_eq!(life(archived(), Act::Unarchive), Life::default());
        let purge_at = Policy::default().purge_after_ms;
        assert_eq!(
            life(trashed(), Act::Purge).purge_at,
            Some(NOW.plus_ms(purge_at))
        );
        let trashed = decided(&archived(), Act::Trash, &nothing).unwrap();
        assert_eq!(trashed.life.archived_at, Some(BEFORE));
    }

    #[test]
    fn everything_in_the_way_is_told_at_once() {
        let mut busy = active();
        busy.pending = Some(InvitationId::from_bits(1));
        busy.running_analyses = 2;
        let shared = Shared {
            links: 1,
            ..Shared::default()
        };
        let all = [Code::ItemPendingTransfer, Code::ItemInUse, Code::ItemShared];
        assert_eq!(decided(&busy, Act::Archive, &shared), Err(all.to_vec()));
        assert_eq!(decided(&busy, Act::Trash, &shared), Err(all[..2].to_vec()));
        let mut wrong = all.to_vec();
        wrong.retain(|code| *code != Code::ItemShared);
        wrong.push(Code::ItemState);
        assert_eq!(decided(&busy, Act::Purge, &shared), Err(wrong));
        // What is shared may go into the trash: the grants stay, and give nothing there.
        assert!(decided(&active(), Act::Trash, &shared).is_ok());
        assert!(closed(&active()).is_none());
        assert_eq!(
            closed(&trashed()).map(|why| why.code),
            Some(Code::ItemTrashed)
        );
        assert_eq!(
            closed(&archived()).map(|why| why.code),
            Some(Code::ItemArchived)
        );
    }
}
