//! What an adapter changes of the U-Net, or a training trains, as far as memory goes.

use super::parameters;
use super::unet::has_transformer;
use crate::model::adaptable::ModuleChoice;
use crate::model::unet_config::UNet2DConditionConfig;
use crate::training::{TrainedWeights, TrainingSettings};

/// What is beside a model's own weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adaptation {
    /// LoRA of one rank on the chosen attention projections.
    LowRank { rank: usize, on: ModuleChoice },
    /// Full differences of the chosen layers.
    Full(ModuleChoice),
}

/// What changes in one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LayerAdaptation {
    None,
    LowRank(usize),
    Full,
}

impl Adaptation {
    /// What these settings train.
    pub fn of(settings: &TrainingSettings) -> Self {
        let modules = settings.trained_modules();
        match settings.trained_weights {
            TrainedWeights::Lora => Self::LowRank { rank: settings.rank, on: modules },
            TrainedWeights::CrossAttention | TrainedWeights::All | TrainedWeights::None => {
                Self::Full(modules)
            }
        }
    }

    /// What changes in the layer whose path ends like this.
    pub(super) fn of_layer(self, path: &str) -> LayerAdaptation {
        match self {
            Self::LowRank { rank, on } if on.includes(path) => LayerAdaptation::LowRank(rank),
            Self::Full(choice) if choice.includes(path) => LayerAdaptation::Full,
            _ => LayerAdaptation::None,
        }
    }

    /// Numbers in it for a whole U-Net.
    pub fn values(self, config: &UNet2DConditionConfig) -> usize {
        match self {
            Self::LowRank { rank, on } => rank * widths(config, on),
            Self::Full(choice) => {
                let of_layers = parameters::unet(config).into_iter().filter(|parameter| {
                    let (path, _) = parameter.name.rsplit_once('.').unwrap_or_default();
                    let layer = path.rsplit('.').next().unwrap_or_default();
                    let frozen = layer.contains("norm") || path.starts_with("time_embedding");
                    !frozen && choice.includes(path)
                });
                of_layers.map(|parameter| parameter.count).sum()
            }
        }
    }
}

/// Inputs and outputs of all chosen attention projections together.
fn widths(config: &UNet2DConditionConfig, on: ModuleChoice) -> usize {
    let of_level = |level: usize| {
        let (channels, context) = (config.block_out_channels[level], config.cross_attention_dim[level]);
        // attn1: four square projections; attn2: two square ones and two from the prompt
        let own = if on == ModuleChoice::CrossAttention { 0 } else { 4 * 2 * channels };
        let widths = own + 2 * 2 * channels + 2 * (context + channels);
        config.transformer_layers_per_block[level] * widths
    };
    let segments = config.segments();
    segments.iter().filter(|segment| has_transformer(segment)).map(|segment| of_level(segment.level)).sum()
}
