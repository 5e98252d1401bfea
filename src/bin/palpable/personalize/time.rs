//! `--time`: settings by how long they take on this device, said beforehand and compared afterwards.

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use palpable::{
    pipeline::{MeasuredTimes, Measuring, StableDiffusion, TimePlan, TimePreset, TimedTraining},
    training::TrainingSettings,
};

use crate::{error::Error, terminal::say};

#[derive(Args)]
pub struct TimeArguments {
    /// Choose steps, rank and the pictures' size by how long the training takes, which is measured first: a
    /// few steps are made and thrown away
    #[arg(long, value_enum, conflicts_with_all = ["steps", "warmup_steps", "rank", "resolution", "resume"])]
    time: Option<TimeChoice>,
}

#[derive(Clone, Copy, ValueEnum)]
enum TimeChoice {
    /// Fewer steps at a lower rank
    Quick,
    /// The method's own steps and rank
    Balanced,
    /// Twice the steps at twice the rank
    Thorough,
}

/// A training whose duration was said beforehand.
pub struct Announced {
    plan: TimePlan,
    began: Instant,
}

impl TimeArguments {
    /// Measures, chooses and says so; nothing where no preset was asked for.
    pub async fn choose(
        &self,
        model: &StableDiffusion,
        settings: &TrainingSettings,
        photos: usize,
        evaluate_every: Option<usize>,
    ) -> Result<Option<Announced>, Error> {
        let Some(choice) = self.time else { return Ok(None) };
        let preset = match choice {
            TimeChoice::Quick => TimePreset::Quick,
            TimeChoice::Balanced => TimePreset::Balanced,
            TimeChoice::Thorough => TimePreset::Thorough,
        };
        let asked = TimedTraining { settings, photos, previews: None, evaluate_every };
        let began = Instant::now();
        let mut measured = MeasuredTimes::default();
        let measuring = Measuring { clock: &|| began.elapsed().as_secs_f64(), wanted: &|| true };
        model.measure_times(asked, &mut measured, measuring).await?;
        let plans = model.plan_times(asked, &measured)?;
        let took = began.elapsed();
        let plan = plans.into_iter().find(|plan| plan.preset == preset);
        Ok(plan.map(|plan| {
            let TimePlan { settings, seconds, size, .. } = &plan;
            say!(
                "This takes about {}: {} steps at rank {} on pictures of {size} × {size} pixels (measured in {}).",
                words(Duration::from_secs_f64(*seconds)),
                settings.steps,
                settings.rank,
                words(took)
            );
            Announced { plan, began: Instant::now() }
        }))
    }
}

impl Announced {
    pub fn settings(&self) -> TrainingSettings {
        self.plan.settings.clone()
    }

    /// Says how long it took, beside what was said.
    pub fn compare(&self) {
        let said = Duration::from_secs_f64(self.plan.seconds);
        say!("It took {}; {} were announced.", words(self.began.elapsed()), words(said));
    }
}

/// "1 h 2 min", "2 min 5 s", "7.3 s"
fn words(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    let whole = seconds.round() as u64;
    match whole {
        3600.. => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{seconds:.1} s"),
    }
}
