//! The generator's side of the PostgreSQL service.

use serde_json::Value;
use uuid::Uuid;

use super::service::{
    Acceptance, Created, Introduction, OfferRequest, Owner, PERSON, Registration,
};
use crate::http::{Connection, Failure};
use crate::rival::{ITEM_BYTES, Pair, QUOTA_BYTES, Rival};

pub struct Postgres {
    pub service: String,
}

impl Rival for Postgres {
    fn label(&self) -> &'static str {
        "PostgreSQL"
    }

    fn key(&self) -> &'static str {
        "postgres"
    }

    async fn introduce(&self, http: &Connection, pair: &Pair) -> Result<(), Failure> {
        let url = format!("{}/people", self.service);
        for person in [&pair.sender, &pair.recipient] {
            let quota =
                i64::try_from(QUOTA_BYTES).map_err(|error| Failure::new(error.to_string()))?;
            let body = Introduction {
                email: person.email.clone(),
                usage: quota / 2,
                quota,
            };
            http.post::<_, Value>(&url, &[], &body).await?;
        }
        Ok(())
    }

    async fn prepare(&self, http: &Connection, pair: &Pair, name: &str) -> Result<String, Failure> {
        let url = format!("{}/items", self.service);
        let size = i64::try_from(ITEM_BYTES).map_err(|error| Failure::new(error.to_string()))?;
        let body = Registration {
            name: name.to_owned(),
            size,
        };
        let created: Created = http
            .post(&url, &[(PERSON, &pair.sender.email)], &body)
            .await?;
        Ok(created.id.to_string())
    }

    async fn offer(&self, http: &Connection, pair: &Pair, item: &str) -> Result<String, Failure> {
        let url = format!("{}/transfers", self.service);
        let item: Uuid = item
            .parse()
            .map_err(|error| Failure::unexpected(item, error))?;
        let body = OfferRequest {
            item,
            recipient: pair.recipient.email.clone(),
        };
        let created: Created = http
            .post(&url, &[(PERSON, &pair.sender.email)], &body)
            .await?;
        Ok(created.id.to_string())
    }

    async fn accept(
        &self,
        http: &Connection,
        pair: &Pair,
        _item: &str,
        transfer: &str,
    ) -> Result<(), Failure> {
        let url = format!("{}/transfers/{transfer}/accept", self.service);
        let body = Acceptance {
            context: "personal".to_owned(),
        };
        http.post::<_, Value>(&url, &[(PERSON, &pair.recipient.email)], &body)
            .await?;
        Ok(())
    }

    async fn belongs_to_recipient(
        &self,
        http: &Connection,
        pair: &Pair,
        item: &str,
    ) -> Result<bool, Failure> {
        let owner: Owner = http
            .get(&format!("{}/items/{item}", self.service), &[])
            .await?;
        Ok(owner.owner == pair.recipient.email)
    }
}
