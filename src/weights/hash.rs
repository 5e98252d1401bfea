//! Hashes by which other programs know model files and adapters.

use sha2::{Digest, Sha256};

use super::{ByteSource, Error};

/// Where the bytes of the short hash begin, and how many they are.
const START: u64 = 0x10_0000;
const LENGTH: u64 = 0x1_0000;
const SHORT_DIGITS: usize = 8;

/// Read at once while a whole file is hashed, in bytes.
const PIECE: u64 = 16 << 20;

/// What a checkpoint file is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointHashes {
    /// [`checkpoint_hash`]
    pub short: String,
    /// [`file_sha256`], where it is known: it takes reading the whole file.
    pub sha256: Option<String>,
}

/// SHA-256 of all parts one after the other, in hexadecimal.
pub(crate) fn sha256<'a>(parts: impl Iterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    parts.for_each(|part| hash.update(part));
    digits(hash)
}

/// The short hash of the file that the parts make up one after the other: eight digits of the SHA-256 of its
/// 64 KiB from 1 MiB on, of what there is of them in a smaller file.
pub(super) fn short_hash<'a>(parts: impl Iterator<Item = &'a [u8]>) -> String {
    let mut end = 0;
    let hashed = parts.map(|part| {
        let begin = end;
        end += part.len() as u64;
        let within = |place: u64| place.clamp(begin, end) - begin;
        &part[within(START) as usize..within(START + LENGTH) as usize]
    });
    let mut short = sha256(hashed);
    short.truncate(SHORT_DIGITS);
    short
}

fn digits(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The short hash that A1111 and kohya (`model_hash`) give a checkpoint: eight digits of the SHA-256 of its
/// 64 KiB from 1 MiB on, of what there is of them in a smaller file.
///
/// # Errors
/// The file is missing, or what the source reports.
pub async fn checkpoint_hash(source: &dyn ByteSource, path: &str) -> Result<String, Error> {
    hash_from(source, path, |_| START).await
}

/// A hash as short of the 64 KiB in the middle of a part's weights: fine-tunes mostly leave the vocabulary alone, with
/// which a text encoder begins.
///
/// # Errors
/// As [`checkpoint_hash`].
pub async fn middle_hash(source: &dyn ByteSource, path: &str) -> Result<String, Error> {
    hash_from(source, path, |length| length.saturating_sub(LENGTH) / 2).await
}

async fn hash_from(source: &dyn ByteSource, path: &str, start: impl Fn(u64) -> u64) -> Result<String, Error> {
    let missing = || Error::MissingFile { path: path.to_owned() };
    let length = source.length(path).await?.ok_or_else(missing)?;
    let (start, end) = (start(length).min(length), (start(length) + LENGTH).min(length));
    let bytes = source.read(path, start..end).await?;
    let mut short = sha256(std::iter::once(bytes.as_slice()));
    short.truncate(SHORT_DIGITS);
    Ok(short)
}

/// The SHA-256 of a whole file, by which newer programs know a checkpoint.
///
/// # Errors
/// As [`checkpoint_hash`].
pub async fn file_sha256(source: &dyn ByteSource, path: &str) -> Result<String, Error> {
    let missing = || Error::MissingFile { path: path.to_owned() };
    let length = source.length(path).await?.ok_or_else(missing)?;
    let mut hash = Sha256::new();
    for start in (0..length).step_by(PIECE as usize) {
        hash.update(source.read(path, start..length.min(start + PIECE)).await?);
    }
    Ok(digits(hash))
}
