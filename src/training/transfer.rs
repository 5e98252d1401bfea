//! Values between host and device.

use burn::tensor::{DType, Device, Element, Int, Tensor, TensorData};

use super::Error;
use crate::gpu;

/// Numbers that are brought to the host at once, 16 MB: the buffer that they are brought through stays taken, and
/// a run's values can be as many as the model's.
const PIECE: usize = 4 << 20;

/// Bytes that the device holds for them while `bytes` of values are brought: a copy where they are a part of the
/// values, and the buffer.
pub(crate) fn reading(bytes: u64) -> [u64; 2] {
    let piece = bytes.min((PIECE * size_of::<f32>()) as u64);
    [if piece < bytes { piece } else { 0 }, piece]
}

/// Brings values to the device, f32.
pub fn upload(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), (device, DType::F32))
}

/// Brings f32 values to the host.
pub async fn read(values: Tensor<1>) -> Result<Vec<f32>, Error> {
    let piece = async |start, length| gpu::read(values.clone().narrow(0, start, length)).await;
    in_pieces(values.dims()[0], piece).await
}

/// Brings 32-bit words to the device.
pub fn upload_words(words: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let count = words.len();
    Tensor::from_data(TensorData::new(words, [count]), (device, DType::I32))
}

/// Brings 32-bit words to the host.
pub async fn read_words(words: Tensor<1, Int>) -> Result<Vec<i32>, Error> {
    let piece = async |start, length| gpu::read_integers(words.clone().narrow(0, start, length)).await;
    in_pieces(words.dims()[0], piece).await
}

/// `piece(start, length)` brings a part of `count` numbers.
async fn in_pieces<T: Element>(
    count: usize,
    piece: impl AsyncFn(usize, usize) -> Result<TensorData, gpu::ReadError>,
) -> Result<Vec<T>, Error> {
    let failed = |reason: String| Error::Device { reason };
    let mut read = Vec::with_capacity(count);
    for start in (0..count).step_by(PIECE) {
        let data = piece(start, PIECE.min(count - start)).await.map_err(|error| failed(error.to_string()))?;
        read.extend_from_slice(data.as_slice::<T>().map_err(|error| failed(error.to_string()))?);
    }
    Ok(read)
}
