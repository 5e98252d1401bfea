//! Adapters in the forms of other programs: what is written comes back, file by file and zipped, and what a
//! form has no place for is refused. That diffusers and peft read these files is shown by
//! tools/consumers/check_adapter.py.

use palpable::adapter::{
    Adapter, Difference, Embedding, Error, ExportFormat, ExportedFile, LoraWeights, read_adapter, zip_of,
};
use palpable::model::adaptable::LayerKind;
use palpable::weights::SafetensorsHeader;
use serde_json::{Value, json};

use crate::{golden_file, support::relative_error};

/// LoRA of every kind of layer, with scales that differ, and two words.
fn wide() -> Adapter {
    let name = "adapters_wide_kohya.safetensors";
    let mut adapter = Adapter::from_bytes(&golden_file(name), name).unwrap();
    let word = |placeholder: &str, vectors: usize| Embedding {
        placeholder: placeholder.to_owned(),
        vectors,
        width: 24,
        values: (0..vectors * 24).map(|index| index as f32 / 8.0).collect(),
    };
    adapter.name = "My dog: the 2nd/best".to_owned();
    adapter.details.class_nouns = vec!["dog".to_owned(), "cat".to_owned()];
    adapter.embeddings = vec![word("<my.dog>", 1), word("<a-cat>", 2)];
    adapter.lora[3].alpha = 0.75;
    let last = adapter.lora.len() - 1;
    adapter.lora[last].alpha = 3.0;
    adapter
}

fn files(adapter: &Adapter, format: ExportFormat) -> Vec<(String, Vec<u8>)> {
    let files = adapter.export(format).unwrap().into_iter();
    files.map(|ExportedFile { path, bytes }| (path, bytes)).collect()
}

fn paths(files: &[(String, Vec<u8>)]) -> Vec<&str> {
    files.iter().map(|(path, _)| path.as_str()).collect()
}

/// Paths are compared in their order: folders of several files have the text encoder's last.
fn sorted(mut adapter: Adapter) -> Adapter {
    adapter.lora.sort_by(|a, b| a.path.cmp(&b.path));
    adapter
}

#[test]
fn kohya_and_embedding_files_are_those_of_the_adapter() {
    let adapter = wide();
    let kohya = files(&adapter, ExportFormat::Kohya);
    assert_eq!(paths(&kohya), ["My dog- the 2nd-best.safetensors"]);
    assert_eq!(kohya[0].1, adapter.to_bytes());
    assert_eq!(Adapter::from_bytes(&kohya[0].1, "x").unwrap(), adapter);
    let words = files(&adapter, ExportFormat::Embedding);
    assert_eq!(paths(&words), ["my_dog.safetensors", "a-cat.safetensors"]);
    assert_eq!(Adapter::from_bytes(&words[1].1, "x").unwrap().embeddings, adapter.embeddings[1..]);
}

#[test]
fn a_peft_folder_comes_back_bit_by_bit() {
    let adapter = wide();
    let folder = files(&adapter, ExportFormat::Peft);
    assert_eq!(
        paths(&folder),
        [
            "adapter_config.json",
            "adapter_model.safetensors",
            "text_encoder/adapter_config.json",
            "text_encoder/adapter_model.safetensors",
            "learned_embeds-my_dog.safetensors",
            "learned_embeds-a-cat.safetensors",
        ]
    );
    assert_eq!(sorted(Adapter::from_files("folder", &folder).unwrap()), sorted(adapter));
    let config: Value = serde_json::from_slice(&folder[0].1).unwrap();
    assert_eq!(
        (&config["peft_type"], &config["r"], &config["lora_alpha"]),
        (&json!("LORA"), &json!(2), &json!(1))
    );
    assert_eq!(config["target_modules"].as_array().unwrap().len(), 81);
    assert_eq!(config["alpha_pattern"].as_object().unwrap().len(), 2);
    assert_eq!(config["rank_pattern"], json!({}));
    let header = SafetensorsHeader::from_bytes("x", &folder[3].1).unwrap();
    let name = "base_model.model.text_model.encoder.layers.0.mlp.fc1.lora_A.weight";
    assert!(header.tensors.iter().any(|entry| entry.name == name && entry.shape == [2, 24]));

    let model_alone = &folder[1..2];
    let error = Adapter::from_files("folder", model_alone).unwrap_err();
    assert_eq!(error, Error::NoPeftConfig { file: "adapter_model.safetensors".to_owned() });
    for (config, words) in [
        ("{}", "no lora_alpha"),
        ("[", "not a JSON object"),
        (r#"{"peft_type": "LOHA", "lora_alpha": 4}"#, "not LORA"),
        (r#"{"lora_alpha": 4, "alpha_pattern": {"^conv.*": 2}}"#, "regular expressions"),
    ] {
        let files = [(folder[0].0.clone(), config.as_bytes().to_vec()), folder[1].clone()];
        let error = Adapter::from_files("folder", &files).unwrap_err().to_string();
        assert!(error.contains("adapter_config.json cannot be used") && error.contains(words), "{error}");
    }
}

#[test]
fn a_diffusers_folder_has_the_scale_in_its_factors() {
    let adapter = wide();
    let folder = files(&adapter, ExportFormat::Diffusers);
    assert_eq!(
        paths(&folder),
        [
            "pytorch_lora_weights.safetensors",
            "learned_embeds-my_dog.safetensors",
            "learned_embeds-a-cat.safetensors",
        ]
    );
    let read = sorted(Adapter::from_files("folder", &folder).unwrap());
    assert_eq!(
        (&read.name, &read.details, &read.embeddings),
        (&adapter.name, &adapter.details, &adapter.embeddings)
    );
    for (read, meant) in read.lora.iter().zip(&sorted(adapter).lora) {
        assert_eq!((read.scale(), &read.path, &read.down), (1.0, &meant.path, &meant.down));
        let scaled: Vec<f32> = meant.up.iter().map(|value| value * meant.scale()).collect();
        assert!(relative_error(&read.up, &scaled) < 1e-7);
    }
    let header = SafetensorsHeader::from_bytes("x", &folder[0].1).unwrap();
    assert_eq!(header.metadata["format"], "pt");
    for name in [
        "unet.down_blocks.0.resnets.0.conv1.lora_A.weight",
        "text_encoder.text_model.encoder.layers.1.self_attn.out_proj.lora_B.weight",
    ] {
        assert!(header.tensors.iter().any(|entry| entry.name == name), "{name}");
    }
    let header = SafetensorsHeader::from_bytes("x", &folder[1].1).unwrap();
    assert_eq!((header.tensors.len(), header.tensors[0].name.as_str()), (1, "<my.dog>"));

    // Words whose files' names would be one.
    let mut alike = wide();
    for (embedding, placeholder) in alike.embeddings.iter_mut().zip(["<my.dog>", "<My_dog>"]) {
        embedding.placeholder = placeholder.to_owned();
    }
    assert_eq!(
        paths(&files(&alike, ExportFormat::Embedding)),
        ["my_dog.safetensors", "My_dog_2.safetensors"]
    );
    let folder = files(&alike, ExportFormat::Diffusers);
    assert_eq!(
        paths(&folder)[1..],
        ["learned_embeds-my_dog.safetensors", "learned_embeds-My_dog_2.safetensors"]
    );

    let mut one = wide();
    one.embeddings.truncate(1);
    assert_eq!(paths(&files(&one, ExportFormat::Diffusers))[1], "learned_embeds.safetensors");
}

/// Before version 0.40 diffusers scaled all layers by the rank of the first, so all have one.
#[test]
fn layers_of_several_ranks_get_one_in_a_diffusers_folder() {
    let mut mixed = sorted(wide());
    let LoraWeights { rank, down, up, .. } = &mut mixed.lora[0];
    assert!(*rank > 1);
    let row = down.len() / *rank;
    down.truncate(row * (*rank - 1));
    *up = up.chunks_exact(*rank).flat_map(|row| &row[..*rank - 1]).copied().collect();
    *rank -= 1;
    let peft = files(&mixed, ExportFormat::Peft);
    let config: Value = serde_json::from_slice(&peft[0].1).unwrap();
    let others = mixed.lora.iter().filter(|each| !each.path.starts_with("text_encoder.")).skip(1);
    let others = others.map(|each| (each.path.clone(), json!(each.rank))).collect();
    assert_eq!((&config["r"], &config["rank_pattern"]), (&json!(1), &Value::Object(others)));
    let read = sorted(Adapter::from_files("folder", &files(&mixed, ExportFormat::Diffusers)).unwrap());
    let product = |weights: &LoraWeights| -> Vec<f32> {
        let entries = weights.up.chunks_exact(weights.rank).flat_map(|up| {
            let columns = weights.down.len() / weights.rank;
            (0..columns).map(move |column| {
                let down = weights.down.iter().skip(column).step_by(columns);
                up.iter().zip(down).map(|(up, down)| up * down).sum::<f32>() * weights.scale()
            })
        });
        entries.collect()
    };
    assert_eq!(read.lora[0].rank, mixed.lora[0].rank + 1);
    for (read, meant) in read.lora.iter().zip(&mixed.lora) {
        assert!(relative_error(&product(read), &product(meant)) < 1e-6, "{}", read.path);
    }
}

#[test]
fn zipped_folders_are_read_as_they_are() {
    let adapter = wide();
    for format in [ExportFormat::Peft, ExportFormat::Diffusers] {
        let zip = zip_of(adapter.export(format).unwrap()).unwrap();
        let read = read_adapter(&zip, "my-dog.zip").unwrap();
        assert_eq!(read, Adapter::from_files("my-dog", &files(&adapter, format)).unwrap());
    }
    let error = Adapter::from_files("folder", &[]).unwrap_err().to_string();
    assert!(error.starts_with("the folder folder holds no adapter"), "{error}");
    let twice: Vec<_> =
        ["a", "b"].iter().map(|name| (format!("{name}.safetensors"), adapter.to_bytes())).collect();
    assert!(matches!(Adapter::from_files("folder", &twice).unwrap_err(), Error::Duplicate { .. }));
}

#[test]
fn what_a_form_has_no_place_for_is_refused() {
    let refused = |adapter: &Adapter, format| adapter.export(format).unwrap_err().to_string();
    let wordless = Adapter { name: "x".to_owned(), ..Adapter::default() };
    assert_eq!(
        refused(&wordless, ExportFormat::Embedding),
        "the adapter \"x\" cannot be written as embedding: it has no new word"
    );
    let difference =
        Difference { path: "conv_in".to_owned(), shape: vec![1, 1, 3, 3], weight: vec![0.0; 9], bias: None };
    let full = Adapter { differences: vec![difference], ..wide() };
    for format in [ExportFormat::Peft, ExportFormat::Diffusers] {
        assert!(refused(&full, format).contains("it changes whole weights"));
    }
    assert_eq!(Adapter::from_bytes(&full.export(ExportFormat::Kohya).unwrap()[0].bytes, "x").unwrap(), full);
    // Filled up to one rank, the second layer would have 2·10¹¹ numbers.
    let layer = |path: &str, rank: usize, features: usize| LoraWeights {
        path: path.to_owned(),
        rank,
        in_features: features,
        out_features: features,
        kind: LayerKind::Linear,
        down: vec![0.5; rank * features],
        up: vec![0.5; rank * features],
        alpha: 1.0,
    };
    let lora = vec![layer("conv_in", 100_000, 1), layer("conv_out", 1, 1_000_000)];
    let uneven = Adapter { name: "x".to_owned(), lora, ..Adapter::default() };
    assert_eq!(
        refused(&uneven, ExportFormat::Diffusers),
        "the adapter \"x\" cannot be written as diffusers: its layers have ranks that differ too much, and with \
         one rank for all, as diffusers needs it, they would be larger than any adapter; choose peft"
    );
    assert_eq!(Adapter::from_files("x", &files(&uneven, ExportFormat::Peft)).unwrap().lora, uneven.lora);
    let named: Vec<_> = ExportFormat::ALL.into_iter().map(ExportFormat::name).collect();
    assert_eq!(named, ["kohya", "diffusers", "peft", "embedding"]);
    assert_eq!(ExportFormat::by_name("peft"), Some(ExportFormat::Peft));
    assert_eq!(ExportFormat::by_name("PEFT"), None);
}
