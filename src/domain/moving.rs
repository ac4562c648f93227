//! Moving everything of somebody who leaves: one administrator proposes it, a second one approves, and then it moves in steps.

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::document::{Derived, Document};
use super::id::{AccountId, Context, MoveId};
use super::index::{Entry, Phase};
use super::key::Key;
use super::policy::{Domain, Policy};
use super::refusal::{Code, Refusal};
use super::said::{Said, said};
use super::time::Time;

/// An administrator, as they were known when they decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Administrator {
    /// Who.
    pub account: AccountId,
    /// The verified address by which they administer the data; it may come to belong to another account of theirs.
    pub address: Address,
    /// When they decided.
    pub at: Time,
}

/// Where a move stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// Waits for a second administrator.
    Proposed,
    /// Goes on, step by step.
    Moving {
        /// Who approved it.
        approved: Administrator,
    },
    /// Nothing is left to move.
    Done {
        /// Who approved it.
        approved: Administrator,
        /// When the last step was taken.
        at: Time,
    },
    /// Ended by an administrator; what had moved by then stays where it is.
    Cancelled {
        /// Who had approved it, if anybody.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved: Option<Administrator>,
        /// Who ended it.
        by: Administrator,
    },
}

impl State {
    /// The word people and programs use.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Moving { .. } => "moving",
            Self::Done { .. } => "done",
            Self::Cancelled { .. } => "cancelled",
        }
    }
    /// The same, to be said in any language.
    pub fn said(&self) -> Said {
        match self {
            Self::Proposed => said!("proposed"),
            Self::Moving { .. } => said!("moving" as "a move"),
            Self::Done { .. } => said!("done" as "a move"),
            Self::Cancelled { .. } => said!("cancelled" as "a move"),
        }
    }
    /// Whether it can still change.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Proposed | Self::Moving { .. })
    }
    /// Who approved it.
    pub const fn approved(&self) -> Option<&Administrator> {
        match self {
            Self::Proposed => None,
            Self::Moving { approved } | Self::Done { approved, .. } => Some(approved),
            Self::Cancelled { approved, .. } => approved.as_ref(),
        }
    }
}

/// Everything of one context, to be moved to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Its id.
    pub id: MoveId,
    /// Whose data.
    pub from: Context,
    /// What that context is called.
    pub from_name: String,
    /// Where it lives; its administrators decide.
    pub domain: Domain,
    /// To where.
    pub to: Context,
    /// What that context is called.
    pub to_name: String,
    /// Why, in the proposer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who proposed it.
    pub proposed: Administrator,
    /// How many items have moved.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Where it stands.
    pub state: State,
}

impl Move {
    /// Approved by a second administrator, who holds these addresses. Approving again changes nothing.
    pub fn approved(&self, by: Administrator, holds: &[Address]) -> Result<Option<Self>, Refusal> {
        match &self.state {
            State::Proposed if self.is_of(by.account, holds) => Err(Refusal::new(
                Code::ApprovalNeeded,
                said!("whoever proposed a move does not approve it"),
                said!("ask another administrator to look at it and approve it"),
            )
            .about(self.id)),
            State::Proposed => {
                let mut next = self.clone();
                next.state = State::Moving { approved: by };
                Ok(Some(next))
            }
            State::Moving { .. } | State::Done { .. } => Ok(None),
            State::Cancelled { by, .. } => Err(self.cancelled_before(by)),
        }
    }

    /// Whether the one who proposed it has this account, or these addresses by now.
    pub fn is_of(&self, account: AccountId, addresses: &[Address]) -> bool {
        account == self.proposed.account || addresses.contains(&self.proposed.address)
    }

    /// Why nobody approves it any more: whoever proposed it does not administer the data of this domain now.
    pub fn deserted(&self, policy: &Policy, domain: &Domain) -> Option<Refusal> {
        let address = &self.proposed.address;
        let decides = policy.decides(std::slice::from_ref(address), domain);
        decides.is_none().then(|| {
            Refusal::new(
                Code::ApprovalNeeded,
                said!(
                    "{address}, who proposed it, does not administer this data now",
                    address
                ),
                said!(
                    "cancel it and propose it anew, so that another administrator can approve it"
                ),
            )
            .about(self.id)
        })
    }

    /// Ended. Cancelling again changes nothing.
    pub fn cancelled(&self, by: Administrator) -> Result<Option<Self>, Refusal> {
        match &self.state {
            State::Proposed | State::Moving { .. } => {
                let mut next = self.clone();
                let approved = self.state.approved().cloned();
                next.state = State::Cancelled { approved, by };
                Ok(Some(next))
            }
            State::Cancelled { .. } => Ok(None),
            State::Done { at, .. } => Err(Refusal::new(
                Code::MoveEnded,
                said!("everything had moved on {at}", at),
                said!("propose another move, back again"),
            )
            .about(self.id)),
        }
    }

    fn cancelled_before(&self, by: &Administrator) -> Refusal {
        Refusal::new(
            Code::MoveEnded,
            said!("it was cancelled on {at}", at = by.at),
            said!("propose it anew"),
        )
        .about(self.id)
    }

    /// That there is no such move, as a stranger is told.
    pub fn not_found(id: MoveId) -> Refusal {
        Refusal::new(
            Code::MoveNotFound,
            said!("there is no move {id} that you can see", id),
            said!("list the moves you may see"),
        )
        .about(id)
    }
}

/// A context that gives or receives, as the rules see it.
#[derive(Debug, Clone)]
pub struct Place {
    /// Which.
    pub context: Context,
    /// What it is called.
    pub name: String,
    /// Where it lives.
    pub domain: Domain,
    /// Whether it is a collaborative workgroup.
    pub collaborative: bool,
}

/// Why data of one place cannot move to another. Administrators stand within the walls between domains like everybody else.
pub fn forbids(from: &Place, to: &Place) -> Option<Refusal> {
    if from.context == to.context {
        return Some(Refusal::field(
            "to",
            said!("the data is in \"{name}\" already", name = to.name),
            said!("name another context"),
        ));
    }
    match (from.domain.is_public(), to.domain.is_public()) {
        (true, true) => None,
        (true, false) => (!to.collaborative).then(|| {
            Refusal::new(
                Code::DomainNotCollaborative,
                said!(
                    "public data can enter the domain {domain} only through a collaborative workgroup, and \"{name}\" is not one",
                    domain = to.domain.name(),
                    name = to.name
                ),
                said!("choose such a workgroup"),
            )
            .about(to.context)
        }),
        (false, _) => {
            let inside =
                matches!(to.context, Context::Workgroup(_)) && from.domain == to.domain;
            (!inside).then(|| {
                Refusal::new(
                    Code::DomainNoWayOut,
                    said!(
                        "data of the domain {domain} stays in it; \"{name}\" is not one of its workgroups",
                        domain = from.domain.name(),
                        name = to.name
                    ),
                    said!(
                        "choose a workgroup of {domain}",
                        domain = from.domain.name()
                    ),
                )
                .about(to.context)
            })
        }
    }
}

impl Document for Move {
    const TAG: &'static str = "move";
    fn key(&self) -> Key {
        Key::Move(self.id)
    }
    fn entries(&self) -> Vec<Derived> {
        let open = self.state.is_open();
        let phase = if open { Phase::Open } else { Phase::Closed };
        let mut entries = vec![Derived::listed(Entry::Moves(phase, self.id))];
        if open {
            entries.push(Derived::unique(Entry::MovingFrom(self.from), self.id));
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::id::WorkgroupId;
    use crate::domain::policy::Private;

    const ANNA: Context = Context::Personal(AccountId::from_bits(1));
    const LAB: Context = Context::Workgroup(WorkgroupId::from_bits(2));

    fn address(bits: u128) -> Address {
        format!("dean{bits}@uni.example").parse().unwrap()
    }

    fn administrator(bits: u128) -> Administrator {
        Administrator {
            account: AccountId::from_bits(bits),
            address: address(bits),
            at: Time::from_ms(bits.try_into().unwrap()),
        }
    }

    fn proposed() -> Move {
        Move {
            id: MoveId::from_bits(1),
            from: ANNA,
            from_name: "Anna".to_owned(),
            domain: Domain::named("uni"),
            to: LAB,
            to_name: "Lab".to_owned(),
            reason: None,
            proposed: administrator(5),
            items: 0,
            bytes: 0,
            state: State::Proposed,
        }
    }

    #[test]
    fn two_administrators_move_and_either_stops() {
        let one = proposed();
        // Their account, and another one that holds their address by now.
        for (by, holds) in [(5, vec![]), (6, vec![address(6), address(5)])] {
            let itself = one.approved(administrator(by), &holds).unwrap_err();
            assert_eq!(itself.code, Code::ApprovalNeeded);
        }
        let moving = one.approved(administrator(6), &[]).unwrap().unwrap();
        assert_eq!(moving.state.word(), "moving");
        assert_eq!(
            moving.approved(administrator(5), &[]),
            Ok(None),
            "it goes on"
        );
        let ended = moving.cancelled(administrator(5)).unwrap().unwrap();
        assert_eq!(ended.state.approved(), Some(&administrator(6)));
        assert_eq!(ended.cancelled(administrator(6)), Ok(None));
        assert_eq!(
            ended.approved(administrator(6), &[]).unwrap_err().code,
            Code::MoveEnded
        );
        let mut done = moving;
        done.state = State::Done {
            approved: administrator(6),
            at: Time::from_ms(9),
        };
        assert_eq!(done.approved(administrator(6), &[]), Ok(None));
        assert_eq!(
            done.cancelled(administrator(6)).unwrap_err().code,
            Code::MoveEnded
        );
    }

    #[test]
    fn whoever_proposed_still_administers_when_it_is_approved() {
        let (public, uni) = (Domain::public(), Domain::named("uni"));
        let policy = |administrators: Vec<Address>, site: Vec<Address>| Policy {
            domains: BTreeMap::from([(
                "uni".to_owned(),
                Private {
                    suffixes: Vec::new(),
                    administrators,
                },
            )]),
            administrators: site,
            ..Policy::default()
        };
        let (theirs, others) = (vec![address(5)], vec![address(6)]);
        let table = [
            (policy(theirs.clone(), Vec::new()), &uni, false),
            (policy(theirs.clone(), Vec::new()), &public, true),
            (policy(Vec::new(), theirs.clone()), &uni, false),
            (policy(Vec::new(), theirs), &public, false),
            (policy(others.clone(), others), &uni, true),
        ];
        for (policy, domain, deserted) in table {
            let found = proposed().deserted(&policy, domain);
            assert_eq!(found.is_some(), deserted, "{policy:?} {domain:?}");
        }
    }

    #[test]
    fn data_moves_within_the_walls_of_its_domain() {
        let (public, uni, bio) = (Domain::public(), Domain::named("uni"), Domain::named("bio"));
        let place = |context, domain: &Domain, collaborative| Place {
            context,
            name: "it".to_owned(),
            domain: domain.clone(),
            collaborative,
        };
        let other = Context::Workgroup(WorkgroupId::from_bits(3));
        let table = [
            (
                place(ANNA, &public, false),
                place(LAB, &public, false),
                None,
            ),
            (
                place(LAB, &public, false),
                place(ANNA, &public, false),
                None,
            ),
            (
                place(LAB, &public, false),
                place(LAB, &public, false),
                Some(Code::RequestInvalid),
            ),
            (
                place(ANNA, &public, false),
                place(LAB, &uni, false),
                Some(Code::DomainNotCollaborative),
            ),
            (place(ANNA, &public, false), place(LAB, &uni, true), None),
            (place(ANNA, &uni, false), place(LAB, &uni, false), None),
            (
                place(LAB, &uni, false),
                place(ANNA, &uni, false),
                Some(Code::DomainNoWayOut),
            ),
            (
                place(LAB, &uni, false),
                place(other, &bio, true),
                Some(Code::DomainNoWayOut),
            ),
            (
                place(LAB, &uni, false),
                place(other, &public, false),
                Some(Code::DomainNoWayOut),
            ),
        ];
        for (from, to, wanted) in table {
            let found = forbids(&from, &to).map(|no| no.code);
            assert_eq!(found, wanted, "{from:?} {to:?}");
        }
    }
}
