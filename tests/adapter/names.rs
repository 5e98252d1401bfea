//! Names of layers: from every path of a model to the name in files and back, and none is guessed.

use palpable::adapter::{kohya_name, path_from_kohya_name};
use palpable::model::unet_config::UNet2DConditionConfig;
use palpable::plan::parameters;
use palpable::weights::read_text;

use crate::golden_file;
use crate::support::{block_on, demo_model};

#[test]
fn kohya_names_of_whole_models_lead_back_to_their_paths() {
    let modules: serde_json::Value = serde_json::from_slice(&golden_file("adapters_modules.json")).unwrap();
    for (model, count) in [("sd15", 128), ("demo", 56)] {
        let names = modules[model].as_object().unwrap();
        assert_eq!(names.len(), count, "{model}");
        for (path, name) in names {
            let name = name.as_str().unwrap();
            assert_eq!(kohya_name(path), name);
            assert_eq!(path_from_kohya_name(name).as_deref(), Some(path.as_str()));
        }
    }
    let blocks = |side: &str, levels: std::ops::Range<usize>, attentions: usize| {
        let side = side.to_owned();
        levels.flat_map(move |level| {
            let side = side.clone();
            (0..attentions).map(move |attention| format!("{side}_blocks.{level}.attentions.{attention}"))
        })
    };
    let sixteen =
        blocks("down", 0..3, 2).chain(["mid_block.attentions.0".to_owned()]).chain(blocks("up", 1..4, 3));
    let paths: Vec<String> = sixteen.collect();
    assert_eq!(paths.len(), 16);
    for block in paths {
        let path = format!("{block}.transformer_blocks.0.attn1.to_out.0");
        assert!(modules["sd15"].get(&path).is_some(), "{path}");
    }
}

#[test]
fn names_outside_the_grammar_are_not_guessed() {
    for name in [
        "",
        "lora_unet_",
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_ff_net_1",
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn3_to_q",
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_out",
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_out_1",
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q_0",
        "lora_unet_mid_block_attentions_-1_transformer_blocks_0_attn1_to_q",
        "lora_unet_mid_block_attentions_0000_transformer_blocks_0_attn1_to_q",
        "lora_unet_down_blocks_0_resnets_0_conv3",
        "lora_unet_time_embedding_linear_1",
        "lora_te_text_model_encoder_layers_0_self_attn_q",
        "lora_te_text_model_encoder_layers__self_attn_q_proj",
        "lora_te_text_model_encoder_layers_0_layer_norm1",
        "lora_te2_text_model_encoder_layers_0_self_attn_q_proj",
    ] {
        assert_eq!(path_from_kohya_name(name), None, "{name}");
    }
}

/// Every layer that can be trained has a name in files from which its path can be told.
#[test]
fn kohya_names_of_all_layers_lead_back_to_their_paths() {
    let config = block_on(read_text(&demo_model(), "unet/config.json")).unwrap();
    let config = UNet2DConditionConfig::from_json(&config).unwrap();
    let mut layers = 0;
    for parameter in parameters::unet(&config) {
        let Some(path) = parameter.name.strip_suffix(".weight") else { continue };
        let adaptable =
            !path.rsplit('.').next().unwrap().contains("norm") && !path.starts_with("time_embedding");
        let told = path_from_kohya_name(&kohya_name(path));
        assert_eq!(told.as_deref(), adaptable.then_some(path));
        layers += usize::from(adaptable);
    }
    assert!(layers > 100, "{layers}");
}
