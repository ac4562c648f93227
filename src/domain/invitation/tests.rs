//! One line a case: given a transfer, when somebody acts, then this.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::chain::Chain;
use crate::domain::event::Channel;
use crate::domain::id::{
    AccountId, Context, InvitationId, ItemId, ItemKind, LetterId, WorkgroupId,
};
use crate::domain::item::{Details, Item, Life, State as ItemState};
use crate::domain::letter::{self, Side};
use crate::domain::policy::{Domain, InUse, Policy, Tier};
use crate::domain::refusal::Code;
use crate::domain::rights::Level;
use crate::domain::time::{DAY_MS, HOUR_MS, Time};

use super::*;

const NOW: Time = Time::from_ms(1_800_000_000_000);
const SENDER: AccountId = AccountId::from_bits(1);
const RECIPIENT: AccountId = AccountId::from_bits(2);
const THERE: Context = Context::Personal(RECIPIENT);
const HERE: Context = Context::Personal(SENDER);

fn project(n: u128) -> Item {
    Item {
        id: ItemId::new(ItemKind::Project, n),
        name: format!("Project {n}"),
        owner: HERE,
        state: ItemState::Active,
        bytes: 1_000,
        files: 3,
        created_at: NOW,
        registered_by: SENDER,
        pending: None,
        life: Life::default(),
        chain: Chain::default(),
        trashed_inside: 0,
        running_analyses: 0,
        default_of: 0,
        details: Details::Project {
            biosamples: 1,
            libraries: 1,
        },
    }
}

fn pending() -> Invitation {
    Invitation {
        id: InvitationId::from_bits(7),
        source: HERE,
        source_name: "Core facility".into(),
        sender: Sender {
            account: SENDER,
            name: "Fay".into(),
            address: "fay@core.example".parse().unwrap(),
            language: "en".into(),
        },
        recipient: Recipient::Address("rita@lab.example".parse().unwrap()),
        items: vec![Offered {
            item: project(1).id,
            name: "Project 1".into(),
            bytes: 1_000,
            files: 3,
            holds: None,
        }],
        message: None,
        terms: Terms::ownership(KeepAccess::None),
        requested_at: NOW,
        expires_at: NOW.plus_ms(14 * DAY_MS),
        mailed_at: Some(NOW),
        corrects: None,
        letters: vec![LetterId::from_bits(1)],
        state: State::Pending {
            since: NOW,
            reminders: 0,
        },
    }
}

fn in_state(state: State) -> Invitation {
    Invitation { state, ..pending() }
}

fn accepted() -> Invitation {
    in_state(State::Accepted {
        at: NOW,
        by: RECIPIENT,
        channel: Channel::Web,
        into: THERE,
        into_name: "Rita (Personal)".into(),
        renamed: BTreeMap::new(),
    })
}

fn declined() -> Invitation {
    in_state(State::Declined {
        at: NOW,
        by: RECIPIENT,
        reason: None,
    })
}

fn cancelled() -> Invitation {
    in_state(State::Cancelled {
        at: NOW,
        by: SENDER,
        replaced_by: None,
    })
}

fn expired() -> Invitation {
    in_state(State::Expired { at: NOW })
}

fn accept() -> Act {
    Act::Accept {
        into: THERE,
        into_name: "Rita (Personal)".into(),
        renamed: BTreeMap::new(),
    }
}

fn decline() -> Act {
    Act::Decline { reason: None }
}

const CANCEL: Act = Act::Cancel { replaced_by: None };
const EXTEND: Act = Act::Extend {
    lifetime_ms: 30 * DAY_MS,
};
const WAKE: Act = Act::Wake { in_use: false };

#[derive(Clone, Copy)]
enum Who {
    Sender,
    Recipient,
    Stranger,
    Timer,
}
use Who::{Recipient as R, Sender as S, Stranger as X, Timer as T};

fn decide(given: &Invitation, who: Who, act: Act, days: i64) -> Verdict {
    let (by, entitled) = match who {
        S => (Some(SENDER), (true, false)),
        R => (Some(RECIPIENT), (false, true)),
        X => (Some(AccountId::from_bits(9)), (false, false)),
        T => (None, (false, false)),
    };
    let entitled = Entitled {
        sender: entitled.0,
        recipient: entitled.1,
    };
    let reach = [Mailbox::of("rita@lab.example".parse().unwrap(), None, "en")];
    let by = by.map(|person| (person, Channel::Web));
    let at = NOW.plus_ms(days * DAY_MS);
    given.decide(act, by, entitled, &reach, &Policy::default(), at)
}

/// What a verdict is, in a few words: the new state and the letters, `already`, or the codes.
fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::AlreadyDone => "already".into(),
        Verdict::Refused(why) => {
            let codes: Vec<_> = why.iter().map(|r| r.code.as_str()).collect();
            codes.join(" ")
        }
        Verdict::Changes(step) => {
            let side = |side: &Side| match side {
                Side::Sender => "sender",
                Side::Recipient => "recipient",
            };
            let letter = |outgoing: &Outgoing| match &outgoing.says {
                letter::Kind::Offer { again: false, .. } => "offer".to_owned(),
                letter::Kind::Offer { again: true, .. } => "offer-again".to_owned(),
                letter::Kind::Reminder { .. } => "reminder".to_owned(),
                letter::Kind::Accepted { side: s } => format!("accepted→{}", side(s)),
                letter::Kind::Declined { side: s } => format!("declined→{}", side(s)),
                letter::Kind::Expired { side: s } => format!("expired→{}", side(s)),
                letter::Kind::Cancelled => "cancelled".to_owned(),
                letter::Kind::SignInCode { .. }
                | letter::Kind::Answer { .. }
                | letter::Kind::News { .. }
                | letter::Kind::Undeliverable { .. }
                | letter::Kind::AddressCode { .. }
                | letter::Kind::AccessRevoked { .. } => "no letter of a transfer".to_owned(),
            };
            let mut words = vec![step.transfer.state.word().to_owned()];
            words.extend(step.letters.iter().map(letter));
            words.join(" ")
        }
    }
}

#[test]
fn each_act_in_each_state_by_each_side() {
    let check = |given: &Invitation, who: Who, act: Act, days: i64, then: &str| {
        let verdict = decide(given, who, act.clone(), days);
        assert_eq!(
            told(&verdict),
            then,
            "{} {act:?} after {days} days",
            given.state.word()
        );
    };
    let p = pending();
    let q = in_state(State::Requested);
    // accepting
    check(
        &p,
        R,
        accept(),
        1,
        "accepted accepted→sender accepted→recipient",
    );
    check(&p, S, accept(), 1, "transfer.forbidden");
    check(&p, X, accept(), 1, "transfer.not_found");
    check(&p, T, accept(), 1, "transfer.not_found");
    check(&p, R, accept(), 14, "transfer.expired");
    check(&q, R, accept(), 1, "transfer.not_found");
    check(&accepted(), R, accept(), 1, "already");
    let elsewhere = Act::Accept {
        into: Context::Workgroup(WorkgroupId::from_bits(5)),
        into_name: String::new(),
        renamed: BTreeMap::new(),
    };
    check(&accepted(), R, elsewhere, 1, "transfer.accepted");
    check(&declined(), R, accept(), 1, "transfer.declined");
    check(&cancelled(), R, accept(), 1, "transfer.cancelled");
    check(&expired(), R, accept(), 1, "transfer.expired");
    // declining
    check(
        &p,
        R,
        decline(),
        1,
        "declined declined→sender declined→recipient",
    );
    check(&p, S, decline(), 1, "transfer.forbidden");
    check(&p, R, decline(), 15, "transfer.expired");
    check(&declined(), R, decline(), 1, "already");
    check(&accepted(), R, decline(), 1, "transfer.accepted");
    let long = Act::Decline {
        reason: Some("x".repeat(501)),
    };
    check(&p, R, long, 1, "request.invalid");
    // cancelling
    check(&p, S, CANCEL, 1, "cancelled cancelled");
    check(&q, S, CANCEL, 1, "cancelled");
    check(&p, S, CANCEL, 14, "transfer.expired");
    check(&q, S, CANCEL, 14, "transfer.expired");
    check(&p, R, CANCEL, 1, "transfer.forbidden");
    check(&p, X, CANCEL, 1, "transfer.not_found");
    check(&cancelled(), S, CANCEL, 1, "already");
    check(&accepted(), S, CANCEL, 1, "transfer.accepted");
    check(&declined(), S, CANCEL, 1, "transfer.declined");
    check(&expired(), S, CANCEL, 1, "transfer.expired");
    // resending
    check(&p, S, Act::Resend, 0, "transfer.resend_too_soon");
    check(&p, S, Act::Resend, 1, "pending offer-again");
    check(&q, S, Act::Resend, 1, "transfer.requested");
    check(&p, R, Act::Resend, 1, "transfer.forbidden");
    check(&accepted(), S, Act::Resend, 1, "transfer.accepted");
    // extending
    check(&p, S, EXTEND, 1, "pending offer-again");
    check(
        &p,
        S,
        Act::Extend {
            lifetime_ms: DAY_MS,
        },
        1,
        "request.invalid",
    );
    check(
        &p,
        S,
        Act::Extend {
            lifetime_ms: 91 * DAY_MS,
        },
        1,
        "request.invalid",
    );
    let hardly_more = Act::Extend {
        lifetime_ms: 14 * DAY_MS - 1,
    };
    check(&p, S, hardly_more, 1, "request.invalid");
    check(&p, S, EXTEND, 14, "transfer.expired");
    check(&expired(), S, EXTEND, 1, "transfer.expired");
    // timers
    check(&p, T, WAKE, 1, "already");
    check(&p, T, WAKE, 7, "pending reminder");
    check(&p, T, WAKE, 13, "pending reminder");
    check(&p, T, WAKE, 14, "expired expired→sender expired→recipient");
    check(&q, T, WAKE, 1, "pending offer");
    check(&q, T, Act::Wake { in_use: true }, 1, "already");
    check(
        &q,
        T,
        Act::Wake { in_use: true },
        14,
        "expired expired→sender",
    );
    for closed in [accepted(), declined(), cancelled(), expired()] {
        check(&closed, T, WAKE, 99, "already");
    }
}

#[test]
fn reminders_come_at_half_time_and_48_hours_before_the_end() {
    let check = |days: i64, hours: &[i64]| {
        let due = Invitation::reminders(NOW, NOW.plus_ms(days * DAY_MS));
        let wanted: Vec<_> = hours.iter().map(|h| NOW.plus_ms(h * HOUR_MS)).collect();
        assert_eq!(due, wanted, "{days} days");
    };
    check(14, &[7 * 24, 12 * 24]);
    check(90, &[45 * 24, 88 * 24]);
    check(4, &[48]);
    check(1, &[12]);
}

#[test]
fn an_offer_that_slept_through_both_reminders_gets_one() {
    let Verdict::Changes(step) = decide(&pending(), T, WAKE, 13) else {
        panic!("a reminder is due");
    };
    assert_eq!(step.letters.len(), 1);
    assert_eq!(step.transfer.next_due(), Some(pending().expires_at));
}

#[test]
fn nobody_is_told_that_an_offer_is_still_to_be_made_who_accepts_it() {
    let mut item = project(1);
    item.running_analyses = 1;
    for (in_use, blocks, next_step) in [
        (
            InUse::Warn,
            false,
            "what they write later belongs to the new owner",
        ),
        (
            InUse::Wait,
            false,
            "what they write later belongs to the new owner",
        ),
        (
            InUse::Block,
            true,
            "wait until they end, or end those that have stopped without saying so",
        ),
    ] {
        let policy = Policy {
            in_use,
            ..Policy::default()
        };
        let found = released_items(&[&item], &policy);
        let told = if blocks { &found.blocks } else { &found.warns };
        let told: Vec<String> = told.iter().map(|one| one.next_step.english()).collect();
        assert_eq!(told, [next_step], "{in_use:?}");
    }
}

#[test]
fn every_guard_over_the_items_that_applies_is_reported_in_order() {
    let check =
        |change: fn(&mut Item), level: Option<Level>, in_use: InUse, blocks: &str, warns: &str| {
            let mut item = project(1);
            change(&mut item);
            let policy = Policy {
                in_use,
                ..Policy::default()
            };
            let findings =
                offered_items(&[(item.id, Some((&item, level)))], &policy, None).sorted();
            let codes = |list: &[crate::domain::refusal::Refusal]| {
                let codes: Vec<_> = list.iter().map(|r| r.code.as_str()).collect();
                codes.join(" ")
            };
            assert_eq!(codes(&findings.blocks), blocks);
            assert_eq!(codes(&findings.warns), warns);
        };
    let own = Some(Level::Own);
    check(|_| {}, own, InUse::Warn, "", "");
    check(|_| {}, None, InUse::Warn, "item.not_found", "");
    check(|_| {}, Some(Level::Read), InUse::Warn, "item.forbidden", "");
    check(
        |_| {},
        Some(Level::Write),
        InUse::Warn,
        "item.forbidden",
        "",
    );
    check(
        |i| i.state = ItemState::Trashed,
        own,
        InUse::Warn,
        "item.trashed",
        "",
    );
    check(
        |i| i.state = ItemState::Archived,
        own,
        InUse::Warn,
        "item.archived",
        "",
    );
    check(
        |i| i.trashed_inside = 2,
        own,
        InUse::Warn,
        "item.contains_trash",
        "",
    );
    check(
        |i| i.pending = Some(InvitationId::from_bits(3)),
        own,
        InUse::Warn,
        "item.pending_transfer",
        "",
    );
    check(
        |i| i.running_analyses = 1,
        own,
        InUse::Warn,
        "",
        "item.in_use",
    );
    check(
        |i| i.running_analyses = 1,
        own,
        InUse::Block,
        "item.in_use",
        "",
    );
    check(
        |i| i.running_analyses = 1,
        own,
        InUse::Wait,
        "",
        "item.in_use",
    );
    check(
        |i| i.default_of = 4,
        own,
        InUse::Warn,
        "",
        "item.default_project",
    );
    check(
        |i| {
            i.state = ItemState::Trashed;
            i.trashed_inside = 1;
            i.pending = Some(InvitationId::from_bits(3));
            i.running_analyses = 1;
            i.default_of = 1;
        },
        own,
        InUse::Block,
        "item.trashed item.contains_trash item.pending_transfer item.in_use",
        "item.default_project",
    );
}

#[test]
fn unknown_and_unseen_items_are_answered_alike_and_mixed_contexts_are_refused() {
    let item = project(1);
    let policy = Policy::default();
    let unknown = offered_items(&[(item.id, None)], &policy, None);
    let unseen = offered_items(&[(item.id, Some((&item, None)))], &policy, None);
    assert_eq!(unknown, unseen);
    let mut other = project(2);
    other.owner = THERE;
    let own = Some(Level::Own);
    let both = [
        (item.id, Some((&item, own))),
        (other.id, Some((&other, own))),
    ];
    let findings = offered_items(&both, &policy, None);
    assert_eq!(findings.blocks[0].code, Code::ItemsMixedContexts);
}

#[test]
fn an_offer_that_replaces_another_does_not_count_it_as_pending() {
    let mut item = project(1);
    item.pending = Some(InvitationId::from_bits(3));
    let wanted = [(item.id, Some((&item, Some(Level::Own))))];
    let replaced = offered_items(&wanted, &Policy::default(), item.pending);
    assert!(replaced.blocks.is_empty());
}

fn source(domain: &str) -> Source {
    Source {
        context: HERE,
        name: "Core facility".into(),
        tier: Tier::Basic,
        domain: Domain::named(domain),
        quota: Some(10_000),
        usage: 5_000,
    }
}

fn target(domain: &str, workgroup: bool) -> Target {
    Target {
        context: if workgroup {
            Context::Workgroup(WorkgroupId::from_bits(4))
        } else {
            THERE
        },
        name: "TechSupport".into(),
        domain: Domain::named(domain),
        collaborative: false,
        quota: None,
        usage: 0,
        accepter_belongs: true,
        requester_belongs: false,
    }
}

#[test]
fn a_context_admits_by_membership_walls_and_quota() {
    let check = |source: &Source, target: &Target, then: &str| {
        let offered = &pending().items;
        let findings = admits(source, target, offered).sorted();
        let codes: Vec<_> = findings.blocks.iter().map(|r| r.code.as_str()).collect();
        assert_eq!(codes.join(" "), then, "{source:?} → {target:?}");
    };
    let (public, uni) = (source("public"), source("uni"));
    check(&public, &target("public", false), "");
    check(&public, &target("public", true), "");
    let stranger = Target {
        accepter_belongs: false,
        ..target("public", true)
    };
    check(&public, &stranger, "recipient.not_a_member");
    // into a private domain only through a collaborative workgroup of both
    check(&public, &target("uni", false), "domain.not_collaborative");
    check(&public, &target("uni", true), "domain.not_collaborative");
    let open = Target {
        collaborative: true,
        ..target("uni", true)
    };
    check(&public, &open, "domain.not_collaborative");
    let both = Target {
        requester_belongs: true,
        ..open.clone()
    };
    check(&public, &both, "");
    let closed = Target {
        collaborative: false,
        ..both.clone()
    };
    check(&public, &closed, "domain.not_collaborative");
    // out of a private domain only to its own workgroups
    check(&uni, &target("uni", true), "");
    check(&uni, &target("uni", false), "domain.no_way_out");
    check(&uni, &target("public", true), "domain.no_way_out");
    check(&uni, &target("other", true), "domain.no_way_out");
    // quota
    let full = Target {
        quota: Some(1_500),
        usage: 501,
        ..target("public", true)
    };
    check(&public, &full, "target.over_quota");
    let exact = Target {
        quota: Some(1_501),
        ..full.clone()
    };
    check(&public, &exact, "");
    let both = Target {
        domain: Domain::named("uni"),
        ..full.clone()
    };
    check(&public, &both, "target.over_quota domain.not_collaborative");
    // how full it is and where it lies is told to nobody outside
    let outside = Target {
        accepter_belongs: false,
        ..both
    };
    check(&public, &outside, "recipient.not_a_member");
    // where the items are already
    let same = Target {
        context: HERE,
        ..target("public", false)
    };
    check(&public, &same, "request.invalid");
}

#[test]
fn a_basic_sender_over_its_cap_may_only_send_what_brings_it_under() {
    let check = |tier: Tier, usage: u64, bytes: u64, blocked: bool| {
        let source = Source {
            tier,
            usage,
            ..source("public")
        };
        assert_eq!(
            !sends(&source, bytes).blocks.is_empty(),
            blocked,
            "{tier:?} {usage} {bytes}"
        );
    };
    check(Tier::Basic, 10_000, 1, false);
    check(Tier::Basic, 10_001, 0, true);
    check(Tier::Basic, 10_500, 499, true);
    check(Tier::Basic, 10_500, 500, false);
    check(Tier::Professional, 99_999, 1, false);
}

#[test]
fn a_request_tells_all_its_problems_at_once() {
    let twice = project(1).id;
    let ask = Request {
        items: vec![twice, twice],
        message: Some("x".repeat(501)),
        terms: Terms::ownership(KeepAccess::Read { until: Some(NOW) }),
        lifetime_ms: Some(91 * DAY_MS),
        terms_accepted: false,
    };
    let about: Vec<_> = ask
        .problems(&Policy::default(), NOW, false)
        .into_iter()
        .filter_map(|r| r.about)
        .collect();
    assert_eq!(
        about,
        [
            "items",
            "message",
            "expires_in_days",
            "keep_access.until",
            "accept_terms"
        ]
    );
    let ask = Request {
        items: vec![],
        message: Some("a\u{7}b".into()),
        ..ask
    };
    assert_eq!(ask.problems(&Policy::default(), NOW, true).len(), 4);
}

fn acts() -> impl Strategy<Value = (u8, u8, i64)> {
    (0..4_u8, 0..7_u8, 0..20_i64)
}

proptest! {
    /// Any sequence of acts: a final state never changes, an owner's change names who, where and how, and each act twice equals once.
    #[test]
    fn any_sequence_of_acts_keeps_the_invariants(script in prop::collection::vec(acts(), 1..40)) {
        let mut transfer = pending();
        let mut day = 0;
        for (who, act, days) in script {
            day += days;
            let who = [S, R, X, T][usize::from(who)];
            let act = match act {
                0 => accept(),
                1 => decline(),
                2 => CANCEL,
                3 => Act::Resend,
                4 => EXTEND,
                _ => WAKE,
            };
            let was_open = transfer.state.is_open();
            let Verdict::Changes(step) = decide(&transfer, who, act.clone(), day) else {
                continue;
            };
            prop_assert!(was_open, "{} changed by {act:?}", transfer.state.word());
            prop_assert!(!step.letters.is_empty(), "{act:?} without a letter");
            let again = decide(&step.transfer, who, act.clone(), day);
            let repeated = matches!(again, Verdict::AlreadyDone | Verdict::Refused(_));
            prop_assert!(repeated, "{act:?} twice: {again:?}");
            if let State::Accepted { by, at, .. } = &step.transfer.state {
                prop_assert_eq!(*by, RECIPIENT);
                prop_assert!(*at < transfer.expires_at);
            }
            prop_assert_eq!(&step.transfer.items, &transfer.items);
            prop_assert_eq!(step.transfer.next_due().is_some(), step.transfer.state.is_open());
            transfer = step.transfer;
        }
    }
}
