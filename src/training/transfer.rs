//! Values between host and device.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use super::Error;
use crate::gpu;

/// Numbers that are brought to the host at once, 16 MB: the buffer that they are brought through stays taken, and
/// a run's values can be as many as the model's.
const PIECE: usize = 4 << 20;

/// Brings values to the device, f32.
pub fn upload(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), (device, DType::F32))
}

/// Brings f32 values to the host, piece by piece.
pub async fn read(values: Tensor<1>) -> Result<Vec<f32>, Error> {
    let count = values.dims()[0];
    let mut read = Vec::with_capacity(count);
    for start in (0..count).step_by(PIECE) {
        let piece = values.clone().narrow(0, start, PIECE.min(count - start));
        let data = gpu::read(piece).await.map_err(|error| failed(&error))?;
        read.extend_from_slice(data.as_slice::<f32>().map_err(|error| failed(&error))?);
    }
    Ok(read)
}

/// Brings 32-bit words to the device.
pub fn upload_words(words: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let count = words.len();
    Tensor::from_data(TensorData::new(words, [count]), (device, DType::I32))
}

/// Brings 32-bit words to the host, piece by piece.
pub async fn read_words(words: Tensor<1, Int>) -> Result<Vec<i32>, Error> {
    let count = words.dims()[0];
    let mut read = Vec::with_capacity(count);
    for start in (0..count).step_by(PIECE) {
        let piece = words.clone().narrow(0, start, PIECE.min(count - start));
        let data = gpu::read_integers(piece).await.map_err(|error| failed(&error))?;
        read.extend_from_slice(data.as_slice::<i32>().map_err(|error| failed(&error))?);
    }
    Ok(read)
}

fn failed(error: &impl std::fmt::Display) -> Error {
    Error::Device { reason: error.to_string() }
}
