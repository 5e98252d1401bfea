//! Bringing results to the host: the one place where the host waits for the device.

use burn::tensor::{Int, Tensor, TensorData};
use thiserror::Error;

use super::Work;

/// Why there is no result, in burn's words. [`super::Gpu::check`] knows whether the device is lost.
#[derive(Debug, Clone, Error)]
#[error("{0}")]
pub struct ReadError(String);

/// The tensor's numbers, once the device has computed them. Counted in [`Work`]: each wait empties
/// the device's queue, so a training step affords one.
///
/// # Errors
/// A computation that the result depends on failed.
pub async fn read<const D: usize>(tensor: Tensor<D>) -> Result<TensorData, ReadError> {
    Work::count_read();
    tensor.into_data_async().await.map_err(|error| ReadError(error.to_string()))
}

/// [`read`] for whole numbers.
///
/// # Errors
/// As [`read`].
pub async fn read_integers<const D: usize>(tensor: Tensor<D, Int>) -> Result<TensorData, ReadError> {
    Work::count_read();
    tensor.into_data_async().await.map_err(|error| ReadError(error.to_string()))
}
