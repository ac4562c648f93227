//! What a reply says.

/// What the deciding line of a reply says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `accept [context]`.
    Accept {
        /// The context's name as it was written, spaces folded; none: the account's default. Whoever knows the contexts decides whether
        /// it names exactly one.
        context: Option<String>,
    },
    /// `decline [reason]`.
    Decline {
        /// The reason as it was written, spaces folded.
        reason: Option<String>,
    },
    /// Anything else; nothing is ever guessed.
    Neither,
}
