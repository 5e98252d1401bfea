//! Files that are found whole or as they were before, whenever the program stops.

use std::path::Path;

use super::error::Error;

/// Writes a file beside its place and then renames it.
///
/// # Errors
/// The file can't be written.
pub fn write_whole(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    std::fs::write(&part, bytes)
        .and_then(|()| std::fs::rename(&part, file))
        .map_err(|reason| Error::unwritable(file, reason))
}
