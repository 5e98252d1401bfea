//! How much device memory a training will take, and whether it may be started.

use serde::Deserialize;

use super::{Error, GenerationSettings, StableDiffusion};
use crate::{
    gpu::Held,
    model::{adaptable::ModuleChoice, lora::Folding},
    plan::{Adaptation, GenerationSizes, MemoryPlan, Phase, TrainingSizes},
    training::{self, ActivationPolicy, Activations, Trainer, TrainingSettings, prompts},
};

/// A rank that is offered where a training is too large.
const SMALL_RANK: usize = 8;

/// Pictures that a training draws of its state in between.
#[derive(Clone, Debug, Deserialize)]
pub struct TrainingPreviews {
    pub picture: GenerationSettings,
    /// Whether they are scored and the best state is kept.
    pub scored: bool,
}

impl StableDiffusion {
    /// The plan of a training on this number of photos, with its activations kept or computed again as
    /// `settings` say, or as fits; `previews` are the pictures that are drawn in between, if any.
    ///
    /// # Errors
    /// A number out of its range, more memory than the device may give ([`Error::Memory`]), previews of a size that
    /// can't be made.
    pub fn plan_training(
        &self,
        settings: &TrainingSettings,
        photos: usize,
        previews: Option<&TrainingPreviews>,
    ) -> Result<MemoryPlan, Error> {
        settings.check_ranges().map_err(training::Error::from)?;
        let sizes = self.training_sizes(settings, photos, previews.is_some_and(|previews| previews.scored));
        let picture =
            previews.map(|previews| self.generation_sizes(&previews.picture, &[], None, Folding::All));
        let picture = picture.transpose()?;
        let plan = |sizes, policy| {
            let mut plan = self.sizes().training(sizes, policy);
            plan.phases.extend(picture.map(|picture| self.preview_phase(sizes, picture)));
            plan
        };
        let policy = match settings.activations {
            Activations::Keep => ActivationPolicy::Keep,
            Activations::Recompute => ActivationPolicy::Recompute,
            Activations::Auto if self.fits(&plan(sizes, ActivationPolicy::Keep)) => ActivationPolicy::Keep,
            Activations::Auto => ActivationPolicy::Recompute,
        };
        let chosen = plan(sizes, policy);
        let (small_adapter, rank, on) = match sizes.adaptation {
            Adaptation::LowRank { rank, on } => ("batch 1 and rank 8", rank.min(SMALL_RANK), on),
            Adaptation::Full(_) => {
                ("batch 1 and a LoRA of rank 8", SMALL_RANK, ModuleChoice::AttentionProjections)
            }
        };
        let small = Adaptation::LowRank { rank, on };
        let one_photo = TrainingSizes { batch: 1, prompts: 1, ..sizes };
        let smaller = [
            ("to compute activations again", sizes),
            ("batch 1", one_photo),
            (small_adapter, TrainingSizes { adaptation: small, ..one_photo }),
        ];
        let fits =
            |(_, sizes): &&(&str, TrainingSizes)| self.fits(&plan(*sizes, ActivationPolicy::Recompute));
        let without_previews = || {
            // Then no best state is kept either.
            let unscored = self.training_sizes(settings, photos, false);
            self.fits(&self.sizes().training(unscored, policy)).then_some("no pictures in between")
        };
        let advice = smaller.iter().find(fits).map(|(advice, _)| *advice).or_else(without_previews);
        self.check_plan(&chosen, "this training", advice.map(str::to_owned))?;
        Ok(chosen)
    }

    /// Drawing a picture while a run's state lies on the device, with that state as its adapter.
    fn preview_phase(&self, of: TrainingSizes, picture: GenerationSizes) -> Phase {
        // What has room then is chosen as it will be when the preview is drawn.
        let _held = self.gpu.hold(self.sizes().between_steps(of));
        let with = |folding| GenerationSizes {
            adapters: of.adaptation.applied(self.unet.config(), folding),
            ..picture
        };
        let plan = self.fitting_generation(with(self.fitting_folding(with(Folding::All))));
        Phase {
            name: "drawing a preview",
            bytes: self.sizes().beside_previews(of) + plan.largest_phase(),
            largest: plan.largest_buffer(),
        }
    }

    /// Has other plans count what a run holds from step to step, until what is returned is dropped.
    pub fn hold_run(&self, trainer: &Trainer, scored: bool) -> Held {
        let sizes = self.training_sizes(trainer.settings(), trainer.photos(), scored);
        self.gpu.hold(self.sizes().between_steps(sizes))
    }

    fn training_sizes(&self, settings: &TrainingSettings, photos: usize, scored: bool) -> TrainingSizes {
        TrainingSizes {
            side: self.training_side(settings),
            pictures: settings.pictures(photos),
            batch: settings.rows(),
            prompts: prompts::most_in_a_pass(settings, photos),
            adaptation: Adaptation::of(settings),
            aligned_predictions: settings.aligned_predictions().into_iter().max().unwrap_or_default(),
            optimizer: settings.optimizer,
            keeps_best: scored,
            localized: settings.localized_loss > 0.0,
        }
    }
}
