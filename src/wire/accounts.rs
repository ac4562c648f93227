//! Signing in, accounts with their settings, contexts, sessions and tokens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Asks for a code to be mailed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginSignIn {
    /// The address to prove.
    pub address: String,
}

/// A code is on its way.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SignInBegun {
    /// What the code is sent with: `sgn_…`.
    pub sign_in: String,
    /// Until when the code is good.
    pub expires_at: String,
}

/// The typed code, and what the token it buys shall be called.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishSignIn {
    /// The 8 characters from the mail, in any case, dashes and spaces allowed.
    pub code: String,
    /// The token's name; by default `API sign-in`.
    #[serde(default)]
    pub token_name: Option<String>,
}

/// Signed in: the secret of a personal API token with all scopes, shown once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SignedIn {
    /// Goes into `Authorization: Bearer …`.
    pub secret: String,
    /// The token.
    pub token: Token,
    /// Who is signed in.
    pub account: Account,
}

/// A person's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// `acc_…`
    pub id: String,
    /// What the person is called.
    pub name: String,
    /// Verified addresses, the primary one first.
    pub addresses: Vec<String>,
    /// `basic`, `professional` or `enterprise`.
    pub tier: String,
    /// `public` or a private domain.
    pub domain: String,
    /// The context where uploaded runs land.
    pub default_run_location: String,
    /// The context that offers are accepted into by default.
    pub default_context: String,
    /// The same for offers of particular senders, by their folded addresses.
    #[serde(default)]
    pub default_context_by_sender: BTreeMap<String, String>,
    /// Folded addresses whose offers are refused.
    pub blocked: Vec<String>,
    /// The language of letters and pages, as in RFC 5646.
    #[serde(default)]
    pub language: String,
    /// Letters the person does without: of `reminders`, `outcomes`, `receipts`, `arrivals`.
    #[serde(default)]
    pub quiet: Vec<String>,
    /// Since when.
    pub created_at: String,
}

/// Changes to an account's settings; what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAccount {
    /// 1 to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `personal`, a handle, a workgroup's name or an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_run_location: Option<String>,
    /// The same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_context: Option<String>,
    /// The same for offers of particular senders, by their addresses: all of them, at most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_context_by_sender: Option<BTreeMap<String, String>>,
    /// All addresses whose offers are refused, at most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Vec<String>>,
    /// Further addresses whose offers are refused; those that are there stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub block: Vec<String>,
    /// Addresses whose offers are let in again; all others stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unblock: Vec<String>,
    /// One of the site's languages: `en`, `de`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// All letters to do without: of `reminders` (of offers that wait), `outcomes` (of offers you made), `receipts` (of your own answers),
    /// `arrivals` (who joined a workgroup that you administer, or accepted a link of yours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Vec<String>>,
    /// One of your verified addresses: letters about your own offers go there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_address: Option<String>,
}

/// Changes how much a context may hold and do; what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAllowance {
    /// Of an account of the public domain: `basic` or `professional`. For administrators of the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// A number of bytes, `none` for no cap, or `tier` for that of the tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<String>,
}

/// Sends a code to a further address.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAddress {
    /// The address.
    pub address: String,
}

/// The typed code that proves a further address.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProveAddress {
    /// The 8 characters from the mail, in any case, dashes and spaces allowed.
    pub code: String,
}

/// Closes the account for good.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseAccount {
    /// The account's primary address, so that nobody closes it by a slip.
    pub address: String,
}

/// A context the person may act as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Context {
    /// `acc_…` or `wg_…`
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// A workgroup's handle; `personal` is named so.
    pub handle: String,
    /// `owner`, `administrator` or `member`.
    pub role: String,
    /// `public` or a private domain.
    pub domain: String,
    /// Its cap in bytes; absent: no cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
    /// What its items add up to, in bytes, trash included.
    pub usage: u64,
}

/// A personal API token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// `sha_…`
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// Of `read`, `write`, `account`.
    pub scopes: Vec<String>,
    /// Since when.
    pub created_at: String,
    /// Until when.
    pub expires_at: String,
}

/// Makes a personal API token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// What to call it, 1 to 100 characters.
    pub name: String,
    /// Of `read`, `write`, `account`; never more than the caller has. Default: `read` and `write`.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// 1 to 3,650; default: the site's.
    #[serde(default)]
    pub expires_in_days: Option<u32>,
}

/// A new token with its secret, shown once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedToken {
    /// Goes into `Authorization: Bearer …`.
    pub secret: String,
    /// The token.
    pub token: Token,
}

/// A browser session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// `sha_…`
    pub id: String,
    /// What the browser calls itself.
    pub client: String,
    /// Since when.
    pub created_at: String,
    /// Until when.
    pub expires_at: String,
}
