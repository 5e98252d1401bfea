//! What the program says about a file: an adapter of any kind, or the folder of a model.

use palpable::adapter::{Error, InspectError, inspect_file, inspect_model_folder};
use palpable::weights::MemorySource;

use crate::sample::{full_adapter, trained_in_full};
use crate::support::{block_on, demo_model};

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
