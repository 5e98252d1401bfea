//! The noise schedule, the samplers and the seeded noise (goldens: tools/goldens/schedulers.py).

mod noise;
mod schedule;
#[path = "../support/mod.rs"]
mod support;
mod trajectories;

use palpable::sampling::{BetaSchedule, SchedulerConfig, TimestepSpacing};
use support::in_repository;

/// Stable Diffusion 1's schedule.
fn stable_diffusion() -> SchedulerConfig {
    SchedulerConfig {
        beta_start: 0.00085,
        beta_end: 0.012,
        beta_schedule: BetaSchedule::ScaledLinear,
        steps_offset: 1,
        set_alpha_to_one: Some(false),
        timestep_spacing: Some(TimestepSpacing::Leading),
        ..SchedulerConfig::default()
    }
}

fn golden_json() -> serde_json::Value {
    let text = std::fs::read_to_string(in_repository("tests/goldens/schedulers.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn spacing_by_name(name: &str) -> TimestepSpacing {
    serde_json::from_value(name.into()).unwrap()
}
