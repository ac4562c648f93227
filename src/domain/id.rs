//! Identifiers: 128 bits, made by the node that takes the command, printed with their kind.
//!
//! Printed form: the kind, an underscore, 26 lower-case base32hex digits (RFC 4648 §7), which sort as the bits do.
//! Ids are time-ordered (UUIDv7, RFC 9562), so that what is new lies together on disk.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::said::{Said, said};

static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("0123456789abcdefghijklmnopqrstuv");
    specification
        .translate
        .from
        .push_str("ABCDEFGHIJKLMNOPQRSTUV");
    specification
        .translate
        .to
        .push_str("abcdefghijklmnopqrstuv");
    // The alphabet is a constant with 32 distinct symbols; `data_encoding` refuses only malformed ones.
    specification
        .encoding()
        .unwrap_or(data_encoding::BASE32HEX_NOPAD)
});

fn print(bits: u128) -> String {
    BASE32.encode(&bits.to_be_bytes())
}

/// Every question reads a dozen of them, so nothing is allocated.
fn read(digits: &str) -> Option<u128> {
    let digits: &[u8; 26] = digits.as_bytes().try_into().ok()?;
    let mut bytes = [0; 16];
    let length = BASE32.decode_mut(digits, &mut bytes).ok()?;
    (length == bytes.len()).then(|| u128::from_be_bytes(bytes))
}

/// What is written as a text is read without a copy of it.
pub(crate) struct Text<T>(pub PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> de::Visitor<'_> for Text<T> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// Why a text is not an id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not {wanted}; copy it from a list or a link")]
pub struct Malformed {
    text: String,
    wanted: &'static str,
}

impl Malformed {
    fn new(text: &str, wanted: &'static str) -> Self {
        let text = text.chars().take(64).filter(|c| !c.is_control()).collect();
        Self { text, wanted }
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_str($crate::domain::id::Text(std::marker::PhantomData))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

pub(crate) use as_text;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $wanted:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// The id with these bits.
            pub const fn from_bits(bits: u128) -> Self {
                Self(bits)
            }
            /// Its 128 bits.
            pub const fn bits(self) -> u128 {
                self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), print(self.0))
            }
        }
        impl FromStr for $name {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(read)
                    .map(Self)
                    .ok_or_else(|| Malformed::new(text, $wanted))
            }
        }
        as_text!($name);
    };
}

id!(/// A person's account.
    AccountId, "acc", "an account id (acc_…)");
id!(/// A workgroup.
    WorkgroupId, "wg", "a workgroup id (wg_…)");
id!(/// A link through which a project or run is shared.
    LinkId, "lnk", "a link id (lnk_…)");
id!(/// Everything of somebody, moved by administrators.
    MoveId, "mv", "a move id (mv_…)");
id!(/// One letter of the outbox.
    LetterId, "let", "a letter id (let_…)");
id!(/// A message that came in by mail: the digest of what makes a repetition a repetition.
    MessageId, "msg", "a message id (msg_…)");
id!(/// One attempt to sign in with a typed code.
    SignInId, "sgn", "a sign-in id (sgn_…)");
id!(/// A running or finished analysis.
    AnalysisId, "ana", "an analysis id (ana_…)");
id!(/// What makes a repeated command the same command: kept with its result for 7 days.
    CommandId, "cmd", "a command id (cmd_…)");

/// One invitation: the offer of a transfer (`tr_…`), or an invitation to share or to join (`inv_…`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvitationId(u128);

impl InvitationId {
    /// The four bits of a UUID that hold its version (RFC 9562 §4.2). Transfers have version 7; 8, which is for such ends (§5.8), marks the others, so
    /// that an id says what it names and still sorts by time.
    const VERSION: u128 = 0xf << 76;
    const OTHERS: u128 = 8 << 76;

    /// The id with these bits.
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }
    /// Made of these fresh bits, of a transfer or of another invitation.
    pub const fn made(bits: u128, transfer: bool) -> Self {
        if transfer {
            Self(bits)
        } else {
            Self((bits & !Self::VERSION) | Self::OTHERS)
        }
    }
    /// Its 128 bits.
    pub const fn bits(self) -> u128 {
        self.0
    }
    /// Whether it names a transfer.
    pub const fn is_transfer(self) -> bool {
        self.0 & Self::VERSION != Self::OTHERS
    }
}

impl fmt::Display for InvitationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.is_transfer() { "tr" } else { "inv" };
        write!(f, "{prefix}_{}", print(self.0))
    }
}

impl FromStr for InvitationId {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let kinds = [("tr_", true), ("inv_", false)];
        kinds
            .into_iter()
            .find_map(|(prefix, transfer)| {
                let id = Self(read(text.strip_prefix(prefix)?)?);
                (id.is_transfer() == transfer).then_some(id)
            })
            .ok_or_else(|| Malformed::new(text, "a transfer id (tr_…) or an invitation id (inv_…)"))
    }
}
as_text!(InvitationId);

/// The two kinds of data that have an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemKind {
    /// What one sequencing run produced on the instrument.
    Run,
    /// A container of datasets, analyses and their files.
    Project,
}

impl ItemKind {
    /// The word people use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Project => "project",
        }
    }
    /// The same, to be said in any language.
    pub fn said(self) -> Said {
        match self {
            Self::Run => said!("run"),
            Self::Project => said!("project"),
        }
    }
}

/// A run or a project; it never changes, whoever owns the item.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId {
    kind: ItemKind,
    bits: u128,
}

impl ItemId {
    /// The id of this kind with these bits.
    pub const fn new(kind: ItemKind, bits: u128) -> Self {
        Self { kind, bits }
    }
    /// Run or project.
    pub const fn kind(self) -> ItemKind {
        self.kind
    }
    /// Its 128 bits.
    pub const fn bits(self) -> u128 {
        self.bits
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.kind {
            ItemKind::Run => "run",
            ItemKind::Project => "prj",
        };
        write!(f, "{prefix}_{}", print(self.bits))
    }
}

impl FromStr for ItemId {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let kinds = [("run_", ItemKind::Run), ("prj_", ItemKind::Project)];
        kinds
            .into_iter()
            .find_map(|(prefix, kind)| Some(Self::new(kind, read(text.strip_prefix(prefix)?)?)))
            .ok_or_else(|| Malformed::new(text, "a run id (run_…) or a project id (prj_…)"))
    }
}
as_text!(ItemId);

/// What owns data: a person's own space, or a workgroup. Data is always owned by exactly one context.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// The own space of this account.
    Personal(AccountId),
    /// A workgroup's space.
    Workgroup(WorkgroupId),
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Personal(id) => id.fmt(f),
            Self::Workgroup(id) => id.fmt(f),
        }
    }
}

impl FromStr for Context {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let context = if text.starts_with("wg_") {
            text.parse().map(Self::Workgroup)
        } else {
            text.parse().map(Self::Personal)
        };
        context.map_err(|_| Malformed::new(text, "a context (acc_… or wg_…)"))
    }
}
as_text!(Context);

/// The first 128 bits of a SHA-256 digest, by which a secret or a long text is looked up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u128);

impl Digest {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        let digest: [u8; 32] = sha2::Sha256::digest(bytes).into();
        let (head, _) = digest.split_at(16);
        Self(u128::from_be_bytes(head.try_into().unwrap_or_default()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha_{}", print(self.0))
    }
}

impl FromStr for Digest {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        text.strip_prefix("sha_")
            .and_then(read)
            .map(Self)
            .ok_or_else(|| Malformed::new(text, "a digest (sha_…)"))
    }
}
as_text!(Digest);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_and_read_back_in_either_case_and_sort_as_their_bits() {
        let low = InvitationId::from_bits(1);
        let high = InvitationId::from_bits(u128::MAX - 1);
        assert!(low.to_string() < high.to_string());
        assert_eq!(high.to_string().parse(), Ok(high));
        let upper = format!("tr_{}", high.to_string()[3..].to_uppercase());
        assert_eq!(upper.parse(), Ok(high));
        let item = ItemId::new(ItemKind::Run, 77);
        assert_eq!(item.to_string().parse(), Ok(item));
    }

    #[test]
    fn an_id_of_another_kind_is_refused_with_a_sentence() {
        let account = AccountId::from_bits(5).to_string();
        let error = account.parse::<InvitationId>().unwrap_err();
        assert!(error.to_string().contains("transfer id (tr_…)"));
        assert!("tr_short".parse::<InvitationId>().is_err());
        assert!("prj_".parse::<ItemId>().is_err());
    }
}
