//! The scale of each layer: by its alpha, by peft's configuration, by the strength that it is applied with.

use burn::tensor::FloatDType;
use palpable::adapter::{Adapter, Error, kohya_name};
use palpable::weights::{OutgoingTensor, StoredType, write_safetensors};

use crate::sample::{TO_K, TO_OUT, f32_tensor, full_adapter, read};
use crate::support::{any_device, values};

#[test]
fn alpha_defaults_to_the_rank() {
    let factors = || {
        let name = kohya_name(TO_K);
        vec![
            f32_tensor(&format!("{name}.lora_down.weight"), &[4, 12]),
            f32_tensor(&format!("{name}.lora_up.weight"), &[16, 4]),
        ]
    };
    assert_eq!(read(&factors()).unwrap().lora[0].scale(), 1.0);
    for (alpha, scale) in [(0.0, 1.0), (1.0, 0.25), (8.0, 2.0)] {
        let mut tensors = factors();
        tensors.push(OutgoingTensor::f16(format!("{}.alpha", kohya_name(TO_K)), &[], &[alpha]));
        assert_eq!(read(&tensors).unwrap().lora[0].scale(), scale);
    }
}

/// The factors of three layers as diffusers' `save_lora_adapter` names them, with this configuration.
fn saved_alone(component: &str, paths: [&str; 3], config: &str) -> Result<Adapter, Error> {
    let tensors = paths.map(|path| {
        let name = format!("{component}{path}.lora_");
        [f32_tensor(&format!("{name}A.weight"), &[4, 12]), f32_tensor(&format!("{name}B.weight"), &[16, 4])]
    });
    let metadata = [("lora_adapter_metadata".to_owned(), config.to_owned())].into();
    Adapter::from_bytes(&write_safetensors(tensors.as_flattened(), &metadata), "file.safetensors")
}

const TO_Q: &str = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";

const TEXT_LAYERS: [&str; 3] = [
    "text_model.encoder.layers.0.mlp.fc1",
    "text_model.encoder.layers.0.mlp.fc2",
    "text_model.encoder.layers.1.mlp.fc1",
];

/// By their paths.
fn alphas(adapter: Result<Adapter, Error>) -> Vec<f32> {
    adapter.unwrap().lora.iter().map(|weights| weights.alpha).collect()
}

/// Neither tensors nor configuration name the component, whose paths do.
#[test]
fn a_component_that_was_saved_alone_has_its_own_alpha() {
    let unet = [TO_K, TO_OUT, TO_Q];
    let config = r#"{"r": 4, "lora_alpha": 8, "alpha_pattern": {"attn1.to_q": 2}, "use_rslora": false}"#;
    assert_eq!(alphas(saved_alone("", unet, config)), [8.0, 8.0, 2.0]);
    assert_eq!(alphas(saved_alone("", TEXT_LAYERS, r#"{"lora_alpha": 8}"#)), [8.0; 3]);
    // Where components are named, entries without their names are nobody's.
    let config = r#"{"lora_alpha": 8, "unet.lora_alpha": 2}"#;
    assert_eq!(alphas(saved_alone("unet.", unet, config)), [2.0; 3]);
    assert_eq!(alphas(saved_alone("text_encoder.", TEXT_LAYERS, config)), [4.0; 3]);
    // Above f32 once it is multiplied by √rank.
    let error = saved_alone("", unet, r#"{"lora_alpha": 3e38, "use_rslora": true}"#).unwrap_err();
    assert!(matches!(error, Error::NotFinite { .. }), "{error}");
}

/// peft looks for `(.*\.)?(KEY)$` in a layer's path.
#[test]
fn exceptions_of_alpha_are_those_of_peft() {
    let unet = |exceptions: &str| {
        let config = format!(r#"{{"unet.lora_alpha": 8, "unet.alpha_pattern": {{{exceptions}}}}}"#);
        saved_alone("unet.", [TO_K, TO_OUT, TO_Q], &config)
    };
    for (exceptions, expected) in [
        (r#""to_out.0": 2"#, [8.0, 2.0, 8.0]),
        (r#""to_out\\.0": 2"#, [8.0, 2.0, 8.0]),
        (r#""^mid_block\\.attentions\\.0\\.transformer_blocks\\.0\\.attn1\\.to_q": 2"#, [8.0, 8.0, 2.0]),
        (r#""^attn1.to_q": 2"#, [8.0; 3]),
        (r#""q": 2"#, [8.0; 3]),
        (r#""attn1.to_q": 2, "to_q": 4, "to_out.0": 1"#, [8.0, 1.0, 2.0]),
        (r#""to_q": 4, "attn1.to_q": 2"#, [8.0, 8.0, 4.0]),
    ] {
        assert_eq!(alphas(unet(exceptions)), expected, "{exceptions}");
    }
    let config = r#"{"lora_alpha": 8, "alpha_pattern": {"^encoder.layers.0.mlp.fc2": 2, "^text_model.encoder.layers.1.mlp.fc1": 4}}"#;
    assert_eq!(alphas(saved_alone("", TEXT_LAYERS, config)), [8.0, 2.0, 4.0]);
    let error = unet(r#"".*attn1.*": 2"#).unwrap_err();
    assert!(matches!(error, Error::PeftConfig { .. }));
    assert_eq!(
        error.to_string(),
        "file.safetensors cannot be used: its alpha_pattern holds regular expressions, and only layers' names \
         are read; save the adapter with peft again, or as one .safetensors file"
    );
}

#[test]
fn lora_set_scales_by_strength_and_adds_up() {
    let device = any_device();
    let adapter = full_adapter();
    let mut set = adapter.lora_set(&device, FloatDType::F32, 0.5);
    let [layer] = set.get(TO_K) else { panic!("one adaptation of {TO_K}") };
    assert_eq!(layer.scale, 0.5 * 3.0 / 4.0);
    assert_eq!((layer.down.dims(), layer.up.dims()), ([4, 12], [16, 4]));
    assert_eq!(values(layer.down.clone()), adapter.lora[0].down);
    assert_eq!(values(layer.up.clone()), adapter.lora[0].up);
    adapter.add_to(&mut set, &device, FloatDType::F32, -1.0);
    assert_eq!(set.get(TO_OUT).len(), 2);
    assert_eq!(set.get(TO_OUT)[1].scale, -0.75);
}

/// As diffusers' `convert_state_dict_to_kohya` makes files: with alphas of 64 bits.
#[test]
fn integers_are_alphas_but_no_factors() {
    let name = kohya_name(TO_K);
    let read = |factors: &str, size: usize, data: &[u8]| {
        let json = format!(
            r#"{{"{name}.alpha":{{"dtype":"I64","shape":[],"data_offsets":[0,8]}},"{name}.lora_down.weight":{{"dtype":"{factors}","shape":[1,2],"data_offsets":[8,{}]}},"{name}.lora_up.weight":{{"dtype":"{factors}","shape":[2,1],"data_offsets":[{},{}]}}}}"#,
            8 + 2 * size,
            8 + 2 * size,
            8 + 4 * size
        );
        let length = (json.len() as u64).to_le_bytes();
        let alpha = 3_i64.to_le_bytes();
        Adapter::from_bytes(&[&length, json.as_bytes(), &alpha, data].concat(), "x.safetensors")
    };
    assert_eq!(read("F32", 4, &[0; 16]).unwrap().lora[0].alpha, 3.0);
    let error = read("I8", 1, &[1; 4]).unwrap_err();
    assert!(matches!(error, Error::WrongType { stored: StoredType::I8, .. }), "{error}");
}
