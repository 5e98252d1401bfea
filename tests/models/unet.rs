//! The U-Net against diffusers (goldens: tools/goldens/unet.py).

use std::cell::RefCell;

use burn::tensor::{DType, Device, FloatDType, Tensor};
use palpable::model::cross_attention::{Chain, CrossAttentionHook, Guides, Place};
use palpable::model::unet::UNet2DConditionModel;
use palpable::model::unet_config::UNet2DConditionConfig;
use palpable::weights::read_text;

use crate::support::formula::{self, FormulaModel};
use crate::support::{
    Golden, any_device, any_device_for, block_on, demo_model, demo_weights, relative_error, values,
};

/// Of the goldens' second row the timestep is fractional.
pub const TIMESTEPS: [f32; 2] = [801.0, 20.5];

pub fn demo_unet(device: &Device) -> UNet2DConditionModel {
    let config = block_on(read_text(&demo_model(), "unet/config.json")).unwrap();
    let config = UNet2DConditionConfig::from_json(&config).unwrap();
    let mut weights = demo_weights("unet", "diffusion_pytorch_model", device);
    UNet2DConditionModel::load(&mut weights, config).unwrap()
}

pub fn formula_unet(name: &str, device: &Device, dtype: FloatDType) -> UNet2DConditionModel {
    let model = FormulaModel::read(&format!("unet/{name}.json"));
    let config = UNet2DConditionConfig::from_json(&model.config).unwrap();
    UNet2DConditionModel::load(&mut model.weights(device, dtype), config).unwrap()
}

/// The goldens' sample and text context.
pub fn inputs(
    unet: &UNet2DConditionModel,
    [height, width]: [usize; 2],
    tokens: usize,
    device: &Device,
) -> (Tensor<4>, Tensor<3>) {
    let config = unet.config();
    let sample = formula::values("sample", [2, height, width, config.in_channels], device);
    let context = [2, tokens, config.cross_attention_dim[0]];
    (sample, formula::values("encoder_hidden_states", context, device))
}

fn error_against_diffusers(name: &str, unet: &UNet2DConditionModel, size: [usize; 2], tokens: usize) -> f64 {
    error_against_diffusers_on(&any_device(), name, unet, size, tokens)
}

fn error_against_diffusers_on(
    device: &Device,
    name: &str,
    unet: &UNet2DConditionModel,
    size: [usize; 2],
    tokens: usize,
) -> f64 {
    let (sample, context) = inputs(unet, size, tokens, device);
    let output = unet.forward(sample, &TIMESTEPS, context, None);
    assert_eq!(output.dims(), [2, size[0], size[1], 4]);
    assert_eq!(output.dtype(), DType::F32);
    let golden = Golden::read(&format!("unet/{name}.safetensors"));
    let error = relative_error(&values(output), golden.values("output"));
    println!("{name}: relative error {error:.2e}");
    error
}

#[test]
fn demo_model_equals_diffusers() {
    let unet = demo_unet(&any_device());
    assert_eq!(unet.config().sample_size, Some([16, 16]));
    assert!(error_against_diffusers("demo", &unet, [16, 16], 77) <= 1e-4);
}

#[test]
fn stable_diffusion_layout_equals_diffusers() {
    let unet = formula_unet("sd15_layout", &any_device(), FloatDType::F32);
    assert!(error_against_diffusers("sd15_layout", &unet, [16, 12], 11) <= 1e-4);
}

#[test]
fn settings_by_level_no_middle_and_odd_sizes_equal_diffusers() {
    let unet = formula_unet("lists_without_mid", &any_device(), FloatDType::F32);
    assert!(error_against_diffusers("lists_without_mid", &unet, [13, 10], 7) <= 1e-4);
}

#[test]
fn middle_without_attention_equals_diffusers() {
    let unet = formula_unet("residual_mid", &any_device(), FloatDType::F32);
    assert!(error_against_diffusers("residual_mid", &unet, [8, 8], 7) <= 1e-4);
}

#[test]
fn a_latent_consistency_model_told_its_guidance_equals_diffusers() {
    let unet = formula_unet("lcm", &any_device(), FloatDType::F32);
    assert!(unet.takes_guidance());
    assert!(error_against_diffusers("lcm", &unet.with_guidance(7.5), [8, 8], 7) <= 1e-4);
    let untold = error_against_diffusers("lcm", &unet, [8, 8], 7);
    assert!(untold > 1e-2, "the guidance changes nothing");
}

#[test]
fn bk_sdm_and_segmind_layouts_equal_diffusers() {
    for name in ["bk_sdm_base", "bk_sdm_small", "bk_sdm_tiny"] {
        let unet = formula_unet(name, &any_device(), FloatDType::F32);
        assert!(error_against_diffusers(name, &unet, [8, 8], 7) <= 1e-4, "{name}");
    }
}

#[test]
fn half_precision_weights_compute_in_half_precision() {
    let device = any_device_for(FloatDType::F16);
    let unet = formula_unet("residual_mid", &device, FloatDType::F16);
    let error = error_against_diffusers_on(&device, "residual_mid", &unet, [8, 8], 7);
    // f16 has 11 bits of significand; f32 would be far below the lower bound
    assert!((1e-5..2e-2).contains(&error));
}

#[test]
fn stable_diffusion_has_128_attention_projections() {
    let projections = formula_unet("sd15_layout", &any_device(), FloatDType::F32).attention_projections();
    assert_eq!(projections.len(), 128);
    let find = |path: &str| projections.iter().find(|projection| projection.path == path).unwrap();
    let cross_attention_key = find("up_blocks.3.attentions.2.transformer_blocks.0.attn2.to_k");
    assert_eq!((cross_attention_key.in_features, cross_attention_key.out_features), (48, 32));
    let output = find("mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0");
    assert_eq!((output.in_features, output.out_features), (96, 96));
}

#[test]
fn a_missing_tensor_is_named() {
    let device = any_device();
    let mut model = FormulaModel::read("unet/residual_mid.json");
    let config = UNet2DConditionConfig::from_json(&model.config).unwrap();
    let name = "down_blocks.0.resnets.0.time_emb_proj.weight";
    model.weights.remove(name);
    let mut weights = model.weights(&device, FloatDType::F32);
    let error = UNet2DConditionModel::load(&mut weights, config).unwrap_err();
    assert!(error.to_string().contains(name), "{error}");
}

#[test]
fn configs_of_other_architectures_are_refused_in_a_sentence() {
    let refused = |json: &str| UNet2DConditionConfig::from_json(json).unwrap_err().to_string();
    for (json, expected) in [
        (r#"{"class_embed_type": "timestep"}"#, r#"class_embed_type to "timestep""#),
        (r#"{"addition_embed_type": "text_time"}"#, r#"addition_embed_type to "text_time""#),
        (r#"{"encoder_hid_dim_type": "text_proj"}"#, "encoder_hid_dim_type"),
        (r#"{"dual_cross_attention": true}"#, "dual_cross_attention to true"),
        (r#"{"resnet_time_scale_shift": "scale_shift"}"#, "resnet_time_scale_shift"),
        (r#"{"_class_name": "ControlNetModel"}"#, "ControlNetModel"),
        (r#"{"mid_block_type": "UNetMidBlock2DSimpleCrossAttn"}"#, "UNetMidBlock2DSimpleCrossAttn"),
        (r#"{"down_block_types": ["KDownBlock2D"]}"#, "KDownBlock2D"),
        (r#"{"up_block_types": ["UpBlock2D"]}"#, "up_block_types has 1 entries"),
        (r#"{"layers_per_block": [1, 2]}"#, "layers_per_block has 2 entries"),
        (r#"{"layers_per_block": 0}"#, "layers_per_block is 0"),
        (r#"{"layers_per_block": 1000000000}"#, "layers_per_block to 1000000000"),
        (r#"{"transformer_layers_per_block": 1000000000}"#, "transformer_layers_per_block to 1000000000"),
        (
            r#"{"layers_per_block": 128, "transformer_layers_per_block": [1, 1, 2, 1]}"#,
            "transformer_layers_per_block to 2 in each of 128 layers",
        ),
        (r#"{"cross_attention_dim": 4000000000}"#, "cross_attention_dim to 4000000000"),
        (r#"{"sample_size": 100000}"#, "sample_size to 100000"),
        (r#"{"norm_eps": -1}"#, "norm_eps to -1.0"),
        (r#"{"freq_shift": 160}"#, "freq_shift to 160.0"),
        (r#"{"norm_num_groups": 7}"#, "320 channels do not divide into 7 groups"),
        (r#"{"attention_head_dim": [7, 8, 8, 8]}"#, "320 channels do not divide into 7 heads"),
        (r#"{"transformer_layers_per_block": [[1], 1, 1, 1]}"#, "cannot be read"),
        (r#"{"block_out_channels": -1}"#, "cannot be read"),
        ("{", "cannot be read"),
    ] {
        let message = refused(json);
        assert!(message.contains(expected), "{json}: {message}");
    }
}

#[test]
fn an_empty_config_means_diffusers_defaults() {
    let config = UNet2DConditionConfig::from_json("{}").unwrap();
    assert_eq!(config.block_out_channels, [320, 640, 1280, 1280]);
    assert_eq!(config.num_attention_heads, [8; 4]);
    assert_eq!(config.layers_per_block, [2; 4]);
    assert_eq!(config.time_embedding_size, 1280);
    let heads = r#"{"attention_head_dim": 8, "num_attention_heads": [5, 10, 20, 20]}"#;
    assert_eq!(UNet2DConditionConfig::from_json(heads).unwrap().num_attention_heads, [5, 10, 20, 20]);
}

/// Keeps where it was asked, checks what it was given, and returns `factor` times as much.
struct Witness {
    places: RefCell<Vec<(String, [usize; 2])>>,
    factor: f32,
}

impl CrossAttentionHook for Witness {
    fn attend(&self, place: Place, probabilities: Tensor<4>) -> Tensor<4> {
        let [batch, heads, pixels, tokens] = probabilities.dims();
        assert_eq!([batch, pixels, tokens], [2, place.size[0] * place.size[1], 11]);
        assert!(heads > 0 && probabilities.dtype() == DType::F32);
        if self.factor == 1.0 {
            let sums = values(probabilities.clone().sum_dim(3));
            assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-5));
        }
        self.places.borrow_mut().push((place.path.to_owned(), place.size));
        probabilities * self.factor
    }
}

/// A hook that changes nothing gives the fused attention's output, and sees every cross-attention once;
/// hooks in a chain see what the one before returned.
#[test]
fn hooked_cross_attention_is_the_fused_one() {
    for (dtype, most) in [(FloatDType::F32, 1e-5), (FloatDType::F16, 5e-3)] {
        let device = any_device_for(dtype);
        let unet = formula_unet("sd15_layout", &device, dtype);
        let (sample, context) = inputs(&unet, [16, 12], 11, &device);
        let witness = |factor| Witness { places: RefCell::default(), factor };
        let run = |hook: Option<&dyn CrossAttentionHook>| {
            let guides = Guides { lora: None, cross_attention: hook };
            values(unet.forward_guided(sample.clone(), &TIMESTEPS, context.clone(), guides))
        };
        let seen = witness(1.0);
        let fused = run(None);
        let error = relative_error(&run(Some(&seen)), &fused);
        println!("{dtype:?}: {error:.1e}");
        assert!(error <= most, "{error:e}");

        let places = seen.places.into_inner();
        assert_eq!(places.len(), 16);
        assert_eq!(places[0], ("down_blocks.0.attentions.0.transformer_blocks.0.attn2".to_owned(), [16, 12]));
        assert_eq!(places[6], ("mid_block.attentions.0.transformer_blocks.0.attn2".to_owned(), [2, 2]));

        let (half, double) = (witness(0.5), witness(2.0));
        let chained = run(Some(&Chain(vec![&half, &double])));
        assert!(relative_error(&chained, &fused) <= most);
        assert!(relative_error(&run(Some(&half)), &fused) > 1e-3);
    }
}
