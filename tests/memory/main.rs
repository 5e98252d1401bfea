//! The memory plan against what the device handed out: making a picture, and training with activations
//! kept and computed again, on the embedded model and on Stable Diffusion 1.5's layout in small. Both ways
//! of training learn the same to the bit. In a program of its own: a dry run drops every launch of the process.

mod adapters;
mod beside;
mod embedded;
mod layout;
#[path = "../support/mod.rs"]
mod support;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use cubecl::dry_run::DryRun;
use palpable::adapter::Adapter;
use palpable::gpu::tiles::{Candidate, TileTable};
use palpable::gpu::{Gpu, KernelProfile};
use palpable::pipeline::{AppliedAdapter, Generation, GenerationSettings, Precision, StableDiffusion};
use palpable::plan::{Adaptation, MemoryPlan, ModelSizes, TrainingSizes};
use palpable::training::{
    ActivationPolicy, Activations, FrozenModel, PhotoLatents, TrainedWeights, Trainer, TrainingSettings,
};
use support::{block_on, demo_model, formula};

/// How far from the plan a measured peak may be.
const TOLERANCE: f64 = 0.15;

static LAUNCHES: RwLock<()> = RwLock::new(());

/// As long as what it returns lives, launches are dropped, and what is read back means nothing: only the buffers count,
/// and computing takes a software GPU minutes.
fn without_launches() -> (DryRun, RwLockReadGuard<'static, ()>) {
    let guard = LAUNCHES.read().unwrap_or_else(PoisonError::into_inner);
    (DryRun::new(), guard)
}

/// As long as what it returns lives, no test drops launches.
fn with_launches() -> RwLockWriteGuard<'static, ()> {
    LAUNCHES.write().unwrap_or_else(PoisonError::into_inner)
}

/// A GPU of which nothing was measured. It splits the sums of many products, which software adapters don't, and has one
/// tile: each further one would be compiled for every product.
fn open_gpu() -> Gpu {
    let gpu = support::open_gpu();
    let others = Candidate::all().filter(|candidate| candidate.tile() != Candidate::simplest().tile());
    let tiles = others.fold(TileTable::untuned(false), TileTable::without);
    KernelProfile::on(&gpu.device).with_tiles(tiles).set(&gpu.device);
    gpu
}

fn demo(gpu: &Gpu) -> StableDiffusion {
    let source = demo_model();
    block_on(StableDiffusion::load(gpu, &source, "demo", Precision::Float32, &mut |_| ())).expect("a model")
}

fn picture() -> GenerationSettings {
    GenerationSettings { prompt: "a dog".into(), steps: 3, width: 64, height: 64, ..Default::default() }
}

fn training(activations: Activations, trained_weights: TrainedWeights) -> TrainingSettings {
    TrainingSettings {
        trained_weights,
        class_noun: "dog".into(),
        clean_prompt: "a sketch of a dog".into(),
        rank: 4,
        steps: 2,
        warmup_steps: 0,
        batch: 2,
        photo_variants: 1,
        activations,
        ..Default::default()
    }
}

/// A picture: the device's peak beyond what lay there before.
fn draw(
    gpu: &Gpu,
    model: &StableDiffusion,
    settings: &GenerationSettings,
    adapters: &[AppliedAdapter],
) -> u64 {
    gpu.release_unused();
    let before = gpu.memory().in_use;
    gpu.restart_peak();
    let mut generation = Generation::new(model, settings, adapters).expect("a picture in the making");
    for _ in 0..generation.steps() {
        block_on(generation.step()).expect("a step");
    }
    block_on(generation.finish()).expect("a picture");
    gpu.memory().peak - before
}

/// The steps and a checkpoint of a run on one picture of `side` latents: the device's peak beyond what lay there
/// before, and what was learned.
fn train(gpu: &Gpu, model: FrozenModel, side: usize, settings: TrainingSettings) -> (u64, Adapter) {
    gpu.release_unused();
    let before = gpu.memory().in_use;
    gpu.restart_peak();
    let latents = formula::values("latents", [1, side, side, 4], &gpu.device);
    let latents = match settings.localized_loss > 0.0 {
        true => PhotoLatents::masked(latents, &vec![0.5; side * side]),
        false => PhotoLatents::from_tensor(latents),
    };
    let mut trainer = Trainer::new(model, latents, settings, &gpu.device).expect("a run");
    while !trainer.is_complete() {
        block_on(trainer.step()).expect("a step");
    }
    block_on(trainer.checkpoint()).expect("a checkpoint");
    gpu.check().expect("no error on the GPU");
    let taken = gpu.memory().peak - before;
    (taken, block_on(trainer.adapter()).expect("an adapter"))
}

fn assert_near(what: &str, measured: u64, planned: u64) {
    println!("{what}: measured {measured}, planned {planned}");
    let error = (measured as f64 - planned as f64).abs() / planned as f64;
    assert!(error <= TOLERANCE, "{what}: {measured} bytes measured, {planned} planned");
}

/// Of a training beside the weights.
fn activations(plan: &MemoryPlan) -> u64 {
    plan.phases.last().map_or(0, |phase| phase.bytes)
}

fn frozen(model: &StableDiffusion) -> FrozenModel {
    FrozenModel {
        checkpoint: None,
        identity: Vec::new(),
        resolution: model.resolution,
        name: model.name.clone(),
        tokenizer: model.tokenizer.clone(),
        text_encoder: model.text_encoder.clone(),
        unet: model.unet.clone(),
        schedule: model.schedule.clone(),
        dtype: model.precision.dtype().into(),
    }
}

fn sizes(model: &StableDiffusion) -> ModelSizes<'_> {
    ModelSizes {
        text_encoder: model.text_encoder.config(),
        unet: model.unet.config(),
        vae: &model.vae.config,
        scalar: 4,
        unet_packing: None,
        other_packing: None,
        taesd: None,
        held: 0,
        profile: Arc::new(KernelProfile::on(&model.gpu.device)),
    }
}

fn run(side: usize, settings: &TrainingSettings) -> TrainingSizes {
    let adaptation = Adaptation::of(settings);
    let optimizer = settings.optimizer;
    let localized = settings.localized_loss > 0.0;
    TrainingSizes {
        side,
        pictures: 1,
        batch: 2,
        prompts: 1,
        adaptation,
        aligned_predictions: 2,
        optimizer,
        keeps_best: false,
        localized,
    }
}

const POLICIES: [(Activations, ActivationPolicy); 2] =
    [(Activations::Keep, ActivationPolicy::Keep), (Activations::Recompute, ActivationPolicy::Recompute)];
