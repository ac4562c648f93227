//! Aligned tables for people, fitted to the terminal.

use super::text::{cut, printable};

/// Narrowest that a shrinking column gets, in characters.
const NARROWEST: usize = 16;
/// Spaces between columns.
const GAP: usize = 2;

/// How a column gives way on a narrow terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// Never: ids are there to be copied.
    Keeps,
    /// By cutting its cells.
    Shrinks,
    /// By not being shown, the rightmost first.
    Drops,
}

/// A colour that means something; shown on terminals only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    /// Something waits.
    Waits,
    /// It went well.
    Good,
    /// It did not.
    Bad,
}

impl Tone {
    /// Of a transfer's or item's state.
    pub(super) fn of_state(state: &str) -> Self {
        match state {
            "pending" | "requested" | "offered" | "queued" | "in-progress" => Self::Waits,
            "accepted" | "sent" => Self::Good,
            "declined" | "cancelled" | "expired" | "undeliverable" | "dead" | "failed" => Self::Bad,
            _ => Self::Plain,
        }
    }

    const fn before(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Waits => "\u{1b}[33m",
            Self::Good => "\u{1b}[32m",
            Self::Bad => "\u{1b}[31m",
        }
    }
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    title: &'static str,
    fit: Fit,
    right: bool,
}

/// A column of text.
pub(super) const fn column(title: &'static str, fit: Fit) -> Column {
    Column {
        title,
        fit,
        right: false,
    }
}

/// A column of amounts, aligned to the right.
pub(super) const fn amounts(title: &'static str, fit: Fit) -> Column {
    Column {
        title,
        fit,
        right: true,
    }
}

/// One cell.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    text: String,
    tone: Tone,
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self {
            text: printable(text.as_ref()),
            tone: Tone::Plain,
        }
    }
}

/// A cell whose colour says what the state means.
pub(super) fn state(text: &str) -> Cell {
    Cell {
        text: printable(text),
        tone: Tone::of_state(text),
    }
}

/// Rows under titles.
#[derive(Debug)]
pub(super) struct Table<const N: usize> {
    columns: [Column; N],
    rows: Vec<[Cell; N]>,
}

impl<const N: usize> Table<N> {
    pub(super) const fn new(columns: [Column; N]) -> Self {
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    pub(super) fn row(&mut self, cells: [Cell; N]) {
        self.rows.push(cells);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table, each line indented and ended; empty without rows. `width` is the terminal's, in characters.
    pub(super) fn shown(&self, indent: usize, width: Option<usize>, colours: bool) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let widths = self.widths(width.map(|width| width.saturating_sub(indent)));
        let mut text = String::new();
        let titles = self.columns.map(|column| Cell::from(column.title));
        for (at, row) in std::iter::once(&titles).chain(&self.rows).enumerate() {
            let mut line = " ".repeat(indent);
            for ((cell, column), width) in row.iter().zip(&self.columns).zip(&widths) {
                let Some(width) = *width else { continue };
                let shown = cut(&cell.text, width);
                let padding = " ".repeat(width.saturating_sub(shown.chars().count()));
                let before = match (colours, at) {
                    (false, _) => "",
                    (true, 0) => "\u{1b}[1m",
                    (true, _) => cell.tone.before(),
                };
                let after = if before.is_empty() { "" } else { "\u{1b}[0m" };
                if column.right {
                    line.push_str(&padding);
                }
                line.push_str(before);
                line.push_str(&shown);
                line.push_str(after);
                if !column.right {
                    line.push_str(&padding);
                }
                line.push_str(&" ".repeat(GAP));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// How wide each column is; `None` for one that is not shown.
    fn widths(&self, available: Option<usize>) -> [Option<usize>; N] {
        let mut widths = self
            .columns
            .map(|column| Some(column.title.chars().count()));
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(Some(cell.text.chars().count()));
            }
        }
        let Some(available) = available else {
            return widths;
        };
        let excess = |widths: &[Option<usize>; N]| {
            let shown: Vec<usize> = widths.iter().flatten().copied().collect();
            let needed = shown.iter().sum::<usize>() + GAP * shown.len().saturating_sub(1);
            needed.saturating_sub(available)
        };
        let spare: usize = self
            .columns
            .iter()
            .zip(&widths)
            .filter(|(column, _)| column.fit == Fit::Shrinks)
            .map(|(_, width)| width.unwrap_or(0).saturating_sub(NARROWEST))
            .sum();
        for (at, column) in self.columns.iter().enumerate().rev() {
            if excess(&widths) <= spare {
                break;
            }
            if column.fit == Fit::Drops
                && let Some(width) = widths.get_mut(at)
            {
                *width = None;
            }
        }
        while excess(&widths) > 0 {
            let shrinking = self.columns.iter().zip(widths.iter_mut());
            let widest = shrinking
                .filter(|(column, _)| column.fit == Fit::Shrinks)
                .filter_map(|(_, width)| width.as_mut())
                .max_by_key(|width| **width);
            match widest {
                Some(width) if *width > NARROWEST => *width -= 1,
                _ => break,
            }
        }
        widths
    }
}

/// Lines of `name: value` with the values aligned; empty values are left out.
pub(super) fn facts(facts: &[(&str, String)]) -> String {
    let told = || facts.iter().filter(|(_, value)| !value.is_empty());
    let width = told().map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or(0) + 1;
    let line = |(name, value): &(&str, String)| {
        let name = format!("{name}:");
        format!("{name:width$} {}\n", printable(value))
    };
    told().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<4> {
        let mut table = Table::new([
            column("NAME", Fit::Shrinks),
            amounts("SIZE", Fit::Keeps),
            column("REGISTERED", Fit::Drops),
            column("ID", Fit::Keeps),
        ]);
        let rows = [
            (
                "20231108_LH00188_0028_B22F52TLT3",
                "10.0 TiB",
                "2026-11-20 (2 days ago)",
                "run_1",
            ),
            ("Wälder\u{1b}[2J", "9 B", "2026-11-22 (now)", "run_2"),
        ];
        for (name, size, registered, id) in rows {
            table.row([name.into(), size.into(), registered.into(), id.into()]);
        }
        table
    }

    #[test]
    fn a_table_gives_way_to_the_terminal() {
        let shown = [None, Some(60), Some(40), Some(10)]
            .map(|width| table().shown(0, width, false))
            .join("\n");
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn colours_do_not_move_the_columns() {
        let mut table = Table::new([column("STATE", Fit::Keeps), column("ID", Fit::Keeps)]);
        table.row([state("pending"), "tr_1".into()]);
        let plain = "STATE    ID\npending  tr_1\n";
        assert_eq!(table.shown(0, None, false), plain);
        let mut coloured = table.shown(0, None, true);
        for code in ["\u{1b}[1m", "\u{1b}[33m", "\u{1b}[0m"] {
            coloured = coloured.replace(code, "");
        }
        assert_eq!(coloured, plain);
    }

    #[test]
    fn facts_are_aligned_and_empty_ones_left_out() {
        let shown = facts(&[
            ("id", "a".into()),
            ("x", String::new()),
            ("name", "b".into()),
        ]);
        assert_eq!(shown, "id:   a\nname: b\n");
    }
}
