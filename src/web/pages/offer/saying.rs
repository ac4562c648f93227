//! What the page of an offer or an invitation says: its heading, its terms, what accepting means, and why it is too late.

use crate::actors::queries::Shown;
use crate::domain::invitation::{Invitation, KeepAccess, State as Standing, Terms};
use crate::domain::rights::Level;
use crate::domain::time::Time;
use crate::web::language::{say, speak};
use crate::web::problem::guard;

use super::super::as_sentence;
use super::super::words::{self, Fact, fact};

/// What the terms of an invitation come to, as one fact.
pub fn terms(terms: Terms) -> Fact {
    match terms {
        Terms::Ownership { keep_access } => fact(say!("Sender keeps"), words::keeps(keep_access)),
        Terms::Access { level, until } => fact(
            say!("Access"),
            say!(
                "{level}, {until}",
                level = level.said(),
                until = words::until_when(until)
            ),
        ),
        Terms::Membership { role } => fact(say!("As" as "a role"), speak(&role.said())),
        Terms::Workgroup => fact(say!("As" as "a role"), say!("its owner")),
    }
}

/// Why it cannot be answered any more.
pub struct Late {
    pub sentence: String,
    pub next_step: String,
}

/// What stands above everything.
pub fn heading(shown: &Shown, answerable: bool) -> String {
    let transfer = &shown.transfer.document;
    let what = words::about(transfer);
    let sender = words::short(&transfer.sender.name);
    match (transfer.terms, answerable, shown.entitled.sender) {
        (Terms::Ownership { .. }, true, _) => say!("{sender} offers you {what}", sender, what),
        (Terms::Ownership { .. }, false, true) => say!("Your offer of {what}", what),
        (Terms::Ownership { .. }, false, false) => {
            say!("{sender}’s offer of {what}", sender, what)
        }
        (Terms::Access { .. }, true, _) => say!("{sender} shares {what} with you", sender, what),
        (Terms::Membership { .. }, true, _) => say!("{sender} invites you to {what}", sender, what),
        (Terms::Access { .. } | Terms::Membership { .. }, false, true) => {
            say!("Your invitation to {what}", what = words::named(transfer))
        }
        (Terms::Access { .. } | Terms::Membership { .. }, false, false) => {
            say!("{sender}’s invitation to {what}", sender, what)
        }
        (Terms::Workgroup, true, _) => say!("{sender} asks you to own {what}", sender, what),
        (Terms::Workgroup, false, true) => say!("Your invitation to own {what}", what),
        (Terms::Workgroup, false, false) => {
            say!("{sender}’s invitation to own {what}", sender, what)
        }
    }
}

/// What whoever looks is told of an offer that is over, and whether the access that it gave is, too.
pub fn late(shown: &Shown, ended: bool, now: Time) -> Option<Late> {
    let transfer = &shown.transfer.document;
    let why = guard(transfer.too_late(now)?);
    let next_step = if ended {
        say!("the access that it gave has ended since")
    } else if shown.entitled.sender && !shown.entitled.recipient {
        let transfers = transfer.terms.is_transfer();
        match transfer.state {
            Standing::Requested if now < transfer.expires_at => why.next_step,
            Standing::Accepted { .. } if transfers => say!("ownership has passed"),
            Standing::Accepted { .. } => match transfer.terms {
                Terms::Membership { .. } => say!("they have joined the workgroup"),
                Terms::Workgroup => say!("the workgroup has a new owner"),
                Terms::Ownership { .. } | Terms::Access { .. } => say!("the access was given"),
            },
            Standing::Requested
            | Standing::Pending { .. }
            | Standing::Declined { .. }
            | Standing::Cancelled { .. }
            | Standing::Expired { .. } => match transfers {
                true => say!("nothing has changed hands"),
                false => say!("nothing has changed"),
            },
        }
    } else {
        why.next_step
    };
    let mut sentence = as_sentence(&why.sentence);
    sentence.pop();
    Some(Late {
        sentence,
        next_step,
    })
}

/// What is there besides the items of an offer.
#[derive(Clone, Copy, Default)]
pub struct Besides {
    /// Others have shares or links of them.
    pub others: bool,
    /// Runs or projects belong to them that are not offered.
    pub apart: bool,
    /// Projects of it have no files of their own, and the base calls lie with runs that are not offered.
    pub reads: bool,
    /// Runs are seen with them that are not shared themselves.
    pub runs: bool,
}

/// What happens when it is accepted.
pub fn then(invitation: &Invitation, besides: Besides) -> Vec<String> {
    let name = words::short(&invitation.source_name);
    match invitation.terms {
        Terms::Ownership { keep_access } => vec![
            say!(
                "all of it changes hands in one step and cannot be undone: the context you choose owns it then, and it takes up storage there;"
            ),
            say!(
                "the files stay where they are, and who owns them is what changes: the sender can tell you how to get them;"
            ),
            match besides.apart {
                true if besides.reads => say!(
                    "only what is listed above changes hands: a project without files of its own has its biosamples and libraries, and the base calls lie with its run, which is not offered; ask the sender if you expect them;"
                ),
                false => say!("every run and project that belongs to it is listed above;"),
                true => say!(
                    "only what is listed above changes hands: there are runs or projects that belong to it and are not offered, which stay where they are; ask the sender if you need them;"
                ),
            },
            match keep_access {
                KeepAccess::None => say!("the sender loses control and sight of it;"),
                kept => say!(
                    "the sender loses control of it, and keeps {keeps}; the new owner may end that at any time;",
                    keeps = words::keeps(kept)
                ),
            },
            match besides.others {
                false => say!("it is shared with nobody else, and no sharing link leads to it;"),
                true => say!(
                    "whoever it is shared with keeps that access, sharing links still work, and invitations to it that nobody has accepted end; once it is yours, you see who has access and may end it;"
                ),
            },
            say!(
                "a name that is taken there gets a number appended: a second “Oak roots” becomes “Oak roots (2)”."
            ),
        ],
        Terms::Access { level, until } => accessed(level, until, besides.runs),
        Terms::Membership { role } => vec![
            say!(
                "you belong to “{name}” as {role}, and may do everything with its data;",
                name,
                role = role.said()
            ),
            say!("what is yours stays yours;"),
            say!("its members see your name and address;"),
            say!("you may leave at any time, and then lose access to its data."),
        ],
        Terms::Workgroup => vec![
            say!("you become the owner of “{name}”;", name),
            say!("whoever owns it now stays in it as administrator;"),
            say!("its data stay with it."),
        ],
    }
}

/// What an access means to whoever accepts it.
pub fn accessed(level: Level, until: Option<Time>, runs: bool) -> Vec<String> {
    [say!(
        "the context you choose may {may} it, {until};",
        may = words::may(level),
        until = words::until_when(until)
    )]
    .into_iter()
    .chain([say!(
        "to read it is to see what it holds, with the names and sizes of its files; whoever shares it with you can tell you how to get the files themselves;"
    )])
    .chain(runs.then(|| {
        say!("the runs that its data came from can be read too, where their owner is the same;")
    }))
    .chain([
        say!("its owner stays the owner, and it counts towards no storage of yours;"),
        say!("its owner sees your name and address, and may end the access;"),
        say!("you may give the access up at any time."),
    ])
    .collect()
}
