//! The subjects of a comparison: a folder of photos each.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use palpable::training::{self, Photo, photos};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::error::Error;

/// What lies beside subjects' folders: by a folder's name, what the subject is.
const METADATA: &str = "subjects.json";

pub struct Subject {
    pub name: String,
    pub class_noun: String,
    pub photos: Vec<Photo>,
}

impl Subject {
    /// What its adapters and scores depend on.
    pub fn identity(&self) -> Value {
        let photos: Vec<String> = self.photos.iter().map(Photo::hash).collect();
        json!({ "classNoun": self.class_noun, "photos": photos })
    }
}

#[derive(Deserialize)]
struct Description {
    class_word: String,
}

/// Reads the folders; files among them (as `subjects/*` names them too) are passed over.
pub fn read(folders: &[PathBuf], class_noun: Option<&str>) -> Result<Vec<Subject>, Error> {
    let mut subjects: Vec<Subject> = Vec::new();
    for folder in folders.iter().filter(|folder| !folder.is_file()) {
        let name = folder.file_name().map_or("subject".into(), |name| name.to_string_lossy().into_owned());
        if subjects.iter().any(|subject| subject.name == name) {
            return Err(Error::Other(format!(
                "There are two subjects called \"{name}\"; rename one's folder."
            )));
        }
        let photos = photos::read_folder(folder).map_err(training::Error::from)?;
        let described = describe(folder, &name)?;
        let class_noun = described.or_else(|| class_noun.map(str::to_owned)).ok_or_else(|| {
            let folder = folder.display();
            Error::Other(format!(
                "What is in {folder}? Give --class-noun, or a file {METADATA} beside the folder with {{\"{name}\": {{\"class_word\": \"dog\"}}}}."
            ))
        })?;
        subjects.push(Subject { name, class_noun, photos });
    }
    match subjects.is_empty() {
        true => Err(Error::Other("No subject was given; --subjects takes folders of photos.".to_owned())),
        false => Ok(subjects),
    }
}

/// Each of the names must be a subject's.
pub fn check_names(subjects: &[Subject], names: &[String]) -> Result<(), Error> {
    match names.iter().find(|name| subjects.iter().all(|subject| subject.name != **name)) {
        None => Ok(()),
        Some(unknown) => {
            let known: Vec<_> = subjects.iter().map(|subject| subject.name.as_str()).collect();
            let known = known.join(", ");
            Err(Error::Other(format!("--only {unknown}: there is no such subject; there are {known}.")))
        }
    }
}

fn describe(folder: &Path, name: &str) -> Result<Option<String>, Error> {
    let file = folder.parent().unwrap_or(Path::new("")).join(METADATA);
    if !file.is_file() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&file).map_err(|reason| Error::unreadable(&file, reason))?;
    let mut described: BTreeMap<String, Description> =
        serde_json::from_str(&text).map_err(|reason| Error::unreadable(&file, reason))?;
    Ok(described.remove(name).map(|description| description.class_word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_noun_is_for_subjects_that_are_not_described() {
        let folder = std::env::temp_dir().join(format!("palpable-subjects-{}", std::process::id()));
        let subjects = ["dog", "thing"].map(|name| folder.join(name));
        for subject in &subjects {
            std::fs::create_dir_all(subject).expect("a folder");
            image::RgbImage::new(2, 2).save(subject.join("1.png")).expect("a file");
        }
        std::fs::write(folder.join(METADATA), r#"{"dog": {"class_word": "dog"}}"#).expect("a file");
        let found = read(&subjects, Some("mug")).unwrap_or_default();
        let nouns: Vec<_> = found.iter().map(|subject| subject.class_noun.as_str()).collect();
        assert_eq!(nouns, ["dog", "mug"]);
        std::fs::remove_dir_all(&folder).expect("a folder");
    }
}
