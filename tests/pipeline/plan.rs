//! The memory plan by itself: a model's tensors from its configs, what it allows, and the sentence with which
//! it refuses.

use std::sync::Arc;

use palpable::model::adaptable::ModuleChoice;
use palpable::model::clip_text::ClipTextConfig;
use palpable::model::lora::Folding;
use palpable::model::unet_config::UNet2DConditionConfig;
use palpable::model::vae_config::AutoencoderKlConfig;
use palpable::ops::packed::Packing;
use palpable::pipeline::{GenerationSettings, StableDiffusion};
use palpable::plan::parameters::{self, Parameter};
use palpable::plan::{Adaptation, AdapterSizes, GenerationSizes, ModelSizes, TrainingSizes};
use palpable::training::optimizer::Optimizer;
use palpable::training::{ActivationPolicy, Activations, TrainingSettings};

use crate::demo;

/// Stable Diffusion 1.5's configs.
pub struct StableDiffusion15 {
    text_encoder: ClipTextConfig,
    unet: UNet2DConditionConfig,
    vae: AutoencoderKlConfig,
}

impl StableDiffusion15 {
    pub fn new() -> Self {
        let text_encoder = r#"{"vocab_size": 49408, "hidden_size": 768, "intermediate_size": 3072,
            "num_hidden_layers": 12, "num_attention_heads": 12, "max_position_embeddings": 77}"#;
        let unet = r#"{"cross_attention_dim": 768, "attention_head_dim": 8, "sample_size": 64}"#;
        let kinds = |kind: &str| format!("[{}]", vec![format!("\"{kind}\""); 4].join(","));
        let vae = format!(
            r#"{{"block_out_channels": [128, 256, 512, 512], "layers_per_block": 2,
                "down_block_types": {}, "up_block_types": {}}}"#,
            kinds("DownEncoderBlock2D"),
            kinds("UpDecoderBlock2D")
        );
        Self {
            text_encoder: ClipTextConfig::from_json(text_encoder).unwrap(),
            unet: UNet2DConditionConfig::from_json(unet).unwrap(),
            vae: AutoencoderKlConfig::from_json(&vae).unwrap(),
        }
    }

    /// As [`Precision::Float16Float32`](palpable::pipeline::Precision) has them.
    pub fn packed_sizes(&self) -> ModelSizes<'_> {
        let packing = Some(Packing::Halves);
        ModelSizes { unet_packing: packing, other_packing: packing, ..self.sizes(4) }
    }

    pub fn sizes(&self, scalar: u64) -> ModelSizes<'_> {
        let Self { text_encoder, unet, vae } = self;
        ModelSizes {
            text_encoder,
            unet,
            vae,
            taesd: None,
            scalar,
            unet_packing: None,
            other_packing: None,
            held: 0,
            profile: Arc::default(),
        }
    }
}

pub fn picture(side: usize) -> GenerationSizes {
    GenerationSizes { size: [side; 2], tokens: 77, guided: true, ..Default::default() }
}

pub fn run(side: usize, batch: usize) -> TrainingSizes {
    let adaptation = Adaptation::LowRank { rank: 32, on: ModuleChoice::AttentionProjections };
    let optimizer = Optimizer::AdamW;
    TrainingSizes {
        side,
        pictures: 4,
        batch,
        prompts: 1,
        adaptation,
        aligned_predictions: 2,
        optimizer,
        keeps_best: false,
        localized: false,
    }
}

#[test]
fn a_config_says_how_many_parameters_a_model_has() {
    let model = StableDiffusion15::new();
    let count = |parameters: Vec<Parameter>| parameters.iter().map(|each| each.count).sum::<u64>();
    // As PyTorch counts them.
    assert_eq!(count(parameters::text_encoder(&model.text_encoder)), 123_060_480);
    assert_eq!(count(parameters::unet(&model.unet)), 859_520_964);
    assert_eq!(count(parameters::vae(&model.vae)), 83_653_863);
}

/// As PyTorch and the papers' own code count what they train.
#[test]
fn a_config_says_how_many_values_are_trained() {
    let unet = StableDiffusion15::new().unet;
    let rank_32 = |on| Adaptation::LowRank { rank: 32, on }.values(&unet);
    assert_eq!(rank_32(ModuleChoice::AttentionProjections), 6_377_472);
    // 16 transformers: two square projections, and two from the prompt's 768.
    let channels = 5 * 320 + 5 * 640 + 6 * 1280;
    assert_eq!(rank_32(ModuleChoice::CrossAttention), 32 * (6 * channels + 16 * 2 * 768));
    assert_eq!(Adaptation::Full(ModuleChoice::CrossAttentionKeysValues).values(&unet), 19_169_280);
    assert_eq!(Adaptation::Full(ModuleChoice::Nothing).values(&unet), 0);
    let time_embedding = 320 * 1280 + 1280 + 1280 * 1280 + 1280;
    let all = Adaptation::Full(ModuleChoice::All).values(&unet);
    let norms = 859_520_964 - time_embedding - all;
    // Two numbers a channel of every norm: some hundred thousand.
    assert!((100_000..300_000).contains(&norms), "{norms}");
}

/// What every WebGPU device can bind at once holds every tensor but the token embeddings, which are
/// split into rows.
#[test]
fn one_tensor_is_larger_than_the_smallest_binding() {
    let model = StableDiffusion15::new();
    let all = [
        parameters::text_encoder(&model.text_encoder),
        parameters::unet(&model.unet),
        parameters::vae(&model.vae),
    ];
    let too_large = all.into_iter().flatten().filter(|each| each.count * 4 > 128 << 20);
    let names: Vec<String> = too_large.map(|each| each.name).collect();
    assert_eq!(names, ["embeddings.token_embedding.weight"]);
}

/// The bars of the project: 16-bit Stable Diffusion 1.5 at 512 × 512.
#[test]
fn stable_diffusion_fits_its_bars_in_half_precision() {
    let model = StableDiffusion15::new();
    let sizes = model.sizes(2);
    assert!(sizes.generation(picture(512)).peak() <= 3_200_000_000);
    assert!(sizes.training(run(512, 1), ActivationPolicy::Recompute).peak() <= 3_600_000_000);
    assert!(sizes.training(run(512, 1), ActivationPolicy::Keep).peak() <= 6_000_000_000);
}

/// On a device without 16-bit floats weights are packed in 16 bits, and a picture is decoded in tiles.
#[test]
fn stable_diffusion_fits_its_bars_with_packed_weights() {
    let model = StableDiffusion15::new();
    let sizes = model.packed_sizes();
    assert!(sizes.generation_in_tiles(picture(512), 48).peak() <= 3_200_000_000);
    assert!(sizes.training(run(512, 1), ActivationPolicy::Recompute).peak() <= 3_600_000_000);
    assert!(sizes.training(run(512, 1), ActivationPolicy::Keep).peak() <= 6_000_000_000);
}

/// With a run's state beside it, and its LoRA beside the weights or folded into copies of them.
#[test]
fn a_preview_takes_more_than_its_training_and_stays_within_the_bar() {
    let model = StableDiffusion15::new();
    let sizes = model.sizes(2);
    let of = TrainingSizes { keeps_best: true, ..run(512, 1) };
    let preview = |folding| {
        let adapters = of.adaptation.applied(&model.unet, folding);
        sizes.generation(GenerationSizes { adapters, ..picture(512) }).peak() + sizes.beside_previews(of)
    };
    let training = sizes.training(of, ActivationPolicy::Recompute).peak();
    for folding in [Folding::Differences, Folding::All] {
        assert!((training..=3_600_000_000).contains(&preview(folding)), "{folding:?}: {}", preview(folding));
    }
}

/// A byte in place of four for each of two moments.
#[test]
fn moments_in_8_bits_take_a_quarter() {
    let model = StableDiffusion15::new();
    let state = |optimizer| model.sizes(2).between_steps(TrainingSizes { optimizer, ..run(512, 1) });
    assert_eq!(state(Optimizer::AdamW) - state(Optimizer::AdamW8bit), 2 * 3 * 6_377_472);
}

/// A device that binds 128 MiB at once has room for an adapter of more: it lies there layer by layer.
#[test]
fn adapters_are_no_single_buffer() {
    let model = StableDiffusion15::new();
    let adapters = AdapterSizes {
        unfolded: None,
        unfolded_values: 50_000_000,
        folded_values: 800_000_000,
        text_encoder_values: 85_000_000,
    };
    let adapted = GenerationSizes { adapters, ..picture(512) };
    for scalar in [2, 4] {
        let sizes = model.sizes(scalar);
        let [plain, plan] = [picture(512), adapted].map(|asked| sizes.generation(asked));
        assert!(plan.peak() > plan.weights.total() + 800_000_000 * scalar);
        assert_eq!(plan.largest_buffer(), plain.largest_buffer());
        assert_eq!(plan.phases.last(), plain.phases.last(), "adapters are given back before decoding");
    }
}

/// Halves are half of 32-bit floats and integers half of 16-bit ones; scales, norms and the first and last layer
/// cost little.
#[test]
fn packing_halves_weights() {
    let model = StableDiffusion15::new();
    let share = |packed: u64, floats: u64| packed as f64 / floats as f64;
    let (floats, packed) = (model.sizes(4).weights(), model.packed_sizes().weights());
    assert!((0.5..0.51).contains(&share(packed.unet, floats.unet)), "{packed:?}");
    assert!((0.5..0.51).contains(&share(packed.vae, floats.vae)), "{packed:?}");
    assert!((0.5..0.51).contains(&share(packed.text_encoder, floats.text_encoder)), "{packed:?}");
    let integers = ModelSizes { unet_packing: Some(Packing::Integers), ..model.sizes(2) }.weights();
    assert!((0.5..0.51).contains(&share(integers.unet, model.sizes(2).weights().unet)), "{integers:?}");
}

fn settings(activations: Activations) -> TrainingSettings {
    TrainingSettings { activations, ..Default::default() }
}

#[test]
fn activations_are_kept_where_there_is_room() {
    let mut model = demo();
    let plan = |model: &StableDiffusion, activations| model.plan_training(&settings(activations), 4, None);
    let [kept, recomputed] =
        [Activations::Keep, Activations::Recompute].map(|setting| plan(&model, setting).unwrap().peak());
    assert!(recomputed < kept);
    for (limit, expected) in [(kept, ActivationPolicy::Keep), (kept - 1, ActivationPolicy::Recompute)] {
        model.gpu.memory_limit = limit;
        assert_eq!(plan(&model, Activations::Auto).unwrap().activations, Some(expected));
    }
}

#[test]
fn what_has_no_room_is_refused_with_numbers_and_a_way_out() {
    let mut model = demo();
    let needed = model.plan_training(&settings(Activations::Recompute), 4, None).unwrap().peak();
    model.gpu.memory_limit = needed - 1;
    let refusal = model.plan_training(&settings(Activations::Auto), 4, None).unwrap_err().sentence();
    assert!(refusal.starts_with("This training needs "), "{refusal}");
    assert!(refusal.contains("choose batch 1, or raise the memory limit"), "{refusal}");
    let refusal = model.plan_training(&settings(Activations::Keep), 4, None).unwrap_err().sentence();
    assert!(refusal.contains("choose batch 1"), "{refusal}");

    model.gpu.memory_limit = 1_000_000;
    let picture =
        GenerationSettings { prompt: "a dog".into(), width: 512, height: 512, ..Default::default() };
    let refusal = model.plan_generation(&picture, &[], None).unwrap_err().sentence();
    assert!(
        refusal.ends_with("1 MB may be used: raise the memory limit if the device has more."),
        "{refusal}"
    );

    model.gpu.memory_limit = u64::MAX;
    model.gpu.report.limits.max_buffer_size = 1 << 20;
    model.gpu.report.limits.max_storage_buffer_binding_size = 1 << 20;
    let refusal = model.plan_generation(&picture, &[], None).unwrap_err().sentence();
    assert!(refusal.contains("this device's largest has 1 MB"), "{refusal}");
}
