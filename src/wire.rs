//! What the API says and takes: the types that the daemon and the command line share.
//!
//! Moments are RFC 3339 in UTC, sizes are bytes, lifetimes are days. Unknown fields are refused in requests.

mod mail;
mod moves;
mod workgroups;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use mail::{Incoming, MailAddress};
pub use moves::*;
pub use workgroups::*;

/// One reason why not, or one thing worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Guard {
    /// Stable code, as `item.pending_transfer`.
    pub code: String,
    /// What it is about: an item, a context or a field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What is the matter.
    pub sentence: String,
    /// What to do about it.
    pub next_step: String,
}

/// A problem as of RFC 9457, with the refusal's code and every guard that applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A URI reference that names the kind of problem: `/docs/problems#<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The sentence of the first guard.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The next step of the first guard.
    pub detail: String,
    /// The code of the first guard.
    pub code: String,
    /// The id of the request, for the operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Everything that applies, in the order of precedence.
    #[serde(default)]
    pub guards: Vec<Guard>,
}

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

/// A page of things, and where it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The things.
    pub items: Vec<T>,
    /// Give it as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
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

/// One read of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// From 1.
    pub number: u32,
    /// Length in cycles.
    pub cycles: u32,
    /// Whether it reads an index.
    pub indexed: bool,
}

/// What a run folder says of its run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Serial number of the instrument.
    pub instrument: String,
    /// Model or control software.
    pub platform: String,
    /// Barcode of the flow cell.
    pub flow_cell: String,
    /// Number of lanes, at most 64.
    pub lanes: u32,
    /// At most 16.
    pub reads: Vec<Read>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// `completed`, `stopped`, `failed` or `in-progress`.
    pub status: String,
}

/// A library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// Its name.
    pub name: String,
    /// The lane it was loaded on; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<u32>,
    /// First index sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// Second index sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index2: Option<String>,
}

/// A biosample with its libraries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Biosample {
    /// Unique in its project, at most 99 characters of `[A-Za-z0-9_-]`.
    pub name: String,
    /// Its libraries.
    #[serde(default)]
    pub libraries: Vec<Library>,
}

/// A project as a sample sheet names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SheetProject {
    /// Its name.
    pub name: String,
    /// Its biosamples.
    #[serde(default)]
    pub biosamples: Vec<Biosample>,
}

/// Registers a run and the projects its sample sheet names: all or nothing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRun {
    /// The id its instrument gave it.
    pub name: String,
    /// What it is.
    pub run: Run,
    /// Number of its files.
    pub files: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// At most 250.
    #[serde(default)]
    pub projects: Vec<SheetProject>,
    /// Where it lands; default: the account's default location for uploaded runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// What was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Registered {
    /// The run.
    pub run: Item,
    /// Its projects, new ones and ones that were joined.
    pub projects: Vec<Item>,
}

/// Creates an empty project.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProject {
    /// 1 to 255 characters, unique in its context.
    pub name: String,
    /// Where; default: `personal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// A run or a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// `run_…` or `prj_…`
    pub id: String,
    /// `run` or `project`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The owning context.
    pub owner: String,
    /// `active`, `trashed` or `archived`.
    pub state: String,
    /// Bytes of its files.
    pub bytes: u64,
    /// Number of its files.
    pub files: u64,
    /// When it was registered.
    pub created_at: String,
    /// The transfer it is offered in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_transfer: Option<String>,
    /// Since when it is in the trash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trashed_at: Option<String>,
    /// Since when it is archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<String>,
    /// When it is purged, unless it is restored before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purge_at: Option<String>,
    /// A run's particulars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// How many biosamples a project holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub biosamples: Option<u32>,
    /// How many libraries a project holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub libraries: Option<u32>,
}

/// An item with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemPage {
    /// The item.
    pub item: Item,
    /// The owner's name for people.
    pub owner_name: String,
    /// `read`, `write` or `own`: what the caller may do with it.
    pub level: String,
    /// A run's projects, or a project's runs.
    pub related: Vec<Item>,
    /// A project's biosamples.
    #[serde(default)]
    pub biosamples: Vec<Biosample>,
    /// Why the caller may see it, the strongest reason first.
    #[serde(default)]
    pub why: Vec<Reason>,
    /// Who else may look at it; told to the owner's side only.
    #[serde(default)]
    pub access: Vec<Access>,
    /// Its journal, oldest first; told to the owner's side only.
    #[serde(default)]
    pub history: Vec<Event>,
}

/// Why somebody may see an item, and how far it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// `owner`, `domain-administrator`, `grant`, or `through-project`: of a run, that its data went into a project of the same owner.
    pub why: String,
    /// `read`, `write` or `own`.
    pub level: String,
    /// The context that has the access; absent for a domain administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The domain that is administered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The project that it comes through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Where a grant comes from: the transfer in which it was kept (`tr_…`), an invitation (`inv_…`) or a link (`lnk_…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Who accepted a grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<String>,
    /// Since when there is a grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Until when; absent: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Somebody who can see an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seer {
    /// What the context is called; of a domain administrator: the address.
    pub name: String,
    /// How many people that is now, counted up to 1,000.
    pub people: u64,
    /// Why, and how far it goes.
    #[serde(flatten)]
    pub reason: Reason,
}

/// Who can see an item, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemAccess {
    /// The item.
    pub item: String,
    /// The owning context first, then whoever administers its domain, then grants on the item, then grants on projects of a run.
    pub seers: Vec<Seer>,
    /// Whether there are more than could be told.
    pub more: bool,
}

/// An item that somebody was granted access to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantedItem {
    /// `run_…` or `prj_…`
    pub id: String,
    /// Its name, if the caller may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The owning context, if the caller may see the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Each access that was agreed.
    pub reasons: Vec<Reason>,
}

/// What a person can see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonAccess {
    /// The person.
    pub account: String,
    /// What they are called.
    pub name: String,
    /// Their verified addresses, the primary one first.
    pub addresses: Vec<String>,
    /// The domain they live in.
    pub domain: String,
    /// Domains that they administer: they read and write everything in them.
    pub administers: Vec<String>,
    /// Their contexts: they read and write everything of each.
    pub contexts: Vec<Context>,
    /// A page of what their contexts were granted beside that. Of a granted project they can see its runs of the same owner too.
    pub items: Vec<GrantedItem>,
    /// For the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Access that a context was granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Access {
    /// Who has it.
    pub context: String,
    /// `read` or `write`.
    pub level: String,
    /// Since when.
    pub since: String,
    /// Until when; absent: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Who accepted it.
    pub accepted_by: String,
    /// Where it comes from: the transfer in which it was kept (`tr_…`), an invitation (`inv_…`) or a link (`lnk_…`).
    pub origin: String,
}

/// A file of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its path in the project.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// `sha256:…`, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// Lists files of a project, 1 to 1,000 at a time; a path listed before is replaced.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddFiles {
    /// The files.
    pub files: Vec<File>,
}

/// Says that an analysis begins to write to projects.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartAnalysis {
    /// What it is called.
    pub name: String,
    /// The projects, 1 to 100, of one context.
    pub projects: Vec<String>,
}

/// An analysis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Analysis {
    /// `ana_…`
    pub id: String,
    /// The projects it writes to.
    pub projects: Vec<String>,
}

/// What the sender's context keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepAccess {
    /// `none` (default) or `read`.
    pub level: String,
    /// Until when; absent: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Asks for a transfer, or for its preview.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestTransfer {
    /// Ids of runs and projects of one context, 1 to 250.
    pub items: Vec<String>,
    /// An email address, or `workgroup:HANDLE`. Only a preview may leave it out.
    #[serde(default)]
    pub recipient: String,
    /// At most 500 characters of plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the sender's context keeps; default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_access: Option<KeepAccess>,
    /// 1 to 90; default: the site's, usually 14.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
    /// That the terms are confirmed: it cannot be undone, the recipient becomes the legal owner, the organisation allows it.
    #[serde(default)]
    pub accept_terms: bool,
}

/// Accepts an offer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptTransfer {
    /// `personal`, a handle, a workgroup's name or an id; default: the account's default context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// Declines an offer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineTransfer {
    /// Told to the sender, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Gives an offer more time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendTransfer {
    /// From now, 1 to 90.
    pub expires_in_days: u32,
}

/// Offers the same to another recipient; this offer is cancelled.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReaddressTransfer {
    /// An email address, or `workgroup:HANDLE`.
    pub recipient: String,
}

/// One item as it was when it was offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfferedItem {
    /// `run_…` or `prj_…`
    pub id: String,
    /// `run` or `project`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Bytes of its files.
    pub bytes: u64,
    /// Number of its files.
    pub files: u64,
}

/// A transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Transfer {
    /// `tr_…`
    pub id: String,
    /// `requested`, `pending`, `accepted`, `declined`, `cancelled` or `expired`.
    pub state: String,
    /// The context that gives.
    pub source: String,
    /// Its name for people.
    pub source_name: String,
    /// Who requested it.
    pub sender_name: String,
    /// Their verified address.
    pub sender_address: String,
    /// An email address, or `workgroup:HANDLE`.
    pub recipient: String,
    /// What is offered.
    pub items: Vec<OfferedItem>,
    /// Bytes of all of it.
    pub bytes: u64,
    /// The sender's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the sender's context keeps.
    pub keep_access: KeepAccess,
    /// When it was requested.
    pub requested_at: String,
    /// When it ends by itself.
    pub expires_at: String,
    /// When it came to its final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// The context it was accepted into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_into: Option<String>,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_into_name: Option<String>,
    /// New names of items whose own was taken there, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub renamed: BTreeMap<String, String>,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The offer whose address this one corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
    /// The offer that took its place with the corrected address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
}

/// The answer to a command about a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferAnswer {
    /// The transfer as it is now.
    pub transfer: Transfer,
    /// Whether it was done before, so that nothing changed now.
    pub already: bool,
    /// What is worth knowing.
    #[serde(default)]
    pub warnings: Vec<Guard>,
}

/// A letter and how its delivery stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Letter {
    /// `let_…`
    pub id: String,
    /// `offer`, `reminder`, `accepted`, …
    pub kind: String,
    /// To whom.
    pub to: String,
    /// `queued`, `sent`, `undeliverable`, `bounced`, `dead` or `withdrawn`.
    pub state: String,
    /// When its cause was committed.
    pub created_at: String,
    /// When it came to that state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// How often sending was tried.
    pub attempts: u32,
    /// What the last failed attempt met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// One entry of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// When.
    pub at: String,
    /// The account, absent: the daemon itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// `web`, `api`, `cli`, `reply`, `timer` or `administrator`.
    pub channel: String,
    /// What happened, with its particulars.
    #[schema(value_type = Object)]
    pub what: serde_json::Value,
}

/// A transfer with its letters and history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferPage {
    /// The transfer.
    pub transfer: Transfer,
    /// Whether the caller may act for the sending side.
    pub as_sender: bool,
    /// Whether the caller may answer it.
    pub as_recipient: bool,
    /// Its letters that the caller may see, oldest first.
    pub letters: Vec<Letter>,
    /// Its journal, oldest first.
    pub history: Vec<Event>,
}

/// A context that an offer might be accepted into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Choice {
    /// The context.
    pub context: Context,
    /// Whether it is the one that is taken when none is named.
    pub default: bool,
    /// Every reason why not; empty: it can be accepted into it.
    pub blocks: Vec<Guard>,
}

/// Somebody whose access changes, or stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccessChange {
    /// Who.
    pub who: String,
    /// What they may do now.
    pub before: String,
    /// What they may do afterwards.
    pub after: String,
}

/// Something that does not move, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stays {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

/// What a request would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// Whether the request would be carried out.
    pub possible: bool,
    /// What moves.
    pub moves: Vec<OfferedItem>,
    /// Bytes of all of it.
    pub bytes: u64,
    /// What stays, and why.
    pub stays: Vec<Stays>,
    /// Who keeps, gains or loses access.
    pub access: Vec<AccessChange>,
    /// Until when the offer would stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The sentence to confirm.
    pub terms: String,
    /// Everything in the way, each with what to do about it.
    pub blocks: Vec<Guard>,
    /// What is worth knowing.
    pub warnings: Vec<Guard>,
}

// ---- invitations, sharing and links ----

/// An invitation of any kind: a transfer, a share, a membership, or a workgroup itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// `tr_…` of a transfer, `inv_…` of any other.
    pub id: String,
    /// `transfer`, `share`, `membership`, or `workgroup` where the workgroup itself is handed over.
    pub kind: String,
    /// `requested`, `pending`, `accepted`, `declined`, `cancelled` or `expired`.
    pub state: String,
    /// The context that offers, or the workgroup that invites.
    pub source: String,
    /// Its name for people.
    pub source_name: String,
    /// Who made it.
    pub sender_name: String,
    /// Their verified address.
    pub sender_address: String,
    /// An email address, or `workgroup:HANDLE`.
    pub recipient: String,
    /// What it is about; nothing where it is about a workgroup.
    #[serde(default)]
    pub items: Vec<OfferedItem>,
    /// Bytes of all of it.
    pub bytes: u64,
    /// The sender's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Of a share: `read` or `write`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Of a share: until when; absent: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Of a membership: `member` or `administrator`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Of a transfer: what the sender's context keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_access: Option<KeepAccess>,
    /// When it was made.
    pub requested_at: String,
    /// When it ends by itself.
    pub expires_at: String,
    /// When it came to its final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// The context it was accepted into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_into: Option<String>,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_into_name: Option<String>,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The answer to a command about an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationAnswer {
    /// The invitation as it is now.
    pub invitation: Invitation,
    /// Whether it was done before, so that nothing changed now.
    pub already: bool,
    /// What is worth knowing.
    #[serde(default)]
    pub warnings: Vec<Guard>,
}

/// An invitation with its letters and history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationPage {
    /// The invitation.
    pub invitation: Invitation,
    /// Whether the caller may act for the side that invites.
    pub as_sender: bool,
    /// Whether the caller may answer it.
    pub as_recipient: bool,
    /// The contexts it can be accepted into, while the caller may; none where no context is chosen.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// Its letters that the caller may see, oldest first.
    pub letters: Vec<Letter>,
    /// Its journal, oldest first.
    pub history: Vec<Event>,
}

/// Accepts an invitation.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// `personal`, a handle, a workgroup's name or an id; default: the account's default context. Without effect where no context
    /// is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// Asks for a share, or for its preview.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestShare {
    /// Ids of runs and projects of one context, 1 to 250.
    pub items: Vec<String>,
    /// An email address, or `workgroup:HANDLE`. Only a preview may leave it out.
    #[serde(default)]
    pub recipient: String,
    /// `read` (default) or `write`; runs are shared for reading only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Until when; absent: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Share the projects of the runs too that the same context owns: those there are now. Never done unless it is asked for.
    #[serde(default)]
    pub associated_projects: bool,
    /// At most 500 characters of plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// 1 to 90; default: the site's, usually 14.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
}

/// What a share would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SharePreview {
    /// Whether the request would be carried out.
    pub possible: bool,
    /// What is shared.
    pub shares: Vec<OfferedItem>,
    /// What can be looked at besides, and why.
    pub along: Vec<Stays>,
    /// What is not shared though it is related, and why.
    pub apart: Vec<Stays>,
    /// Who sees what.
    pub access: Vec<AccessChange>,
    /// Until when the invitation would stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Everything in the way, each with what to do about it.
    pub blocks: Vec<Guard>,
    /// What is worth knowing.
    pub warnings: Vec<Guard>,
}

/// A context that has access to an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Collaborator {
    /// Who has it: `acc_…` or `wg_…`.
    pub context: String,
    /// Its name for people.
    pub name: String,
    /// `read` or `write`.
    pub level: String,
    /// Who accepted it.
    pub accepted_by: String,
    /// What they are called.
    pub accepted_by_name: String,
    /// Since when.
    pub since: String,
    /// Until when; absent: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Where it comes from: `tr_…`, `inv_…` or `lnk_…`.
    pub origin: String,
}

/// Who works with an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Collaborators {
    /// Who has access.
    pub collaborators: Vec<Collaborator>,
    /// Invitations that wait for an answer, oldest first.
    pub pending: Vec<Invitation>,
}

/// Changes what a collaborator may do; what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAccess {
    /// `read` or `write`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Until when, or `revoked`: until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Gives up the access of a context.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveItem {
    /// `personal` (default), or a workgroup that the caller administers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// The answer to a command about access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccessAnswer {
    /// Whether it was so before, and nothing changed now.
    pub already: bool,
    /// What is worth knowing.
    #[serde(default)]
    pub warnings: Vec<Guard>,
}

/// An item that is shared with a context of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SharedItem {
    /// The item.
    pub item: Item,
    /// The owner's name for people.
    pub owner_name: String,
    /// With which context.
    pub context: String,
    /// `read` or `write`.
    pub level: String,
    /// Since when.
    pub since: String,
    /// Until when; absent: until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Makes a link through which an item is shared.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateLink {
    /// `read` (default) or `write`; runs are shared for reading only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// When it ends by itself; absent: never. Those who accepted keep access until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// How often it may be accepted; absent: without bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_acceptances: Option<u32>,
}

/// A link, as the owner of its item sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// `lnk_…`
    pub id: String,
    /// The item it shares.
    pub item: String,
    /// What to give to others. Whoever is signed in and opens it may accept.
    pub url: String,
    /// `active`, `deactivated`, `expired` or `used-up`.
    pub state: String,
    /// `read` or `write`.
    pub level: String,
    /// How often it was accepted.
    pub accepted: u32,
    /// How often it may be; absent: without bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_acceptances: Option<u32>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: String,
    /// When it ends by itself; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// When it was deactivated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deactivated_at: Option<String>,
}

/// The answer to a command about a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkAnswer {
    /// The link as it is now.
    pub link: Link,
    /// Whether it was so before, and nothing changed now.
    pub already: bool,
}

/// What somebody sees who opens a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenedLink {
    /// What it shares.
    pub item: OfferedItem,
    /// Whose it is.
    pub owner_name: String,
    /// Who made the link.
    pub maker_name: String,
    /// Their verified address.
    pub maker_address: String,
    /// `read` or `write`.
    pub level: String,
    /// When it ends by itself; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Everything in the way, whatever context is chosen.
    pub blocks: Vec<Guard>,
    /// The contexts it can be accepted into.
    pub choices: Vec<Choice>,
    /// Those of the caller's contexts that have what it gives already.
    pub held: Vec<String>,
}

/// What became of the acceptance of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkAccepted {
    /// The item that is shared now.
    pub item: String,
    /// With which context.
    pub context: String,
    /// Whether that context had all of it before, and nothing changed now.
    pub already: bool,
}

// ---- audit ----

/// Somebody did something, or tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// When.
    pub at: String,
    /// Who; absent: the service itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What they are called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// The context they acted as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Through what: `web`, `api`, `cli`, `reply`, `timer` or `administrator`.
    pub channel: String,
    /// What it was done to, as ids.
    pub about: Vec<String>,
    /// What was done, with `what` and its particulars. `refused`: it was tried in vain, with the codes.
    pub what: serde_json::Value,
    /// What is different, with before and after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<AuditChange>,
    /// Its number in the journal of an item, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
}

/// Something that is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditChange {
    /// What.
    pub field: String,
    /// What it was; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it is; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A page of the journal of an item as it is stored, oldest first. Each entry is JSON of its own and carries its `number` and, as
/// `previous`, the SHA-256 of the entry before it, in hexadecimal digits, over its bytes exactly as they stand here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemAudit {
    /// `run_…` or `prj_…`
    pub item: String,
    /// How many entries there are in all.
    pub length: u64,
    /// The SHA-256 of the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// The entries.
    pub entries: Vec<String>,
    /// Give it as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
