//! Adapters whose layers are named as in original checkpoints, flattened by kohya's rule or as ComfyUI
//! writes them, mean what the same factors under diffusers' names mean
//! (tests/goldens/single_file/unet_layers.json, tools/goldens/single_file.py).

use std::collections::BTreeMap;

use crate::golden_file;
use palpable::adapter::{Adapter, path_from_kohya_name};
use palpable::sampling::noise::normal;
use palpable::weights::{OutgoingTensor, write_safetensors};
use serde_json::Value;

/// Original name and diffusers' of every linear layer and convolution of Stable Diffusion's U-Net.
fn unet_layers() -> Vec<(String, String)> {
    let table: Value = serde_json::from_slice(&golden_file("single_file/unet_layers.json")).unwrap();
    let entries = |value: &Value| -> Vec<(String, String)> {
        let entries = value.as_object().unwrap().iter();
        entries.map(|(original, name)| (original.clone(), name.as_str().unwrap().to_owned())).collect()
    };
    let mut pairs = entries(&table["alone"]);
    for (piece, path) in entries(&table["pieces"]) {
        let kind = if path.contains("resnets") { "resnets" } else { "attentions" };
        for (layer, name) in entries(&table["layers"][kind]) {
            pairs.push((format!("{piece}{layer}"), format!("{path}{name}")));
        }
    }
    pairs
}

#[test]
fn original_names_of_a_whole_unet_lead_to_diffusers_paths() {
    let pairs = unet_layers();
    // Not every residual block has a shortcut, so there are some more pairs than layers.
    assert!(pairs.len() > 281 && pairs.len() < 300, "{}", pairs.len());
    for (original, path) in pairs {
        let flat = format!("lora_unet_{}", original.replace('.', "_"));
        let adapted = !path.starts_with("time_embedding");
        assert_eq!(path_from_kohya_name(&flat).as_deref(), adapted.then_some(path.as_str()), "{flat}");
    }
}

#[test]
fn names_outside_the_original_layout_are_not_guessed() {
    for name in [
        "input_blocks_0_1_proj_in",
        "input_blocks_1_2_proj_in",
        "input_blocks_1_0_in_layers_0",
        "input_blocks_1_0_in_layers_3",
        "input_blocks_1_0_op",
        "input_blocks_3_1_op",
        "input_blocks_3_0_in_layers_2",
        "input_blocks_x_0_in_layers_2",
        "middle_block_3_in_layers_2",
        "middle_block_1_in_layers_2",
        "output_blocks_1_1_conv",
        "output_blocks_2_3_conv",
        "output_blocks_1_1_transformer_blocks_0_norm1",
        "out_0",
        "label_emb_0_0",
    ] {
        assert_eq!(path_from_kohya_name(&format!("lora_unet_{name}")), None, "{name}");
    }
}

fn tensors(path: &str, shapes: [&[usize]; 2], suffixes: [&str; 2]) -> [OutgoingTensor; 2] {
    [0, 1].map(|factor| {
        let values = normal(7, factor as u64, shapes[factor].iter().product());
        OutgoingTensor::f32(format!("{path}.{}", suffixes[factor]), shapes[factor], &values)
    })
}

fn read(tensors: &[OutgoingTensor]) -> Adapter {
    Adapter::from_bytes(&write_safetensors(tensors, &BTreeMap::new()), "file.safetensors").unwrap()
}

#[test]
fn files_in_the_original_layout_are_read_as_in_diffusers() {
    const FACTORS: [&str; 2] = ["lora_down.weight", "lora_up.weight"];
    const LINEAR: [&[usize]; 2] = [&[4, 12], &[16, 4]];
    const CONVOLUTION: [&[usize]; 2] = [&[4, 12, 3, 3], &[16, 4, 1, 1]];
    let layers = [
        ("input_blocks.1.1.transformer_blocks.0.attn2.to_k", LINEAR),
        ("output_blocks.11.1.transformer_blocks.0.attn1.to_out.0", LINEAR),
        ("middle_block.2.out_layers.3", CONVOLUTION),
        ("output_blocks.5.2.conv", CONVOLUTION),
    ];
    let paths = [
        "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k",
        "up_blocks.3.attentions.2.transformer_blocks.0.attn1.to_out.0",
        "mid_block.resnets.1.conv2",
        "up_blocks.1.upsamplers.0.conv",
    ];
    let text = "text_model.encoder.layers.1.self_attn.q_proj";
    let flat = |path: &str| path.replace('.', "_");
    let mut kohya = Vec::from(tensors(&format!("lora_te_{}", flat(text)), LINEAR, FACTORS));
    let [mut original, mut comfyui] = [kohya.clone(), Vec::new()];
    for clip in ["clip_l", "clip_h"] {
        let alone = tensors(&format!("text_encoders.{clip}.transformer.{text}"), LINEAR, FACTORS);
        assert_eq!(read(&alone), read(&kohya), "{clip}");
        comfyui = Vec::from(alone);
    }
    for ((name, shapes), path) in layers.into_iter().zip(paths) {
        kohya.extend(tensors(&format!("lora_unet_{}", flat(path)), shapes, FACTORS));
        original.extend(tensors(&format!("lora_unet_{}", flat(name)), shapes, FACTORS));
        comfyui.extend(tensors(&format!("diffusion_model.{name}"), shapes, FACTORS));
    }
    let expected = read(&kohya);
    assert_eq!(expected.lora.len(), 5);
    assert_eq!(read(&original), expected);
    assert_eq!(read(&comfyui), expected);

    // Full differences, with a bias.
    let difference = |path: String| read(&tensors(&path, [&[16, 12, 3, 3], &[16]], ["diff", "diff_b"]));
    let expected = difference(format!("lora_unet_{}", flat(paths[2])));
    assert_eq!(expected.differences.len(), 1);
    assert_eq!(difference(format!("lora_unet_{}", flat(layers[2].0))), expected);
    assert_eq!(difference(format!("diffusion_model.{}", layers[2].0)), expected);
}

/// One layer of the U-Net and one of the text encoder as each program names them.
#[test]
fn every_programs_names_lead_to_the_same_layers() {
    const UNET: &str = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0";
    const TEXT: &str = "text_encoder.text_model.encoder.layers.3.self_attn.out_proj";
    const KOHYA: [&str; 2] = ["lora_down.weight", "lora_up.weight"];
    const PEFT: [&str; 2] = ["lora_A.weight", "lora_B.weight"];
    for (program, unet, text, suffixes) in [
        (
            "sd-scripts, LyCORIS, OneTrainer, InvokeAI's training",
            "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_out_0",
            "lora_te_text_model_encoder_layers_3_self_attn_out_proj",
            KOHYA,
        ),
        (
            "diffusers' convert_state_dict_to_kohya",
            "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_out_0",
            "lora_te1_text_model_encoder_layers_3_self_attn_out_proj",
            KOHYA,
        ),
        (
            "OneTrainer (OMI)",
            "unet.input_blocks.1.1.transformer_blocks.0.attn1.to_out.0",
            "clip_l.text_model.encoder.layers.3.self_attn.out_proj",
            KOHYA,
        ),
        (
            "ComfyUI",
            "diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_out.0",
            "text_encoders.clip_l.transformer.text_model.encoder.layers.3.self_attn.out_proj",
            KOHYA,
        ),
        (
            "diffusers with peft",
            "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0",
            "text_encoder.text_model.encoder.layers.3.self_attn.out_proj",
            PEFT,
        ),
        (
            "diffusers with transformers 5",
            "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0",
            "text_encoder.encoder.layers.3.self_attn.out_proj",
            PEFT,
        ),
        (
            "diffusers' training scripts",
            "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0",
            "text_encoder.text_model.encoder.layers.3.self_attn.out_proj",
            ["lora.down.weight", "lora.up.weight"],
        ),
        (
            "diffusers' training scripts of old",
            "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_out_lora",
            "text_encoder.text_model.encoder.layers.3.self_attn.to_out_lora",
            ["down.weight", "up.weight"],
        ),
    ] {
        let shapes: [&[usize]; 2] = [&[4, 16], &[16, 4]];
        let both = [unet, text].map(|name| tensors(name, shapes, suffixes)).concat();
        let paths: Vec<String> = read(&both).lora.into_iter().map(|layer| layer.path).collect();
        assert_eq!(paths, [UNET, TEXT], "{program}");
    }
}
