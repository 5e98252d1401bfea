//! The memory plan against what the device handed out: making a picture, and training with activations
//! kept and computed again, on the embedded model and on Stable Diffusion 1.5's layout in small. Both ways
//! of training learn the same to the bit.

mod beside;
#[path = "../support/mod.rs"]
mod support;

use std::{collections::HashMap, rc::Rc, sync::Arc};

use burn::tensor::FloatDType;
use palpable::{
    adapter::{Adapter, Difference, LoraWeights},
    gpu::{
        Gpu, KernelProfile, Work,
        tiles::{Candidate, TileTable},
    },
    model::{
        adaptable::AdaptableModule,
        clip_text::{ClipTextConfig, ClipTextModel},
        unet::UNet2DConditionModel,
        unet_config::UNet2DConditionConfig,
    },
    pipeline::{AppliedAdapter, Generation, GenerationSettings, Precision, StableDiffusion},
    plan::{Adaptation, MemoryPlan, ModelSizes, TrainingSizes, parameters},
    sampling::{NoiseSchedule, SchedulerConfig},
    tokenizer::Tokenizer,
    training::{
        ActivationPolicy, Activations, FrozenModel, PhotoLatents, TrainedWeights, Trainer, TrainingSettings,
        settings::PromptTemplates,
    },
    weights::{Weights, read_text},
};
use support::{
    as_in_a_browser, block_on, demo_model,
    formula::{self, FormulaModel},
};

/// How far from the plan a measured peak may be.
const TOLERANCE: f64 = 0.15;

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

#[test]
fn the_embedded_model_takes_what_is_planned() {
    check_embedded_model(&open_gpu());
}

/// As steps do in a browser.
#[test]
fn what_is_recorded_takes_what_is_planned() {
    let gpu = open_gpu();
    as_in_a_browser(&gpu, || {
        let before = Work::so_far();
        check_embedded_model(&gpu);
        assert!((Work::so_far() - before).repeated > 0);
    });
}

fn check_embedded_model(gpu: &Gpu) {
    let model = demo(gpu);
    let plan = model.plan_generation(&picture(), &[], None).expect("room");
    assert_near("weights", gpu.memory().in_use, plan.weights.total());

    let measured = draw(gpu, &model, &picture(), &[]);
    let weights = plan.weights.total();
    assert_near("a picture", measured + weights, plan.peak());
    assert_near("a picture's activations", measured, plan.peak() - weights);

    let mut learned = Vec::new();
    for (setting, policy) in POLICIES {
        let settings = TrainingSettings { steps: 3, ..training(setting, TrainedWeights::Lora) };
        let planned = activations(&sizes(&model).training(run(64, &settings), policy));
        let (measured, adapter) = train(gpu, frozen(&model), 8, settings);
        learned.push(adapter);
        assert_near(&format!("training, {policy:?}"), measured, planned);
    }
    assert!(learned[0] == learned[1], "kept and recomputed activations train another adapter");
}

/// The text encoder takes the prompts of a pass together: three in the first step, four in the second, in the same
/// buffers.
#[test]
fn distinct_prompts_take_what_is_planned() {
    let gpu = open_gpu();
    let model = demo(&gpu);
    for (setting, _) in POLICIES {
        let settings = TrainingSettings {
            prompt_templates: PromptTemplates::Objects,
            lambda: 0.0,
            batch: 4,
            seed: 2,
            ..training(setting, TrainedWeights::None)
        };
        let plan = model.plan_training(&settings, 1, None).expect("room");
        let (measured, _) = train(&gpu, frozen(&model), 16, settings);
        assert_near(&format!("four prompts, {setting:?}"), measured, activations(&plan));
    }
}

/// A LoRA, and full differences, of all these layers.
fn adapters(modules: Vec<AdaptableModule>) -> [(&'static str, Adapter); 2] {
    let zeros = |shape: &[usize]| vec![0.0; shape.iter().product()];
    let low_rank = |module: &AdaptableModule| {
        let AdaptableModule { path, in_features, out_features, kind, .. } = module.clone();
        let down = zeros(&[&[16, in_features], kind.kernel()].concat());
        let up = zeros(&[out_features, 16]);
        LoraWeights { path, rank: 16, in_features, out_features, kind, down, up, alpha: 16.0 }
    };
    let difference = |module: &AdaptableModule| {
        let shape = module.weight_shape();
        Difference { path: module.path.clone(), weight: zeros(&shape), shape, bias: None }
    };
    let lora = modules.iter().map(low_rank).collect();
    let differences = modules.iter().map(difference).collect();
    [
        ("a LoRA", Adapter { lora, ..Adapter::default() }),
        ("full differences", Adapter { differences, ..Adapter::default() }),
    ]
}

/// Folded into weights, beside them for want of memory, and beside them because their strength changes step
/// by step.
#[test]
fn adapters_take_what_is_planned() {
    let gpu = open_gpu();
    let halves = gpu.report.float16.then_some(Precision::Float16);
    for precision in [Some(Precision::Float32), halves].into_iter().flatten() {
        let source = demo_model();
        let model = block_on(StableDiffusion::load(&gpu, &source, "demo", precision, &mut |_| ()));
        let mut model = model.expect("a model");
        for (what, adapter) in adapters(model.adaptable_modules()) {
            let applied = [AppliedAdapter { adapter: &adapter, strength: 1.0 }];
            let changing = GenerationSettings { strength_end: Some(0.5), ..picture() };
            let idle = [AppliedAdapter { adapter: &adapter, strength: 0.0 }];
            let [plain, idle] =
                [&[][..], &idle].map(|adapters| model.plan_generation(&picture(), adapters, None));
            assert_eq!(
                idle.expect("room"),
                plain.expect("room"),
                "of strength 0 it isn't brought to the device"
            );
            let mut limit = u64::MAX;
            for (held, settings) in [("folded", picture()), ("tight", picture()), ("changing", changing)] {
                model.gpu.memory_limit = if held == "tight" { limit } else { u64::MAX };
                let Ok(plan) = model.plan_generation(&settings, &applied, None) else {
                    assert_eq!(
                        (what, held),
                        ("full differences", "tight"),
                        "only a LoRA is smaller unfolded"
                    );
                    continue;
                };
                limit = plan.peak() - 1;
                let measured = draw(&gpu, &model, &settings, &applied);
                let name = format!("{what}, {held}, {precision:?}");
                assert_near(&name, measured, plan.peak() - plan.weights.total());
            }
        }
    }
}

/// Two rows of two tiles, each in the buffers of the one before it.
#[test]
fn tiles_take_what_is_planned() {
    let gpu = open_gpu();
    let mut model = demo(&gpu);
    let settings = GenerationSettings { width: 272, height: 272, steps: 1, ..picture() };
    let whole = model.plan_generation(&settings, &[], None).expect("room");
    model.gpu.memory_limit = whole.peak() - 1;
    let plan = model.plan_generation(&settings, &[], None).expect("room for tiles");
    assert_eq!((whole.tile, plan.tile), (None, Some(32)));
    let measured = draw(&gpu, &model, &settings, &[]);
    assert_near("a picture in tiles, beside the weights", measured, plan.peak() - plan.weights.total());
}

/// A text encoder of two layers, as wide as the small layout's prompts, with the activation of Stable Diffusion 2's.
fn text_encoder(gpu: &Gpu, width: usize) -> ClipTextModel {
    let config = format!(
        r#"{{"vocab_size": 3555, "hidden_size": {width}, "intermediate_size": {}, "num_hidden_layers": 2,
        "num_attention_heads": 4, "max_position_embeddings": 77, "eos_token_id": 3554,
        "hidden_act": "gelu"}}"#,
        4 * width
    );
    let config = ClipTextConfig::from_json(&config).expect("a config");
    let matrix = |name: &str| match name {
        name if name.contains("token_embedding") => vec![3555, width],
        name if name.contains("position_embedding") => vec![77, width],
        name if name.contains("fc1") => vec![4 * width, width],
        name if name.contains("fc2") => vec![width, 4 * width],
        _ => vec![width, width],
    };
    let tensors: HashMap<_, _> = parameters::text_encoder(&config)
        .into_iter()
        .map(|parameter| {
            let count = parameter.count as usize;
            let shape = if count > 4 * width { matrix(&parameter.name) } else { vec![count] };
            let values = formula::weight(&parameter.name, &shape);
            (parameter.name, (shape, values))
        })
        .collect();
    let mut weights = Weights::from_tensors(tensors, &gpu.device, FloatDType::F32).expect("weights");
    ClipTextModel::load(&mut weights, config).expect("a text encoder")
}

#[test]
fn stable_diffusions_layout_takes_what_is_planned() {
    let gpu = open_gpu();
    let formula_unet = FormulaModel::read("unet/sd15_layout.json");
    let config = UNet2DConditionConfig::from_json(&formula_unet.config).expect("a config");
    let mut weights = formula_unet.weights(&gpu.device, FloatDType::F32);
    let unet = Rc::new(UNet2DConditionModel::load(&mut weights, config.clone()).expect("a U-Net"));
    drop(weights);
    let text_encoder = Rc::new(text_encoder(&gpu, config.cross_attention_dim[0]));
    let text = |path: &str| block_on(read_text(&demo_model(), path)).expect("a file");
    let schedule = SchedulerConfig::from_json(&text("scheduler/scheduler_config.json")).expect("a config");
    let vae = palpable::model::vae_config::AutoencoderKlConfig::from_json(&text("vae/config.json"));
    let vae = vae.expect("a config");
    let sizes = ModelSizes {
        text_encoder: text_encoder.config(),
        unet: &config,
        vae: &vae,
        scalar: 4,
        unet_packing: None,
        other_packing: None,
        taesd: None,
        held: 0,
        profile: Arc::new(KernelProfile::on(&gpu.device)),
    };
    let mut learned = Vec::new();
    let [kept, recomputed] = POLICIES.map(|policy| (TrainedWeights::Lora, policy, 0.0));
    // What is trained is then most of what is held.
    let all = (TrainedWeights::All, POLICIES[1], 0.0);
    let localized = POLICIES.map(|policy| (TrainedWeights::Lora, policy, 1.0));
    let [localized_kept, localized_recomputed] = localized;
    // The largest last: of its buffers the device takes its time to take back.
    for (trained_weights, (setting, policy), localized_loss) in
        [kept, recomputed, localized_kept, localized_recomputed, all]
    {
        let model = FrozenModel {
            checkpoint: None,
            identity: Vec::new(),
            resolution: 512,
            name: "layout".to_owned(),
            tokenizer: block_on(Tokenizer::load(&demo_model(), "tokenizer")).expect("a tokenizer"),
            text_encoder: text_encoder.clone(),
            unet: unet.clone(),
            schedule: NoiseSchedule::new(&schedule).expect("a schedule"),
            dtype: FloatDType::F32.into(),
        };
        // A second step for those that are compared: the first one changes half of the factors only.
        let steps = if localized_loss == 0.0 && trained_weights == TrainedWeights::Lora { 2 } else { 1 };
        let settings = TrainingSettings { localized_loss, steps, ..training(setting, trained_weights) };
        let planned = activations(&sizes.training(run(128, &settings), policy));
        let (measured, adapter) = train(&gpu, model, 16, settings);
        learned.push(adapter);
        let what = format!("training {trained_weights:?}, {policy:?}, localized loss {localized_loss}");
        assert_near(&what, measured, planned);
    }
    assert!(learned[0] == learned[1], "kept and recomputed activations train another adapter");
}
