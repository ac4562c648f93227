//! Sample sheets of both versions, and what spreadsheets make of them.

use super::Folder;
use crate::runfolder::{Options, Project, RunFolder, read};

fn run(sheet: impl AsRef<[u8]>) -> RunFolder {
    Folder::sample()
        .with("SampleSheet.csv", sheet)
        .read()
        .unwrap()
}

/// `project: biosample(libraries) …` for each project.
fn shown(projects: &[Project]) -> String {
    let projects: Vec<String> = projects
        .iter()
        .map(|project| {
            let samples: Vec<String> = project
                .biosamples
                .iter()
                .map(|sample| format!("{}({})", sample.name, sample.libraries.len()))
                .collect();
            format!("{}: {}", project.name, samples.join(" "))
        })
        .collect();
    projects.join("; ")
}

#[test]
fn sheets_are_understood_in_every_dress() {
    let check = |sheet: &[u8], projects: &str| assert_eq!(shown(&run(sheet).projects), projects);
    check(b"[Header]\nIEMFileVersion,5\n[Reads]\n151\n[Data]\nLane,Sample_ID,Sample_Name,index,index2,Sample_Project\n1,a,x,AC,GT,P\n2,a,x,AC,GT,P\n1,b,y,AA,GT,Q\n", "P: a(2); Q: b(1)");
    check(
        b"[Data]\r\nSample_ID,Sample_Project\r\na,P\r\n\r\nb,P\r\n",
        "P: a(1) b(1)",
    );
    check(b"[Data]\rSample_ID,Sample_Project\ra,P\r", "P: a(1)");
    check(b"\xEF\xBB\xBFSample_ID,Sample_Project\na,P", "P: a(1)");
    check(b"FCID,Lane,SampleID,SampleRef,Index,Description,Control,Recipe,Operator,SampleProject\nH8,1,a,,AC,,N,,me,P\n", "P: a(1)");
    check(
        b"[Header],,,\n,,,\n[Data],,,\nSample_ID,Sample_Project,,\na,P,,\n,,,\n",
        "P: a(1)",
    );
    check(
        b"\"[Data]\",\"\"\n\"Sample_ID\",\"Sample_Project\"\n\"a\",\"P, \"\"the\"\" first\"\n",
        "P, \"the\" first: a(1)",
    );
    check(b"[data]\nsample id , Sample-Project\n a , P \n", "P: a(1)");
    check(
        b"[Data]\nSample_ID,Sample_Name,Sample_Project\n,named,P\n",
        "P: named(1)",
    );
    check(
        b"[Data]\nSample_ID,Description,Sample_Project\na,Pr\xFCfung,P\n",
        "P: a(1)",
    );
    check(b"[BCLConvert_Data]\nLane,Sample_ID,Index,Index2\n1,a,AC,GT\n2,a,AC,GT\n1,b,AA,GT\n[Cloud_Settings]\nGeneratedVersion,1\n[Cloud_Data]\nSample_ID,ProjectName,LibraryName\na,P,lib_a\nb,Q,lib_b\n", "P: a(2); Q: b(1)");
    check(
        b"[Cloud_Data]\nSample_ID,ProjectName,LibraryName\na,P,l1\na,P,l2\nb,P,l3\n",
        "P: a(1) b(1)",
    );
    check(b"[BCLConvert_Data]\nSample_ID,Sample_Project\na,P\nb,P\n[Cloud_Data]\nSample_ID,ProjectName\nb,Q\n", "P: a(1); Q: b(1)");
    check(
        b"[Data]\nSample_ID,index,Sample_Project\na,AC,P\na,GT,P\na,AC,P\na,AC,Q\n",
        "P: a(2); Q: a(1)",
    );
    check(b"[Header]\nRunName,x\n", "");
    check(b"[Data]\nSample_ID,Sample_Project\n", "");
}

#[test]
fn utf_16_with_a_byte_order_mark_is_decoded() {
    let text = "[Data]\r\nSample_ID,Sample_Project\r\na,Käfer\r\n";
    let little: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let big: Vec<u8> = [0xFE, 0xFF]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_be_bytes))
        .collect();
    assert_eq!(shown(&run(&little).projects), "Käfer: a(1)");
    assert_eq!(shown(&run(&big).projects), "Käfer: a(1)");
    let folder = Folder::sample().with("SampleSheet.csv", &little[..little.len() - 1]);
    assert!(folder.problems().contains("not valid UTF-16"));
}

#[test]
fn libraries_are_told_apart_by_lane_and_indexes_and_carry_the_sheets_names() {
    let libraries = |sheet: &str| -> Vec<String> {
        let run = run(sheet);
        let sample = &run.projects[0].biosamples[0];
        let shown = |lane: Option<u32>| lane.map_or("all".to_owned(), |lane| lane.to_string());
        sample
            .libraries
            .iter()
            .map(|library| format!("{} on {}", library.name, shown(library.lane)))
            .collect()
    };
    assert_eq!(
        libraries("[Data]\nLane,Sample_ID,index,index2,Sample_Project\n1,a,AC,GT,P\n2,a,AC,GT,P\n"),
        ["a_AC_GT on 1", "a_AC_GT on 2"]
    );
    assert_eq!(
        libraries("[Data]\nSample_ID,index,Sample_Project\na,SI-GA-A1,P\n"),
        ["a_SI-GA-A1 on all"]
    );
    assert_eq!(
        libraries("[Data]\nSample_ID,Sample_Project\na,P\n"),
        ["a on all"]
    );
    let cloud = "[BCLConvert_Data]\nLane,Sample_ID,Index\n1,a,AC\n2,a,AC\n[Cloud_Data]\nSample_ID,ProjectName,LibraryName\na,P,my lib\n";
    assert_eq!(libraries(cloud), ["my lib on 1", "my lib on 2"]);
    let two = "[BCLConvert_Data]\nLane,Sample_ID,Index\n1,a,AC\n1,a,GT\n[Cloud_Data]\nSample_ID,ProjectName,LibraryName\na,P,my lib\n";
    assert_eq!(libraries(two), ["a_AC on 1", "a_GT on 1"]);
}

#[test]
fn samples_without_a_project_are_counted_or_taken_in() {
    let sheet = "[Data]\nLane,Sample_ID,Sample_Project\n1,a,\n2,a,\n1,b\n1,c,P\n";
    let folder = Folder::sample().with("SampleSheet.csv", sheet);
    let run = folder.read().unwrap();
    assert_eq!(
        (shown(&run.projects).as_str(), run.unassigned_samples),
        ("P: c(1)", 2)
    );
    assert_eq!(
        run.notes,
        [
            "2 samples name no project and are not registered; --project NAME takes them into that project"
        ]
    );
    let into = |name: &str| Options {
        project_for_unassigned: Some(name.to_owned()),
        ..Options::default()
    };
    let run = read(folder.path(), &into("Rest")).unwrap();
    assert_eq!(
        (shown(&run.projects).as_str(), run.unassigned_samples),
        ("P: c(1); Rest: a(2) b(1)", 0)
    );
    assert_eq!(
        run.notes,
        ["2 samples that name no project go into the project \"Rest\""]
    );
    let run = read(folder.path(), &into("P")).unwrap();
    assert_eq!(shown(&run.projects), "P: a(2) b(1) c(1)");
    insta::assert_snapshot!(read(folder.path(), &into(" ")).unwrap_err(), @r#"--project: the project name "" is empty; give it 1 to 255 characters without control characters"#);
    read(folder.path(), &into(&"x".repeat(256))).unwrap_err();
}

#[test]
fn every_problem_of_a_sheet_names_its_line_its_value_and_the_next_step() {
    let long = "n".repeat(100);
    let sheets: Vec<Vec<u8>> = vec![
        format!("[Data]\nLane,Sample_ID,Sample_Project\n1,a b,P\n2,a b,P\n9,c,P\nx,d,P\n1,{long},P\n1,,P\n1,ä,P\n1,e,\"P\u{1b}[2J\"\n").into_bytes(),
        b"[Data]\nSample_ID,Sample_Project\na,\"P\nb,Q\n".to_vec(),
        b"[Data]\nName,Sample_Project\na,P\n".to_vec(),
        b"[Data]\nSample_ID;Sample_Project\na;P\n".to_vec(),
        b"Sample_ID;Sample_Project\na;P\n".to_vec(),
        b"[Data]\nSample_ID,Sample_ID\na,P\n".to_vec(),
        b"[Data]\nSample_ID,Sample_Project\na,P\n[Data]\nSample_ID,Sample_Project\nb,P\n".to_vec(),
        b"[Data]\nSample_ID,Sample_Project\na,Pr\xFCfung\n".to_vec(),
        b"[Cloud_Data]\nSample_ID,ProjectName\na,P\na,Q\n[BCLConvert_Data]\nSample_ID\na\n".to_vec(),
        b"once upon a time\n".to_vec(),
        b"".to_vec(),
        b"a\0b".to_vec(),
        [b"[Data]\n".as_slice(), &vec![b'x'; 70_000]].concat(),
    ];
    let told: Vec<String> = sheets
        .iter()
        .map(|sheet| Folder::sample().with("SampleSheet.csv", sheet).problems())
        .collect();
    insta::assert_snapshot!(told.join("\n--\n"));
}

#[test]
fn counts_are_bounded_and_long_lists_of_problems_are_cut() {
    let rows = |count: usize, row: fn(usize) -> String| -> String {
        "[Data]\nSample_ID,Sample_Project\n"
            .chars()
            .chain((0..count).flat_map(|at| row(at).chars().collect::<Vec<_>>()))
            .collect()
    };
    let problems = |sheet: String| Folder::sample().with("SampleSheet.csv", sheet).problems();
    assert_eq!(
        run(rows(20_000, |at| format!("s{at},P\n"))).projects[0]
            .biosamples
            .len(),
        20_000
    );
    assert!(
        problems(rows(20_001, |at| format!("s{at},P\n")))
            .contains("SampleSheet.csv:20003: [Data] has more than 20000 rows")
    );
    assert_eq!(
        run(rows(250, |at| format!("s,P{at}\n"))).projects.len(),
        250
    );
    assert!(
        problems(rows(260, |at| format!("s,P{at}\n")))
            .starts_with("SampleSheet.csv:253: names the project \"P250\", one more")
    );
    assert!(problems("\n".repeat(200_001)).contains("is more than 200000 lines long"));
    let many = problems(rows(1000, |at| format!("bad name {at},P\n")));
    assert_eq!(many.lines().count(), 51);
    assert!(many.ends_with("SampleSheet.csv: 950 more problems of this kind are not listed; mend the ones above and try again"));
}
