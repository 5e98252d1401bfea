//! Invented tensors: an architecture at its full size without its files, for measuring.
//!
//! Matrices and convolutions are uniform with variance 1 / fan-in, so that activations keep their
//! size through the network (huge or denormal numbers would change what is measured); gains are 1,
//! biases 0. Each tensor is made on the device when it is taken: nothing lies in the host's memory.

use burn::tensor::{DType, Device, Distribution, FloatDType, Tensor};

/// Where invented tensors are made, and as what.
#[derive(Debug)]
pub(super) struct RandomTensors {
    device: Device,
    dtype: FloatDType,
}

impl RandomTensors {
    pub fn new(seed: u64, device: &Device, dtype: FloatDType) -> Self {
        device.seed(seed);
        Self { device: device.clone(), dtype }
    }

    /// The tensor of that name; its last word says what it is.
    pub fn take<const D: usize>(&self, name: &str, shape: [usize; D]) -> Tensor<D> {
        let single = (&self.device, DType::F32);
        let values: Tensor<D> = match shape[..] {
            [_] if name.ends_with("bias") => Tensor::zeros(shape, single),
            [_] => Tensor::ones(shape, single),
            _ => {
                let fan_in: usize = shape[1..].iter().product();
                let bound = (3.0 / fan_in as f64).sqrt();
                Tensor::random(shape, Distribution::Uniform(-bound, bound), single)
            }
        };
        values.cast(self.dtype)
    }
}
