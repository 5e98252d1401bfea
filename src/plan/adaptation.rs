//! The part of the U-Net that an adapter changes, or a training trains, as far as memory goes.

use super::AdapterSizes;
use super::parameters::{self, Parameter};
use super::unet::has_transformer;
use crate::model::adaptable::ModuleChoice;
use crate::model::lora::Folding;
use crate::model::unet_config::UNet2DConditionConfig;
use crate::training::{TrainedWeights, TrainingSettings};

/// The numbers that come beside a model's own weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adaptation {
    /// LoRA of one rank on the chosen attention projections.
    LowRank { rank: usize, on: ModuleChoice },
    /// Full differences of the chosen layers.
    Full(ModuleChoice),
}

/// How one layer is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LayerAdaptation {
    None,
    LowRank(u64),
    Full,
}

impl Adaptation {
    /// The adaptation that these settings train.
    pub fn of(settings: &TrainingSettings) -> Self {
        let modules = settings.trained_modules();
        match settings.trained_weights {
            TrainedWeights::Lora => Self::LowRank { rank: settings.rank, on: modules },
            TrainedWeights::CrossAttention | TrainedWeights::All | TrainedWeights::None => {
                Self::Full(modules)
            }
        }
    }

    /// How the layer is changed whose path ends like `path`.
    pub(super) fn of_layer(self, path: &str) -> LayerAdaptation {
        match self {
            Self::LowRank { rank, on } if on.includes(path) => LayerAdaptation::LowRank(rank as u64),
            Self::Full(choice) if choice.includes(path) => LayerAdaptation::Full,
            _ => LayerAdaptation::None,
        }
    }

    /// Numbers in the adaptation of a whole U-Net.
    pub fn values(self, config: &UNet2DConditionConfig) -> u64 {
        match self {
            Self::LowRank { rank, on } => rank as u64 * widths(config, on),
            Self::Full(choice) => numbers_of(&layers(config, choice)),
        }
    }

    /// What it takes where a picture is drawn with it, so much of it folded.
    pub fn applied(self, config: &UNet2DConditionConfig, folding: Folding) -> AdapterSizes {
        let beside =
            AdapterSizes { unfolded: Some(self), unfolded_values: self.values(config), ..Default::default() };
        let folded = |choice| AdapterSizes {
            folded_values: numbers_of(&layers(config, choice)),
            ..Default::default()
        };
        match (folding, self) {
            (Folding::Nothing, _) | (Folding::Differences, Self::LowRank { .. }) => beside,
            (Folding::All, Self::LowRank { on, .. }) => folded(on),
            (Folding::All | Folding::Differences, Self::Full(choice)) => folded(choice),
        }
    }
}

/// The tensors of the chosen layers, which full differences are trained of.
fn layers(config: &UNet2DConditionConfig, choice: ModuleChoice) -> Vec<Parameter> {
    let chosen = |parameter: &Parameter| {
        let (path, _) = parameter.name.rsplit_once('.').unwrap_or_default();
        let layer = path.rsplit('.').next().unwrap_or_default();
        let frozen = layer.contains("norm") || path.starts_with("time_embedding");
        !frozen && choice.includes(path)
    };
    parameters::unet(config).into_iter().filter(chosen).collect()
}

fn numbers_of(parameters: &[Parameter]) -> u64 {
    parameters.iter().map(|parameter| parameter.count).sum()
}

/// Numbers of inputs and outputs of all chosen attention projections, added up.
fn widths(config: &UNet2DConditionConfig, on: ModuleChoice) -> u64 {
    let of_level = |level: usize| {
        let (channels, context) = (config.block_out_channels[level], config.cross_attention_dim[level]);
        // attn1: four square projections; attn2: two square ones and two from the prompt
        let own = if on == ModuleChoice::CrossAttention { 0 } else { 4 * 2 * channels };
        let widths = own + 2 * 2 * channels + 2 * (context + channels);
        (config.transformer_layers_per_block[level] * widths) as u64
    };
    let segments = config.segments();
    segments.iter().filter(|segment| has_transformer(segment)).map(|segment| of_level(segment.level)).sum()
}
