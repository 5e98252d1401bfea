//! Adapter files: what diffusers and peft write is read to the same weights (tools/goldens/adapters.py),
//! what we write comes back bit by bit, and what is wrong is refused in words.

use std::collections::BTreeMap;

use crate::{
    golden_file,
    support::{Golden, any_device, block_on, demo_model, relative_error, values},
};
use burn::tensor::FloatDType;
use palpable::adapter::{
    Adapter, AdapterDetails, Difference, Embedding, Error, InspectError, LoraWeights, MAX_FILE, check_length,
    inspect_file, inspect_model_folder, kohya_name, path_from_kohya_name,
};
use palpable::model::adaptable::{AdaptableModule, LayerKind};
use palpable::model::lora::Folding;
use palpable::model::unet_config::UNet2DConditionConfig;
use palpable::plan::parameters;
use palpable::sampling::{
    PredictionType,
    noise::{normal, philox4x32},
};
use palpable::weights::{
    MemorySource, OutgoingTensor, SafetensorsHeader, StoredType, checkpoint_hash, file_sha256, middle_hash,
    read_text, write_safetensors,
};
use sha2::{Digest, Sha256};

const TO_K: &str = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k";
const CONV: &str = "down_blocks.0.resnets.0.conv1";
const TO_OUT: &str = "mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0";

fn layer(path: &str, rank: usize, in_features: usize, out_features: usize, alpha: f32) -> LoraWeights {
    LoraWeights {
        path: path.to_owned(),
        rank,
        in_features,
        out_features,
        kind: LayerKind::Linear,
        down: normal(1, 0, rank * in_features),
        up: normal(1, 1, out_features * rank),
        alpha,
    }
}

/// Everything that an adapter can hold, in the order in which files hold it.
fn full_adapter() -> Adapter {
    Adapter {
        name: "My dog, the 2nd".to_owned(),
        lora: vec![layer(TO_K, 4, 12, 16, 3.0), layer(TO_OUT, 4, 16, 16, 3.0)],
        differences: Vec::new(),
        embeddings: vec![Embedding {
            placeholder: "<my.dog>".to_owned(),
            vectors: 2,
            width: 12,
            values: normal(2, 0, 24),
        }],
        details: AdapterDetails {
            class_nouns: vec!["dog".to_owned()],
            clean_prompt: Some("a \"pencil\" sketch of a dog 🐶, größer".to_owned()),
            personalization_prompt: Some("a photo of <my.dog>".to_owned()),
            alpha: Some(15.0),
            beta: Some(7.5),
            lambda: Some(0.1),
            steps: Some(500),
            trained_weights: Some("lora".to_owned()),
            base_model: Some("Palpable demo".to_owned()),
            base_model_hash: Some("81761151".to_owned()),
            base_model_sha256: Some(
                "6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa".to_owned(),
            ),
            prediction_type: Some(PredictionType::Epsilon),
            resolution: Some(128),
            photos: Some(5),
            learning_rate: Some(5e-5),
            optimizer: Some("AdamW8bit".to_owned()),
            seed: Some(u64::MAX),
        },
    }
}

/// scale · up · down `[out, in]`
fn change(weights: &LoraWeights) -> Vec<f32> {
    let LoraWeights { rank, in_features, out_features, down, up, .. } = weights;
    assert_eq!(weights.kind, LayerKind::Linear);
    let mut product = Vec::with_capacity(out_features * in_features);
    for row in 0..*out_features {
        for column in 0..*in_features {
            let terms =
                (0..*rank).map(|r| f64::from(up[row * rank + r]) * f64::from(down[r * in_features + column]));
            product.push((f64::from(weights.scale()) * terms.sum::<f64>()) as f32);
        }
    }
    product
}

fn read(tensors: &[OutgoingTensor]) -> Result<Adapter, Error> {
    Adapter::from_bytes(&write_safetensors(tensors, &BTreeMap::new()), "file.safetensors")
}

fn f32_tensor(name: &str, shape: &[usize]) -> OutgoingTensor {
    OutgoingTensor::f32(name, shape, &normal(3, 0, shape.iter().product()))
}

fn projection(path: &str, in_features: usize, out_features: usize) -> AdaptableModule {
    let has_bias = path.ends_with("to_out.0");
    AdaptableModule { path: path.to_owned(), in_features, out_features, kind: LayerKind::Linear, has_bias }
}

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

/// Each dialect leads to the change of weights that diffusers makes of the same file.
#[test]
fn files_of_diffusers_and_peft_mean_the_same_here() {
    let expected = Golden::read("adapters_expected.safetensors");
    for (dialect, alpha) in [("peft", 6.0), ("diffusers", 4.0), ("old", 4.0), ("kohya", 3.0)] {
        let name = format!("adapters_{dialect}.safetensors");
        let adapter = Adapter::from_bytes(&golden_file(&name), &name).unwrap();
        assert_eq!(adapter.lora.len(), 32);
        assert_eq!(adapter.name, format!("adapters_{dialect}"));
        let mut worst = 0.0_f64;
        for weights in &adapter.lora {
            let golden = expected.values(&format!("{dialect}.{}", weights.path));
            worst = worst.max(relative_error(&change(weights), golden));
            let exception = dialect == "peft"
                && weights.path.ends_with("mid_block.attentions.0.transformer_blocks.0.attn1.to_q");
            assert_eq!(weights.alpha, if exception { 2.0 } else { alpha }, "{}", weights.path);
        }

        println!("{dialect}: largest relative error {worst:e}");
        assert!(worst <= 1e-5, "{dialect}: {worst:e}");
    }
}

#[test]
fn what_is_written_comes_back_bit_by_bit() {
    let adapter = full_adapter();
    let bytes = adapter.to_bytes();
    let again = Adapter::from_bytes(&bytes, "renamed (1).safetensors").unwrap();
    assert_eq!(again, adapter);
    assert_eq!(again.to_bytes(), bytes);
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&again.lora[0].up), bits(&adapter.lora[0].up));

    let embedding_only = Adapter { lora: Vec::new(), ..adapter.clone() };
    let from_embedding_file =
        Adapter::from_bytes(&adapter.embedding_file(0).unwrap(), "x.safetensors").unwrap();
    assert_eq!(from_embedding_file, embedding_only);
    assert_eq!(Adapter::from_bytes(&embedding_only.to_bytes(), "x").unwrap(), embedding_only);

    let lora_only = Adapter { embeddings: Vec::new(), ..adapter };
    assert_eq!(Adapter::from_bytes(&lora_only.to_bytes(), "x").unwrap(), lora_only);
    assert!(lora_only.embedding_file(0).is_none());
}

/// Full differences of `path`'s weight and, if it has outputs given, bias.
fn difference(path: &str, shape: &[usize], bias: bool) -> Difference {
    Difference {
        path: path.to_owned(),
        shape: shape.to_vec(),
        // Values that f16 holds.
        weight: normal(5, 0, shape.iter().product()).iter().map(|x| (x * 64.0).round() / 64.0).collect(),
        bias: bias.then(|| (0..shape[0]).map(|output| output as f32 / 4.0).collect()),
    }
}

/// A fully trained adapter with two words whose names in the file would be one.
fn trained_in_full() -> Adapter {
    let word = |placeholder: &str, stream| Embedding {
        placeholder: placeholder.to_owned(),
        vectors: 1,
        width: 12,
        values: normal(2, stream, 12),
    };
    Adapter {
        lora: Vec::new(),
        differences: vec![
            difference("conv_in", &[8, 4, 3, 3], true),
            difference("down_blocks.0.attentions.0.proj_in", &[8, 8, 1, 1], true),
            difference(TO_K, &[16, 12], false),
            difference(CONV, &[8, 8, 3, 3], true),
            difference("mid_block.resnets.1.time_emb_proj", &[8, 32], true),
        ],
        embeddings: vec![word("<my.dog>", 0), word("<a-cat>", 1), word("<my_dog>", 2)],
        details: AdapterDetails {
            class_nouns: vec!["dog".to_owned(), "cat".to_owned(), String::new()],
            ..full_adapter().details
        },
        ..full_adapter()
    }
}

/// The time that this takes must not grow with the cube of their number.
#[test]
fn many_words_of_one_name_are_told_apart() {
    let words = serde_json::to_string(&vec!["a"; 20_000]).unwrap();
    let tensor = OutgoingTensor::f32("emb_params", &[1, 8], &[0.5; 8]);
    let bytes = write_safetensors(&[tensor], &[("palpable.placeholders".to_owned(), words)].into());
    assert_eq!(Adapter::from_bytes(&bytes, "word.safetensors").unwrap().embeddings.len(), 1);
}

#[test]
fn differences_and_several_words_come_back_bit_by_bit() {
    let adapter = trained_in_full();
    let bytes = adapter.to_bytes();
    assert_eq!(Adapter::from_bytes(&bytes, "x.safetensors").unwrap(), adapter);
    let header = SafetensorsHeader::from_bytes("x", &bytes).unwrap();
    let entry = |name: &str| header.tensors.iter().find(|entry| entry.name == name).expect(name);
    let conv = entry("lora_unet_down_blocks_0_resnets_0_conv1.diff");
    assert_eq!((conv.dtype, conv.shape.as_slice()), (StoredType::F16, &[8, 8, 3, 3][..]));
    let bias = entry("lora_unet_down_blocks_0_resnets_0_conv1.diff_b");
    assert_eq!((bias.dtype, bias.shape.as_slice()), (StoredType::F16, &[8][..]));
    for name in ["my_dog", "a-cat", "my_dog_2"] {
        entry(&format!("bundle_emb.{name}.string_to_param.*"));
    }
    assert_eq!(header.metadata["modelspec.trigger_phrase"], "my_dog, a-cat, my_dog_2");
    assert_eq!(header.metadata["ss_network_module"], "lycoris.kohya");
    let cat = Adapter::from_bytes(&adapter.embedding_file(1).unwrap(), "x").unwrap();
    assert_eq!(cat.embeddings, [adapter.embeddings[1].clone()]);
    assert_eq!(cat.details.class_nouns, ["cat"]);

    // Cross-attention's keys and values alone keep all their bits.
    let mut small = Adapter { differences: vec![difference(TO_K, &[16, 12], false)], ..adapter };
    small.differences[0].weight[0] = 1e-9;
    assert_eq!(Adapter::from_bytes(&small.to_bytes(), "x").unwrap(), small);
}

/// Several words by names alone, as other programs bundle them.
#[test]
fn several_words_of_other_programs_are_read() {
    let words = [f32_tensor("bundle_emb.b.clip_l", &[1, 8]), f32_tensor("bundle_emb.a.clip_l", &[2, 8])];
    let placeholders: Vec<_> =
        read(&words).unwrap().embeddings.into_iter().map(|word| (word.placeholder, word.vectors)).collect();
    assert_eq!(placeholders, [("<a>".to_owned(), 2), ("<b>".to_owned(), 1)]);
}

/// What lies on the device as the layer's own weight does adds up with it.
#[test]
fn differences_are_laid_out_as_the_layers_weights() {
    let device = any_device();
    let adapter = trained_in_full();
    let set = adapter.lora_set(&device, FloatDType::F32, 0.5);
    let [conv] = set.differences(CONV) else { panic!("one difference of {CONV}") };
    assert_eq!((conv.weight.dims(), conv.strength), ([72, 8], 0.5));
    let on_device = values(conv.weight.clone());
    let weight = &adapter.differences[3].weight;
    for (output, input, row, column) in [(0, 0, 0, 0), (3, 5, 1, 2), (7, 7, 2, 2), (6, 1, 0, 1)] {
        let stored = weight[((output * 8 + input) * 3 + row) * 3 + column];
        assert_eq!(on_device[((row * 3 + column) * 8 + input) * 8 + output], stored);
    }
    let [linear] = set.differences(TO_K) else { panic!("one difference of {TO_K}") };
    assert_eq!(values(linear.weight.clone()), adapter.differences[2].weight);
}

#[test]
fn differences_that_do_not_fit_are_explained() {
    let module = |path: &str, sizes: [usize; 2], kind, has_bias| AdaptableModule {
        path: path.to_owned(),
        in_features: sizes[0],
        out_features: sizes[1],
        kind,
        has_bias,
    };
    let model = [
        module(TO_K, [768, 320], LayerKind::Linear, false),
        module(CONV, [8, 8], LayerKind::Convolution, true),
        module("down_blocks.0.attentions.0.proj_in", [8, 8], LayerKind::Pointwise, true),
    ];
    let fits = |each: Difference| {
        let adapter = Adapter { name: "x".to_owned(), differences: vec![each], ..Adapter::default() };
        adapter.check_fits(&model).map_err(|error| error.to_string())
    };
    assert_eq!(fits(difference(CONV, &[8, 8, 3, 3], true)), Ok(()));
    assert_eq!(fits(difference("down_blocks.0.attentions.0.proj_in", &[8, 8], true)), Ok(()));
    let message = |path: &str, shape: &[usize], bias| fits(difference(path, shape, bias)).unwrap_err();
    assert_eq!(
        message(CONV, &[8, 4, 3, 3], true),
        format!(
            "the adapter \"x\" was made for another model: its difference of \"{CONV}\" has the shape \
             [8, 4, 3, 3], this model's weight [8, 8, 3, 3]"
        )
    );
    assert!(message(CONV, &[8, 72], true).contains("has the shape [8, 72]"));
    assert!(message(TO_K, &[320, 768], true).contains("and this model's layer has none"));
    assert!(message(TO_K, &[320, 1024], false).contains("expects text vectors of 1024"));
    assert!(message("conv_in", &[8, 4, 3, 3], true).contains("this one has no layer \"conv_in\""));
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

/// Other programs look for exactly these names.
#[test]
fn written_files_have_the_keys_that_other_programs_know() {
    let bytes = full_adapter().to_bytes();
    let header = SafetensorsHeader::from_bytes("x", &bytes).unwrap();
    let mut entries: Vec<(&str, &[usize])> =
        header.tensors.iter().map(|entry| (entry.name.as_str(), entry.shape.as_slice())).collect();
    entries.sort();
    let k = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k";
    let out = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_out_0";
    let expected: [(&str, &[usize]); 7] = [
        ("bundle_emb.my_dog.string_to_param.*", &[2, 12]),
        (&format!("{k}.alpha"), &[]),
        (&format!("{k}.lora_down.weight"), &[4, 12]),
        (&format!("{k}.lora_up.weight"), &[16, 4]),
        (&format!("{out}.alpha"), &[]),
        (&format!("{out}.lora_down.weight"), &[4, 16]),
        (&format!("{out}.lora_up.weight"), &[16, 4]),
    ];
    assert_eq!(entries, expected);
    assert!(header.tensors.iter().all(|entry| entry.dtype == StoredType::F32));
    for (key, value) in [
        ("ss_network_module", "networks.lora"),
        ("ss_network_dim", "4"),
        ("ss_network_alpha", "3"),
        ("ss_network_args", "{}"),
        ("ss_v2", "False"),
        ("ss_base_model_version", "other"),
        ("ss_sd_model_name", "Palpable demo"),
        ("ss_sd_model_hash", "81761151"),
        ("ss_new_sd_model_hash", "6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa"),
        ("ss_resolution", "(128, 128)"),
        ("modelspec.resolution", "128x128"),
        ("modelspec.prediction_type", "epsilon"),
        ("ss_output_name", "My dog, the 2nd"),
        ("ss_steps", "500"),
        ("ss_max_train_steps", "500"),
        ("ss_num_train_images", "5"),
        ("ss_learning_rate", "0.00005"),
        ("ss_unet_lr", "0.00005"),
        ("ss_optimizer", "AdamW8bit"),
        ("ss_seed", "18446744073709551615"),
        ("ss_clip_skip", "None"),
        ("ss_dataset_dirs", r#"{"my_dog":{"img_count":5,"n_repeats":1}}"#),
        ("ss_tag_frequency", r#"{"my_dog":{"my_dog":5}}"#),
        ("modelspec.title", "My dog, the 2nd"),
        ("modelspec.trigger_phrase", "my_dog"),
        ("palpable.placeholder", "<my.dog>"),
    ] {
        assert_eq!(header.metadata.get(key).map(String::as_str), Some(value), "{key}");
    }
    // Of the tensors' bytes alone, as kohya computes it.
    assert_eq!(header.metadata["sshs_model_hash"], sha256(&bytes[header.data_start as usize..]));
    let mut stable_diffusion = full_adapter();
    stable_diffusion.embeddings.clear();
    stable_diffusion.lora = vec![layer(TO_K, 4, 768, 320, 3.0), layer(TO_OUT, 8, 1280, 1280, 8.0)];
    let bytes = stable_diffusion.to_bytes();
    let metadata = SafetensorsHeader::from_bytes("x", &bytes).unwrap().metadata;
    assert_eq!(metadata["ss_base_model_version"], "sd_v1");
    assert_eq!(metadata["modelspec.architecture"], "stable-diffusion-v1/lora");
    assert_eq!(metadata["modelspec.hash_sha256"], format!("0x{}", metadata["sshs_model_hash"]));
    for (prediction_type, architecture) in [
        (Some(PredictionType::Epsilon), Some("stable-diffusion-v2-512/lora")),
        (Some(PredictionType::VPrediction), Some("stable-diffusion-v2-768-v/lora")),
        (None, None),
    ] {
        let mut adapter = full_adapter();
        adapter.embeddings.clear();
        adapter.lora = vec![layer(TO_K, 4, 1024, 320, 3.0)];
        adapter.details.prediction_type = prediction_type;
        let metadata = SafetensorsHeader::from_bytes("x", &adapter.to_bytes()).unwrap().metadata;
        assert_eq!(metadata["ss_v2"], "True");
        assert_eq!(metadata.get("modelspec.architecture").map(String::as_str), architecture);
        assert_eq!(metadata.contains_key("modelspec.hash_sha256"), architecture.is_some());
    }
    assert_eq!(
        (metadata["ss_network_dim"].as_str(), metadata["ss_network_alpha"].as_str()),
        ("Dynamic", "Dynamic")
    );
    let embedding = full_adapter().embedding_file(0).unwrap();
    let header = SafetensorsHeader::from_bytes("x", &embedding).unwrap();
    assert_eq!(header.tensors[0].name, "emb_params");
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// sd-scripts' `addnet_hash_legacy`: 64 KiB from 1 MiB on of the file with the `ss_*` entries alone, also where
/// there are none of them or not all.
#[test]
fn adapters_are_known_by_kohyas_older_hash() {
    // 2048 numbers of 4 bytes a rank: the file ends before, within and behind those bytes.
    for (rank, expected) in [(4, 0..1), (132, 1..0x1_0000), (200, 0x1_0000..0x1_0001)] {
        let adapter = Adapter { lora: vec![layer(TO_K, rank, 768, 1280, 3.0)], ..full_adapter() };
        let file = adapter.to_bytes();
        let header = SafetensorsHeader::from_bytes("x", &file).unwrap();
        let tensors = header.tensors.iter().map(|entry| {
            let data = &file[entry.range.start as usize..entry.range.end as usize];
            let numbers: Vec<f32> =
                data.as_chunks().0.iter().map(|&number| f32::from_le_bytes(number)).collect();
            OutgoingTensor::f32(&entry.name, &entry.shape, &numbers)
        });
        let kohyas = header.metadata.iter().filter(|(key, _)| key.starts_with("ss_"));
        let plain = write_safetensors(
            &tensors.collect::<Vec<_>>(),
            &kohyas.map(|(key, value)| (key.clone(), value.clone())).collect(),
        );
        let hashed = &plain[plain.len().min(0x10_0000)..plain.len().min(0x11_0000)];
        assert!(expected.contains(&hashed.len()), "{}", hashed.len());
        assert_eq!(header.metadata["sshs_legacy_hash"], sha256(hashed)[..8]);
    }
}

/// kohya's `model_hash`, also of files that end before or within the bytes it is made of.
#[test]
fn checkpoints_are_known_by_kohyas_hash() {
    // Of more than 16 MiB is read in pieces.
    for length in [0, 5, 0x10_0000 + 100, 0x30_0000, 0x101_0003] {
        let bytes: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
        let mut source = MemorySource::default();
        source.insert("model.safetensors", bytes.clone());
        let hash = block_on(checkpoint_hash(&source, "model.safetensors")).unwrap();
        let hashed = &bytes[length.min(0x10_0000)..length.min(0x11_0000)];
        assert_eq!(hash, sha256(hashed)[..8]);
        assert_eq!(block_on(file_sha256(&source, "model.safetensors")).unwrap(), sha256(&bytes));
        let middle = length.saturating_sub(0x1_0000) / 2;
        let hash = block_on(middle_hash(&source, "model.safetensors")).unwrap();
        assert_eq!(hash, sha256(&bytes[middle..length.min(middle + 0x1_0000)])[..8]);
    }
}

#[test]
fn embeddings_of_other_programs_are_read() {
    let learned = Adapter::from_bytes(
        &golden_file("adapters_learned_embeds.safetensors"),
        "learned_embeds.safetensors",
    );
    let learned = learned.unwrap().embeddings.remove(0);
    assert_eq!((learned.placeholder.as_str(), learned.vectors, learned.width), ("<cat-toy>", 1, 12));
    let clip_l =
        Adapter::from_bytes(&golden_file("adapters_clip_l.safetensors"), "folder/Gray Cat.v2.safetensors");
    let mut clip_l = clip_l.unwrap();
    assert_eq!(clip_l.name, "Gray Cat.v2");
    let embedding = clip_l.embeddings.remove(0);
    assert_eq!((embedding.placeholder.as_str(), embedding.vectors), ("<Gray-Cat.v2>", 3));

    let params = read(&[f32_tensor("emb_params", &[1, 768])]).unwrap().embeddings.remove(0);
    assert_eq!((params.placeholder.as_str(), params.width), ("<file>", 768));
    // What is syntax in prompts would cut the word.
    let tensor = [f32_tensor("emb_params", &[1, 768])];
    for (file_name, placeholder) in [
        ("style (1).safetensors", "<style-1>"),
        ("a[b]c:d.safetensors", "<a-b-c:d>"),
        ("().safetensors", "<word>"),
    ] {
        let file = write_safetensors(&tensor, &BTreeMap::new());
        let read = Adapter::from_bytes(&file, file_name).unwrap();
        assert_eq!(read.embeddings[0].placeholder, placeholder);
    }
    assert_eq!(read(&[f32_tensor(r"<a\b>", &[1, 8])]).unwrap().embeddings[0].placeholder, "<a-b>");
    // OneTrainer keeps the brackets.
    for key in ["bundle_emb.cat.string_to_param.*", "bundle_emb.cat.clip_l", "bundle_emb.<cat>.clip_l"] {
        let bundled = read(&[f32_tensor(key, &[1, 768])]).unwrap().embeddings.remove(0);
        assert_eq!(bundled.placeholder, "<cat>");
    }
}

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

/// The text encoder's layers are folded in any case, and not the U-Net's.
#[test]
fn what_is_folded_does_not_lie_beside_the_weights() {
    let text = "text_encoder.text_model.encoder.layers.0.mlp.fc1";
    let adapter = Adapter {
        lora: vec![layer(TO_K, 4, 12, 16, 3.0), layer(text, 4, 12, 48, 3.0)],
        differences: vec![difference(CONV, &[2, 3, 3, 3], true)],
        ..Adapter::default()
    };
    let [low_rank, full] = [4 * (12 + 16), 2 * 3 * 9 + 2];
    let left =
        [Folding::Nothing, Folding::Differences, Folding::All].map(|each| adapter.unfolded_values(each));
    assert_eq!(left, [[low_rank, full], [low_rank, 0], [0, 0]]);
}

#[test]
fn fit_is_checked_against_the_models_layers() {
    let model = [projection(TO_K, 768, 320), projection(TO_OUT, 1280, 1280)];
    let fits = |lora: Vec<LoraWeights>, width: Option<usize>| {
        let embeddings = width.map(|width| Embedding {
            placeholder: "<x>".to_owned(),
            vectors: 1,
            width,
            values: vec![0.0; width],
        });
        let adapter = Adapter {
            name: "x".to_owned(),
            lora,
            embeddings: Vec::from_iter(embeddings),
            ..Adapter::default()
        };
        adapter.check_fits(&model).map_err(|error| error.to_string())
    };
    assert_eq!(
        fits(vec![layer(TO_K, 4, 768, 320, 4.0), layer(TO_OUT, 4, 1280, 1280, 4.0)], Some(768)),
        Ok(())
    );
    let other_family = "the adapter \"x\" was made for another model: it expects text vectors of 1024 numbers \
                        (Stable Diffusion 2), this model's have 768 numbers (Stable Diffusion 1)";
    assert_eq!(fits(vec![layer(TO_K, 4, 1024, 320, 4.0)], None).unwrap_err(), other_family);
    assert_eq!(fits(Vec::new(), Some(1024)).unwrap_err(), other_family);
    let missing = TO_K.replace("down_blocks.0", "up_blocks.3");
    assert_eq!(
        fits(vec![layer(&missing, 4, 768, 320, 4.0)], None).unwrap_err(),
        format!("the adapter \"x\" was made for another model: this one has no layer \"{missing}\"")
    );
    assert_eq!(
        fits(vec![layer(TO_OUT, 4, 640, 640, 4.0)], None).unwrap_err(),
        format!(
            "the adapter \"x\" was made for another model: its layer \"{TO_OUT}\" maps 640 to 640 numbers, \
             this model's maps 1280 to 1280"
        )
    );
}

#[test]
fn contents_that_make_no_sense_are_refused_in_words() {
    let name = kohya_name(TO_K);
    let down = || f32_tensor(&format!("{name}.lora_down.weight"), &[4, 12]);
    let up = || f32_tensor(&format!("{name}.lora_up.weight"), &[16, 4]);
    let conv = kohya_name(CONV);
    let extra = |key: &str| vec![down(), up(), f32_tensor(key, &[2, 2])];
    let not_finite = |value: f32| {
        let mut values = vec![0.0; 48];
        values[17] = value;
        vec![OutgoingTensor::f32(format!("{name}.lora_down.weight"), &[4, 12], &values), up()]
    };
    for (tensors, words) in [
        (vec![], "holds no tensors"),
        (vec![f32_tensor("conv_in.weight", &[2, 2]), f32_tensor("conv_in.bias", &[2])], "is not an adapter"),
        (vec![down()], "lacks its up factor"),
        (vec![up()], "lacks its down factor"),
        (vec![down(), f32_tensor(&format!("{name}.lora_up.weight"), &[16, 5])], "the ranks 4 and 5"),
        (vec![f32_tensor(&format!("{name}.lora_down.weight"), &[48]), up()], "not a matrix or the kernel"),
        (
            vec![
                f32_tensor(&format!("{conv}.lora_down.weight"), &[4, 12, 5, 5]),
                f32_tensor(&format!("{conv}.lora_up.weight"), &[16, 4, 1, 1]),
            ],
            "not a matrix or the kernel",
        ),
        (
            vec![
                f32_tensor(&format!("{name}.lora_down.weight"), &[0, 12]),
                f32_tensor(&format!("{name}.lora_up.weight"), &[16, 0]),
            ],
            "not a matrix",
        ),
        (vec![down(), up(), f32_tensor(&format!("{name}.alpha"), &[2])], "not a single number"),
        (not_finite(f32::NAN), "not finite"),
        (not_finite(f32::NEG_INFINITY), "not finite"),
        (
            vec![down(), up(), OutgoingTensor::f32(format!("{name}.alpha"), &[], &[f32::INFINITY])],
            "not finite",
        ),
        (vec![down(), up(), f32_tensor(&format!("unet.{TO_K}.lora_A.weight"), &[4, 12])], "twice"),
        (
            extra("text_encoder.text_model.embeddings.token_embedding.lora_embedding_A"),
            "parts of the text encoder that are not adapted here",
        ),
        (
            extra("text_encoder_2.text_model.encoder.layers.0.mlp.fc1.lora_A.weight"),
            "two text encoders (SDXL's)",
        ),
        (
            extra("lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight"),
            "two text encoders (SDXL's)",
        ),
        (extra("lora_unet_time_embedding_linear_1.lora_down.weight"), "the time embedding"),
        (extra("lora_unet_mid_block_attentions_0_norm.w_norm"), "differences of layers that are not adapted"),
        (
            extra("lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q.lora_down.weight"),
            "lacks its up factor",
        ),
        (extra("lora_unet_time_embed_0.lora_down.weight"), "the time embedding"),
        (extra("lora_unet_label_emb_0_0.lora_down.weight"), "other layers"),
        (
            extra("text_encoders.clip_g.transformer.text_model.encoder.layers.0.mlp.fc1.lora_up.weight"),
            "two text encoders (SDXL's)",
        ),
        (extra("diffusion_model.out.0.diff"), "differences of layers that are not adapted here"),
        (extra(&format!("{name}.dora_scale")), "DoRA"),
        (extra(&format!("{name}.hada_w1_a")), "LoHa"),
        (extra("something_else"), "unknown parts"),
        (extra(&format!("unet.{TO_K}.lora_magnitude_vector")), "DoRA"),
        (extra("bundle_emb.cat.clip_g"), "embeddings of another kind"),
        (extra("bundle_emb.<cat>.clip_l_out"), "an output embedding of OneTrainer"),
        (
            vec![
                f32_tensor(&format!("base_model.model.{TO_K}.lora_A.weight"), &[4, 12]),
                f32_tensor(&format!("base_model.model.{TO_K}.lora_B.weight"), &[16, 4]),
            ],
            "in the other, adapter_config.json",
        ),
        (
            vec![
                f32_tensor(&format!("{conv}.lora_down.weight"), &[4, 12, 1, 1]),
                f32_tensor(&format!("{conv}.lora_mid.weight"), &[5, 4, 3, 3]),
                f32_tensor(&format!("{conv}.lora_up.weight"), &[16, 5, 1, 1]),
            ],
            "the ranks 4 and 5",
        ),
        (
            vec![
                f32_tensor(&format!("{conv}.lora_down.weight"), &[1400, 300, 1, 1]),
                f32_tensor(&format!("{conv}.lora_mid.weight"), &[1400, 1400, 3, 3]),
                f32_tensor(&format!("{conv}.lora_up.weight"), &[1, 1400, 1, 1]),
            ],
            "a layer of usual size",
        ),
        (vec![f32_tensor("clip_l", &[1, 8]), f32_tensor("clip_g", &[1, 16])], "SDXL"),
        (vec![f32_tensor("emb_params", &[76, 8])], "is not an adapter"),
        (vec![f32_tensor("bundle_emb.cat.clip_l", &[1, 8, 8])], "not 1 to 75 vectors"),
        (
            vec![
                f32_tensor("bundle_emb.a.clip_l", &[1, 8]),
                f32_tensor("bundle_emb.a.string_to_param.*", &[1, 8]),
            ],
            "the new word \"<a>\" twice",
        ),
        (vec![f32_tensor(&format!("{name}.diff"), &[16])], "not that of a linear layer"),
        (vec![f32_tensor(&format!("{name}.diff"), &[0, 12])], "not that of a linear layer"),
        (vec![f32_tensor(&format!("{conv}.diff"), &[4, 4, 5, 5])], "not that of a linear layer"),
        (vec![f32_tensor(&format!("{conv}.diff_b"), &[4])], "without its weight"),
        (
            vec![
                f32_tensor(&format!("{conv}.diff"), &[4, 4, 3, 3]),
                f32_tensor(&format!("{conv}.diff_b"), &[5]),
            ],
            "not one number for each",
        ),
        (vec![OutgoingTensor::f32(format!("{name}.diff"), &[1, 2], &[1.0, f32::NAN])], "not finite"),
        (extra("lora_unet_conv_norm_out.diff"), "differences of layers that are not adapted here"),
        (extra("lora_te_text_model_final_layer_norm.diff"), "parts of the text encoder"),
    ] {
        let error = read(&tensors).unwrap_err().to_string();
        assert!(error.contains(words), "{error} (expected: {words})");
        assert!(error.contains("file.safetensors") && !error.contains('\n'), "{error}");
    }
    let names_all = [
        "lora_unet_time_embedding_linear_1.lora_down.weight",
        "lora_unet_time_embedding_linear_1.lora_up.weight",
        "lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_up.weight",
    ];
    let error = read(&names_all.map(|name| f32_tensor(name, &[2, 2]))).unwrap_err().to_string();
    assert_eq!(
        error,
        "file.safetensors also changes what Palpable does not adapt: the time embedding (2 tensors), two text \
         encoders (SDXL's) (1 tensor) (for example \"lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_up.weight\"); \
         it can use LoRA and full differences of the linear layers and convolutions of the U-Net and of one text \
         encoder, and embeddings for it"
    );
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

#[test]
fn pickles_and_giants_are_refused_before_they_are_read() {
    for (bytes, file_name) in [
        (&b"PK\x03\x04 a zip file of PyTorch"[..], "lora.safetensors"),
        (&b"\x80\x02}q\x00(U\x0fstring_to_paramq"[..], "embedding"),
        (&b"garbage"[..], "embedding.PT"),
        (&b"garbage garbage garbage"[..], "model.ckpt"),
        (&b""[..], "pytorch_lora_weights.bin"),
    ] {
        let error = Adapter::from_bytes(bytes, file_name).unwrap_err();
        assert_eq!(error, Error::Pickle { file: file_name.to_owned() });
        assert!(error.to_string().contains("safetensors.torch.save_file"));
    }
    let database = [b"SQLite format 3\0".as_slice(), &[0; 100]].concat();
    for file_name in ["my_dog_lora_f16.ckpt", "my-dog.safetensors"] {
        let error = Adapter::from_bytes(&database, file_name).unwrap_err();
        assert_eq!(error, Error::DrawThings { file: file_name.to_owned() });
    }
    // A good file under a wrong name is still a good file.
    assert!(Adapter::from_bytes(&full_adapter().to_bytes(), "adapter.bin").is_ok());
    assert_eq!(check_length("x", MAX_FILE), Ok(()));
    let error = check_length("x.safetensors", 4_265_380_512).unwrap_err().to_string();
    assert_eq!(
        error,
        "x.safetensors has 4.3 GB; adapters of up to 2 GB are read, so this is probably a whole model"
    );
}

/// Every way to cut a file, and thousands of ways to damage one, end in a value, never in a panic.
#[test]
fn damaged_files_never_panic() {
    let mut adapter = full_adapter();
    adapter.lora.truncate(1);
    let bytes = adapter.to_bytes();
    for length in 0..bytes.len() {
        let error = Adapter::from_bytes(&bytes[..length], "x.safetensors").unwrap_err();
        assert!(!error.to_string().is_empty());
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(Adapter::from_bytes(&longer, "x.safetensors").is_err());
    let header_end = SafetensorsHeader::from_bytes("x", &bytes).unwrap().data_start as usize;
    let mut refused = 0;
    for round in 0..4000 {
        let mut damaged = bytes.clone();
        let [position, value, ..] = philox4x32([round, 0, 0, 0], [9, 9]);
        damaged[position as usize % header_end] = value as u8;
        refused += usize::from(Adapter::from_bytes(&damaged, "x.safetensors").is_err());
    }
    assert!(refused > 1000, "{refused}");
}

#[test]
fn hostile_texts_become_harmless() {
    let hostile = "a\u{0}b\u{1b}[31m\r\nc\u{202e}d".to_owned() + &"x".repeat(5000);
    let adapter = Adapter {
        name: hostile.clone(),
        embeddings: vec![Embedding {
            placeholder: format!("<{hostile} and more>"),
            vectors: 1,
            width: 2,
            values: vec![1.0, 2.0],
        }],
        details: AdapterDetails {
            clean_prompt: Some(hostile.clone()),
            alpha: Some(f64::NAN),
            ..AdapterDetails::default()
        },
        ..Adapter::default()
    };
    let again = Adapter::from_bytes(&adapter.to_bytes(), &hostile).unwrap();
    let embedding = &again.embeddings[0];
    for text in [&again.name, &embedding.placeholder, again.details.clean_prompt.as_ref().unwrap()] {
        assert!(
            text.chars().count() <= 2000 && !text.contains(['\u{0}', '\u{1b}', '\n', '\u{202e}']),
            "{text:?}"
        );
    }
    assert!(again.name.starts_with("ab[31mcdxx") && again.name.len() == 100);
    assert!(!embedding.placeholder.contains(char::is_whitespace));
    assert_eq!(again.details.alpha, None);
    let error = Adapter::from_bytes(b"{", &hostile).unwrap_err().to_string();
    assert!(error.len() < 300 && !error.contains('\u{1b}'), "{error:?}");
    let nameless = read(&[f32_tensor("bundle_emb.<>.clip_l", &[1, 2])]).unwrap();
    assert_eq!(nameless.embeddings[0].placeholder, "<word>");
}

#[test]
fn files_are_described_in_words() {
    let mut source = MemorySource::default();
    source.insert("mine.safetensors", full_adapter().to_bytes());
    source.insert("full.safetensors", trained_in_full().to_bytes());
    source.insert("word.safetensors", full_adapter().embedding_file(0).unwrap());
    source.insert("bad.safetensors", &full_adapter().to_bytes()[..2000]);
    source.insert("pickle.pt", b"PK\x03\x04....".as_slice());
    let describe = |path: &str| block_on(inspect_file(&source, path));
    assert_eq!(
        describe("mine.safetensors").unwrap(),
        [
            "Kind: LoRA adapter with a new word",
            "Name: My dog, the 2nd",
            "Base model: Palpable demo",
            "Text vectors: 12 numbers",
            "LoRA: rank 4, alpha 3 (scale 0.75), 2 layers",
            "New word: <my.dog> (2 vectors)",
            "Class noun: dog",
            "Target prompt: \"a \"pencil\" sketch of a dog 🐶, größer\"",
            "Prompt of the photos: \"a photo of <my.dog>\"",
            "Training: 500 steps, trained weights lora, guidance alpha 15, beta 7.5, lambda 0.1",
            "File: 7 tensors, 266 numbers in F32, 3.8 kB",
        ]
    );
    let full = describe("full.safetensors").unwrap();
    assert_eq!(full[0], "Kind: Full differences of weights with 3 new words");
    assert_eq!(full[4], "Differences: 5 layers, 1.4 thousand numbers");
    assert_eq!(full[5], "New words: <my.dog> (1 vector), <a-cat> (1 vector), <my_dog> (1 vector)");
    assert_eq!(describe("word.safetensors").unwrap()[0], "Kind: Embedding of a new word (textual inversion)");
    assert!(describe("bad.safetensors").unwrap_err().to_string().contains("cut short"));
    assert!(matches!(describe("pickle.pt").unwrap_err(), InspectError::Adapter(Error::Pickle { .. })));
    assert!(describe("missing.safetensors").is_err());

    let demo = demo_model();
    for (path, kind) in [
        ("unet/diffusion_pytorch_model-00001-of-00002.safetensors", "U-Net: "),
        ("vae/diffusion_pytorch_model.safetensors", "Autoencoder (VAE): "),
        ("text_encoder/model.safetensors", "CLIP text encoder: "),
        ("clip/vision_and_projections.safetensors", "CLIP image encoder: "),
    ] {
        let lines = block_on(inspect_file(&demo, path)).unwrap();
        assert!(lines.len() == 1 && lines[0].starts_with(kind), "{lines:?}");
    }
}

#[test]
fn model_folders_are_described_in_words() {
    let lines = block_on(inspect_model_folder(&demo_model())).unwrap();
    println!("{}", lines.join("\n"));
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[0], "Model folder in diffusers' layout, for pictures of 128×128");
    assert!(lines[1].starts_with("U-Net: channels 128/160/224; "), "{}", lines[1]);
    assert!(lines[2].starts_with("Text encoder: 5 layers, text vectors of 128 numbers; "), "{}", lines[2]);
    let mut empty = MemorySource::default();
    empty.insert("unet/config.json", b"{}".as_slice());
    let error = block_on(inspect_model_folder(&empty)).unwrap_err().to_string();
    assert!(error.contains("config.json"), "{error}");
    let error = block_on(inspect_model_folder(&MemorySource::default())).unwrap_err().to_string();
    assert_eq!(error, "the model folder has no unet/config.json");
}
