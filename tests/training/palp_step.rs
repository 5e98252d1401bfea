//! One full PALP step of the embedded model against PyTorch (tools/goldens/palp_step.py): the losses
//! and the gradients of LoRA factors and [V].

use crate::support::{Golden, any_device, block_on, demo_model, demo_weights, relative_error, values};
use burn::tensor::{DType, Device, Tensor, TensorData};
use palpable::model::adaptable::AdaptableModule;
use palpable::model::clip_text::{ClipTextConfig, ClipTextModel};
use palpable::model::unet::UNet2DConditionModel;
use palpable::model::unet_config::UNet2DConditionConfig;
use palpable::sampling::{NoiseSchedule, SchedulerConfig};
use palpable::tokenizer::Tokenizer;
use palpable::training::ActivationPolicy;
use palpable::training::alignment::Alignment;
use palpable::training::batch::Batch;
use palpable::training::embedding::{NewWords, PromptTemplate};
use palpable::training::gradients::{self, Conditioning, Networks, Trained};
use palpable::training::unet_parameters::UNetLayout;
use palpable::weights::read_text;

const RANK: usize = 4;
const LORA_ALPHA: f64 = 2.0;
const PLACEHOLDER: &str = "<my-dog>";

/// The golden script's values: entry i of stream s is ((7919·i + 104729·s) mod 2003 − 1001)/1001·size.
fn formula(count: usize, stream: usize, size: f64) -> Vec<f32> {
    let entry = |index: usize| ((index * 7919 + 104_729 * stream) % 2003) as f64 - 1001.0;
    (0..count).map(|index| (entry(index) / 1001.0 * size) as f32).collect()
}

/// All factors in the flat vector's order. The script numbers modules by their names' order.
fn lora_values(modules: &[AdaptableModule]) -> Vec<f32> {
    let mut paths: Vec<&str> = modules.iter().map(|module| module.path.as_str()).collect();
    paths.sort_unstable();
    let factors = modules.iter().flat_map(|module| {
        let index = paths.iter().position(|path| *path == module.path).unwrap();
        let down = formula(RANK * module.in_features, 2 * index, 0.1);
        down.into_iter().chain(formula(module.out_features * RANK, 2 * index + 1, 0.1))
    });
    factors.collect()
}

/// The gradients of one factor pair out of the flat vector.
fn factor_gradients<'a>(modules: &[AdaptableModule], path: &str, flat: &'a [f32]) -> (&'a [f32], &'a [f32]) {
    let mut rest = flat;
    for module in modules {
        let (down, tail) = rest.split_at(RANK * module.in_features);
        let (up, tail) = tail.split_at(module.out_features * RANK);
        if module.path == path {
            return (down, up);
        }
        rest = tail;
    }
    panic!("no module {path}");
}

struct Demo {
    text_encoder: ClipTextModel,
    unet: UNet2DConditionModel,
    schedule: NoiseSchedule,
}

fn demo(device: &Device) -> Demo {
    let text = |path: &str| block_on(read_text(&demo_model(), path)).unwrap();
    let mut weights = demo_weights("text_encoder", "model", device);
    let config = ClipTextConfig::from_json(&text("text_encoder/config.json")).unwrap();
    let text_encoder = ClipTextModel::load(&mut weights, config).unwrap();
    let mut weights = demo_weights("unet", "diffusion_pytorch_model", device);
    let config = UNet2DConditionConfig::from_json(&text("unet/config.json")).unwrap();
    let unet = UNet2DConditionModel::load(&mut weights, config).unwrap();
    let config = SchedulerConfig::from_json(&text("scheduler/scheduler_config.json")).unwrap();
    Demo { text_encoder, unet, schedule: NoiseSchedule::new(&config).unwrap() }
}

fn compare(case: &str, vectors: usize, timesteps: [usize; 2], alignment: Alignment) {
    let device = any_device();
    let Demo { text_encoder, unet, schedule } = demo(&device);
    let golden = Golden::read("palp_step.safetensors");

    let mut tokenizer = block_on(Tokenizer::load(&demo_model(), "tokenizer")).unwrap();
    tokenizer.add_placeholder(PLACEHOLDER, vectors).unwrap();
    let new_words = NewWords::one(PLACEHOLDER, vectors);
    let template = |prompt: &str| PromptTemplate::new(&tokenizer.encode(prompt), &new_words, &text_encoder);
    let none = Tensor::<2>::zeros([1, 1], &device);
    let fixed = |prompt: &str| text_encoder.forward(template(prompt).splice(&none));
    let conditioning = Conditioning {
        personalization: vec![template("a photo of <my-dog>")],
        clean: fixed("a pencil sketch of a dog at the beach"),
        empty: fixed(""),
    };

    let modules = unet.attention_projections();
    let layout = UNetLayout::new(modules.clone(), RANK, LORA_ALPHA);
    let lora = lora_values(&modules);
    let lora = Tensor::<1>::from_floats(lora.as_slice(), &device);
    let width = text_encoder.config().hidden_size;
    let embedding = TensorData::new(formula(vectors * width, 1000, 0.05), [vectors, width]);
    let trained = Trained {
        values: lora,
        layout,
        embedding: Tensor::from_data(embedding, &device),
        embedding_is_trained: true,
    };
    let [latents, noise] = ["x", "noise"].map(|name| golden.tensor(name, &device));
    let batch = Batch::new(latents, noise, timesteps.to_vec());
    let networks = Networks {
        text_encoder: &text_encoder,
        unet: &unet,
        schedule: &schedule,
        dtype: DType::F32,
        activations: ActivationPolicy::Recompute,
    };
    let step = gradients::step_gradients(networks, &conditioning, &trained, &batch, Some(&alignment));

    let check = |what: &str, actual: &[f32], limit: f64| {
        let error = relative_error(actual, golden.values(&format!("{case}.{what}")));
        println!("{case} {what}: relative error {error:.1e}");
        assert!(error <= limit, "{what}: {error}");
    };
    check("personalization_loss", &values(step.personalization_loss), 1e-5);
    let (alignment, personalization) = step.pulls.unwrap();
    check("alignment_ratio", &values((alignment / personalization).sqrt()), 1e-4);
    check("embedding", &values(step.embedding), 1e-3);
    let lora = values(step.unet);
    for module in [
        "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q",
        "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k",
        "mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0",
        "mid_block.attentions.0.transformer_blocks.0.attn2.to_v",
        "up_blocks.2.attentions.1.transformer_blocks.0.attn1.to_k",
        "up_blocks.2.attentions.1.transformer_blocks.0.attn2.to_out.0",
    ] {
        let (down, up) = factor_gradients(&modules, module, &lora);
        check(&format!("{module}.down"), down, 1e-3);
        check(&format!("{module}.up"), up, 1e-3);
    }
}

/// The composition setting: β = 1 makes three predictions; the second timestep is outside the gate.
#[test]
fn step_without_personalized_guidance_equals_pytorch() {
    let alignment = Alignment { alpha: 7.5, beta: 1.0, lambda: 0.3, ..Alignment::default() };
    compare("beta_one", 1, [400, 990], alignment);
}

/// Guidance on both sides makes four predictions; [V] has two vectors.
#[test]
fn step_with_personalized_guidance_equals_pytorch() {
    let alignment = Alignment { alpha: 15.0, beta: 7.5, lambda: 0.1, ..Alignment::default() };
    compare("beta_guided", 2, [250, 700], alignment);
}
