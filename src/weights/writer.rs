//! Writes safetensors files: adapters, embeddings, checkpoints.

use std::collections::BTreeMap;

use half::f16;
use serde_json::{Map, Value, json};

use super::{
    StoredType,
    hash::{sha256, short_hash},
};

/// A tensor on its way into a file.
#[derive(Clone, Debug)]
pub struct OutgoingTensor {
    name: String,
    shape: Vec<usize>,
    dtype: StoredType,
    bytes: Vec<u8>,
}

impl OutgoingTensor {
    /// Stored in 32 bits.
    ///
    /// # Panics
    /// If `values` are not as many as `shape` says: the caller's bug.
    pub fn f32(name: impl Into<String>, shape: &[usize], values: &[f32]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self::new(name.into(), shape, StoredType::F32, values.len(), bytes)
    }

    /// Stored in 16 bits, rounded to nearest.
    ///
    /// # Panics
    /// As [`f32`](Self::f32).
    pub fn f16(name: impl Into<String>, shape: &[usize], values: &[f32]) -> Self {
        let bytes = values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect();
        Self::new(name.into(), shape, StoredType::F16, values.len(), bytes)
    }

    /// Whole numbers of 32 bits.
    ///
    /// # Panics
    /// As [`f32`](Self::f32).
    pub fn i32(name: impl Into<String>, shape: &[usize], values: &[i32]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self::new(name.into(), shape, StoredType::I32, values.len(), bytes)
    }

    fn new(name: String, shape: &[usize], dtype: StoredType, values: usize, bytes: Vec<u8>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), values, "the shape {shape:?} of {name} does not fit");
        Self { name, shape: shape.to_vec(), dtype, bytes }
    }
}

/// The SHA-256 of the bytes of all tensors as [`write_safetensors`] lays them, whatever its metadata: kohya's
/// `sshs_model_hash`.
pub fn data_hash(tensors: &[OutgoingTensor]) -> String {
    sha256(in_order(tensors).into_iter().map(|tensor| tensor.bytes.as_slice()))
}

/// The short hash ([`checkpoint_hash`](super::checkpoint_hash)) of the file that [`write_safetensors`] makes: kohya's
/// `sshs_legacy_hash`, where the metadata are those that it does not change later.
pub fn legacy_hash(tensors: &[OutgoingTensor], metadata: &BTreeMap<String, String>) -> String {
    let tensors = in_order(tensors);
    let start = start_of_file(&tensors, metadata);
    let data = tensors.iter().map(|tensor| tensor.bytes.as_slice());
    short_hash(std::iter::once(start.as_slice()).chain(data))
}

fn in_order(tensors: &[OutgoingTensor]) -> Vec<&OutgoingTensor> {
    let mut tensors: Vec<_> = tensors.iter().collect();
    tensors.sort_by(|a, b| b.dtype.size().cmp(&a.dtype.size()).then_with(|| a.name.cmp(&b.name)));
    tensors
}

/// The file: header padded with spaces to 8 bytes, tensors by falling size of their numbers (so each
/// is aligned), then by name. The same input gives the same bytes.
pub fn write_safetensors(tensors: &[OutgoingTensor], metadata: &BTreeMap<String, String>) -> Vec<u8> {
    let tensors = in_order(tensors);
    let mut file = start_of_file(&tensors, metadata);
    file.reserve_exact(tensors.iter().map(|tensor| tensor.bytes.len()).sum());
    for tensor in tensors {
        file.extend(&tensor.bytes);
    }
    file
}

/// The header with its length before it.
fn start_of_file(tensors: &[&OutgoingTensor], metadata: &BTreeMap<String, String>) -> Vec<u8> {
    let mut header = Map::new();
    if !metadata.is_empty() {
        header.insert("__metadata__".to_owned(), json!(metadata));
    }
    let mut end = 0;
    for tensor in tensors {
        let start = end;
        end += tensor.bytes.len();
        let entry = json!({
            "dtype": tensor.dtype.to_string(), "shape": tensor.shape, "data_offsets": [start, end]
        });
        header.insert(tensor.name.clone(), entry);
    }
    let mut json = Value::Object(header).to_string().into_bytes();
    json.resize(json.len().next_multiple_of(8), b' ');

    let mut start = (json.len() as u64).to_le_bytes().to_vec();
    start.extend(json);
    start
}
