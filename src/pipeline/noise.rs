//! The unit normal noise that a picture is made of, as a function of its seed and of what it is for.

use burn::tensor::{Device, Tensor, TensorData};

use crate::sampling::noise;

/// What noise is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoisePurpose {
    /// The latents that a run starts from.
    FirstLatents,
    /// The sample of the VAE's distribution that stands for a given picture.
    EncodedPicture,
    /// What a sampler adds in one of its steps, counted from 0.
    Step(usize),
}

impl NoisePurpose {
    /// The stream of a seed's noise; a training's streams have other first bytes.
    fn stream(self) -> u64 {
        match self {
            Self::FirstLatents => 0,
            Self::EncodedPicture => 0xF0 << 56,
            Self::Step(step) => 0xF1 << 56 | step as u64,
        }
    }
}

/// Noise by purpose, the same each time it is asked for.
pub(super) type NoiseSource = Box<dyn Fn(NoisePurpose) -> Tensor<4>>;

/// Noise of latents `[1, height, width, channels]`, f32, from our counter-based generator.
pub(super) fn seeded(seed: u64, shape: [usize; 4], device: &Device) -> NoiseSource {
    let device = device.clone();
    Box::new(move |purpose| {
        let values = noise::normal(seed, purpose.stream(), shape.iter().product());
        Tensor::from_data(TensorData::new(values, shape), &device)
    })
}
