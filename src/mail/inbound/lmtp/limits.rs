//! What a session bears (MAIL §5, check 2).

use std::time::Duration;

/// What a session bears before it refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Longest command, in octets with its line end.
    pub line: usize,
    /// Longest message, in octets.
    pub message: usize,
    /// Most recipients of a message.
    pub recipients: usize,
    /// Most commands that were refused.
    pub errors: usize,
    /// Most sessions at once.
    pub sessions: usize,
    /// Longest silence, and longest wait until the other side reads.
    pub idle: Duration,
    /// Longest session.
    pub session: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 4 * 1024,
            message: 1024 * 1024,
            recipients: 10,
            errors: 10,
            sessions: 20,
            idle: Duration::from_secs(30),
            session: Duration::from_secs(300),
        }
    }
}
