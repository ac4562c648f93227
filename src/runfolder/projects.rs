//! From the rows of a sample sheet to projects, biosamples and libraries.

use super::problem::{Findings, Problem, quoted};
use super::run_info::{LONGEST_NAME, usable_name};
use super::sheet::{self, Row, Sheet, Table};
use super::source::{self, WAIT_FOR_COPY};
use super::{Biosample, Library, Options, Project};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

/// Most projects of one run: as many as one transfer can offer.
const MOST_PROJECTS: usize = 250;
/// Longest name of a biosample, in characters.
const LONGEST_BIOSAMPLE: usize = 99;

/// What a sheet comes to.
#[derive(Default)]
pub(super) struct Assembled {
    pub(super) projects: Vec<Project>,
    /// Samples that belong to no project and are not registered.
    pub(super) unassigned: u64,
}

/// Reads the sample sheet, if there is one: what people called the run, and its projects. What is wrong goes to `problems`.
pub(super) fn of_folder(
    root: &Path,
    lanes: u32,
    options: &Options,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<String>,
) -> (Option<String>, Assembled) {
    let nothing = (None, Assembled::default());
    let unassigned_to = options.project_for_unassigned.as_deref().map(str::trim);
    if let Some(name) = unassigned_to {
        let why = if name.is_empty() {
            Err("is empty")
        } else {
            usable_name(name)
        };
        if let Err(why) = why {
            let sentence = format!("the project name {} {why}", quoted(name));
            problems.push(Problem::new(
                "--project",
                None,
                sentence,
                "give it 1 to 255 characters without control characters",
            ));
            return nothing;
        }
    }
    let input = match source::open(root, sheet::FILE, sheet::LARGEST_FILE) {
        Ok(Some(input)) => input,
        Ok(None) => {
            notes.push("there is no SampleSheet.csv, so no projects are registered".to_owned());
            return nothing;
        }
        Err(problem) => {
            problems.push(problem);
            return nothing;
        }
    };
    let mut bytes = Vec::new();
    // One byte more than allowed, for a file that grows between the look at its length and this.
    if let Err(why) = input.take(sheet::LARGEST_FILE + 1).read_to_end(&mut bytes) {
        problems.push(Problem::new(
            sheet::FILE,
            None,
            format!("cannot be read ({})", why.kind()),
            WAIT_FOR_COPY,
        ));
        return nothing;
    }
    let mut findings = Findings::new(sheet::FILE);
    if bytes.is_empty() || bytes.len() as u64 > sheet::LARGEST_FILE {
        findings.add(
            None,
            if bytes.is_empty() {
                "is empty"
            } else {
                "grows while it is read"
            },
            WAIT_FOR_COPY,
        );
        problems.extend(findings.into_problems());
        return nothing;
    }
    let sheet = sheet::read(&bytes, &mut findings);
    drop(bytes);
    let assembled = assemble(&sheet, lanes, unassigned_to, &mut findings, notes);
    problems.extend(findings.into_problems());
    (sheet.run_name, assembled)
}

/// What `[Cloud_Data]` says of one sample.
struct Cloud<'a> {
    project: &'a str,
    /// The library's name, where there is just one.
    library: Option<&'a str>,
}

/// Lane, index, index 2: what tells two libraries of a biosample apart.
type Place = (Option<u32>, Option<String>, Option<String>);

/// Judges the rows; what is wrong goes to `findings`. `lanes` is the number of lanes of the flow cell.
/// `unassigned_to` takes in the samples that name no project.
pub(super) fn assemble(
    sheet: &Sheet,
    lanes: u32,
    unassigned_to: Option<&str>,
    findings: &mut Findings,
    notes: &mut Vec<String>,
) -> Assembled {
    let mut cloud = BTreeMap::new();
    let rows = |table| sheet.tables.get(&table).filter(|rows| !rows.is_empty());
    let (table, rows) = match (rows(Table::Convert), rows(Table::Data), rows(Table::Cloud)) {
        (Some(convert), other, in_cloud) => {
            if other.is_some() {
                notes.push(
                    "the sample sheet has both [BCLConvert_Data] and [Data]; [Data] was not read"
                        .to_owned(),
                );
            }
            cloud = in_cloud
                .map(|rows| by_sample(rows, findings))
                .unwrap_or_default();
            let known: BTreeSet<&str> = convert.iter().map(|row| row.sample_id.as_str()).collect();
            let strangers = cloud
                .keys()
                .filter(|sample| !known.contains(*sample))
                .count();
            if strangers > 0 {
                notes.push(format!(
                    "{strangers} samples of [Cloud_Data] are not in [BCLConvert_Data] and were not registered"
                ));
            }
            (Table::Convert, convert)
        }
        (None, Some(data), _) => (Table::Data, data),
        (None, None, Some(in_cloud)) => (Table::Cloud, in_cloud),
        (None, None, None) => {
            notes.push(
                "the sample sheet lists no samples, so no projects are registered".to_owned(),
            );
            return Assembled::default();
        }
    };
    let mut assembly = Assembly {
        lanes,
        findings,
        projects: BTreeMap::new(),
        unassigned: BTreeSet::new(),
        told: BTreeSet::new(),
    };
    let mut taken_in = BTreeSet::new();
    for row in rows {
        let Some(sample) = assembly.sample(row, table) else {
            continue;
        };
        let in_cloud = cloud.get(sample);
        let named = in_cloud
            .map(|cloud| cloud.project)
            .filter(|name| !name.is_empty())
            .unwrap_or(&row.project);
        let project = if named.is_empty() {
            unassigned_to.unwrap_or_default()
        } else {
            named
        };
        if project.is_empty() {
            assembly.unassigned.insert(sample);
            continue;
        }
        if named.is_empty() {
            taken_in.insert(sample);
        }
        let own = Some(row.library.as_str()).filter(|name| !name.is_empty());
        assembly.add(
            row,
            project,
            sample,
            own.or(in_cloud.and_then(|cloud| cloud.library)),
        );
    }
    let unassigned = assembly.unassigned.len() as u64;
    if unassigned > 0 {
        notes.push(format!(
            "{unassigned} samples name no project and are not registered; --project NAME takes them into that project"
        ));
    }
    if let (Some(project), false) = (unassigned_to, taken_in.is_empty()) {
        notes.push(format!(
            "{} samples that name no project go into the project {}",
            taken_in.len(),
            quoted(project)
        ));
    }
    Assembled {
        projects: assembly.finish(),
        unassigned,
    }
}

fn by_sample<'a>(rows: &'a [Row], findings: &mut Findings) -> BTreeMap<&'a str, Cloud<'a>> {
    let mut samples: BTreeMap<&str, Cloud<'_>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.sample_id.is_empty()) {
        let library = Some(row.library.as_str()).filter(|name| !name.is_empty());
        let known = samples.entry(&row.sample_id).or_insert(Cloud {
            project: &row.project,
            library,
        });
        if known.project != row.project {
            findings.add(
                row.line,
                format!(
                    "[Cloud_Data] puts the sample {} into the project {} and, on an earlier line, into {}",
                    quoted(&row.sample_id),
                    quoted(&row.project),
                    quoted(known.project)
                ),
                "give the sample one project, or two names",
            );
        }
        if known.library != library {
            known.library = None;
        }
    }
    samples
}

struct Assembly<'a, 'f> {
    lanes: u32,
    findings: &'f mut Findings,
    projects: BTreeMap<&'a str, BTreeMap<&'a str, BTreeMap<Place, Option<&'a str>>>>,
    unassigned: BTreeSet<&'a str>,
    /// Names whose problem has been told: a bad name on eight lanes is one problem.
    told: BTreeSet<(&'static str, &'a str)>,
}

impl<'a> Assembly<'a, '_> {
    /// The sample's name: its id, or what version 1 sheets without ids call it.
    fn sample(&mut self, row: &'a Row, table: Table) -> Option<&'a str> {
        let name = if row.sample_id.is_empty() {
            &row.sample_name
        } else {
            &row.sample_id
        };
        if name.is_empty() {
            self.findings.add(
                row.line,
                format!("this row of {} names no sample", table.name()),
                "fill in Sample_ID, or remove the row",
            );
            return None;
        }
        Some(name)
    }

    fn add(&mut self, row: &'a Row, project: &'a str, sample: &'a str, library: Option<&'a str>) {
        let lane = self.lane(row);
        if let Some(why) = biosample_rule(sample)
            && self.told.insert(("biosample", sample))
        {
            self.findings.add(
                row.line,
                format!("the sample name {} {why}", quoted(sample)),
                "rename the sample: letters, digits, hyphen and underscore, at most 99 characters",
            );
        }
        if let Err(why) = usable_name(project)
            && self.told.insert(("project", project))
        {
            self.findings.add(
                row.line,
                format!("the project name {} {why}", quoted(project)),
                format!(
                    "rename the project: 1 to {LONGEST_NAME} characters without control characters"
                ),
            );
        }
        for index in [&row.index, &row.index2] {
            if usable_name(index).is_err() && self.told.insert(("index", index)) {
                self.findings.add(
                    row.line,
                    format!("the index {} is longer than {LONGEST_NAME} characters or holds control characters", quoted(index)),
                    "write the bases or the name of the index",
                );
            }
        }
        let library = library.filter(|name| {
            let usable = usable_name(name);
            if let Err(why) = usable
                && self.told.insert(("library", name))
            {
                self.findings.add(
                    row.line,
                    format!("the library name {} {why}", quoted(name)),
                    "rename the library",
                );
            }
            usable.is_ok()
        });
        if !self.projects.contains_key(project) && self.projects.len() >= MOST_PROJECTS {
            if self.told.insert(("projects", "")) {
                self.findings.add(
                    row.line,
                    format!(
                        "names the project {}, one more than the {MOST_PROJECTS} a run can have",
                        quoted(project)
                    ),
                    "check the project column: it may hold another column's values",
                );
            }
            return;
        }
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let place = (lane, some(&row.index), some(&row.index2));
        self.projects
            .entry(project)
            .or_default()
            .entry(sample)
            .or_default()
            .entry(place)
            .or_insert(library);
    }

    fn lane(&mut self, row: &'a Row) -> Option<u32> {
        if row.lane.is_empty() {
            return None;
        }
        let lane = row
            .lane
            .parse()
            .ok()
            .filter(|lane| (1..=self.lanes).contains(lane));
        if lane.is_none() && self.told.insert(("lane", &row.lane)) {
            self.findings.add(
                row.line,
                format!(
                    "names the lane {}, but the flow cell has the lanes 1 to {}",
                    quoted(&row.lane),
                    self.lanes
                ),
                "write the number of a lane, or leave the cell empty for all lanes",
            );
        }
        lane
    }

    fn finish(self) -> Vec<Project> {
        let project = |(name, samples): (&str, BTreeMap<&str, _>)| Project {
            name: name.to_owned(),
            biosamples: samples.into_iter().map(biosample).collect(),
        };
        self.projects.into_iter().map(project).collect()
    }
}

fn biosample((name, places): (&str, BTreeMap<Place, Option<&str>>)) -> Biosample {
    // A name given to the sample as a whole stands for its libraries only while all of them have the same indexes.
    let one_library = places
        .keys()
        .map(|(_, index, index2)| (index, index2))
        .collect::<BTreeSet<_>>()
        .len()
        == 1;
    let shared = places.values().flatten().collect::<BTreeSet<_>>().len() < places.len();
    let libraries = places
        .iter()
        .map(|((lane, index, index2), given)| Library {
            name: match given.filter(|_| one_library || !shared) {
                Some(given) => given.to_owned(),
                None => [Some(name), index.as_deref(), index2.as_deref()]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join("_"),
            },
            lane: *lane,
            index: index.clone(),
            index2: index2.clone(),
        })
        .collect();
    Biosample {
        name: name.to_owned(),
        libraries,
    }
}

/// Why a name cannot be a biosample's; nothing where it can.
fn biosample_rule(name: &str) -> Option<&'static str> {
    if !name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    {
        Some("holds characters other than letters, digits, hyphen and underscore")
    } else if name.len() > LONGEST_BIOSAMPLE {
        Some("is longer than 99 characters")
    } else {
        None
    }
}
