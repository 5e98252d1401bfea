//! Merging adapters of keys and values: the closed form against PyTorch's (tools/goldens/merge.py), and on
//! the embedded model that each concept's words keep what they meant.

use burn::tensor::Device;
use palpable::{
    adapter::{Adapter, AdapterDetails, ConceptToken, Difference, Embedding, MergeError},
    model::adaptable::ModuleChoice,
    pipeline::{AppliedAdapter, Generation, GenerationSettings, StableDiffusion},
};

use crate::{
    demo, finish,
    support::{Golden, block_on, formula, relative_error, values},
};

const TO_K: &str = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k";

fn numbers<const D: usize>(name: &str, shape: [usize; D]) -> Vec<f32> {
    values(formula::values(name, shape, &Device::flex()))
}

fn adapter(placeholder: &str, width: usize, differences: Vec<Difference>) -> Adapter {
    let values = numbers(placeholder, [width]).iter().map(|value| value * 0.02).collect();
    Adapter {
        name: placeholder.to_owned(),
        differences,
        embeddings: vec![Embedding { placeholder: placeholder.to_owned(), vectors: 1, width, values }],
        details: AdapterDetails {
            class_nouns: vec!["dog".to_owned()],
            personalization_prompt: Some(format!("a photo of {placeholder} dog")),
            ..AdapterDetails::default()
        },
        ..Adapter::default()
    }
}

#[test]
fn the_closed_form_is_pytorchs() {
    let rows = |name: &str, count: usize| -> Vec<Vec<f32>> {
        numbers(name, [count, 12]).chunks(12).map(<[f32]>::to_vec).collect()
    };
    let of = |index: usize| Difference {
        path: TO_K.to_owned(),
        shape: vec![8, 12],
        weight: numbers(&format!("difference.{index}"), [8, 12]),
        bias: None,
    };
    let adapters = [adapter("<one>", 12, vec![of(0)]), adapter("<two>", 12, vec![of(1)])];
    let concepts: Vec<ConceptToken> = [(0, 3), (1, 2)]
        .into_iter()
        .flat_map(|(adapter, count)| {
            rows(&format!("concept.{adapter}"), count)
                .into_iter()
                .map(move |encoding| ConceptToken { adapter, encoding })
        })
        .collect();
    let regularization = rows("regularization", 40);
    let merged = Adapter::merge(&adapters, &concepts, &regularization).unwrap();
    let golden = Golden::read("merge.safetensors");
    let error = relative_error(&merged.differences[0].weight, golden.values("difference"));
    println!("merged difference: relative error {error:.1e}");
    assert!(error < 1e-6);
    assert_eq!(merged.name, "<one> and <two>");
    assert_eq!(merged.embeddings.len(), 2);

    let few = Adapter::merge(&adapters, &concepts, &regularization[..11]);
    assert_eq!(few, Err(MergeError::TooFewPrompts { rows: 11, width: 12 }));
    let twice = [concepts.clone(), concepts].concat();
    assert_eq!(Adapter::merge(&adapters, &twice, &regularization), Err(MergeError::SameConcepts));
    // A last bit apart, they could be told apart by little but rounding.
    let mut alike = [twice[0].clone(), twice[0].clone()];
    alike[1].encoding[0] = alike[1].encoding[0].next_up();
    assert_eq!(Adapter::merge(&adapters, &alike, &regularization), Err(MergeError::SameConcepts));
}

/// Random differences of all of the model's keys and values.
fn random_adapter(model: &StableDiffusion, placeholder: &str) -> Adapter {
    let modules = model.unet.adaptable_modules(ModuleChoice::CrossAttentionKeysValues);
    let differences = modules.into_iter().map(|module| {
        let shape = module.weight_shape();
        let values = formula::weight(&format!("{placeholder}.{}", module.path), &shape);
        let weight = values.iter().map(|value| value * 0.5).collect();
        Difference { path: module.path, shape, weight, bias: None }
    });
    adapter(placeholder, model.text_encoder.config().hidden_size, differences.collect())
}

/// D·c of a layer.
fn change(adapter: &Adapter, path: &str, encodings: &[f32], width: usize) -> Vec<f32> {
    let difference = adapter.differences.iter().find(|each| each.path == path).unwrap();
    let of = |encoding: &[f32], row: &[f32]| {
        row.iter().zip(encoding).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() as f32
    };
    let rows = || difference.weight.chunks(width);
    encodings
        .chunks(width)
        .flat_map(|encoding| rows().map(|row| of(encoding, row)).collect::<Vec<_>>())
        .collect()
}

#[test]
fn merged_words_keep_what_they_meant() {
    let model = demo();
    let adapters = [random_adapter(&model, "<one>"), random_adapter(&model, "<two>")];
    let merged = block_on(model.merge(&adapters, None)).unwrap();
    assert_eq!(merged.differences.len(), adapters[0].differences.len());
    assert_eq!(merged.phrases(), ["<one> dog", "<two> dog"]);
    let width = model.text_encoder.config().hidden_size;
    let mut encoder = model.prompt_encoder();
    merged.embeddings.iter().for_each(|word| encoder.add(word, &model.gpu.device).unwrap());
    let encodings = |prompt: &str, prefix: &str| values(encoder.token_states(prompt, prefix));
    for (index, word) in ["<one>", "<two>"].into_iter().enumerate() {
        // W·C*ᵀ = V*ᵀ, of the concept alone and in a prompt.
        for (prompt, prefix) in
            [(format!("{word} dog"), ""), (format!("a photo of {word} dog"), "a photo of")]
        {
            let words = encodings(&prompt, prefix);
            assert_eq!(words.len(), 3 * width, "the new word, the noun, the end");
            for difference in &merged.differences {
                let meant = change(&adapters[index], &difference.path, &words, width);
                let error = relative_error(&change(&merged, &difference.path, &words, width), &meant);
                assert!(error < 1e-3, "{prompt}, {}: {error:.1e}", difference.path);
            }
        }
    }
    // Other prompts are changed less than by both adapters at once.
    let others = encodings("a pencil sketch of a castle in the snow", "");
    let size = |values: Vec<f32>| values.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
    let [one, two] = [0, 1].map(|index| change(&adapters[index], TO_K, &others, width));
    let both = size(one.iter().zip(&two).map(|(a, b)| a + b).collect());
    let least = size(change(&merged, TO_K, &others, width));
    println!("other words: {least:.2} of {both:.2}");
    assert!(least < 0.8 * both);

    // Both words draw with the one file.
    let read = Adapter::from_bytes(&merged.to_bytes(), "merged.safetensors").unwrap();
    let draw = |strength: f32| {
        let settings = GenerationSettings {
            prompt: "a photo of <one> dog and <two> dog".into(),
            steps: 2,
            width: 64,
            height: 64,
            ..Default::default()
        };
        let applied = [AppliedAdapter { adapter: &read, strength }];
        finish(Generation::new(&model, &settings, &applied).unwrap())
    };
    assert_ne!(draw(1.0), draw(0.0), "differences are applied");
}

#[test]
fn what_cannot_be_merged_is_explained() {
    let model = demo();
    let refusal = |adapters: &[Adapter], prompts: Option<&[String]>| {
        block_on(model.merge(adapters, prompts)).unwrap_err().sentence()
    };
    let (one, two) = (random_adapter(&model, "<one>"), random_adapter(&model, "<two>"));
    assert_eq!(refusal(std::slice::from_ref(&one), None), "Merging takes at least two adapters.");
    assert!(refusal(&[one.clone(), one.clone()], None).contains("new word \"<one>\""));
    let mut wordless = two.clone();
    wordless.embeddings.clear();
    assert!(refusal(&[one.clone(), wordless], None).contains("holds no new word"));
    let mut wider = two.clone();
    wider.differences[0].path = "conv_in".to_owned();
    assert!(refusal(&[one.clone(), wider], None).contains("it changes \"conv_in\""));
    let few = ["a dog".to_owned(), String::new()];
    assert!(refusal(&[one, two], Some(&few)).contains("too few or too alike: 3 words of theirs"));
}
