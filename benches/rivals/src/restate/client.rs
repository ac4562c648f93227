//! The generator's side of Restate: requests to its HTTP ingress.

use serde_json::Value;

use super::handlers::{Acceptance, Item, OfferRequest, Outcome, Usage, personal};
use crate::http::{Connection, Failure};
use crate::rival::{ITEM_BYTES, Pair, QUOTA_BYTES, Rival};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    Workflow,
    Objects,
}

pub struct Restate {
    pub ingress: String,
    pub design: Design,
}

impl Restate {
    fn items(&self) -> &'static str {
        match self.design {
            Design::Workflow => "OfferedItems",
            Design::Objects => "PlainItems",
        }
    }
}

impl Rival for Restate {
    fn label(&self) -> &'static str {
        match self.design {
            Design::Workflow => "Restate, workflow",
            Design::Objects => "Restate, objects",
        }
    }

    fn key(&self) -> &'static str {
        "restate"
    }

    async fn introduce(&self, http: &Connection, pair: &Pair) -> Result<(), Failure> {
        for person in [&pair.sender, &pair.recipient] {
            let url = format!("{}/Contexts/{}/open", self.ingress, personal(&person.email));
            // The sender starts with room taken for every item it will ever have here.
            let usage = Usage {
                used_bytes: QUOTA_BYTES / 2,
                quota_bytes: QUOTA_BYTES,
            };
            http.post::<_, Value>(&url, &[], &usage).await?;
        }
        Ok(())
    }

    async fn prepare(&self, http: &Connection, pair: &Pair, item: &str) -> Result<String, Failure> {
        let url = format!("{}/{}/{item}/register", self.ingress, self.items());
        let document = Item {
            owner: personal(&pair.sender.email),
            name: format!("Project {item}"),
            size_bytes: ITEM_BYTES,
            offer: None,
        };
        http.post::<_, Value>(&url, &[], &document).await?;
        Ok(item.to_owned())
    }

    async fn offer(&self, http: &Connection, pair: &Pair, item: &str) -> Result<String, Failure> {
        let url = format!("{}/{}/{item}/offer", self.ingress, self.items());
        let request = OfferRequest {
            sender: pair.sender.email.clone(),
            recipient: pair.recipient.email.clone(),
        };
        http.post(&url, &[], &request).await
    }

    async fn accept(
        &self,
        http: &Connection,
        pair: &Pair,
        item: &str,
        transfer: &str,
    ) -> Result<(), Failure> {
        let url = match self.design {
            Design::Workflow => format!("{}/Transfers/{transfer}/accept", self.ingress),
            Design::Objects => format!("{}/PlainItems/{item}/accept", self.ingress),
        };
        let acceptance = Acceptance {
            transfer: transfer.to_owned(),
            recipient: pair.recipient.email.clone(),
            context: personal(&pair.recipient.email),
        };
        match http.post::<_, Outcome>(&url, &[], &acceptance).await? {
            Outcome::Accepted => Ok(()),
            other => Err(Failure::unexpected(
                &url,
                format!("the transfer ended as {other:?}"),
            )),
        }
    }

    async fn belongs_to_recipient(
        &self,
        http: &Connection,
        pair: &Pair,
        item: &str,
    ) -> Result<bool, Failure> {
        let url = format!("{}/{}/{item}/owner", self.ingress, self.items());
        let owner: String = http.get(&url, &[]).await?;
        Ok(owner == personal(&pair.recipient.email))
    }
}
