//! What a row's personalization prompt says: the photo's caption, the subject's prompt or one of Textual
//! Inversion's sentences, and Custom Diffusion's words for a changed size before it.

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
