//! A small run folder of the form NovaSeq X writes, for trying things out: the demonstration and the tests use it.

use jiff::civil::Date;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What the folder shall say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The day the run began.
    pub date: Date,
    /// The instrument's serial number.
    pub instrument: String,
    /// The instrument's count of its runs.
    pub run_number: u32,
    /// The flow cell's serial number.
    pub flow_cell: String,
    /// What people call the run.
    pub experiment_name: String,
    /// Lanes of the flow cell; every sample is on each of them.
    pub lanes: u32,
    /// Length of each base call file, in bytes.
    pub base_call_bytes: usize,
    /// The projects with their samples.
    pub projects: Vec<(String, Vec<String>)>,
}

impl Default for Sample {
    fn default() -> Self {
        let samples = |of: &str, most: u32| {
            (1..=most)
                .map(|number| format!("{of}-{number:02}"))
                .collect()
        };
        Self {
            date: Date::constant(2026, 3, 2),
            instrument: "LH09001".to_owned(),
            run_number: 41,
            flow_cell: "22DEM0LT4".to_owned(),
            experiment_name: "Wetland soils, spring".to_owned(),
            lanes: 2,
            base_call_bytes: 4096,
            projects: vec![
                ("Wetland soils 2026".to_owned(), samples("soil", 6)),
                ("Beech leaves 2026".to_owned(), samples("leaf", 4)),
            ],
        }
    }
}

impl Sample {
    /// The run's name, which is also the folder's.
    #[must_use]
    pub fn run_id(&self) -> String {
        let day = self.date.to_string().replace('-', "");
        format!(
            "{day}_{}_{:04}_A{}",
            self.instrument, self.run_number, self.flow_cell
        )
    }
}

/// Writes the folder into `directory`, which is made where it does not exist, and returns its path. The completion marks
/// come last, as the instrument leaves them, so that a folder of which only a part was written is refused.
///
/// # Errors
/// Where the files cannot be written.
pub fn write(directory: &Path, sample: &Sample) -> io::Result<PathBuf> {
    let folder = directory.join(sample.run_id());
    fs::create_dir_all(folder.join("InterOp"))?;
    fs::write(folder.join("RunInfo.xml"), run_info(sample))?;
    fs::write(folder.join("RunParameters.xml"), parameters(sample))?;
    fs::write(folder.join("SampleSheet.csv"), sheet(sample))?;
    fs::write(folder.join("InterOp/QMetricsOut.bin"), [7, 20, 0])?;
    for lane in 1..=sample.lanes {
        let calls = folder.join(format!("Data/Intensities/BaseCalls/L{lane:03}/C1.1"));
        fs::create_dir_all(&calls)?;
        for surface in 1..=2 {
            fs::write(
                calls.join(format!("L{lane:03}_{surface}.cbcl")),
                vec![0; sample.base_call_bytes],
            )?;
        }
    }
    fs::write(folder.join("RunCompletionStatus.xml"), completion(sample))?;
    for mark in ["RTAComplete.txt", "RTAExited.txt", "CopyComplete.txt"] {
        fs::write(folder.join(mark), "")?;
    }
    Ok(folder)
}

fn run_info(sample: &Sample) -> String {
    format!(
        r#"<?xml version="1.0"?>
<RunInfo Version="6">
	<Run Id="{}" Number="{}">
		<Flowcell>{}</Flowcell>
		<Instrument>{}</Instrument>
		<Date>{}T08:12:40Z</Date>
		<Reads>
			<Read Number="1" NumCycles="151" IsIndexedRead="N" IsReverseComplement="N"/>
			<Read Number="2" NumCycles="10" IsIndexedRead="Y" IsReverseComplement="N"/>
			<Read Number="3" NumCycles="10" IsIndexedRead="Y" IsReverseComplement="Y"/>
			<Read Number="4" NumCycles="151" IsIndexedRead="N" IsReverseComplement="N"/>
		</Reads>
		<FlowcellLayout LaneCount="{}" SurfaceCount="2" SwathCount="2" TileCount="98"/>
	</Run>
</RunInfo>
"#,
        escaped(&sample.run_id()),
        sample.run_number,
        escaped(&sample.flow_cell),
        escaped(&sample.instrument),
        sample.date,
        sample.lanes
    )
}

fn parameters(sample: &Sample) -> String {
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<RunParameters>
  <Side>A</Side>
  <Application>control-software</Application>
  <InstrumentType>NovaSeqXPlus</InstrumentType>
  <InstrumentSerialNumber>{}</InstrumentSerialNumber>
  <RunId>{}</RunId>
  <ExperimentName>{}</ExperimentName>
</RunParameters>
"#,
        escaped(&sample.instrument),
        escaped(&sample.run_id()),
        escaped(&sample.experiment_name)
    )
}

fn completion(sample: &Sample) -> String {
    let ended = sample.date.tomorrow().unwrap_or(sample.date);
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<RunCompletionStatus>
  <RunStartTime>{}T09:12:40.5+01:00</RunStartTime>
  <RunEndTime>{ended}T08:31:02.25+01:00</RunEndTime>
  <RunStatus>RunCompleted</RunStatus>
</RunCompletionStatus>
"#,
        sample.date
    )
}

fn sheet(sample: &Sample) -> String {
    let mut convert = String::new();
    let mut cloud = String::new();
    for (at, (project, name)) in pairs(sample).enumerate() {
        let (index, index2) = (bases(at as u32, 0), bases(at as u32, 1));
        for lane in 1..=sample.lanes {
            convert.push_str(&format!("{lane},{},{index},{index2}\r\n", cell(name)));
        }
        cloud.push_str(&format!(
            "{},{},{}\r\n",
            cell(name),
            cell(project),
            cell(&format!("{name}_{index}_{index2}"))
        ));
    }
    format!(
        "[Header]\r\nFileFormatVersion,2\r\nRunName,{}\r\nInstrumentPlatform,NovaSeqXSeries\r\n\r\n\
         [Reads]\r\nRead1Cycles,151\r\nRead2Cycles,151\r\nIndex1Cycles,10\r\nIndex2Cycles,10\r\n\r\n\
         [BCLConvert_Settings]\r\nFastqCompressionFormat,gzip\r\n\r\n\
         [BCLConvert_Data]\r\nLane,Sample_ID,Index,Index2\r\n{convert}\r\n\
         [Cloud_Data]\r\nSample_ID,ProjectName,LibraryName\r\n{cloud}",
        cell(&sample.experiment_name)
    )
}

fn pairs(sample: &Sample) -> impl Iterator<Item = (&str, &str)> {
    sample.projects.iter().flat_map(|(project, names)| {
        names
            .iter()
            .map(move |name| (project.as_str(), name.as_str()))
    })
}

/// Ten bases that differ for every `number` (below a million) and `which`.
fn bases(number: u32, which: u32) -> String {
    // An odd factor permutes the numbers below 4^10, so that neighbours do not look alike.
    let mut mixed = (number * 2 + which + 1).wrapping_mul(0x9_E375) % 0x10_0000;
    let mut bases = String::with_capacity(10);
    for _ in 0..10 {
        bases.push(match mixed % 4 {
            0 => 'A',
            1 => 'C',
            2 => 'G',
            _ => 'T',
        });
        mixed /= 4;
    }
    bases
}

fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

fn cell(text: &str) -> String {
    if text.contains([',', '"']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
