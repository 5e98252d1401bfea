//! Emphasis and long prompts: what the U-Net attends to, and the picture that comes of it.

use burn::tensor::DType;
use palpable::{
    adapter::Embedding,
    pipeline::{GenerationSettings, PromptSyntax},
};

use crate::{
    assert_equal, demo, draw, settings,
    support::{Golden, in_repository, relative_error, values},
};

#[test]
fn weighted_states_are_the_second_implementations() {
    let model = demo();
    let encoder = model.prompt_encoder();
    let text = std::fs::read_to_string(in_repository("tests/goldens/prompts.json")).unwrap();
    let golden: serde_json::Value = serde_json::from_str(&text).unwrap();
    let states = Golden::read("prompts.safetensors");
    for (index, prompt) in golden["states"].as_array().unwrap().iter().enumerate() {
        let (shape, expected) = &states.tensors[&index.to_string()];
        let encoded = encoder.encode(&[prompt.as_str().unwrap()], PromptSyntax::Weighted).hidden_states;
        assert_eq!(encoded.dims()[1], shape[1]);
        let error = relative_error(&values(encoded.narrow(2, 0, shape[2])), expected);
        assert!(error < 1e-4, "{prompt}: {error:e}");
    }
}

#[test]
fn a_weighted_picture_of_two_chunks_equals_diffusers() {
    let model = demo();
    let settings = GenerationSettings {
        prompt: "a (pencil sketch:1.3) of a [dog] wearing a crown BREAK at the ((beach))".into(),
        prompt_syntax: PromptSyntax::Weighted,
        ..settings("ddim")
    };
    let picture = draw(&model, &settings, None, "pipeline/noise.safetensors", |_| "noise");
    assert_equal(&picture, "weighted.png");
}

/// A short prompt without emphasis is the same either way; a long one is cut, or gets more chunks, and
/// every prompt beside it as many.
#[test]
fn syntaxes_differ_where_they_must() {
    let model = demo();
    let encoder = model.prompt_encoder();
    let encode = |prompts: &[&str], syntax| encoder.encode(prompts, syntax);
    let short = ["a photo of a dog", ""];
    let (literal, weighted) = (encode(&short, PromptSyntax::Literal), encode(&short, PromptSyntax::Weighted));
    assert_eq!(values(literal.hidden_states), values(weighted.hidden_states));

    let long = format!("{}and a cat", "dog ".repeat(75));
    let prompts = ["", long.as_str()];
    let (literal, weighted) =
        (encode(&prompts, PromptSyntax::Literal), encode(&prompts, PromptSyntax::Weighted));
    let [rows, tokens, width] = literal.hidden_states.dims();
    assert_eq!(literal.truncated, [None, Some("and a cat".to_owned())]);
    assert_eq!(weighted.truncated, [None, None]);
    assert_eq!(weighted.hidden_states.dims(), [rows, 2 * tokens, width]);
    let half = |row, chunk| {
        values(weighted.hidden_states.clone().narrow(0, row, 1).narrow(1, chunk * tokens, tokens))
    };
    assert_eq!(half(0, 0), half(0, 1), "an empty prompt is padded with an empty chunk");
    assert_ne!(half(1, 0), half(1, 1));
}

/// A learned word in brackets has its vectors, and their weight; the dtype is the model's.
#[test]
fn emphasis_reaches_a_learned_word() {
    let model = demo();
    let mut encoder = model.prompt_encoder();
    let width = model.text_encoder.config().hidden_size;
    let values_of_word = (0..2 * width).map(|index| (index as f32 * 0.7).sin() * 0.02).collect();
    let embedding = Embedding { placeholder: "<my-dog>".into(), vectors: 2, width, values: values_of_word };
    encoder.add(&embedding, &model.gpu.device).expect("a new word");
    let states = |prompt: &str| encoder.encode(&[prompt], PromptSyntax::Weighted).hidden_states;
    let (plain, weighted) = (states("a <my-dog>"), states("a (<my-dog>:2)"));
    assert_eq!(weighted.dtype(), DType::F32);
    let ratio = |token: usize| {
        let of = |states: &burn::tensor::Tensor<3>| values(states.clone().narrow(1, token, 1))[0];
        of(&weighted) / of(&plain)
    };
    // Both vectors are doubled against the start token, which shows the chunk's common factor.
    for token in [2, 3] {
        assert!((ratio(token) / ratio(0) - 2.0).abs() < 1e-3, "{}", ratio(token) / ratio(0));
    }
    assert!((ratio(1) / ratio(0) - 1.0).abs() < 1e-3);
}
