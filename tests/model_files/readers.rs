//! Every reader of files, each with a small valid file for it.

use std::collections::BTreeMap;

use palpable::{
    adapter::{Adapter, ExportedFile, Project, ProjectPicture, read_adapter, zip_of},
    model::{
        clip_text::ClipTextConfig, taesd::AutoencoderTinyConfig, unet_config::UNet2DConditionConfig,
        vae_config::AutoencoderKlConfig,
    },
    plan::parameters,
    sampling::{NoiseSchedule, SchedulerConfig},
    tokenizer::Tokenizer,
    weights::{
        MemorySource, OutgoingTensor, SafetensorsHeader, SingleFile, SingleFileOptions, write_safetensors,
    },
};

use crate::support::{block_on, in_repository};

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|index| index as f32 / 8.0).collect()
}

fn checkpoint() -> Vec<u8> {
    let names: [(&str, &[usize]); 12] = [
        ("model.diffusion_model.input_blocks.0.0.weight", &[2, 1, 1, 1]),
        ("model.diffusion_model.input_blocks.1.0.in_layers.0.weight", &[2]),
        ("model.diffusion_model.input_blocks.1.1.proj_in.weight", &[2, 2]),
        ("model.diffusion_model.input_blocks.2.0.op.weight", &[2]),
        ("model.diffusion_model.output_blocks.0.1.transformer_blocks.0.norm1.bias", &[2]),
        ("model.diffusion_model.output_blocks.0.2.conv.weight", &[2]),
        ("first_stage_model.encoder.conv_in.weight", &[2, 1, 1, 1]),
        ("first_stage_model.decoder.mid.block_1.conv1.weight", &[2]),
        ("first_stage_model.encoder.down.0.block.0.conv1.weight", &[2, 1]),
        ("cond_stage_model.model.token_embedding.weight", &[3, 2]),
        ("cond_stage_model.model.transformer.resblocks.0.attn.in_proj_weight", &[3, 1]),
        ("cond_stage_model.model.transformer.resblocks.1.attn.in_proj_bias", &[3]),
    ];
    let tensors =
        names.map(|(name, shape)| OutgoingTensor::f32(name, shape, &numbers(shape.iter().product())));
    write_safetensors(&tensors, &BTreeMap::from([("modelspec.prediction_type".to_owned(), "v".to_owned())]))
}

fn read_golden(path: &str) -> Vec<u8> {
    std::fs::read(in_repository("tests/goldens").join(path)).unwrap()
}

fn config_of(golden: &str) -> Vec<u8> {
    let text: serde_json::Value = serde_json::from_slice(&read_golden(golden)).unwrap();
    text["config"].to_string().into_bytes()
}

/// A reader, and a valid file for it.
pub struct Target {
    pub name: &'static str,
    pub file: Vec<u8>,
    pub safetensors: bool,
    pub read: fn(&[u8]),
}

/// A convolution with a Tucker factor, a layer of the text encoder, peft's names with their scales in the
/// metadata, names of original checkpoints, a word of OneTrainer's.
fn wide_adapter() -> Vec<u8> {
    let names: [(&str, &[usize]); 13] = [
        ("lora_unet_down_blocks_0_resnets_0_conv1.lora_down.weight", &[2, 1, 1, 1]),
        ("lora_unet_down_blocks_0_resnets_0_conv1.lora_mid.weight", &[2, 2, 3, 3]),
        ("lora_unet_down_blocks_0_resnets_0_conv1.lora_up.weight", &[1, 2, 1, 1]),
        ("lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", &[1, 2]),
        ("lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight", &[2, 1]),
        ("unet.mid_block.attentions.0.proj_in.lora_A.weight", &[1, 2]),
        ("unet.mid_block.attentions.0.proj_in.lora_B.weight", &[2, 1]),
        ("text_encoder.encoder.layers.1.self_attn.to_q_lora.down.weight", &[1, 2]),
        ("text_encoder.encoder.layers.1.self_attn.to_q_lora.up.weight", &[2, 1]),
        ("lora_unet_output_blocks_11_1_proj_out.lora_down.weight", &[1, 2]),
        ("lora_unet_output_blocks_11_1_proj_out.lora_up.weight", &[2, 1]),
        ("diffusion_model.input_blocks.3.0.op.diff", &[1, 1, 3, 3]),
        ("diffusion_model.input_blocks.3.0.op.diff_b", &[1]),
    ];
    let mut tensors: Vec<OutgoingTensor> = names
        .iter()
        .map(|(name, shape)| OutgoingTensor::f32(*name, shape, &numbers(shape.iter().product())))
        .collect();
    tensors.push(OutgoingTensor::f16("bundle_emb.<toy>.clip_l", &[1, 2], &numbers(2)));
    let scales = r#"{"unet.lora_alpha": 4, "unet.alpha_pattern": {"proj_in": 2}, "unet.use_rslora": true}"#;
    let metadata = BTreeMap::from([("lora_adapter_metadata".to_owned(), scales.to_owned())]);
    write_safetensors(&tensors, &metadata)
}

fn project() -> Project {
    let bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    Project {
        adapter: Adapter::from_bytes(&wide_adapter(), "a").unwrap(),
        prompts: vec!["a <toy>".to_owned()],
        thumbnails: vec![ProjectPicture { name: "a.png".to_owned(), bytes }],
        ..Project::default()
    }
}

/// An archive of a file and an adapter that goes with it.
fn archive_with(path: &str, bytes: &[u8], adapter_path: &str, adapter: Vec<u8>) -> Vec<u8> {
    let file = ExportedFile { path: path.to_owned(), bytes: bytes.to_vec() };
    zip_of(vec![file, ExportedFile { path: adapter_path.to_owned(), bytes: adapter }]).unwrap()
}

/// Every reader; first those of safetensors files.
pub fn targets() -> Vec<Target> {
    let adapter_tensors = [
        OutgoingTensor::f32(
            "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight",
            &[1, 2],
            &numbers(2),
        ),
        OutgoingTensor::f32(
            "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.lora_up.weight",
            &[2, 1],
            &numbers(2),
        ),
        OutgoingTensor::f16(
            "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.alpha",
            &[],
            &[1.0],
        ),
        OutgoingTensor::f32("bundle_emb.<my-dog>.string_to_param.*", &[1, 2], &numbers(2)),
    ];
    let metadata = [("ss_network_module", "networks.lora"), ("palpable.placeholder", "<my-dog>")];
    let metadata = metadata.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
    let text = |text: &str| text.as_bytes().to_vec();
    let with_text = |name, file, read| Target { name, file, safetensors: false, read };
    vec![
        Target {
            name: "header",
            file: checkpoint(),
            safetensors: true,
            read: |bytes| {
                if let Ok(header) = SafetensorsHeader::from_bytes("a", bytes) {
                    assert!(header.tensors.iter().all(|tensor| tensor.range.end <= bytes.len() as u64));
                }
            },
        },
        Target {
            name: "checkpoint",
            file: checkpoint(),
            safetensors: true,
            read: |bytes| {
                let mut source = MemorySource::default();
                source.insert("a", bytes);
                let _ = block_on(SingleFile::open(&source, "a", SingleFileOptions::default()));
            },
        },
        Target {
            name: "adapter",
            file: write_safetensors(&adapter_tensors, &metadata),
            safetensors: true,
            read: |bytes| drop(Adapter::from_bytes(bytes, "a")),
        },
        Target {
            name: "adapter of other dialects",
            file: wide_adapter(),
            safetensors: true,
            read: |bytes| drop(read_adapter(bytes, "a")),
        },
        with_text("project", project().to_bytes().unwrap(), |bytes| drop(read_adapter(bytes, "a.zip"))),
        with_text(
            "project manifest",
            text(
                r#"{"palpableProject":1,"name":"a","adapter":"b","settings":{"c":[1]},"prompts":["d"],"thumbnails":["b"]}"#,
            ),
            |bytes| {
                let archive = archive_with("palpable.json", bytes, "b", wide_adapter());
                drop(Project::from_bytes(&archive, "a"));
            },
        ),
        with_text(
            "peft config",
            text(
                r#"{"peft_type":"LORA","r":1,"lora_alpha":4,"alpha_pattern":{"proj_in":2},"use_rslora":true}"#,
            ),
            |bytes| {
                let name = "adapter_model.safetensors";
                let archive = archive_with("adapter_config.json", bytes, name, wide_adapter());
                drop(read_adapter(&archive, "a.zip"));
            },
        ),
        with_text("U-Net config", config_of("unet/residual_mid.json"), |bytes| {
            drop(UNet2DConditionConfig::from_json(&String::from_utf8_lossy(bytes)));
        }),
        with_text("VAE config", config_of("vae/bare.json"), |bytes| {
            let text = String::from_utf8_lossy(bytes);
            if let Ok(config) = AutoencoderKlConfig::from_json(&text) {
                config.downscale();
            }
        }),
        with_text("preview autoencoder config", config_of("vae/taesd.json"), |bytes| {
            if let Ok(config) = AutoencoderTinyConfig::from_json(&String::from_utf8_lossy(bytes)) {
                drop(parameters::taesd(&config));
            }
        }),
        with_text(
            "text encoder config",
            text(
                r#"{"vocab_size":99,"hidden_size":64,"intermediate_size":8,"num_hidden_layers":2,"num_attention_heads":4,"max_position_embeddings":77}"#,
            ),
            |bytes| drop(ClipTextConfig::from_json(&String::from_utf8_lossy(bytes))),
        ),
        with_text(
            "scheduler",
            text(
                r#"{"num_train_timesteps":1000,"beta_start":0.00085,"beta_end":0.012,"beta_schedule":"scaled_linear","steps_offset":1,"prediction_type":"epsilon"}"#,
            ),
            |bytes| {
                if let Ok(config) = SchedulerConfig::from_json(&String::from_utf8_lossy(bytes)) {
                    drop(NoiseSchedule::new(&config));
                }
            },
        ),
        with_text(
            "vocabulary",
            text(r#"{"a":0,"b":1,"ab</w>":2,"b</w>":3,"<|startoftext|>":4,"<|endoftext|>":5}"#),
            |bytes| {
                let read = Tokenizer::new(&String::from_utf8_lossy(bytes), "#version: 0.2\na b</w>\n", None);
                if let Ok(tokenizer) = read {
                    tokenizer.encode("ab a");
                }
            },
        ),
        with_text("merges", text("#version: 0.2\na b</w>\n"), |bytes| {
            let vocabulary = r#"{"a":0,"b":1,"ab</w>":2,"b</w>":3,"<|startoftext|>":4,"<|endoftext|>":5}"#;
            drop(Tokenizer::new(vocabulary, &String::from_utf8_lossy(bytes), None));
        }),
        with_text(
            "tokenizer config",
            text(r#"{"pad_token":"b","model_max_length":77,"bos_token":{"content":"<|startoftext|>"}}"#),
            |bytes| {
                let vocabulary =
                    r#"{"a":0,"b":1,"ab</w>":2,"b</w>":3,"<|startoftext|>":4,"<|endoftext|>":5}"#;
                let config = String::from_utf8_lossy(bytes);
                if let Ok(tokenizer) = Tokenizer::new(vocabulary, "a b</w>\n", Some(&config)) {
                    tokenizer.encode("ab a");
                }
            },
        ),
    ]
}
