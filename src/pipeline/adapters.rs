//! Adapters applied for one picture: their words, and their changes to the U-Net and the text encoder.
//!
//! Each adapter acts with its own strength, and their effects add up. The model itself is never changed:
//! adapters are folded into copies of weights, which are gone with the picture.

use std::rc::Rc;

use burn::tensor::FloatDType;

use super::{AppliedAdapter, Error, GenerationSettings, PromptEncoder, StableDiffusion};
use crate::model::{
    adaptable::{AdaptableModule, ModuleChoice},
    lora::{Folding, LoraSet},
};

/// The words, LoRAs and differences of some adapters, folded into weights as far as the caller wanted.
pub(super) struct Applied {
    /// Knows the adapters' words, and encodes with the text encoder that they adapt.
    pub encoder: PromptEncoder,
    /// The same with the model's own text encoder.
    pub plain_encoder: PromptEncoder,
    pub lora: LoraSet,
    /// Each learned word, and the class noun that its adapter gives for it.
    pub words: Vec<(String, Option<String>)>,
}

impl StableDiffusion {
    /// The layers that adapters may change: the U-Net's and the text encoder's.
    pub fn adaptable_modules(&self) -> Vec<AdaptableModule> {
        let mut modules = self.unet.adaptable_modules(ModuleChoice::All);
        modules.extend(self.text_encoder.adaptable_modules());
        modules
    }
}

/// Prepares the adapters for a picture. A strength that changes over the steps does not change the text
/// encoder: it stays adapted as at the first step.
///
/// # Errors
/// A strength is out of its range, or an adapter doesn't fit the model.
pub(super) fn apply(
    model: &StableDiffusion,
    settings: &GenerationSettings,
    adapters: &[AppliedAdapter],
    folding: Folding,
) -> Result<Applied, Error> {
    let device = &model.gpu.device;
    let mut encoder = model.prompt_encoder();
    let (mut lora, mut words) = (LoraSet::new(), Vec::new());
    let mut text_encoder = model.text_encoder.clone();
    let modules = model.adaptable_modules();
    for &AppliedAdapter { adapter, strength } in adapters {
        if !(-2.0..=2.0).contains(&strength) {
            return Err(Error::Strength(strength));
        }
        adapter.check_fits(&modules)?;
        for (embedding, class_noun) in adapter.embeddings.iter().zip(adapter.class_nouns()) {
            encoder.add(embedding, device)?;
            words.push((embedding.placeholder.clone(), (!class_noun.is_empty()).then_some(class_noun)));
        }
        if strength != 0.0 {
            let dtype = FloatDType::F32;
            text_encoder = Rc::new(adapter.adapt_text_encoder(&text_encoder, device, dtype, strength));
            adapter.fold_into(&mut lora, &model.unet, device, dtype, strength, folding);
        }
    }
    if let Some(factor) = settings.embedding_norm_clip {
        encoder.clip_norms(factor);
    }
    let plain_encoder = encoder.clone();
    encoder.read_with(text_encoder);
    Ok(Applied { encoder, plain_encoder, lora, words })
}
