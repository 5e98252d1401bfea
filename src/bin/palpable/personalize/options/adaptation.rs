//! What is trained of the U-Net.

use clap::{Args, ValueEnum};
use palpable::training::{LoraTargets, TrainedWeights, TrainingSettings};

use super::{Options, take};

#[derive(Args)]
#[command(next_help_heading = "What is trained")]
pub struct AdaptationOptions {
    /// What is trained of the U-Net beside the new word
    #[arg(long, value_enum, value_name = "WEIGHTS")]
    trained_weights: Option<WeightsChoice>,
    /// Where the LoRA acts
    #[arg(long, value_enum, value_name = "LAYERS")]
    lora_targets: Option<TargetsChoice>,
    /// Rank of the LoRA
    #[arg(long)]
    rank: Option<usize>,
    /// The LoRA is scaled by this over its rank; the rank itself if it is left out
    #[arg(long)]
    lora_alpha: Option<f64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum WeightsChoice {
    /// Low-rank factors
    Lora,
    /// All of cross-attention's keys and values
    CrossAttention,
    /// All linear layers and convolutions
    All,
    /// Nothing: the new word alone is learned
    None,
}

impl From<WeightsChoice> for TrainedWeights {
    fn from(choice: WeightsChoice) -> Self {
        match choice {
            WeightsChoice::Lora => Self::Lora,
            WeightsChoice::CrossAttention => Self::CrossAttention,
            WeightsChoice::All => Self::All,
            WeightsChoice::None => Self::None,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum TargetsChoice {
    /// All attention projections
    Attention,
    /// Those that look at the prompt
    CrossAttention,
}

impl From<TargetsChoice> for LoraTargets {
    fn from(choice: TargetsChoice) -> Self {
        match choice {
            TargetsChoice::Attention => Self::Attention,
            TargetsChoice::CrossAttention => Self::CrossAttention,
        }
    }
}

impl Options for AdaptationOptions {
    fn apply(&self, settings: &mut TrainingSettings) {
        take(&mut settings.trained_weights, &self.trained_weights);
        take(&mut settings.lora_targets, &self.lora_targets);
        take(&mut settings.rank, &self.rank);
        take(&mut settings.lora_alpha, &self.lora_alpha.map(Some));
    }
}
