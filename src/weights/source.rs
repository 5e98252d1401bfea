//! Where a model folder's bytes come from: one trait for disk, memory and the browser's storage.
//!
//! Reading is by ranges and asynchronous, because a browser can neither block nor hold a model's
//! files whole. Paths are relative to the model folder and use `/`.

use std::{collections::HashMap, future::Future, ops::Range, pin::Pin};

use serde::de::DeserializeOwned;

use super::Error;

/// A future that stays on its thread (a browser's promises do).
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A model folder.
pub trait ByteSource {
    /// The file's length in bytes, or `None` if there is no such file.
    fn length<'a>(&'a self, path: &'a str) -> LocalFuture<'a, Result<Option<u64>, Error>>;

    /// The bytes `range` of a file: exactly so many, or an error.
    fn read<'a>(&'a self, path: &'a str, range: Range<u64>) -> LocalFuture<'a, Result<Vec<u8>, Error>>;
}

/// The longest text file (config, vocabulary, index) that is read; upstream's are below 4 MB.
const MAX_TEXT: u64 = 64 << 20;

/// A whole UTF-8 text file, such as a config or `merges.txt`.
///
/// # Errors
/// The file is missing, unreadable, not UTF-8, or longer than 64 MiB.
pub async fn read_text(source: &dyn ByteSource, path: &str) -> Result<String, Error> {
    let missing = || Error::MissingFile { path: path.to_owned() };
    let bad = |problem: &str| Error::BadConfig { path: path.to_owned(), problem: problem.to_owned() };
    let length = source.length(path).await?.ok_or_else(missing)?;
    if length > MAX_TEXT {
        return Err(bad("it is far too long for a text file"));
    }
    String::from_utf8(source.read(path, 0..length).await?).map_err(|_| bad("it is not UTF-8 text"))
}

/// A JSON config, such as `unet/config.json`.
///
/// # Errors
/// As [`read_text`]; and [`Error::BadConfig`] if it is not JSON or a value is missing or of the wrong kind.
pub async fn read_config<T: DeserializeOwned>(source: &dyn ByteSource, path: &str) -> Result<T, Error> {
    let text = read_text(source, path).await?;
    serde_json::from_str(&text)
        .map_err(|error| Error::BadConfig { path: path.to_owned(), problem: error.to_string() })
}

/// A model folder on disk.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug)]
pub struct DirectorySource {
    root: std::path::PathBuf,
}

#[cfg(not(target_arch = "wasm32"))]
impl DirectorySource {
    pub fn new(root: impl Into<std::path::PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn length_now(&self, path: &str) -> Result<Option<u64>, Error> {
        match std::fs::metadata(self.root.join(path)) {
            Ok(metadata) if metadata.is_file() => Ok(Some(metadata.len())),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::Unreadable { path: path.to_owned(), reason: error.to_string() }),
        }
    }

    fn read_now(&self, path: &str, range: Range<u64>) -> Result<Vec<u8>, Error> {
        use std::io::{Read, Seek, SeekFrom};
        let read = || {
            let mut file = std::fs::File::open(self.root.join(path))?;
            let actual = file.metadata()?.len();
            if range.end > actual {
                return Ok(Err(Error::Truncated { path: path.to_owned(), actual, expected: range.end }));
            }
            file.seek(SeekFrom::Start(range.start))?;
            let mut bytes = vec![0; (range.end - range.start) as usize];
            file.read_exact(&mut bytes)?;
            Ok(Ok(bytes))
        };
        read().unwrap_or_else(|error: std::io::Error| {
            Err(Error::Unreadable { path: path.to_owned(), reason: error.to_string() })
        })
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl ByteSource for DirectorySource {
    fn length<'a>(&'a self, path: &'a str) -> LocalFuture<'a, Result<Option<u64>, Error>> {
        Box::pin(async move { self.length_now(path) })
    }

    fn read<'a>(&'a self, path: &'a str, range: Range<u64>) -> LocalFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(async move { self.read_now(path, range) })
    }
}

/// A model folder in memory: tests, and files that the user dropped.
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    files: HashMap<String, Vec<u8>>,
}

impl MemorySource {
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), bytes.into());
    }
}

impl ByteSource for MemorySource {
    fn length<'a>(&'a self, path: &'a str) -> LocalFuture<'a, Result<Option<u64>, Error>> {
        Box::pin(async move { Ok(self.files.get(path).map(|bytes| bytes.len() as u64)) })
    }

    fn read<'a>(&'a self, path: &'a str, range: Range<u64>) -> LocalFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(async move {
            let bytes = self.files.get(path).ok_or_else(|| Error::MissingFile { path: path.to_owned() })?;
            let whole = bytes.get(range.start as usize..range.end as usize);
            whole.map(<[u8]>::to_vec).ok_or_else(|| Error::Truncated {
                path: path.to_owned(),
                actual: bytes.len() as u64,
                expected: range.end,
            })
        })
    }
}
