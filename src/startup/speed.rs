//! How fast a device multiplies matrices: what the size of submissions is derived from.

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::{
    gpu::{self, Error, Gpu},
    ops::linear::linear,
};

/// Depth and columns of the product.
const WIDTH: usize = 512;
/// From so few rows that a software adapter computes them in a blink…
const LEAST_ROWS: usize = 64;
/// …to enough for a large GPU to be busy.
const MOST_ROWS: usize = 8192;
/// A product that takes this long says more about the device than about starting and waiting.
const LONG_ENOUGH: f64 = 0.01;

/// Operations a second of a linear layer that keeps the device busy. `clock` tells seconds.
///
/// # Errors
/// The device failed.
pub async fn flops_per_second(gpu: &Gpu, clock: &dyn Fn() -> f64) -> Result<u64, Error> {
    let device = &gpu.device;
    let square = ramp([WIDTH, WIDTH], device);
    // Only a few numbers of the product come back to the host.
    let narrow = ramp([4, WIDTH], device);
    let mut rows = LEAST_ROWS;
    loop {
        let x = ramp([1, rows, WIDTH], device);
        let mut seconds = 0.0;
        // The first round pays for compiling the kernels.
        for _ in 0..2 {
            let started = clock();
            let y = linear(linear(x.clone(), square.clone(), None), narrow.clone(), None);
            gpu::read(y).await.map_err(|error| Error::Failed { reason: error.to_string() })?;
            gpu.check()?;
            seconds = clock() - started;
        }
        if seconds >= LONG_ENOUGH || rows >= MOST_ROWS {
            let flops = (2 * rows * WIDTH * WIDTH) as f64;
            // A clock that is kept coarse may not have moved.
            return Ok((flops / seconds.max(1e-3)) as u64);
        }
        rows *= 4;
    }
}

fn ramp<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    let values: Vec<f32> =
        (0..shape.iter().product()).map(|index: usize| (index % 17) as f32 / 17.0).collect();
    Tensor::from_data(TensorData::new(values, shape), (device, DType::F32))
}
