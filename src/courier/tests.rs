mod office;

use std::collections::BTreeMap;

use office::{Does, Office, START, about_transfer, offer, revoked, transfer};

use super::*;
use crate::domain::account::SignIn;
use crate::domain::event::Channel;
use crate::domain::id::{AccountId, Context, LetterId, SignInId};
use crate::domain::invitation::State as Standing;
use crate::domain::key::Key;
use crate::domain::letter::{Kind, Side, State, Subject};
use crate::domain::time::{DAY_MS, HOUR_MS};
use crate::mail::{Blame, Failure};
use crate::store::{Clash, Outcome};

#[tokio::test(start_paused = true)]
async fn letters_leave_and_their_rows_go() {
    let office = Office::new();
    let ids = office.offers(5).await;
    assert_eq!(office.courier().step(Queue::Outbox, 100).await.unwrap(), 5);
    assert_eq!(office.taken(), ids);
    assert_eq!(office.waiting(Queue::Outbox), 0);
    for id in ids {
        let letter = office.letter(id);
        assert_eq!(letter.delivery, State::Sent { at: START });
        assert_eq!((letter.attempts, letter.last_error), (1, None));
    }
    assert_eq!(office.courier().step(Queue::Outbox, 100).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_longer_true_is_not_sent() {
    let extended = START.plus_ms(20 * DAY_MS);
    let accepted = Standing::Accepted {
        at: START,
        by: AccountId::from_bits(2),
        channel: Channel::Web,
        into: Context::Personal(AccountId::from_bits(2)),
        into_name: "Carl".into(),
        renamed: BTreeMap::new(),
    };
    let expires_at = transfer().expires_at;
    let again = Kind::Offer {
        expires_at: extended,
        again: true,
    };
    for (name, says, state, until, sent) in [
        (
            "accepted meanwhile",
            offer(1).says,
            Some(accepted.clone()),
            expires_at,
            false,
        ),
        (
            "reminded too late",
            Kind::Reminder { expires_at },
            Some(accepted.clone()),
            expires_at,
            false,
        ),
        ("extended meanwhile", offer(1).says, None, extended, false),
        ("the extension itself", again, None, extended, true),
        (
            "over, though nobody woke it",
            Kind::Offer {
                expires_at: START,
                again: false,
            },
            None,
            START,
            false,
        ),
        (
            "the receipt",
            Kind::Accepted {
                side: Side::Recipient,
            },
            Some(accepted),
            expires_at,
            true,
        ),
        ("still open", offer(1).says, None, expires_at, true),
    ] {
        let office = Office::new();
        let letter = about_transfer(1, says);
        office.create(&letter).await;
        let mut transfer = transfer();
        transfer.expires_at = until;
        transfer.state = state.unwrap_or(transfer.state);
        office.create(&transfer).await;
        office.courier().step(Queue::Outbox, 1).await.unwrap();
        let then = if sent {
            State::Sent { at: START }
        } else {
            State::Withdrawn {
                at: START,
                reason: None,
            }
        };
        assert_eq!(office.letter(letter.id).delivery, then, "{name}");
        assert_eq!(office.taken().len(), usize::from(sent), "{name}");
        assert_eq!(office.waiting(Queue::Outbox), 0, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_is_sent_while_it_is_good_and_waits_no_longer() {
    for (used, expires_at, stored, sent) in [
        (false, START.plus_ms(1), true, true),
        (false, START, true, false),
        (true, START.plus_ms(1), true, false),
        (false, START.plus_ms(1), false, false),
    ] {
        let office = Office::new();
        let sign_in = SignIn {
            id: SignInId::from_bits(3),
            address: "carl@lab.example".parse().unwrap(),
            expires_at,
            tries_left: 5,
            used,
            adds_to: None,
            language: None,
        };
        let mut letter = about_transfer(1, Kind::SignInCode { expires_at });
        letter.subject = Subject::SignIn(sign_in.id);
        office.create(&letter).await;
        if stored {
            office.create(&sign_in).await;
        }
        office.courier().step(Queue::Outbox, 1).await.unwrap();
        assert_eq!(office.taken().len(), usize::from(sent));
        assert_eq!(office.waiting(Queue::Outbox), 0);
    }
}

const fn retry(seed: u64) -> delivery::Retry {
    delivery::Retry {
        for_ms: 48 * HOUR_MS,
        seed,
    }
}

#[test]
fn retries_come_later_and_later_and_end_after_two_days() {
    let failure = Failure {
        kind: Blame::Later,
        text: "RCPT: 450 <carl@lab.example> later".into(),
    };
    for seed in 0..20 {
        let (mut letter, mut now, mut waits) = (offer(1), START, Vec::new());
        while let State::Queued { .. } = letter.delivery {
            letter = delivery::after(&letter, Err(&failure), now, retry(seed));
            if let State::Queued { not_before } = letter.delivery {
                waits.push(not_before.since_ms(now));
                now = not_before;
            }
        }
        for (i, base) in [
            MINUTE_MS / 2,
            2 * MINUTE_MS,
            10 * MINUTE_MS,
            HOUR_MS,
            6 * HOUR_MS,
            6 * HOUR_MS,
        ]
        .into_iter()
        .enumerate()
        {
            assert!(
                (base * 4 / 5..=base * 6 / 5).contains(&waits[i]),
                "{waits:?}"
            );
        }
        assert!((48 * HOUR_MS..=56 * HOUR_MS).contains(&now.since_ms(START)));
        let reason = "RCPT: 450 ••• later".to_owned();
        assert_eq!(letter.delivery, State::Dead { at: now, reason });
    }
}

#[test]
fn who_is_to_blame_decides_what_becomes_of_a_letter() {
    let late = START.plus_ms(5 * DAY_MS);
    for (kind, now, attempts, then) in [
        (Blame::Undeliverable, START, 0, "undeliverable"),
        (Blame::Ours, START, 0, "queued"),
        (Blame::Later, START, 0, "queued"),
        // The daemon was down for days: it is tried some times all the same.
        (Blame::Later, late, 0, "queued"),
        (Blame::Ours, late, 3, "queued"),
        (Blame::Ours, late, 4, "dead"),
    ] {
        let mut letter = offer(1);
        letter.attempts = attempts;
        let failure = Failure {
            kind,
            text: "no".into(),
        };
        let next = delivery::after(&letter, Err(&failure), now, retry(1));
        let state = serde_json::to_value(&next.delivery).unwrap();
        assert_eq!(state["state"], then, "{kind:?} {attempts}");
        assert_eq!(next.attempts, attempts + 1);
        assert_eq!(next.last_error.as_deref(), Some("no"));
    }
    // What an operator had begin anew is tried as long as a new letter.
    let mut anew = offer(1);
    (anew.attempts, anew.begun_anew_at) = (4, Some(late));
    let failure = Failure {
        kind: Blame::Later,
        text: "no".into(),
    };
    for (now, then) in [(late, "queued"), (late.plus_ms(5 * DAY_MS), "dead")] {
        let next = delivery::after(&anew, Err(&failure), now, retry(1));
        assert_eq!(next.delivery.word(), then);
    }
    // A clock that was set back must not give the letter the very row that its commit takes away.
    let failure = Failure {
        kind: Blame::Later,
        text: "no".into(),
    };
    let long_ago = START.plus_ms(-DAY_MS);
    let next = delivery::after(&offer(1), Err(&failure), long_ago, retry(1));
    assert!(matches!(next.delivery, State::Queued { not_before } if not_before > START));
}

#[tokio::test(start_paused = true)]
async fn one_failing_letter_never_stops_another() {
    let office = Office::new();
    let ids = office.offers(8).await;
    office.script(ids[0], &[Does::Hangs]);
    office.script(ids[1], &[Does::Panics]);
    office.script(ids[2], &[Does::Fails(Blame::Later)]);
    office.script(ids[3], &[Does::Fails(Blame::Undeliverable)]);
    // Nothing more is sent to an address that was refused, so this one is its own.
    let mut alone = office.letter(ids[3]);
    alone.to = "dora@lab.example".parse().unwrap();
    office.replace(&alone).await;
    office.run_for(10 * MINUTE_MS).await;
    let mut taken = office.taken();
    taken.retain(|id| ids.contains(id));
    assert_eq!(taken, ids[4..]);
    for (id, state) in ids
        .iter()
        .zip(["queued", "queued", "queued", "undeliverable", "sent"])
    {
        let letter = serde_json::to_value(office.letter(*id).delivery).unwrap();
        assert_eq!(letter["state"], state, "{id}");
    }
    let tried = office.server.tried.lock().unwrap();
    let times = |id| tried.iter().filter(|tried| **tried == id).count();
    assert!(
        times(ids[0]) >= 3 && times(ids[1]) >= 3,
        "they come back after their lease"
    );
    assert_eq!(times(ids[3]), 1);
}

#[tokio::test(start_paused = true)]
async fn a_letter_is_retried_until_the_mail_server_takes_it() {
    let office = Office::new();
    let ids = office.offers(1).await;
    let (later, ours) = (Does::Fails(Blame::Later), Does::Fails(Blame::Ours));
    office.script(ids[0], &[later, ours, later, Does::Takes]);
    office.run_for(HOUR_MS).await;
    let letter = office.letter(ids[0]);
    assert!(matches!(letter.delivery, State::Sent { .. }), "{letter:?}");
    assert_eq!(letter.attempts, 4);
    assert_eq!(office.taken().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn letters_are_late_while_the_mail_server_is_down_though_none_is_due() {
    let office = Office::new();
    let ids = office.offers(2).await;
    for id in &ids {
        office.script(*id, &[Does::Fails(Blame::Later)]);
    }
    let waits = || waits(&*office.store, Queue::Outbox, office.now());
    office.run_for(LATE_MS - MINUTE_MS).await;
    let oldest = waits().await.unwrap().unwrap();
    assert!(!oldest.is_late(), "{oldest:?}");
    office.run_for(2 * MINUTE_MS).await;
    let next = office.store.next_due(Queue::Outbox).await.unwrap();
    assert!(next > Some(office.now()), "none is due");
    let oldest = waits().await.unwrap().unwrap();
    assert!(oldest.is_late(), "{oldest:?}");
    assert_eq!((oldest.at, oldest.rows), (START, 2));
    let courier = office.courier();
    courier.measure(Queue::Outbox).await.unwrap();
    assert!(courier.inner.late.load(Ordering::Relaxed), "it is told");
    for id in &ids {
        office.script(*id, &[Does::Takes]);
    }
    office.run_for(8 * HOUR_MS).await;
    assert_eq!(waits().await.unwrap(), None);
    courier.measure(Queue::Outbox).await.unwrap();
    assert!(!courier.inner.late.load(Ordering::Relaxed));
}

#[tokio::test(start_paused = true)]
async fn a_letter_that_was_taken_when_the_daemon_died_leaves_again_as_the_same_bytes() {
    let office = Office::new();
    let ids = office.offers(1).await;
    office.script(ids[0], &[Does::TakesAndHangs, Does::Takes]);
    let courier = office.courier();
    // Dropped in the middle: killed between the mail server's word and the commit.
    let half = tokio::time::timeout(Duration::from_secs(1), courier.step(Queue::Outbox, 1)).await;
    assert!(half.is_err());
    assert!(matches!(
        office.letter(ids[0]).delivery,
        State::Queued { .. }
    ));
    office.run_for(5 * MINUTE_MS).await;
    assert!(matches!(office.letter(ids[0]).delivery, State::Sent { .. }));
    let copies = office.server.mailbox.list();
    assert_eq!(copies.len(), 2);
    assert_eq!(copies[0].raw, copies[1].raw);
    assert_eq!(office.waiting(Queue::Outbox), 0);
}

#[tokio::test(start_paused = true)]
async fn a_letter_leaves_once_whatever_the_commit_that_says_so_meets() {
    for outcomes in [
        vec![Outcome::Unknown],
        vec![Outcome::Unavailable, Outcome::Unavailable],
        vec![Outcome::Unknown, Outcome::Unavailable],
        vec![Outcome::Conflict(vec![Clash::Version(Key::Letter(
            LetterId::from_bits(1),
        ))])],
    ] {
        let office = Office::new();
        let ids = office.offers(1).await;
        *office.store.commits.lock().unwrap() = outcomes.clone();
        office.run_for(10 * MINUTE_MS).await;
        let letter = office.letter(ids[0]);
        assert!(
            matches!(letter.delivery, State::Sent { .. }),
            "{outcomes:?} {letter:?}"
        );
        assert_eq!(letter.attempts, 1);
        assert_eq!(office.taken().len(), 1, "{outcomes:?}");
        assert_eq!(office.waiting(Queue::Outbox), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_letter_of_a_day_says_no_more_once_somebody_began_to_send_it() {
    // The mail server takes it and never says so, or asks to come back.
    for does in [Does::TakesAndHangs, Does::Fails(Blame::Later)] {
        let office = Office::new();
        let letter = revoked("Project 1");
        office.create(&letter).await;
        assert!(office.grow(letter.id, "Project 2").await);
        office.script(letter.id, &[does, Does::Takes]);
        let courier = office.courier();
        let sending = courier.step(Queue::Outbox, 1);
        let killed = tokio::time::timeout(Duration::from_secs(1), sending);
        let meanwhile = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert!(!office.grow(letter.id, "Project 3").await, "{does:?}");
        };
        let _ = tokio::join!(killed, meanwhile);
        assert!(!office.grow(letter.id, "Project 3").await, "{does:?}");
        office.run_for(10 * MINUTE_MS).await;
        let delivery = office.letter(letter.id).delivery;
        assert!(matches!(delivery, State::Sent { .. }), "{delivery:?}");
        let copies = office.server.mailbox.list();
        assert!(copies.iter().all(|copy| copy.raw == copies[0].raw));
        assert!(copies[0].text.contains("Project 2"), "{}", copies[0].text);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_added_to_a_letter_before_it_is_sent_is_in_it() {
    let office = Office::new();
    let letter = revoked("Project 1");
    office.create(&letter).await;
    // Between reading the letter and saying that it is on its way, something is added.
    let clash = Clash::Version(Key::Letter(letter.id));
    *office.store.commits.lock().unwrap() = vec![Outcome::Conflict(vec![clash])];
    assert!(office.grow(letter.id, "Project 2").await);
    office.run_for(10 * MINUTE_MS).await;
    let copies = office.server.mailbox.list();
    assert_eq!(copies.len(), 1);
    assert!(copies[0].text.contains("Project 2"), "{}", copies[0].text);
}

#[tokio::test(start_paused = true)]
async fn a_letter_that_was_dropped_meanwhile_stays_dropped() {
    let office = Office::new();
    let ids = office.offers(2).await;
    let claimed = office
        .store
        .claim(Queue::Outbox, START, 2, MINUTE_MS)
        .await
        .unwrap();
    let dropped = delivery::withdrawn(&office.letter(ids[0]), START);
    office.replace(&dropped).await;
    for row in claimed {
        office.courier().post(row).await.unwrap();
    }
    assert_eq!(office.letter(ids[0]), dropped);
    assert_eq!(office.taken(), ids[1..]);
    assert_eq!(office.waiting(Queue::Outbox), 0);
}

#[tokio::test(start_paused = true)]
async fn a_letter_that_cannot_be_written_is_given_up_and_kept() {
    let office = Office::new();
    office.create(&transfer()).await;
    let letter = about_transfer(1, Kind::Cancelled);
    office.create(&letter).await;
    office.courier().step(Queue::Outbox, 1).await.unwrap();
    let State::Dead { reason, .. } = office.letter(letter.id).delivery else {
        panic!("{:?}", office.letter(letter.id));
    };
    assert!(reason.contains("did not happen"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_new_letter_leaves_as_soon_as_the_bell_rings() {
    let office = Office::new();
    office.create(&transfer()).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(office.courier().run(stop.clone()));
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut letter = offer(1);
    letter.delivery = State::Queued {
        not_before: office.now(),
    };
    office.create(&letter).await;
    office.letters.notify_one();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(office.taken(), [letter.id]);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_a_bell_letters_leave_when_they_are_due_or_soon_after_another_node_wrote_them() {
    let office = Office::new();
    office.create(&transfer()).await;
    let mut letter = offer(1);
    letter.delivery = State::Queued {
        not_before: START.plus_ms(MINUTE_MS),
    };
    office.create(&letter).await;
    office.run_for(MINUTE_MS + 50).await;
    assert_eq!(
        office.letter(letter.id).delivery,
        State::Sent {
            at: START.plus_ms(MINUTE_MS)
        }
    );
}

#[tokio::test(start_paused = true)]
async fn the_courier_goes_on_when_the_store_does() {
    let office = Office::new();
    let ids = office.offers(3).await;
    office.store.claims.store(8, Ordering::SeqCst);
    office.run_for(2 * MINUTE_MS).await;
    assert_eq!(office.taken(), ids);
}

#[tokio::test(start_paused = true)]
async fn timers_fire_when_they_are_due_and_again_after_a_fault() {
    for (faults, idle) in [(1, 0), (0, 1)] {
        let office = Office::new();
        office.create(&transfer()).await;
        let due = START.plus_ms(7 * DAY_MS);
        office.wakes.faults.store(faults, Ordering::SeqCst);
        office.wakes.idle.store(idle, Ordering::SeqCst);
        office.run_for(7 * DAY_MS - 1_000).await;
        assert_eq!(office.wakes.fired.lock().unwrap().len(), 0);
        office.run_for(MINUTE_MS).await;
        let fired = office.wakes.fired.lock().unwrap().clone();
        assert_eq!(fired.len(), 2);
        assert!(
            fired
                .iter()
                .all(|(id, at)| *id == transfer().id && *at >= due)
        );
        assert!((30_000..31_000).contains(&fired[1].1.since_ms(fired[0].1)));
        let next = START.plus_ms(12 * DAY_MS);
        let rows = office.store.model.view();
        let rows: Vec<Time> = rows
            .queue(Queue::Timers)
            .map(|(row, _)| row.due.at)
            .collect();
        assert_eq!(rows, [next], "the row of the next reminder, and no other");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_brings_no_timer_before_its_time() {
    let office = Office::new();
    office.create(&transfer()).await;
    let due = START.plus_ms(7 * DAY_MS);
    office.wakes.faults.store(1, Ordering::SeqCst);
    office.wakes.back_ms.store(5 * MINUTE_MS, Ordering::SeqCst);
    office.run_for(7 * DAY_MS + 10_000).await;
    assert_eq!(office.wakes.fired.lock().unwrap().len(), 1);
    let rows = office.store.model.view();
    let rows: Vec<Time> = rows
        .queue(Queue::Timers)
        .map(|(row, _)| row.due.at)
        .collect();
    assert!(
        matches!(rows.as_slice(), [at] if *at >= due),
        "a node whose clock is behind would take it away: {rows:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_soft_stop_lets_letters_in_flight_end_but_not_for_ever() {
    let office = Office::new();
    let ids = office.offers(4).await;
    office.script(ids[0], &[Does::Hangs]);
    office.script(ids[1], &[Does::Hangs]);
    let stop = CancellationToken::new();
    let running = tokio::spawn(office.courier().run(stop.clone()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = tokio::time::Instant::now();
    stop.cancel();
    running.await.unwrap();
    let took = before.elapsed();
    assert!(
        (Duration::from_secs(20)..Duration::from_secs(21)).contains(&took),
        "{took:?}"
    );
    assert_eq!(
        office.taken(),
        [],
        "both connections were busy, and nothing was begun after the stop"
    );
    assert_eq!(office.waiting(Queue::Outbox), 4);
}

#[tokio::test(start_paused = true)]
async fn whatever_fails_every_letter_comes_to_an_end_and_what_is_sent_was_taken() {
    for seed in 0..10_u128 {
        let office = Office::new();
        let ids = office.offers(12).await;
        for id in &ids {
            let mut drawn = (seed + 1) * 0x9e37_79b9 + id.bits() * 0x85eb_ca6b;
            let mut script = Vec::new();
            for _ in 0..drawn % 5 {
                drawn = drawn * 6_364_136_223_846_793_005 % (1 << 61) + 1;
                script.push(match drawn >> 20 & 7 {
                    0 => Does::Hangs,
                    1 => Does::Panics,
                    2 => Does::TakesAndHangs,
                    3 => Does::Fails(Blame::Ours),
                    _ => Does::Fails(Blame::Later),
                });
            }
            script.push(if drawn % 3 == 0 {
                Does::Fails(Blame::Undeliverable)
            } else {
                Does::Takes
            });
            office.script(*id, &script);
        }
        // Killed now and then, two couriers at once.
        for _ in 0..5 {
            let stop = CancellationToken::new();
            let killed = tokio::spawn(office.courier().run(stop.clone()));
            office.run_for(7 * MINUTE_MS).await;
            killed.abort();
        }
        office.run_for(4 * DAY_MS).await;
        for id in ids {
            let letter = office.letter(id);
            let taken = office.server.mailbox.get(id).is_some();
            match letter.delivery {
                State::Sent { .. } => assert!(taken, "{seed} {letter:?}"),
                State::Undeliverable { .. } => {}
                _ => panic!("{seed} {letter:?}"),
            }
        }
        assert_eq!(office.waiting(Queue::Outbox), 0, "{seed}");
    }
}
