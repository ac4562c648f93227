//! What lists tell of an invitation beside its id, so that whoever looks through them for some need not read the others.

use crate::domain::time::Time;

use super::Invitation;

/// Its kind and its state, each by the first letter of its word: all of them differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glance {
    kind: u8,
    state: u8,
}

impl Glance {
    /// Of this invitation.
    pub fn of(invitation: &Invitation) -> Self {
        Self {
            kind: first(invitation.terms.word()),
            state: first(invitation.state.word()),
        }
    }

    /// As it stands in a row.
    pub fn bytes(self) -> Vec<u8> {
        vec![self.kind, self.state]
    }

    /// From a row; `None` if it is none.
    pub fn read(value: &[u8]) -> Option<Self> {
        match *value {
            [kind, state] => Some(Self { kind, state }),
            _ => None,
        }
    }
}

/// Which invitations are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Sought<'a> {
    /// Of this kind, by its word; none: of any.
    pub kind: Option<&'a str>,
    /// In this state, by its word; none: in any.
    pub state: Option<&'a str>,
    /// Only those that were accepted.
    pub accepted: bool,
    /// At this moment.
    pub at: Time,
}

impl Sought<'_> {
    /// Whether it is one of them.
    pub fn fits(&self, invitation: &Invitation) -> bool {
        let kind = self.kind.is_none_or(|kind| kind == invitation.terms.word());
        let state = invitation.word_at(self.at);
        kind && self.state.is_none_or(|wanted| wanted == state)
            && (!self.accepted || state == "accepted")
    }

    /// Whether it may be one. An open one may be over: its row does not tell when.
    pub fn may_fit(&self, glance: Glance) -> bool {
        let kind = self.kind.is_none_or(|kind| first(kind) == glance.kind);
        let over = |state| state == "expired" && matches!(glance.state, b'r' | b'p');
        kind && (!self.accepted || glance.state == b'a')
            && self
                .state
                .is_none_or(|state| first(state) == glance.state || over(state))
    }
}

fn first(word: &str) -> u8 {
    word.bytes().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_words_begin_alike() {
        for words in [
            ["transfer", "share", "membership", "workgroup"].as_slice(),
            &[
                "requested",
                "pending",
                "accepted",
                "declined",
                "cancelled",
                "expired",
            ],
        ] {
            let letters: BTreeSet<u8> = words.iter().map(|word| first(word)).collect();
            assert_eq!(letters.len(), words.len());
        }
    }

    #[test]
    fn an_open_one_may_be_over() {
        let open = Glance {
            kind: b't',
            state: b'p',
        };
        let wanted = |kind, state| Sought {
            kind,
            state,
            accepted: false,
            at: Time::from_ms(0),
        };
        for (kind, state, may) in [
            (None, None, true),
            (Some("transfer"), Some("pending"), true),
            (None, Some("expired"), true),
            (None, Some("declined"), false),
            (Some("share"), Some("pending"), false),
        ] {
            assert_eq!(wanted(kind, state).may_fit(open), may, "{kind:?} {state:?}");
        }
        assert_eq!(Glance::read(&open.bytes()), Some(open));
        assert_eq!(Glance::read(b"t"), None);
    }
}
