//! A project: all that belongs to a subject, in one file that any zip program opens.
//!
//! | path | content |
//! |---|---|
//! | `palpable.json` | the manifest: version, name, settings, prompts, and the paths of the others |
//! | `adapter.safetensors` | the adapter in kohya's format, words and details in it |
//! | `thumbnails/…` | small pictures, PNG, JPEG or WebP |
//! | `photos/…` | the photos it was trained on, only if they were asked for |
//!
//! Settings are kept as they are: a JSON object whose meaning is its writer's. docs/formats.md has all of it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::text::{MAX_NAME, MAX_TEXT, clean, clean_name, stem};
use super::{Adapter, Error, archive};

/// The manifest's path.
const MANIFEST: &str = "palpable.json";
const ADAPTER: &str = "adapter.safetensors";
/// The version of the manifest's form; larger numbers are newer than this program.
const VERSION: u32 = 1;

/// The largest manifest, in bytes.
const MAX_MANIFEST: usize = 1 << 20;
const MAX_PROMPTS: usize = 200;
/// The most pictures of each kind, and their largest sizes in bytes.
const MAX_PICTURES: usize = 100;
const MAX_THUMBNAIL: usize = 1 << 20;
const MAX_PHOTO: usize = 32 << 20;

/// A subject's adapter with what belongs to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    pub adapter: Adapter,
    /// How it was trained and how pictures were made, as the program that wrote the project names it.
    pub settings: Map<String, Value>,
    /// Prompts that were used with it.
    pub prompts: Vec<String>,
    pub thumbnails: Vec<ProjectPicture>,
    /// Empty unless whoever saved the project wanted them in it.
    pub photos: Vec<ProjectPicture>,
}

/// A picture's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectPicture {
    /// Without folders.
    pub name: String,
    /// PNG, JPEG or WebP.
    pub bytes: Vec<u8>,
}

/// `palpable.json`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    palpable_project: u32,
    name: String,
    adapter: String,
    #[serde(default)]
    settings: Map<String, Value>,
    #[serde(default)]
    prompts: Vec<String>,
    #[serde(default)]
    thumbnails: Vec<String>,
    #[serde(default)]
    photos: Vec<String>,
}

impl Project {
    /// The project's file. Name it `….palpable.zip`.
    ///
    /// # Errors
    /// [`Error::Project`] for what [`from_bytes`](Self::from_bytes) would refuse; [`Error::Archive`] beyond 4 GB.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let name = self.adapter.name.clone();
        let thumbnails = packed("thumbnails", &self.thumbnails);
        let photos = packed("photos", &self.photos);
        let paths = |files: &[(String, Vec<u8>)]| files.iter().map(|(path, _)| path.clone()).collect();
        let manifest = Manifest {
            palpable_project: VERSION,
            adapter: ADAPTER.to_owned(),
            settings: self.settings.clone(),
            prompts: self.prompts.clone(),
            thumbnails: paths(&thumbnails),
            photos: paths(&photos),
            name: name.clone(),
        };
        manifest.check().map_err(|problem| Error::Project { file: name.clone(), problem })?;
        let json = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
        check_manifest_size(&json).map_err(|problem| Error::Project { file: name.clone(), problem })?;
        for (picture, largest) in [(&self.thumbnails, MAX_THUMBNAIL), (&self.photos, MAX_PHOTO)] {
            let checked = picture.iter().try_for_each(|picture| check_picture(&picture.bytes, largest));
            checked.map_err(|problem| Error::Project { file: name.clone(), problem })?;
        }
        let mut files = vec![(MANIFEST.to_owned(), json), (ADAPTER.to_owned(), self.adapter.to_bytes())];
        files.extend(thumbnails);
        files.extend(photos);
        archive::write(&files)
    }

    /// Reads a project; `file_name` names it in messages.
    ///
    /// # Errors
    /// [`Error::Archive`]: no sound zip archive of stored files. [`Error::Project`]: its manifest is missing,
    /// newer than this program or wrong. What [`Adapter::from_bytes`] says of its adapter.
    pub fn from_bytes(bytes: &[u8], file_name: &str) -> Result<Self, Error> {
        super::check_length(file_name, bytes.len() as u64)?;
        let files = archive::read(bytes, file_name)?;
        let wrong = |problem| Error::Project { file: clean_name(file_name), problem };
        let find = |path: &str| files.iter().find(|(name, _)| name == path).map(|(_, bytes)| *bytes);
        let json = find(MANIFEST).ok_or_else(|| wrong("it has no palpable.json"))?;
        check_manifest_size(json).map_err(wrong)?;
        let version = serde_json::from_slice::<Value>(json).ok();
        let version = version.as_ref().and_then(|json| json.get("palpableProject")).and_then(Value::as_u64);
        if version.is_some_and(|version| version > u64::from(VERSION)) {
            return Err(wrong("a newer version of Palpable wrote it; update this one"));
        }
        let manifest: Manifest =
            serde_json::from_slice(json).map_err(|_| wrong("its palpable.json is not a manifest"))?;
        manifest.check().map_err(wrong)?;
        let adapter = find(&manifest.adapter).ok_or_else(|| wrong("the adapter it names is missing"))?;
        let pictures = |paths: &[String], largest: usize| -> Result<Vec<ProjectPicture>, &'static str> {
            let picture = |path: &String| {
                let bytes = find(path).ok_or("a picture it names is missing")?;
                check_picture(bytes, largest)?;
                let name = path.rsplit('/').next().unwrap_or_default();
                Ok(ProjectPicture { name: clean_name(name), bytes: bytes.to_vec() })
            };
            paths.iter().map(picture).collect()
        };
        Ok(Self {
            adapter: Adapter::from_bytes(adapter, &format!("{}.safetensors", manifest.name))?,
            settings: manifest.settings,
            prompts: manifest.prompts.iter().map(|prompt| clean(prompt, MAX_TEXT)).collect(),
            thumbnails: pictures(&manifest.thumbnails, MAX_THUMBNAIL).map_err(wrong)?,
            photos: pictures(&manifest.photos, MAX_PHOTO).map_err(wrong)?,
        })
    }
}

impl Manifest {
    fn check(&self) -> Result<(), &'static str> {
        if self.palpable_project != VERSION {
            return Err("its palpable.json has no version that is known");
        }
        if self.name.chars().count() > MAX_NAME {
            return Err("its name is longer than 100 characters");
        }
        let too_long = |prompt: &String| prompt.chars().count() > MAX_TEXT;
        if self.prompts.len() > MAX_PROMPTS || self.prompts.iter().any(too_long) {
            return Err("it has more than 200 prompts, or one of more than 2000 characters");
        }
        if self.thumbnails.len() > MAX_PICTURES || self.photos.len() > MAX_PICTURES {
            return Err("it has more than 100 pictures of one kind");
        }
        // Each is copied: a small project could become gigabytes.
        let mut named = HashSet::new();
        if !self.thumbnails.iter().chain(&self.photos).all(|path| named.insert(path)) {
            return Err("it names a picture twice");
        }
        Ok(())
    }
}

fn check_manifest_size(json: &[u8]) -> Result<(), &'static str> {
    if json.len() <= MAX_MANIFEST { Ok(()) } else { Err("its palpable.json has more than 1 MB") }
}

/// By its first bytes; whether it can be decoded is found out where it is shown.
fn check_picture(bytes: &[u8], largest: usize) -> Result<(), &'static str> {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    if !(bytes.starts_with(b"\x89PNG\r\n\x1a\n") || bytes.starts_with(b"\xFF\xD8\xFF") || is_webp) {
        return Err("a picture of it is neither PNG nor JPEG nor WebP");
    }
    if bytes.len() > largest { Err("a picture of it is too large") } else { Ok(()) }
}

/// Pictures by paths that no two of them share: numbered, with the end of their names.
fn packed(folder: &str, pictures: &[ProjectPicture]) -> Vec<(String, Vec<u8>)> {
    let path = |(index, picture): (usize, &ProjectPicture)| {
        let extension = picture.name.rsplit_once('.').map_or("png", |(_, extension)| extension);
        let letters = |text: &str| -> String {
            text.chars().filter(|letter| letter.is_ascii_alphanumeric()).take(40).collect()
        };
        let name = format!("{folder}/{}-{}.{}", index + 1, letters(stem(&picture.name)), letters(extension));
        (name, picture.bytes.clone())
    };
    pictures.iter().enumerate().map(path).collect()
}

/// The project in a file; `None` for every other file.
///
/// # Errors
/// As [`Project::from_bytes`].
pub fn read_project(bytes: &[u8], file_name: &str) -> Result<Option<Project>, Error> {
    let is_project = archive::is_archive(bytes)
        && archive::read(bytes, file_name).is_ok_and(|files| files.iter().any(|(path, _)| path == MANIFEST));
    is_project.then(|| Project::from_bytes(bytes, file_name)).transpose()
}

/// An adapter from whatever file holds one: a safetensors file, a project, or a zip archive of diffusers' or
/// peft's folder.
///
/// # Errors
/// As [`Adapter::from_bytes`], [`Adapter::from_files`] and [`Project::from_bytes`].
pub fn read_adapter(bytes: &[u8], file_name: &str) -> Result<Adapter, Error> {
    if !archive::is_archive(bytes) {
        return Adapter::from_bytes(bytes, file_name);
    }
    let is_named_zip = file_name.to_ascii_lowercase().ends_with(".zip");
    match archive::read(bytes, file_name) {
        Ok(files) if files.iter().any(|(path, _)| path == MANIFEST) => {
            Ok(Project::from_bytes(bytes, file_name)?.adapter)
        }
        Ok(files) if is_named_zip || files.iter().any(|(path, _)| path.ends_with(".safetensors")) => {
            let files: Vec<_> = files.into_iter().map(|(path, bytes)| (path, bytes.to_vec())).collect();
            Adapter::from_files(stem(file_name), &files)
        }
        Err(error) if is_named_zip => Err(error),
        // PyTorch's pickles are zip archives too.
        _ => Adapter::from_bytes(bytes, file_name),
    }
}

/// The files of an export as one zip archive.
///
/// # Errors
/// [`Error::Archive`] beyond 4 GB.
pub fn zip_of(files: Vec<super::ExportedFile>) -> Result<Vec<u8>, Error> {
    let files: Vec<_> = files.into_iter().map(|file| (file.path, file.bytes)).collect();
    archive::write(&files)
}
