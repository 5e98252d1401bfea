//! `palpable bench compare`: two reports joined by their rows' names, as ratios of durations.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Deserialize;

use super::table::lines;
use crate::{error::Error, terminal::write_result};

#[derive(Args)]
pub struct Arguments {
    /// A report, ours for example
    ours: PathBuf,
    /// Another, the PyTorch baseline's for example
    theirs: PathBuf,
}

/// What a comparison needs of a report.
#[derive(Deserialize)]
struct Report {
    engine: String,
    device: Device,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    adapter_name: String,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    pass: String,
    precision: String,
    milliseconds: f64,
}

pub fn run(arguments: &Arguments) -> Result<(), Error> {
    let [ours, theirs] = [read(&arguments.ours)?, read(&arguments.theirs)?];
    write_result(&format!(
        "ours: {} on {}\ntheirs: {} on {}\n\n{}",
        ours.engine,
        ours.device.adapter_name,
        theirs.engine,
        theirs.device.adapter_name,
        table(&ours, &theirs)
    ))
}

fn read(file: &Path) -> Result<Report, Error> {
    let text = std::fs::read_to_string(file).map_err(|reason| Error::unreadable(file, reason))?;
    serde_json::from_str(&text).map_err(|reason| Error::unreadable(file, reason))
}

/// A row for each of ours that they have in any precision. A ratio above 1 means that ours is faster.
fn table(ours: &Report, theirs: &Report) -> String {
    let precisions: BTreeSet<&str> = theirs.rows.iter().map(|row| row.precision.as_str()).collect();
    let mut header = vec!["what".to_owned(), "pass".to_owned(), "ours".to_owned(), "ms".to_owned()];
    for precision in &precisions {
        header.extend([format!("theirs {precision}, ms"), format!("theirs {precision} / ours")]);
    }
    let rows = ours.rows.iter().filter_map(|our| {
        let same = |their: &&Row| their.name == our.name && their.pass == our.pass;
        theirs.rows.iter().find(same)?;
        let mut cells = vec![
            our.name.clone(),
            our.pass.clone(),
            our.precision.clone(),
            format!("{:.3}", our.milliseconds),
        ];
        for precision in &precisions {
            let their = theirs.rows.iter().filter(same).find(|their| their.precision == *precision);
            cells.extend(match their {
                Some(their) => [
                    format!("{:.3}", their.milliseconds),
                    format!("{:.2}", their.milliseconds / our.milliseconds),
                ],
                None => [String::new(), String::new()],
            });
        }
        Some(cells)
    });
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    lines(&header, rows)
}
