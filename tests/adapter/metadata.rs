//! What files say beside their tensors: the keys that other programs look for, and the hashes that they know a file by.

use palpable::adapter::Adapter;
use palpable::sampling::PredictionType;
use palpable::weights::{
    MemorySource, OutgoingTensor, SafetensorsHeader, StoredType, checkpoint_hash, file_sha256, middle_hash,
    write_safetensors,
};
use sha2::{Digest, Sha256};

use crate::sample::{TO_K, TO_OUT, full_adapter, layer};
use crate::support::block_on;

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
