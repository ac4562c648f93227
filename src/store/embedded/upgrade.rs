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
    use super::*;
    use redb::Builder;
    use redb::backends::InMemoryBackend;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = { hex.chars() }
            .map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap())
            .collect();
        digits
            .chunks(2)
            .map(|pair| pair[0] * 16 + pair[1])
            .collect()
    }

    #[test]
    fn names_of_format_3_are_found_where_those_of_format_4_lie() {
        // As a store of format 3 has it, of the document of this name in `tests/golden`.
        let old = bytes(
            "030101900000000070008000000000000001010132303236313132325f6c6830303030315f303030315f613232616161616c7433002bec68680cc0df47d9a8a09d36d0cbf8",
        );
        let stored = include_bytes!("../../../tests/golden/item-1-run");
        let item: Item = document::decode(stored).unwrap();
        let key = Key::Item(item.id).bytes();
        let database = Builder::new()
            .create_with_backend(InMemoryBackend::new())
            .unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let mut tables = Tables::open(&transaction).unwrap();
            let record = [&[0; 8], &stored[..]].concat();
            tables.documents.insert(key.as_slice(), &*record).unwrap();
            let journal = [key.as_slice(), &[0; 8]].concat();
            tables
                .documents
                .insert(&*journal, &b"an event"[..])
                .unwrap();
            tables
                .entries
                .put(&old, item.id.to_string().as_bytes())
                .unwrap();
        }
        order_names(&transaction).unwrap();
        let tables = Tables::open(&transaction).unwrap();
        let new = Item::name_entry(item.owner, item.id, &item.name).bytes();
        assert_ne!(new.as_slice(), old);
        assert_eq!(tables.entries.get(&old).unwrap(), None);
        let owner = tables.entries.get(new.as_slice()).unwrap().unwrap();
        assert_eq!(owner, item.id.to_string().as_bytes());
    }
}
