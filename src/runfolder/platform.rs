//! Which family of instruments a run comes from, told by its parameters or by the instrument's serial number.

/// The name for a platform that cannot be told.
pub(super) const UNKNOWN: &str = "Illumina";

/// The platform by the words the control software wrote, made definite by the instrument's name where they are vague
/// ("HiSeq Control Software" runs on four kinds of HiSeq). Words that are not known are kept as they are.
pub(super) fn name(written: &[String], instrument: &str) -> String {
    let by_serial = by_serial(instrument);
    for words in written {
        let plain: String = words
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        let known = KNOWN
            .iter()
            .find(|(part, _)| plain.contains(part))
            .map(|(_, name)| *name);
        if let Some(known) = known {
            return by_serial
                .filter(|serial| serial.starts_with(known))
                .unwrap_or(known)
                .to_owned();
        }
    }
    if let Some(by_serial) = by_serial {
        return by_serial.to_owned();
    }
    // NovaSeq X calls its program "control-software": true of all of them, and no name.
    written
        .iter()
        .find(|words| !words.to_ascii_lowercase().contains("control-software"))
        .cloned()
        .unwrap_or_else(|| UNKNOWN.to_owned())
}

/// Parts of what the instruments write, the more definite ones first.
const KNOWN: &[(&str, &str)] = &[
    ("novaseqxplus", "NovaSeq X Plus"),
    ("novaseqx", "NovaSeq X"),
    ("novaseq", "NovaSeq 6000"),
    ("nextseq1000", "NextSeq 1000/2000"),
    ("nextseq2000", "NextSeq 1000/2000"),
    ("nextseq", "NextSeq"),
    ("miseqi100", "MiSeq i100"),
    ("miseq", "MiSeq"),
    ("miniseq", "MiniSeq"),
    ("hiseqx", "HiSeq X"),
    ("hiseq", "HiSeq"),
    ("hiscan", "HiScan"),
    ("genomeanalyzer", "Genome Analyzer"),
    // Last, for most of the others end in it.
    ("iseq", "iSeq 100"),
];

/// The families by the letters their serial numbers begin with.
fn by_serial(instrument: &str) -> Option<&'static str> {
    let letters: String = instrument
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    let digits = instrument
        .get(letters.len()..)
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if letters.is_empty() {
        return (instrument.starts_with("7001") && instrument.len() >= 7)
            .then_some("HiSeq 2000/2500");
    }
    match (letters.to_ascii_uppercase().as_str(), digits) {
        ("A", true) => Some("NovaSeq 6000"),
        ("LH", true) => Some("NovaSeq X"),
        ("VH" | "VL", true) => Some("NextSeq 1000/2000"),
        ("NB" | "NS" | "ND", true) => Some("NextSeq 500/550"),
        ("MN", true) => Some("MiniSeq"),
        ("SH", true) => Some("MiSeq i100"),
        ("FS", true) => Some("iSeq 100"),
        ("M", true) => Some("MiSeq"),
        ("J" | "K", true) => Some("HiSeq 3000/4000"),
        ("D" | "SN", true) => Some("HiSeq 2000/2500"),
        ("E", true) | ("ST", false) => Some("HiSeq X"),
        _ => None,
    }
}

/// Whether the instrument copies its output away by a service of its own, which leaves `CopyComplete.txt` when all of
/// it has arrived. On these, `RTAComplete.txt` alone only says that base calling is done. An unknown instrument is
/// taken for a newer one: asking once too often is better than registering half a run.
pub(super) fn marks_the_copy(platform: &str) -> bool {
    const OLDER: &[&str] = &[
        "HiSeq",
        "HiScan",
        "Genome Analyzer",
        "MiniSeq",
        "NextSeq 500",
        "MiSeq",
    ];
    match platform {
        "NextSeq" => false,
        "MiSeq i100" => true,
        other => !OLDER.iter().any(|family| other.starts_with(family)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_told_by_words_then_by_serial_number() {
        let check = |written: &[&str], instrument: &str, platform: &str, marks: bool| {
            let written: Vec<String> = written.iter().map(|words| (*words).to_owned()).collect();
            assert_eq!(
                name(&written, instrument),
                platform,
                "{written:?} {instrument}"
            );
            assert_eq!(marks_the_copy(platform), marks, "{platform}");
        };
        check(
            &["NovaSeqXPlus", "control-software"],
            "LH00188",
            "NovaSeq X Plus",
            true,
        );
        check(&["control-software"], "LH00188", "NovaSeq X", true);
        check(
            &["NovaSeq Control Software"],
            "A00187",
            "NovaSeq 6000",
            true,
        );
        check(
            &["NextSeq 1000/2000 Control Software"],
            "VH00111",
            "NextSeq 1000/2000",
            true,
        );
        check(&["NextSeq2000"], "VH00111", "NextSeq 1000/2000", true);
        check(
            &["NextSeq Control Software"],
            "NB501234",
            "NextSeq 500/550",
            false,
        );
        check(&["NextSeq Control Software"], "X", "NextSeq", false);
        check(&["iSeq Control Software"], "FS10000123", "iSeq 100", true);
        check(&["MiniSeq Control Software"], "MN00123", "MiniSeq", false);
        check(&["MiSeq Control Software"], "M02439", "MiSeq", false);
        check(&["MiSeqi100Plus"], "SH00123", "MiSeq i100", true);
        check(
            &["HiSeq Control Software"],
            "K00123",
            "HiSeq 3000/4000",
            false,
        );
        check(&["HiSeq Control Software"], "ST-E00123", "HiSeq X", false);
        check(
            &["HiSeq Control Software"],
            "D00123",
            "HiSeq 2000/2500",
            false,
        );
        check(
            &["HiSeq Control Software"],
            "7001403",
            "HiSeq 2000/2500",
            false,
        );
        check(&[], "SN123", "HiSeq 2000/2500", false);
        check(&[], "HWI-EAS12", "Illumina", true);
        check(&["Some New Machine"], "QQ1", "Some New Machine", true);
        check(&["control-software"], "", "Illumina", true);
    }
}
