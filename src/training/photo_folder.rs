//! A folder of photos with what may lie beside each: `NAME.txt`, its caption, as kohya's trainers have
//! it, and `NAME.mask.png`, white where the subject is.

use std::path::{Path, PathBuf};

use super::photos::{Photo, PhotoError, check_count};

/// End of a mask file's name.
const MASK_ENDING: &str = ".mask.png";

/// Photos in the order of their names, each with its caption.
#[derive(Clone, Debug, Default)]
pub struct PhotoFolder {
    pub photos: Vec<Photo>,
    pub captions: Vec<Option<String>>,
}

impl PhotoFolder {
    /// Reads a folder of 1 to [`MAX_PHOTOS`](super::photos::MAX_PHOTOS) photos. Hidden files and folders
    /// inside it are passed over; any other file must be a picture, a caption or a mask.
    pub fn read(folder: &Path) -> Result<Self, PhotoError> {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
            let path = entry.map_err(|error| unreadable(folder, error))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
            let beside = name.ends_with(MASK_ENDING) || name.ends_with(".txt");
            if !name.starts_with('.') && !beside && !path.is_dir() {
                paths.push(path);
            }
        }
        paths.sort();
        match check_count(paths.len(), 1) {
            Err(PhotoError::None) => {
                return Err(PhotoError::NoneFound { folder: folder.display().to_string() });
            }
            counted => counted?,
        }
        let mut found = Self::default();
        for path in paths {
            found.photos.push(read_photo(&path)?);
            found.captions.push(read_caption(&path.with_extension("txt"))?);
        }
        Ok(found)
    }
}

fn read_photo(path: &Path) -> Result<Photo, PhotoError> {
    let photo = decode(path)?;
    let mask: PathBuf = path.with_extension(MASK_ENDING.trim_start_matches('.'));
    if mask.is_file() { photo.with_mask(&decode(&mask)?, &path.display().to_string()) } else { Ok(photo) }
}

fn decode(path: &Path) -> Result<Photo, PhotoError> {
    let bytes = std::fs::read(path).map_err(|error| unreadable(path, error))?;
    Photo::decode(&bytes, &path.display().to_string())
}

/// The first line of a caption file that is not blank; None without a file.
fn read_caption(path: &Path) -> Result<Option<String>, PhotoError> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
    Ok(text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned))
}

fn unreadable(path: &Path, error: std::io::Error) -> PhotoError {
    PhotoError::Unreadable { name: path.display().to_string(), reason: error.to_string() }
}
