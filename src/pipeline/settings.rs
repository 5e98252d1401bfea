//! What to draw, and how.

use serde::{Deserialize, Serialize};

use super::{Error, PromptSyntax, Region, SourcePicture, StableDiffusion};
use crate::{adapter::Adapter, sampling::SamplerKind};

/// Longest side of a picture: beyond, the VAE's activations fit on no common GPU.
const MAX_SIDE: usize = 1024;
/// Widest edge of a mask, in pixels.
const MAX_MASK_BLUR: f32 = 64.0;

/// What to draw, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GenerationSettings {
    pub prompt: String,
    pub negative_prompt: String,
    pub prompt_syntax: PromptSyntax,
    pub seed: u64,
    pub steps: usize,
    /// Weight of the prompt against the negative prompt; 1 and less is no guidance.
    pub guidance_scale: f32,
    /// One of [`SamplerKind::names`].
    pub sampler: String,
    /// Pixels; 0 takes the model's own size, or that of the picture to start from.
    pub width: usize,
    pub height: usize,
    /// How much of a given picture is redrawn: this share of the steps is made.
    pub strength: f64,
    /// Standard deviation, in pixels, of the edge over which the repainted part fades into the given picture;
    /// 0 is a hard edge in the latents.
    pub mask_blur: f32,
    /// Share of the steps, rounded up, that are drawn first with the class noun in place of the learned word
    /// and without the adapters' LoRA: the layout comes from the model alone. 0 delays nothing.
    pub delayed_concept: f64,
    /// Whether the LoRA acts in those steps too.
    pub delayed_keeps_lora: bool,
    /// The prompt of those steps, instead of the one that the adapters' class nouns make.
    pub class_prompt: Option<String>,
    /// Factor of the adapters' strength at the last step; from the first step on it changes linearly from 1.
    pub strength_end: Option<f64>,
    /// Largest length of a learned word's vectors, as a multiple of the mean length of the model's own words;
    /// longer vectors are shortened.
    pub embedding_norm_clip: Option<f64>,
    /// Where learned words may act.
    pub regions: Vec<Region>,
    /// Words of the prompt whose heat maps are wanted.
    pub heat_maps: Vec<String>,
    /// Whether this is a quick preview: decoded by the tiny autoencoder where the model has one.
    pub preview: bool,
}

impl Default for GenerationSettings {
    fn default() -> Self {
        Self {
            prompt: String::new(),
            negative_prompt: String::new(),
            prompt_syntax: PromptSyntax::default(),
            seed: 0,
            steps: 25,
            guidance_scale: 5.0,
            sampler: SamplerKind::Ddim.to_string(),
            width: 0,
            height: 0,
            strength: 0.8,
            mask_blur: 0.0,
            delayed_concept: 0.0,
            delayed_keeps_lora: false,
            class_prompt: None,
            strength_end: None,
            embedding_norm_clip: None,
            regions: Vec::new(),
            heat_maps: Vec::new(),
            preview: false,
        }
    }
}

/// An adapter and how strongly it acts.
#[derive(Clone, Copy)]
pub struct AppliedAdapter<'a> {
    pub adapter: &'a Adapter,
    pub strength: f32,
}

impl GenerationSettings {
    /// # Errors
    /// The prompt is empty, a setting is out of its range, or a region can't be used.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.prompt.trim().is_empty() {
            return Err(Error::EmptyPrompt);
        }
        if !(0.0..=50.0).contains(&self.guidance_scale) {
            return Err(Error::GuidanceScale(self.guidance_scale));
        }
        if !(0.0..=1.0).contains(&self.strength) {
            return Err(Error::PictureStrength(self.strength));
        }
        if !(0.0..=MAX_MASK_BLUR).contains(&self.mask_blur) {
            return Err(Error::MaskBlur { asked: self.mask_blur, most: MAX_MASK_BLUR });
        }
        if !(0.0..=1.0).contains(&self.delayed_concept) {
            return Err(Error::DelayedConcept(self.delayed_concept));
        }
        if let Some(end) = self.strength_end.filter(|end| !(0.0..=2.0).contains(end)) {
            return Err(Error::StrengthEnd(end));
        }
        if let Some(clip) = self.embedding_norm_clip.filter(|clip| !(clip.is_finite() && *clip > 0.0)) {
            return Err(Error::EmbeddingNormClip(clip));
        }
        self.regions.iter().try_for_each(Region::check)?;
        Ok(())
    }

    /// `[height, width]` of the picture, in pixels.
    ///
    /// # Errors
    /// A side is 0 or too large, or no multiple of the VAE's factor.
    pub(super) fn size(
        &self,
        model: &StableDiffusion,
        source: Option<&SourcePicture>,
    ) -> Result<[usize; 2], Error> {
        let multiple = model.vae.config.downscale();
        let own = source.map_or([model.resolution; 2], |source| source.size(multiple));
        let side = |asked: usize, own: usize| if asked == 0 { own } else { asked };
        let [height, width] = [side(self.height, own[0]), side(self.width, own[1])];
        for side in [height, width] {
            if side % multiple != 0 || !(multiple..=MAX_SIDE).contains(&side) {
                return Err(Error::Size { width, height, multiple, most: MAX_SIDE });
            }
        }
        Ok([height, width])
    }

    /// Whether each step predicts for the negative prompt too. Above a scale of 1 alone, as in diffusers
    /// (`do_classifier_free_guidance`): SD-Turbo's model card asks for 0 and means the prompt's own prediction.
    pub(super) fn is_guided(&self, model: &StableDiffusion) -> bool {
        self.guidance_scale > 1.0 && !model.unet.takes_guidance()
    }

    /// How many of a run's `steps` are drawn with the class noun: ⌈ρN⌉.
    pub(super) fn delayed_steps(&self, steps: usize) -> usize {
        // Without the subtraction, rounding of a product that is whole could add a step.
        ((self.delayed_concept * steps as f64 - 1e-9).ceil().max(0.0) as usize).min(steps)
    }

    /// Whether cross-attention's probabilities are computed explicitly, for regions or heat maps.
    pub(super) fn hooks_attention(&self) -> bool {
        !self.regions.is_empty() || !self.heat_maps.is_empty()
    }

    /// The step that a run on a given picture begins with, rounded as diffusers does.
    pub(super) fn first_step(&self) -> usize {
        self.steps - ((self.steps as f64 * self.strength) as usize).min(self.steps)
    }
}
