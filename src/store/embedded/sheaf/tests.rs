//! Sheaves against rows of their own.

use std::collections::BTreeMap;

use rand::prelude::*;
use redb::backends::InMemoryBackend;
use redb::{Database, ReadableTableMetadata as _, TableDefinition};

use super::super::indexes::bounds;
use super::*;

const ROWS: TableDefinition<Raw, Raw> = TableDefinition::new("rows");
const NAMED: Group = Group(2);

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

fn key(random: &mut StdRng) -> Vec<u8> {
    let group = [[1, 0], [1, 255], [255, 255]][random.random_range(0..3)];
    let rest = (0..random.random_range(0..3)).map(|_| [0, 1, 7, 255][random.random_range(0..4)]);
    group.into_iter().chain(rest).collect()
}

/// What a scan of these rows must give.
fn expected(
    rows: &Rows,
    prefix: &[u8],
    after: Option<&[u8]>,
    way: Direction,
    limit: usize,
) -> Page {
    let beyond = |key: &[u8]| match way {
        Direction::Forward => after.is_none_or(|after| key > after),
        Direction::Backward => after.is_none_or(|after| key < after),
    };
    let wanted = rows
        .iter()
        .filter(|(key, _)| key.starts_with(prefix) && beyond(key));
    let mut wanted: Vec<_> = wanted.collect();
    if way == Direction::Backward {
        wanted.reverse();
    }
    let mut page = Page {
        more: wanted.len() > limit,
        ..Page::default()
    };
    for (key, value) in wanted.into_iter().take(limit) {
        page.rows.push(key, value);
    }
    page
}

/// Rows of several groups come and go, long enough that sheaves are cut.
fn history(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let database = Database::builder();
    let database = { database }
        .create_with_backend(InMemoryBackend::new())
        .unwrap();
    let transaction = database.begin_write().unwrap();
    let mut table = transaction.open_table(ROWS).unwrap();
    let mut rows = Rows::new();
    for _ in 0..400 {
        let key = key(&mut random);
        if random.random_bool(0.6) {
            let value = vec![random.random(); random.random_range(0..FULL / 3)];
            put(&mut table, NAMED, &key, &value).unwrap();
            rows.insert(key, value);
        } else {
            remove(&mut table, NAMED, &key).unwrap();
            rows.remove(&key);
        }
        let asked = self::key(&mut random);
        assert_eq!(
            get(&table, NAMED, &asked).unwrap(),
            rows.get(&asked).cloned()
        );
        let prefix = self::key(&mut random);
        let prefix = &prefix[..random.random_range(1..=prefix.len())];
        let after = random.random_bool(0.5).then(|| self::key(&mut random));
        let limit = random.random_range(1..20);
        for way in [Direction::Forward, Direction::Backward] {
            let found = match bounds(prefix, after.as_deref(), way) {
                Some(keys) => scan(&table, NAMED, prefix, keys, way, limit).unwrap(),
                None => Page::default(),
            };
            let expected = expected(&rows, prefix, after.as_deref(), way, limit);
            assert!(
                found == expected,
                "seed {seed}: {prefix:?} after {after:?}, {way:?}, {limit}"
            );
        }
    }
    assert!(table.len().unwrap() > 3, "no sheaf was cut");
    for key in rows.keys() {
        remove(&mut table, NAMED, key).unwrap();
    }
    assert_eq!(table.len().unwrap(), 0, "seed {seed} leaves sheaves behind");
}

#[test]
fn sheaves_hold_what_rows_of_their_own_would() {
    (0..50).for_each(history);
}

#[test]
fn what_no_sheaf_can_be_is_said() {
    for odd in [
        &[ALONE, 1][..],
        &[ALONE, 0, 0, 0, 0, 9],
        &[ALONE, 2, 0, 0, 0, 0, 1],
    ] {
        assert!(super::rows(odd).any(|row| row.is_err()), "{odd:?}");
    }
}
