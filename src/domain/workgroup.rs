//! Workgroups and who belongs to them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::document::{Derived, Document};
use super::id::{AccountId, Context, Digest, WorkgroupId, as_text};
use super::index::Entry;
use super::key::Key;
use super::policy::{Domain, Tier, quota_text};
use super::said::{Said, said};
use super::time::Time;

/// How a workgroup is named in commands and replies: 2 to 64 characters of `[A-Za-z0-9._-]`, compared without case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handle(String);

/// Why a text is not a handle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not a workgroup handle; use 2 to 64 letters, digits, dots, dashes or underscores"
)]
pub struct Malformed(String);

impl Malformed {
    /// The same, to be said in any language.
    pub fn said(&self) -> Said {
        let Self(text) = self;
        said!(
            "\"{text}\" is not a workgroup handle; use 2 to 64 letters, digits, dots, dashes or underscores",
            text
        )
    }
}

impl Handle {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// By which it is looked up.
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.to_lowercase().as_bytes())
    }
}
impl FromStr for Handle {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if (2..=64).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            let shown = text.chars().filter(|c| !c.is_control()).take(64);
            Err(Malformed(shown.collect()))
        }
    }
}
impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
as_text!(Handle);

/// A context of its own, whose members all read and write its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workgroup {
    /// Its id.
    pub id: WorkgroupId,
    /// Its handle.
    pub handle: Handle,
    /// What people call it, 1 to 100 characters.
    pub name: String,
    /// What it may do: professional or enterprise.
    pub tier: Tier,
    /// Where it lives.
    pub domain: Domain,
    /// Whether it may hold members from outside its domain; set at creation.
    pub collaborative: bool,
    /// A quota of its own, in bytes, instead of its tier's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
    /// When it was created.
    pub created_at: Time,
    /// What it is for, in its members' words; at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the configuration file rules it: then nobody changes its name or its members anywhere else, because the file would
    /// change them back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ruled: bool,
    /// Whether it is in use.
    #[serde(default, skip_serializing_if = "State::is_open")]
    pub state: State,
}

/// Whether a workgroup is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It is.
    #[default]
    Open,
    /// It takes nothing and nobody in any more, so that what is left in it can be looked at without a race.
    Closing,
    /// It has neither data nor members, and its handle is free for another one.
    Closed {
        /// Since when.
        at: Time,
    },
}

impl State {
    /// Whether it is in use.
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }
    /// Whether it is no context any more.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Closed { .. })
    }
}

impl Document for Workgroup {
    const TAG: &'static str = "workgroup";
    fn key(&self) -> Key {
        Key::Workgroup(self.id)
    }
    fn entries(&self) -> Vec<Derived> {
        if self.state.is_closed() {
            return Vec::new();
        }
        let handle = Entry::Handle(self.handle.digest());
        let mut entries = vec![Derived::unique(handle, self.id)];
        if self.ruled {
            entries.push(Derived::listed(Entry::Ruled(self.id)));
        }
        if !self.domain.is_public() {
            let domain = Digest::of(self.domain.name().as_bytes());
            entries.push(Derived::listed(Entry::InDomain(domain, self.id)));
        }
        entries
    }
    fn concerns(&self) -> Vec<Context> {
        vec![Context::Workgroup(self.id)]
    }
    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("handle", self.handle.to_string()),
            ("name", self.name.clone()),
            ("tier", self.tier.word().to_owned()),
            ("domain", self.domain.name().to_owned()),
            ("quota", quota_text(self.quota)),
        ]
    }
}

/// What somebody is in a workgroup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads and writes all of its data.
    Member,
    /// Also invites, removes and promotes, and answers offers made to the workgroup.
    Administrator,
    /// Also hands the workgroup itself over.
    Owner,
}

impl Role {
    /// The word people use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Administrator => "administrator",
            Self::Owner => "owner",
        }
    }
    /// The same, to be said in any language.
    pub fn said(self) -> Said {
        match self {
            Self::Member => said!("member"),
            Self::Administrator => said!("administrator"),
            Self::Owner => said!("owner"),
        }
    }
}

/// That an account belongs to a workgroup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Which workgroup.
    pub workgroup: WorkgroupId,
    /// Who.
    pub account: AccountId,
    /// As what.
    pub role: Role,
    /// Since when.
    pub since: Time,
}

impl Membership {
    /// What the index of an account's workgroups tells of it.
    fn as_entry(&self) -> Vec<u8> {
        let role = match self.role {
            Role::Member => 1,
            Role::Administrator => 2,
            Role::Owner => 3,
        };
        let since = self.since.ms().to_be_bytes();
        [&[role][..], &since].concat()
    }

    /// The membership that the index tells of in this way; `None`: none could be told so.
    pub fn of_entry(account: AccountId, workgroup: WorkgroupId, value: &[u8]) -> Option<Self> {
        let (role, since) = value.split_first()?;
        let role = match role {
            1 => Role::Member,
            2 => Role::Administrator,
            3 => Role::Owner,
            _ => return None,
        };
        Some(Self {
            workgroup,
            account,
            role,
            since: Time::from_ms(i64::from_be_bytes(since.try_into().ok()?)),
        })
    }
}

impl Document for Membership {
    const TAG: &'static str = "membership";
    fn key(&self) -> Key {
        Key::Membership(self.workgroup, self.account)
    }
    fn entries(&self) -> Vec<Derived> {
        let mut entries = vec![
            Derived::listed(Entry::Member(self.workgroup, self.account)),
            Derived::numbered(
                Entry::Belongs(self.account, self.workgroup),
                self.as_entry(),
            ),
        ];
        if self.role >= Role::Administrator {
            let answers = Entry::Answers(self.workgroup, self.account);
            entries.push(Derived::listed(answers));
        }
        entries
    }
    fn concerns(&self) -> Vec<Context> {
        vec![
            Context::Workgroup(self.workgroup),
            Context::Personal(self.account),
        ]
    }
    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("role", self.role.word().to_owned())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_membership_reads_back_from_what_the_index_tells_of_it() {
        let account = AccountId::from_bits(7);
        let workgroup = WorkgroupId::from_bits(9);
        for (role, number) in [
            (Role::Member, 1),
            (Role::Administrator, 2),
            (Role::Owner, 3),
        ] {
            let membership = Membership {
                workgroup,
                account,
                role,
                since: Time::from_ms(258),
            };
            let told = membership.as_entry();
            assert_eq!(told, [number, 0, 0, 0, 0, 0, 0, 1, 2]);
            let read = Membership::of_entry(account, workgroup, &told);
            assert_eq!(read, Some(membership));
        }
        for odd in [&[][..], &[1, 0, 0], &[0; 9], &[4, 0, 0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(Membership::of_entry(account, workgroup, odd), None);
        }
    }
}
