//! SD-Turbo: Stable Diffusion 2.1's layout in small, drawn in one step without guidance, against diffusers
//! (tools/goldens/turbo.py).

use std::rc::Rc;

use burn::tensor::FloatDType;
use palpable::{
    gpu::Gpu,
    model::{
        clip_text::{ClipTextConfig, ClipTextModel},
        unet::UNet2DConditionModel,
        unet_config::UNet2DConditionConfig,
        vae::AutoencoderKl,
        vae_config::AutoencoderKlConfig,
    },
    pipeline::{GenerationSettings, Precision, StableDiffusion},
    sampling::{NoiseSchedule, SchedulerConfig},
    tokenizer::Tokenizer,
    weights::{MemorySource, read_text},
};

use crate::support::{block_on, demo_model, formula::FormulaModel, in_repository, open_any, open_gpu};
use crate::{draw, psnr_of};

/// The demo's tokenizer, padded as Stable Diffusion 2's is.
fn tokenizer() -> Tokenizer {
    let mut folder = MemorySource::default();
    for name in ["vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"] {
        let path = format!("tokenizer/{name}");
        let text = block_on(read_text(&demo_model(), &path)).expect("a file");
        folder.insert(path, text.replace(r#""pad_token": "<|endoftext|>""#, r#""pad_token": "!""#));
    }
    block_on(Tokenizer::load(&folder, "tokenizer")).expect("a tokenizer")
}

fn turbo(gpu: Gpu) -> StableDiffusion {
    let read = |name: &str| FormulaModel::read(&format!("turbo/{name}.json"));
    let (text_encoder, unet, vae) = (read("text_encoder"), read("unet"), read("vae"));
    let weights = |model: &FormulaModel| model.weights(&gpu.device, FloatDType::F32);
    let text_config = ClipTextConfig::from_json(&text_encoder.config).expect("a config");
    let unet_config = UNet2DConditionConfig::from_json(&unet.config).expect("a config");
    let vae_config = AutoencoderKlConfig::from_json(&vae.config).expect("a config");
    let scheduler =
        std::fs::read_to_string(in_repository("tests/goldens/turbo/scheduler.json")).expect("a file");
    let scheduler = SchedulerConfig::from_json(&scheduler).expect("a config");
    StableDiffusion {
        name: "turbo".into(),
        precision: Precision::Float32,
        tokenizer: tokenizer(),
        text_encoder: Rc::new(
            ClipTextModel::load(&mut weights(&text_encoder), text_config).expect("a model"),
        ),
        unet: Rc::new(UNet2DConditionModel::load(&mut weights(&unet), unet_config).expect("a model")),
        vae: Rc::new(AutoencoderKl::load(&mut weights(&vae), vae_config).expect("a model")),
        taesd: None,
        schedule: NoiseSchedule::new(&scheduler).expect("a schedule"),
        resolution: 128,
        parameters: 0,
        gpu,
        checkpoint: None,
        identity: Vec::new(),
    }
}

fn one_step(guidance_scale: f32) -> GenerationSettings {
    GenerationSettings {
        prompt: "a photo of a dog wearing a crown".into(),
        steps: 1,
        guidance_scale,
        sampler: "turbo".into(),
        ..Default::default()
    }
}

#[test]
fn one_step_of_turbo_equals_diffusers() {
    let golden = image::open(in_repository("tests/goldens/turbo/one_step.png")).expect("a golden").to_rgb8();
    // A picture that is one colour would be equal whatever the network does.
    let values = golden.as_raw();
    assert!(values.iter().any(|&value| value < 64) && values.iter().any(|&value| value > 192));
    for gpu in [open_any(), open_gpu()] {
        let picture = draw(&turbo(gpu), &one_step(1.0), None, "turbo/noise.safetensors", |_| "noise");
        let psnr = psnr_of(&picture, golden.as_raw());
        println!("one step of turbo: {psnr:.1} dB");
        assert!(psnr >= 45.0, "{psnr:.1} dB");
    }
}

/// As SD-Turbo's model card asks for it: the prompt is followed, in the memory of one prediction.
#[test]
fn a_guidance_of_0_is_none() {
    let model = turbo(open_any());
    let drawn = |settings| draw(&model, &settings, None, "turbo/noise.safetensors", |_| "noise");
    assert_eq!(drawn(one_step(0.0)), drawn(one_step(1.0)));
    let planned = |settings| model.plan_generation(&settings, &[], None).expect("a plan").peak();
    assert_eq!(planned(one_step(0.0)), planned(one_step(1.0)));
    assert!(planned(one_step(1.5)) > planned(one_step(1.0)));
}
