//! Folders written to hurt: nothing in them may panic, hang, or make memory grow.

use super::Folder;
use crate::runfolder::problem::Findings;
use crate::runfolder::xml::{Attributes, Visit, walk};
use crate::runfolder::{count, dates, projects, sheet};
use proptest::prelude::*;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::symlink;

struct Nobody;

impl Visit for Nobody {
    fn open(&mut self, _path: &[&str], _attributes: &Attributes) {}
    fn close(&mut self, _path: &[&str], _text: &str) {}
}

fn refused(input: impl Read) -> String {
    walk(input, "RunInfo.xml", "RunInfo", &mut Nobody)
        .unwrap_err()
        .to_string()
}

/// `begin`, then 200 MB of `fill` made as they are read.
fn bomb(begin: &'static str, fill: u8) -> impl Read {
    begin.as_bytes().chain(io::repeat(fill).take(200_000_000))
}

#[test]
fn xml_bombs_are_refused_before_they_are_in_memory() {
    let told = [
        refused(bomb("<RunInfo a=\"", b'x')),
        refused(bomb("<RunInfo><Run>", b'x')),
        refused(bomb("<RunInfo><!--", b'x')),
        refused(bomb("<RunInfo><![CDATA[", b'x')),
        refused(bomb("<", b'x')),
        refused(bomb("<!DOCTYPE ", b'x')),
        refused(bomb("<RunInfo>&", b'x')),
        refused(bomb("<?", b'x')),
        refused(bomb("", b' ')),
        refused(format!("<RunInfo>{}", "<a>".repeat(100_000)).as_bytes()),
        refused(
            "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]><RunInfo>&c;</RunInfo>"
                .as_bytes(),
        ),
        refused("<RunInfo>\n&c;</RunInfo>".as_bytes()),
        refused("<RunInfo a='&c;'></RunInfo>".as_bytes()),
        refused(format!("<RunInfo {}/>", "a='' ".repeat(20_000)).as_bytes()),
        refused("<RunInfo><a></b></RunInfo>".as_bytes()),
        refused("<RunInfo/><RunInfo/>".as_bytes()),
        refused(format!("<RunInfo>{}", "<a/>".repeat(600_000)).as_bytes()),
        refused("<html/>".as_bytes()),
        refused("<RunInfo>\u{1b}[2J<a b=></RunInfo>".as_bytes()),
        refused(b"<RunInfo>\xFF</RunInfo>".as_slice()),
        refused(b"\xFF\xFE<\0".as_slice()),
        refused(b"<\0R\0".as_slice()),
        refused("<RunInfo>".as_bytes()),
        refused(b"".as_slice()),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn files_beyond_their_size_are_not_even_opened() {
    let folder = Folder::sample();
    for (file, length) in [
        ("RunInfo.xml", 200_000_000),
        ("RunParameters.xml", 67_108_865),
        ("SampleSheet.csv", 16_777_217),
    ] {
        File::options()
            .write(true)
            .open(folder.path().join(file))
            .unwrap()
            .set_len(length)
            .unwrap();
    }
    insta::assert_snapshot!(folder.problems());
}

#[test]
fn pipes_and_links_out_of_the_folder_are_not_read() {
    let folder = Folder::sample()
        .without("RunInfo.xml")
        .without("SampleSheet.csv")
        .without("RunParameters.xml");
    rustix::fs::mknodat(
        CWD,
        folder.path().join("RunInfo.xml"),
        FileType::Fifo,
        Mode::RUSR,
        0,
    )
    .unwrap();
    symlink("/etc/passwd", folder.path().join("SampleSheet.csv")).unwrap();
    symlink("nowhere", folder.path().join("RunParameters.xml")).unwrap();
    insta::assert_snapshot!(folder.problems(), @r"
    RunInfo.xml: is not a file; put the file the instrument wrote in its place
    RunParameters.xml: is a symbolic link that leads nowhere; put the file itself into the folder
    SampleSheet.csv: is a symbolic link that leads out of the run folder; put the file itself into the folder
    ");
}

#[test]
fn links_within_the_folder_are_read_and_never_followed_round() {
    let folder = Folder::sample();
    let whole = folder.read().unwrap();
    fs::rename(
        folder.path().join("SampleSheet.csv"),
        folder.path().join("used.csv"),
    )
    .unwrap();
    symlink("used.csv", folder.path().join("SampleSheet.csv")).unwrap();
    symlink(".", folder.path().join("InterOp/round")).unwrap();
    symlink("/", folder.path().join("Data/away")).unwrap();
    let linked = folder.read().unwrap();
    assert_eq!(
        (linked.files, linked.bytes, linked.projects),
        (whole.files, whole.bytes, whole.projects)
    );
    assert_eq!(
        linked.notes,
        ["3 symbolic links were neither followed nor counted"]
    );
}

#[test]
fn a_link_is_no_completion_mark() {
    let folder = Folder::sample().without("CopyComplete.txt");
    symlink("RunInfo.xml", folder.path().join("CopyComplete.txt")).unwrap();
    assert!(folder.problems().contains("CopyComplete.txt is missing"));
}

/// Folders of the given name, one in the other; made step by step, for the whole path may be too long to be named.
fn nest(folder: &Folder, name: &str, levels: usize) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut here = rustix::fs::open(folder.path(), flags, Mode::empty()).unwrap();
    for _ in 0..levels {
        rustix::fs::mkdirat(&here, name, Mode::RWXU).unwrap();
        here = rustix::fs::openat(&here, name, flags, Mode::empty()).unwrap();
    }
}

#[test]
fn folders_too_deep_or_unreadable_are_problems() {
    let deep = Folder::sample();
    nest(&deep, "d", 70);
    assert!(
        deep.problems()
            .contains("/d: lies more than 64 folders deep; check"),
        "{}",
        deep.problems()
    );

    let unreadable = Folder::sample();
    let name = "n".repeat(250);
    nest(&unreadable, &name, 20);
    assert!(
        unreadable
            .problems()
            .contains(": cannot be read (invalid filename); give the account"),
        "{}",
        unreadable.problems()
    );
    // The temporary folder cannot be removed by path either; level by level it can.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut levels = vec![rustix::fs::open(unreadable.path(), flags, Mode::empty()).unwrap()];
    for _ in 0..19 {
        levels.push(
            rustix::fs::openat(levels.last().unwrap(), name.as_str(), flags, Mode::empty())
                .unwrap(),
        );
    }
    while let Some(level) = levels.pop() {
        rustix::fs::unlinkat(level, name.as_str(), AtFlags::REMOVEDIR).unwrap();
    }
}

#[test]
fn names_of_any_bytes_are_counted_and_shown_safely() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::sample();
    let before = folder.read().unwrap().files;
    fs::write(
        folder
            .path()
            .join(std::ffi::OsStr::from_bytes(b"\xFF\x1b[2J\n")),
        "x",
    )
    .unwrap();
    assert_eq!(folder.read().unwrap().files, before + 1);
    nest(&folder, "\u{1b}[2J", 70);
    assert!(!folder.problems().contains('\u{1b}'));
}

#[test]
fn a_file_that_disappears_is_seen_as_a_folder_being_written() {
    let folder = Folder::empty("run").with("a", "123").with("b", "45");
    let vanishing: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(Result::unwrap)
        .collect();
    fs::remove_file(folder.path().join("b")).unwrap();
    let count = count::count_entries(folder.path(), &vanishing);
    assert_eq!((count.files, count.bytes, count.vanished), (1, 3, 1));
    assert_eq!(count.first_vanished.as_deref(), Some("b"));
}

fn sheet_text() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just(&b"[Header]"[..]),
        Just(&b"[Data]"[..]),
        Just(&b"[BCLConvert_Data]"[..]),
        Just(&b"[Cloud_Data]"[..]),
        Just(&b"Sample_ID"[..]),
        Just(&b"Sample_Project"[..]),
        Just(&b"Lane"[..]),
        Just(&b"Index"[..]),
        Just(&b","[..]),
        Just(&b"\n"[..]),
        Just(&b"\r\n"[..]),
        Just(&b"\""[..]),
        Just(&b"\xFF"[..]),
        Just(&b"1"[..]),
        Just(&b"a"[..]),
        Just(&b"["[..]),
    ];
    proptest::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

fn xml_text() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just("<RunInfo>"),
        Just("</RunInfo>"),
        Just("<Run Id='"),
        Just("'"),
        Just(">"),
        Just("<Read NumCycles='9'/>"),
        Just("</Run>"),
        Just("&amp;"),
        Just("&"),
        Just("&#x"),
        Just(";"),
        Just("<!--"),
        Just("-->"),
        Just("<![CDATA["),
        Just("]]>"),
        Just("<?"),
        Just("\u{0}"),
        Just("ä"),
    ];
    proptest::collection::vec(part, 0..40)
        .prop_map(|parts| format!("<RunInfo>{}", parts.concat()).into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_in_a_sample_sheet_panic(text in prop_oneof![sheet_text(), proptest::collection::vec(any::<u8>(), 0..400)]) {
        let mut findings = Findings::new(sheet::FILE);
        let sheet = sheet::read(&text, &mut findings);
        let assembled = projects::assemble(&sheet, 8, Some("P"), &mut findings, &mut Vec::new());
        for biosample in assembled.projects.iter().flat_map(|project| &project.biosamples) {
            prop_assert!(!biosample.libraries.is_empty());
        }
        for problem in findings.into_problems() {
            prop_assert!(!problem.to_string().contains(char::is_control));
        }
    }

    #[test]
    fn no_bytes_in_an_xml_file_panic(text in prop_oneof![xml_text(), proptest::collection::vec(any::<u8>(), 0..400)]) {
        if let Err(problem) = walk(text.as_slice(), "RunInfo.xml", "RunInfo", &mut Nobody) {
            prop_assert!(!problem.to_string().contains(char::is_control));
        }
    }

    #[test]
    fn no_date_panics(text in "\\PC{0,30}|[0-9/ :.TZ+-]{0,30}") {
        dates::parse(&text, None);
        dates::of_run_id(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_in_any_file_of_a_folder_panic(
        which in prop::sample::select(vec!["RunInfo.xml", "RunParameters.xml", "RunCompletionStatus.xml", "SampleSheet.csv", "CopyComplete.txt"]),
        text in prop_oneof![xml_text(), sheet_text(), proptest::collection::vec(any::<u8>(), 0..400)],
    ) {
        let folder = Folder::sample().with(which, text);
        let _ = folder.read();
        let _ = folder.read_incomplete();
    }
}
