//! The steps that bring a store of an older format to the next one.

use redb::{ReadableTable, WriteTransaction};

use super::tables::{Tables, tail};
use crate::domain::document;
use crate::domain::id::{Digest, ItemId, ItemKind};
use crate::domain::index::named;
use crate::domain::item::{Item, folded_name};
use crate::domain::key::Key;
use crate::domain::shelf::ORDERED;

/// From 3 to 4: names lie where people look for them, and no longer in the order of their bytes.
pub(super) fn order_names(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    let Tables {
        documents,
        mut entries,
        ..
    } = Tables::open(transaction)?;
    for kind in [ItemKind::Run, ItemKind::Project] {
        let [first, last] =
            [u128::MIN, u128::MAX].map(|bits| Key::Item(ItemId::new(kind, bits)).bytes());
        for row in documents.range(first.as_slice()..=last.as_slice())? {
            let (key, stored) = row?;
            // The journal of an item lies right behind it.
            if key.value().len() != first.as_slice().len() {
                continue;
            }
            let item: Item = document::decode(tail(stored.value()))
                .map_err(|error| redb::Error::Corrupted(error.to_string()))?;
            let old = by_bytes(&item);
            if let Some(owner) = entries.get(&old)? {
                entries.remove(&old)?;
                let new = Item::name_entry(item.owner, item.id, &item.name).bytes();
                entries.put(new.as_slice(), &owner)?;
            }
        }
    }
    Ok(())
}

/// Where the name of an item lay in format 3.
fn by_bytes(item: &Item) -> Vec<u8> {
    let folded = folded_name(&item.name);
    let begin = folded.as_bytes();
    let begin = begin.get(..ORDERED).unwrap_or(begin);
    let digest = Digest::of(folded.as_bytes()).0.to_be_bytes();
    [
        named(item.owner, item.id.kind()).as_slice(),
        begin,
        &[0],
        &digest,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use redb::backends::InMemoryBackend;
    use redb::{Builder, ReadableDatabase};

    use super::super::indexes::Indexes;
    use super::super::open::{STEPS, initialise, prepare};
    use super::super::tables::FORMAT;
    use super::*;
    use crate::domain::document::{Derived, Document};
    use crate::domain::index::Entry;
    use crate::domain::item::State;
    use crate::store::Direction;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Runs and projects as stores of format 3 have them: what they are called decides where their names lay.
    fn items() -> Vec<Item> {
        let stored = [
            &include_bytes!("../../../tests/golden/item-1-run")[..],
            &include_bytes!("../../../tests/golden/item-1-project")[..],
        ];
        let of = |stored: &[u8]| document::decode::<Item>(stored).unwrap();
        let long = format!("Ä{}", "9x".repeat(100));
        let names = ["Plate 2", "plate 10", "Ärzte", &long, "plain"];
        let mut all: Vec<Item> = stored.into_iter().map(of).collect();
        for one in all.clone() {
            let named = |(n, name): (usize, &&str)| Item {
                id: ItemId::new(one.id.kind(), 100 + n as u128),
                name: (*name).to_owned(),
                state: if n == 1 {
                    State::Trashed
                } else {
                    State::Active
                },
                ..one.clone()
            };
            all.extend(names.iter().enumerate().map(named));
        }
        all
    }

    #[test]
    fn names_lay_by_their_bytes_in_format_3() {
        let run = &items()[0];
        assert_eq!(
            hex(&by_bytes(run)),
            "030101900000000070008000000000000001010132303236313132325f6c6830303030315f303030315f613232616161616c7433002bec68680cc0df47d9a8a09d36d0cbf8"
        );
    }

    #[test]
    fn a_store_of_format_3_is_opened_with_every_entry_where_its_document_has_it() {
        let database = Builder::new()
            .create_with_backend(InMemoryBackend::new())
            .unwrap();
        initialise(&database, 3).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut wanted = Vec::new();
        {
            let mut tables = Tables::open(&transaction).unwrap();
            for item in items() {
                let key = item.key().bytes();
                let record = [&[0; 8], &*document::encode(&item)].concat();
                tables.documents.insert(key.as_slice(), &*record).unwrap();
                let journal = [key.as_slice(), &[0; 8]].concat();
                tables
                    .documents
                    .insert(&*journal, &b"an event"[..])
                    .unwrap();
                for Derived { entry, value, .. } in item.entries() {
                    let new = entry.bytes();
                    let is_name = matches!(entry, Entry::Name(..));
                    let old = if is_name {
                        by_bytes(&item)
                    } else {
                        new.as_slice().to_vec()
                    };
                    tables.entries.put(&old, &value).unwrap();
                    wanted.push((new.as_slice().to_vec(), value));
                }
            }
        }
        transaction.commit().unwrap();
        prepare(&database, Path::new("test"), FORMAT, STEPS).unwrap();
        let read = database.begin_read().unwrap();
        let entries = Indexes::open(|table| read.open_table(table)).unwrap();
        for (key, value) in &wanted {
            assert_eq!(
                entries.get(key).unwrap().as_ref(),
                Some(value),
                "{}",
                hex(key)
            );
        }
        for kind in [ItemKind::Run, ItemKind::Project] {
            let prefix = named(items()[0].owner, kind);
            let page = entries
                .scan(prefix.as_slice(), None, Direction::Forward, 100)
                .unwrap();
            assert_eq!(page.rows.iter().count(), 6, "none is left where it lay");
        }
    }
}
