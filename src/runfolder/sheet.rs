//! `SampleSheet.csv` as instruments, LIMS and spreadsheets write it: version 1, version 2, or a bare table.

use super::problem::{Findings, quoted};
use super::text::{SAVE_AS_CSV, decode, fields, next_line, section_name};
use csv::ByteRecord;
use std::collections::BTreeMap;

/// The file's name.
pub(super) const FILE: &str = "SampleSheet.csv";
/// Largest sheet that is read, in bytes.
pub(super) const LARGEST_FILE: u64 = 16 * 1024 * 1024;
/// Longest line, in bytes.
const LONGEST_LINE: usize = 64 * 1024;
/// Most lines, empty ones included.
const MOST_LINES: u64 = 200_000;
/// Most rows that name a sample, in one table.
pub(super) const MOST_ROWS: usize = 20_000;

/// The tables that name samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    /// `[Data]` of version 1, or a table with no sections around it.
    Data,
    /// `[BCLConvert_Data]` of version 2.
    Convert,
    /// `[Cloud_Data]` of version 2, which names the projects.
    Cloud,
}

impl Table {
    pub(super) fn name(self) -> &'static str {
        match self {
            Table::Data => "[Data]",
            Table::Convert => "[BCLConvert_Data]",
            Table::Cloud => "[Cloud_Data]",
        }
    }
}

/// One row of a table; absent and empty cells are both empty. Values are trimmed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) sample_id: String,
    pub(super) sample_name: String,
    pub(super) project: String,
    pub(super) lane: String,
    pub(super) index: String,
    pub(super) index2: String,
    pub(super) library: String,
}

/// What a sample sheet says, before anything is judged.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) tables: BTreeMap<Table, Vec<Row>>,
    /// What people called the run: `RunName` of version 2, `Experiment Name` of version 1.
    pub(super) run_name: Option<String>,
}

/// Reads a sheet; what is wrong goes to `findings`.
pub(super) fn read(bytes: &[u8], findings: &mut Findings) -> Sheet {
    let mut reading = Reading {
        sheet: Sheet::default(),
        section: Section::None,
        findings,
    };
    let Some(text) = decode(bytes, reading.findings) else {
        return reading.sheet;
    };
    let mut rest: &[u8] = &text;
    let mut number = 0;
    while !rest.is_empty() {
        let (line, after) = next_line(rest);
        rest = after;
        number += 1;
        if number > MOST_LINES {
            reading.findings.add(
                number,
                format!("is more than {MOST_LINES} lines long"),
                "remove what is not needed",
            );
            break;
        }
        if line.len() > LONGEST_LINE {
            reading.findings.add(
                number,
                format!(
                    "is a line of {} bytes; at most {LONGEST_LINE} are read",
                    line.len()
                ),
                SAVE_AS_CSV,
            );
            break;
        }
        if !reading.line(number, line) {
            break;
        }
    }
    if reading.sheet.tables.is_empty() && matches!(reading.section, Section::None) {
        reading.findings.add(
            None,
            "holds neither a section such as [Data] or [BCLConvert_Data] nor a table with a Sample_ID column",
            "put the sample sheet of the run in its place, or remove the file to register the run without projects",
        );
    }
    reading.sheet
}

enum Section {
    /// Before the first section.
    None,
    Header,
    Table(Table, Option<Columns>),
    /// A section that says nothing about samples and projects, or one that cannot be read.
    Other,
}

#[derive(Default)]
struct Columns {
    sample_id: Option<usize>,
    sample_name: Option<usize>,
    project: Option<usize>,
    lane: Option<usize>,
    index: Option<usize>,
    index2: Option<usize>,
    library: Option<usize>,
}

struct Reading<'a> {
    sheet: Sheet,
    section: Section,
    findings: &'a mut Findings,
}

impl Reading<'_> {
    /// Takes a line; `false` where going on makes no sense.
    fn line(&mut self, number: u64, line: &[u8]) -> bool {
        if line
            .iter()
            .all(|byte| matches!(byte, b',' | b' ' | b'\t' | b';' | b'"'))
        {
            return true;
        }
        if let Some(name) = section_name(line) {
            self.enter(number, &name);
            return true;
        }
        if matches!(self.section, Section::Other) {
            return true;
        }
        let Some(record) = fields(line) else {
            self.findings.add(
                number,
                "has a quote that is not closed on the line",
                "close or remove the quote",
            );
            return true;
        };
        match &self.section {
            Section::None => {
                // A bare table begins with the names of its columns.
                let (columns, _) = Columns::of(&record);
                if columns.names_samples() {
                    self.sheet.tables.insert(Table::Data, Vec::new());
                    self.section = Section::Table(Table::Data, Some(columns));
                } else if line.contains(&b';') || line.contains(&b'\t') {
                    self.separated_otherwise(number);
                }
                true
            }
            Section::Header => {
                self.header(&record);
                true
            }
            Section::Table(table, None) => {
                let table = *table;
                self.columns(number, table, &record);
                true
            }
            Section::Table(table, Some(columns)) => match columns.row(number, &record) {
                Ok(row) => {
                    let rows = self.sheet.tables.entry(*table).or_default();
                    if rows.len() >= MOST_ROWS {
                        self.findings.add(
                            number,
                            format!("{} has more than {MOST_ROWS} rows", table.name()),
                            "split the run's samples over fewer rows",
                        );
                        return false;
                    }
                    rows.push(row);
                    true
                }
                Err(column) => {
                    self.findings.add(
                        number,
                        format!("the column {column} holds bytes that are not UTF-8"),
                        SAVE_AS_CSV,
                    );
                    true
                }
            },
            Section::Other => true,
        }
    }

    fn enter(&mut self, number: u64, name: &str) {
        let table = match name {
            "header" => {
                self.section = Section::Header;
                return;
            }
            "data" => Table::Data,
            "bclconvert_data" => Table::Convert,
            "cloud_data" => Table::Cloud,
            _ => {
                self.section = Section::Other;
                return;
            }
        };
        if self.sheet.tables.insert(table, Vec::new()).is_some() {
            self.findings.add(
                number,
                format!("begins {} for the second time", table.name()),
                "keep one of the two",
            );
        }
        self.section = Section::Table(table, None);
    }

    fn header(&mut self, record: &ByteRecord) {
        let cell = |at: usize| {
            std::str::from_utf8(record.get(at).unwrap_or_default())
                .unwrap_or_default()
                .trim()
        };
        let known = matches!(
            plain(cell(0).as_bytes()).as_str(),
            "runname" | "experimentname"
        );
        if known
            && self.sheet.run_name.is_none()
            && !cell(1).is_empty()
            && super::run_info::usable_name(cell(1)).is_ok()
        {
            self.sheet.run_name = Some(cell(1).to_owned());
        }
    }

    fn columns(&mut self, number: u64, table: Table, record: &ByteRecord) {
        let (columns, twice) = Columns::of(record);
        if let Some(name) = twice {
            self.findings.add(
                number,
                format!("{} has the column {name} twice", table.name()),
                "keep one of the two",
            );
        }
        if columns.names_samples() {
            self.section = Section::Table(table, Some(columns));
            return;
        }
        self.section = Section::Other;
        let one_cell = record.get(0).unwrap_or_default();
        if record.len() == 1 && (one_cell.contains(&b';') || one_cell.contains(&b'\t')) {
            self.separated_otherwise(number);
            return;
        }
        let names: Vec<String> = record
            .iter()
            .take(8)
            .map(|name| quoted(String::from_utf8_lossy(name).trim()))
            .collect();
        self.findings.add(
            number,
            format!(
                "{} has no Sample_ID column; its columns are {}",
                table.name(),
                names.join(", ")
            ),
            "name the column Sample_ID in the first line of the table",
        );
    }

    fn separated_otherwise(&mut self, number: u64) {
        self.section = Section::Other;
        self.findings.add(
            number,
            "is separated by semicolons or tabs, not by commas",
            SAVE_AS_CSV,
        );
    }
}

/// A column's name as it is compared: `Sample_ID`, `SampleID` and `sample id` are one.
fn plain(name: &[u8]) -> String {
    name.iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect()
}

impl Columns {
    /// The columns by their names, and the first name that was there twice.
    fn of(record: &ByteRecord) -> (Self, Option<&'static str>) {
        let mut columns = Self::default();
        let mut twice = None;
        for (at, name) in record.iter().enumerate() {
            let (column, name) = match plain(name).as_str() {
                "sampleid" => (&mut columns.sample_id, "Sample_ID"),
                "samplename" => (&mut columns.sample_name, "Sample_Name"),
                "sampleproject" | "projectname" | "project" => {
                    (&mut columns.project, "Sample_Project")
                }
                "lane" => (&mut columns.lane, "Lane"),
                "index" => (&mut columns.index, "Index"),
                "index2" => (&mut columns.index2, "Index2"),
                "libraryname" => (&mut columns.library, "LibraryName"),
                _ => continue,
            };
            match column {
                Some(_) => twice = twice.or(Some(name)),
                None => *column = Some(at),
            }
        }
        (columns, twice)
    }

    fn names_samples(&self) -> bool {
        self.sample_id.is_some() || self.sample_name.is_some()
    }

    /// The row, or the name of the column that is not text. Columns that are not used may hold anything.
    fn row(&self, line: u64, record: &ByteRecord) -> Result<Row, &'static str> {
        let cell = |column: Option<usize>, name: &'static str| {
            let bytes = column.and_then(|at| record.get(at)).unwrap_or_default();
            std::str::from_utf8(bytes)
                .map(|text| text.trim().to_owned())
                .map_err(|_| name)
        };
        Ok(Row {
            line,
            sample_id: cell(self.sample_id, "Sample_ID")?,
            sample_name: cell(self.sample_name, "Sample_Name")?,
            project: cell(self.project, "Sample_Project")?,
            lane: cell(self.lane, "Lane")?,
            index: cell(self.index, "Index")?,
            index2: cell(self.index2, "Index2")?,
            library: cell(self.library, "LibraryName")?,
        })
    }
}
