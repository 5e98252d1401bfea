//! How good a run's state is, by pictures that it draws and photos that it was not trained on.
//!
//! A few pictures as large as the training's, with seeds that stay the same, so that evaluations differ by
//! the state alone: some for the run's target prompts, some for a prompt of the first subject's photos.
//! The target prompts' pictures are judged for their text alignment, all for their likeness; a run without
//! target prompts is judged by that prompt's alone.
//!
//! The pictures are drawn with the state's adapter like any other picture, so the run itself is not touched.
//! Who judges, and with which photos, is the caller's choice ([`HeldBackJudge`]).

use std::future::Future;

use super::{
    AppliedAdapter, Error, Generation, GenerationSettings, Picture, StableDiffusion, TrainingPreviews,
};
use crate::{
    adapter::Adapter,
    training::{Trainer, TrainingSettings, early_stopping::HeldBackScores},
};

/// Largest number of target prompts that are drawn.
const MAX_PROMPTS: usize = 2;
/// Pictures of each prompt.
const SEEDS: u64 = 2;
const SAMPLER: &str = "dpm++-2m-karras";

/// A prompt that a state's pictures are drawn from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialPrompt {
    /// With the new word.
    pub prompt: String,
    /// With the class noun.
    pub clean_prompt: String,
    /// Whether the pictures are also judged by how well they follow it; if not, by their likeness alone.
    pub wanted: bool,
}

/// Who judges the pictures of a state, with the photos held back at hand.
pub trait HeldBackJudge {
    /// Cosines of one picture: with the clean prompt, and mean ones with the photos.
    ///
    /// # Errors
    /// The device failed.
    fn scores(
        &mut self,
        picture: &Picture,
        clean_prompt: &str,
    ) -> impl Future<Output = Result<HeldBackScores, Error>>;
}

impl TrialPrompt {
    /// Denoising steps of each picture.
    pub(super) const STEPS: usize = 12;

    /// How many pictures each evaluation of a run draws.
    pub(super) fn pictures(settings: &TrainingSettings) -> usize {
        Self::of_run(settings).len() * SEEDS as usize
    }

    /// The prompts of a run: the target prompts, then the photos' own.
    pub fn of_run(settings: &TrainingSettings) -> Vec<Self> {
        let targets = settings.clean_prompts().filter(|prompt| !prompt.trim().is_empty());
        let targets = targets.take(MAX_PROMPTS).map(|clean| Self {
            prompt: settings.with_new_words(clean),
            clean_prompt: clean.to_owned(),
            wanted: true,
        });
        let mut prompts: Vec<_> = targets.collect();
        let own = own_prompt(settings);
        prompts.push(Self {
            clean_prompt: settings.with_class_nouns(&own),
            prompt: own,
            wanted: prompts.is_empty(),
        });
        prompts
    }
}

impl StableDiffusion {
    /// What a plan needs to know of the pictures that judge a run with these settings.
    pub fn trials(&self, settings: &TrainingSettings) -> TrainingPreviews {
        let picture = trial_settings(own_prompt(settings), 0, self.training_side(settings));
        TrainingPreviews { picture, scored: true }
    }

    /// Draws a run's state as it is now and has the pictures judged.
    ///
    /// # Errors
    /// The device failed; a picture needs more memory than it may give.
    pub async fn held_back_scores(
        &self,
        trainer: &Trainer,
        judge: &mut impl HeldBackJudge,
    ) -> Result<HeldBackScores, Error> {
        let adapter = trainer.adapter().await?;
        self.gpu.check()?;
        let _held = self.hold_run(trainer, true);
        let side = self.training_side(trainer.settings());
        let (mut texts, mut images, mut dinos) = (Vec::new(), Vec::new(), Vec::new());
        for TrialPrompt { prompt, clean_prompt, wanted } in TrialPrompt::of_run(trainer.settings()) {
            for seed in 0..SEEDS {
                let settings = trial_settings(prompt.clone(), seed, side);
                let picture = self.trial_picture(&adapter, &settings).await?;
                let scores = judge.scores(&picture, &clean_prompt).await?;
                texts.extend(wanted.then_some(scores.text_alignment));
                images.push(scores.image_alignment);
                dinos.extend(scores.dino);
            }
        }
        // What the judge took is of other sizes than what a step takes.
        self.gpu.release_unused();
        let mean = |scores: Vec<f64>| scores.iter().sum::<f64>() / scores.len() as f64;
        Ok(HeldBackScores {
            text_alignment: mean(texts),
            image_alignment: mean(images),
            dino: (!dinos.is_empty()).then(|| mean(dinos)),
        })
    }

    async fn trial_picture(
        &self,
        adapter: &Adapter,
        settings: &GenerationSettings,
    ) -> Result<Picture, Error> {
        let mut generation = Generation::new(self, settings, &[AppliedAdapter { adapter, strength: 1.0 }])?;
        for _ in 0..generation.steps() {
            generation.step().await?;
        }
        generation.finish().await
    }
}

/// A prompt that the first subject's photos are trained on.
fn own_prompt(settings: &TrainingSettings) -> String {
    settings.sentences().swap_remove(0)
}

fn trial_settings(prompt: String, seed: u64, side: usize) -> GenerationSettings {
    GenerationSettings {
        prompt,
        seed,
        steps: TrialPrompt::STEPS,
        sampler: SAMPLER.to_owned(),
        width: side,
        height: side,
        ..Default::default()
    }
}
