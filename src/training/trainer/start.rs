//! The preparation of a run before its first step: settings, photos, prompts and model are checked against
//! each other, and what is trained gets its first values.

use std::cell::RefCell;

use burn::tensor::{Device, Tensor};

use super::Trainer;
use crate::training::best::Best;
use crate::training::embedding::{self, NewWords};
use crate::training::embedding_norm::{NormControls, Vocabulary};
use crate::training::frozen_model::FrozenModel;
use crate::training::optimizer::ParameterGroup;
use crate::training::repeated_pass::RepeatedPass;
use crate::training::settings::unseen_remark;
use crate::training::unet_parameters::UNetLayout;
use crate::training::{
    ActivationPolicy, Activations, Error, PhotoLatents, TrainedWeights, TrainingSettings, prompts,
};

impl Trainer {
    /// Prepares a run: checks the settings, encodes the fixed prompts, sets up what is trained.
    ///
    /// # Errors
    /// Settings out of range or prompts that don't fit together ([`Error::Settings`]), a placeholder
    /// that can't be a new word ([`Error::Tokenizer`]), networks and latents that don't fit each other
    /// ([`Error::Model`]).
    pub fn new(
        model: FrozenModel,
        latents: PhotoLatents,
        settings: TrainingSettings,
        device: &Device,
    ) -> Result<Self, Error> {
        let mut remarks = settings.validate()?;
        settings.check_photos(latents.photos())?;
        settings.check_masks(latents.masked_photos())?;
        if settings.localized_loss > 0.0 && latents.masked_photos() < latents.photos() {
            remarks.push(format!(
                "{} of {} photos have a mask; the localized loss passes over the others.",
                latents.masked_photos(),
                latents.photos()
            ));
        }
        if settings.masked_loss > 0.0 && latents.blank_masks > 0 {
            remarks.push(format!(
                "{} of {} photos have a mask that shows nothing, at least where it is cropped; there the whole photo counts.",
                latents.blank_masks,
                latents.photos()
            ));
        } else if settings.masked_loss > 0.0 && !latents.is_weighted() {
            remarks.push("No photo has a mask, so the masked loss does nothing.".to_owned());
        }
        model.check(&latents)?;
        let device = device.clone().inner();
        let mut model = model;
        let mut starts = Vec::new();
        for (number, subject) in settings.subjects().enumerate() {
            let word = settings.initializer(number, subject.class_noun);
            let rows = model.initializer_rows(&word, settings.method)?;
            starts.push(embedding::initial_embedding(rows, settings.vectors, number, settings.seed));
        }
        for subject in settings.subjects() {
            model.tokenizer.add_placeholder(subject.placeholder, settings.vectors)?;
        }
        let start = Tensor::cat(starts, 0);
        let [vectors, embedding_width] = start.dims();
        let vocabulary = Vocabulary::of(&model.text_encoder);
        let norm_controls = NormControls::new(vocabulary, start.clone(), &settings);
        let new_words = NewWords {
            placeholders: settings.subjects().map(|subject| subject.placeholder.to_owned()).collect(),
            vectors: settings.vectors,
        };
        for (prompt, placeholder) in prompts::possible(&settings, latents.photos()) {
            model.check_prompt(&prompt, &placeholder, settings.vectors)?;
        }

        let mut clean = Vec::new();
        for prompt in settings.clean_prompts() {
            let (states, unseen) = model.encode(prompt);
            clean.push(states);
            remarks.extend(unseen.map(|rest| unseen_remark(&rest)));
        }
        let empty = model.encode("").0;
        let modules = model.unet.adaptable_modules(settings.trained_modules());
        let layout = match settings.trained_weights {
            TrainedWeights::Lora => UNetLayout::new(modules, settings.rank, settings.effective_lora_alpha()),
            TrainedWeights::CrossAttention | TrainedWeights::All | TrainedWeights::None => {
                UNetLayout::full(modules)
            }
        };
        let values = layout.initial_values(settings.seed, &device);
        let activations = match settings.activations {
            Activations::Auto | Activations::Keep => ActivationPolicy::Keep,
            Activations::Recompute => ActivationPolicy::Recompute,
        };
        let prompts_at_once = prompts::most_in_a_pass(&settings, latents.photos());
        Ok(Self {
            unet: ParameterGroup::new(values, settings.lora_learning_rate, settings.weight_decay)
                .with_optimizer(settings.optimizer),
            embedding: ParameterGroup::new(
                start.reshape([vectors * embedding_width]),
                settings.embedding_learning_rate,
                0.0,
            )
            .with_optimizer(settings.optimizer),
            model,
            settings,
            remarks,
            clean,
            empty,
            new_words,
            prompts_at_once,
            latents,
            layout,
            embedding_width,
            norm_controls,
            activations,
            passes: RefCell::new(RepeatedPass::new(&device)),
            step: 0,
            trained_step: 0,
            best: Best::default(),
            terms: None,
            device,
        })
    }
}
