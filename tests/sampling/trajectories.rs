//! Latents after every step against diffusers', driven by the generator's formula instead of a U-Net.

use std::cell::RefCell;

use burn::tensor::Tensor;
use palpable::sampling::{
    FinalSigmasType, NoiseSchedule, Sampler, SamplerKind, SchedulerConfig, TimestepSpacing,
};

use crate::{
    golden_json, spacing_by_name, stable_diffusion,
    support::{Golden, any_device, relative_error, values},
};

/// Largest relative error of any step's latents.
const TOLERANCE: f64 = 1e-5;

struct Trajectories {
    first: Golden,
    others: Golden,
    init_noise_sigmas: serde_json::Value,
    worst: RefCell<f64>,
}

impl Trajectories {
    fn read() -> Self {
        Self {
            first: Golden::read("schedulers.safetensors"),
            others: Golden::read("samplers.safetensors"),
            init_noise_sigmas: golden_json()["init_noise_sigma"].take(),
            worst: RefCell::new(0.0),
        }
    }

    fn golden(&self, name: &str) -> &[f32] {
        let file = if self.first.tensors.contains_key(name) { &self.first } else { &self.others };
        file.values(name)
    }

    /// Runs the sampler and compares every step. `late`: from the picture with noise.
    fn compare(&self, case: &str, mut sampler: Sampler, late: bool) {
        let device = any_device();
        let noise = self.first.tensor::<4>("noise", &device);
        let pattern = self.first.tensor::<4>("pattern", &device);
        let step_noise = self.others.tensor::<5>("step_noise", &device);
        let step_noise = |step: usize| step_noise.clone().narrow(0, step, 1).squeeze_dim(0);
        let close = |latents: &Tensor<4>, expected: &[f32], step: &str| {
            let error = relative_error(&values(latents.clone()), expected);
            assert!(error <= TOLERANCE, "{case} {step}: relative error {error:e}");
            self.worst.replace_with(|&mut worst| worst.max(error));
        };

        let timesteps = self.golden(&format!("{case}.timesteps"));
        assert_eq!(sampler.timesteps().len(), timesteps.len(), "{case}");
        for (actual, expected) in sampler.timesteps().iter().zip(timesteps) {
            assert!((actual - expected).abs() <= 1e-6 * expected, "{case}: {actual} {expected}");
        }
        let sigma = self.init_noise_sigmas[case].as_f64().unwrap();
        assert!((f64::from(sampler.init_noise_sigma()) - sigma).abs() < 1e-6 * sigma || late, "{case}");
        let mut expected = self.golden(&format!("{case}.latents")).chunks(noise.shape().num_elements());
        let mut latents = if late {
            sampler.noised(self.others.tensor("picture", &device), noise, 0)
        } else {
            noise * sampler.init_noise_sigma()
        };
        close(&latents, expected.next().unwrap(), "before the first step");
        for step in 0..sampler.timesteps().len() {
            let scaled = sampler.scale_model_input(latents.clone(), step);
            let share = 0.5 + sampler.timesteps()[step] / 2000.0;
            let output = scaled.mul_scalar(0.4) + pattern.clone().mul_scalar(share);
            latents = sampler.step(output, step, latents, &step_noise);
            close(&latents, expected.next().unwrap(), &format!("step {step}"));
        }
        assert!(expected.next().is_none());
    }
}

#[test]
fn trajectories_are_diffusers() {
    let trajectories = Trajectories::read();
    for kind in SamplerKind::ALL {
        let spacings: &[&str] = match kind {
            // Their timesteps don't depend on the config's spacing.
            SamplerKind::Lcm | SamplerKind::Turbo => &["leading"],
            _ => &["leading", "trailing", "linspace"],
        };
        let lengths: &[usize] = match kind {
            SamplerKind::Ddim | SamplerKind::Euler => &[1, 4, 20, 50],
            _ => &[1, 4, 20],
        };
        for spacing in spacings {
            for prediction in ["epsilon", "v_prediction"] {
                let config = SchedulerConfig {
                    timestep_spacing: Some(spacing_by_name(spacing)),
                    prediction_type: serde_json::from_value(prediction.into()).unwrap(),
                    // What the goldens' sampler wasn't told either.
                    set_alpha_to_one: (kind != SamplerKind::Pndm).then_some(false),
                    ..stable_diffusion()
                };
                let schedule = NoiseSchedule::new(&config).unwrap();
                for &steps in lengths {
                    let case = format!("{kind}.{spacing}.{prediction}.{steps}");
                    trajectories.compare(&case, Sampler::new(kind, &schedule, steps).unwrap(), false);
                }
            }
        }
    }
    println!("largest relative error of any latents: {:e}", trajectories.worst.take());
}

/// The last 6 of 10 steps, from a picture with noise.
#[test]
fn late_starts_are_diffusers() {
    let trajectories = Trajectories::read();
    let schedule = NoiseSchedule::new(&stable_diffusion()).unwrap();
    for kind in SamplerKind::ALL {
        let sampler = Sampler::starting_late(kind, &schedule, 10, 4).unwrap();
        trajectories.compare(&format!("{kind}.late.10"), sampler, true);
    }
}

#[test]
fn another_last_sigma_is_diffusers() {
    let trajectories = Trajectories::read();
    let config = SchedulerConfig {
        timestep_spacing: Some(TimestepSpacing::Linspace),
        final_sigmas_type: FinalSigmasType::SigmaMin,
        ..stable_diffusion()
    };
    let schedule = NoiseSchedule::new(&config).unwrap();
    for kind in [SamplerKind::Euler, SamplerKind::Dpm2M, SamplerKind::Dpm2MSdeKarras, SamplerKind::UniPc] {
        let sampler = Sampler::new(kind, &schedule, 20).unwrap();
        trajectories.compare(&format!("{kind}.sigma_min.20"), sampler, false);
    }
}

/// Where the config doesn't say, DDIM ends at ᾱ = 1 as diffusers', with x_0 itself.
#[test]
fn ddim_ends_without_noise_unless_told_otherwise() {
    let config = SchedulerConfig { set_alpha_to_one: None, ..stable_diffusion() };
    let schedule = NoiseSchedule::new(&config).unwrap();
    let mut sampler = Sampler::new(SamplerKind::Ddim, &schedule, 20).unwrap();
    let (signal, noise) = schedule.signal_and_noise(sampler.timesteps()[19] as usize);
    let tensor = |value: f64| Tensor::<4>::full([1, 1, 1, 1], value, &any_device());
    let latents = tensor(signal * 0.7 + noise * -1.3);
    let ended = values(sampler.step(tensor(-1.3), 19, latents, &|_| tensor(0.0)))[0];
    assert!((ended - 0.7).abs() < 1e-5, "{ended}");
}

/// The longest runs visit timesteps twice and go past the table, where diffusers divides by zero.
#[test]
fn longest_runs_stay_finite() {
    let device = any_device();
    for spacing in [TimestepSpacing::Leading, TimestepSpacing::Trailing, TimestepSpacing::Linspace] {
        let config = SchedulerConfig { timestep_spacing: Some(spacing), ..stable_diffusion() };
        let schedule = NoiseSchedule::new(&config).unwrap();
        for kind in SamplerKind::ALL.into_iter().filter(|&kind| kind != SamplerKind::Lcm) {
            for steps in [998, 999, 1000] {
                let mut sampler = Sampler::new(kind, &schedule, steps).unwrap();
                let noise = Tensor::<4>::ones([1, 1, 1, 1], &device);
                let mut latents = noise.clone() * sampler.init_noise_sigma();
                for step in 0..sampler.timesteps().len() {
                    let output = sampler.scale_model_input(latents.clone(), step);
                    latents = sampler.step(output, step, latents, &|_| noise.clone());
                }
                let value = values(latents)[0];
                assert!(value.is_finite() && value.abs() < 1e3, "{kind} {spacing:?} {steps}: {value}");
            }
        }
    }
}
