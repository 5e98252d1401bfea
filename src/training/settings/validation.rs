//! Whether settings can be trained with, and whether they may do what was meant.

use super::{SettingsError, TrainingSettings};

impl TrainingSettings {
    /// Checks every field; `Ok` holds remarks, sentences about settings that can be trained with but
    /// may not do what was meant.
    pub fn validate(&self) -> Result<Vec<String>, SettingsError> {
        let filled = |field, text: &str, hint| match text.trim() {
            "" => Err(SettingsError::Empty { field, hint }),
            _ => Ok(()),
        };
        filled("new word", &self.placeholder, "give the subject a name like <my-dog>")?;
        filled("class noun", &self.class_noun, "say in a word what the subject is, like \"dog\"")?;
        filled(
            "target prompt",
            &self.clean_prompt,
            "describe the picture you want, like \"a sketch of a dog\"",
        )?;
        filled(
            "personalization prompt",
            &self.personalization_prompt,
            "\"a photo of {placeholder}\" will do",
        )?;
        let lower = |text: &str| text.to_lowercase();
        if lower(&self.clean_prompt).contains(&lower(&self.placeholder)) {
            return Err(SettingsError::PlaceholderInCleanPrompt {
                placeholder: self.placeholder.clone(),
                class_noun: self.class_noun.clone(),
            });
        }
        if !self.personalization_text().contains(&self.placeholder) {
            return Err(SettingsError::PlaceholderMissing { prompt: self.personalization_prompt.clone() });
        }
        self.check_ranges()?;
        Ok(self.remarks())
    }

    fn check_ranges(&self) -> Result<(), SettingsError> {
        let count = |field, value: usize, least: usize, most: usize| {
            within(field, value as f64, least as f64, most as f64)
        };
        count("number of embedding vectors", self.vectors, 1, 4)?;
        count("rank", self.rank, 1, 256)?;
        within("LoRA alpha", self.effective_lora_alpha(), 1e-3, 1024.0)?;
        count("number of steps", self.steps, 1, 100_000)?;
        count("number of warm-up steps", self.warmup_steps, 0, 100_000)?;
        count("batch size", self.batch, 1, 64)?;
        count("number of accumulated batches", self.accumulation, 1, 256)?;
        self.check_alignment()?;
        within("LoRA learning rate", self.lora_learning_rate, 0.0, 1.0)?;
        within("embedding learning rate", self.embedding_learning_rate, 0.0, 1.0)?;
        within("weight decay", self.weight_decay, 0.0, 1.0)?;
        within("gradient clip", self.gradient_clip, 1e-6, 1e6)?;
        count("number of warm-up steps of the learning rate", self.learning_rate_warmup_steps, 0, 100_000)?;
        within("embedding norm cap", self.embedding_norm_cap.unwrap_or(1.0), 0.1, 100.0)?;
        within("norm that the embedding decays to", self.embedding_norm_decay.unwrap_or(1.0), 0.1, 100.0)?;
        within("embedding anchor", self.embedding_anchor, 0.0, 1e4)?;
        count("number of framings of a photo", self.photo_variants, 1, 16)
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if !self.clean_prompt.to_lowercase().contains(&self.class_noun.to_lowercase()) {
            remarks.push(format!(
                "The target prompt \"{}\" does not mention the class noun \"{}\": alignment will then pull away from the subject.",
                self.clean_prompt, self.class_noun
            ));
        }
        remarks.extend(self.alignment_remarks());
        if self.learning_rate_warmup_steps >= self.steps {
            remarks.push(format!(
                "The learning rates rise over {} steps, which is the whole run: they will never be what is set.",
                self.learning_rate_warmup_steps
            ));
        }
        if self.embedding_norm_decay.is_some() && self.embedding_std_retraction {
            remarks.push(
                "Norm decay and retraction of the spread both draw at the length of the new word; one of them is enough."
                    .to_owned(),
            );
        }
        remarks
    }
}

/// # Errors
/// The value is outside its range; NaN is outside every range.
pub(super) fn within(field: &'static str, value: f64, least: f64, most: f64) -> Result<(), SettingsError> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(SettingsError::OutOfRange { field, value, least, most }),
    }
}
