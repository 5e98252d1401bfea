//! Files that are found whole or as they were before, whenever the program stops.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{error::Error, terminal::say};

/// Makes the folders on the way to a file, and refuses a place that can't be written to: before the work that the
/// file is for, which would be lost.
///
/// # Errors
/// The place can't be written to.
pub fn make_way(file: &Path) -> Result<(), Error> {
    let failed = |reason| Error::unwritable(file, reason);
    if file.is_dir() {
        return Err(Error::Other(format!("{} is a folder; name a file.", file.display())));
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    if is_replaced(file) {
        let part = part_of(&target(file));
        fs::File::create(&part).and_then(|_| fs::remove_file(&part)).map_err(failed)?;
    }
    Ok(())
}

/// Says so where a file will be replaced, while it can still be saved.
pub fn announce_replacing(file: &Path) {
    if file.is_file() {
        say!("{} is there already and will be replaced.", file.display());
    }
}

/// Writes a file beside its place and then renames it.
///
/// # Errors
/// The file can't be written.
pub fn write_whole(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    let written = if is_replaced(file) {
        let target = target(file);
        let part = part_of(&target);
        fs::write(&part, bytes).and_then(|()| fs::rename(&part, target)).inspect_err(|_| {
            // A piece of a file only takes room, where that was perhaps what lacked.
            let _ = fs::remove_file(&part);
        })
    } else {
        fs::write(file, bytes)
    };
    written.map_err(|reason| Error::unwritable(file, reason))
}

/// Whether a new file may take this place: that of a device or a pipe it may not.
fn is_replaced(file: &Path) -> bool {
    !file.exists() || file.is_file()
}

/// Where a link leads, which stays a link.
fn target(file: &Path) -> PathBuf {
    fs::canonicalize(file).unwrap_or_else(|_| file.to_owned())
}

fn part_of(file: &Path) -> PathBuf {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    part.into()
}
