//! The forms the instruments of fifteen years write.

use super::Folder;
use crate::runfolder::{RunFolder, RunStatus};

struct Written {
    run_info: &'static str,
    parameters: Option<(&'static str, &'static str)>,
    completion: &'static str,
    marks: &'static [&'static str],
}

fn check(folder: &str, written: &Written) -> RunFolder {
    let mut run = Folder::empty(folder).with("RunInfo.xml", written.run_info);
    if let Some((file, text)) = written.parameters {
        run = run.with(file, text);
    }
    if !written.completion.is_empty() {
        run = run.with("RunCompletionStatus.xml", written.completion);
    }
    for mark in written.marks {
        run = run.with(mark, "");
    }
    run.read().unwrap()
}

/// Platform, instrument, flow cell, lanes, `cycles` of the reads (index reads in brackets), date.
fn shown(run: &RunFolder) -> String {
    let reads: Vec<String> = run
        .reads
        .iter()
        .map(|read| {
            if read.indexed {
                format!("[{}]", read.cycles)
            } else {
                read.cycles.to_string()
            }
        })
        .collect();
    let date = run.date.map(|date| date.to_string()).unwrap_or_default();
    let number = run.run_number.unwrap_or_default();
    format!(
        "{} | {} | {number} | {} | {} | {} | {date}",
        run.platform,
        run.instrument,
        run.flow_cell,
        run.lanes,
        reads.join(" ")
    )
}

#[test]
fn genome_analyzer_lists_lanes_and_cycle_ranges() {
    let run = check(
        "100823_HWI-EAS227_0003_FC61CYPAAXX",
        &Written {
            run_info: r#"<RunInfo><Run Id="100823_HWI-EAS227_0003_FC61CYPAAXX" Number="3"><Instrument>HWI-EAS227</Instrument>
                <Cycles Incorporation="1"/><Reads><Read FirstCycle="1" LastCycle="76"/><Read FirstCycle="77" LastCycle="83"><Index/></Read>
                <Read FirstCycle="84" LastCycle="159"/></Reads>
                <Tiles><Lane Index="1"><Tile>1</Tile></Lane><Lane Index="2"/><Lane Index="3"/></Tiles></Run></RunInfo>"#,
            parameters: Some((
                "runParameters.xml",
                "<RunParameters><ApplicationName>Genome Analyzer IIx Control Software</ApplicationName></RunParameters>",
            )),
            completion: "",
            marks: &["RTAComplete.txt"],
        },
    );
    assert_eq!(
        shown(&run),
        "Genome Analyzer | HWI-EAS227 | 3 | FC61CYPAAXX | 3 | 76 [7] 76 | 2010-08-23"
    );
}

#[test]
fn hiseq_writes_parameters_in_lower_case_and_no_copy_mark() {
    let run = check(
        "140305_D00123_0215_BH8GTFADXX",
        &Written {
            run_info: "\u{FEFF}<?xml version=\"1.0\"?>\r\n<RunInfo xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" Version=\"2\">\r\n\
                <Run Id=\"140305_D00123_0215_BH8GTFADXX\" Number=\"215\">\r\n<Flowcell>H8GTFADXX</Flowcell>\r\n\
                <Instrument>D00123</Instrument>\r\n<Date>140305</Date>\r\n<Reads>\r\n\
                <Read Number=\"1\" NumCycles=\"101\" IsIndexedRead=\"N\" />\r\n<Read Number=\"2\" NumCycles=\"7\" IsIndexedRead=\"Y\" />\r\n\
                </Reads>\r\n<FlowcellLayout LaneCount=\"2\" SurfaceCount=\"2\" SwathCount=\"2\" TileCount=\"16\" />\r\n\
                <AlignToPhiX><Lane>1</Lane></AlignToPhiX></Run></RunInfo>",
            parameters: Some((
                "runParameters.xml",
                "<RunParameters><Setup><ExperimentName>Run 215 &amp; more</ExperimentName><ScannerID>D00123</ScannerID>\
                 <ApplicationName>HiSeq Control Software</ApplicationName><Barcode>H8GTFADXX</Barcode></Setup></RunParameters>",
            )),
            completion: "",
            marks: &["RTAComplete.txt", "Basecalling_Netcopy_complete.txt"],
        },
    );
    assert_eq!(
        shown(&run),
        "HiSeq 2000/2500 | D00123 | 215 | H8GTFADXX | 2 | 101 [7] | 2014-03-05"
    );
    assert_eq!(run.experiment_name.as_deref(), Some("Run 215 & more"));
    assert_eq!((run.status, run.started_at), (RunStatus::Completed, None));
}

#[test]
fn miseq_flow_cells_carry_their_leading_zeros() {
    let run = check(
        "230224_M02439_0043_000000000-KT42M",
        &Written {
            run_info: r#"<RunInfo Version="2"><Run Id="230224_M02439_0043_000000000-KT42M" Number="43"><Flowcell>000000000-KT42M</Flowcell>
                <Instrument>M02439</Instrument><Date>230224</Date><Reads><Read NumCycles="301" Number="1" IsIndexedRead="N"/></Reads>
                <FlowcellLayout LaneCount="1" SurfaceCount="2" SwathCount="1" TileCount="14"/></Run></RunInfo>"#,
            parameters: Some((
                "RunParameters.xml",
                "<RunParameters><RunParametersVersion>MiSeq_1_2</RunParametersVersion><Setup><ApplicationName>MiSeq Control Software</ApplicationName></Setup></RunParameters>",
            )),
            completion: "<RunCompletionStatus><CompletionStatus>CompletedAsPlanned</CompletionStatus><ErrorDescription>None</ErrorDescription></RunCompletionStatus>",
            marks: &["RTAComplete.txt", "CopyComplete.txt"],
        },
    );
    assert_eq!(
        shown(&run),
        "MiSeq | M02439 | 43 | 000000000-KT42M | 1 | 301 | 2023-02-24"
    );
}

#[test]
fn nextseq_500_stopped_by_a_person_keeps_that_status() {
    let run = check(
        "170101_NB501234_0010_AHVKYHBGX2",
        &Written {
            run_info: r#"<RunInfo Version="4"><Run Id="170101_NB501234_0010_AHVKYHBGX2" Number="10"><Flowcell>HVKYHBGX2</Flowcell>
                <Instrument>NB501234</Instrument><Date>170101</Date><Reads><Read Number="1" NumCycles="76" IsIndexedRead="N"/></Reads>
                <FlowcellLayout LaneCount="4"/></Run></RunInfo>"#,
            parameters: Some((
                "RunParameters.xml",
                "<RunParameters><Setup><ApplicationName>NextSeq Control Software</ApplicationName></Setup><InstrumentID>NB501234</InstrumentID></RunParameters>",
            )),
            completion: "<RunCompletionStatus><CompletionStatus>UserEndedEarly</CompletionStatus><ErrorDescription>Thread was being aborted.</ErrorDescription></RunCompletionStatus>",
            marks: &["RTAComplete.txt"],
        },
    );
    assert_eq!(
        shown(&run),
        "NextSeq 500/550 | NB501234 | 10 | HVKYHBGX2 | 4 | 76 | 2017-01-01"
    );
    assert_eq!(run.status, RunStatus::StoppedEarly);
    assert_eq!(
        run.notes[0],
        r#"the run did not end as planned: RunCompletionStatus.xml says "UserEndedEarly" ("Thread was being aborted.")"#
    );
}

#[test]
fn iseq_novaseq_6000_and_nextseq_2000() {
    let iseq = check(
        "20220701_FS10000123_5_BPA73123-0101",
        &Written {
            run_info: r#"<RunInfo Version="6"><Run Id="20220701_FS10000123_5_BPA73123-0101" Number="5"><Flowcell>BPA73123-0101</Flowcell>
                <Instrument>FS10000123</Instrument><Date>2022-07-01T09:10:11Z</Date><Reads><Read Number="1" NumCycles="151" IsIndexedRead="N"/></Reads>
                <FlowcellLayout LaneCount="1"/></Run></RunInfo>"#,
            parameters: None,
            completion: "",
            marks: &["RTAComplete.txt", "CopyComplete.txt"],
        },
    );
    assert_eq!(
        shown(&iseq),
        "iSeq 100 | FS10000123 | 5 | BPA73123-0101 | 1 | 151 | 2022-07-01"
    );
    assert_eq!(iseq.started_at.unwrap().to_string(), "2022-07-01T09:10:11Z");

    let novaseq = check(
        "230912_A00187_1009_AHK33MDRX3",
        &Written {
            run_info: r#"<RunInfo Version="5"><Run Id="230912_A00187_1009_AHK33MDRX3" Number="1009"><Flowcell>HK33MDRX3</Flowcell>
                <Instrument>A00187</Instrument><Date>9/12/2023 3:11:19 PM</Date><Reads><Read Number="1" NumCycles="151" IsIndexedRead="N"/></Reads>
                <FlowcellLayout LaneCount="2"/></Run></RunInfo>"#,
            parameters: Some((
                "RunParameters.xml",
                "<RunParameters><InstrumentName>A00187</InstrumentName><Application>NovaSeq Control Software</Application></RunParameters>",
            )),
            completion: "",
            marks: &[
                "RTAComplete.txt",
                "CopyComplete.txt",
                "SequenceComplete.txt",
            ],
        },
    );
    assert_eq!(
        shown(&novaseq),
        "NovaSeq 6000 | A00187 | 1009 | HK33MDRX3 | 2 | 151 | 2023-09-12"
    );

    // No flow cell, no instrument, no date: the run's name still tells them.
    let nextseq = check(
        "210305_VH00111_7_AAAHJW2M5",
        &Written {
            run_info: r#"<RunInfo Version="6"><Run Id="210305_VH00111_7_AAAHJW2M5"><Flowcell/><Instrument></Instrument>
                <Reads><Read Number="1" NumCycles="51" IsIndexedRead="N"/></Reads><FlowcellLayout LaneCount="1"/></Run></RunInfo>"#,
            parameters: Some((
                "RunParameters.xml",
                "<RunParameters><InstrumentType>NextSeq2000</InstrumentType></RunParameters>",
            )),
            completion: "<RunCompletionStatus><RunStatus>RunErrored</RunStatus><RunError><Type>Hardware</Type><Message>I/O check</Message></RunError></RunCompletionStatus>",
            marks: &["RTAComplete.txt", "CopyComplete.txt"],
        },
    );
    assert_eq!(
        shown(&nextseq),
        "NextSeq 1000/2000 | VH00111 | 7 | AAHJW2M5 | 1 | 51 | 2021-03-05"
    );
    assert_eq!(nextseq.status, RunStatus::Failed);
}

#[test]
fn a_run_info_that_cannot_be_is_refused_in_full() {
    let reads: String = (1..=17)
        .map(|n| format!("<Read Number='{n}' NumCycles='10'/>"))
        .collect();
    let folder = Folder::sample().with(
        "RunInfo.xml",
        format!("<RunInfo><Run Id='x'><Flowcell>f&#7;</Flowcell><Reads>{reads}</Reads><FlowcellLayout LaneCount='65'/></Run></RunInfo>"),
    );
    insta::assert_snapshot!(folder.problems());
    for (reads, lanes) in [
        ("", "1"),
        ("<Read NumCycles='-1'/>", "1"),
        ("<Read NumCycles='99999999'/>", "1"),
        ("<Read NumCycles='1'/>", "0"),
    ] {
        let text = format!(
            "<RunInfo><Run Id='a_b_1_d'><Reads>{reads}</Reads><FlowcellLayout LaneCount='{lanes}'/></Run></RunInfo>"
        );
        Folder::sample()
            .with("RunInfo.xml", text)
            .read()
            .unwrap_err();
    }
}
