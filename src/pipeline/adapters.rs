//! Adapters put to use for one picture: their words, and what they change of the U-Net.

use burn::tensor::FloatDType;

use super::{AppliedAdapter, Error, GenerationSettings, PromptEncoder, StableDiffusion};
use crate::model::{adaptable::ModuleChoice, lora::LoraSet};

/// The words, LoRAs and differences of some adapters; differences are folded into the model's weights once,
/// unless the adapters' strength changes.
pub(super) struct Applied {
    pub encoder: PromptEncoder,
    pub lora: LoraSet,
    /// Each learned word, and the class noun that its adapter gives for it.
    pub words: Vec<(String, Option<String>)>,
}

/// # Errors
/// A strength is out of its range, or an adapter doesn't fit the model.
pub(super) fn apply(
    model: &StableDiffusion,
    settings: &GenerationSettings,
    adapters: &[AppliedAdapter],
) -> Result<Applied, Error> {
    let device = &model.gpu.device;
    let mut applied = Applied { encoder: model.prompt_encoder(), lora: LoraSet::new(), words: Vec::new() };
    let modules = model.unet.adaptable_modules(ModuleChoice::All);
    for AppliedAdapter { adapter, strength } in adapters {
        if !(-2.0..=2.0).contains(strength) {
            return Err(Error::Strength(*strength));
        }
        adapter.check_fits(&modules)?;
        for embedding in &adapter.embeddings {
            applied.encoder.add(embedding, device)?;
            applied.words.push((embedding.placeholder.clone(), adapter.details.class_noun.clone()));
        }
        if *strength != 0.0 {
            let lora = &mut applied.lora;
            match settings.strength_end {
                // Whose strength changes step by step, differences are added at each.
                Some(_) => adapter.add_to(lora, device, FloatDType::F32, *strength),
                None => adapter.fold_into(lora, &model.unet, device, FloatDType::F32, *strength),
            }
        }
    }
    if let Some(factor) = settings.embedding_norm_clip {
        applied.encoder.clip_norms(factor);
    }
    Ok(applied)
}
