//! What the U-Net is given at each step of a picture: which prompt, which strength of the adapters, what acts
//! on cross-attention.
//!
//! While i < ⌈ρN⌉ (delayed concept), step i of N uses the class prompt, without LoRA of U-Net and text
//! encoder unless that is kept; then the prompt itself. The adapters' strength is multiplied by
//! 1 + (end − 1)·i/(N − 1). With every setting at its default this is the plain guided prediction, bit for
//! bit.

use std::{cell::RefCell, rc::Rc};

use burn::tensor::Tensor;

use super::{
    AppliedAdapter, EncodedPrompts, Error, GenerationSettings, PromptEncoder, StableDiffusion,
    adapters::{Applied, apply},
    regions::{MaskedTokens, RegionHook},
};
use crate::{
    evaluation::{HeatMap, HeatMapRecorder, MappedWord},
    gpu::Replay,
    model::{
        cross_attention::{Chain, CrossAttentionHook, Guides},
        lora::{Folding, LoraSet},
    },
    sampling::guide,
    training::settings::with_class_noun,
};

/// The predictions of one picture's steps.
pub(super) struct Denoiser {
    model: StableDiffusion,
    guidance_scale: f32,
    steps: usize,
    lora: LoraSet,
    strength_end: Option<f64>,
    prompt: Condition,
    /// Number of first steps that use the class prompt, and their condition.
    delayed: Option<(usize, Condition)>,
    delayed_keeps_lora: bool,
    /// Recordings, keyed by whether the step uses the class prompt.
    replay: RefCell<Replay<Tensor<4>, bool>>,
    /// Heat maps of the steps that use the prompt itself.
    recorder: Option<HeatMapRecorder>,
    /// The end of the prompt that the model did not read.
    pub truncated: Option<String>,
}

/// A prompt as the U-Net is given it.
struct Condition {
    /// `[rows, tokens, width]` of the negative prompt (if it is used) and of the prompt, in this order.
    encoder_hidden_states: Tensor<3>,
    regions: Option<RegionHook>,
}

impl Denoiser {
    /// A denoiser for a run of `steps` steps; `folding` says how much of the adapters is folded into weights.
    ///
    /// # Errors
    /// An adapter doesn't fit the model or its strength is out of its range; a region's word, or every word
    /// of the heat maps, is missing from the prompt; there is nothing to delay.
    pub fn new(
        model: &StableDiffusion,
        settings: &GenerationSettings,
        adapters: &[AppliedAdapter],
        folding: Folding,
        steps: usize,
    ) -> Result<Self, Error> {
        let Applied { encoder, plain_encoder, lora, words } = apply(model, settings, adapters, folding)?;
        // What folding took beside the adapters is of other sizes.
        if !adapters.is_empty() {
            model.gpu.release_unused();
        }
        let mut model = model.clone();
        let guided = settings.is_guided(&model);
        model.unet = Rc::new(model.unet.with_guidance(settings.guidance_scale));
        let condition = |encoder: &PromptEncoder, prompt: &str, words: &[(String, String)]| {
            Condition::new(encoder, settings, guided, prompt, words)
        };
        let of_regions = settings.regions.iter().map(|region| region.placeholder.clone());
        let as_they_are: Vec<_> = of_regions.map(|word| (word.clone(), word)).collect();
        let (prompt, truncated) = condition(&encoder, &settings.prompt, &as_they_are)?;
        let delayed_steps = settings.delayed_steps(steps);
        let delayed = if delayed_steps == 0 {
            None
        } else {
            let spelt =
                words.iter().fold(settings.prompt.clone(), |prompt, (word, _)| as_spelt(&prompt, word));
            let nouns = class_nouns(settings, &spelt, &words)?;
            let prompt = match &settings.class_prompt {
                Some(prompt) => prompt.clone(),
                None => nouns
                    .iter()
                    .fold(spelt, |prompt, (placeholder, noun)| with_class_noun(&prompt, placeholder, noun)),
            };
            let encoder = if settings.delayed_keeps_lora { &encoder } else { &plain_encoder };
            let (condition, _) = condition(encoder, &prompt, &nouns)?;
            Some((delayed_steps, condition))
        };
        let mapped = |word: &String| {
            let positions = encoder.word_positions(&settings.prompt, word, settings.prompt_syntax);
            (!positions.is_empty()).then(|| MappedWord { word: word.clone(), positions })
        };
        // A word may not be found, because the tokenizer doesn't always split at words: 'sale' in quotes
        // begins with "'s".
        let mapped: Vec<MappedWord> = settings.heat_maps.iter().filter_map(mapped).collect();
        if let (Some(word), true) = (settings.heat_maps.first(), mapped.is_empty()) {
            return Err(Error::WordNotInPrompt { word: word.clone(), purpose: "heat map" });
        }
        let row = prompt.rows() - 1;
        let replay = RefCell::new(Replay::of_kinds(&model.gpu.device));
        Ok(Self {
            model,
            guidance_scale: settings.guidance_scale,
            steps,
            lora,
            strength_end: settings.strength_end,
            prompt,
            delayed,
            delayed_keeps_lora: settings.delayed_keeps_lora,
            replay,
            recorder: (!mapped.is_empty()).then(|| HeatMapRecorder::new(mapped, row)),
            truncated,
        })
    }

    /// The guided prediction of a step, from the latents as the U-Net expects them.
    pub fn predict(&self, sample: Tensor<4>, timestep: f32, step: usize) -> Tensor<4> {
        let delayed =
            self.delayed.as_ref().filter(|(steps, _)| step < *steps).map(|(_, condition)| condition);
        let condition = delayed.unwrap_or(&self.prompt);
        let lora = (delayed.is_none() || self.delayed_keeps_lora).then(|| self.lora_at(step));
        let regions = condition.regions.as_ref().map(|hook| hook as &dyn CrossAttentionHook);
        let recorder = self.recorder.as_ref().filter(|_| delayed.is_none());
        let recorder = recorder.map(|hook| hook as &dyn CrossAttentionHook);
        // Heat maps record what really acts, so the recorder comes after the regions.
        let hooks = Chain(regions.into_iter().chain(recorder).collect());
        let guides = Guides {
            lora: lora.as_ref(),
            cross_attention: (!hooks.0.is_empty()).then_some(&hooks as &dyn CrossAttentionHook),
        };
        // Neither can be repeated: heat maps take something from each step, and a changing strength is fixed
        // in a recording.
        if recorder.is_none() && self.strength_end.is_none() {
            self.replay.borrow_mut().begin(delayed.is_some());
            return self.repeated(condition, sample, timestep, guides);
        }
        let activated_time = self.activated_time(condition, timestep, &sample);
        self.guided(condition, sample, activated_time, guides)
    }

    /// The prediction of a step that differs from others of its kind in nothing but the latents and the
    /// timestep.
    fn repeated(&self, condition: &Condition, sample: Tensor<4>, timestep: f32, guides: Guides) -> Tensor<4> {
        let activated_time = self.activated_time(condition, timestep, &sample);
        let mut replay = self.replay.borrow_mut();
        let sample = replay.input(sample);
        let activated_time = replay.input(activated_time);
        let guided = || self.guided(condition, sample.clone(), activated_time.clone(), guides);
        replay.run(guided)
    }

    fn activated_time(&self, condition: &Condition, timestep: f32, sample: &Tensor<4>) -> Tensor<3> {
        self.model.unet.activated_time(&vec![timestep; condition.rows()], &sample.device())
    }

    fn guided(
        &self,
        condition: &Condition,
        sample: Tensor<4>,
        activated_time: Tensor<3>,
        guides: Guides,
    ) -> Tensor<4> {
        let rows = condition.rows();
        let prediction = self.model.unet.forward_at(
            Tensor::cat(vec![sample; rows], 0),
            activated_time,
            condition.encoder_hidden_states.clone(),
            guides,
        );
        if rows == 1 {
            return prediction;
        }
        let unconditional = prediction.clone().narrow(0, 0, 1);
        guide(unconditional, prediction.narrow(0, 1, 1), self.guidance_scale)
    }

    fn lora_at(&self, step: usize) -> LoraSet {
        match self.strength_end {
            Some(end) if self.steps > 1 => {
                let way = step as f64 / (self.steps - 1) as f64;
                self.lora.scaled((1.0 + (end - 1.0) * way) as f32)
            }
            _ => self.lora.clone(),
        }
    }

    /// Frees the memory of the adapters, for what comes after the last step.
    pub fn give_adapters_back(&mut self) {
        self.lora = LoraSet::new();
    }

    /// The heat maps of the steps so far at the latents' `[height, width]`; none if none were asked for.
    ///
    /// # Errors
    /// The device returned nothing.
    pub async fn heat_maps(&self, size: [usize; 2]) -> Result<Vec<HeatMap>, Error> {
        match &self.recorder {
            Some(recorder) => Ok(recorder.read(size).await?),
            None => Ok(Vec::new()),
        }
    }
}

impl Condition {
    /// `guided`: whether there is a row for the negative prompt. `words`: for each region's placeholder, the
    /// word that stands for it in the prompt; it may be missing from a class prompt of the visitor's own.
    /// Also returns the end of the prompt that did not fit.
    fn new(
        encoder: &PromptEncoder,
        settings: &GenerationSettings,
        guided: bool,
        prompt: &str,
        words: &[(String, String)],
    ) -> Result<(Self, Option<String>), Error> {
        let mut prompts = vec![settings.negative_prompt.as_str(), prompt];
        if !guided {
            prompts.remove(0);
        }
        let EncodedPrompts { hidden_states, mut truncated } =
            encoder.encode(&prompts, settings.prompt_syntax);
        let masked = settings.regions.iter().map(|region| {
            let known = words.iter().find(|(placeholder, _)| *placeholder == region.placeholder);
            let word = known.map_or(&region.placeholder, |(_, word)| word);
            let positions = encoder.word_positions(prompt, word, settings.prompt_syntax);
            match (positions.is_empty(), prompt == settings.prompt) {
                (true, true) => Err(Error::WordNotInPrompt { word: word.clone(), purpose: "region" }),
                (true, false) => Ok(None),
                (false, _) => Ok(Some(MaskedTokens { mask: region.mask.clone(), positions })),
            }
        });
        let masked: Vec<MaskedTokens> = masked.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        let row = prompts.len() - 1;
        let regions = (!masked.is_empty()).then(|| RegionHook::new(masked, row));
        Ok((Self { encoder_hidden_states: hidden_states, regions }, truncated.pop().flatten()))
    }

    fn rows(&self) -> usize {
        self.encoder_hidden_states.dims()[0]
    }
}

/// The prompt with every occurrence of a learned word in the word's own spelling: the tokenizer takes capital letters
/// for small ones, so "<My-Dog>" is `<my-dog>`.
fn as_spelt(prompt: &str, word: &str) -> String {
    let (mut spelt, mut rest) = (String::new(), prompt);
    while let Some(at) = rest.to_ascii_lowercase().find(&word.to_ascii_lowercase()) {
        spelt += &rest[..at];
        spelt += word;
        rest = &rest[at + word.len()..];
    }
    spelt + rest
}

/// The class nouns of the learned words in the prompt, which has them in their own spelling.
///
/// # Errors
/// There is no learned word, or its adapter gives no noun, and no prompt of the first steps is given either.
fn class_nouns(
    settings: &GenerationSettings,
    prompt: &str,
    words: &[(String, Option<String>)],
) -> Result<Vec<(String, String)>, Error> {
    let given = settings.class_prompt.is_some();
    let mut nouns = Vec::new();
    for (placeholder, noun) in words.iter().filter(|(word, _)| prompt.contains(word.as_str())) {
        match noun {
            Some(noun) => nouns.push((placeholder.clone(), noun.clone())),
            None if given => {}
            None => return Err(Error::UnknownClass { placeholder: placeholder.clone() }),
        }
    }
    if nouns.is_empty() && !given { Err(Error::NothingToDelay) } else { Ok(nouns) }
}
