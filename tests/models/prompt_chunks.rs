//! Emphasis and chunks against a second implementation (`tools/goldens/prompts.py`).

use palpable::tokenizer::{PlaceholderSpan, PromptPiece, Tokenizer, parse_emphasis};
use serde::Deserialize;

use crate::support::in_repository;
use crate::tokenizer::{demo, filled_up, read_demo};

#[derive(Deserialize)]
struct EmphasisCase {
    prompt: String,
    /// `None` for BREAK.
    pieces: Vec<Option<(String, f64)>>,
    chunks: Vec<Chunk>,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(deserialize_with = "filled_up")]
    ids: Vec<u32>,
    #[serde(deserialize_with = "filled_up")]
    weights: Vec<f32>,
}

fn emphasis_cases() -> Vec<EmphasisCase> {
    let text = std::fs::read_to_string(in_repository("tests/goldens/prompts.json")).unwrap();
    let mut golden: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases: Vec<EmphasisCase> = serde_json::from_value(golden["cases"].take()).unwrap();
    assert!(cases.len() >= 60);
    cases
}

fn pieces(prompt: &str) -> Vec<Option<(String, f64)>> {
    let pieces = parse_emphasis(prompt).into_iter().map(|piece| match piece {
        PromptPiece::Text { text, weight } => Some((text, weight)),
        PromptPiece::Break => None,
    });
    pieces.collect()
}

#[test]
fn emphasis_is_read_by_the_rules() {
    for EmphasisCase { prompt, pieces: expected, .. } in emphasis_cases() {
        let actual = pieces(&prompt);
        assert_eq!(actual.len(), expected.len(), "{prompt:?}: {actual:?}");
        for (actual, expected) in actual.iter().zip(&expected) {
            match (actual, expected) {
                (Some((actual, weight)), Some((expected, expected_weight))) => {
                    assert_eq!(actual, expected, "{prompt:?}");
                    assert!((weight - expected_weight).abs() < 1e-12, "{prompt:?}: {weight}");
                }
                (actual, expected) => assert_eq!(actual, expected, "{prompt:?}"),
            }
        }
    }
    // Brackets of two kinds may cross: each closes the last one of its own kind.
    let crossing = [("a", 1.1), ("b", 1.0), ("c", 1.0 / 1.1)];
    let crossing = crossing.map(|(text, weight)| Some((text.to_owned(), weight)));
    assert_eq!(pieces("(a[b)c]"), crossing);
    // No weight is infinite or no number, whatever multiplies it.
    let digits = "9".repeat(400);
    for (prompt, weight) in [
        (format!("{}a", "(".repeat(8000)), 100.0),
        (format!("(a:{digits})"), 100.0),
        (format!("(a:-{digits})"), -100.0),
        (format!("((a:0):{digits})"), 0.0),
    ] {
        assert_eq!(pieces(&prompt), [Some(("a".to_owned(), weight))]);
    }
}

#[test]
fn chunks_are_filled_by_the_rules() {
    let mut tokenizer = demo();
    tokenizer.add_placeholder("<my-dog>", 1).unwrap();
    for EmphasisCase { prompt, chunks: expected, .. } in emphasis_cases() {
        let actual = tokenizer.encode_chunks(&prompt);
        assert_eq!(actual.len(), expected.len(), "{prompt:?}");
        for (actual, expected) in actual.iter().zip(&expected) {
            assert_eq!(actual.tokens.ids, expected.ids, "{prompt:?}");
            assert_eq!(actual.weights, expected.weights, "{prompt:?}");
            assert_eq!(actual.tokens.truncated, None);
        }
    }
}

#[test]
fn chunks_keep_a_placeholder_whole() {
    let mut tokenizer = demo();
    tokenizer.add_placeholder("<my-dog>", 3).unwrap();
    let span = |position, first_vector, vectors| PlaceholderSpan {
        placeholder: "<my-dog>".to_owned(),
        position,
        first_vector,
        vectors,
    };
    let one = tokenizer.encode_chunks("a (<my-dog>:1.5) and <MY-DOG>_2");
    assert_eq!(one[0].tokens.placeholders, [span(2, 0, 3), span(6, 2, 1)]);
    assert_eq!(one[0].weights[..7], [1.0, 1.0, 1.5, 1.5, 1.5, 1.0, 1.0]);

    // Two of three vectors would fit; all three go over.
    let full = tokenizer.encode_chunks(&format!("{}<my-dog> cat", "dog ".repeat(73)));
    assert_eq!(full[0].tokens.placeholders, []);
    assert_eq!(full[0].tokens.ids[74..], tokenizer.encode("").ids[1..4]);
    assert_eq!(full[1].tokens.placeholders, [span(1, 0, 3)]);

    // What moves behind a comma takes its placeholder along.
    let moved = tokenizer.encode_chunks(&format!("{}, a <my-dog> cat dog", "dog ".repeat(69)));
    assert_eq!(moved[0].tokens.placeholders, []);
    assert_eq!(moved[1].tokens.placeholders, [span(2, 0, 3)]);

    // A comma of the chunk before, which BREAK has ended, does not cut the next one.
    let broken = tokenizer.encode_chunks(&format!("{}, BREAK {}", "cat ".repeat(70), "dog ".repeat(76)));
    let [dog, end] = [broken[1].tokens.ids[1], tokenizer.encode("").ids[1]];
    assert_eq!(broken[1].tokens.ids[1..76], [dog; 75]);
    assert_eq!((broken.len(), &broken[2].tokens.ids[1..3]), (3, &[dog, end][..]));
}

/// Stable Diffusion 2 pads with another token than the end; a config may leave no room for text.
#[test]
fn chunks_end_and_pad_as_the_model_wants() {
    let config = r#"{"pad_token": "!"}"#;
    let tokenizer = Tokenizer::new(&read_demo("vocab.json"), &read_demo("merges.txt"), Some(config)).unwrap();
    for prompt in ["a photo of a dog", ""] {
        assert_eq!(tokenizer.encode_chunks(prompt)[0].tokens, tokenizer.encode(prompt));
    }
    let config = r#"{"model_max_length": 2}"#;
    let none = Tokenizer::new(&read_demo("vocab.json"), &read_demo("merges.txt"), Some(config)).unwrap();
    let chunks = none.encode_chunks("a dog BREAK a cat");
    assert!(chunks.iter().all(|chunk| chunk.tokens.ids == none.encode("").ids && chunk.weights == [1.0; 2]));
}
