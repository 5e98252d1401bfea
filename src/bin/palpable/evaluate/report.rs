//! The report's file, and when and how it was made.

use std::time::{SystemTime, UNIX_EPOCH};

use palpable::evaluation::report::{Study, render};

use super::{
    super::{error::Error, terminal::write_result},
    grid::Compared,
};

const REPORT: &str = "report.html";

/// Writes `report.html` of everything in the folder that this judge scored.
pub fn write(compared: &Compared) -> Result<(), Error> {
    let Compared { folder, judge, device, settings } = compared;
    let settings = settings.as_object().into_iter().flatten();
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let study = Study {
        command: command(),
        date: date(SystemTime::now()),
        device: device.clone(),
        settings: settings.map(|(name, value)| (name.clone(), text(value))).collect(),
        judge: judge.clone(),
        records: folder.records.clone(),
    };
    let html = render(&study, &|file| std::fs::read(folder.path(file)).ok());
    folder.write(REPORT, html.map_err(|error| Error::Other(error.to_string()))?.as_bytes())?;
    write_result(&format!("{}\n", folder.path(REPORT).display()))
}

/// The command as it was given, for a shell.
fn command() -> String {
    let plain = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./,=:+".contains(c))
    };
    let quoted =
        |word: String| if plain(&word) { word } else { format!("'{}'", word.replace('\'', "'\\''")) };
    let words = std::env::args_os().skip(1).map(|word| quoted(word.to_string_lossy().into_owned()));
    std::iter::once("palpable".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// The day in UTC, by Howard Hinnant's `civil_from_days`.
fn date(now: SystemTime) -> String {
    let days = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400) as i64;
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
