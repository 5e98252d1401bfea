//! The folder of a comparison: results line by line, adapters, pictures, and what they were made with.
//!
//! Guarantee: whatever is found there by its name is whole. Files are written beside their place and
//! renamed; a line that was being written when the program stopped is cut off at the next start.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use image::RgbImage;
use palpable::evaluation::results::{Cell, Record, TrainingRun, read_lines};
use serde_json::Value;

use super::{
    super::{error::Error, interrupted_file::go_on_after, whole_file::write_whole},
    subjects::Subject,
};

const RESULTS: &str = "results.jsonl";
const SETTINGS: &str = "settings.json";
/// All subjects among the settings.
const SUBJECTS: &str = "subjects";

pub struct Folder {
    root: PathBuf,
    results: File,
    pub records: Vec<Record>,
    /// Pictures that are scored, by judge and cell.
    scored: BTreeSet<String>,
    /// Contamination of the pictures that have one, by their files.
    contaminations: BTreeMap<String, f64>,
}

impl Folder {
    /// Opens or makes the folder. `settings` are what all pictures in it depend on; the margins of each depend on all
    /// subjects.
    pub fn open(root: &Path, settings: &Value, subjects: &[Subject]) -> Result<Self, Error> {
        let mut settings = settings.clone();
        settings[SUBJECTS] = subjects.iter().map(|own| (own.name.clone(), own.identity())).collect();
        for part in ["adapters", "pictures"] {
            let path = root.join(part);
            std::fs::create_dir_all(&path).map_err(|reason| Error::unwritable(&path, reason))?;
        }
        let path = root.join(SETTINGS);
        if let Ok(text) = std::fs::read_to_string(&path) {
            let mut kept: Value =
                serde_json::from_str(&text).map_err(|reason| Error::unreadable(&path, reason))?;
            // Earlier versions didn't keep them.
            if kept.is_object() && kept.get(SUBJECTS).is_none() {
                kept[SUBJECTS] = settings[SUBJECTS].clone();
            }
            same_settings(root, &kept, &settings)?;
        }
        write_whole(&path, format!("{settings:#}\n").as_bytes())?;
        let path = root.join(RESULTS);
        let lines = match std::fs::read(&path) {
            Ok(lines) => lines,
            Err(reason) if reason.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(reason) => return Err(Error::unreadable(&path, reason)),
        };
        let (records, whole) = read_lines(&lines).map_err(|line| {
            Error::Other(format!("Line {line} of {} is no result; remove it, and run again.", path.display()))
        })?;
        let open = || {
            let file = OpenOptions::new().create(true).write(true).truncate(false).open(&path)?;
            go_on_after(whole as u64, &file)?;
            Ok(file)
        };
        let results = open().map_err(|reason: std::io::Error| Error::unwritable(&path, reason))?;
        let mut folder = Self {
            root: root.to_owned(),
            results,
            records: Vec::new(),
            scored: BTreeSet::new(),
            contaminations: BTreeMap::new(),
        };
        records.into_iter().for_each(|record| folder.remember(record));
        Ok(folder)
    }

    fn remember(&mut self, record: Record) {
        let (file, contamination) = match &record {
            Record::Drawing(drawing) => (&drawing.file, drawing.contamination),
            Record::Picture(picture) => {
                self.scored.insert(key(&picture.judge, &picture.cell));
                (&picture.file, picture.scores.contamination)
            }
            Record::Training(_) | Record::Photos(_) => return self.records.push(record),
        };
        if let Some(contamination) = contamination {
            self.contaminations.insert(file.clone(), contamination);
        }
        self.records.push(record);
    }

    /// Writes a result.
    pub fn add(&mut self, record: Record) -> Result<(), Error> {
        let path = self.root.join(RESULTS);
        let failed = |reason: &dyn std::fmt::Display| Error::unwritable(&path, reason);
        let line = serde_json::to_string(&record).map_err(|reason| failed(&reason))?;
        self.results.write_all(format!("{line}\n").as_bytes()).map_err(|reason| failed(&reason))?;
        self.remember(record);
        Ok(())
    }

    pub fn is_scored(&self, judge: &str, cell: &Cell) -> bool {
        self.scored.contains(&key(judge, cell))
    }

    /// The training whose adapter lies in this file, if it was finished.
    pub fn training(&self, adapter: &str) -> Option<&TrainingRun> {
        let found = self.records.iter().find_map(|record| match record {
            Record::Training(run) if run.adapter == adapter => Some(run),
            _ => None,
        });
        found.filter(|_| self.path(adapter).is_file())
    }

    /// A picture's contamination, as it was found when the picture was drawn.
    pub fn contamination(&self, picture: &str) -> Option<f64> {
        self.contaminations.get(picture).copied()
    }

    /// The path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        write_whole(&self.path(name), bytes)
    }

    /// A picture that was drawn before.
    pub fn picture(&self, name: &str) -> Result<Option<RgbImage>, Error> {
        let path = self.path(name);
        if !path.is_file() {
            return Ok(None);
        }
        let picture = image::open(&path).map_err(|reason| Error::unreadable(&path, reason))?;
        Ok(Some(picture.to_rgb8()))
    }
}

/// What a cell's picture is called: readable, and different for different cells.
pub fn picture_file(cell: &Cell) -> String {
    let Cell { subject, method, strength, training_seed, prompt, seed } = cell;
    let words = [
        subject.as_str(),
        method,
        &strength.to_string(),
        &training_seed.to_string(),
        prompt,
        &seed.to_string(),
    ];
    format!("pictures/{}.png", file_stem(&words))
}

/// A file's name of some words: what may stand in one on every system, and a number of all that is said.
pub fn file_stem(words: &[&str]) -> String {
    let all = words.join("\u{1f}");
    // FNV-1a
    let number = all.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let letter = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' };
    let readable: String = words.join("-").chars().map(letter).take(80).collect();
    format!("{readable}-{number:016x}")
}

fn key(judge: &str, cell: &Cell) -> String {
    format!("{judge}\u{1f}{}", picture_file(cell))
}

fn same_settings(root: &Path, kept: &Value, settings: &Value) -> Result<(), Error> {
    if kept == settings {
        return Ok(());
    }
    let (Some(before), Some(now)) = (kept.as_object(), settings.as_object()) else { return Ok(()) };
    // What was left out at either start is missing there.
    let Some(name) = before.keys().chain(now.keys()).find(|name| before.get(*name) != now.get(*name)) else {
        return Ok(());
    };
    if name == SUBJECTS {
        return Err(Error::Other(format!(
            "{} holds a comparison of other subjects, or of the same with other photos or class nouns; choose another \
             folder, or give --subjects as when it was begun.",
            root.display()
        )));
    }
    Err(Error::Other(format!(
        "{} holds a comparison {}, and this one is {}; choose another folder, or go on as it was begun.",
        root.display(),
        given(name, before.get(name)),
        given(name, now.get(name)),
    )))
}

/// "with --guidance 5", "without --vae": how a setting was given.
fn given(name: &str, value: Option<&Value>) -> String {
    let option = match name {
        "samplerSteps" => "sampler-steps",
        "guidanceScale" => "guidance",
        "completeWith" => "complete-with",
        other => other,
    };
    match value {
        None => format!("without --{option}"),
        Some(Value::String(word)) => format!("with --{option} {word}"),
        Some(value) => format!("with --{option} {value}"),
    }
}
