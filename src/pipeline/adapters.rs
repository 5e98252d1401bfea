//! Adapters put to use for one picture: their words, and what they change of the U-Net.

use burn::tensor::FloatDType;

use super::{AppliedAdapter, Error, GenerationSettings, PromptEncoder, StableDiffusion};
use crate::model::lora::LoraSet;

/// The words and the LoRAs of some adapters.
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
    let projections = model.unet.attention_projections();
    for AppliedAdapter { adapter, strength } in adapters {
        if !(-2.0..=2.0).contains(strength) {
            return Err(Error::Strength(*strength));
        }
        adapter.check_fits(&projections)?;
        if let Some(embedding) = &adapter.embedding {
            applied.encoder.add(embedding, device)?;
            applied.words.push((embedding.placeholder.clone(), adapter.details.class_noun.clone()));
        }
        if *strength != 0.0 {
            adapter.add_to(&mut applied.lora, device, FloatDType::F32, *strength);
        }
    }
    if let Some(factor) = settings.embedding_norm_clip {
        applied.encoder.clip_norms(factor);
    }
    Ok(applied)
}
