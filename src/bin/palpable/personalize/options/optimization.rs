//! How long and how fast is learned.

use clap::{Args, ValueEnum};
use palpable::training::{
    Activations, TrainingSettings,
    settings::{LearningRateSchedule, Optimizer},
};

use super::{Options, take, values::OrNone};

#[derive(Args)]
#[command(next_help_heading = "Optimization")]
pub struct OptimizationOptions {
    /// Optimizer steps
    #[arg(long)]
    steps: Option<usize>,
    /// Photos in one pass
    #[arg(long)]
    batch: Option<usize>,
    /// Batches whose gradients make one step
    #[arg(long, value_name = "BATCHES")]
    accumulation: Option<usize>,
    /// How a gradient becomes an update
    #[arg(long, value_enum)]
    optimizer: Option<OptimizerChoice>,
    /// Learning rate of the LoRA, or of the weights that are trained in full (for which 0.000005 to 0.0001 is usual)
    #[arg(long, value_name = "RATE")]
    lora_lr: Option<f64>,
    /// Learning rate of the new word's vectors
    #[arg(long, value_name = "RATE")]
    embedding_lr: Option<f64>,
    /// How the rates change over the run
    #[arg(long, value_enum, value_name = "SCHEDULE")]
    lr_schedule: Option<ScheduleChoice>,
    /// First steps, over which the rates rise from zero
    #[arg(long, value_name = "STEPS")]
    lr_warmup_steps: Option<usize>,
    /// Weight decay of the LoRA or the weights; the new word never decays
    #[arg(long, value_name = "DECAY")]
    weight_decay: Option<f64>,
    /// Largest norm of all gradients together
    #[arg(long, value_name = "NORM")]
    gradient_clip: Option<f64>,
    /// γ of min-SNR weighting; the paper goes without
    #[arg(long, value_name = "GAMMA|none")]
    min_snr_gamma: Option<OrNone>,
    /// Everything random in the run follows from it
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Whether what the backward pass needs is kept or computed again, which takes less memory and more
    /// time; results are the same
    #[arg(long, value_enum, default_value_t = ActivationChoice::Auto)]
    activations: ActivationChoice,
}

#[derive(Clone, Copy, ValueEnum)]
enum OptimizerChoice {
    /// AdamW, 8 bytes of state a parameter
    Adamw,
    /// The same with moments in 8 bits, 2 bytes of state a parameter
    Adamw8bit,
}

impl From<OptimizerChoice> for Optimizer {
    fn from(choice: OptimizerChoice) -> Self {
        match choice {
            OptimizerChoice::Adamw => Self::AdamW,
            OptimizerChoice::Adamw8bit => Self::AdamW8bit,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum ScheduleChoice {
    Constant,
    /// Half a cosine down to zero
    Cosine,
}

impl From<ScheduleChoice> for LearningRateSchedule {
    fn from(choice: ScheduleChoice) -> Self {
        match choice {
            ScheduleChoice::Constant => Self::Constant,
            ScheduleChoice::Cosine => Self::Cosine,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum ActivationChoice {
    /// Kept where the memory limit allows it
    Auto,
    Keep,
    Recompute,
}

impl From<ActivationChoice> for Activations {
    fn from(choice: ActivationChoice) -> Self {
        match choice {
            ActivationChoice::Auto => Self::Auto,
            ActivationChoice::Keep => Self::Keep,
            ActivationChoice::Recompute => Self::Recompute,
        }
    }
}

impl Options for OptimizationOptions {
    fn apply(&self, settings: &mut TrainingSettings) {
        take(&mut settings.steps, &self.steps);
        take(&mut settings.batch, &self.batch);
        take(&mut settings.accumulation, &self.accumulation);
        take(&mut settings.optimizer, &self.optimizer);
        take(&mut settings.lora_learning_rate, &self.lora_lr);
        take(&mut settings.embedding_learning_rate, &self.embedding_lr);
        take(&mut settings.learning_rate_schedule, &self.lr_schedule);
        take(&mut settings.learning_rate_warmup_steps, &self.lr_warmup_steps);
        take(&mut settings.weight_decay, &self.weight_decay);
        take(&mut settings.gradient_clip, &self.gradient_clip);
        take(&mut settings.min_snr_gamma, &self.min_snr_gamma);
        settings.seed = self.seed;
        settings.activations = self.activations.into();
    }
}
