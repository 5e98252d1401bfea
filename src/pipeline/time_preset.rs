//! Settings chosen by how long a training may take on this device.
//!
//! Each preset begins with the settings as they are and moves the number of steps, the rank and the side of
//! the pictures: quick makes fewer steps at a lower rank, thorough twice as many at a higher one. On a device
//! where that would take longer than the preset allows, the pictures become smaller first, then the steps
//! fewer. How long it takes is summed up from what was measured of its parts ([`StepTimes`]):
//!
//! seconds = pictures · encoding + ⌈prior pictures / batch⌉ · 25 · prior step
//!         + steps without alignment · plain step + steps with it · aligned step
//!         + previews or trial pictures · (their steps · denoising step + decoding)

use serde::{Deserialize, Serialize};

use super::{
    Error, GenerationSettings, MeasuredTimes, Measuring, StableDiffusion, StepTimes, TrainingPreviews,
    TrialPrompt,
};
use crate::training::{self, MAX_STEPS, TrainingSettings, prior};

/// What is reduced where a preset takes too long: first the side (share of the model's own), then the steps
/// (share of the preset's).
const SIDES: [f64; 3] = [1.0, 0.75, 0.5];
const STEPS: [f64; 3] = [1.0, 0.75, 0.5];
/// Smaller pictures teach nothing.
const MIN_SIDE: usize = 64;
/// Lowest and highest rank that presets choose.
const RANKS: [usize; 2] = [4, 64];

/// How long a training may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimePreset {
    /// To see whether it works.
    Quick,
    /// The method's own settings.
    Balanced,
    /// To get the most out of the photos.
    Thorough,
}

/// What a preset chose, and how long it takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimePlan {
    pub preset: TimePreset,
    pub settings: TrainingSettings,
    /// From the photos to the finished adapter; without loading the model.
    pub seconds: f64,
    /// Side of the pictures that are trained on, in pixels.
    pub size: usize,
}

/// Pictures drawn now and then during a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Previews {
    /// Training steps from one preview to the next.
    pub every: usize,
    /// Denoising steps of each preview.
    pub steps: usize,
    /// Whether they are scored and the best state is kept.
    #[serde(default)]
    pub scored: bool,
}

/// A training whose duration is asked for.
#[derive(Clone, Copy, Debug)]
pub struct TimedTraining<'a> {
    pub settings: &'a TrainingSettings,
    pub photos: usize,
    pub previews: Option<Previews>,
    /// Steps from one evaluation to the next, in a run that is judged by [trial pictures](super::TrialPrompt).
    pub evaluate_every: Option<usize>,
}

impl TimePreset {
    pub const ALL: [Self; 3] = [Self::Quick, Self::Balanced, Self::Thorough];

    /// Factors of the steps and of the rank.
    fn factors(self) -> (f64, f64) {
        match self {
            Self::Quick => (0.6, 0.5),
            Self::Balanced => (1.0, 1.0),
            Self::Thorough => (2.0, 2.0),
        }
    }

    /// Seconds that the training may take; a longer one is reduced.
    fn most_seconds(self) -> f64 {
        match self {
            Self::Quick => 300.0,
            Self::Balanced => 900.0,
            Self::Thorough => 3600.0,
        }
    }

    /// The plan that the preset chooses among these sides, the largest first; `None` if there are none.
    /// `resolution` is the model's own side, `times` gives the durations of the parts at a side.
    pub fn choose(
        self,
        asked: TimedTraining,
        resolution: usize,
        sides: &[usize],
        times: &dyn Fn(usize) -> StepTimes,
    ) -> Option<TimePlan> {
        let plan = |share: f64, size: usize| {
            let smaller = (size != resolution).then_some(size);
            let settings = TrainingSettings { resolution: smaller, ..self.apply(asked.settings, share) };
            let seconds = asked.with(&settings).seconds(&times(size));
            TimePlan { preset: self, settings, seconds, size }
        };
        let mut last = None;
        for (share, size) in STEPS.iter().flat_map(|&share| sides.iter().map(move |&size| (share, size))) {
            let plan = plan(share, size);
            if plan.seconds <= self.most_seconds() {
                return Some(plan);
            }
            last = Some(plan);
        }
        last
    }

    /// The settings with the preset's steps, or a share of them, and its rank.
    fn apply(self, settings: &TrainingSettings, share: f64) -> TrainingSettings {
        let (steps, rank) = self.factors();
        let times = |value: usize, factor: f64| ((value as f64 * factor).round() as usize).max(1);
        let factor = (steps * share).min(MAX_STEPS as f64 / settings.steps.max(1) as f64);
        let [least, most] = RANKS;
        // The limits give way to a rank that is beyond them already.
        let rank = times(settings.rank, rank).clamp(least.min(settings.rank), most.max(settings.rank));
        let scale = rank as f64 / settings.rank.max(1) as f64;
        TrainingSettings {
            steps: times(settings.steps, factor),
            // The share of the steps that align stays, and so does the scale of the LoRA.
            warmup_steps: (settings.warmup_steps as f64 * factor).round() as usize,
            lambda_ramp_steps: (settings.lambda_ramp_steps as f64 * factor).round() as usize,
            learning_rate_warmup_steps: (settings.learning_rate_warmup_steps as f64 * factor).round()
                as usize,
            prior_pictures: (settings.prior_pictures as f64 * factor.min(1.0)).ceil() as usize,
            rank,
            lora_alpha: settings.lora_alpha.map(|alpha| alpha * scale),
            ..settings.clone()
        }
    }
}

impl TimedTraining<'_> {
    fn with(self, settings: &TrainingSettings) -> TimedTraining<'_> {
        TimedTraining { settings, ..self }
    }

    /// Seconds that the training takes if its parts take these times.
    pub fn seconds(self, times: &StepTimes) -> f64 {
        let Self { settings, photos, previews, evaluate_every } = self;
        let prior = if settings.preserves_prior() { settings.prior_pictures } else { 0 };
        let encoded = settings.pictures(photos) - prior;
        let batches = prior.div_ceil(settings.batch.max(1)) * prior::STEPS;
        let aligned = (0..settings.steps).filter(|&step| settings.aligns(step)).count();
        let drawing = |every: usize, pictures: usize, steps: usize| {
            let drawn = settings.steps.div_ceil(every) * pictures;
            drawn as f64 * (steps as f64 * times.denoising_step + times.decoding)
        };
        let previews = previews.filter(|previews| previews.every > 0);
        let previews = previews.map_or(0.0, |previews| drawing(previews.every, 1, previews.steps));
        let trials = evaluate_every
            .map_or(0.0, |every| drawing(every.max(1), TrialPrompt::pictures(settings), TrialPrompt::STEPS));
        encoded as f64 * times.encoding
            + batches as f64 * times.prior_step
            + (settings.steps - aligned) as f64 * times.plain_step
            + aligned as f64 * times.aligned_step
            + previews
            + trials
    }
}

impl StableDiffusion {
    /// Measures the durations that [`plan_times`](Self::plan_times) lacks for this training. Returns whether
    /// anything was measured.
    ///
    /// # Errors
    /// A number out of its range, more memory than the device may give, a failing device, or that it is no longer
    /// wanted.
    pub async fn measure_times(
        &self,
        asked: TimedTraining<'_>,
        measured: &mut MeasuredTimes,
        measuring: Measuring<'_>,
    ) -> Result<bool, Error> {
        let mut fresh = false;
        loop {
            // A side that was chosen by an estimate from a larger one is chosen again by its own durations.
            let chosen = self.plan_times(asked, measured)?.into_iter().map(|plan| plan.size);
            let sides = self.training_sides(asked).into_iter().take(1).chain(chosen);
            let missing = sides.into_iter().find(|&side| measured.of(self, asked.settings, side).is_none());
            let Some(side) = missing else { return Ok(fresh) };
            let times = self.measure_step_times(asked.settings, side, measuring).await?;
            measured.add(self, asked.settings, side, times);
            fresh = true;
        }
    }

    /// The plan of each preset, by what was measured.
    ///
    /// # Errors
    /// A number out of its range: each of the steps is gone through.
    pub fn plan_times(&self, asked: TimedTraining, measured: &MeasuredTimes) -> Result<Vec<TimePlan>, Error> {
        asked.settings.check_ranges().map_err(training::Error::from)?;
        let sides = self.training_sides(asked);
        let largest = sides.first().copied().unwrap_or(self.resolution);
        let of_largest = measured.of(self, asked.settings, largest).unwrap_or_default();
        let scaled = |side: usize| {
            let share = side as f64 / largest as f64;
            of_largest.scaled(share * share)
        };
        // Each side once: what was measured is found by a memory plan.
        let of_sides: Vec<_> =
            sides.iter().map(|&side| (side, measured.of(self, asked.settings, side))).collect();
        let times = |side: usize| {
            let found = of_sides.iter().find(|(known, _)| *known == side).and_then(|(_, times)| *times);
            found.unwrap_or_else(|| scaled(side))
        };
        let presets = TimePreset::ALL.into_iter();
        Ok(presets.filter_map(|preset| preset.choose(asked, self.resolution, &sides, &times)).collect())
    }

    /// The sides that presets choose from, from the model's own down: those that the device has the memory
    /// for, or else the model's own alone, which is then refused with advice.
    fn training_sides(&self, asked: TimedTraining) -> Vec<usize> {
        let multiple = self.picture_multiple();
        let side = |share: &f64| (self.resolution as f64 * share) as usize / multiple * multiple;
        let [width, height] = [self.resolution; 2];
        let picture = GenerationSettings { width, height, preview: true, ..Default::default() };
        let drawn = |settings: &TrainingSettings| match (asked.evaluate_every, asked.previews) {
            (Some(_), _) => Some(self.trials(settings)),
            (None, previews) => {
                previews.map(|Previews { scored, .. }| TrainingPreviews { picture: picture.clone(), scored })
            }
        };
        let fits = |&side: &usize| {
            let settings = TrainingSettings { resolution: Some(side), ..asked.settings.clone() };
            self.plan_training(&settings, asked.photos, drawn(&settings).as_ref()).is_ok()
        };
        let mut sides: Vec<usize> =
            SIDES.iter().map(side).filter(|&side| side >= MIN_SIDE).filter(fits).collect();
        sides.dedup();
        if sides.is_empty() {
            sides.push(self.resolution);
        }
        sides
    }
}
