//! The report of a comparison: one HTML file without scripts or anything fetched, readable on a phone, in
//! light and dark.
//!
//! The first paragraph answers what the paper leaves open: whether PALP lies above the curve that TI+DB
//! draws when its adapter is turned down. A cell is a subject, a prompt and a training seed, and holds the
//! mean over the seeds of its pictures; all means and intervals are over cells.

mod cells;
mod chart;
mod pictures;
mod tables;
mod verdict;

use minijinja::{AutoEscape, Environment, value::Serde};
use serde::Serialize;

use super::results::Record;
use cells::Cells;

/// The method whose strength is the cheap way to more text alignment.
pub(super) const CONTROL: &str = "ti-db";
pub(super) const PALP: &str = "palp";
pub(super) const BASE: &str = "base";

/// A comparison and how it was made.
#[derive(Clone, Debug, Serialize)]
pub struct Study {
    /// What makes it again.
    pub command: String,
    pub date: String,
    pub device: String,
    /// Name and value of what all pictures have in common.
    pub settings: Vec<(String, String)>,
    /// Whose scores are reported.
    pub judge: String,
    #[serde(skip)]
    pub records: Vec<Record>,
}

/// A report that can't be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("There is no picture with scores by {judge} to report.")]
    Nothing { judge: String },
    #[error("The report could not be written: {0}.")]
    Template(#[from] minijinja::Error),
}

/// A table of texts; the first column is a heading.
#[derive(Debug, Serialize)]
struct Table {
    title: String,
    remark: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Writes the report. `read` gives a picture's bytes by its file in the folder of the comparison; what it
/// does not give is left out.
///
/// # Errors
/// There is nothing to report.
pub fn render(study: &Study, read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<String, ReportError> {
    let cells = Cells::new(&study.records, &study.judge);
    if cells.is_empty() {
        return Err(ReportError::Nothing { judge: study.judge.clone() });
    }
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("report", include_str!("report.html"))?;
    let page = Page {
        verdict: verdict::sentences(&cells),
        counts: cells.counts(),
        charts: chart::charts(&cells),
        tables: tables::all(&cells),
        subjects: pictures::of_subjects(&cells, read),
        variants: tables::trainings(&cells),
        study,
    };
    Ok(environment.get_template("report")?.render(Serde(page))?)
}

/// What the template shows.
#[derive(Serialize)]
struct Page<'a> {
    verdict: Vec<String>,
    counts: String,
    charts: Vec<chart::Chart>,
    tables: Vec<Table>,
    subjects: Vec<pictures::SubjectPictures>,
    /// Method and its settings.
    variants: Vec<(String, String)>,
    #[serde(flatten)]
    study: &'a Study,
}

/// A score with three digits, as papers write it.
fn digits(value: f64) -> String {
    let text = format!("{value:.3}");
    if text == "-0.000" { "0.000".to_owned() } else { text.replace('-', "−") }
}

/// A difference with its sign.
fn signed(value: f64) -> String {
    let text = digits(value);
    if value > 0.0 { format!("+{text}") } else { text }
}

/// What a method is called in the report.
fn title(method: &str) -> String {
    match method {
        BASE => "base model, class noun".to_owned(),
        CONTROL => "TI+DB".to_owned(),
        PALP => "PALP".to_owned(),
        other => other.to_owned(),
    }
}
