//! Invents packed weights on the device, for measuring.

use burn::tensor::{DType, Device, Distribution, Int, Tensor};

use super::{PackedWeight, Packing};
use crate::gpu::submit_queued;

/// Sign and significand of both 16-bit floats of a word.
const SIGNS_AND_SIGNIFICANDS: i32 = 0x83ff_83ff_u32 as i32;

impl<const D: usize> PackedWeight<D> {
    /// Numbers of about that root mean square: halves of one exponent, within √2 of it, or all integers
    /// alike. The device's generator draws them.
    pub fn random(packing: Packing, shape: [usize; D], root_mean_square: f64, device: &Device) -> Self {
        let [lines, fours] = [shape[..D - 1].iter().product(), shape[D - 1].div_ceil(4)];
        let words = |words: usize| {
            let range = Distribution::Uniform(f64::from(i32::MIN), f64::from(i32::MAX));
            let words = Tensor::<2, Int>::random([lines, words], range, (device, DType::I32));
            submit_queued(&words);
            words
        };
        match packing {
            Packing::Halves => {
                // The numbers from 2^e to 2^(e + 1) have a root mean square of √(7/3) · 2^e.
                let exponent =
                    (root_mean_square / (7f64 / 3.0).sqrt()).log2().round().clamp(-14.0, 15.0) as i32 + 15;
                let exponents = (exponent << 10) * 0x1_0001;
                let words = words(2 * fours).bitwise_and_scalar(SIGNS_AND_SIGNIFICANDS);
                Self { words: words.bitwise_or_scalar(exponents), scale: None, shape }
            }
            Packing::Integers => {
                // The integers from −128 to 127 have one of 128 / √3.
                let scale = root_mean_square * 3f64.sqrt() / 128.0;
                let outputs = shape[if D == 2 { 0 } else { D - 1 }];
                let scale = Tensor::full([outputs], scale, (device, DType::F32));
                Self { words: words(fours), scale: Some(scale), shape }
            }
        }
    }
}
