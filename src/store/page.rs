//! What a scan gives.

/// A page of an index, in the order of its keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Keys and values.
    pub rows: Rows,
    /// Whether more follow.
    pub more: bool,
}

impl Page {
    /// Beyond what the next page begins.
    pub fn last_key(&self) -> Option<Vec<u8>> {
        self.rows.last().map(|(key, _)| key.to_vec())
    }
}

/// Rows in one piece of memory: what they take from the allocator does not grow with their number, and rights are asked of a few at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// Each key with its value behind it.
    bytes: Vec<u8>,
    /// How long each key and each value is.
    lengths: Vec<(usize, usize)>,
}

impl Rows {
    /// Puts a row behind the others.
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        if self.is_empty() {
            // Enough for most: to grow takes longer than to read.
            self.bytes.reserve(512);
            self.lengths.reserve(8);
        }
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        self.lengths.push((key.len(), value.len()));
    }
    /// How many.
    pub const fn len(&self) -> usize {
        self.lengths.len()
    }
    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }
    /// Keys and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut rest = self.bytes.as_slice();
        self.lengths.iter().map_while(move |(key, value)| {
            let (key, behind) = rest.split_at_checked(*key)?;
            let (value, behind) = behind.split_at_checked(*value)?;
            rest = behind;
            Some((key, value))
        })
    }
    /// The first.
    pub fn first(&self) -> Option<(&[u8], &[u8])> {
        self.iter().next()
    }
    /// The last.
    pub fn last(&self) -> Option<(&[u8], &[u8])> {
        let (key, value) = self.lengths.last()?;
        let (rest, value) = self
            .bytes
            .split_at_checked(self.bytes.len().checked_sub(*value)?)?;
        let (_, key) = rest.split_at_checked(rest.len().checked_sub(*key)?)?;
        Some((key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_back_in_their_order() {
        let mut rows = Rows::default();
        assert_eq!((rows.first(), rows.last()), (None, None));
        let all: [(&[u8], &[u8]); 3] = [(&[1, 2], &[]), (&[3], &[4, 5]), (&[6], &[7])];
        for (key, value) in all {
            rows.push(key, value);
        }
        assert_eq!(rows.iter().collect::<Vec<_>>(), all);
        assert_eq!((rows.first(), rows.last()), (Some(all[0]), Some(all[2])));
    }
}
