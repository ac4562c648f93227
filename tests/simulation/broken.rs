//! Rules broken on purpose, to prove that the checker sees it. Nothing of this is in production code.

/// Which rule is broken in a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// None: what production does.
    Nothing,
    /// Writes and guards expect whatever is there now.
    NoVersionCheck,
    /// No commit carries a command id, and no outcome is kept.
    NoCommandIds,
    /// Letters are committed by themselves, after what causes them.
    LettersOutside,
    /// Quotas are checked before the commit only.
    QuotaBefore,
    /// Whether a command ran before is told by whether what it wants is so now.
    PresentState,
    /// What somebody may do with an item is remembered from the first time it was looked up.
    RightsRemembered,
    /// An invitation that is cancelled leaves the access behind that it would have given.
    AccessAfterCancel,
    /// A link that was deactivated can still be accepted.
    LinkAfterEnd,
    /// Whether somebody belongs to a workgroup is checked before the commit only.
    MembershipBefore,
    /// Whether a workgroup is open is checked before the commit only.
    OpenBefore,
    /// A reply is taken as if it came from whom the letter went to.
    ReplyFromAnybody,
    /// A message that is brought again is another message.
    RepeatedMessage,
    /// Nothing sweeps away what came in by mail.
    RawForEver,
    /// What is purged goes on counting for the quota.
    PurgeKeepsRoom,
    /// Who becomes the owner of an item keeps the access that was granted to them before.
    OwnerKeepsAccess,
}
