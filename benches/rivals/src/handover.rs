//! Handover over its own HTTP API, as any client would use it.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::http::{Connection, Failure, bearer};
use crate::rival::{ITEM_BYTES, Pair, Rival};

/// What becomes of its letters while it is measured.
#[derive(Clone, Copy)]
pub enum Letters {
    /// They stay in the outbox, as they do at the others.
    Waiting,
    /// The courier takes them to the built-in mailbox, as many as it can beside the load.
    Carried,
}

pub struct Handover {
    /// Such as `http://127.0.0.1:8080`, without a slash at the end.
    pub base: String,
    pub letters: Letters,
}

/// What is read of a created document; the rest is ignored.
#[derive(Deserialize)]
struct Created {
    id: String,
}

/// What is read of the answer to a request for a transfer.
#[derive(Deserialize)]
struct Requested {
    transfer: Created,
}

/// What is read of an item's page.
#[derive(Deserialize)]
struct Page {
    item: Created,
    level: String,
}

impl Rival for Handover {
    fn label(&self) -> &'static str {
        match self.letters {
            Letters::Waiting => "Handover",
            Letters::Carried => "Handover, courier running",
        }
    }

    fn key(&self) -> &'static str {
        match self.letters {
            Letters::Waiting => "handover",
            Letters::Carried => "handover-courier",
        }
    }

    /// The people and their tokens are made beforehand and come in with `--handover-people`.
    async fn introduce(&self, _http: &Connection, _pair: &Pair) -> Result<(), Failure> {
        Ok(())
    }

    async fn prepare(&self, http: &Connection, pair: &Pair, name: &str) -> Result<String, Failure> {
        let url = format!("{}/api/v1/projects", self.base);
        let sender = bearer(&pair.sender.token);
        let project: Created = http
            .post(
                &url,
                &[("authorization", &sender)],
                &json!({ "name": name }),
            )
            .await?;
        // With a file of the size that items have everywhere here, so that both usage counters move.
        let url = format!("{url}/{}/files", project.id);
        let files = json!({ "files": [{ "path": "reads.fastq.gz", "bytes": ITEM_BYTES }] });
        http.post::<_, Value>(&url, &[("authorization", &sender)], &files)
            .await?;
        Ok(project.id)
    }

    async fn offer(&self, http: &Connection, pair: &Pair, item: &str) -> Result<String, Failure> {
        let url = format!("{}/api/v1/transfers", self.base);
        let sender = bearer(&pair.sender.token);
        let request =
            json!({ "items": [item], "recipient": pair.recipient.email, "accept_terms": true });
        let key = Uuid::new_v4().to_string();
        let headers = [
            ("authorization", sender.as_str()),
            ("idempotency-key", key.as_str()),
        ];
        let requested: Requested = http.post(&url, &headers, &request).await?;
        Ok(requested.transfer.id)
    }

    async fn accept(
        &self,
        http: &Connection,
        pair: &Pair,
        _item: &str,
        transfer: &str,
    ) -> Result<(), Failure> {
        let url = format!("{}/api/v1/transfers/{transfer}/accept", self.base);
        let recipient = bearer(&pair.recipient.token);
        let acceptance = json!({ "context": "personal" });
        let key = Uuid::new_v4().to_string();
        let headers = [
            ("authorization", recipient.as_str()),
            ("idempotency-key", key.as_str()),
        ];
        http.post::<_, Value>(&url, &headers, &acceptance).await?;
        Ok(())
    }

    /// Nothing but ownership lets the recipient see a project here, since no sender keeps or gives access.
    async fn belongs_to_recipient(
        &self,
        http: &Connection,
        pair: &Pair,
        item: &str,
    ) -> Result<bool, Failure> {
        let url = format!("{}/api/v1/projects/{item}", self.base);
        let recipient = bearer(&pair.recipient.token);
        let page: Page = http.get(&url, &[("authorization", &recipient)]).await?;
        Ok(page.item.id == item && page.level == "own")
    }
}
