//! Prompt alignment: how much, when, and in which form.

use clap::{Args, ValueEnum};
use palpable::training::{
    TrainingSettings,
    settings::{AlignmentForm, AlignmentNoise},
};

use super::{Options, take, values::Pair};

#[derive(Args)]
#[command(next_help_heading = "Prompt alignment")]
pub struct AlignmentOptions {
    /// λ: weight of prompt alignment; 0 trains without it
    #[arg(long)]
    lambda: Option<f64>,
    /// α: guidance of the frozen model with the clean prompt
    #[arg(long)]
    alpha: Option<f64>,
    /// β: guidance of the personalized model; 1 is none and saves a prediction
    #[arg(long)]
    beta: Option<f64>,
    /// First steps without alignment
    #[arg(long, value_name = "STEPS")]
    warmup_steps: Option<usize>,
    /// Steps after those over which λ rises
    #[arg(long, value_name = "STEPS")]
    lambda_ramp_steps: Option<usize>,
    /// Factors of λ at the lowest and at the highest timestep, linear between
    #[arg(long, value_name = "LOWEST,HIGHEST")]
    lambda_profile: Option<Pair<f64>>,
    /// First and last timestep at which alignment acts
    #[arg(long, value_name = "FIRST,LAST")]
    alignment_timesteps: Option<Pair<usize>>,
    /// What the frozen model's prediction is compared with
    #[arg(long, value_enum, value_name = "FORM")]
    alignment_form: Option<FormChoice>,
    /// The noise that the estimated picture is noised with again
    #[arg(long, value_enum, value_name = "NOISE")]
    alignment_noise: Option<NoiseChoice>,
    /// Noises over which alignment is averaged, each with predictions of its own
    #[arg(long, value_name = "COUNT")]
    alignment_samples: Option<usize>,
    /// The paper's rescaling: alignment weighs the same at every timestep
    #[arg(long, value_name = "BOOL")]
    rescale: Option<bool>,
    /// Look at the noisy photo itself, which saves a prediction: an approximation
    #[arg(long, value_name = "BOOL")]
    fast_alignment: Option<bool>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormChoice {
    /// The personalized model's prediction, as in the paper
    TwoBranch,
    /// The noise, as in score distillation
    Sds,
}

impl From<FormChoice> for AlignmentForm {
    fn from(choice: FormChoice) -> Self {
        match choice {
            FormChoice::TwoBranch => Self::TwoBranch,
            FormChoice::Sds => Self::Sds,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum NoiseChoice {
    /// That of the noisy photo, as in the paper
    Same,
    /// Another one
    Fresh,
}

impl From<NoiseChoice> for AlignmentNoise {
    fn from(choice: NoiseChoice) -> Self {
        match choice {
            NoiseChoice::Same => Self::Same,
            NoiseChoice::Fresh => Self::Fresh,
        }
    }
}

impl AlignmentOptions {
    pub fn give_warmup_steps(&self) -> bool {
        self.warmup_steps.is_some()
    }
}

impl Options for AlignmentOptions {
    fn apply(&self, settings: &mut TrainingSettings) {
        take(&mut settings.lambda, &self.lambda);
        take(&mut settings.alpha, &self.alpha);
        take(&mut settings.beta, &self.beta);
        take(&mut settings.warmup_steps, &self.warmup_steps);
        take(&mut settings.lambda_ramp_steps, &self.lambda_ramp_steps);
        take(&mut settings.lambda_profile, &self.lambda_profile);
        take(&mut settings.alignment_timesteps, &self.alignment_timesteps);
        take(&mut settings.alignment_form, &self.alignment_form);
        take(&mut settings.alignment_noise, &self.alignment_noise);
        take(&mut settings.alignment_samples, &self.alignment_samples);
        take(&mut settings.rescale, &self.rescale);
        take(&mut settings.fast_alignment, &self.fast_alignment);
    }
}
