//! Signing in: a typed code proves an address, or an identity provider vouches for it; a first proof registers it; then sessions and tokens.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::account::{Account, Scope, Session, SignIn, Token};
use crate::domain::address::Address;
use crate::domain::event::{Event, What};
use crate::domain::id::{AccountId, CommandId, Digest, LetterId, SignInId};
use crate::domain::index::{self, Phase, Receiver};
use crate::domain::key::Key;
use crate::domain::letter::{Kind, Letter, Subject};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::said::said;
use crate::domain::time::Time;
use crate::store::{Direction, Fault, Store};

use super::load::{self, Versioned};
use super::once::{self, Answer, Decision, once};
use super::people;
use super::proposal::Proposal;
use super::reach;
use super::settings::LANGUAGES;
use super::world::{self, Call, Committed, Settings, Trouble, World};

/// Sends a code to this address. The answer is the same whether anybody has registered with it; the letter is in the language of whoever
/// has, which only they see. `reads`: what whoever asks reads, as far as they say.
///
/// # Errors
/// The world failed.
pub async fn begin(
    world: &dyn World,
    call: &Call,
    address: Address,
    reads: Option<&str>,
) -> Result<SignInId, Trouble> {
    once(world, call, || {
        Box::pin(begun(world, call, &address, reads))
    })
    .await
}

async fn begun(
    world: &dyn World,
    call: &Call,
    address: &Address,
    reads: Option<&str>,
) -> Result<Decision<SignInId>, Trouble> {
    let settings = world.settings();
    let reads = reads.filter(|language| LANGUAGES.contains(language));
    let holder = people::holder(&*settings.store, address).await?;
    let otherwise = reads.unwrap_or(&settings.policy.language);
    let language = holder.map_or_else(|| otherwise.to_owned(), |holder| holder.document.language);
    let policy = &settings.policy.sign_in;
    let id = SignInId::from_bits(settings.ids.fresh(call.at));
    let expires_at = call.at.plus_ms(policy.code_lifetime_ms);
    let sign_in = SignIn {
        id,
        address: address.clone(),
        expires_at,
        tries_left: policy.code_tries,
        used: false,
        adds_to: None,
        language: reads.map(str::to_owned),
    };
    let letter = LetterId::from_bits(settings.ids.fresh(call.at));
    let says = Kind::SignInCode { expires_at };
    let address = address.clone();
    let subject = Subject::SignIn(id);
    let letter = Letter::queued(letter, address, &language, subject, says, call.at);
    let mut proposal = Proposal::default();
    proposal.create(&sign_in, None);
    proposal.create(&letter, None);
    Ok(Decision::done(id, proposal))
}

/// The attempt that was begun.
impl Answer for SignInId {
    fn kept(&self) -> Vec<u8> {
        kept(self)
    }

    async fn again(_: &Settings, kept: &[u8]) -> Result<Self, Trouble> {
        once::read(kept)
    }
}

fn kept(result: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(result).unwrap_or_default()
}

/// What is kept of a typed code.
#[derive(Serialize, Deserialize)]
enum Typed {
    /// It was the right one, and this is whose.
    Right(AccountId),
    /// It was not; so many tries were left.
    Wrong(u8),
}

impl Answer for Typed {
    fn kept(&self) -> Vec<u8> {
        kept(self)
    }

    async fn again(_: &Settings, kept: &[u8]) -> Result<Self, Trouble> {
        once::read(kept)
    }
}

/// One attempt to sign in, for as long as it is known.
pub async fn attempt(settings: &Settings, id: SignInId) -> Result<Option<SignIn>, Fault> {
    let found = load::one::<SignIn>(&*settings.store, Key::SignIn(id)).await?;
    Ok(found.map(|sign_in| sign_in.document))
}

/// That a typed code is not the one.
pub(super) fn wrong(tries_left: u8) -> Refusal {
    Refusal::new(
        Code::CodeWrong,
        said!("the code is wrong, used or too old"),
        match tries_left {
            0 => said!("ask for a new code"),
            n => said!(
                n; "look at the newest letter; one try is left", "look at the newest letter; {n} tries are left"
            ),
        },
    )
    .about("code")
}

/// Checks a typed code and gives the account of its address, registered now if this is its first proof.
pub async fn finish(
    world: &dyn World,
    call: &Call,
    id: SignInId,
    typed: &str,
) -> Result<Account, Trouble> {
    let whose = match once(world, call, || Box::pin(typed_now(world, call, id, typed))).await? {
        Typed::Right(whose) => whose,
        Typed::Wrong(tries_left) => return Err(wrong(tries_left).into()),
    };
    let found = load::one::<Account>(&*world.settings().store, Key::Account(whose)).await?;
    Ok(found.ok_or_else(|| wrong(0))?.document)
}

async fn typed_now(
    world: &dyn World,
    call: &Call,
    id: SignInId,
    typed: &str,
) -> Result<Decision<Typed>, Trouble> {
    let settings = world.settings();
    let found = load::one::<SignIn>(&*settings.store, Key::SignIn(id)).await?;
    let open = |found: &Versioned<SignIn>| {
        found.document.adds_to.is_none() && found.document.is_open(call.at)
    };
    let old = found.filter(open).ok_or_else(|| wrong(0))?;
    let mut next = old.document.clone();
    let mut proposal = Proposal::default();
    let typed = if settings.key.code_fits(id, typed) {
        next.used = true;
        let account = account_of(
            &settings,
            call,
            (&next.address, next.language.as_deref()),
            &mut proposal,
        )
        .await?;
        reach::works(&*settings.store, &next.address, call.at, &mut proposal).await?;
        Typed::Right(account.id)
    } else {
        next.tries_left -= 1;
        Typed::Wrong(next.tries_left)
    };
    proposal.replace(&old, &next, None);
    Ok(Decision::done(typed, proposal))
}

/// The account of an address that an identity provider vouches for, registered now if this is its first proof. `reads`: as for [`begin`].
pub async fn vouched(
    world: &dyn World,
    call: &Call,
    address: &Address,
    reads: Option<&str>,
) -> Result<Account, Trouble> {
    let account = once::step(world, call, || {
        Box::pin(async move {
            let mut proposal = Proposal::default();
            let settings = world.settings();
            let account = account_of(&settings, call, (address, reads), &mut proposal).await?;
            reach::works(&*settings.store, address, call.at, &mut proposal).await?;
            Ok(Decision::done(account, proposal))
        })
    });
    account.await
}

async fn account_of(
    settings: &Settings,
    call: &Call,
    (address, reads): (&Address, Option<&str>),
    proposal: &mut Proposal,
) -> Result<Account, Trouble> {
    let store = &*settings.store;
    if let Some(account) = people::holder(store, address).await? {
        if !account.document.closing {
            return Ok(account.document);
        }
        // Whoever began to close it is back before that was done.
        let mut open = account.document.clone();
        open.closing = false;
        proposal.replace(&account, &open, None);
        return Ok(open);
    }
    let registration = &settings.policy.sign_in.registration;
    if !registration.takes_in(address) && !awaited(store, address).await? {
        return Err(Refusal::new(
            Code::RegistrationClosed,
            said!("{address} cannot register here", address),
            said!("ask the administrators of this site for an account"),
        )
        .into());
    }
    let id = AccountId::from_bits(settings.ids.fresh(call.at));
    let domain = settings.policy.domain_of(address);
    let mut account = Account::registered(id, address.clone(), domain, call.at);
    reads
        .unwrap_or(&settings.policy.language)
        .clone_into(&mut account.language);
    let mut by = call.by;
    by.person = Some(id);
    let event = Event {
        at: call.at,
        by,
        what: What::Registered,
    };
    proposal.create(&account, Some(&event));
    Ok(account)
}

/// Whether an offer or an invitation waits for whoever has this address.
async fn awaited(store: &dyn Store, address: &Address) -> Result<bool, Fault> {
    let prefix = index::received(Receiver::Address(address.digest()), Phase::Open);
    let page = store.scan(prefix, None, Direction::Forward, 1).await?;
    Ok(!page.rows.is_empty())
}

/// That the account is open, now and at the commit: whoever closes it closes this door too.
async fn open(store: &dyn Store, account: AccountId) -> Result<Proposal, Trouble> {
    let (_, rests) = people::guarded(store, account, &[]).await?;
    let mut proposal = Proposal::default();
    for (key, version) in rests {
        proposal.guard(key, version);
    }
    Ok(proposal)
}

/// Opens a session; the secret is shown to nobody but the browser.
pub async fn open_session(
    world: &dyn World,
    call: &Call,
    account: AccountId,
    client: &str,
    through: Option<&str>,
) -> Result<(String, Session), Trouble> {
    let settings = world.settings();
    let secret = printed("hs", settings.ids.secret());
    let session = Session {
        digest: Digest::of(secret.as_bytes()),
        account,
        created_at: call.at,
        expires_at: call.at.plus_ms(settings.policy.sign_in.session_lifetime_ms),
        client: client
            .chars()
            .filter(|c| !c.is_control())
            .take(200)
            .collect(),
    };
    let through = through.map(str::to_owned);
    let signed_in = &event(call, What::SignedIn { through });
    let (store, opened) = (&*settings.store, &session);
    once::step(world, call, || {
        Box::pin(async move {
            let mut proposal = open(store, account).await?;
            proposal.create(opened, Some(signed_in));
            Ok(Decision::done((), proposal))
        })
    })
    .await?;
    Ok((secret, session))
}

/// Makes a personal API token; the secret is shown once, and again to a repetition of the same command.
pub async fn create_token(
    world: &dyn World,
    call: &Call,
    account: AccountId,
    name: String,
    scopes: BTreeSet<Scope>,
    lifetime_ms: Option<i64>,
) -> Result<(String, Token), Trouble> {
    let name = name.as_str();
    let scopes = &scopes;
    let made = once(world, call, || {
        Box::pin(async move {
            let settings = world.settings();
            let mut proposal = open(&*settings.store, account).await?;
            let made_by = CommandId::from_bits(settings.ids.fresh(call.at));
            let secret = match call.command {
                Some(_) => settings.key.token(made_by),
                // Nobody will ask again, so nothing needs to be derived.
                None => settings.ids.secret(),
            };
            let secret = printed("ho", secret);
            let lifetime = lifetime_ms.unwrap_or(settings.policy.sign_in.token_lifetime_ms);
            let token = Token {
                digest: Digest::of(secret.as_bytes()),
                account,
                name: name.to_owned(),
                scopes: scopes.clone(),
                created_at: call.at,
                expires_at: call.at.plus_ms(lifetime),
            };
            let name = token.name.clone();
            proposal.create(&token, Some(&event(call, What::TokenMade { name })));
            let made = Made {
                made_by,
                secret,
                token,
            };
            Ok(Decision::done(made, proposal))
        })
    });
    let made = made.await?;
    Ok((made.secret, made.token))
}

/// A token, its secret, and what that is derived from.
struct Made {
    made_by: CommandId,
    secret: String,
    token: Token,
}

impl Answer for Made {
    fn kept(&self) -> Vec<u8> {
        kept(&self.made_by)
    }

    async fn again(settings: &Settings, kept: &[u8]) -> Result<Self, Trouble> {
        let made_by: CommandId = once::read(kept)?;
        let secret = printed("ho", settings.key.token(made_by));
        let key = Key::Token(Digest::of(secret.as_bytes()));
        let found = load::one::<Token>(&*settings.store, key).await?;
        let revoked = || {
            world::reused(said!(
                "the token that was made with this Idempotency-Key is revoked"
            ))
        };
        Ok(Self {
            made_by,
            secret,
            token: found.ok_or_else(revoked)?.document,
        })
    }
}

fn event(call: &Call, what: What) -> Event {
    Event {
        at: call.at,
        by: call.by,
        what,
    }
}

fn printed(prefix: &str, secret: [u8; 32]) -> String {
    format!(
        "{prefix}_{}",
        data_encoding::BASE64URL_NOPAD.encode(&secret)
    )
}

async fn settle(world: &dyn World, call: &Call, proposal: Proposal) -> Result<(), Trouble> {
    // Doing it twice is no different from doing it once, or makes another session, so nothing is kept of it.
    match world::commit(world, &call.unrepeated(), proposal, Vec::new()).await? {
        Committed::Done | Committed::Before(_) => Ok(()),
        Committed::Again | Committed::Over { .. } => Err(world::contended()),
    }
}

/// Whose session this secret opens, if it is still good.
pub async fn session(
    settings: &Settings,
    secret: &str,
    now: Time,
) -> Result<Option<Session>, Fault> {
    let key = Key::Session(Digest::of(secret.as_bytes()));
    let found = load::one::<Session>(&*settings.store, key).await?;
    Ok(found.map(|s| s.document).filter(|s| now < s.expires_at))
}

/// Whether a session of this person is still good.
pub async fn session_lasts(
    settings: &Settings,
    account: AccountId,
    digest: Digest,
    now: Time,
) -> Result<bool, Fault> {
    let found = load::one::<Session>(&*settings.store, Key::Session(digest)).await?;
    let good = |session: &Session| session.account == account && now < session.expires_at;
    Ok(found.is_some_and(|found| good(&found.document)))
}

/// What this token is good for, if it still is.
pub async fn token(settings: &Settings, secret: &str, now: Time) -> Result<Option<Token>, Fault> {
    let key = Key::Token(Digest::of(secret.as_bytes()));
    let found = load::one::<Token>(&*settings.store, key).await?;
    Ok(found.map(|t| t.document).filter(|t| now < t.expires_at))
}

/// A person's sessions, oldest first.
pub async fn sessions(
    settings: &Settings,
    account: AccountId,
) -> Result<Vec<Versioned<Session>>, Fault> {
    let prefix = index::sessions_of(account);
    let store = &*settings.store;
    let page = store.scan(prefix, None, Direction::Forward, 1_000).await?;
    let digests = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    let keys: Vec<Key> = digests.map(|d| Key::Session(Digest(d))).collect();
    let found = load::all::<Session>(store, &keys).await?;
    Ok(found.into_iter().flatten().collect())
}

/// A person's tokens.
pub async fn tokens(
    settings: &Settings,
    account: AccountId,
) -> Result<Vec<Versioned<Token>>, Fault> {
    let prefix = index::tokens_of(account);
    let store = &*settings.store;
    let page = store.scan(prefix, None, Direction::Forward, 1_000).await?;
    let digests = page.rows.iter().filter_map(|(key, _)| index::last_id(key));
    let keys: Vec<Key> = digests.map(|d| Key::Token(Digest(d))).collect();
    let found = load::all::<Token>(store, &keys).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Ends a session of this person; one that is not there is ended already.
pub async fn end_session(
    world: &dyn World,
    call: &Call,
    account: AccountId,
    digest: Digest,
) -> Result<(), Trouble> {
    let settings = world.settings();
    let found = load::one::<Session>(&*settings.store, Key::Session(digest)).await?;
    let Some(old) = found.filter(|s| s.document.account == account) else {
        return Ok(());
    };
    let mut proposal = Proposal::default();
    proposal.remove(&old, &event(call, What::SignedOut));
    settle(world, call, proposal).await
}

/// Revokes a token of this person; one that is not there is revoked already.
pub async fn revoke_token(
    world: &dyn World,
    call: &Call,
    account: AccountId,
    digest: Digest,
) -> Result<(), Trouble> {
    let settings = world.settings();
    let found = load::one::<Token>(&*settings.store, Key::Token(digest)).await?;
    let Some(old) = found.filter(|t| t.document.account == account) else {
        return Ok(());
    };
    let mut proposal = Proposal::default();
    let name = old.document.name.clone();
    proposal.remove(&old, &event(call, What::TokenRevoked { name }));
    settle(world, call, proposal).await
}
