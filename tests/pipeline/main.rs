//! The whole way from a prompt, and perhaps a picture, to a picture, against diffusers' pictures
//! (tools/goldens/pipeline.py).

mod adapters;
mod from_nothing;
mod from_picture;
mod heat_maps;
mod merge;
mod plan;
mod plan_growth;
mod precision;
mod prompts;
mod steering;
#[path = "../support/mod.rs"]
mod support;
mod time_presets;
mod training;
mod turbo;

use palpable::{
    gpu::Gpu,
    pipeline::{
        Generation, GenerationSettings, NoisePurpose, Picture, Precision, SourcePicture, StableDiffusion,
    },
};
use support::{Golden, block_on, demo_model, in_repository, open_any};

/// The embedded model.
fn demo() -> StableDiffusion {
    load(&open_any())
}

fn load(gpu: &Gpu) -> StableDiffusion {
    let mut last = (0, 0);
    let mut progress = |state: palpable::pipeline::LoadProgress| {
        assert!(state.loaded >= last.0 && state.loaded <= state.total, "progress is byte-accurate");
        last = (state.loaded, state.total);
    };
    let model =
        block_on(StableDiffusion::load(gpu, &demo_model(), "demo", Precision::Float32, &mut progress));
    let model = model.expect("the embedded model");
    assert_eq!(last.0, last.1, "every byte was counted");
    model
}

/// The settings of tools/goldens/pipeline.py.
fn settings(sampler: &str) -> GenerationSettings {
    GenerationSettings {
        prompt: "a pencil sketch of a dog wearing a crown at the beach".into(),
        negative_prompt: "a photo of a cat".into(),
        steps: 20,
        guidance_scale: 5.0,
        sampler: sampler.into(),
        ..Default::default()
    }
}

/// Draws with recorded noise: of each purpose a tensor of a golden file.
fn draw(
    model: &StableDiffusion,
    settings: &GenerationSettings,
    source: Option<&SourcePicture>,
    noise_file: &str,
    name_of: fn(NoisePurpose) -> &'static str,
) -> Picture {
    let golden = Golden::read(noise_file);
    let device = model.gpu.device.clone();
    let noise = move |purpose| golden.tensor(name_of(purpose), &device);
    let generation = Generation::with_noise(model, settings, &[], source, Box::new(noise));
    finish(generation.expect("valid settings"))
}

/// Makes all steps.
fn finish(mut generation: Generation) -> Picture {
    for step in 1..=generation.steps() {
        assert_eq!(block_on(generation.step()).expect("a step"), step);
    }
    block_on(generation.finish()).expect("a picture")
}

fn golden_picture(name: &str) -> image::RgbImage {
    image::open(in_repository("tests/goldens/pipeline").join(name)).expect("a golden").to_rgb8()
}

/// At least 45 dB of a golden picture.
fn assert_equal(picture: &Picture, golden: &str) {
    let psnr = psnr(picture, golden);
    println!("{golden}: {psnr:.1} dB");
    assert!(psnr >= 45.0, "{golden}: {psnr:.1} dB");
}

/// Peak signal-to-noise ratio in dB.
fn psnr(picture: &Picture, golden: &str) -> f64 {
    let golden = golden_picture(golden);
    assert_eq!((picture.width as u32, picture.height as u32), golden.dimensions());
    psnr_of(picture, golden.as_raw())
}

/// The same to the bytes of a picture as large.
fn psnr_of(picture: &Picture, other: &[u8]) -> f64 {
    assert_eq!(picture.rgb.len(), other.len());
    let squares = picture.rgb.iter().zip(other).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
    let mean = squares.sum::<f64>() / picture.rgb.len() as f64;
    10.0 * (255.0 * 255.0 / mean.max(1e-12)).log10()
}
