//! What the index tells about rights, so that a question about them reads neither the item nor the grants: whose the item is lies right
//! before what was granted on it.

use super::{Grant, Level, Origin, Part, Whose};
use crate::domain::id::{AccountId, Context, InvitationId, ItemId, LinkId, WorkgroupId};
use crate::domain::item::State;
use crate::domain::time::Time;

impl Whose {
    pub(in crate::domain) fn as_entry(self) -> Vec<u8> {
        let state = match self.state {
            State::Active => 1,
            State::Trashed => 2,
            State::Archived => 3,
        };
        let (kind, id) = match self.owner {
            Context::Personal(id) => (1, id.bits()),
            Context::Workgroup(id) => (2, id.bits()),
        };
        [&[state, kind][..], &id.to_be_bytes()].concat()
    }

    /// What the index tells in this way of this item; `None`: nothing could be told so.
    pub fn of_entry(item: ItemId, mut value: &[u8]) -> Option<Self> {
        let from = &mut value;
        let state = match byte(from)? {
            1 => State::Active,
            2 => State::Trashed,
            3 => State::Archived,
            _ => return None,
        };
        let owner = match byte(from)? {
            1 => Context::Personal(AccountId::from_bits(wide(from)?)),
            2 => Context::Workgroup(WorkgroupId::from_bits(wide(from)?)),
            _ => return None,
        };
        let whose = Self { item, owner, state };
        from.is_empty().then_some(whose)
    }
}

impl Grant {
    pub(super) fn as_entry(&self) -> Vec<u8> {
        let parts = self.parts.iter().map(Part::as_entry);
        parts.collect::<Vec<_>>().concat()
    }

    /// The grant that the index tells of in this way; `None`: none could be told so.
    pub fn of_entry(item: ItemId, grantee: Context, mut value: &[u8]) -> Option<Self> {
        let mut grant = Self::none(item, grantee);
        while !value.is_empty() {
            grant.parts.push(Part::of_entry(&mut value)?);
        }
        Some(grant)
    }
}

impl Part {
    fn as_entry(&self) -> Vec<u8> {
        let level = match self.level {
            Level::Read => 1,
            Level::Write => 2,
            Level::Own => 3,
        };
        let (origin, id) = match self.origin {
            Origin::Kept(id) => (1, id.bits()),
            Origin::Invitation(id) => (2, id.bits()),
            Origin::Link(id) => (3, id.bits()),
        };
        let mut bytes = vec![level, origin];
        bytes.extend(id.to_be_bytes());
        bytes.extend(self.accepted_by.bits().to_be_bytes());
        bytes.extend(self.since.ms().to_be_bytes());
        match self.until {
            None => bytes.push(0),
            Some(until) => {
                bytes.push(1);
                bytes.extend(until.ms().to_be_bytes());
            }
        }
        bytes
    }

    fn of_entry(from: &mut &[u8]) -> Option<Self> {
        let level = match byte(from)? {
            1 => Level::Read,
            2 => Level::Write,
            3 => Level::Own,
            _ => return None,
        };
        let (origin, id) = (byte(from)?, wide(from)?);
        let origin = match origin {
            1 => Origin::Kept(InvitationId::from_bits(id)),
            2 => Origin::Invitation(InvitationId::from_bits(id)),
            3 => Origin::Link(LinkId::from_bits(id)),
            _ => return None,
        };
        let accepted_by = AccountId::from_bits(wide(from)?);
        let since = moment(from)?;
        let until = match byte(from)? {
            0 => None,
            1 => Some(moment(from)?),
            _ => return None,
        };
        Some(Self {
            level,
            origin,
            accepted_by,
            since,
            until,
        })
    }
}

fn byte(from: &mut &[u8]) -> Option<u8> {
    let (first, rest) = from.split_first()?;
    *from = rest;
    Some(*first)
}

fn wide(from: &mut &[u8]) -> Option<u128> {
    let (head, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(u128::from_be_bytes(*head))
}

fn moment(from: &mut &[u8]) -> Option<Time> {
    let (head, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(Time::from_ms(i64::from_be_bytes(*head)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::ItemKind;

    const CONTEXTS: [Context; 2] = [
        Context::Personal(AccountId::from_bits(3)),
        Context::Workgroup(WorkgroupId::from_bits(u128::MAX)),
    ];

    fn item() -> ItemId {
        ItemId::new(ItemKind::Run, 7)
    }

    #[test]
    fn whose_an_item_is_reads_back_from_what_the_index_tells() {
        for owner in CONTEXTS {
            for state in [State::Active, State::Trashed, State::Archived] {
                let whose = Whose {
                    item: item(),
                    owner,
                    state,
                };
                let told = whose.as_entry();
                assert_eq!(Whose::of_entry(item(), &told), Some(whose));
                let longer = [&told[..], &[0]].concat();
                let other = [&[4][..], &told[1..]].concat();
                for odd in [&[][..], &told[1..], &longer, &other] {
                    assert_eq!(Whose::of_entry(item(), odd), None, "{odd:?}");
                }
            }
        }
    }

    #[test]
    fn a_grant_reads_back_from_what_the_index_tells_of_it() {
        let (invitation, link) = (InvitationId::from_bits(u128::MAX), LinkId::from_bits(5));
        let part = |level, origin, until: Option<i64>| Part {
            level,
            origin,
            accepted_by: AccountId::from_bits(11),
            since: Time::from_ms(258),
            until: until.map(Time::from_ms),
        };
        let all = [
            part(Level::Read, Origin::Kept(invitation), Some(i64::MAX)),
            part(Level::Write, Origin::Invitation(invitation), Some(-1)),
            part(Level::Own, Origin::Link(link), None),
        ];
        for grantee in CONTEXTS {
            for parts in [&all[..0], &all[..1], &all[1..2], &all[1..]] {
                let grant = Grant {
                    parts: parts.to_vec(),
                    ..Grant::none(item(), grantee)
                };
                let told = grant.as_entry();
                assert_eq!(Grant::of_entry(item(), grantee, &told), Some(grant));
                for odd in [&[9][..], &[&told[..], &[1]].concat()] {
                    assert_eq!(Grant::of_entry(item(), grantee, odd), None, "{odd:?}");
                }
            }
        }
    }
}
