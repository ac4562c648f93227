//! Reports of mail servers about letters that did not arrive.

/// What a report says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// To whom the letter was sent, if the report says it.
    pub original: Option<String>,
    /// To whom it was sent in the end, after aliases and forwarding.
    pub last: Option<String>,
    /// What became of it.
    pub action: Action,
    /// The enhanced status code (RFC 3463), such as `5.1.1`.
    pub status: Option<Status>,
    /// What the other server said, one line of at most 300 characters. It may name addresses.
    pub diagnostic: Option<String>,
}

/// What became of a letter (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It will not arrive.
    Failed,
    /// Not yet; it is still tried.
    Delayed,
    /// It arrived.
    Delivered,
    /// It went on to a server that reports no further.
    Relayed,
    /// It arrived, and went on to several.
    Expanded,
}

/// An enhanced status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Status {
    /// 2, 4 or 5.
    pub class: u8,
    /// What it is about: 1, the address.
    pub subject: u16,
    /// What exactly.
    pub detail: u16,
}
