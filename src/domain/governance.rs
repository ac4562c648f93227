//! Who may do what to a workgroup: its members by their roles, and whoever administers its domain.

use super::account::Account;
use super::id::{AccountId, Context};
use super::policy::{Creators, Domain, Policy, Tier};
use super::refusal::{Code, Refusal};
use super::said::{Said, said};
use super::workgroup::{Handle, Role, Workgroup};

/// Most characters of a description.
pub const MAX_DESCRIPTION: usize = 500;

/// Who somebody is to a workgroup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What they are in it; `None`: no member.
    pub role: Option<Role>,
    /// Whether they administer the domain it lives in.
    pub domain_administrator: bool,
}

/// What somebody wants to do to a workgroup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Look at it and its members.
    See,
    /// Leave it.
    Leave,
    /// Change its name, description or handle.
    Change,
    /// Invite people into it, and look at its invitations.
    Invite,
    /// Change what a member is.
    ChangeRole,
    /// Remove somebody else.
    Remove,
    /// Close it.
    Close,
    /// Hand it over.
    HandOver,
}

impl Act {
    /// Every one of them.
    pub const ALL: [Self; 8] = [
        Self::See,
        Self::Leave,
        Self::Change,
        Self::Invite,
        Self::ChangeRole,
        Self::Remove,
        Self::Close,
        Self::HandOver,
    ];

    /// Whether the configuration file, which rules a workgroup, would undo it.
    const fn is_undone_by_file(self) -> bool {
        match self {
            Self::See => false,
            Self::Leave
            | Self::Change
            | Self::Invite
            | Self::ChangeRole
            | Self::Remove
            | Self::Close
            | Self::HandOver => true,
        }
    }
}

/// Why somebody may not do this to the workgroup; `None`: they may. A stranger is told that there is no such workgroup.
pub fn forbids(workgroup: &Workgroup, standing: Standing, act: Act) -> Option<Refusal> {
    let Standing {
        role,
        domain_administrator,
    } = standing;
    if role.is_none() && !domain_administrator {
        return Some(no_such_workgroup(workgroup.id));
    }
    let administers = role >= Some(Role::Administrator) || domain_administrator;
    let owns = role == Some(Role::Owner);
    let name = &workgroup.name;
    let no = match act {
        Act::See => None,
        Act::Leave => match role {
            None => Some(you_are_no_member(workgroup)),
            Some(Role::Owner) => Some(you_own(workgroup)),
            Some(Role::Member | Role::Administrator) => None,
        },
        Act::Change => (!administers).then(|| {
            let sentence = said!("only administrators of \"{name}\" may change it", name);
            administrators_only(workgroup, sentence)
        }),
        Act::Invite => (!administers).then(|| only_administrators_invite(workgroup)),
        Act::ChangeRole => (!administers).then(|| {
            let sentence = said!(
                "only administrators of \"{name}\" may change what members are",
                name
            );
            administrators_only(workgroup, sentence)
        }),
        Act::Remove => (!administers).then(|| {
            let sentence = said!("only administrators of \"{name}\" may remove members", name);
            administrators_only(workgroup, sentence)
        }),
        Act::Close => (!owns && !domain_administrator).then(|| {
            let sentence = said!("only the owner of \"{name}\" may close it", name);
            owner_only(workgroup, sentence)
        }),
        Act::HandOver => (!owns).then(|| only_the_owner_hands_over(workgroup)),
    };
    no.or_else(|| ruled(workgroup).filter(|_| act.is_undone_by_file()))
}

/// Why this person may not create a workgroup there; `None`: they may.
pub fn forbids_creation(account: &Account, there: &Domain, policy: &Policy) -> Option<Refusal> {
    let not = |sentence: Said, next_step: Said| {
        Some(Refusal::new(Code::WorkgroupNotAllowed, sentence, next_step))
    };
    let administers = policy.administers(&account.addresses, there);
    let everywhere = policy.administers_site(&account.addresses);
    // Whether there is such a domain is no business of somebody outside it.
    if account.domain != *there && !there.is_public() && !administers {
        return not(
            said!(
                "you do not belong to the domain {domain}",
                domain = there.name()
            ),
            said!("leave the domain out for your own, or ask an administrator of that domain"),
        );
    }
    match policy.creators {
        Creators::Nobody => not(
            said!("workgroups of this site are named in its configuration file only"),
            said!("ask the operators of the site to add one"),
        ),
        _ if administers || everywhere => None,
        Creators::Anyone => None,
        Creators::Professional if account.tier == Tier::Basic => not(
            said!("a basic account has no workgroups of its own"),
            said!(
                "ask an administrator of the site to make it professional, or somebody with a professional account to create the workgroup and hand it over"
            ),
        ),
        Creators::Professional => None,
        Creators::DomainAdministrators => not(
            said!("only administrators create workgroups here"),
            said!(
                "ask an administrator of your domain, or of the site, to create it and invite you"
            ),
        ),
    }
}

/// What is wrong with a handle, besides what a handle is: it must not be taken for something else.
pub fn reserved(handle: &Handle) -> Option<Refusal> {
    let text = handle.as_str();
    let taken = text.eq_ignore_ascii_case("personal") || text.parse::<Context>().is_ok();
    taken.then(|| {
        Refusal::field(
            "handle",
            said!("\"{text}\" means something else already", text),
            said!("choose another handle"),
        )
    })
}

/// A name as people may give one to a workgroup: 1 to 100 characters, no control characters, trimmed.
pub fn named(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    let fits = (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits {
        Ok(name.to_owned())
    } else {
        Err(Refusal::field(
            "name",
            said!("a name has 1 to 100 characters and no control characters"),
            said!("choose another name"),
        ))
    }
}

/// A description as it is kept: trimmed, at most 500 characters; nothing where nothing is left.
pub fn described(text: &str) -> Result<Option<String>, Refusal> {
    let text = text.trim().replace("\r\n", "\n");
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.chars().count() > MAX_DESCRIPTION || text.chars().any(odd) {
        return Err(Refusal::field(
            "description",
            said!(
                "a description is plain text of at most {most} characters",
                most = MAX_DESCRIPTION
            ),
            said!("shorten it"),
        ));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Why somebody who lives in this domain cannot belong to the workgroup; `None`: they can.
pub fn outside(workgroup: &Workgroup, domain: &Domain) -> Option<Refusal> {
    let closed = !workgroup.domain.is_public() && !workgroup.collaborative;
    (closed && workgroup.domain != *domain).then(|| {
        Refusal::new(
            Code::DomainNotCollaborative,
            said!(
                "\"{name}\" holds members of the domain {domain} only",
                name = workgroup.name,
                domain = workgroup.domain.name()
            ),
            said!(
                "register with an address of that domain (an account stays where it was registered), or ask for a collaborative workgroup"
            ),
        )
        .about(workgroup.id)
    })
}

/// That only administrators may invite.
pub fn only_administrators_invite(workgroup: &Workgroup) -> Refusal {
    let name = &workgroup.name;
    let sentence = said!("only administrators of \"{name}\" may invite", name);
    administrators_only(workgroup, sentence)
}

/// That only the owner may hand it over.
pub fn only_the_owner_hands_over(workgroup: &Workgroup) -> Refusal {
    let name = &workgroup.name;
    let sentence = said!("only the owner of \"{name}\" may hand it over", name);
    owner_only(workgroup, sentence)
}

fn administrators_only(workgroup: &Workgroup, sentence: Said) -> Refusal {
    let next_step = said!("ask one of them");
    Refusal::new(Code::WorkgroupForbidden, sentence, next_step).about(workgroup.id)
}

fn owner_only(workgroup: &Workgroup, sentence: Said) -> Refusal {
    let next_step = said!("ask them");
    Refusal::new(Code::WorkgroupForbidden, sentence, next_step).about(workgroup.id)
}

/// That the configuration file rules it, if it does.
pub fn ruled(workgroup: &Workgroup) -> Option<Refusal> {
    workgroup.ruled.then(|| {
        Refusal::new(
            Code::WorkgroupForbidden,
            said!(
                "\"{name}\" and its members are named in the configuration file of this site, which would change them back",
                name = workgroup.name
            ),
            said!("ask the operators of the site to change the file"),
        )
        .about(workgroup.id)
    })
}

/// That it is being closed, or is.
pub fn closing(workgroup: &Workgroup) -> Refusal {
    Refusal::new(
        Code::WorkgroupNotEmpty,
        said!("\"{name}\" is being closed", name = workgroup.name),
        said!("use another context; its owner can close it again to see what stands in the way"),
    )
    .about(workgroup.id)
}

/// That there is no such workgroup, as a stranger is told.
pub fn no_such_workgroup(context: impl ToString) -> Refusal {
    let context = context.to_string();
    Refusal::new(
        Code::WorkgroupNotFound,
        said!(
            "there is no workgroup {context} that you belong to",
            context
        ),
        said!("list your contexts and choose one of them"),
    )
    .about(context)
}

/// That whoever owns it stays until it is handed over.
fn you_own(workgroup: &Workgroup) -> Refusal {
    let name = &workgroup.name;
    last(
        workgroup,
        said!(
            "you own \"{name}\", and a workgroup is never without its owner",
            name
        ),
    )
}

/// The same, of somebody else.
pub fn they_own(workgroup: &Workgroup) -> Refusal {
    let name = &workgroup.name;
    last(
        workgroup,
        said!(
            "they own \"{name}\", and a workgroup is never without its owner",
            name
        ),
    )
}

fn last(workgroup: &Workgroup, sentence: Said) -> Refusal {
    let next_step = said!("hand it over to another administrator first, or close it");
    Refusal::new(Code::MemberLast, sentence, next_step).about(workgroup.id)
}

fn you_are_no_member(workgroup: &Workgroup) -> Refusal {
    let name = &workgroup.name;
    not_in(workgroup, said!("you do not belong to \"{name}\"", name))
}

/// That this account does not belong to it.
pub fn no_member(workgroup: &Workgroup, who: AccountId) -> Refusal {
    let name = &workgroup.name;
    not_in(
        workgroup,
        said!("{who} does not belong to \"{name}\"", who, name),
    )
}

/// That whoever is named so does not belong to it.
pub fn no_member_called(workgroup: &Workgroup, who: &str) -> Refusal {
    let name = &workgroup.name;
    not_in(
        workgroup,
        said!("\"{who}\" does not belong to \"{name}\"", who, name),
    )
}

fn not_in(workgroup: &Workgroup, sentence: Said) -> Refusal {
    let next_step = said!("list its members and choose one of them");
    Refusal::new(Code::MemberNotFound, sentence, next_step).about(workgroup.id)
}

/// That its handle belongs to another workgroup.
pub fn handle_taken(handle: &Handle) -> Refusal {
    Refusal::new(
        Code::WorkgroupExists,
        said!("another workgroup has the handle {handle}", handle),
        said!("choose another handle"),
    )
    .about("handle")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::WorkgroupId;
    use crate::domain::time::Time;
    use crate::domain::workgroup::State;

    fn workgroup(ruled: bool) -> Workgroup {
        Workgroup {
            id: WorkgroupId::from_bits(1),
            handle: "lab".parse().unwrap(),
            name: "The lab".to_owned(),
            tier: Tier::Enterprise,
            domain: Domain::named("uni"),
            collaborative: false,
            quota: None,
            created_at: Time::from_ms(0),
            description: None,
            ruled,
            state: State::Open,
        }
    }

    /// What each may do, in the order of [`Act::ALL`]: `+` yes, `f` forbidden, `l` the owner stays, `m` no member, `n` there is none.
    #[test]
    fn roles_decide_who_may_what() {
        let table = [
            (None, false, "nnnnnnnn"),
            (Some(Role::Member), false, "++ffffff"),
            (Some(Role::Administrator), false, "++++++ff"),
            (Some(Role::Owner), false, "+l++++++"),
            (None, true, "+m+++++f"),
            (Some(Role::Member), true, "+++++++f"),
            (Some(Role::Owner), true, "+l++++++"),
        ];
        for (role, domain_administrator, wanted) in table {
            let standing = Standing {
                role,
                domain_administrator,
            };
            let answer = |act: Act| match forbids(&workgroup(false), standing, act) {
                None => '+',
                Some(no) => match no.code {
                    Code::WorkgroupForbidden => 'f',
                    Code::MemberLast => 'l',
                    Code::MemberNotFound => 'm',
                    Code::WorkgroupNotFound => 'n',
                    other => panic!("{other}"),
                },
            };
            let answers: String = Act::ALL.into_iter().map(answer).collect();
            assert_eq!(answers, wanted, "{standing:?}");
        }
    }

    #[test]
    fn what_the_file_rules_is_only_looked_at() {
        let standing = Standing {
            role: Some(Role::Owner),
            domain_administrator: true,
        };
        for act in Act::ALL {
            let no = forbids(&workgroup(true), standing, act);
            assert_eq!(no.is_none(), act == Act::See, "{act:?}");
        }
    }

    #[test]
    fn handles_and_descriptions_are_what_people_can_use() {
        for (text, free) in [
            ("lab", true),
            ("wg_x", true),
            ("Personal", false),
            ("wg_00000000000000000000000000", false),
        ] {
            assert_eq!(reserved(&text.parse().unwrap()).is_none(), free, "{text}");
        }
        assert_eq!(described("  "), Ok(None));
        assert_eq!(described(" a\r\nb "), Ok(Some("a\nb".to_owned())));
        assert!(described("a\u{7}").is_err());
        assert!(described(&"x".repeat(501)).is_err());
        assert_eq!(named(" The lab "), Ok("The lab".to_owned()));
        assert!(named(" ").is_err());
    }
}
