//! What methods are tested with: lists of prompts, each with the elements that a picture should show.
//!
//! A set is a text, one prompt a line:
//!
//! ```text
//! # a remark
//! [live]
//! a watercolor painting of {subject} wearing a crown | style: a watercolor painting | class: {subject}
//! ```
//!
//! `{subject}` stands for the subject with its article ("a dog"), `{noun}` for it without ("dog"); the
//! new word takes the place of either. After bars come the prompt's elements, a name and a phrase each,
//! against which pictures are scored one by one. Lines below `[live]` are for living subjects only, below
//! `[objects]` for things only, below `[all]` for both. A prompt with a style other than "a photo", or
//! with a `property` that changes the subject, is styled: likeness to photos can't be asked of it.

use crate::training::settings::with_article;

/// The two marks for the subject.
const SUBJECT: &str = "{subject}";
const NOUN: &str = "{noun}";
/// The style of photos.
const PHOTO: &str = "photo";

/// Words that no place of a picture answers to.
const FUNCTION_WORDS: [&str; 16] = [
    "a", "an", "the", "of", "in", "on", "at", "to", "it", "and", "with", "under", "next", "top", "around",
    "wearing",
];

/// What a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    Live,
    Object,
}

/// Class nouns of living subjects: DreamBooth's, and the demo model's animals.
const LIVE: [&str; 14] = [
    "cat", "dog", "dinosaur", "horse", "rabbit", "bird", "duck", "dragon", "bear", "person", "man", "woman",
    "boy", "girl",
];

impl SubjectKind {
    /// By the last word of its class noun; whatever is not known to live is a thing.
    pub fn of(class_noun: &str) -> Self {
        // A "teddy bear" ends with a living noun without living.
        let stuffed = ["teddy", "toy", "stuffed", "plush"];
        let mut words = class_noun.split_whitespace();
        if words.clone().any(|word| stuffed.contains(&word)) {
            return Self::Object;
        }
        match words.next_back() {
            Some(noun) if LIVE.contains(&noun) => Self::Live,
            _ => Self::Object,
        }
    }
}

/// A part of a prompt that a picture should show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// What part it is: "style", "class", "ambiance 1".
    pub name: String,
    template: String,
}

/// A prompt to test with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationPrompt {
    template: String,
    pub elements: Vec<Element>,
    /// `None`: for every subject.
    kind: Option<SubjectKind>,
}

/// A list of prompts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptSet {
    /// One of [`PromptSet::names`], or the file's.
    pub name: String,
    pub prompts: Vec<EvaluationPrompt>,
}

/// A set that can't be used.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum PromptSetError {
    #[error(
        "Line {line} of the prompt set \"{set}\" has no {SUBJECT} or {NOUN}, where the subject belongs: \"{prompt}\"."
    )]
    NoSubject { set: String, line: usize, prompt: String },
    #[error(
        "Line {line} of the prompt set \"{set}\": \"{element}\" is no element; write a name, a colon and a phrase, like \"style: a sketch\"."
    )]
    Element { set: String, line: usize, element: String },
    #[error(
        "Line {line} of the prompt set \"{set}\": [{section}] is unknown; there are [all], [live] and [objects]."
    )]
    Section { set: String, line: usize, section: String },
    #[error(
        "The prompt set \"{set}\" has no prompt; write one a line, with {SUBJECT} where the subject belongs."
    )]
    Empty { set: String },
}

const SETS: [(&str, &str); 2] =
    [("complex", include_str!("complex.txt")), ("dreambooth", include_str!("dreambooth.txt"))];

impl PromptSet {
    /// The sets that are built in.
    pub fn names() -> Vec<&'static str> {
        SETS.iter().map(|(name, _)| *name).collect()
    }

    /// A set that is built in.
    pub fn built_in(name: &str) -> Option<Result<Self, PromptSetError>> {
        SETS.iter().find(|(known, _)| *known == name).map(|(name, text)| Self::parse(name, text))
    }

    /// Reads a set's text.
    ///
    /// # Errors
    /// A line is not what it should be, or there is no prompt.
    pub fn parse(name: &str, text: &str) -> Result<Self, PromptSetError> {
        let mut kind = None;
        let mut prompts = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let (set, number) = (name.to_owned(), index + 1);
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                kind = match section {
                    "all" => None,
                    "live" => Some(SubjectKind::Live),
                    "objects" => Some(SubjectKind::Object),
                    _ => {
                        return Err(PromptSetError::Section {
                            set,
                            line: number,
                            section: section.to_owned(),
                        });
                    }
                };
                continue;
            }
            let mut parts = line.split('|').map(str::trim);
            let template = parts.next().unwrap_or_default().to_owned();
            if !template.contains(SUBJECT) && !template.contains(NOUN) {
                return Err(PromptSetError::NoSubject { set, line: number, prompt: template });
            }
            let element = |part: &str| match part.split_once(':') {
                Some((name, phrase)) if !name.trim().is_empty() && !phrase.trim().is_empty() => {
                    Ok(Element { name: name.trim().to_owned(), template: phrase.trim().to_owned() })
                }
                _ => {
                    Err(PromptSetError::Element { set: set.clone(), line: number, element: part.to_owned() })
                }
            };
            let elements = parts.map(element).collect::<Result<_, _>>()?;
            prompts.push(EvaluationPrompt { template, elements, kind });
        }
        match prompts.is_empty() {
            true => Err(PromptSetError::Empty { set: name.to_owned() }),
            false => Ok(Self { name: name.to_owned(), prompts }),
        }
    }

    /// The prompts that are for a subject.
    pub fn for_subject(&self, class_noun: &str) -> Vec<&EvaluationPrompt> {
        let own = SubjectKind::of(class_noun);
        self.prompts.iter().filter(|prompt| prompt.kind.is_none_or(|kind| kind == own)).collect()
    }
}

impl EvaluationPrompt {
    /// The prompt as it is written in its set: it names the prompt in results.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// y_c: with the class noun.
    pub fn clean(&self, class_noun: &str) -> String {
        with_noun(&self.template, class_noun)
    }

    /// With the subject as its training called it: `<my-dog>`, or `<my-dog> dog`, which takes an article.
    pub fn personal(&self, subject_phrase: &str) -> String {
        let subject = match subject_phrase.contains(' ') {
            true => format!("a {subject_phrase}"),
            false => subject_phrase.to_owned(),
        };
        self.template.replace(SUBJECT, &subject).replace(NOUN, subject_phrase)
    }

    /// The words that its elements ask for beside the subject, without articles and the like.
    pub fn content_words(&self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for element in self.elements.iter().filter(|element| !element.template.contains('{')) {
            for word in element.template.split_whitespace() {
                let plain = word.chars().all(char::is_alphabetic) && !FUNCTION_WORDS.contains(&word);
                if plain && !words.iter().any(|known| known == word) && self.template.contains(word) {
                    words.push(word.to_owned());
                }
            }
        }
        words
    }

    /// Whether likeness to photos is not to be expected.
    pub fn is_styled(&self) -> bool {
        self.elements.iter().any(|element| match element.name.as_str() {
            "style" => !element.template.ends_with(PHOTO),
            name => name == "property",
        })
    }
}

impl Element {
    /// The phrase that a picture is compared with.
    pub fn phrase(&self, class_noun: &str) -> String {
        with_noun(&self.template, class_noun)
    }
}

fn with_noun(template: &str, class_noun: &str) -> String {
    template.replace(SUBJECT, &with_article(class_noun)).replace(NOUN, class_noun)
}
