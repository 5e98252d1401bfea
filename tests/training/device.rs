//! Training on a GPU: how often it waits, how much it submits at once, and what is left when the
//! device goes away.

use std::fs;

use burn::tensor::FloatDType;
use palpable::{
    adapter::Adapter,
    gpu::{self, KernelProfile, Work},
    pipeline::{self, BrokenOff, RunObserver, run_training},
    training::{Activations, TrainingRecord, TrainingSettings, alignment::AlignmentNoise},
};

use crate::support::{as_in_a_browser, block_on, in_repository, open_gpu};
use crate::tiny::{Tiny, run, settings, trained_values};

/// One read-back a step: its report. Every other one would empty the device's queue.
#[test]
fn a_step_waits_once() {
    let gpu = open_gpu();
    let tiny = Tiny::on(gpu.device.clone(), FloatDType::F32);
    let mut trainer = tiny.trainer(&TrainingSettings { accumulation: 2, ..settings() });
    // Without alignment and, after the second step, with it.
    for _ in 0..4 {
        let before = Work::so_far();
        run(&mut trainer, 1);
        assert_eq!((Work::so_far() - before).reads, 1);
    }
}

/// [`palpable::gpu::read`] counts; nothing in the engine goes around it.
#[test]
fn nothing_else_waits() {
    let mut folders = vec![in_repository("src")];
    let mut waiting = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let code = fs::read_to_string(&path).unwrap();
            let waits = [".into_data_async(", ".to_data(", ".into_scalar(", ".into_scalar_async(", ".sync("];
            if waits.iter().any(|call| code.contains(call)) {
                waiting.push(path);
            }
        }
    }
    assert_eq!(waiting, [in_repository("src/gpu/readback.rs")]);
}

/// A weak device gets its work in small portions, a strong one in burn's alone; the numbers are the same.
#[test]
fn submissions_follow_the_devices_speed() {
    let run_at = |submission_budget: u64| {
        let gpu = open_gpu();
        KernelProfile { submission_budget, ..KernelProfile::on(&gpu.device) }.set(&gpu.device);
        let tiny = Tiny::on(gpu.device.clone(), FloatDType::F32);
        let mut trainer = tiny.trainer(&settings());
        let before = Work::so_far();
        run(&mut trainer, 1);
        (Work::so_far() - before, trained_values(&trainer))
    };
    let (strong, values) = run_at(u64::MAX);
    assert_eq!(strong.submissions, 0);
    let budget = 1_000_000;
    let (weak, same_values) = run_at(budget);
    assert_eq!(values, same_values);
    assert_eq!(weak.flops, strong.flops);
    // No portion is larger than the budget, and each but the last is filled until the next launch
    // doesn't fit: two neighbours together are more than the budget.
    let least = weak.flops.div_ceil(budget);
    assert!(weak.submissions >= least, "{} submissions for {} operations", weak.submissions, weak.flops);
    assert!(weak.submissions < weak.launches, "every launch alone");
}

/// With alignment and without, one batch a step or two, kept or computed again, with one clean prompt or two.
#[test]
fn repeated_steps_are_the_same_to_the_bit() {
    let aligned = TrainingSettings { warmup_steps: 0, ..settings() };
    let kinds = [
        TrainingSettings { warmup_steps: 6, activations: Activations::Recompute, ..settings() },
        TrainingSettings { further_clean_prompts: vec!["a dog in oil".to_owned()], ..aligned.clone() },
        TrainingSettings { beta: 7.5, alignment_noise: AlignmentNoise::Fresh, ..aligned.clone() },
        TrainingSettings { accumulation: 2, min_snr_gamma: Some(5.0), steps: 3, ..aligned },
    ];
    // One device, since each compiles every kernel anew.
    let gpu = open_gpu();
    let run_at = |submission_budget: u64, settings: &TrainingSettings| {
        KernelProfile { submission_budget, ..KernelProfile::on(&gpu.device) }.set(&gpu.device);
        as_in_a_browser(&gpu, || {
            let tiny = Tiny::on(gpu.device.clone(), FloatDType::F32);
            let mut trainer = tiny.trainer(settings);
            let before = Work::so_far();
            run(&mut trainer, settings.steps);
            (Work::so_far() - before, trained_values(&trainer))
        })
    };
    for settings in kinds {
        let (anew, values) = run_at(0, &settings);
        let (repeated, same_values) = run_at(u64::MAX, &settings);
        assert_eq!(anew.repeated, 0);
        assert!(2 * repeated.repeated > repeated.launches, "{repeated:?}");
        assert_eq!(values, same_values);
    }
}

/// Keeps the adapter as a file, and takes the device away after some steps.
struct Losing<'a> {
    gpu: &'a gpu::Gpu,
    after: usize,
    file: std::path::PathBuf,
}

impl RunObserver<pipeline::Error> for Losing<'_> {
    fn made(&mut self, record: TrainingRecord) -> Result<(), pipeline::Error> {
        if record.step == self.after {
            self.gpu.lose();
        }
        Ok(())
    }

    fn keep(&mut self, adapter: Adapter) -> Result<(), pipeline::Error> {
        fs::write(&self.file, adapter.to_bytes()).unwrap();
        Ok(())
    }
}

#[test]
fn a_lost_device_leaves_the_last_kept_adapter() {
    for (name, after, expected) in [("step", 3, 2), ("saving", 4, 2), ("start", 1, 0)] {
        let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lost-{name}.safetensors"));
        let _ = fs::remove_file(&file);
        let gpu = open_gpu();
        let tiny = Tiny::on(gpu.device.clone(), FloatDType::F32);
        let mut trainer = tiny.trainer(&settings());
        let mut observer = Losing { gpu: &gpu, after, file: file.clone() };
        let broken = block_on(run_training(&mut trainer, &gpu, 2, &mut observer));
        let BrokenOff { error, kept_steps } = broken.expect_err("a lost device");
        assert_eq!(kept_steps, expected, "lost at {name}");
        assert!(matches!(error, pipeline::Error::Gpu(gpu::Error::Lost { .. })), "{error}");
        assert!(error.sentence().contains("The GPU was lost"), "{}", error.sentence());
        if expected == 0 {
            assert!(!file.exists());
            continue;
        }
        let kept = Adapter::from_bytes(&fs::read(&file).unwrap(), "lost.safetensors").unwrap();
        assert_eq!(kept.details.steps, Some(expected));
        assert!(kept.lora.iter().all(|layer| layer.up.iter().all(|value| value.is_finite())));
    }
}

/// A run that nothing disturbs keeps its last state, the same as by steps of its own.
#[test]
fn a_whole_run_keeps_its_end() {
    let gpu = open_gpu();
    let tiny = Tiny::on(gpu.device.clone(), FloatDType::F32);
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("whole.safetensors");
    let mut observer = Losing { gpu: &gpu, after: usize::MAX, file: file.clone() };
    let mut whole = tiny.trainer(&settings());
    block_on(run_training(&mut whole, &gpu, 4, &mut observer)).map_err(|broken| broken.error).unwrap();
    let mut by_steps = tiny.trainer(&settings());
    run(&mut by_steps, 6);
    assert_eq!(trained_values(&whole), trained_values(&by_steps));
    let kept = Adapter::from_bytes(&fs::read(&file).unwrap(), "whole.safetensors").unwrap();
    assert_eq!(kept.details.steps, Some(6));
}
