//! Whatever is done to the journals in a store file, `handover audit verify` finds it and says what.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::path::Path;
use std::process::Command;

use handover::actors::load::{self, Versioned};
use handover::actors::proposal::Proposal;
use handover::chain::Chain;
use handover::daemon::{Found, verify_store};
use handover::domain::event::{By, Channel, Event, What};
use handover::domain::id::{AccountId, Context, ItemId, ItemKind};
use handover::domain::item::{Details, Item, Life, State};
use handover::domain::key::Key;
use handover::domain::time::Time;
use handover::domain::tombstone::Tombstone;
use handover::store::embedded::{Embedded, Options};
use handover::store::{Outcome, Store as _, Version};
use redb::{Database, TableDefinition};

const DOCUMENTS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("documents");
const AT: Time = Time::from_ms(1_800_000_000_000);
const ANNA: AccountId = AccountId::from_bits(1);
/// Entries of each journal.
const ENTRIES: u64 = 5;

fn id(kind: ItemKind) -> ItemId {
    ItemId::new(kind, 7)
}

fn item(kind: ItemKind) -> Item {
    Item {
        id: id(kind),
        name: kind.word().to_owned(),
        owner: Context::Personal(ANNA),
        state: State::Active,
        bytes: 1,
        files: 1,
        created_at: AT,
        registered_by: ANNA,
        pending: None,
        life: Life::default(),
        chain: Chain::default(),
        trashed_inside: 0,
        running_analyses: 0,
        default_of: 0,
        details: Details::Project {
            biosamples: 0,
            libraries: 0,
        },
    }
}

fn event(what: What) -> Event {
    Event {
        at: AT,
        by: By {
            person: Some(ANNA),
            channel: Channel::Cli,
        },
        what,
    }
}

async fn commit(store: &Embedded, proposal: Proposal) {
    let outcome = store.commit(proposal.into_commit(AT)).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
}

async fn found(store: &Embedded, kind: ItemKind) -> Versioned<Item> {
    let found = load::one::<Item>(store, Key::Item(id(kind))).await;
    found.unwrap().unwrap()
}

/// A store with a run and a project, and a journal of five entries each; the project is purged.
async fn filled(path: &Path) {
    let store = Embedded::open(path, &Options::default()).unwrap();
    for kind in [ItemKind::Run, ItemKind::Project] {
        let mut proposal = Proposal::default();
        proposal.create(&item(kind), Some(&event(What::Registered)));
        commit(&store, proposal).await;
        for n in 2..ENTRIES + u64::from(kind == ItemKind::Run) {
            let old = found(&store, kind).await;
            let how = format!("for the {n}. time");
            let mut proposal = Proposal::default();
            proposal.replace(&old, &old.document, Some(&event(What::Changed { how })));
            commit(&store, proposal).await;
        }
    }
    let old = found(&store, ItemKind::Project).await;
    let mut proposal = Proposal::default();
    let chain = proposal.remove(&old, &event(What::Purged)).unwrap();
    let stone = Tombstone {
        item: old.document.id,
        name: old.document.name.clone(),
        owner: old.document.owner,
        purged_at: AT,
        swept: true,
        chain,
    };
    proposal.create(&stone, None);
    commit(&store, proposal).await;
    assert_eq!(chain.length, ENTRIES);
    store.close().unwrap();
}

/// The keys of the rows of an item: its document or none, then its journal.
fn rows(database: &Database, kind: ItemKind) -> Vec<(Vec<u8>, Vec<u8>)> {
    use redb::ReadableDatabase as _;
    let prefix = Key::Item(id(kind)).bytes();
    let read = database.begin_read().unwrap();
    let table = read.open_table(DOCUMENTS).unwrap();
    let rows = table.range::<&[u8]>(prefix.as_slice()..).unwrap();
    rows.map(Result::unwrap)
        .map(|(key, value)| (key.value().to_vec(), value.value().to_vec()))
        .take_while(|(key, _)| key.starts_with(prefix.as_slice()))
        .collect()
}

fn write(
    path: &Path,
    change: impl FnOnce(&mut redb::Table<'_, &'static [u8], &'static [u8]>, &Database),
) {
    let database = Database::open(path).unwrap();
    let write = database.begin_write().unwrap();
    {
        let mut table = write.open_table(DOCUMENTS).unwrap();
        change(&mut table, &database);
    }
    write.commit().unwrap();
}

/// Takes out rows of an item.
fn take_out(path: &Path, kind: ItemKind, rows_of: &[usize]) {
    write(path, |table, database| {
        let rows = rows(database, kind);
        for n in rows_of {
            table.remove(rows[*n].0.as_slice()).unwrap();
        }
    });
}

/// Changes words in a row of an item; none gets longer or shorter.
fn alter(path: &Path, kind: ItemKind, n: usize, from: &str, to: &str) {
    write(path, |table, database| {
        let (key, mut value) = rows(database, kind)[n].clone();
        let at = value.windows(from.len()).position(|w| w == from.as_bytes());
        let at = at.unwrap_or_else(|| panic!("{from} is not in row {n}"));
        value.splice(at..at + from.len(), to.bytes());
        table.insert(key.as_slice(), value.as_slice()).unwrap();
    });
}

async fn verified(path: &Path) -> Found {
    let store = Embedded::open(path, &Options::default()).unwrap();
    let found = verify_store(&store).await.unwrap();
    store.close().unwrap();
    found
}

type Harm = fn(&Path);

#[tokio::test]
async fn whatever_is_done_to_a_journal_in_the_file_is_found() {
    let run = id(ItemKind::Run);
    let project = id(ItemKind::Project);
    // Of the run, row 0 is the document; of the project only the journal is left.
    let cases: [(&str, Harm, Vec<String>); 8] = [
        ("nothing", |_| {}, vec![]),
        (
            "an entry is altered",
            |path| alter(path, ItemKind::Run, 2, "for the 2.", "for the 9."),
            vec![format!(
                "{run}: entry 2 was altered: what follows it carries the digest of something else"
            )],
        ),
        (
            "who did it is altered",
            |path| alter(path, ItemKind::Project, 0, "\"cli\"", "\"web\""),
            vec![format!(
                "{project}: entry 1 was altered: what follows it carries the digest of something else"
            )],
        ),
        (
            "an entry is taken out",
            |path| take_out(path, ItemKind::Project, &[2]),
            vec![format!("{project}: entry 3 is missing")],
        ),
        (
            "the last entries are taken out",
            |path| take_out(path, ItemKind::Run, &[4, 5]),
            vec![format!("{run}: entries 4 to 5 are missing")],
        ),
        (
            "a whole journal is taken out",
            |path| take_out(path, ItemKind::Project, &[0, 1, 2, 3, 4]),
            vec![format!("{project}: entries 1 to 5 are missing")],
        ),
        (
            "the item is taken out, and its journal is not",
            |path| take_out(path, ItemKind::Run, &[0]),
            vec![format!(
                "{run}: neither the item nor its tombstone is there, though its journal is"
            )],
        ),
        (
            "the item says that there are fewer entries",
            |path| alter(path, ItemKind::Run, 0, "\"length\":5", "\"length\":4"),
            vec![format!("{run}: entry 5 is more than the item knows of")],
        ),
    ];
    for (case, harm, problems) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.redb");
        filled(&path).await;
        harm(&path);
        let found = verified(&path).await;
        assert_eq!(found.problems, problems, "{case}");
        if problems.is_empty() {
            assert_eq!((found.items, found.entries), (2, 2 * ENTRIES));
        }
    }
}

#[tokio::test]
async fn the_command_says_what_is_wrong_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let config = folder.path().join("handover.toml");
    std::fs::write(&config, "[store]\npath = \"store.redb\"\n").unwrap();
    let verify = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handover"));
        command.args(["audit", "verify", "--config"]).arg(&config);
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, said) = verify();
    assert!(
        code == Some(1) && said.contains("there is no store"),
        "{said}"
    );
    filled(&path).await;
    let (code, said) = verify();
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "2 items with 10 entries: every chain is whole\n")
    );
    let store = Embedded::open(&path, &Options::default()).unwrap();
    let history = store
        .history(Key::Item(id(ItemKind::Run)), Version(0), 10)
        .await;
    assert_eq!(history.unwrap().len(), 5);
    store.close().unwrap();
    take_out(&path, ItemKind::Run, &[2]);
    let (code, said) = verify();
    assert_eq!(code, Some(1));
    assert!(
        said.contains("entry 2 is missing") && said.contains("1 wrong"),
        "{said}"
    );
}
