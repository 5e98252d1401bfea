//! Adapter files: what diffusers and peft write is read to the same weights (tools/goldens/adapters.py), and
//! what we write comes back bit by bit.

use std::collections::BTreeMap;

use palpable::adapter::{Adapter, LoraWeights};
use palpable::model::adaptable::LayerKind;
use palpable::weights::{OutgoingTensor, SafetensorsHeader, StoredType, write_safetensors};

use crate::golden_file;
use crate::sample::{TO_K, difference, f32_tensor, full_adapter, read, trained_in_full};
use crate::support::{Golden, relative_error};

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
