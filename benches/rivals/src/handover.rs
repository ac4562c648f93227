//! Handover over its own HTTP API, as any client would use it.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{Connection, Failure, bearer};
use crate::rival::{Pair, Rival};

pub struct Handover {
    /// Such as `http://127.0.0.1:8080`, without a slash at the end.
    pub base: String,
}

/// What is read of a created document; the rest is ignored.
#[derive(Deserialize)]
struct Created {
    id: String,
}

impl Rival for Handover {
    fn label(&self) -> &'static str {
        "Handover"
    }

    fn key(&self) -> &'static str {
        "handover"
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
        Ok(project.id)
    }

    async fn offer(&self, http: &Connection, pair: &Pair, item: &str) -> Result<String, Failure> {
        let url = format!("{}/api/v1/transfers", self.base);
        let sender = bearer(&pair.sender.token);
        let request =
            json!({ "items": [item], "recipient": pair.recipient.email, "accept_terms": true });
        let transfer: Created = http
            .post(&url, &[("authorization", &sender)], &request)
            .await?;
        Ok(transfer.id)
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
        http.post::<_, Value>(&url, &[("authorization", &recipient)], &acceptance)
            .await?;
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
        let project: Created = http.get(&url, &[("authorization", &recipient)]).await?;
        Ok(project.id == item)
    }
}
