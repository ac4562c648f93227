//! `RunInfo.xml`: what was sequenced on which instrument, in how many reads and lanes.

use super::Read;
use super::dates;
use super::problem::{Findings, quoted};
use super::xml::{Attributes, Visit};
use jiff::Timestamp;
use jiff::civil::Date;

/// The file's name.
pub(super) const FILE: &str = "RunInfo.xml";
/// Most reads of a run; four is usual, six the most met in practice.
const MOST_READS: usize = 16;
/// Most lanes of a flow cell; eight is the most there is.
pub(super) const MOST_LANES: u32 = 64;
/// Longest name of a run, an instrument or a flow cell, in characters.
pub(super) const LONGEST_NAME: usize = 255;
/// Most cycles of one read; longer ones are a damaged file.
const MOST_CYCLES: u32 = 100_000;

const AS_WRITTEN: &str = "put RunInfo.xml as the instrument wrote it into the folder";

/// What `RunInfo.xml` says, before anything is judged.
#[derive(Default)]
pub(super) struct Raw {
    id: String,
    number: String,
    flow_cell: String,
    instrument: String,
    date: String,
    lane_count: String,
    lane_elements: u32,
    reads: Vec<RawRead>,
    more_reads: bool,
}

#[derive(Default)]
struct RawRead {
    number: String,
    cycles: String,
    first: String,
    last: String,
    indexed: bool,
    reverse_complemented: bool,
}

impl Visit for Raw {
    fn open(&mut self, path: &[&str], attributes: &Attributes) {
        let value = |name: &str| attributes.get(name).unwrap_or_default().to_owned();
        let yes = |name: &str| {
            attributes
                .get(name)
                .is_some_and(|v| matches!(v, "Y" | "y" | "true" | "True" | "1"))
        };
        match path {
            ["runinfo", "run"] if self.id.is_empty() => {
                self.id = value("Id");
                self.number = value("Number");
            }
            ["runinfo", "run", "reads", "read"] => {
                if self.reads.len() >= MOST_READS {
                    self.more_reads = true;
                    return;
                }
                self.reads.push(RawRead {
                    number: value("Number"),
                    cycles: value("NumCycles"),
                    first: value("FirstCycle"),
                    last: value("LastCycle"),
                    indexed: yes("IsIndexedRead"),
                    reverse_complemented: yes("IsReverseComplement"),
                });
            }
            // Genome Analyzer and the first HiSeq mark an index read by a child element and list the lanes.
            ["runinfo", "run", "reads", "read", "index"] => {
                if let Some(read) = self.reads.last_mut() {
                    read.indexed = true;
                }
            }
            ["runinfo", "run", "tiles", "lane"] => {
                self.lane_elements = self.lane_elements.saturating_add(1)
            }
            ["runinfo", "run", "flowcelllayout"] => self.lane_count = value("LaneCount"),
            _ => {}
        }
    }

    fn close(&mut self, path: &[&str], text: &str) {
        let field = match path {
            ["runinfo", "run", "flowcell" | "flowcellid"] => &mut self.flow_cell,
            ["runinfo", "run", "instrument"] => &mut self.instrument,
            ["runinfo", "run", "date"] => &mut self.date,
            _ => return,
        };
        if field.is_empty() {
            text.clone_into(field);
        }
    }
}

/// What `RunInfo.xml` means.
pub(super) struct RunInfo {
    pub(super) run_id: String,
    pub(super) run_number: Option<u64>,
    pub(super) instrument: Option<String>,
    pub(super) flow_cell: Option<String>,
    pub(super) date: Option<Date>,
    pub(super) at: Option<Timestamp>,
    pub(super) lanes: u32,
    pub(super) reads: Vec<Read>,
}

impl Raw {
    /// Judges what was read; what is wrong goes to `findings`. Without a run id there is nothing to register.
    pub(super) fn meant(self, findings: &mut Findings) -> RunInfo {
        let mut named = |what: &str, value: String| match usable_name(&value) {
            _ if value.is_empty() => None,
            Ok(()) => Some(value),
            Err(why) => {
                findings.add(
                    None,
                    format!("has the {what} {}, which {why}", quoted(&value)),
                    AS_WRITTEN,
                );
                None
            }
        };
        let no_id = self.id.is_empty();
        let run_id = named("run id", self.id).unwrap_or_default();
        let flow_cell = named("flow cell", self.flow_cell).or_else(|| flow_cell_of(&run_id));
        let instrument =
            named("instrument", self.instrument).or_else(|| part(&run_id, 1).map(str::to_owned));
        if no_id {
            findings.add(None, "names no run id (Run Id=…)", AS_WRITTEN);
        }
        let when = dates::parse(&self.date, dates::of_run_id(&run_id));
        let lanes = lanes(&self.lane_count, self.lane_elements, findings);
        if self.more_reads {
            findings.add(
                None,
                format!("lists more than {MOST_READS} reads"),
                AS_WRITTEN,
            );
        }
        if self.reads.is_empty() {
            findings.add(None, "lists no reads", AS_WRITTEN);
        }
        let mut reads = Vec::with_capacity(self.reads.len());
        for (at, raw) in self.reads.into_iter().enumerate() {
            reads.extend(raw.meant(at + 1, findings));
        }
        RunInfo {
            run_number: self
                .number
                .parse()
                .ok()
                .or_else(|| part(&run_id, 2).and_then(|part| part.parse().ok())),
            date: when.date.or_else(|| dates::of_run_id(&run_id)),
            at: when.at,
            run_id,
            instrument,
            flow_cell,
            lanes,
            reads,
        }
    }
}

impl RawRead {
    fn meant(self, position: usize, findings: &mut Findings) -> Option<Read> {
        let number = if self.number.is_empty() {
            Some(position as u32)
        } else {
            self.number.parse().ok()
        };
        let cycles = if self.cycles.is_empty() {
            match (self.first.parse::<u32>(), self.last.parse::<u32>()) {
                (Ok(first), Ok(last)) => {
                    last.checked_sub(first).and_then(|more| more.checked_add(1))
                }
                _ => None,
            }
        } else {
            self.cycles.parse().ok()
        };
        match (number, cycles) {
            (Some(number), Some(cycles)) if cycles <= MOST_CYCLES => Some(Read {
                number,
                cycles,
                indexed: self.indexed,
                reverse_complemented: self.reverse_complemented,
            }),
            _ => {
                findings.add(
                    None,
                    format!(
                        "read {position} has the number {} and the cycles {}, which are no numbers of a read",
                        quoted(&self.number),
                        quoted(&self.cycles)
                    ),
                    AS_WRITTEN,
                );
                None
            }
        }
    }
}

fn lanes(written: &str, elements: u32, findings: &mut Findings) -> u32 {
    let lanes = if written.is_empty() {
        Some(elements)
    } else {
        written.parse().ok()
    };
    match lanes {
        Some(lanes) if (1..=MOST_LANES).contains(&lanes) => lanes,
        _ => {
            let shown = if written.is_empty() {
                elements.to_string()
            } else {
                quoted(written)
            };
            findings.add(
                None,
                format!("gives the number of lanes as {shown}; it must be 1 to {MOST_LANES}"),
                AS_WRITTEN,
            );
            0
        }
    }
}

/// Whether a value can stand as a name: no control characters, not endless.
pub(super) fn usable_name(value: &str) -> Result<(), &'static str> {
    if value.chars().any(super::problem::is_unprintable) {
        Err("holds control characters")
    } else if value.chars().count() > LONGEST_NAME {
        Err("is longer than 255 characters")
    } else {
        Ok(())
    }
}

/// A part of a run id of the form `date_instrument_number_flowcell`.
fn part(run_id: &str, at: usize) -> Option<&str> {
    run_id.split('_').nth(at).filter(|part| !part.is_empty())
}

/// The flow cell in a run id, without the side (`A` or `B`) two-sided instruments put before it.
fn flow_cell_of(run_id: &str) -> Option<String> {
    let last = part(run_id, 3)?;
    let without_side = last
        .strip_prefix(['A', 'B'])
        .filter(|rest| rest.len() >= 8 && !last.contains('-'));
    Some(without_side.unwrap_or(last).to_owned())
}
