//! The memory that work will take, computed from configs and settings before it starts.
//!
//! The blocks' forward passes are written down a second time with tensors that have only a size
//! (`ledger`), and are walked as the work will walk them. That gives the peak of the memory that is alive
//! at once, phase by phase, including what the pools lose to buffers of a size that is not asked for again.
//! Nothing is fitted to a measurement; tests hold the plan against what a device reports. Bytes are counted in
//! 64 bits everywhere: what a browser's engine, whose `usize` has 32, is asked for can be more than it could hold.

mod adaptation;
mod blocks;
mod encoder;
mod generation;
mod judge;
mod layers;
mod ledger;
pub mod parameters;
mod product;
mod report;
mod taesd;
mod text;
mod training;
mod unet;
mod vae;

pub use adaptation::Adaptation;
pub use generation::{AdapterSizes, GenerationSizes};
pub use judge::JudgeSizes;
pub use report::{Error, MemoryPlan, Phase, gigabytes};
pub use training::TrainingSizes;

use std::sync::Arc;

use crate::gpu::KernelProfile;
use crate::model::clip_text::ClipTextConfig;
use crate::model::taesd::AutoencoderTinyConfig;
use crate::model::unet_config::UNet2DConditionConfig;
use crate::model::vae_config::AutoencoderKlConfig;
use crate::ops::packed::Packing;
use crate::weights::packing_of;
use blocks::F32;
use ledger::Ledger;
use parameters::Parameter;

/// A model on a device, as far as memory goes.
#[derive(Clone)]
pub struct ModelSizes<'a> {
    pub text_encoder: &'a ClipTextConfig,
    pub unet: &'a UNet2DConditionConfig,
    pub vae: &'a AutoencoderKlConfig,
    /// Decodes previews where the model has it.
    pub taesd: Option<&'a AutoencoderTinyConfig>,
    /// Bytes of a stored number: 4 for f32, 2 for f16.
    pub scalar: u64,
    /// How the U-Net's weights are packed.
    pub unet_packing: Option<Packing>,
    /// How those of text encoder and VAE are packed.
    pub other_packing: Option<Packing>,
    /// Bytes of what else lies on the device while the model is at work.
    pub held: u64,
    /// The device: how it cuts up matrix products, some of which take a buffer for their sums.
    pub profile: Arc<KernelProfile>,
}

/// Bytes of each part's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WeightBytes {
    pub text_encoder: u64,
    pub unet: u64,
    pub vae: u64,
    /// 0 for a model without one.
    pub taesd: u64,
}

impl WeightBytes {
    pub fn total(self) -> u64 {
        self.text_encoder + self.unet + self.vae + self.taesd
    }
}

impl ModelSizes<'_> {
    /// Bytes of the weights on the device.
    pub fn weights(&self) -> WeightBytes {
        let scalar = self.scalar;
        WeightBytes {
            text_encoder: weight_bytes(
                &parameters::text_encoder(self.text_encoder),
                scalar,
                self.other_packing,
            ),
            unet: weight_bytes(&parameters::unet(self.unet), scalar, self.unet_packing),
            vae: weight_bytes(&parameters::vae(self.vae), scalar, self.other_packing),
            taesd: self.taesd.map_or(0, |config| weight_bytes(&parameters::taesd(config), scalar, None)),
        }
    }

    /// A phase's buffers, none of them taken.
    fn ledger(&self) -> Ledger {
        Ledger::on(&self.profile, self.scalar)
    }

    /// Pixels per latent along one side.
    fn downscale(&self) -> u64 {
        self.vae.downscale() as u64
    }
}

/// Bytes of weights on the device, `scalar` of them for a number that isn't packed.
fn weight_bytes(parameters: &[Parameter], scalar: u64, packing: Option<Packing>) -> u64 {
    let ledger = Ledger::default();
    let buffers = |parameter: &Parameter| {
        let numbers = parameter.count.next_multiple_of(4);
        match packing_of(&parameter.name, packing) {
            None => vec![ledger.take(parameter.count * scalar)],
            Some(Packing::Halves) => vec![ledger.take(2 * numbers)],
            // And a scale for each output channel.
            Some(Packing::Integers) => vec![ledger.take(numbers), ledger.take(parameter.outputs * F32)],
        }
    };
    let _all: Vec<_> = parameters.iter().map(buffers).collect();
    ledger.reserved()
}
