//! Settings that are one word of a few.

use super::problem::{nearest, quoted};
use super::reading::{Reading, Value};
use super::setting::{Setting, refuse_kind};

/// A closed set of words as an enum: one list serves reading, showing and the reference.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$word_doc])* $variant),+
        }

        impl $name {
            const WORDS: &[&str] = &[$($word),+];

            /// The word that stands in the configuration file.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl Setting for $name {
            fn kind() -> String {
                one_of(Self::WORDS)
            }

            fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
                match value.get_ref().as_str() {
                    $(Some($word) => Some(Self::$variant),)+
                    Some(other) => {
                        reading.refuse(value, unknown(other, Self::WORDS));
                        None
                    }
                    None => {
                        let example = Self::WORDS.first().map(|word| format!("\"{word}\"")).unwrap_or_default();
                        refuse_kind::<Self>(value, reading, &example);
                        None
                    }
                }
            }

            fn write(&self) -> Option<String> {
                Some(format!("\"{}\"", self.as_str()))
            }
        }
    };
}

choice! {
    /// A language that pages and letters exist in.
    Language {
        /// English.
        English = "en",
        /// German.
        German = "de",
    }
}

choice! {
    /// How much is logged.
    Level {
        /// Faults only.
        Error = "error",
        /// And what an operator should look at.
        Warn = "warn",
        /// And what happened.
        Info = "info",
        /// And why.
        Debug = "debug",
        /// And every step.
        Trace = "trace",
    }
}

choice! {
    /// For whom the log is written.
    Format {
        /// A person at a terminal.
        Human = "human",
        /// A program that collects logs: one JSON object per line.
        Json = "json",
    }
}

choice! {
    /// How letters leave.
    Transport {
        /// To a mail server.
        Smtp = "smtp",
        /// Into the built-in mailbox, a page anyone on this machine can read. Development only.
        Mailbox = "mailbox",
    }
}

choice! {
    /// How the connection to the mail server is protected.
    Security {
        /// Not at all; loopback only.
        None = "none",
        /// Plain at first, then TLS or nothing.
        Starttls = "starttls",
        /// TLS from the first byte.
        Tls = "tls",
    }
}

choice! {
    /// Whom a first sign-in registers.
    Registration {
        /// Anybody with an email address.
        Open = "open",
        /// Addresses of the listed domains, and whoever has an invitation.
        Listed = "listed",
        /// Whoever has an invitation.
        Invited = "invited",
    }
}

choice! {
    /// What happens to a transfer while analyses write to its items.
    InUse {
        /// It is offered, with a warning.
        Warn = "warn",
        /// It is refused.
        Block = "block",
        /// It is offered when they end.
        Wait = "wait",
    }
}

choice! {
    /// Who may create workgroups.
    Creators {
        /// Everybody, people with a basic account too.
        Anyone = "anyone",
        /// Who has a professional or enterprise account.
        Professional = "professional",
        /// Who administers the domain or the site.
        DomainAdministrators = "domain-administrators",
        /// Nobody: only the file names workgroups.
        Nobody = "nobody",
    }
}

choice! {
    /// What a reply to a letter may do.
    Replies {
        /// Answer the offer.
        Act = "act",
        /// Only ask for an answer in Handover.
        ConfirmOnly = "confirm-only",
        /// Nothing; whoever replies is told so.
        Off = "off",
    }
}

choice! {
    /// By what the sender of a reply is authenticated.
    Authentication {
        /// By what the border mail server says.
        Border = "border",
        /// By its signatures, which Handover looks at itself.
        Own = "own",
    }
}

choice! {
    /// What can be said in a reply.
    Verb {
        /// Accept the offer.
        Accept = "accept",
        /// Decline the offer.
        Decline = "decline",
    }
}

choice! {
    /// Tier of a workgroup.
    Tier {
        /// Lives in `public`.
        Professional = "professional",
        /// Lives in its domain.
        Enterprise = "enterprise",
    }
}

fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.as_slice() {
        [only] => only.clone(),
        several => format!("one of {}", several.join(", ")),
    }
}

/// Says which words there are, or which one was probably meant.
fn unknown(word: &str, words: &[&str]) -> String {
    match nearest(word, words.iter().copied()) {
        Some(meant) => format!(
            "{} cannot be chosen; did you mean \"{meant}\"?",
            quoted(word)
        ),
        None => format!("{} cannot be chosen; write {}", quoted(word), one_of(words)),
    }
}
