//! The noise schedule, the timesteps and the guidance against diffusers; what is refused, and how.

use burn::tensor::Tensor;
use palpable::sampling::{
    Error, NoiseSchedule, PredictionType, Sampler, SamplerKind, SchedulerConfig, TimestepSpacing, guide,
};

use crate::{
    golden_json, spacing_by_name, stable_diffusion,
    support::{Golden, any_device, in_repository, values},
};

#[test]
fn table_is_diffusers_bit_for_bit() {
    let golden = Golden::read("schedulers.safetensors");
    for (name, config) in [("scaled_linear", stable_diffusion()), ("linear", SchedulerConfig::default())] {
        let schedule = NoiseSchedule::new(&config).unwrap();
        let expected = golden.values(&format!("{name}.alphas_cumprod"));
        assert_eq!(schedule.alphas_cumprod.len(), expected.len());
        for (timestep, (actual, expected)) in schedule.alphas_cumprod.iter().zip(expected).enumerate() {
            assert_eq!(actual.to_bits(), expected.to_bits(), "{name} at {timestep}: {actual} {expected}");
        }
    }
}

#[test]
fn config_of_the_demo_model_is_stable_diffusions() {
    let path = in_repository("models/demo/scheduler/scheduler_config.json");
    let config = SchedulerConfig::from_json(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(config, stable_diffusion());
}

/// Every run length from 1 to 1000, by the sum of (i + 1)·timestep_i.
#[test]
fn timesteps_of_every_run_length_are_diffusers() {
    let checksums = golden_json()["timestep_checksums"].take();
    for kind in [SamplerKind::Ddim, SamplerKind::Euler] {
        for spacing in ["leading", "trailing", "linspace"] {
            let config =
                SchedulerConfig { timestep_spacing: Some(spacing_by_name(spacing)), ..stable_diffusion() };
            let schedule = NoiseSchedule::new(&config).unwrap();
            let expected = checksums[format!("{kind}.{spacing}")].as_array().unwrap();
            assert_eq!(expected.len(), 1000);
            for (index, expected) in expected.iter().enumerate() {
                let sampler = Sampler::new(kind, &schedule, index + 1).unwrap();
                let weighted = sampler.timesteps().iter().zip(1..).map(|(&t, i)| f64::from(t) * f64::from(i));
                let (sum, expected) = (weighted.sum::<f64>(), expected.as_f64().unwrap());
                assert!((sum - expected).abs() <= 1e-9 * expected, "{kind} {spacing} {}: {sum}", index + 1);
            }
        }
    }
}

/// The other samplers' timesteps by the same sum, for some run lengths. Fractional ones go through
/// logarithms, which need not be rounded alike.
#[test]
fn timesteps_of_some_run_lengths_are_diffusers() {
    let checksums = golden_json()["timestep_checksums"].take();
    let others =
        SamplerKind::ALL.into_iter().filter(|kind| !matches!(kind, SamplerKind::Ddim | SamplerKind::Euler));
    for kind in others {
        for spacing in ["leading", "trailing", "linspace"] {
            let config =
                SchedulerConfig { timestep_spacing: Some(spacing_by_name(spacing)), ..stable_diffusion() };
            let schedule = NoiseSchedule::new(&config).unwrap();
            let expected = checksums[format!("{kind}.{spacing}")].as_object().unwrap();
            assert!(expected.len() >= 10);
            for (steps, expected) in expected {
                let sampler = Sampler::new(kind, &schedule, steps.parse().unwrap()).unwrap();
                let weighted = sampler.timesteps().iter().zip(1..).map(|(&t, i)| f64::from(t) * f64::from(i));
                let (sum, expected) = (weighted.sum::<f64>(), expected.as_f64().unwrap());
                assert!(
                    (sum - expected).abs() <= 1e-7 * expected,
                    "{kind} {spacing} {steps}: {sum} {expected}"
                );
            }
        }
    }
}

/// The worked examples of the method's reference page.
#[test]
fn published_timesteps() {
    let timesteps = |kind, spacing, steps| {
        let config = SchedulerConfig { timestep_spacing: Some(spacing), ..stable_diffusion() };
        Sampler::new(kind, &NoiseSchedule::new(&config).unwrap(), steps).unwrap().timesteps().to_vec()
    };
    let leading_50 = timesteps(SamplerKind::Ddim, TimestepSpacing::Leading, 50);
    assert_eq!(leading_50[..5], [981., 961., 941., 921., 901.]);
    assert_eq!(leading_50[47..], [41., 21., 1.]);
    let leading_20 = timesteps(SamplerKind::Ddim, TimestepSpacing::Leading, 20);
    assert_eq!(leading_20, (0..20).map(|i| 951. - 50. * i as f32).collect::<Vec<_>>());
    assert_eq!(timesteps(SamplerKind::Euler, TimestepSpacing::Leading, 20), leading_20);
    assert_eq!(timesteps(SamplerKind::Ddim, TimestepSpacing::Trailing, 4), [999., 749., 499., 249.]);
    let linspace = timesteps(SamplerKind::Euler, TimestepSpacing::Linspace, 20);
    for (index, expected) in [(0, 999.), (1, 946.42), (2, 893.84), (18, 52.58), (19, 0.)] {
        assert!((linspace[index] - expected).abs() < 0.005, "{}", linspace[index]);
    }
    let schedule = NoiseSchedule::new(&stable_diffusion()).unwrap();
    let euler = Sampler::new(SamplerKind::Euler, &schedule, 20).unwrap();
    assert!((euler.init_noise_sigma() - 11.073_581).abs() < 1e-5);
    assert!((schedule.alphas_cumprod[500] - 0.276_332).abs() < 5e-7);
    assert!((schedule.alphas_cumprod[999] - 0.004_660).abs() < 5e-7);
    let (signal, noise) = schedule.signal_and_noise(999);
    assert!((noise / signal - 14.614_647).abs() < 1e-4);
}

/// Without a spacing in the config each sampler takes diffusers' default for its class.
#[test]
fn default_spacing_is_the_samplers_own() {
    let config = SchedulerConfig { timestep_spacing: None, ..stable_diffusion() };
    let schedule = NoiseSchedule::new(&config).unwrap();
    assert_eq!(Sampler::new(SamplerKind::Ddim, &schedule, 20).unwrap().timesteps()[0], 951.0);
    assert_eq!(Sampler::new(SamplerKind::Euler, &schedule, 20).unwrap().timesteps()[0], 999.0);
}

#[test]
fn guidance_weighs_prompt_against_none() {
    let device = any_device();
    let tensor = |value: f32| Tensor::<4>::full([1, 1, 1, 2], value, &device);
    for (scale, expected) in [(0.0, 2.0), (1.0, 5.0), (7.5, 24.5)] {
        assert_eq!(values(guide(tensor(2.0), tensor(5.0), scale)), [expected; 2]);
    }
}

#[test]
fn requests_that_make_no_sense_are_refused_in_words() {
    let schedule = NoiseSchedule::new(&stable_diffusion()).unwrap();
    for kind in SamplerKind::ALL {
        for steps in [0, 1001, usize::MAX] {
            let error = Sampler::new(kind, &schedule, steps).unwrap_err();
            assert_eq!(error, Error::Steps { asked: steps, most: 1000 });
        }
        assert!(Sampler::new(kind, &schedule, 50).is_ok());
        assert_eq!(
            Sampler::starting_late(kind, &schedule, 20, 20).unwrap_err(),
            Error::NoStepLeft { steps: 20 }
        );
        assert_eq!(kind.to_string().parse::<SamplerKind>().unwrap(), kind);
    }
    let most = Sampler::new(SamplerKind::Lcm, &schedule, 51).unwrap_err();
    assert_eq!(most.to_string(), "the number of steps must be from 1 to 50 with this sampler, not 51");
    for (name, kind) in [
        ("Euler", SamplerKind::Euler),
        (" Euler a", SamplerKind::EulerAncestral),
        ("DPM++ 2M Karras", SamplerKind::Dpm2MKarras),
    ] {
        assert_eq!(name.parse::<SamplerKind>().unwrap(), kind);
    }
    let unknown = "heun\u{7}".parse::<SamplerKind>().unwrap_err();
    let known = SamplerKind::ALL.map(|kind| kind.to_string()).join(", ");
    assert_eq!(unknown.to_string(), format!("there is no sampler \"heun\"; choose one of: {known}"));
}

#[test]
fn unusable_configs_are_refused_in_words() {
    for (json, word) in [
        ("{", "EOF"),
        (r#"{"beta_schedule": "squaredcos_cap_v2"}"#, "squaredcos_cap_v2"),
        (r#"{"prediction_type": "sample"}"#, "sample"),
        (r#"{"timestep_spacing": "karras"}"#, "karras"),
        (r#"{"num_train_timesteps": 1}"#, "num_train_timesteps"),
        (r#"{"num_train_timesteps": -5}"#, "-5"),
        (r#"{"beta_start": 0}"#, "beta_start"),
        (r#"{"beta_end": 1e300}"#, "beta_end"),
        // Betas of which f32 makes a ᾱ of 0, of 1, or the same at two timesteps.
        (r#"{"beta_end": 0.5}"#, "no picture at the last"),
        (r#"{"beta_start": 1e-9, "beta_end": 1e-9}"#, "no noise at the first"),
        (r#"{"beta_start": 0.5, "beta_end": 1e-9}"#, "no picture at the last"),
        (r#"{"steps_offset": 1000}"#, "steps_offset"),
        (r#"{"trained_betas": [0.1]}"#, "trained_betas"),
        (
            r#"{"rescale_betas_zero_snr": true}"#,
            "rescale_betas_zero_snr is not supported; choose a model without it",
        ),
        (r#"{"thresholding": true}"#, "thresholding"),
        (r#"{"final_sigmas_type": "small"}"#, "small"),
    ] {
        let error =
            SchedulerConfig::from_json(json).and_then(|config| NoiseSchedule::new(&config)).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
    let v_prediction = SchedulerConfig::from_json(r#"{"prediction_type": "v_prediction"}"#).unwrap();
    assert_eq!(v_prediction.prediction_type, PredictionType::VPrediction);
}
