//! Hashes by which other programs know model files.

use sha2::{Digest, Sha256};

use super::{ByteSource, Error};

/// Where the bytes of the short hash begin, and how many they are.
const START: u64 = 0x10_0000;
const LENGTH: u64 = 0x1_0000;

/// SHA-256 of all parts one after the other, in hexadecimal.
pub(super) fn sha256<'a>(parts: impl Iterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    parts.for_each(|part| hash.update(part));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The short hash that A1111 and kohya (`model_hash`) give a checkpoint: eight digits of the SHA-256 of its
/// 64 KiB from 1 MiB on, of what there is of them in a smaller file.
///
/// # Errors
/// The file is missing, or what the source reports.
pub async fn checkpoint_hash(source: &dyn ByteSource, path: &str) -> Result<String, Error> {
    let missing = || Error::MissingFile { path: path.to_owned() };
    let length = source.length(path).await?.ok_or_else(missing)?;
    let (start, end) = (START.min(length), (START + LENGTH).min(length));
    let bytes = source.read(path, start..end).await?;
    let mut digits = sha256(std::iter::once(bytes.as_slice()));
    digits.truncate(8);
    Ok(digits)
}
