//! Kernels compiled ahead. In a program of its own: a dry run drops every launch of the process.

mod support;

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use burn::tensor::{FloatDType, Tensor};
use cubecl::{dry_run::DryRun, launched::LaunchedKernels};
use palpable::{
    gpu::{Gpu, KernelProfile},
    ops::linear,
    pipeline::{Generation, GenerationSettings, Precision, StableDiffusion},
    startup::{compile_checks, self_test, small_checks},
    training::{Trainer, TrainingSettings, photos::read_folder},
};
use support::{as_in_a_browser, block_on, demo_model, in_repository, open_gpu, values};

/// One test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn load(gpu: &Gpu) -> StableDiffusion {
    let source = demo_model();
    block_on(StableDiffusion::load(gpu, &source, "demo", Precision::Float32, &mut |_| ()))
        .expect("the embedded model")
}

/// Tries before a kernel that was compiled only when it was launched counts as forgotten. burn writes in place
/// where it finds a buffer held once, and natively the thread of the memory pool holds a new one twice for a
/// moment: now and then an element-wise operation takes its other variant, in either run. What is really
/// forgotten is missing every time.
const TRIES: usize = 3;

fn assert_compiled_before_launch<Subject>(
    prepare: impl Fn() -> Subject,
    compile: impl Fn(&Subject),
    launch: impl Fn(Subject),
) {
    let mut late = 0;
    for _ in 0..TRIES {
        let subject = prepare();
        let compiled = LaunchedKernels::new();
        let started = Instant::now();
        compile(&subject);
        let compiled = compiled.finish();
        println!("compiled in {:.1} s", started.elapsed().as_secs_f64());
        let launched = LaunchedKernels::new();
        launch(subject);
        let launched = launched.finish();
        println!("{} kernels compiled, {} launched", compiled.len(), launched.len());
        late = launched.difference(&compiled).count();
        if late == 0 {
            return;
        }
    }
    panic!("{late} kernels were compiled only when they were launched, {TRIES} times in a row");
}

/// Drawing launches nothing that was not compiled before, and draws what it draws without. Its third step is the
/// first that is repeated.
#[test]
fn drawing_needs_nothing_that_was_not_compiled() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let draw = |model: &StableDiffusion| {
        let prompt = "a photo of a cat".to_owned();
        let settings = GenerationSettings { prompt, steps: 3, ..Default::default() };
        let mut generation = Generation::new(model, &settings, &[]).expect("a generation");
        let mut seconds = Vec::new();
        for _ in 0..generation.steps() {
            let started = Instant::now();
            block_on(generation.step()).expect("a step");
            seconds.push(started.elapsed().as_secs_f64());
        }
        let started = Instant::now();
        let picture = block_on(generation.finish()).expect("a picture");
        seconds.push(started.elapsed().as_secs_f64());
        println!("steps and decoding took {seconds:.1?} s");
        picture
    };
    let gpu = open_gpu();
    as_in_a_browser(&gpu, || {
        let unprepared = draw(&load(&gpu));
        assert_compiled_before_launch(
            || load(&gpu),
            |model| model.compile_kernels().expect("compiled kernels"),
            |model| assert!(draw(&model) == unprepared, "preparation changed the picture"),
        );
    });
}

/// A limit that a smaller picture keeps to must not fail at the preparation of one that nobody asked for.
#[test]
fn a_size_that_may_not_be_drawn_is_not_prepared() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut model = load(&open_gpu());
    model.gpu.memory_limit = model.picture_memory().peak() - 1;
    let compiled = LaunchedKernels::new();
    model.compile_kernels().expect("nothing to do");
    assert_eq!(compiled.finish().len(), 0);
}

/// A training's steps, before and after the warm-up, launch nothing that was not compiled before, and learn what
/// they learn without.
#[test]
fn training_needs_nothing_that_was_not_compiled() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let photos = read_folder(&in_repository("models/demo/subjects/dog")).expect("photos");
    let settings = TrainingSettings {
        placeholder: "<my-dog>".to_owned(),
        class_noun: "dog".to_owned(),
        clean_prompt: "a photo of a dog at the beach".to_owned(),
        steps: 4,
        warmup_steps: 2,
        batch: 1,
        photo_variants: 1,
        resolution: Some(64),
        ..Default::default()
    };
    let gpu = open_gpu();
    as_in_a_browser(&gpu, || {
        let model = load(&gpu);
        // Encodes the photo, which is not the steps' work.
        let prepare = || {
            block_on(model.trainer(&photos[..1], settings.clone(), None, &mut |_, _| true)).expect("a run")
        };
        let train = |mut trainer: Trainer| {
            while !trainer.is_complete() {
                block_on(trainer.step()).expect("a step");
            }
            block_on(trainer.adapter()).expect("an adapter")
        };
        let unprepared = train(prepare());
        // What is prepared last is what comes first: a recording of nothing would show.
        assert_compiled_before_launch(
            prepare,
            |trainer| model.compile_training_kernels(trainer).expect("compiled kernels"),
            |trainer| assert!(train(trainer) == unprepared, "preparation changed the adapter"),
        );
    });
}

/// The self-test launches nothing that was not compiled before.
#[test]
fn the_self_test_needs_nothing_that_was_not_compiled() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let checks = small_checks();
    assert_compiled_before_launch(
        open_gpu,
        |gpu| compile_checks(gpu, &checks),
        |mut gpu| {
            block_on(self_test(&mut gpu, &checks)).expect("a right device");
        },
    );
}

/// The poison of the tests for unwritten elements reaches results: a kernel that doesn't run leaves it.
#[test]
fn results_are_poisoned() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let gpu = open_gpu();
    KernelProfile { poison_results: true, ..KernelProfile::on(&gpu.device) }.set(&gpu.device);
    let half = gpu.report.float16.then_some(FloatDType::F16);
    for dtype in half.into_iter().chain([FloatDType::F32]) {
        let ones = |shape: [usize; 2]| Tensor::<2>::ones(shape, (&gpu.device, dtype.into()));
        let (x, weight) = (ones([5, 7]).unsqueeze::<3>(), ones([3, 7]));
        gpu.device.flush().expect("a device that works");
        let dry = DryRun::new();
        let untouched = linear::linear(x, weight, None);
        gpu.device.flush().expect("a device that works");
        drop(dry);
        assert!(values(untouched).iter().all(|value| value.is_nan()), "{dtype:?}");
    }
}
