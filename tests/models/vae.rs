//! The VAE against diffusers (goldens: tools/goldens/vae.py).

use crate::support::formula::{self, FormulaModel};
use crate::support::{
    Golden, any_device, block_on, demo_model, demo_weights, in_repository, relative_error, values,
};
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use palpable::model::{
    taesd::{AutoencoderTiny, AutoencoderTinyConfig},
    vae::AutoencoderKl,
    vae_config::AutoencoderKlConfig,
    vae_tiles::Tiling,
};
use palpable::weights::read_text;

/// The middle 128×128 pixels of a subject's photo, in −1…1.
fn photo(device: &Device) -> Tensor<4> {
    let photo = image::open(in_repository("models/demo/subjects/dog/1.png")).unwrap();
    let pixels = photo.crop_imm(64, 64, 128, 128).to_rgb8().into_raw();
    let pixels = pixels.into_iter().map(|value| f32::from(value) / 127.5 - 1.0).collect();
    Tensor::from_data(TensorData::new::<f32, _>(pixels, [1, 128, 128, 3]), device)
}

fn load(model: &FormulaModel, device: &Device) -> AutoencoderKl {
    let config = AutoencoderKlConfig::from_json(&model.config).unwrap();
    AutoencoderKl::load(&mut model.weights(device, FloatDType::F32), config).unwrap()
}

fn assert_equals(golden: &Golden, name: &str, actual: Tensor<4>) {
    assert_eq!(actual.dims().as_slice(), golden.tensors[name].0.as_slice());
    let error = relative_error(&values(actual), golden.values(name));
    println!("{name}: relative error {error:.2e}");
    assert!(error <= 1e-4, "{name}: {error:.2e}");
}

/// Encodes the images; decodes the latents, or the means just found.
fn assert_equals_diffusers(golden: &str, vae: &AutoencoderKl, images: Tensor<4>, latents: Option<Tensor<4>>) {
    let golden = Golden::read(golden);
    let distribution = vae.encode(images);
    let latents = latents.unwrap_or_else(|| distribution.mean.clone());
    assert_equals(&golden, "mean", distribution.mean);
    assert_equals(&golden, "log_variance", distribution.log_variance);
    assert_equals(&golden, "decoded", vae.decode(latents));
}

#[test]
fn demo_model_equals_diffusers_on_a_photo() {
    let device = any_device();
    let config = block_on(read_text(&demo_model(), "vae/config.json")).unwrap();
    let config = AutoencoderKlConfig::from_json(&config).unwrap();
    assert_eq!(config.downscale(), 8);
    assert!((config.scaling_factor - 0.413_550_864_647_138_7).abs() < 1e-15);
    let mut weights = demo_weights("vae", "diffusion_pytorch_model", &device);
    let vae = AutoencoderKl::load(&mut weights, config).unwrap();
    assert_equals_diffusers("vae/demo.safetensors", &vae, photo(&device), None);
}

#[test]
fn stable_diffusion_layout_equals_diffusers() {
    let device = any_device();
    let vae = load(&FormulaModel::read("vae/sd15_layout.json"), &device);
    let images = formula::values("images", [2, 32, 24, 3], &device);
    let latents = formula::values("latents", [2, 4, 3, 4], &device);
    assert_equals_diffusers("vae/sd15_layout.safetensors", &vae, images, Some(latents));
}

/// A picture is covered by as few tiles as there must be, all of one size, each overlapping the next.
#[test]
fn tiles_are_few_and_alike() {
    for most in [1, 3, 4, 8, 48, 64] {
        for extent in 1..200 {
            let Tiling { side, starts } = Tiling::covering(extent, most);
            let step = most - most / 4;
            assert!(side == most.min(extent) && starts[0] == 0 && starts[starts.len() - 1] + side == extent);
            assert!(starts.windows(2).all(|pair| pair[0] < pair[1] && pair[1] <= pair[0] + step));
            assert!(starts.len() == 1 || most + (starts.len() - 2) * step < extent, "{most} {extent}");
        }
    }
    assert_eq!(Tiling::covering(96, 64), Tiling { side: 64, starts: vec![0, 32] });
    assert_eq!(Tiling::covering(64, 32), Tiling { side: 32, starts: vec![0, 16, 32] });
}

/// Three rows of two tiles of 4 latents. Where the picture ends with a tile, diffusers computes the last latent
/// once more, from a strip of its own.
#[test]
fn tiles_equal_those_of_diffusers_and_nearly_the_whole() {
    let device = any_device();
    let vae = load(&FormulaModel::read("vae/sd15_layout.json"), &device);
    let images = formula::values("tiled images", [1, 80, 56, 3], &device);
    let latents = formula::values("tiled latents", [1, 10, 7, 4], &device);
    let golden = Golden::read("vae/tiled.safetensors");
    let distribution = vae.encode_in_tiles(images, 4);
    let without_strips = |x: Tensor<4>, latent: usize| x.narrow(1, 0, 9 * latent).narrow(2, 0, 6 * latent);
    assert_equals(&golden, "mean", without_strips(distribution.mean, 1));
    assert_equals(&golden, "log_variance", without_strips(distribution.log_variance, 1));
    assert_equals(&golden, "decoded", without_strips(vae.decode_in_tiles(latents.clone(), 4), 8));
    // One tile is the whole.
    for side in [10, 16] {
        let error = relative_error(
            &values(vae.decode_in_tiles(latents.clone(), side)),
            &values(vae.decode(latents.clone())),
        );
        assert!(error <= 1e-6, "{side}: {error:.2e}");
    }
    let tiled = vae.decode_in_tiles(latents.narrow(1, 0, 9), 8);
    assert_eq!(tiled.dims(), [1, 72, 56, 3]);
}

/// On a photo through a trained model, tiles can hardly be told from the whole.
#[test]
fn tiles_of_a_photo_look_like_the_whole() {
    let device = any_device();
    let config = block_on(read_text(&demo_model(), "vae/config.json")).unwrap();
    let mut weights = demo_weights("vae", "diffusion_pytorch_model", &device);
    let vae = AutoencoderKl::load(&mut weights, AutoencoderKlConfig::from_json(&config).unwrap()).unwrap();
    let latents = vae.encode(photo(&device)).mean;
    let (whole, tiled) = (values(vae.decode(latents.clone())), values(vae.decode_in_tiles(latents, 12)));
    let squares = whole.iter().zip(&tiled).map(|(one, other)| f64::from((one - other) / 2.0).powi(2));
    let psnr = -10.0 * (squares.sum::<f64>() / whole.len() as f64).log10();
    println!("tiles of 12 latents against the whole: {psnr:.1} dB");
    assert!(psnr >= 30.0, "{psnr:.1} dB");
}

#[test]
fn legacy_attention_names_are_the_same_model() {
    let device = any_device();
    let mut model = FormulaModel::read("vae/sd15_layout.json");
    let legacy = [("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")];
    let rename = |name: String| {
        legacy.iter().fold(name, |name, (new, old)| name.replace(&format!(".{new}."), &format!(".{old}.")))
    };
    model.weights = model.weights.into_iter().map(|(name, tensor)| (rename(name), tensor)).collect();
    assert!(model.weights.contains_key("encoder.mid_block.attentions.0.proj_attn.weight"));
    let latents = formula::values("latents", [2, 4, 3, 4], &device);
    let golden = Golden::read("vae/sd15_layout.safetensors");
    assert_equals(&golden, "decoded", load(&model, &device).decode(latents));
}

#[test]
fn model_without_quantization_convs_and_attention_equals_diffusers() {
    let device = any_device();
    let mut model = FormulaModel::read("vae/bare.json");
    // as the golden script: log variances far beyond what is let through
    let (_, conv_out) = model.weights.get_mut("encoder.conv_out.weight").unwrap();
    conv_out.iter_mut().for_each(|value| *value *= 64.0);
    let images = formula::values("images", [1, 13, 10, 3], &device);
    let latents = formula::values("latents", [1, 6, 5, 3], &device);
    assert_equals_diffusers("vae/bare.safetensors", &load(&model, &device), images, Some(latents));
}

#[test]
fn the_tiny_autoencoder_equals_diffusers() {
    let device = any_device();
    let model = FormulaModel::read("vae/taesd.json");
    let config = AutoencoderTinyConfig::from_json(&model.config).unwrap();
    let tiny = AutoencoderTiny::load(&mut model.weights(&device, FloatDType::F32), &config).unwrap();
    let golden = Golden::read("vae/taesd.safetensors");
    let images = formula::values("images", [2, 32, 24, 3], &device);
    assert_equals(&golden, "latents", tiny.encode(images));
    assert_equals(&golden, "decoded", tiny.decode(formula::values("latents", [2, 4, 3, 4], &device)));
    for (json, expected) in [
        (r#"{"act_fn": "silu"}"#, "act_fn"),
        (r#"{"num_decoder_blocks": [1]}"#, "the decoder's lists of channels and blocks do not fit"),
        (r#"{"encoder_block_out_channels": [64, 64, 64, 32]}"#, "levels differ in their channels"),
        (r#"{"num_encoder_blocks": [4000000000, 3, 3, 3]}"#, "num_encoder_blocks to 4000000000"),
        (r#"{"num_decoder_blocks": [3, 0, 3, 1]}"#, "num_decoder_blocks is 0"),
        (
            r#"{"decoder_block_out_channels": [70000, 70000, 70000, 70000]}"#,
            "decoder_block_out_channels to 70000",
        ),
        (
            r#"{"encoder_block_out_channels": [8, 8, 8, 8, 8, 8, 8, 8, 8], "num_encoder_blocks": [1, 1, 1, 1, 1, 1, 1, 1, 1]}"#,
            "num_encoder_blocks to 9 levels",
        ),
        (r#"{"latent_channels": 4000000000}"#, "latent_channels to 4000000000"),
        (r#"{"in_channels": 0}"#, "in_channels is 0"),
    ] {
        let message = AutoencoderTinyConfig::from_json(json).unwrap_err().to_string();
        assert!(message.contains(expected), "{json}: {message}");
    }
}

#[test]
fn configs_of_other_autoencoders_are_refused_in_a_sentence() {
    for (json, expected) in [
        (r#"{"_class_name": "AutoencoderTiny"}"#, "AutoencoderTiny"),
        (r#"{"shift_factor": 0.1159}"#, "shift_factor to 0.1159"),
        (r#"{"latents_mean": [0, 0, 0, 0]}"#, "latents_mean"),
        (r#"{"down_block_types": ["AttnDownEncoderBlock2D"]}"#, "AttnDownEncoderBlock2D"),
        (r#"{"block_out_channels": [64, 128]}"#, "down_block_types has 1 entries"),
        (r#"{"block_out_channels": []}"#, "down_block_types has 1 entries"),
        (r#"{"norm_num_groups": 0}"#, "norm_num_groups is 0"),
        (r#"{"norm_num_groups": 5}"#, "64 channels do not divide into 5 groups"),
        (r#"{"layers_per_block": 1000000000}"#, "layers_per_block to 1000000000"),
        (r#"{"latent_channels": 4000000000}"#, "latent_channels to 4000000000"),
        (r#"{"scaling_factor": "large"}"#, "cannot be read"),
        (r#"{"scaling_factor": 0}"#, "scaling_factor to 0.0"),
    ] {
        let message = AutoencoderKlConfig::from_json(json).unwrap_err().to_string();
        assert!(message.contains(expected), "{json}: {message}");
    }
}

/// TAESD belongs to the VAE whose latents it decodes: that of Stable Diffusion 3, with 16 channels, would draw noise.
#[test]
fn another_models_preview_autoencoder_is_refused() {
    let vae = AutoencoderKlConfig::from_json(include_str!("../../src/bench/sd15/vae.json")).unwrap();
    let refused =
        |json: &str| AutoencoderTinyConfig::from_json(json).unwrap().check_stands_in_for(&vae).err();
    assert_eq!(refused("{}").map(|error| error.to_string()), None);
    for (json, expected) in [
        (r#"{"latent_channels": 16}"#, "latent_channels to 16"),
        (r#"{"out_channels": 4}"#, "out_channels to 4"),
        (
            r#"{"decoder_block_out_channels": [64, 64, 64], "num_decoder_blocks": [3, 3, 1]}"#,
            "num_decoder_blocks to 3",
        ),
    ] {
        let message = refused(json).expect(json).to_string();
        assert!(message.contains(expected), "{json}: {message}");
    }
}
