//! Values between host and device.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use super::Error;
use crate::gpu;

/// Brings values to the device, f32.
pub fn upload(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), (device, DType::F32))
}

/// Brings f32 values to the host.
pub async fn read(tensor: Tensor<1>) -> Result<Vec<f32>, Error> {
    let failed = |reason: String| Error::Device { reason };
    let data = gpu::read(tensor).await.map_err(|error| failed(error.to_string()))?;
    data.try_into_vec::<f32>().map_err(|error| failed(error.to_string()))
}

/// Brings 32-bit words to the device.
pub fn upload_words(words: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let count = words.len();
    Tensor::from_data(TensorData::new(words, [count]), (device, DType::I32))
}

/// Brings 32-bit words to the host.
pub async fn read_words(words: Tensor<1, Int>) -> Result<Vec<i32>, Error> {
    let failed = |reason: String| Error::Device { reason };
    let data = gpu::read_integers(words).await.map_err(|error| failed(error.to_string()))?;
    data.try_into_vec::<i32>().map_err(|error| failed(error.to_string()))
}
