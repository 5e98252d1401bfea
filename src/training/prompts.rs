//! What a row's personalization prompt says: the photo's caption, the subject's prompt or one of Textual
//! Inversion's sentences, and Custom Diffusion's words for a changed size before it.

use std::collections::BTreeSet;

use super::settings::{PromptTemplates, SubjectView, TrainingSettings};

/// Textual Inversion's sentences about an object (diffusers' `imagenet_templates_small`).
pub const OBJECT_TEMPLATES: [&str; 27] = [
    "a photo of a {placeholder}",
    "a rendering of a {placeholder}",
    "a cropped photo of the {placeholder}",
    "the photo of a {placeholder}",
    "a photo of a clean {placeholder}",
    "a photo of a dirty {placeholder}",
    "a dark photo of the {placeholder}",
    "a photo of my {placeholder}",
    "a photo of the cool {placeholder}",
    "a close-up photo of a {placeholder}",
    "a bright photo of the {placeholder}",
    "a cropped photo of a {placeholder}",
    "a photo of the {placeholder}",
    "a good photo of the {placeholder}",
    "a photo of one {placeholder}",
    "a close-up photo of the {placeholder}",
    "a rendition of the {placeholder}",
    "a photo of the clean {placeholder}",
    "a rendition of a {placeholder}",
    "a photo of a nice {placeholder}",
    "a good photo of a {placeholder}",
    "a photo of the nice {placeholder}",
    "a photo of the small {placeholder}",
    "a photo of the weird {placeholder}",
    "a photo of the large {placeholder}",
    "a photo of a cool {placeholder}",
    "a photo of a small {placeholder}",
];

/// Its sentences about a style (diffusers' `imagenet_style_templates_small`, which has one of them twice).
pub const STYLE_TEMPLATES: [&str; 19] = [
    "a painting in the style of {placeholder}",
    "a rendering in the style of {placeholder}",
    "a cropped painting in the style of {placeholder}",
    "the painting in the style of {placeholder}",
    "a clean painting in the style of {placeholder}",
    "a dirty painting in the style of {placeholder}",
    "a dark painting in the style of {placeholder}",
    "a picture in the style of {placeholder}",
    "a cool painting in the style of {placeholder}",
    "a close-up painting in the style of {placeholder}",
    "a bright painting in the style of {placeholder}",
    "a cropped painting in the style of {placeholder}",
    "a good painting in the style of {placeholder}",
    "a close-up painting in the style of {placeholder}",
    "a rendition in the style of {placeholder}",
    "a nice painting in the style of {placeholder}",
    "a small painting in the style of {placeholder}",
    "a weird painting in the style of {placeholder}",
    "a large painting in the style of {placeholder}",
];

/// Custom Diffusion's words for a photo smaller than this share of its picture, and for one larger than its
/// picture.
const SMALL_BELOW: f64 = 0.6;
const SMALL_WORDS: [&str; 2] = ["a far away ", "very small "];
const LARGE_WORDS: [&str; 2] = ["zoomed in ", "close up "];

impl PromptTemplates {
    /// The sentences of a list; none for the settings' own prompt.
    pub fn sentences(self) -> &'static [&'static str] {
        match self {
            Self::Prompt => &[],
            Self::Objects => &OBJECT_TEMPLATES,
            Self::Styles => &STYLE_TEMPLATES,
        }
    }
}

/// All texts that a photo's prompt may be chosen from, marks filled in; a caption leaves no choice.
pub fn choices(settings: &TrainingSettings, subject: SubjectView, photo: usize) -> Vec<String> {
    if let Some(Some(caption)) = settings.captions.get(photo) {
        return vec![subject.fill(caption)];
    }
    match settings.prompt_templates.sentences() {
        [] => vec![subject.personalization_text()],
        sentences => sentences.iter().map(|sentence| subject.fill(sentence)).collect(),
    }
}

/// The words before the prompt of a photo whose size was changed to `scale`; `choice` is 0 or 1.
pub fn size_words(scale: Option<f64>, choice: usize) -> &'static str {
    match scale {
        Some(scale) if scale < SMALL_BELOW => SMALL_WORDS[choice % 2],
        Some(scale) if scale > 1.0 => LARGE_WORDS[choice % 2],
        _ => "",
    }
}

/// Every personalization prompt that may come up among so many photos, with the new word that it must hold.
pub fn possible(settings: &TrainingSettings, photos: usize) -> Vec<(String, String)> {
    // The first variant of a photo is the photo itself.
    let resized = settings.size_words && settings.photo_variants > 1;
    let [small, large] = [SMALL_WORDS, LARGE_WORDS];
    let sizes = if resized { &["", small[0], small[1], large[0], large[1]] } else { &[""][..] };
    let mut found = BTreeSet::new();
    for (subject, photos) in settings.subjects().zip(settings.photo_ranges(photos)) {
        // Photos beyond the captions have the same choices, however many a file says there are.
        let last = photos.start.max(settings.captions.len()).saturating_add(1);
        for photo in photos.start..photos.end.min(last) {
            for text in choices(settings, subject, photo) {
                let sized = sizes.iter().map(|words| format!("{words}{text}"));
                found.extend(sized.map(|prompt| (prompt, subject.placeholder.to_owned())));
            }
        }
    }
    found.into_iter().collect()
}

/// The most distinct prompts that a pass may encode: those of its photos, and those of its prior pictures.
pub fn most_in_a_pass(settings: &TrainingSettings, photos: usize) -> usize {
    let classes: BTreeSet<_> = settings.subjects().map(|subject| subject.class_prompt()).collect();
    let prior = if settings.preserves_prior() { classes.len() } else { 0 };
    let of_photos = possible(settings, photos).len().max(1);
    of_photos.min(settings.batch) + prior.min(settings.batch)
}
