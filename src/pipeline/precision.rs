//! The number formats of a model's weights and activations, and which of them suits a device.

use std::sync::Arc;

use burn::tensor::FloatDType;
use serde::{Deserialize, Serialize};

use super::{Error, model_configs::ModelConfigs};
use crate::{
    gpu::{Gpu, KernelProfile},
    model::{
        clip_text::ClipTextConfig, taesd::AutoencoderTinyConfig, unet_config::UNet2DConditionConfig,
        vae_config::AutoencoderKlConfig,
    },
    ops::packed::Packing,
    plan::ModelSizes,
    weights::ByteSource,
};

/// The numbers a model's weights and activations are stored in. Arithmetic is 32-bit either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    #[default]
    #[serde(rename = "f32")]
    Float32,
    /// Half the memory, on devices with `shader-f16`.
    #[serde(rename = "f16")]
    Float16,
    /// Weights in 16 bits (see [`ops::packed`](crate::ops::packed)), everything else as 32-bit floats, on any
    /// device.
    #[serde(rename = "f16-f32")]
    Float16Float32,
    /// The U-Net's weights in eight bits, other weights in 16, everything else as 32-bit floats.
    #[serde(rename = "int8-f32")]
    Int8Float32,
    /// The U-Net's weights in eight bits, everything else as 16-bit floats.
    #[serde(rename = "int8-f16")]
    Int8Float16,
}

/// A model is large if its files take more than one part in this many of the memory that may be taken.
const LARGE_SHARE: u64 = 4;

impl Precision {
    /// Type of activations, and of all weights that are not packed.
    pub fn dtype(self) -> FloatDType {
        match self {
            Self::Float32 | Self::Float16Float32 | Self::Int8Float32 => FloatDType::F32,
            Self::Float16 | Self::Int8Float16 => FloatDType::F16,
        }
    }

    /// The same with the U-Net's weights in eight bits.
    #[must_use]
    pub fn in_eight_bits(self) -> Self {
        match self {
            Self::Float32 | Self::Float16Float32 | Self::Int8Float32 => Self::Int8Float32,
            Self::Float16 | Self::Int8Float16 => Self::Int8Float16,
        }
    }

    /// How the U-Net's weights are packed.
    pub fn unet_packing(self) -> Option<Packing> {
        match self {
            Self::Float32 | Self::Float16 => None,
            Self::Float16Float32 => Some(Packing::Halves),
            Self::Int8Float32 | Self::Int8Float16 => Some(Packing::Integers),
        }
    }

    /// How the weights of text encoder and VAE are packed: never in eight bits, whose loss was looked at in the U-Net
    /// alone.
    pub fn other_packing(self) -> Option<Packing> {
        match self {
            Self::Float32 | Self::Float16 | Self::Int8Float16 => None,
            Self::Float16Float32 | Self::Int8Float32 => Some(Packing::Halves),
        }
    }

    /// The precision that suits a model best: 16-bit floats where the model is large, which keeps a full-size
    /// model and its training in a few gigabytes (where the device has none, or activations are to be wide, for
    /// weights alone); else 32-bit ones.
    /// The U-Net is in eight bits where only then a picture of the model's own size fits into the memory that may
    /// be taken.
    ///
    /// # Errors
    /// A file is missing or damaged, or the model is of another architecture.
    pub async fn fitting(gpu: &Gpu, source: &dyn ByteSource) -> Result<Self, Error> {
        let configs = ModelConfigs::read(source).await?;
        let bytes = configs.file_bytes(source, Self::Float32).await?;
        let large = bytes > gpu.memory_limit / LARGE_SHARE;
        let floats = match (large, gpu.report.float16 && !gpu.wide_activations) {
            (true, true) => Self::Float16,
            (true, false) => Self::Float16Float32,
            (false, _) => Self::Float32,
        };
        let fits = |precision| configs.picture_memory(gpu, precision).peak() <= gpu.memory_limit;
        let eight_bits = !fits(floats) && fits(floats.in_eight_bits());
        Ok(if eight_bits { floats.in_eight_bits() } else { floats })
    }

    /// "f32", "f16", or either after what weights are packed in: "f16-f32", "int8-f32", "int8-f16"
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "f32",
            Self::Float16 => "f16",
            Self::Float16Float32 => "f16-f32",
            Self::Int8Float32 => "int8-f32",
            Self::Int8Float16 => "int8-f16",
        }
    }

    /// A model stored so on that device, as far as memory goes.
    pub(super) fn sizes<'a>(
        self,
        gpu: &Gpu,
        text_encoder: &'a ClipTextConfig,
        unet: &'a UNet2DConditionConfig,
        vae: &'a AutoencoderKlConfig,
        taesd: Option<&'a AutoencoderTinyConfig>,
    ) -> ModelSizes<'a> {
        let (unet_packing, other_packing) = (self.unet_packing(), self.other_packing());
        let scalar = self.bytes();
        let (held, profile) = (0, Arc::new(KernelProfile::on(&gpu.device)));
        ModelSizes { text_encoder, unet, vae, taesd, scalar, unet_packing, other_packing, held, profile }
    }

    /// Bytes of one number that is not packed.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Float32 | Self::Float16Float32 | Self::Int8Float32 => 4,
            Self::Float16 | Self::Int8Float16 => 2,
        }
    }
}
