//! Invented tensors: an architecture at its full size without its files, for measuring.
//!
//! Matrices and convolutions are uniform with variance 1 / fan-in, so that activations keep their
//! size through the network (huge or denormal numbers would change what is measured); gains are 1,
//! biases 0. Each tensor is made on the device when it is taken: nothing lies in the host's memory. It is
//! submitted at once: many in one submission would hold a slow GPU for too long.

use burn::tensor::{DType, Device, Distribution, FloatDType, Tensor};

use crate::{
    gpu::submit_queued,
    ops::packed::{PackedWeight, Packing},
};

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
                let bound = 3f64.sqrt() * root_mean_square(shape[1..].iter().product());
                Tensor::random(shape, Distribution::Uniform(-bound, bound), single)
            }
        };
        let values = values.cast(self.dtype);
        submit_queued(&values);
        values
    }

    /// A packed weight `[out, in]` or `[r, s, in, out]`.
    pub fn take_packed<const D: usize>(&self, packing: Packing, shape: [usize; D]) -> PackedWeight<D> {
        let fan_in = if D == 2 { shape[1] } else { shape[..D - 1].iter().product() };
        PackedWeight::random(packing, shape, root_mean_square(fan_in), &self.device)
    }

    /// A matrix `[rows, columns]` in tensors of whole rows, none larger than `largest_tensor` bytes.
    pub fn take_rows(
        &self,
        name: &str,
        [rows, columns]: [usize; 2],
        largest_tensor: usize,
    ) -> Vec<Tensor<2>> {
        let together = (largest_tensor / (columns * DType::from(self.dtype).size())).clamp(1, rows);
        let parts = (0..rows).step_by(together);
        parts.map(|first| self.take(name, [together.min(rows - first), columns])).collect()
    }
}

/// That of the numbers of which `fan_in` make one number of a layer's result, which then keeps its input's.
fn root_mean_square(fan_in: usize) -> f64 {
    1.0 / (fan_in as f64).sqrt()
}
