//! Prompt sets: the built-in ones, and what is said of a broken one.

use palpable::evaluation::prompt_sets::{PromptSet, SubjectKind};

#[test]
fn dreambooth_has_25_prompts_for_each_kind() {
    let set = PromptSet::built_in("dreambooth").unwrap().unwrap();
    for noun in ["dog", "backpack"] {
        let prompts = set.for_subject(noun);
        assert_eq!(prompts.len(), 25, "{noun}");
        let clean: Vec<_> = prompts.iter().map(|prompt| prompt.clean(noun)).collect();
        assert_eq!(clean[0], format!("a {noun} in the jungle"));
        assert_eq!(clean[24], format!("a cube shaped {noun}"));
        assert_eq!(prompts.iter().filter(|prompt| prompt.is_styled()).count(), 5);
    }
    assert!(set.for_subject("dog")[10].clean("dog").ends_with("wearing a red hat"));
    assert_eq!(SubjectKind::of("teddy bear"), SubjectKind::Object);
    assert_eq!(SubjectKind::of("brown bear"), SubjectKind::Live);
}

#[test]
fn complex_prompts_have_four_elements() {
    let set = PromptSet::built_in("complex").unwrap().unwrap();
    assert_eq!(set.prompts.len(), 10);
    for prompt in &set.prompts {
        assert!(prompt.elements.len() >= 4, "{}", prompt.template());
        let clean = prompt.clean("umbrella");
        assert!(clean.contains("an umbrella") && !clean.contains('{'), "{clean}");
        assert!(prompt.personal("<my-dog>").contains(" <my-dog> "), "no article before the new word");
        assert!(prompt.personal("<my-dog> dog").contains(" a <my-dog> dog "), "one before the class noun");
    }
    assert_eq!(set.prompts.iter().filter(|prompt| !prompt.is_styled()).count(), 3);
    assert_eq!(set.prompts[3].content_words(), ["watercolor", "painting", "crown", "snow"]);
    assert_eq!(set.prompts[0].elements[1].phrase("dog"), "a dog");
}

#[test]
fn broken_sets_are_explained() {
    let refuse = |text: &str| PromptSet::parse("mine", text).unwrap_err().to_string();
    assert!(refuse("a dog").starts_with("Line 1 of the prompt set \"mine\" has no {subject}"));
    assert!(refuse("\n{subject} | style").starts_with("Line 2"));
    assert!(refuse("[cats]\n{subject}").contains("[cats] is unknown"));
    assert!(refuse("# nothing\n").contains("has no prompt"));
    assert_eq!(PromptSet::built_in("mine"), None);
}
