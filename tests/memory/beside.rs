//! What lies on the device beside the model: a judge of pictures, the state of a run that draws previews, the
//! tiny autoencoder.

use std::rc::Rc;

use burn::tensor::FloatDType;
use image::RgbImage;
use palpable::{
    evaluation::Judge,
    gpu::{Gpu, JobBuffers},
    model::taesd::{AutoencoderTiny, AutoencoderTinyConfig},
    pipeline::{
        AppliedAdapter, ClipFiles, Error, GenerationSettings, JudgeFiles, StableDiffusion, TrainingPreviews,
    },
    plan,
    training::{Activations, Photo, TrainedWeights, TrainingSettings},
    weights::{ByteSource, DirectorySource},
};

use super::{activations, assert_near, demo, draw, open_gpu, training, without_launches};
use crate::support::{
    block_on, demo_model,
    formula::{self, FormulaModel},
    in_repository,
};

fn photo_file() -> Vec<u8> {
    std::fs::read(in_repository("models/demo/subjects/cat/1.png")).expect("a photo")
}

fn photo() -> RgbImage {
    image::load_from_memory(&photo_file()).expect("a photo").into_rgb8()
}

fn preview() -> GenerationSettings {
    GenerationSettings { prompt: "a dog".into(), steps: 1, width: 128, height: 128, ..Default::default() }
}

fn judge_of(model: &StableDiffusion, dino: Option<&dyn ByteSource>) -> Judge {
    let files = JudgeFiles { clip: ClipFiles::OfModel(&demo_model()), dino };
    block_on(model.load_judge(files)).expect("a judge")
}

/// The device's peak beyond `before` while `work` is done, and what is in use beyond it afterwards.
fn taken<T>(gpu: &Gpu, before: u64, work: impl FnOnce() -> T) -> (u64, u64, T) {
    gpu.release_unused();
    gpu.restart_peak();
    let done = work();
    let memory = gpu.memory();
    (memory.peak - before, memory.in_use - before, done)
}

#[test]
fn a_judge_takes_what_is_planned() {
    let _dry = without_launches();
    let gpu = open_gpu();
    let model = demo(&gpu);
    let before = gpu.memory().in_use;
    let dino = DirectorySource::new(in_repository("tests/goldens/evaluation/dino"));
    for dino in [None, Some(&dino as &dyn ByteSource)] {
        let (_, weights, judge) = taken(&gpu, before, || judge_of(&model, dino));
        assert_near("a judge", weights, gpu.held());
        let beside = model.plan_generation(&preview(), &[], None).expect("room");
        assert_eq!(beside.held, gpu.held());
        // As many as it looks at together.
        let photos = vec![photo(); 16];
        let (most, _, _) = taken(&gpu, before, || block_on(judge.embed_subject(&photos)).expect("vectors"));
        let mut small = model.clone();
        small.gpu.memory_limit = model.picture_memory().weights.total();
        let files = JudgeFiles { clip: ClipFiles::OfModel(&demo_model()), dino };
        drop(judge);
        let refusal = block_on(small.load_judge(files)).err().expect("a refusal");
        let Error::Memory(plan::Error::Memory { job, needed, .. }) = refusal else {
            panic!("{refusal}");
        };
        assert_eq!(job, "judging pictures");
        assert_near("looking at pictures", before + most, needed);
        assert_near("looking at pictures, beside the model", most, needed - before);
        assert_eq!(gpu.held(), 0);
    }
}

#[test]
fn a_training_with_previews_takes_what_is_planned() {
    let _dry = without_launches();
    let gpu = open_gpu();
    let model = demo(&gpu);
    let before = gpu.memory().in_use;
    let photos = [Photo::decode(&photo_file(), "1.png").expect("a photo")];
    for trained_weights in [TrainedWeights::Lora, TrainedWeights::All] {
        let settings = TrainingSettings {
            resolution: Some(64),
            batch: 1,
            ..training(Activations::Recompute, trained_weights)
        };
        let previews = TrainingPreviews { picture: preview(), scored: true };
        let plan = model.plan_training(&settings, 1, Some(&previews)).expect("room");
        let without = model.plan_training(&settings, 1, None).expect("room");
        assert!(plan.peak() > without.peak(), "{}", plan.sentence());
        let (_, _, mut trainer) = taken(&gpu, before, || {
            block_on(model.trainer(&photos, settings, Some(&previews), &mut |_, _| true)).expect("a run")
        });
        let mut adapter = None;
        let (step, _, ()) = taken(&gpu, before, || {
            block_on(trainer.step()).expect("a step");
            trainer.note_score(1.0);
            // The best values are others than those of now.
            block_on(trainer.step()).expect("a step");
            adapter = Some(block_on(trainer.adapter()).expect("an adapter"));
        });
        let [.., step_planned, preview_planned] = plan.phases.as_slice() else {
            panic!("{}", plan.sentence())
        };
        let what = format!("a training of {trained_weights:?}");
        assert_near(&what, step, step_planned.bytes);
        gpu.release_unused();
        let state = gpu.memory().in_use - before;
        let held = model.hold_run(&trainer, true);
        assert_near(&format!("{what}, between its steps"), state, gpu.held());
        let applied = AppliedAdapter { adapter: adapter.as_ref().expect("an adapter"), strength: 1.0 };
        let drawn = draw(&gpu, &model, &preview(), &[applied]);
        assert_near(&format!("{what}, a preview"), state + drawn, preview_planned.bytes);
        let alone = model.plan_generation(&preview(), &[], None).expect("room");
        drop(held);
        let nothing_held = model.plan_generation(&preview(), &[], None).expect("room");
        assert!(alone.peak() - nothing_held.peak() >= state / 2);
    }
}

#[test]
fn previews_that_leave_no_room_are_told_before_the_training() {
    let mut model = demo(&open_gpu());
    let settings = TrainingSettings {
        resolution: Some(64),
        batch: 1,
        rank: 8,
        ..training(Activations::Recompute, TrainedWeights::Lora)
    };
    let previews = TrainingPreviews { picture: preview(), scored: false };
    model.gpu.memory_limit = model.plan_training(&settings, 1, None).expect("room").peak();
    let refusal = model.plan_training(&settings, 1, Some(&previews)).expect_err("no room").sentence();
    assert!(
        refusal.starts_with("This training needs ") && refusal.contains("choose no pictures in between, or"),
        "{refusal}"
    );
}

#[test]
fn a_preview_by_the_tiny_autoencoder_takes_what_is_planned() {
    let _dry = without_launches();
    let gpu = open_gpu();
    let mut model = demo(&gpu);
    let settings = GenerationSettings { preview: true, width: 256, height: 256, ..preview() };
    let whole = model.plan_generation(&settings, &[], None).expect("room");
    let tiny = FormulaModel::read("vae/taesd.json");
    let config = AutoencoderTinyConfig::from_json(&tiny.config).expect("a config");
    let loaded = gpu.memory().in_use;
    let mut weights = tiny.weights(&gpu.device, FloatDType::F32);
    let taesd = AutoencoderTiny::load(&mut weights, &config).expect("a model");
    drop(weights);
    gpu.release_unused();
    let of_taesd = gpu.memory().in_use - loaded;
    model.taesd = Some(Rc::new(taesd));
    let plan = model.plan_generation(&settings, &[], None).expect("room");
    assert!(plan.peak() < whole.peak());
    assert_near("a tiny autoencoder", of_taesd, plan.weights.taesd);
    let drawn = draw(&gpu, &model, &settings, &[]);
    assert_near("a preview", drawn, plan.largest_phase());
    let decoding = activations(&plan);
    assert!(drawn >= decoding, "{drawn} bytes measured, {decoding} planned for decoding alone");
}

#[test]
fn jobs_that_alternate_keep_nothing_of_each_other() {
    let gpu = open_gpu();
    let [one, other] = [(); 2].map(|()| JobBuffers::new(&gpu));
    one.take_turn();
    drop(formula::values("activations", [512, 512], &gpu.device));
    let kept = || gpu.memory().reserved - gpu.memory().in_use;
    one.take_turn();
    assert!(kept() >= 512 * 512 * 4, "its own next step may use them");
    other.take_turn();
    assert!(kept() < 512 * 512, "{} bytes kept", kept());
}
