//! The whole way from a prompt to a picture, against diffusers' pictures.

mod support;

use burn::tensor::{Device, Tensor};
use palpable::{
    gpu::{Choice, Gpu},
    pipeline::{Generation, GenerationSettings, Picture, Precision, StableDiffusion},
};
use support::{Golden, block_on, demo_model, in_repository};

fn load(choice: Choice) -> StableDiffusion {
    let gpu = block_on(Gpu::open(choice)).expect("a device");
    let mut last = (0, 0);
    let mut progress = |state: palpable::pipeline::LoadProgress| {
        assert!(state.loaded >= last.0 && state.loaded <= state.total, "progress is byte-accurate");
        last = (state.loaded, state.total);
    };
    let model =
        block_on(StableDiffusion::load(&gpu, &demo_model(), "demo", Precision::Float32, &mut progress));
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

fn draw(model: &StableDiffusion, sampler: &str) -> Picture {
    let noise: Tensor<4> = Golden::read("pipeline/noise.safetensors").tensor("noise", &Device::flex());
    let noise: Tensor<4> = Tensor::from_data(noise.into_data(), &model.gpu.device);
    let mut generation = Generation::with_noise(model, &settings(sampler), &[], move |_| noise.clone())
        .expect("valid settings");
    for step in 1..=generation.steps() {
        assert_eq!(block_on(generation.step()).expect("a step"), step);
    }
    block_on(generation.finish()).expect("a picture")
}

/// Peak signal-to-noise ratio in dB.
fn psnr(picture: &Picture, golden: &str) -> f64 {
    let golden =
        image::open(in_repository("tests/goldens/pipeline").join(golden)).expect("a golden").to_rgb8();
    assert_eq!((picture.width as u32, picture.height as u32), golden.dimensions());
    let squares =
        picture.rgb.iter().zip(golden.as_raw()).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
    let mean = squares.sum::<f64>() / picture.rgb.len() as f64;
    10.0 * (255.0 * 255.0 / mean.max(1e-12)).log10()
}

#[test]
fn pictures_equal_diffusers_on_the_processor() {
    let model = load(Choice::Cpu);
    for sampler in ["ddim", "euler"] {
        let psnr = psnr(&draw(&model, sampler), &format!("{sampler}.png"));
        println!("{sampler}: {psnr:.1} dB");
        assert!(psnr >= 45.0, "{sampler}: {psnr:.1} dB");
    }
}

#[test]
fn pictures_equal_diffusers_on_the_gpu() {
    let model = load(Choice::Gpu);
    let psnr = psnr(&draw(&model, "ddim"), "ddim.png");
    println!("ddim: {psnr:.1} dB");
    assert!(psnr >= 45.0, "{psnr:.1} dB");
}

#[test]
fn a_seed_is_a_picture() {
    let model = load(Choice::Cpu);
    let draw = |seed: u64| {
        let settings = GenerationSettings { steps: 2, seed, ..settings("euler") };
        let mut generation = Generation::new(&model, &settings, &[]).expect("valid settings");
        while block_on(generation.step()).expect("a step") < generation.steps() {}
        block_on(generation.finish()).expect("a picture")
    };
    assert_eq!(draw(5), draw(5));
    assert_ne!(draw(5), draw(6));
}

#[test]
fn wrong_settings_are_explained() {
    let model = load(Choice::Cpu);
    let explain = |settings: GenerationSettings| match Generation::new(&model, &settings, &[]) {
        Ok(_) => panic!("{settings:?} was accepted"),
        Err(error) => error.sentence(),
    };
    let good = settings("ddim");
    let cases = [
        (GenerationSettings { prompt: "  ".into(), ..good.clone() }, "empty"),
        (GenerationSettings { sampler: "heun".into(), ..good.clone() }, "ddim, pndm, euler"),
        (GenerationSettings { steps: 0, ..good.clone() }, "1 to 1000"),
        (GenerationSettings { width: 100, ..good.clone() }, "multiples of 8"),
        (GenerationSettings { height: 1 << 20, ..good.clone() }, "1024"),
        (GenerationSettings { guidance_scale: f32::NAN, ..good.clone() }, "guidance"),
    ];
    for (settings, expected) in cases {
        let sentence = explain(settings);
        assert!(sentence.contains(expected), "{sentence}");
        assert!(sentence.ends_with('.') && sentence.starts_with(char::is_uppercase), "{sentence}");
    }
}
