//! `RunParameters.xml`, or `runParameters.xml` as HiSeq and MiSeq call it: what the control software was told.

use super::xml::{Attributes, Visit};

/// The file's names, the newer first.
pub(super) const FILES: [&str; 2] = ["RunParameters.xml", "runParameters.xml"];

/// The few parameters that say more than `RunInfo.xml`. The first value of each counts.
#[derive(Default)]
pub(super) struct Parameters {
    /// What the software calls the instrument's kind, the most definite first.
    instrument_type: Option<String>,
    application_name: Option<String>,
    application: Option<String>,
    pub(super) instrument: Option<String>,
    pub(super) flow_cell: Option<String>,
    pub(super) experiment_name: Option<String>,
    run_name: Option<String>,
}

impl Parameters {
    /// The words that tell the platform, the most definite first.
    pub(super) fn platform_words(&self) -> Vec<String> {
        [
            &self.instrument_type,
            &self.application_name,
            &self.application,
        ]
        .into_iter()
        .flatten()
        .cloned()
        .collect()
    }

    /// What people called the run.
    pub(super) fn run_name(&self) -> Option<&String> {
        self.experiment_name.as_ref().or(self.run_name.as_ref())
    }
}

impl Visit for Parameters {
    fn open(&mut self, _path: &[&str], _attributes: &Attributes) {}

    fn close(&mut self, path: &[&str], text: &str) {
        // HiSeq, MiSeq and NextSeq 500 put the same names one level down, into `Setup`.
        let inner = match path {
            ["runparameters", "setup", inner @ ..] | ["runparameters", inner @ ..] => inner,
            _ => return,
        };
        let field = match inner {
            ["instrumenttype"] => &mut self.instrument_type,
            ["applicationname"] => &mut self.application_name,
            ["application"] => &mut self.application,
            ["scannerid" | "instrumentid" | "instrumentname" | "instrumentserialnumber"] => {
                &mut self.instrument
            }
            ["experimentname"] => &mut self.experiment_name,
            ["runname"] => &mut self.run_name,
            ["barcode" | "flowcellserial" | "flowcellserialnumber" | "flowcellbarcode"]
            | ["flowcellrfidtag", "serialnumber"]
            | ["rfidsinfo", "flowcellserialbarcode"] => &mut self.flow_cell,
            _ => return,
        };
        if field.is_none() && !text.is_empty() && super::run_info::usable_name(text).is_ok() {
            *field = Some(text.to_owned());
        }
    }
}
