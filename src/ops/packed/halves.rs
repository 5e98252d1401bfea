//! Makes a weight of 16-bit floats.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use half::f16;

use super::{PackedWeight, WrongCount};
use crate::gpu::submit_queued;

impl<const D: usize> PackedWeight<D> {
    /// A weight on the device; `numbers` are in the order of `shape`, and are not copied where its last extent is
    /// a multiple of four.
    ///
    /// # Errors
    /// [`WrongCount`] if they are more or fewer than the weight has, or none.
    pub fn of_halves(numbers: Vec<f16>, shape: [usize; D], device: &Device) -> Result<Self, WrongCount> {
        let (count, last) = (numbers.len(), shape[D - 1]);
        if count == 0 || count != shape.iter().product::<usize>() {
            return Err(WrongCount { shape: shape.to_vec(), count });
        }
        let filled = last.next_multiple_of(4);
        let numbers = if filled == last {
            numbers
        } else {
            let zeros = vec![f16::ZERO; filled - last];
            numbers.chunks(last).flat_map(|line| [line, &zeros].concat()).collect()
        };
        let halves = TensorData::new(numbers, [count / last * filled]);
        let words = TensorData::from_bytes(halves.into_bytes(), [count / last, filled / 2], DType::I32);
        let words = Tensor::<2, Int>::from_data(words, (device, DType::I32));
        submit_queued(&words);
        Ok(Self { words, scale: None, shape })
    }
}
