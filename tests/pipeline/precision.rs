//! Packed weights, the tiny autoencoder, and the VAE in tiles: what they change of a picture.

use std::rc::Rc;

use burn::tensor::FloatDType;
use palpable::{
    gpu::Gpu,
    model::{
        taesd::{AutoencoderTiny, AutoencoderTinyConfig},
        vae::AutoencoderKl,
        vae_config::AutoencoderKlConfig,
    },
    pipeline::{Error, Generation, GenerationSettings, ModelPlan, Picture, Precision, StableDiffusion},
    training::{self, Photo, TrainingSettings},
    weights::{Combined, MemorySource, read_text},
};

use crate::support::{block_on, demo_model, formula::FormulaModel, in_repository, open_any, open_gpu};
use crate::{demo, draw, finish, psnr_of, settings};

/// docs/memory.md gives the measured value.
const LEAST_PSNR_OF_EIGHT_BITS: f64 = 40.0;
const LEAST_PSNR_OF_HALVES: f64 = 70.0;

fn load_as(gpu: &Gpu, precision: Precision) -> StableDiffusion {
    block_on(StableDiffusion::load(gpu, &demo_model(), "demo", precision, &mut |_| ())).expect("a model")
}

fn draw_as(model: &StableDiffusion, settings: &GenerationSettings) -> Picture {
    draw(model, settings, None, "pipeline/noise.safetensors", |_| "noise")
}

/// By eight bits little; by 16 not at all, since the file's own numbers have 16, but for the order of sums.
#[test]
fn packed_weights_hardly_change_a_picture() {
    let gpu = open_gpu();
    let settings = GenerationSettings { steps: 2, ..settings("ddim") };
    let floats = load_as(&gpu, Precision::Float32);
    let whole = draw_as(&floats, &settings);
    let weights = |model: &StableDiffusion| model.picture_memory().weights;
    let full = weights(&floats);
    drop(floats);
    for (precision, least_share, least_psnr) in [
        (Precision::Int8Float32, 0.25, LEAST_PSNR_OF_EIGHT_BITS),
        (Precision::Float16Float32, 0.5, LEAST_PSNR_OF_HALVES),
    ] {
        gpu.release_unused();
        gpu.restart_peak();
        let before = gpu.memory().in_use;
        let packed = load_as(&gpu, precision);
        let held = gpu.memory().in_use - before;
        let planned = weights(&packed);
        // Scales, norms, biases and the first and last layer are there in full.
        let share = |packed: u64, floats: u64| packed as f64 / floats as f64;
        let unet_share = share(planned.unet, full.unet);
        assert!((least_share..least_share + 0.03).contains(&unet_share), "{planned:?}");
        // The others have 16 bits in either case.
        assert!((0.5..0.53).contains(&share(planned.vae, full.vae)), "{planned:?}");
        assert!((0.5..0.53).contains(&share(planned.text_encoder, full.text_encoder)), "{planned:?}");
        let error = held as f64 / planned.total() as f64 - 1.0;
        assert!(error.abs() < 0.02, "{held} bytes are held where {} were planned", planned.total());
        let psnr = psnr_of(&draw_as(&packed, &settings), &whole.rgb);
        println!("{} against f32: {psnr:.1} dB", precision.name());
        assert!(psnr >= least_psnr, "{}: {psnr:.1} dB", precision.name());
    }
}

#[test]
fn fewer_bits_are_taken_where_more_would_not_fit() {
    let mut gpu = open_any();
    let plan = |gpu: &Gpu| block_on(ModelPlan::of(gpu, &demo_model())).expect("a plan");
    let whole = plan(&gpu);
    assert_eq!((whole.precision, whole.resolution), (Precision::Float32, 128));
    assert!(whole.weight_bytes < whole.picture_bytes && whole.picture_bytes < whole.training_bytes);
    let sixteen_bits = if gpu.report.float16 { Precision::Float16 } else { Precision::Float16Float32 };
    gpu.memory_limit = whole.picture_bytes - 1;
    let half = plan(&gpu);
    assert_eq!(half.precision, sixteen_bits);
    assert!(half.picture_bytes <= gpu.memory_limit);
    gpu.memory_limit = half.picture_bytes - 1;
    let small = plan(&gpu);
    assert_eq!(small.precision, sixteen_bits.in_eight_bits());
    assert!(small.picture_bytes <= gpu.memory_limit);
    // Where not even that fits, nothing is gained.
    gpu.memory_limit = small.picture_bytes - 1;
    assert_eq!(plan(&gpu).precision, sixteen_bits);
    gpu.wide_activations = true;
    assert_eq!(plan(&gpu).precision, Precision::Float16Float32);
}

fn grey_photo() -> Photo {
    Photo::from_rgba(128, 128, &[128; 128 * 128 * 4]).expect("a photo")
}

fn least_training() -> TrainingSettings {
    TrainingSettings {
        placeholder: "<my-dog>".to_owned(),
        class_noun: "dog".to_owned(),
        clean_prompt: "a photo of a dog at the beach".to_owned(),
        resolution: Some(64),
        photo_variants: 1,
        batch: 1,
        ..TrainingSettings::default()
    }
}

/// As the VAEs of some well-known models do.
#[test]
fn numbers_that_outgrow_16_bits_are_told_apart_from_a_device_that_fails() {
    let gpu = open_any();
    if !gpu.report.float16 {
        return;
    }
    let settings = GenerationSettings { steps: 1, ..settings("ddim") };
    for (precision, overflows) in [(Precision::Float16, true), (Precision::Float16Float32, false)] {
        let mut model = load_as(&gpu, precision);
        model.vae = Rc::new(overflowing_vae(&gpu, precision));
        let mut generation = Generation::new(&model, &settings, &[]).expect("valid settings");
        block_on(generation.step()).expect("a step");
        let picture = block_on(generation.finish());
        assert_eq!(matches!(picture, Err(Error::Overflow)), overflows, "{picture:?}");
        assert_eq!(picture.is_ok(), !overflows);
        let run = block_on(model.trainer(&[grey_photo()], least_training(), None, &mut |_, _| true));
        assert_eq!(matches!(run, Err(Error::Overflow)), overflows, "{:?}", run.err());
        assert_eq!(run.is_ok(), !overflows);
    }
}

/// A run's first step is made with the model's own values, which no learning rate has touched.
#[test]
fn a_unet_that_outgrows_16_bits_in_training_is_told_apart_from_a_run_that_diverges() {
    let gpu = open_any();
    if !gpu.report.float16 {
        return;
    }
    let (demo, unet) = (demo_model(), overflowing_unet());
    let source = Combined::new(&demo).with("unet", &unet);
    for (precision, overflows) in [(Precision::Float16, true), (Precision::Float16Float32, false)] {
        let model = block_on(StableDiffusion::load(&gpu, &source, "demo", precision, &mut |_| ()));
        let model = model.expect("a model");
        let run = block_on(model.trainer(&[grey_photo()], least_training(), None, &mut |_, _| true));
        let step = block_on(run.expect("a run").step()).map_err(|error| model.overflow_or(error));
        assert_eq!(matches!(step, Err(Error::Overflow)), overflows, "{step:?}");
        assert_eq!(step.is_ok(), !overflows);
    }
    let model = block_on(StableDiffusion::load(&gpu, &demo, "demo", Precision::Float16, &mut |_| ()));
    let later = model.expect("a model").overflow_or(training::Error::NotFinite { step: 2 });
    assert!(matches!(later, Error::Training(training::Error::NotFinite { step: 2 })), "{later:?}");
}

/// The demo's, whose first convolution is 2¹⁸ times as strong.
fn overflowing_unet() -> MemorySource {
    let mut files = MemorySource::default();
    for name in [
        "config.json",
        "diffusion_pytorch_model.safetensors.index.json",
        "diffusion_pytorch_model-00001-of-00002.safetensors",
        "diffusion_pytorch_model-00002-of-00002.safetensors",
    ] {
        let path = format!("unet/{name}");
        let mut bytes = std::fs::read(in_repository(&format!("models/demo/{path}"))).expect("a file");
        if name.contains("00001") {
            let start = 8 + u64::from_le_bytes(bytes[..8].try_into().expect("a length")) as usize;
            let header: serde_json::Value = serde_json::from_slice(&bytes[8..start]).expect("a header");
            let place = |end: usize| header["conv_in.weight"]["data_offsets"][end].as_u64().expect("a place");
            let [first, last] = [0, 1].map(|end| start + place(end) as usize);
            for number in bytes[first..last].chunks_exact_mut(2) {
                let bits = u16::from_le_bytes([number[0], number[1]]);
                let exponent = ((bits >> 10 & 31) + 18).min(30);
                number.copy_from_slice(&(bits & 0x83FF | exponent << 10).to_le_bytes());
            }
        }
        files.insert(path, bytes);
    }
    files
}

/// Its first layers' results are about a million, which the norms that follow take back.
fn overflowing_vae(gpu: &Gpu, precision: Precision) -> AutoencoderKl {
    let mut formula = FormulaModel::read("turbo/vae.json");
    for (name, (_, values)) in &mut formula.weights {
        if name.contains("coder.conv_in") {
            values.iter_mut().for_each(|value| *value *= 1e5);
        }
    }
    let config = AutoencoderKlConfig::from_json(&formula.config).expect("a config");
    let mut weights = formula.weights(&gpu.device, precision.dtype());
    AutoencoderKl::load(&mut weights, config).expect("a VAE")
}

/// Models for inpainting have further channels, which our pictures have nothing for.
#[test]
fn a_unet_that_reads_more_than_latents_is_refused() {
    let demo = demo_model();
    let config = block_on(read_text(&demo, "unet/config.json")).expect("a config");
    let mut config: serde_json::Value = serde_json::from_str(&config).expect("JSON");
    config["in_channels"] = 9.into();
    let mut other = MemorySource::default();
    other.insert("unet/config.json", config.to_string());
    let source = Combined::new(&demo).with("unet", &other);
    let error = block_on(ModelPlan::of(&open_any(), &source)).expect_err("it is refused");
    assert!(error.sentence().contains("in_channels to 9"), "{}", error.sentence());
}

#[test]
fn a_picture_that_only_fits_in_tiles_is_drawn_so() {
    let mut model = demo();
    let large = GenerationSettings { width: 384, height: 256, steps: 1, ..settings("ddim") };
    let plan = |model: &StableDiffusion| model.plan_generation(&large, &[], None).expect("it fits");
    let whole = plan(&model);
    assert_eq!(whole.tile, None);
    let drawn =
        |model: &StableDiffusion| finish(Generation::new(model, &large, &[]).expect("valid settings"));
    let untiled = drawn(&model);
    model.gpu.memory_limit = whole.peak() - 1;
    let tiled_plan = plan(&model);
    assert!(tiled_plan.tile.is_some() && tiled_plan.peak() < whole.peak(), "{}", tiled_plan.sentence());
    let psnr = psnr_of(&drawn(&model), &untiled.rgb);
    println!("in tiles of {:?} latents against the whole: {psnr:.1} dB", tiled_plan.tile);
    assert!(psnr >= 25.0, "{psnr:.1} dB");
}

#[test]
fn previews_are_decoded_by_the_tiny_autoencoder_where_there_is_one() {
    let mut model = demo();
    let settings = GenerationSettings { steps: 1, ..settings("ddim") };
    let preview = GenerationSettings { preview: true, ..settings.clone() };
    let picture = draw_as(&model, &settings);
    assert_eq!(draw_as(&model, &preview), picture, "without one, a preview is the picture");
    let tiny = FormulaModel::read("vae/taesd.json");
    let config = AutoencoderTinyConfig::from_json(&tiny.config).expect("a config");
    let mut weights = tiny.weights(&model.gpu.device, FloatDType::F32);
    model.taesd = Some(Rc::new(AutoencoderTiny::load(&mut weights, &config).expect("a model")));
    assert_eq!(draw_as(&model, &settings), picture);
    let decoded = draw_as(&model, &preview);
    assert_eq!((decoded.width, decoded.height), (picture.width, picture.height));
    assert_ne!(decoded, picture);
}
