//! The number formats of a model's weights and activations, and which of them suits a device.

use burn::tensor::FloatDType;
use serde::{Deserialize, Serialize};

use super::{Error, model_configs::ModelConfigs};
use crate::{gpu::Gpu, weights::ByteSource};

/// The numbers a model's weights and activations are stored in. Arithmetic is 32-bit either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    #[default]
    #[serde(rename = "f32")]
    Float32,
    /// Half the memory, on devices with `shader-f16`.
    #[serde(rename = "f16")]
    Float16,
    /// The U-Net's weights in eight bits (see [`ops::quantized`](crate::ops::quantized)), everything else as
    /// 32-bit floats.
    #[serde(rename = "int8-f32")]
    Int8Float32,
    /// The same with 16-bit floats: a quarter of the memory that the weights take in 32 bits.
    #[serde(rename = "int8-f16")]
    Int8Float16,
}

/// A model is large if its files take more than one part in this many of the memory that may be taken.
const LARGE_SHARE: u64 = 4;

impl Precision {
    /// Type of activations, and of all weights that are not kept in eight bits.
    pub fn dtype(self) -> FloatDType {
        match self {
            Self::Float32 | Self::Int8Float32 => FloatDType::F32,
            Self::Float16 | Self::Int8Float16 => FloatDType::F16,
        }
    }

    /// The same with the U-Net's weights in eight bits.
    #[must_use]
    pub fn quantized(self) -> Self {
        match self {
            Self::Float32 | Self::Int8Float32 => Self::Int8Float32,
            Self::Float16 | Self::Int8Float16 => Self::Int8Float16,
        }
    }

    /// Whether the U-Net's weights are kept in eight bits.
    pub fn is_quantized(self) -> bool {
        self == self.quantized()
    }

    /// The precision that suits a model best: 16-bit floats where the device has them and the model is large,
    /// which keeps a full-size model and its training in a few gigabytes; else 32-bit ones. The U-Net is in
    /// eight bits where only then a picture of the model's own size fits into the memory that may be taken.
    ///
    /// # Errors
    /// A file is missing or damaged, or the model is of another architecture.
    pub async fn fitting(gpu: &Gpu, source: &dyn ByteSource) -> Result<Self, Error> {
        let configs = ModelConfigs::read(source).await?;
        let bytes = configs.file_bytes(source, Self::Float32).await?;
        let large = bytes > gpu.memory_limit / LARGE_SHARE;
        let floats = if large && gpu.report.float16 { Self::Float16 } else { Self::Float32 };
        let fits = |precision| configs.picture_memory(precision).peak() <= gpu.memory_limit;
        let eight_bits = !fits(floats) && fits(floats.quantized());
        Ok(if eight_bits { floats.quantized() } else { floats })
    }

    /// "f32", "f16", or either after "int8-"
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "f32",
            Self::Float16 => "f16",
            Self::Int8Float32 => "int8-f32",
            Self::Int8Float16 => "int8-f16",
        }
    }

    /// Bytes of one number that is not kept in eight bits.
    pub fn bytes(self) -> usize {
        match self {
            Self::Float32 | Self::Int8Float32 => 4,
            Self::Float16 | Self::Int8Float16 => 2,
        }
    }
}
