//! Text to image, and what is refused.

use palpable::pipeline::{Generation, GenerationSettings, Picture, StableDiffusion};

use crate::{assert_equal, demo, draw, finish, load, psnr_of, settings, support::open_gpu};

fn draw_golden(model: &StableDiffusion, sampler: &str) -> Picture {
    draw(model, &settings(sampler), None, "pipeline/noise.safetensors", |_| "noise")
}

#[test]
fn pictures_equal_diffusers_on_the_processor() {
    let model = demo();
    for sampler in ["ddim", "euler"] {
        assert_equal(&draw_golden(&model, sampler), &format!("{sampler}.png"));
    }
}

/// A few steps are compared with the processor's, which equals diffusers: twenty take minutes on a software GPU.
#[test]
fn pictures_of_the_gpu_equal_the_processors() {
    let few = GenerationSettings { steps: 3, ..settings("ddim") };
    let [gpu, processor] = [load(&open_gpu()), demo()]
        .map(|model| draw(&model, &few, None, "pipeline/noise.safetensors", |_| "noise"));
    let psnr = psnr_of(&gpu, &processor.rgb);
    println!("the GPU against the processor: {psnr:.1} dB");
    assert!(psnr >= 60.0, "{psnr:.1} dB");
}

#[test]
fn a_seed_is_a_picture() {
    let model = demo();
    let draw = |seed: u64, sampler: &str| {
        let settings = GenerationSettings { steps: 2, seed, ..settings(sampler) };
        finish(Generation::new(&model, &settings, &[]).expect("valid settings"))
    };
    // Without noise of its steps, and with it.
    for sampler in ["euler", "dpm++-sde"] {
        assert_eq!(draw(5, sampler), draw(5, sampler));
        assert_ne!(draw(5, sampler), draw(6, sampler));
    }
}

#[test]
fn wrong_settings_are_explained() {
    let model = demo();
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
        (GenerationSettings { strength: f64::NAN, ..good.clone() }, "strength"),
        (GenerationSettings { strength: 1.1, ..good.clone() }, "between 0 and 1"),
        (GenerationSettings { mask_blur: -1.0, ..good.clone() }, "blur"),
        (GenerationSettings { sampler: "lcm".into(), steps: 51, ..good.clone() }, "1 to 50"),
    ];
    for (settings, expected) in cases {
        let sentence = explain(settings);
        assert!(sentence.contains(expected), "{sentence}");
        assert!(sentence.ends_with('.') && sentence.starts_with(char::is_uppercase), "{sentence}");
    }
}
