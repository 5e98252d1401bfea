//! The tokenizer against transformers' (`tools/goldens/tokenizer.py`), and its placeholders.

use palpable::tokenizer::{Error, PlaceholderSpan, Tokenizer};
use palpable::weights::MemorySource;
use serde::{Deserialize, Deserializer};

use crate::support::{block_on, demo_model, in_repository};

#[derive(Deserialize)]
struct Case {
    name: String,
    placeholders: Vec<(String, usize)>,
    special_tokens_map: Option<String>,
    config: Option<String>,
    prompts: Vec<Prompt>,
}

#[derive(Deserialize)]
struct Prompt {
    text: String,
    #[serde(deserialize_with = "filled_up")]
    ids: Vec<u32>,
}

/// Tokens of an encoded prompt.
pub const LENGTH: usize = 77;

/// A row whose last value stands for all that fill it up.
pub fn filled_up<'de, D: Deserializer<'de>, T: Deserialize<'de> + Copy>(row: D) -> Result<Vec<T>, D::Error> {
    let mut row = Vec::deserialize(row)?;
    row.resize(LENGTH, *row.last().expect("a row has a value"));
    Ok(row)
}

pub fn read_demo(file: &str) -> String {
    std::fs::read_to_string(in_repository("models/demo/tokenizer").join(file)).unwrap()
}

pub fn demo() -> Tokenizer {
    block_on(Tokenizer::load(&demo_model(), "tokenizer")).unwrap()
}

/// The demo's tokenizer with other special tokens.
fn tokenizer_of(case: &Case) -> Tokenizer {
    let mut source = MemorySource::default();
    for file in ["vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"] {
        source.insert(format!("tokenizer/{file}"), read_demo(file));
    }
    if let Some(json) = &case.special_tokens_map {
        source.insert("tokenizer/special_tokens_map.json", json.as_str());
    }
    if let Some(json) = &case.config {
        source.insert("tokenizer/tokenizer_config.json", json.as_str());
    }
    let mut tokenizer = block_on(Tokenizer::load(&source, "tokenizer")).unwrap();
    for (placeholder, vectors) in &case.placeholders {
        tokenizer.add_placeholder(placeholder, *vectors).unwrap();
    }
    tokenizer
}

#[test]
fn ids_are_transformers_ids() {
    let goldens = std::fs::read_to_string(in_repository("tests/goldens/tokenizer.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&goldens).unwrap();
    let mut compared = 0;
    for case in &cases {
        let tokenizer = tokenizer_of(case);
        for Prompt { text, ids } in &case.prompts {
            assert_eq!(&tokenizer.encode(text).ids, ids, "{}: {text:?}", case.name);
            compared += 1;
        }
    }
    assert!(compared >= 300, "only {compared} prompts in the golden file");
}

#[test]
fn the_vocabulary_alone_is_enough() {
    let alone = Tokenizer::new(&read_demo("vocab.json"), &read_demo("merges.txt"), None).unwrap();
    let ids = alone.encode("a photo of a dog").ids;
    assert_eq!(ids, demo().encode("a photo of a dog").ids);
    assert_eq!((ids.len(), ids[0], ids[76]), (alone.length(), 3553, 3554));
    let short = Tokenizer::new(
        &read_demo("vocab.json"),
        &read_demo("merges.txt"),
        Some(r#"{"model_max_length": 4}"#),
    );
    assert_eq!(short.unwrap().encode("a photo of a dog").ids, [ids[0], ids[1], ids[2], ids[76]]);
    // transformers' "no limit" is the text encoder's.
    let limit = r#"{"model_max_length": 1000000000000000019884624838656}"#;
    let endless = Tokenizer::new(&read_demo("vocab.json"), &read_demo("merges.txt"), Some(limit)).unwrap();
    assert_eq!(endless.encode("a photo of a dog").ids, ids);
}

#[test]
fn a_placeholder_says_where_its_vectors_belong() {
    let mut tokenizer = demo();
    tokenizer.add_placeholder("<one>", 1).unwrap();
    tokenizer.add_placeholder("<my-dog>", 3).unwrap();
    let tokens = tokenizer.encode("a <my-dog> and <ONE> or <my-dog>_2");
    let span = |placeholder: &str, position, first_vector, vectors| PlaceholderSpan {
        placeholder: placeholder.to_owned(),
        position,
        first_vector,
        vectors,
    };
    let expected = [span("<my-dog>", 2, 0, 3), span("<one>", 6, 0, 1), span("<my-dog>", 8, 2, 1)];
    assert_eq!(tokens.placeholders, expected);
    assert_eq!(tokens.ids[2..9], [3556, 3557, 3558, tokens.ids[5], 3555, tokens.ids[7], 3558]);
    assert_eq!(tokens.truncated, None);

    tokenizer.remove_placeholder("<one>");
    assert_eq!(tokenizer.encode("<my-dog>").ids[1..4], [3555, 3556, 3557]);
    assert_eq!(tokenizer.encode("<one>").placeholders, []);
    tokenizer.add_placeholder("<one>", 2).unwrap();
    assert_eq!(tokenizer.encode("<one>").ids[1..3], [3558, 3559]);
}

#[test]
fn what_does_not_fit_is_told() {
    let mut tokenizer = demo();
    tokenizer.add_placeholder("<my-dog>", 4).unwrap();
    assert_eq!(tokenizer.encode(&"dog ".repeat(75)).truncated, None);

    let long = format!("{}a Café at night", "dog ".repeat(74));
    assert_eq!(tokenizer.encode(&long).truncated.as_deref(), Some("Café at night"));

    let cut = tokenizer.encode(&format!("{}<my-dog> at night", "dog ".repeat(73)));
    assert_eq!((cut.placeholders[0].position, cut.placeholders[0].vectors), (74, 2));
    assert_eq!(cut.truncated.as_deref(), Some("<my-dog> at night"));

    let outside = tokenizer.encode(&format!("{}<my-dog>", "dog ".repeat(75)));
    assert_eq!(outside.placeholders, []);
    assert_eq!(outside.ids.len(), 77);
}

/// Words from elsewhere have up to 75 vectors, a whole prompt.
#[test]
fn a_placeholder_may_fill_the_prompt() {
    let mut tokenizer = demo();
    tokenizer.add_placeholder("<bad>", 75).unwrap();
    let tokens = tokenizer.encode("<bad> at night");
    assert_eq!((tokens.placeholders[0].position, tokens.placeholders[0].vectors), (1, 75));
    assert_eq!(tokens.truncated.as_deref(), Some("at night"));
    let chunks = tokenizer.encode_chunks("a dog, <bad>");
    assert_eq!(chunks.len(), 2);
    assert_eq!(chunks[1].tokens.placeholders, tokens.placeholders);
}

#[test]
fn unusable_placeholders_are_refused() {
    let mut tokenizer = demo();
    let mut refuse =
        |placeholder: &str, vectors| tokenizer.add_placeholder(placeholder, vectors).unwrap_err();
    assert_eq!(refuse("", 1), Error::EmptyPlaceholder);
    assert_eq!(refuse("my dog", 1), Error::PlaceholderWithSpace { placeholder: "my dog".to_owned() });
    assert_eq!(refuse("<a>", 0), Error::VectorCount { vectors: 0, most: 75 });
    assert_eq!(refuse("<a>", 76), Error::VectorCount { vectors: 76, most: 75 });
    assert_eq!(refuse("Dog", 1), Error::KnownWord { word: "Dog".to_owned() });
    assert_eq!(refuse("<|endoftext|>", 1), Error::KnownWord { word: "<|endoftext|>".to_owned() });
    tokenizer.add_placeholder("<a>", 2).unwrap();
    let mut refuse =
        |placeholder: &str, vectors| tokenizer.add_placeholder(placeholder, vectors).unwrap_err();
    assert_eq!(refuse("<A>", 1), Error::KnownWord { word: "<A>".to_owned() });
    assert_eq!(refuse("<a>_1", 1), Error::KnownWord { word: "<a>_1".to_owned() });
    tokenizer.add_placeholder("<b>_2", 1).unwrap();
    assert_eq!(tokenizer.add_placeholder("<b>", 3), Err(Error::KnownWord { word: "<b>_2".to_owned() }));
    tokenizer.add_placeholder("<b>", 2).unwrap();
}

/// A placeholder of such a name would get the piece's id, and every word with that piece its vectors.
#[test]
fn pieces_of_the_vocabularys_words_are_no_placeholders() {
    let mut tokenizer = demo();
    for piece in ["happ", "dog</w>"] {
        assert!(tokenizer.encode(piece).ids[2] != tokenizer.encode("").ids[1], "more than one token");
        let error = tokenizer.add_placeholder(piece, 1).unwrap_err();
        assert_eq!(error, Error::KnownWord { word: piece.to_owned() });
    }
    let vocabulary = r#"{"<|startoftext|>":0,"<|endoftext|>":1,"<a>_1":2}"#;
    let mut tokenizer = Tokenizer::new(vocabulary, "", None).unwrap();
    assert_eq!(tokenizer.add_placeholder("<a>", 2), Err(Error::KnownWord { word: "<a>_1".to_owned() }));
    tokenizer.add_placeholder("<a>", 1).unwrap();
}

/// Special tokens are cut out of a prompt before placeholders, and emphasis before both.
#[test]
fn placeholders_that_prompts_cannot_hold_whole_are_refused() {
    let split = |placeholder: &str| Error::SplitPlaceholder { placeholder: placeholder.to_owned() };
    let mut tokenizer = demo();
    let before = tokenizer.encode("<my-dog> (dog)").ids;
    for word in ["<style-(1)>", "<[a]>", r"<a\b>", "<BREAK>", "<a<|endoftext|>b>"] {
        assert_eq!(tokenizer.add_placeholder(word, 1), Err(split(word)));
    }
    assert_eq!(tokenizer.encode("<my-dog> (dog)").ids, before);
    tokenizer.add_placeholder("<wow!>", 2).unwrap();
    tokenizer.add_placeholder("<a:b>", 1).unwrap();

    let config = r#"{"pad_token": "!"}"#;
    let mut pads = Tokenizer::new(&read_demo("vocab.json"), &read_demo("merges.txt"), Some(config)).unwrap();
    assert_eq!(pads.add_placeholder("<wow!>", 2), Err(split("<wow!>")));
    pads.add_placeholder("<wow>", 2).unwrap();
    assert_eq!(
        split("<wow!>").to_string(),
        "\"<wow!>\" cannot be a placeholder, because this model reads it in parts; choose another of letters, \
         digits and hyphens, such as <my-dog>"
    );
}

#[test]
fn broken_files_are_refused_in_a_sentence() {
    let (vocabulary, merges) = (read_demo("vocab.json"), read_demo("merges.txt"));
    let refuse = |vocabulary: &str, merges: &str, config: Option<&str>| {
        Tokenizer::new(vocabulary, merges, config).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(refuse("[]", &merges, None).starts_with("the tokenizer's vocab.json is not usable: "));
    assert!(refuse("{}", &merges, None).contains("vocabulary lacks <|endoftext|>"));
    // A new word would get the number of "a".
    let gap = r#"{"<|startoftext|>": 0, "<|endoftext|>": 1, "a": 3}"#;
    assert_eq!(
        refuse(gap, "", None),
        "the tokenizer's vocab.json is not usable: \"a\" has the number 3, and there are only 3 tokens"
    );
    let config = r#"{"pad_token":"<pad>"}"#;
    assert!(refuse(&vocabulary, &merges, Some(config)).contains("vocabulary lacks <pad>"));
    assert!(refuse(&vocabulary, &merges, Some("{")).starts_with("the tokenizer's settings are not usable: "));
    assert_eq!(
        refuse(&vocabulary, "#version: 0.2\ni n\nt h e\n", None),
        "line 3 of the tokenizer's merges.txt is not a pair of tokens"
    );
    assert!(refuse(&vocabulary, "zzzz qqqq\n", None).contains("do not belong together"));
    let missing = block_on(Tokenizer::load(&MemorySource::default(), "tokenizer")).err().unwrap();
    assert_eq!(missing.to_string(), "the model folder has no tokenizer/vocab.json");
}
