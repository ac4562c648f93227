//! The two transactions of the hand-over, written as for production: prepared statements, rows locked in one order,
//! statements that do not depend on each other's answers sent together (pipelined).

use axum::http::StatusCode;
use deadpool_postgres::{Client, Transaction};
use futures_util::future::{try_join, try_join3, try_join4, try_join5};
use tokio_postgres::Statement;
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

/// Prepares what the connection does not know yet, so that the statements then go out in the order they are written.
async fn statements<const N: usize>(
    tx: &Transaction<'_>,
    sql: [&str; N],
) -> Result<[Statement; N], Problem> {
    let mut prepared = Vec::with_capacity(N);
    for one in sql {
        prepared.push(tx.prepare_cached(one).await?);
    }
    prepared
        .try_into()
        .map_err(|_| refused("not every statement was prepared"))
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
             WHERE i.id = $1 FOR UPDATE OF i",
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
    let [insert, mark, letter, timer] = statements(
        &tx,
        [
            "INSERT INTO transfers (id, item, source, sender, recipient, state, expires_at)
         VALUES ($1, $2, $3, $4, $5, 'pending', now() + interval '14 days')",
            "UPDATE items SET offered_in = $2 WHERE id = $1",
            "INSERT INTO outbox (kind, transfer, account) VALUES ('offer', $1, $2)",
            "INSERT INTO timers (transfer, due) VALUES ($1, now() + interval '14 days')",
        ],
    )
    .await?;
    try_join4(
        tx.execute(&insert, &[&transfer, &item, &source, &from, &to]),
        tx.execute(&mark, &[&item, &transfer]),
        tx.execute(&letter, &[&transfer, &to]),
        tx.execute(&timer, &[&transfer]),
    )
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
             FROM transfers t JOIN items i ON i.id = t.item WHERE t.id = $1 FOR UPDATE OF t, i",
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

    let [decide, own, audit, letters, disarm, lock, receive, release] = statements(&tx, [
        "UPDATE transfers SET state = 'accepted', target = $2, decided_at = now() WHERE id = $1",
        "UPDATE items SET context = $2, offered_in = NULL WHERE id = $1",
        "INSERT INTO events (item, transfer, kind, actor, source, target) VALUES ($1, $2, 'accepted', $3, $4, $5)",
        "INSERT INTO outbox (kind, transfer, account) VALUES ('accepted', $1, $2), ('received', $1, $3)",
        "DELETE FROM timers WHERE transfer = $1",
        "SELECT 1 FROM contexts WHERE id IN ($1, $2) ORDER BY id FOR UPDATE",
        "UPDATE contexts SET usage = usage + $2 WHERE id = $1 AND usage + $2 <= quota",
        "UPDATE contexts SET usage = usage - $2 WHERE id = $1",
    ]).await?;
    // The counters come last, since many transfers share them: their rows stay locked for the shortest time. Both are
    // locked in the order of their ids, so that two transfers in opposite directions cannot block each other.
    let (_, (_, received, _)) = try_join(
        try_join5(
            tx.execute(&decide, &[&transfer, &target]),
            tx.execute(&own, &[&item, &target]),
            tx.execute(&audit, &[&item, &transfer, &account, &source, &target]),
            tx.execute(&letters, &[&transfer, &sender, &account]),
            tx.execute(&disarm, &[&transfer]),
        ),
        try_join3(
            tx.execute(&lock, &[&source, &target]),
            tx.execute(&receive, &[&target, &size]),
            tx.execute(&release, &[&source, &size]),
        ),
    )
    .await?;
    if received != 1 {
        return Err(refused("the receiving context would exceed its quota"));
    }
    tx.commit().await?;
    Ok(())
}
