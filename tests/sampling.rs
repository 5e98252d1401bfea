//! The noise schedule and the samplers against diffusers (tools/goldens/schedulers.py), and the
//! seeded noise against Random123's published answers.

mod support;

use burn::tensor::{Device, Tensor};
use palpable::sampling::noise::{normal, philox4x32};
use palpable::sampling::{
    BetaSchedule, Error, NoiseSchedule, PredictionType, Sampler, SamplerKind, SchedulerConfig,
    TimestepSpacing, guide,
};
use support::{Golden, in_repository, relative_error, values};

fn stable_diffusion() -> SchedulerConfig {
    SchedulerConfig {
        beta_start: 0.00085,
        beta_end: 0.012,
        beta_schedule: BetaSchedule::ScaledLinear,
        steps_offset: 1,
        set_alpha_to_one: false,
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
    for kind in SamplerKind::ALL {
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

/// Latents after every step, driven by the generator's formula instead of a U-Net.
#[test]
fn trajectories_are_diffusers() {
    let device = Device::flex();
    let golden = Golden::read("schedulers.safetensors");
    let sigmas = golden_json()["init_noise_sigma"].take();
    let noise = golden.tensor::<4>("noise", &device);
    let pattern = golden.tensor::<4>("pattern", &device);
    let mut worst = 0.0_f64;
    for kind in SamplerKind::ALL {
        for spacing in ["leading", "trailing", "linspace"] {
            for prediction in ["epsilon", "v_prediction"] {
                let config = SchedulerConfig {
                    timestep_spacing: Some(spacing_by_name(spacing)),
                    prediction_type: serde_json::from_value(prediction.into()).unwrap(),
                    ..stable_diffusion()
                };
                let schedule = NoiseSchedule::new(&config).unwrap();
                for steps in [1, 4, 20, 50] {
                    let case = format!("{kind}.{spacing}.{prediction}.{steps}");
                    let mut sampler = Sampler::new(kind, &schedule, steps).unwrap();
                    assert_eq!(sampler.timesteps(), golden.values(&format!("{case}.timesteps")), "{case}");
                    if let Some(sigma) = sigmas[&case].as_f64() {
                        assert!(
                            (f64::from(sampler.init_noise_sigma()) - sigma).abs() < 1e-6 * sigma,
                            "{case}"
                        );
                    }
                    let expected = golden.values(&format!("{case}.latents"));
                    let mut expected = expected.chunks(noise.shape().num_elements());
                    let mut latents = noise.clone().mul_scalar(sampler.init_noise_sigma());
                    worst = worst.max(relative_error(&values(latents.clone()), expected.next().unwrap()));
                    for step in 0..steps {
                        let scaled = sampler.scale_model_input(latents.clone(), step);
                        let share = 0.5 + sampler.timesteps()[step] / 2000.0;
                        let output = scaled.mul_scalar(0.4) + pattern.clone().mul_scalar(share);
                        latents = sampler.step(output, step, latents);
                        let error = relative_error(&values(latents.clone()), expected.next().unwrap());
                        assert!(error <= 1e-5, "{case} step {step}: relative error {error:e}");
                        worst = worst.max(error);
                    }
                    assert!(expected.next().is_none());
                }
            }
        }
    }
    println!("largest relative error of any latents: {worst:e}");
}

#[test]
fn guidance_weighs_prompt_against_none() {
    let device = Device::flex();
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
        assert!(Sampler::new(kind, &schedule, 1000).is_ok());
        assert_eq!(kind.to_string().parse::<SamplerKind>().unwrap(), kind);
    }
    assert_eq!("Euler".parse::<SamplerKind>().unwrap(), SamplerKind::Euler);
    let unknown = "dpm++ 2m\u{7}".parse::<SamplerKind>().unwrap_err();
    assert_eq!(unknown.to_string(), "there is no sampler \"dpm++ 2m\"; choose one of: ddim, euler");
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
        (r#"{"steps_offset": 1000}"#, "steps_offset"),
        (r#"{"trained_betas": [0.1]}"#, "trained_betas"),
        (r#"{"rescale_betas_zero_snr": true}"#, "rescale_betas_zero_snr"),
        (r#"{"thresholding": true}"#, "thresholding"),
    ] {
        let error =
            SchedulerConfig::from_json(json).and_then(|config| NoiseSchedule::new(&config)).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
    let v_prediction = SchedulerConfig::from_json(r#"{"prediction_type": "v_prediction"}"#).unwrap();
    assert_eq!(v_prediction.prediction_type, PredictionType::VPrediction);
}

/// Random123's known answers for Philox4x32-10.
#[test]
fn philox_gives_the_published_answers() {
    const ONES: u32 = u32::MAX;
    for (counter, key, answer) in [
        ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        ([ONES; 4], [ONES; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
        (
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
            [0xa409_3822, 0x299f_31d0],
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
        ),
    ] {
        assert_eq!(philox4x32(counter, key), answer);
    }
}

#[test]
fn noise_is_the_independent_implementations() {
    for case in golden_json()["noise"].as_array().unwrap() {
        let (seed, stream) = (case["seed"].as_u64().unwrap(), case["stream"].as_u64().unwrap());
        let expected: Vec<f32> = serde_json::from_value(case["values"].clone()).unwrap();
        let actual = normal(seed, stream, expected.len());
        assert!(relative_error(&actual, &expected) < 1e-7, "{seed} {stream}: {actual:?}");
    }
}

/// Fixed bits: a change here changes every picture that a seed has ever made.
#[test]
fn noise_keeps_its_bits() {
    let bits: Vec<u32> = normal(42, 0, 6).into_iter().map(f32::to_bits).collect();
    let expected = [-0.970_189_8_f32, 0.194_018_96, -1.235_620_7, 1.923_926_7, -0.073_181_51, 0.139_137_49];
    assert_eq!(bits, expected.map(f32::to_bits));
    assert_eq!(normal(42, 0, 3), normal(42, 0, 6)[..3]);
    assert!(normal(42, 0, 0).is_empty());
}

#[test]
fn noise_is_normal_and_streams_are_independent() {
    const COUNT: usize = 400_000;
    let (first, second) = (normal(7, 0, COUNT), normal(7, 1, COUNT));
    let mean_of = |power: i32| first.iter().map(|&x| f64::from(x).powi(power)).sum::<f64>() / COUNT as f64;
    for (power, expected) in [(1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0)] {
        assert!((mean_of(power) - expected).abs() < 0.05, "moment {power}: {}", mean_of(power));
    }
    let product: f64 = first.iter().zip(&second).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    assert!((product / COUNT as f64).abs() < 0.01);
    assert!(first.iter().all(|x| x.is_finite()));
}
