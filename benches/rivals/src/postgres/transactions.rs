//! The two transactions of the hand-over, written as for production: prepared statements, rows locked in one order,
//! statements that do not depend on each other's answers sent together (pipelined).

use axum::http::StatusCode;
use deadpool_postgres::Client;
use futures_util::future::try_join;
use uuid::Uuid;

/// A refusal or a fault with the status it is answered with.
#[derive(Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub sentence: String,
}

fn refused(sentence: impl Into<String>) -> Problem {
    Problem {
        status: StatusCode::CONFLICT,
        sentence: sentence.into(),
    }
}

impl<E: std::error::Error> From<E> for Problem {
    fn from(error: E) -> Self {
        let mut sentence = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            sentence = format!("{sentence}: {cause}");
            source = cause.source();
        }
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            sentence,
        }
    }
}

pub async fn introduce(
    client: &mut Client,
    email: &str,
    usage: i64,
    quota: i64,
) -> Result<(), Problem> {
    let statement = client
        .prepare_cached(
            "WITH account AS (INSERT INTO accounts (email) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id)
             INSERT INTO contexts (account, kind, usage, quota) SELECT id, 'personal', $2, $3 FROM account",
        )
        .await?;
    client
        .execute(&statement, &[&email, &usage, &quota])
        .await?;
    Ok(())
}

pub async fn register(
    client: &mut Client,
    owner: &str,
    name: &str,
    size: i64,
) -> Result<Uuid, Problem> {
    let statement = client
        .prepare_cached(
            "INSERT INTO items (id, context, name, size)
             SELECT $1, c.id, $3, $4 FROM contexts c JOIN accounts a ON a.id = c.account
             WHERE a.email = $2 AND c.kind = 'personal'",
        )
        .await?;
    let id = Uuid::now_v7();
    match client
        .execute(&statement, &[&id, &owner, &name, &size])
        .await?
    {
        1 => Ok(id),
        _ => Err(refused(format!("there is no account {owner}"))),
    }
}

pub async fn owner(client: &mut Client, item: Uuid) -> Result<String, Problem> {
    let statement = client
        .prepare_cached(
            "SELECT a.email FROM items i JOIN contexts c ON c.id = i.context JOIN accounts a ON a.id = c.account
             WHERE i.id = $1",
        )
        .await?;
    Ok(client.query_one(&statement, &[&item]).await?.try_get(0)?)
}

/// Offers the item: the offer, the mark on the item, the letter and the timer, or nothing of it.
pub async fn offer(
    client: &mut Client,
    item: Uuid,
    sender: &str,
    recipient: &str,
) -> Result<Uuid, Problem> {
    let tx = client.transaction().await?;
    let (find_item, find_recipient) = try_join(
        tx.prepare_cached(
            "SELECT i.context, i.offered_in, c.account, a.email FROM items i
             JOIN contexts c ON c.id = i.context JOIN accounts a ON a.id = c.account
             WHERE i.id = $1 FOR NO KEY UPDATE OF i",
        ),
        tx.prepare_cached("SELECT id FROM accounts WHERE email = $1"),
    )
    .await?;
    let (found, to) = try_join(
        tx.query_opt(&find_item, &[&item]),
        tx.query_opt(&find_recipient, &[&recipient]),
    )
    .await?;
    let found = found.ok_or_else(|| refused(format!("there is no item {item}")))?;
    let to: i64 = to
        .ok_or_else(|| refused(format!("there is no account {recipient}")))?
        .try_get(0)?;
    let (source, offered_in, from): (i64, Option<Uuid>, i64) =
        (found.try_get(0)?, found.try_get(1)?, found.try_get(2)?);
    if found.try_get::<_, &str>(3)? != sender {
        return Err(refused("the item is not yours"));
    }
    if let Some(transfer) = offered_in {
        return Err(refused(format!(
            "the item is already offered in {transfer}"
        )));
    }
    let transfer = Uuid::now_v7();
    // Writes that need nothing from each other go as one statement: one message instead of four.
    let record = tx
        .prepare_cached(
            "WITH offered AS (
                 INSERT INTO transfers (id, item, source, sender, recipient, state, expires_at)
                 VALUES ($1, $2, $3, $4, $5, 'pending', now() + interval '14 days')
             ), marked AS (
                 UPDATE items SET offered_in = $1 WHERE id = $2
             ), letter AS (
                 INSERT INTO outbox (kind, transfer, account) VALUES ('offer', $1, $5)
             )
             INSERT INTO timers (transfer, due) VALUES ($1, now() + interval '14 days')",
        )
        .await?;
    tx.execute(&record, &[&transfer, &item, &source, &from, &to])
        .await?;
    tx.commit().await?;
    Ok(transfer)
}

/// Accepts the transfer into the recipient's personal context: everything that follows from it, or nothing.
pub async fn accept(client: &mut Client, transfer: Uuid, recipient: &str) -> Result<(), Problem> {
    let tx = client.transaction().await?;
    let (find_transfer, find_target) = try_join(
        tx.prepare_cached(
            "SELECT t.state, t.expires_at > now(), t.source, t.sender, t.recipient, i.id, i.size
             FROM transfers t JOIN items i ON i.id = t.item WHERE t.id = $1 FOR NO KEY UPDATE OF t, i",
        ),
        tx.prepare_cached(
            "SELECT a.id, c.id FROM accounts a JOIN contexts c ON c.account = a.id
             WHERE a.email = $1 AND c.kind = 'personal'",
        ),
    )
    .await?;
    let (found, target) = try_join(
        tx.query_opt(&find_transfer, &[&transfer]),
        tx.query_opt(&find_target, &[&recipient]),
    )
    .await?;
    let found = found.ok_or_else(|| refused(format!("there is no transfer {transfer}")))?;
    let target = target.ok_or_else(|| refused(format!("there is no account {recipient}")))?;
    let state: &str = found.try_get(0)?;
    if state != "pending" {
        return Err(refused(format!("the transfer is already {state}")));
    }
    if !found.try_get::<_, bool>(1)? {
        return Err(refused("the offer has expired"));
    }
    let (source, sender, to): (i64, i64, i64) =
        (found.try_get(2)?, found.try_get(3)?, found.try_get(4)?);
    let (item, size): (Uuid, i64) = (found.try_get(5)?, found.try_get(6)?);
    let (account, target): (i64, i64) = (target.try_get(0)?, target.try_get(1)?);
    if account != to {
        return Err(refused("the offer is not addressed to you"));
    }
    if source == target {
        return Err(refused("the item is in this context already"));
    }

    // The counters are locked last, since many transfers share them, and in the order of their ids, so that two
    // transfers in opposite directions cannot block each other.
    let lock = tx
        .prepare_cached("SELECT 1 FROM contexts WHERE id IN ($1, $2) ORDER BY id FOR NO KEY UPDATE")
        .await?;
    let carry_out = tx
        .prepare_cached(
            "WITH decided AS (
                 UPDATE transfers SET state = 'accepted', target = $3, decided_at = now() WHERE id = $1
             ), owned AS (
                 UPDATE items SET context = $3, offered_in = NULL WHERE id = $2
             ), audited AS (
                 INSERT INTO events (item, transfer, kind, actor, source, target)
                 VALUES ($2, $1, 'accepted', $6, $4, $3)
             ), letters AS (
                 INSERT INTO outbox (kind, transfer, account) VALUES ('accepted', $1, $5), ('received', $1, $6)
             ), disarmed AS (
                 DELETE FROM timers WHERE transfer = $1
             ), released AS (
                 UPDATE contexts SET usage = usage - $7 WHERE id = $4
             )
             UPDATE contexts SET usage = usage + $7 WHERE id = $3 AND usage + $7 <= quota",
        )
        .await?;
    let (_, received) = try_join(
        tx.execute(&lock, &[&source, &target]),
        tx.execute(
            &carry_out,
            &[&transfer, &item, &target, &source, &sender, &account, &size],
        ),
    )
    .await?;
    if received != 1 {
        return Err(refused("the receiving context would exceed its quota"));
    }
    tx.commit().await?;
    Ok(())
}
