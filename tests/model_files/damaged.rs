//! Damaged and hostile files: whatever the bytes, the readers answer with a value or a sentence, never a
//! panic, and never take more memory than the file is worth.
//!
//! Mutations of valid files by a generator with a fixed seed. `PALPABLE_FUZZ_CASES` sets how many are
//! tried (each is read by one of the readers, in turn).

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

use crate::{
    counting::{held, take_peak},
    support::{block_on, in_repository},
};

/// What a damaged file of up to 1 kB may make a reader take beyond what the undamaged one does (a
/// tokenizer compiles its patterns, whatever its files say); larger ones 64 bytes more a byte.
const MAX_MEMORY: usize = 1 << 20;

/// A linear congruential generator (Knuth's MMIX); its upper half is used.
struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, bound: usize) -> usize {
        self.next() as usize % bound.max(1)
    }
}

/// Text that breaks readers of numbers, names and JSON.
const PIECES: [&str; 16] = [
    "0",
    "-1",
    "1e400",
    "18446744073709551615",
    "9223372036854775807",
    "4294967296",
    "null",
    "{}",
    "[]",
    "\"",
    ",",
    "}",
    "\\u0000",
    "data_offsets",
    "[[[[",
    "é",
];

fn mutate(original: &[u8], generator: &mut Generator) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=generator.below(4) {
        let place = generator.below(bytes.len() + 1);
        let end = (place + generator.below(9)).min(bytes.len());
        match generator.below(6) {
            0 if place < bytes.len() => bytes[place] ^= 1 << generator.below(8),
            1 => bytes.truncate(place),
            2 => drop(bytes.drain(place..end)),
            3 => drop(bytes.splice(place..end, PIECES[generator.below(PIECES.len())].bytes())),
            4 => {
                let copied = bytes[place..end].to_vec();
                let to = generator.below(bytes.len() + 1);
                bytes.splice(to..to, copied);
            }
            // The length in front of a safetensors header.
            _ if bytes.len() >= 8 => bytes[generator.below(8)] = generator.next() as u8,
            _ => {}
        }
    }
    bytes
}

/// Like [`mutate`], within the JSON of a safetensors file, whose length is set right afterwards.
fn mutate_header(original: &[u8], generator: &mut Generator) -> Vec<u8> {
    let length = u64::from_le_bytes(original[..8].try_into().unwrap()) as usize;
    let header = mutate(&original[8..8 + length], generator);
    [&(header.len() as u64).to_le_bytes()[..], &header, &original[8 + length..]].concat()
}

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
struct Target {
    name: &'static str,
    file: Vec<u8>,
    safetensors: bool,
    read: fn(&[u8]),
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

fn targets() -> Vec<Target> {
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

#[test]
fn damaged_files_end_in_a_sentence() {
    let cases = std::env::var("PALPABLE_FUZZ_CASES").map_or(20_000, |cases| cases.parse().unwrap());
    let seed = std::env::var("PALPABLE_FUZZ_SEED").map_or(7, |seed| seed.parse().unwrap());
    let mut generator = Generator(seed);
    let targets = targets();
    let headers = targets.iter().take_while(|target| target.safetensors).count();
    let taken_by = |target: &Target, file: &[u8]| {
        take_peak();
        let before = held();
        (target.read)(file);
        (take_peak() - before) as usize
    };
    let usual: Vec<usize> = targets.iter().map(|target| taken_by(target, &target.file)).collect();
    let mut most = 0;
    for case in 0..cases {
        // Headers break in the most ways: half of all cases.
        let index =
            if case % 2 == 0 { case / 2 % headers } else { headers + case / 2 % (targets.len() - headers) };
        let target = &targets[index];
        let deep = target.safetensors && generator.below(4) != 0;
        let change = if deep { mutate_header } else { mutate };
        let file = change(&target.file, &mut generator);
        let taken = taken_by(target, &file).saturating_sub(usual[index]);
        most = most.max(taken);
        let allowed = MAX_MEMORY + 64 * file.len().saturating_sub(1024);
        assert!(taken <= allowed, "{} took {taken} bytes for {} (case {case})", target.name, file.len());
    }
    println!("{cases} cases, at most {most} bytes taken beyond the usual");
}

/// The plan lists a model's tensors before any of them is read: of as many levels and layers as a config can ask
/// for, and of none that asks for more.
#[test]
fn the_plan_of_a_hostile_config_stays_small() {
    const MOST: usize = 32 << 20;
    let peak_of = |list: &dyn Fn() -> usize| {
        take_peak();
        let before = held();
        let tensors = list();
        ((take_peak() - before) as usize, tensors)
    };
    let unet = |layers: usize, transformer_layers: usize| {
        let types = |kind| vec![kind; 8];
        let config = serde_json::json!({
            "block_out_channels": vec![32; 8],
            "down_block_types": types("CrossAttnDownBlock2D"),
            "up_block_types": types("CrossAttnUpBlock2D"),
            "layers_per_block": layers,
            "transformer_layers_per_block": transformer_layers,
        });
        UNet2DConditionConfig::from_json(&config.to_string()).map(|config| parameters::unet(&config).len())
    };
    for (layers, transformer_layers) in [(128, 1), (1, 128), (11, 11)] {
        let (taken, tensors) = peak_of(&|| unet(layers, transformer_layers).expect("accepted"));
        println!("{layers} layers of {transformer_layers}: {tensors} tensors in {taken} bytes");
        assert!(taken < MOST);
    }
    assert!(unet(128, 128).is_err());
    let taesd = |blocks: usize| {
        let config = serde_json::json!({
            "encoder_block_out_channels": vec![8; 8],
            "decoder_block_out_channels": vec![8; 8],
            "num_encoder_blocks": vec![blocks; 8],
            "num_decoder_blocks": vec![blocks; 8],
        });
        AutoencoderTinyConfig::from_json(&config.to_string()).map(|config| parameters::taesd(&config).len())
    };
    let (taken, tensors) = peak_of(&|| taesd(128).expect("accepted"));
    println!("{tensors} tensors in {taken} bytes");
    assert!(taken < MOST && taesd(4_000_000_000).is_err());
}
