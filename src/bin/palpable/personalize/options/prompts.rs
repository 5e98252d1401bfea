//! What prompts say: of the photos, and of the pictures that are wanted.

use clap::{Args, ValueEnum};
use palpable::training::{TrainingSettings, settings::PromptTemplates};

use super::{Options, take};

#[derive(Args)]
#[command(next_help_heading = "Prompts")]
pub struct PromptOptions {
    /// The picture you want, with the class noun (or the new word) for the subject; methods without
    /// alignment do without
    #[arg(long, default_value = "")]
    prompt: String,
    /// One more picture you want; they take turns, step by step; may be repeated
    #[arg(long = "further-prompt", value_name = "PROMPT")]
    further_prompts: Vec<String>,
    /// The prompt of the photos, with {placeholder} for the new word and {class} for the class noun; for a
    /// further subject '<my-style>=an oil painting of {placeholder}'
    #[arg(long = "template", value_name = "TEXT")]
    templates: Vec<String>,
    /// Sentences at random instead: Textual Inversion's about an object or a style
    #[arg(long = "templates", value_enum, value_name = "LIST")]
    template_list: Option<TemplateChoice>,
    /// Take each photo's prompt from NAME.txt beside it, if there is one
    #[arg(long)]
    pub captions: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum TemplateChoice {
    /// The one prompt of the photos
    Prompt,
    Objects,
    Styles,
}

impl From<TemplateChoice> for PromptTemplates {
    fn from(choice: TemplateChoice) -> Self {
        match choice {
            TemplateChoice::Prompt => Self::Prompt,
            TemplateChoice::Objects => Self::Objects,
            TemplateChoice::Styles => Self::Styles,
        }
    }
}

impl Options for PromptOptions {
    /// The settings know their subjects already.
    fn apply(&self, settings: &mut TrainingSettings) {
        for template in &self.templates {
            let further = settings.further_subjects.iter_mut().find_map(|subject| {
                let text = template.strip_prefix(&subject.placeholder)?.strip_prefix('=')?;
                Some((&mut subject.personalization_prompt, text))
            });
            match further {
                Some((prompt, text)) => text.clone_into(prompt),
                None => settings.personalization_prompt.clone_from(template),
            }
        }
        settings.clean_prompt = settings.with_class_nouns(&self.prompt);
        settings.further_clean_prompts =
            self.further_prompts.iter().map(|prompt| settings.with_class_nouns(prompt)).collect();
        take(&mut settings.prompt_templates, &self.template_list);
    }
}
