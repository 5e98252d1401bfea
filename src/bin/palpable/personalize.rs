//! `palpable personalize`: an adapter from a few photos.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

use clap::{Args, ValueEnum};
use palpable::training::{self, Activations, TrainingRecord, TrainingSettings, photos};

use super::{
    error::Error,
    model::{ModelArguments, announce_memory, report_memory},
};

/// Train an adapter (LoRA and a new word) from a few photos with PALP
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
enum ActivationChoice {
    /// Kept where the memory limit allows it
    Auto,
    Keep,
    Recompute,
}

/// Adapters are saved this often, so that a crash or a power cut costs little.
const SAVE_EVERY: usize = 25;

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
    let mut log = match &arguments.log {
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
    let mut saved_steps = 0;
    while !trainer.is_complete() {
        let started = Instant::now();
        let stepped = trainer.step().await;
        // A submission that failed reads as zeros: then the numbers are not to be believed.
        let device = model.gpu.check().map_err(palpable::pipeline::Error::from);
        let mut record = match (stepped, device) {
            (Ok(record), Ok(())) => record,
            (stepped, device) => {
                // A step that diverged leaves the state before it. What a failing device returns is
                // not written over what was saved.
                if matches!(stepped, Err(training::Error::NotFinite { .. })) && device.is_ok() {
                    save(&trainer, &arguments.out).await?;
                    saved_steps = trainer.steps_made();
                }
                if saved_steps > 0 {
                    eprintln!(
                        "What was learned in {saved_steps} steps is kept in {}.",
                        arguments.out.display()
                    );
                }
                device?;
                stepped?
            }
        };
        record.seconds = started.elapsed().as_secs_f64();
        report(&record);
        if let Some((file, path)) = &mut log {
            let line = serde_json::to_string(&record).map_err(|reason| Error::unwritable(path, reason))?;
            writeln!(file, "{line}").map_err(|reason| Error::unwritable(path, reason))?;
        }
        if record.step % SAVE_EVERY == 0 {
            save(&trainer, &arguments.out).await?;
            saved_steps = record.step;
        }
    }
    save(&trainer, &arguments.out).await?;
    eprintln!("Wrote {}. Use {} in prompts.", arguments.out.display(), arguments.placeholder);
    report_memory(&model.gpu, &plan);
    Ok(())
}

fn report(record: &TrainingRecord) {
    let TrainingRecord { step, steps, loss, personalization_loss, alignment_ratio, .. } = record;
    eprintln!(
        "step {step} of {steps}: loss {loss:.4} (personalization {personalization_loss:.4}), alignment ratio {alignment_ratio:.2}, {:.1} s",
        record.seconds
    );
}

/// Written beside its place and then renamed, so that a crash leaves the older file whole.
async fn save(trainer: &training::Trainer, path: &Path) -> Result<(), Error> {
    let bytes = trainer.adapter().await?.to_bytes();
    let part = path.with_extension("part");
    std::fs::write(&part, bytes)
        .and_then(|()| std::fs::rename(&part, path))
        .map_err(|reason| Error::unwritable(path, reason))
}
