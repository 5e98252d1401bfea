//! `palpable personalize`: an adapter from a few photos.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

use clap::{Args, ValueEnum};
use palpable::{
    adapter::Adapter,
    pipeline::{BrokenOff, RunObserver, run_training},
    training::{self, Activations, LoraTargets, TrainedWeights, TrainingRecord, TrainingSettings, photos},
};

use super::{
    error::Error,
    model::{ModelArguments, announce_memory, report_memory},
};

/// Train an adapter (LoRA or full weights, and a new word) from a few photos with PALP
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// A folder with 1 to 10 JPEG, PNG or WebP photos of the subject
    #[arg(long)]
    photos: PathBuf,
    /// What kind of thing the subject is, "dog" for example
    #[arg(long)]
    class_noun: String,
    /// The new word for the subject
    #[arg(long, default_value = "<my-subject>")]
    placeholder: String,
    /// The picture you want, with the class noun (or the new word) for the subject
    #[arg(long)]
    prompt: String,
    /// Embedding vectors of the new word
    #[arg(long, default_value_t = TrainingSettings::default().vectors)]
    vectors: usize,
    #[arg(long, default_value_t = TrainingSettings::default().steps)]
    steps: usize,
    /// First steps without alignment
    #[arg(long, default_value_t = TrainingSettings::default().warmup_steps)]
    warmup_steps: usize,
    /// What is trained of the U-Net beside the new word
    #[arg(long, value_enum, default_value_t = Trained::Lora)]
    trained_weights: Trained,
    /// Where the LoRA acts
    #[arg(long, value_enum, default_value_t = Targets::Attention)]
    lora_targets: Targets,
    #[arg(long, default_value_t = TrainingSettings::default().rank)]
    rank: usize,
    /// α: guidance of the frozen model with the clean prompt
    #[arg(long, default_value_t = TrainingSettings::default().alpha)]
    alpha: f64,
    /// β: guidance of the personalized model; 1 is none
    #[arg(long, default_value_t = TrainingSettings::default().beta)]
    beta: f64,
    /// λ: weight of prompt alignment; 0 trains without it
    #[arg(long, default_value_t = TrainingSettings::default().lambda)]
    lambda: f64,
    /// Of the LoRA, or of the weights that are trained in full (for which 0.000005 to 0.0001 is usual)
    #[arg(long, default_value_t = TrainingSettings::default().lora_learning_rate)]
    lora_lr: f64,
    #[arg(long, default_value_t = TrainingSettings::default().embedding_learning_rate)]
    embedding_lr: f64,
    #[arg(long, default_value_t = TrainingSettings::default().batch)]
    batch: usize,
    /// Batches whose gradients make one step
    #[arg(long, default_value_t = TrainingSettings::default().accumulation)]
    accumulation: usize,
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Whether what the backward pass needs is kept or computed again, which takes less memory and more
    /// time; results are the same
    #[arg(long, value_enum, default_value_t = ActivationChoice::Auto)]
    activations: ActivationChoice,
    /// The adapter file to write: kohya's layout, with the new word inside
    #[arg(long)]
    out: PathBuf,
    /// A file for one JSON object a step
    #[arg(long)]
    log: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Trained {
    /// Low-rank factors
    Lora,
    /// All of cross-attention's keys and values
    CrossAttention,
    /// All linear layers and convolutions
    All,
    /// Nothing: the new word alone is learned
    None,
}

#[derive(Clone, Copy, ValueEnum)]
enum Targets {
    /// All attention projections
    Attention,
    /// Those that look at the prompt
    CrossAttention,
}

#[derive(Clone, Copy, ValueEnum)]
enum ActivationChoice {
    /// Kept where the memory limit allows it
    Auto,
    Keep,
    Recompute,
}

/// Adapters are saved this often, so that a crash or a power cut costs little.
const KEEP_EVERY: usize = 25;

impl Arguments {
    /// The target prompt with the class noun where the new word may stand.
    fn clean_prompt(&self) -> String {
        let article = if self.class_noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let noun = format!("{article} {}", self.class_noun);
        self.prompt.replace(&format!("a {}", self.placeholder), &noun).replace(&self.placeholder, &noun)
    }

    fn settings(&self) -> TrainingSettings {
        TrainingSettings {
            placeholder: self.placeholder.clone(),
            class_noun: self.class_noun.clone(),
            clean_prompt: self.clean_prompt(),
            vectors: self.vectors,
            trained_weights: match self.trained_weights {
                Trained::Lora => TrainedWeights::Lora,
                Trained::CrossAttention => TrainedWeights::CrossAttention,
                Trained::All => TrainedWeights::All,
                Trained::None => TrainedWeights::None,
            },
            lora_targets: match self.lora_targets {
                Targets::Attention => LoraTargets::Attention,
                Targets::CrossAttention => LoraTargets::CrossAttention,
            },
            rank: self.rank,
            steps: self.steps,
            // A short run keeps a share of its steps for alignment.
            warmup_steps: self.warmup_steps.min(self.steps / 2),
            batch: self.batch,
            accumulation: self.accumulation,
            alpha: self.alpha,
            beta: self.beta,
            lambda: self.lambda,
            lora_learning_rate: self.lora_lr,
            embedding_learning_rate: self.embedding_lr,
            seed: self.seed,
            activations: match self.activations {
                ActivationChoice::Auto => Activations::Auto,
                ActivationChoice::Keep => Activations::Keep,
                ActivationChoice::Recompute => Activations::Recompute,
            },
            ..Default::default()
        }
    }
}

pub async fn run(arguments: Arguments) -> Result<(), Error> {
    let photos = photos::read_folder(&arguments.photos).map_err(training::Error::from)?;
    let log = match &arguments.log {
        Some(path) => Some((File::create(path).map_err(|reason| Error::unwritable(path, reason))?, path)),
        None => None,
    };
    let model = arguments.model.load().await?;
    let plan = model.plan_training(&arguments.settings(), photos.len())?;
    announce_memory(&model.gpu, &plan);
    let mut told = |done, of| eprintln!("photo framing {done} of {of} encoded");
    let mut trainer = model.trainer(&photos, arguments.settings(), &mut told).await?;
    for remark in trainer.remarks() {
        eprintln!("{remark}");
    }
    let mut files = Files { adapter: &arguments.out, log, step_began: Instant::now() };
    match run_training(&mut trainer, &model.gpu, KEEP_EVERY, &mut files).await {
        Ok(()) => {
            eprintln!("Wrote {}. Use {} in prompts.", arguments.out.display(), arguments.placeholder);
            report_memory(&model.gpu, &plan);
            Ok(())
        }
        Err(BrokenOff { error, kept_steps }) => {
            if kept_steps > 0 {
                let file = arguments.out.display();
                eprintln!("What was learned in {kept_steps} steps is kept in {file}.");
            }
            Err(error)
        }
    }
}

/// Where a run's results go.
struct Files<'a> {
    adapter: &'a Path,
    log: Option<(File, &'a PathBuf)>,
    step_began: Instant,
}

impl RunObserver<Error> for Files<'_> {
    fn made(&mut self, mut record: TrainingRecord) -> Result<(), Error> {
        record.seconds = self.step_began.elapsed().as_secs_f64();
        report(&record);
        if let Some((file, path)) = &mut self.log {
            let line = serde_json::to_string(&record).map_err(|reason| Error::unwritable(path, reason))?;
            writeln!(file, "{line}").map_err(|reason| Error::unwritable(path, reason))?;
        }
        self.step_began = Instant::now();
        Ok(())
    }

    /// Written beside its place and then renamed, so that a crash leaves the older file whole.
    fn keep(&mut self, adapter: Adapter) -> Result<(), Error> {
        let part = self.adapter.with_extension("part");
        std::fs::write(&part, adapter.to_bytes())
            .and_then(|()| std::fs::rename(&part, self.adapter))
            .map_err(|reason| Error::unwritable(self.adapter, reason))
    }
}

fn report(record: &TrainingRecord) {
    let TrainingRecord { step, steps, loss, personalization_loss, alignment_ratio, .. } = record;
    eprintln!(
        "step {step} of {steps}: loss {loss:.4} (personalization {personalization_loss:.4}), alignment ratio {alignment_ratio:.2}, {:.1} s",
        record.seconds
    );
}
