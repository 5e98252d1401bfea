//! The header of a safetensors file, read strictly.
//!
//! Layout: 8 bytes little-endian length N, N bytes of JSON, then the tensors' data. The JSON maps
//! each name to `{"dtype", "shape", "data_offsets"}` (offsets count from the end of the header), and
//! `__metadata__` to strings. A header is believed only if
//! - it is at most 100 MB, starts with `{`, and names nothing twice;
//! - the tensors' ranges, in order, tile the rest of the file from 0 to its end without hole or overlap;
//! - each range is exactly as long as its shape and type say, all sums checked for overflow.
//!
//! So every range in a [`SafetensorsHeader`] lies inside the file it was read from.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    ops::Range,
};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};

use super::{ByteSource, Error};

/// As upstream: a header beyond this is an attack or not a header.
const MAX_HEADER: u64 = 100_000_000;
/// Bytes before the header: its length.
const LENGTH_BYTES: u64 = 8;

/// How a tensor's numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "the names stand so in the files")]
pub enum StoredType {
    BOOL,
    U8,
    I8,
    F8_E5M2,
    F8_E4M3,
    U16,
    I16,
    F16,
    BF16,
    U32,
    I32,
    F32,
    U64,
    I64,
    F64,
}

impl StoredType {
    /// Bytes of one number.
    pub fn size(self) -> usize {
        match self {
            Self::BOOL | Self::U8 | Self::I8 | Self::F8_E5M2 | Self::F8_E4M3 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::BF16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }
}

impl fmt::Display for StoredType {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

/// One tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorEntry {
    pub name: String,
    pub dtype: StoredType,
    pub shape: Vec<usize>,
    /// Where its bytes lie, counted from the start of the file.
    pub range: Range<u64>,
}

/// A checked header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafetensorsHeader {
    /// In the order of their bytes in the file.
    pub tensors: Vec<TensorEntry>,
    pub metadata: BTreeMap<String, String>,
    /// Where the first tensor's bytes begin.
    pub data_start: u64,
}

impl SafetensorsHeader {
    /// Reads the header of a file in a model folder.
    ///
    /// # Errors
    /// [`Error::MissingFile`], [`Error::Pickle`], [`Error::LfsPointer`], [`Error::Truncated`],
    /// [`Error::Malformed`], or what the source reports.
    pub async fn read(source: &dyn ByteSource, path: &str) -> Result<Self, Error> {
        let missing = || Error::MissingFile { path: path.to_owned() };
        let file_length = source.length(path).await?.ok_or_else(missing)?;
        let start = source.read(path, 0..file_length.min(LENGTH_BYTES)).await?;
        let data_start = check_start(path, &start, file_length)?;
        let json = source.read(path, LENGTH_BYTES..data_start).await?;
        Self::check(path, &json, data_start, file_length)
    }

    /// Reads the header of a file held in memory; `path` is its name in messages.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_bytes(path: &str, file: &[u8]) -> Result<Self, Error> {
        let file_length = file.len() as u64;
        let data_start = check_start(path, &file[..file.len().min(LENGTH_BYTES as usize)], file_length)?;
        Self::check(path, &file[LENGTH_BYTES as usize..data_start as usize], data_start, file_length)
    }

    fn check(path: &str, json: &[u8], data_start: u64, file_length: u64) -> Result<Self, Error> {
        let malformed = |problem: String| Error::Malformed { path: path.to_owned(), problem };
        if json.first() != Some(&b'{') {
            return Err(malformed("its header does not start with \"{\"".to_owned()));
        }
        let mut stored: StoredHeader = serde_json::from_slice(json)
            .map_err(|error| malformed(format!("its header cannot be read ({error})")))?;
        stored.tensors.sort_by_key(|(_, tensor)| tensor.data_offsets);

        let mut tensors = Vec::with_capacity(stored.tensors.len());
        let mut end = 0;
        for (name, tensor) in stored.tensors {
            let [from, to] = tensor.data_offsets;
            if from != end || to < from {
                return Err(malformed(format!("the data of \"{name}\" overlaps or leaves a hole")));
            }
            if byte_length(&tensor.shape, tensor.dtype) != Some(to - from) {
                return Err(malformed(format!("\"{name}\" has not as many bytes as its shape asks for")));
            }
            let range = data_start.checked_add(from).zip(data_start.checked_add(to));
            let Some((start, stop)) = range else {
                return Err(malformed(format!("\"{name}\" lies beyond any file's end")));
            };
            // Below usize::MAX: byte_length has multiplied them as usize.
            let shape = tensor.shape.iter().map(|&side| side as usize).collect();
            tensors.push(TensorEntry { name, dtype: tensor.dtype, shape, range: start..stop });
            end = to;
        }
        let expected = data_start + end;
        if expected > file_length {
            return Err(Error::Truncated { path: path.to_owned(), actual: file_length, expected });
        }
        if expected < file_length {
            return Err(malformed("it goes on after its last tensor".to_owned()));
        }
        Ok(Self { tensors, metadata: stored.metadata.into_iter().collect(), data_start })
    }
}

/// Checks the first bytes of a file and returns where its data begin.
fn check_start(path: &str, start: &[u8], file_length: u64) -> Result<u64, Error> {
    let path = path.to_owned();
    // A pickle begins with its protocol's number (0x80 n), PyTorch's newer kind is a zip file.
    let zip = start.starts_with(b"PK\x03\x04");
    if zip || (matches!(start, [0x80, 2..=5, ..]) && !plausible(start)) {
        return Err(Error::Pickle { path });
    }
    if start == b"version " {
        return Err(Error::LfsPointer { path });
    }
    let Ok(length) = <[u8; 8]>::try_from(start) else {
        return Err(Error::Truncated { path, actual: file_length, expected: LENGTH_BYTES });
    };
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER {
        return Err(Error::Malformed {
            path,
            problem: "its header claims to be longer than 100 MB".to_owned(),
        });
    }
    let data_start = LENGTH_BYTES + length;
    if data_start > file_length {
        return Err(Error::Truncated { path, actual: file_length, expected: data_start });
    }
    Ok(data_start)
}

/// Whether the first bytes could be a header's length after all.
fn plausible(start: &[u8]) -> bool {
    <[u8; 8]>::try_from(start).is_ok_and(|bytes| u64::from_le_bytes(bytes) <= MAX_HEADER)
}

/// shape × size of a number, or `None` beyond what memory can address.
fn byte_length(shape: &[u64], dtype: StoredType) -> Option<u64> {
    let count = shape.iter().try_fold(1_usize, |count, &side| count.checked_mul(usize::try_from(side).ok()?));
    Some(count?.checked_mul(dtype.size())? as u64)
}

/// The JSON as it stands, names once only.
struct StoredHeader {
    tensors: Vec<(String, StoredTensor)>,
    metadata: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredTensor {
    dtype: StoredType,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

impl<'de> Deserialize<'de> for StoredHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Header;
        impl<'de> Visitor<'de> for Header {
            type Value = StoredHeader;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("tensors by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StoredHeader, A::Error> {
                let mut header = StoredHeader { tensors: Vec::new(), metadata: Vec::new() };
                let mut names = HashSet::new();
                while let Some(name) = map.next_key::<String>()? {
                    if !names.insert(name.clone()) {
                        return Err(A::Error::custom(format!("\"{name}\" stands there twice")));
                    }
                    if name == "__metadata__" {
                        header.metadata = map.next_value::<Strings>()?.0;
                    } else {
                        header.tensors.push((name, map.next_value()?));
                    }
                }
                Ok(header)
            }
        }
        deserializer.deserialize_map(Header)
    }
}

/// `__metadata__`: strings by name, each name once.
struct Strings(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Metadata;
        impl<'de> Visitor<'de> for Metadata {
            type Value = Strings;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("strings by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strings, A::Error> {
                let mut strings = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, String>()? {
                    if strings.insert(name.clone(), value).is_some() {
                        return Err(A::Error::custom(format!("the metadata \"{name}\" stands there twice")));
                    }
                }
                Ok(Strings(strings.into_iter().collect()))
            }
        }
        deserializer.deserialize_map(Metadata)
    }
}
