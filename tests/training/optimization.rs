//! Better optimization: moments in 8 bits, learning rate schedules, norm controls, the best so far, and
//! resuming with any of them.

use burn::tensor::Tensor;
use palpable::training::TrainingSettings;
use palpable::training::early_stopping::{BestScore, Standing};
use palpable::training::embedding_norm::{self, NormControls, Vocabulary};
use palpable::training::learning_rate::LearningRateSchedule;
use palpable::training::optimizer::{HostGroup, HostMoments, Optimizer, ParameterGroup};
use palpable::training::quantized_moments::dynamic_code;
use palpable::training::settings::{AlignmentForm, AlignmentNoise};

use crate::support::{any_device, block_on, formula, open_gpu, values};
use crate::tiny::{Tiny, largest_difference, resume, run, settings, state, trained_values};

/// Distances to a target after each of `updates` updates of ½‖x − target‖².
fn descend(optimizer: Optimizer, updates: usize) -> (f32, Vec<f32>, usize) {
    let device = any_device();
    let target: Tensor<1> = formula::values("target", [5000], &device);
    let mut group = ParameterGroup::new(Tensor::zeros([5000], &device), 0.02, 0.0).with_optimizer(optimizer);
    for _ in 0..updates {
        let gradient = group.values() - target.clone();
        group.update(gradient);
    }
    let error = values((group.values() - target.clone()).square().mean().sqrt())[0];
    let start = values(target.square().mean().sqrt())[0];
    (error / start, values(group.values()), group.state_bytes())
}

/// A group that is longer than what is brought to the host at once comes back whole, in order.
#[test]
fn long_groups_are_read_whole() {
    let device = open_gpu().device;
    let count = (9 << 20) + 3;
    let counted = |first: usize| (first..first + count).map(|value| value as f32 / 8.0).collect();
    let moments = HostMoments::Full { moment_1: counted(1), moment_2: counted(2) };
    let group = HostGroup { values: counted(0), moments };
    let mut restored = ParameterGroup::new(Tensor::zeros([count], &device), 0.02, 0.0);
    restored.restore(group.clone(), 1);
    assert!(block_on(restored.read()).unwrap() == group);
}

#[test]
fn eight_bit_moments_converge_like_full_ones() {
    let (full, full_values, full_bytes) = descend(Optimizer::AdamW, 150);
    let (quantized, quantized_values, bytes) = descend(Optimizer::AdamW8bit, 150);
    println!("relative distance {full} in 32 bits, {quantized} in 8 bits");
    assert!(full < 0.05 && quantized < 0.05);
    assert!(largest_difference(&full_values, &quantized_values) > 0.0);
    // 5000 values are 20 blocks of 256: a byte each and a scale a block, for both moments.
    assert_eq!((full_bytes, bytes), (40_000, 2 * (5120 + 20 * 4)));
    assert_eq!(quantized_values, descend(Optimizer::AdamW8bit, 150).1);
}

/// A group below 4096 values keeps full moments.
#[test]
fn small_groups_are_not_quantized() {
    let device = any_device();
    let group = ParameterGroup::new(Tensor::zeros([100], &device), 0.1, 0.0);
    assert_eq!(group.with_optimizer(Optimizer::AdamW8bit).state_bytes(), 800);
}

/// bitsandbytes' `create_dynamic_map`: 0, 1 and the midpoints of each decade's steps.
#[test]
fn the_codes_are_the_dynamic_ones() {
    for signed in [true, false] {
        let code = dynamic_code(signed);
        assert_eq!(code.len(), 256);
        assert!(code.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(code[255], 1.0);
    }
    let (signed, unsigned) = (dynamic_code(true), dynamic_code(false));
    assert!((signed[254] - 0.992_968_75).abs() < 1e-6 && (signed[0] + 0.992_968_75).abs() < 1e-6);
    assert_eq!(signed[127], 0.0);
    assert!((signed[128] - 5.5e-7).abs() < 1e-12);
    assert!((unsigned[254] - 0.996_484_4).abs() < 1e-6);
    assert_eq!(unsigned[0], 0.0);
    assert!((unsigned[1] - 3.25e-7).abs() < 1e-12 && (unsigned[2] - 7.75e-7).abs() < 1e-12);
}

/// tools/goldens/learning_rates.py: diffusers' get_scheduler, 4 warm-up steps of 12.
#[test]
fn learning_rates_are_those_of_diffusers() {
    let golden = std::fs::read_to_string(crate::support::in_repository("tests/goldens/learning_rates.json"));
    let golden: serde_json::Value = serde_json::from_str(&golden.unwrap()).unwrap();
    for (name, schedule) in
        [("constant_with_warmup", LearningRateSchedule::Constant), ("cosine", LearningRateSchedule::Cosine)]
    {
        for warmup in [0, 4] {
            let factors = golden[format!("{name}_{warmup}")].as_array().unwrap();
            assert_eq!(factors.len(), 12);
            for (step, factor) in factors.iter().enumerate() {
                let ours = schedule.factor(step, warmup, 12);
                assert!((ours - factor.as_f64().unwrap()).abs() < 1e-12, "{name} {warmup} {step}: {ours}");
            }
        }
    }
}

#[test]
fn norm_controls_follow_their_formulas() {
    let device = any_device();
    let v = Tensor::<2>::from_floats([[3.0, 4.0], [0.3, 0.4]], &device);
    let target = Tensor::<1>::from_floats([0.5], &device);
    // κ = 100 · 0.002 = 0.2: norms 5 → 4.1 and 0.5 → 0.5.
    let decayed = values(embedding_norm::decay_norms(v.clone(), target.clone(), 0.002));
    assert!(largest_difference(&decayed, &[2.46, 3.28, 0.3, 0.4]) < 1e-5);
    // κ is at most 1.
    let decayed = values(embedding_norm::decay_norms(v.clone(), target, 1.0));
    assert!(largest_difference(&decayed, &[0.3, 0.4, 0.3, 0.4]) < 1e-6);

    let numbers = [3.0_f64, 4.0, 0.3, 0.4];
    let mean = numbers.iter().sum::<f64>() / 4.0;
    let std = (numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 3.0).sqrt();
    let expected = numbers.map(|x| (x * (0.014 / std).powf(0.1)) as f32);
    let retracted = embedding_norm::retract_std(v.clone(), Tensor::from_floats([0.014], &device));
    assert!(largest_difference(&values(retracted), &expected) < 1e-5);

    let start = Tensor::<2>::from_floats([[2.0, 4.0], [0.3, 0.0]], &device);
    let (loss, gradient) = embedding_norm::anchor_loss(v, start, 0.5);
    assert!((values(loss)[0] - 0.58).abs() < 1e-6);
    assert!(largest_difference(&values(gradient), &[1.0, 0.0, 0.0, 0.4]) < 1e-6);
}

/// Decay would lengthen what the cap had shortened: the cap has the last word.
#[test]
fn the_cap_acts_after_the_other_controls() {
    let device = any_device();
    let tensor = |numbers: [f32; 1]| Tensor::<1>::from_floats(numbers, &device);
    let vocabulary = Vocabulary { mean_norm: tensor([2.0]), std: tensor([1.0]) };
    let settings = TrainingSettings {
        embedding_norm_cap: Some(1.2),
        embedding_norm_decay: Some(1.0),
        embedding_std_retraction: false,
        ..settings()
    };
    let start = Tensor::<2>::from_floats([[0.6, 0.8]], &device);
    let controls = NormControls::new(vocabulary, start, &settings);
    // κ = 1: norm 5 → 2 → 1.2.
    let controlled = values(controls.apply(Tensor::from_floats([[3.0, 4.0]], &device), 0.01));
    assert!(largest_difference(&controlled, &[0.72, 0.96]) < 1e-6, "{controlled:?}");
}

/// Decay goes by the rate of the step, which a warm-up begins with 0.
#[test]
fn norm_controls_warm_up_with_the_rate() {
    let tiny = Tiny::new();
    let settings = TrainingSettings {
        embedding_norm_decay: Some(3.0),
        embedding_norm_cap: None,
        learning_rate_warmup_steps: 2,
        ..settings()
    };
    let mut trainer = tiny.trainer(&settings);
    let before = trained_values(&trainer);
    run(&mut trainer, 1);
    assert!(largest_difference(&before, &trained_values(&trainer)) < 1e-6);
}

#[test]
fn an_anchored_word_stays_nearer_to_its_start() {
    let tiny = Tiny::new();
    let moved = |anchor: f64| {
        let settings = TrainingSettings { embedding_anchor: anchor, embedding_norm_cap: None, ..settings() };
        let mut trainer = tiny.trainer(&settings);
        let before = trained_values(&trainer);
        run(&mut trainer, 6);
        let after = trained_values(&trainer);
        let word = after.len() - 24;
        largest_difference(&before[word..], &after[word..])
    };
    let (free, anchored) = (moved(0.0), moved(1000.0));
    println!("moved {free} without an anchor, {anchored} with one");
    assert!(anchored < 0.8 * free);
}

/// Killed after any step, under every optimizer and variant of alignment.
#[test]
fn a_run_resumes_to_the_bit_whatever_its_settings() {
    let tiny = Tiny::new();
    let base = || TrainingSettings { rank: 8, steps: 4, warmup_steps: 1, batch: 1, ..settings() };
    let cases = [
        TrainingSettings {
            optimizer: Optimizer::AdamW8bit,
            learning_rate_schedule: LearningRateSchedule::Cosine,
            learning_rate_warmup_steps: 2,
            ..base()
        },
        TrainingSettings {
            alignment_form: AlignmentForm::Sds,
            alignment_noise: AlignmentNoise::Fresh,
            alignment_samples: 2,
            lambda_ramp_steps: 3,
            lambda_profile: [0.5, 1.0],
            embedding_norm_decay: Some(1.0),
            embedding_anchor: 1.0,
            ..base()
        },
        TrainingSettings {
            optimizer: Optimizer::AdamW8bit,
            fast_alignment: true,
            rescale: false,
            embedding_std_retraction: true,
            ..base()
        },
    ];
    for settings in cases {
        let mut whole = tiny.trainer(&settings);
        let mut killed = vec![state(&whole)];
        for _ in 0..4 {
            run(&mut whole, 1);
            killed.push(state(&whole));
        }
        for (step, checkpoint) in killed.iter().enumerate() {
            let mut resumed = resume(&tiny, checkpoint).unwrap();
            run(&mut resumed, 4 - step);
            assert_eq!(state(&resumed), killed[4], "killed after step {step}");
        }
    }
}

#[test]
fn the_best_values_are_kept_and_survive_a_checkpoint() {
    let tiny = Tiny::new();
    let mut trainer = tiny.trainer(&settings());
    run(&mut trainer, 2);
    let best = trained_values(&trainer);
    assert_eq!(trainer.note_score(0.5).without_gain, 0);
    run(&mut trainer, 2);
    assert_eq!(trainer.note_score(0.4).without_gain, 1);
    assert_eq!(trainer.note_score(f64::NAN).without_gain, 2);
    assert_ne!(trained_values(&trainer), best);
    let mut trainer = resume(&tiny, &state(&trainer)).unwrap();
    let standing = trainer.note_score(0.5);
    assert_eq!(standing, Standing { best: Some(BestScore { step: 2, score: 0.5 }), without_gain: 3 });
    trainer.restore_best();
    assert_eq!(trained_values(&trainer), best);
    assert_eq!(block_on(trainer.adapter()).unwrap().details.steps, Some(2));
}

#[test]
fn records_say_what_a_step_took() {
    let tiny = Tiny::new();
    let settings =
        TrainingSettings { steps: 3, warmup_steps: 1, learning_rate_warmup_steps: 2, ..settings() };
    let mut trainer = tiny.trainer(&settings);
    let records: Vec<_> = (0..3).map(|_| block_on(trainer.step()).unwrap()).collect();
    // Batches of two; with alignment two predictions of the frozen model and one of the personalized.
    assert_eq!(records.iter().map(|record| record.unet_evaluations).collect::<Vec<_>>(), [2, 8, 8]);
    let rates: Vec<f64> = records.iter().map(|record| record.learning_rate).collect();
    assert_eq!(rates, [0.0, 0.5 * settings.lora_learning_rate, settings.lora_learning_rate]);
    let ids: Vec<u32> = (0..3555).collect();
    let rows = values(tiny.text_encoder.embed_tokens(&ids));
    let norm = |row: &[f32]| row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    let mean = rows.chunks(24).map(norm).sum::<f64>() / 3555.0;
    assert!((records[0].vocabulary_norm - mean).abs() < 1e-4 * mean);
}
