//! The adapters of a comparison: trained, or found as an earlier start left them.

use std::time::Instant;

use palpable::{
    adapter::Adapter,
    evaluation::results::{Record, TrainingRun},
    pipeline::{self, StableDiffusion},
    training::TrainingSettings,
};
use serde_json::Value;

use super::{
    super::{error::Error, terminal::say},
    Arguments,
    folder::{Folder, file_stem},
    methods::Method,
    subjects::Subject,
};

/// The new word of every subject: each adapter knows one.
pub const PLACEHOLDER: &str = "<my-subject>";

/// What is trained.
pub struct Task<'a> {
    subject: &'a Subject,
    method: &'a Method,
    training_seed: u64,
    steps: usize,
    /// Templates of the prompts that the adapter is for, and those prompts with the class noun.
    prompts: &'a [(String, String)],
}

impl<'a> Task<'a> {
    pub(super) fn new(
        arguments: &Arguments,
        subject: &'a Subject,
        method: &'a Method,
        training_seed: u64,
        prompts: &'a [(String, String)],
    ) -> Self {
        Self { subject, method, training_seed, steps: arguments.steps, prompts }
    }

    /// Refuses settings that nothing can be trained with, and what needs more memory than it may take.
    pub fn check(&self, model: &StableDiffusion) -> Result<(), Error> {
        let planned = model.plan_training(&self.settings()?, self.subject.photos.len(), None);
        let refused = |error: pipeline::Error| {
            Error::Other(format!("\"{}\" can't be trained. {}", self.method.name, error.sentence()))
        };
        planned.map(drop).map_err(refused)
    }

    /// The method's settings with the subject's words, the prompts, the seed and the budget.
    fn settings(&self) -> Result<TrainingSettings, Error> {
        let own = self.method.settings()?;
        let clean = |index: usize| self.prompts.get(index).map(|(_, clean)| clean.clone());
        // Without alignment no training knows of further prompts.
        let known = if own.lambda > 0.0 { self.prompts.len() } else { 1 };
        let further = self.prompts.iter().take(known).skip(1);
        let steps = if self.method.changes("steps") { own.steps } else { self.steps };
        // A short run keeps a share of its steps for alignment.
        let warmup_steps = if self.method.changes("warmupSteps") {
            own.warmup_steps
        } else {
            own.warmup_steps.min(steps / 2)
        };
        Ok(TrainingSettings {
            placeholder: PLACEHOLDER.to_owned(),
            class_noun: self.subject.class_noun.clone(),
            clean_prompt: clean(0).unwrap_or_default(),
            further_clean_prompts: further.map(|(_, clean)| clean.clone()).collect(),
            seed: self.training_seed,
            steps,
            warmup_steps,
            ..own
        })
    }

    /// What prompts call the subject.
    pub fn subject_phrase(&self) -> Result<String, Error> {
        Ok(self.settings()?.subject_phrase())
    }

    fn file(&self, of_one_prompt: Option<&str>) -> String {
        let words = [
            self.subject.name.as_str(),
            &self.method.name,
            &self.training_seed.to_string(),
            of_one_prompt.unwrap_or_default(),
        ];
        format!("adapters/{}.safetensors", file_stem(&words))
    }

    /// The adapter. `of_one_prompt` is the template of the prompt that alone it is for.
    pub async fn adapter(
        &self,
        model: &StableDiffusion,
        folder: &mut Folder,
        of_one_prompt: Option<&str>,
    ) -> Result<Adapter, Error> {
        let file = self.file(of_one_prompt);
        let settings = self.settings()?;
        let as_json = serde_json::to_value(&settings).map_err(|reason| Error::Other(reason.to_string()))?;
        if let Some(run) = folder.training(&file) {
            if run.settings != as_json {
                let what = difference(&run.settings, &as_json);
                return Err(Error::Other(format!(
                    "\"{}\" was trained for {} with other settings ({what}); choose another folder, or go on with the same.",
                    self.method.name, self.subject.name
                )));
            }
            let path = folder.path(&file);
            let bytes = std::fs::read(&path).map_err(|reason| Error::unreadable(&path, reason))?;
            return Ok(Adapter::from_bytes(&bytes, &file)?);
        }
        let (adapter, run) = self.train(model, settings, as_json, &file, of_one_prompt).await?;
        folder.write(&file, &adapter.to_bytes())?;
        folder.add(Record::Training(run))?;
        Ok(adapter)
    }

    async fn train(
        &self,
        model: &StableDiffusion,
        settings: TrainingSettings,
        as_json: Value,
        file: &str,
        of_one_prompt: Option<&str>,
    ) -> Result<(Adapter, TrainingRun), Error> {
        let plan = model.plan_training(&settings, self.subject.photos.len(), None)?;
        model.gpu.restart_peak();
        let started = Instant::now();
        let mut trainer = model.trainer(&self.subject.photos, settings, None, &mut |_, _| true).await?;
        let (mut ratios, mut aligned) = (0.0, 0);
        let mut evaluations = 0;
        while !trainer.is_complete() {
            let record = trainer.step().await?;
            evaluations += record.unet_evaluations;
            model.gpu.check().map_err(pipeline::Error::from)?;
            if record.alignment_ratio > 0.0 {
                (ratios, aligned) = (ratios + record.alignment_ratio, aligned + 1);
            }
            if record.step.is_multiple_of(10) || trainer.is_complete() {
                say!(
                    "{} for {}: step {} of {}, loss {:.4}, {:.0} s",
                    self.method.name,
                    self.subject.name,
                    record.step,
                    record.steps,
                    record.loss,
                    started.elapsed().as_secs_f64()
                );
            }
        }
        let adapter = trainer.adapter().await?;
        model.gpu.check().map_err(pipeline::Error::from)?;
        let run = TrainingRun {
            subject: self.subject.name.clone(),
            method: self.method.name.clone(),
            training_seed: self.training_seed,
            prompt: of_one_prompt.map(str::to_owned),
            adapter: file.to_owned(),
            settings: as_json,
            seconds: started.elapsed().as_secs_f64(),
            unet_evaluations: evaluations,
            planned_memory: plan.peak(),
            measured_memory: model.gpu.memory().peak,
            alignment_ratio: ratios / f64::from(aligned.max(1)),
        };
        Ok((adapter, run))
    }
}

/// The first setting that differs.
fn difference(before: &Value, now: &Value) -> String {
    let differs =
        now.as_object().into_iter().flatten().find(|(name, value)| before.get(name.as_str()) != Some(value));
    differs.map_or_else(String::new, |(name, value)| {
        format!("{name} {} and not {value}", before.get(name.as_str()).unwrap_or(&Value::Null))
    })
}
