//! Words that change places in prompts, by cases that the page's tests share.

use palpable::training::settings::{with_class_noun, with_new_word};

/// What goes in, and what comes out: prompt, class noun, new word or phrase, expected prompt.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cases {
    with_new_word: Vec<[String; 4]>,
    with_class_noun: Vec<[String; 4]>,
}

#[test]
fn words_change_places_as_in_the_page() {
    let cases: Cases = serde_json::from_str(include_str!("../support/prompt_words.json")).unwrap();
    for [prompt, noun, phrase, expected] in cases.with_new_word {
        assert_eq!(with_new_word(&prompt, &noun, &phrase), expected, "{prompt}");
    }
    for [prompt, noun, placeholder, expected] in cases.with_class_noun {
        assert_eq!(with_class_noun(&prompt, &placeholder, &noun), expected, "{prompt}");
    }
}
