//! The things that a run learns: one, or several with a word each.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{
    CLASS_MARK, PLACEHOLDER_MARK, TrainingSettings,
    prompt_words::{with_article, with_class_noun, with_new_word},
};
use crate::training::prompts;

/// A subject beside the first. Its photos follow those of the subjects before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Subject {
    /// Its new word.
    pub placeholder: String,
    /// The kind of thing it is.
    pub class_noun: String,
    /// y_P of its photos: "an oil painting of {placeholder}" for a style.
    pub personalization_prompt: String,
    /// How many of the photos are its own.
    pub photos: usize,
}

impl Default for Subject {
    fn default() -> Self {
        Self {
            placeholder: String::new(),
            class_noun: String::new(),
            personalization_prompt: super::presets::photo_prompt(),
            photos: 0,
        }
    }
}

/// Any subject of a run, the first or a further one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SubjectView<'a> {
    pub placeholder: &'a str,
    pub class_noun: &'a str,
    pub personalization_prompt: &'a str,
}

impl SubjectView<'_> {
    /// A prompt with this subject's words in the marks' places.
    pub fn fill(&self, prompt: &str) -> String {
        prompt.replace(PLACEHOLDER_MARK, self.placeholder).replace(CLASS_MARK, self.class_noun)
    }

    /// y_P with the words put in.
    pub fn personalization_text(&self) -> String {
        self.fill(self.personalization_prompt)
    }

    /// How prompts name the subject as this sentence does: `<my-dog>`, or `<my-dog> dog` where the class noun
    /// follows the new word.
    fn phrase(self, sentence: &str) -> String {
        let with_noun = format!("{} {}", self.placeholder, self.class_noun);
        if sentence.contains(&with_noun) { with_noun } else { self.placeholder.to_owned() }
    }

    /// What the frozen model draws for prior preservation.
    pub fn class_prompt(&self) -> String {
        format!("a photo of {}", with_article(self.class_noun))
    }
}

impl TrainingSettings {
    /// The subject that the settings' own words are about.
    pub fn first_subject(&self) -> SubjectView<'_> {
        SubjectView {
            placeholder: &self.placeholder,
            class_noun: &self.class_noun,
            personalization_prompt: &self.personalization_prompt,
        }
    }

    /// All subjects, the first one first.
    pub fn subjects(&self) -> impl Iterator<Item = SubjectView<'_>> {
        let further = self.further_subjects.iter().map(|subject| SubjectView {
            placeholder: &subject.placeholder,
            class_noun: &subject.class_noun,
            personalization_prompt: &subject.personalization_prompt,
        });
        std::iter::once(self.first_subject()).chain(further)
    }

    /// A target prompt that may name new words, with the class nouns in their places.
    pub fn with_class_nouns(&self, prompt: &str) -> String {
        self.subjects().fold(prompt.to_owned(), |prompt, subject| {
            with_class_noun(&prompt, subject.placeholder, subject.class_noun)
        })
    }

    /// A clean prompt with the new words in the class nouns' places, where it has them as whole words.
    pub fn with_new_words(&self, prompt: &str) -> String {
        self.subjects().zip(self.sentences()).fold(prompt.to_owned(), |prompt, (subject, sentence)| {
            with_new_word(&prompt, subject.class_noun, &subject.phrase(&sentence))
        })
    }

    /// A sentence of each subject that its photos are trained on, with the words put in: y_P, or the first one of
    /// the list in use; the first caption where all its photos have one.
    pub fn sentences(&self) -> Vec<String> {
        // There are as many captions as photos, if any.
        let ranges = self.photo_ranges(self.captions.len()).into_iter();
        let sentence = |(subject, mut photos): (SubjectView, Range<usize>)| {
            let first = photos.start;
            let uncaptioned = photos.find(|&photo| !matches!(self.captions.get(photo), Some(Some(_))));
            prompts::choices(self, subject, uncaptioned.unwrap_or(first)).swap_remove(0)
        };
        self.subjects().zip(ranges).map(sentence).collect()
    }

    pub fn subject_count(&self) -> usize {
        1 + self.further_subjects.len()
    }

    /// How many of `photos` photos each subject has; the first has those that the further ones leave.
    pub fn photo_counts(&self, photos: usize) -> Vec<usize> {
        let further = self.further_subjects.iter().map(|subject| subject.photos);
        let first = photos.saturating_sub(self.further_photos());
        std::iter::once(first).chain(further).collect()
    }

    /// Which of `photos` photos are each subject's.
    pub fn photo_ranges(&self, photos: usize) -> Vec<Range<usize>> {
        let mut first = 0;
        let counts = self.photo_counts(photos).into_iter();
        let ranges = counts.map(|count| {
            let range = first..count.saturating_add(first);
            first = range.end;
            range
        });
        ranges.collect()
    }

    /// How many photos the further subjects have together. Counts from a file may be larger than any sum.
    pub(super) fn further_photos(&self) -> usize {
        self.further_subjects.iter().fold(0, |sum, subject| sum.saturating_add(subject.photos))
    }

    /// How prompts name the first subject as its training did: `<my-dog>`, or `<my-dog> dog` where the
    /// class noun follows the new word.
    pub fn subject_phrase(&self) -> String {
        self.first_subject().phrase(&self.sentences()[0])
    }
}
