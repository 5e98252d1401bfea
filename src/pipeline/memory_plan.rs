//! How much device memory a picture will take, and whether it may be drawn.

use std::{borrow::Cow, collections::HashMap};

use super::{AppliedAdapter, Error, GenerationSettings, PromptSyntax, SourcePicture, StableDiffusion};
use crate::{
    adapter::Embedding,
    model::{
        adaptable::{ModuleChoice, TEXT_ENCODER},
        lora::Folding,
        taesd::AutoencoderTiny,
    },
    plan::{self, Adaptation, AdapterSizes, GenerationSizes, MemoryPlan, ModelSizes},
};

/// Sides that are offered where a picture is too large, in pixels.
const SMALLER_SIDES: [usize; 4] = [768, 512, 384, 256];
/// Sides of the VAE's tiles in latents, the best first: smaller ones see less of the picture.
const TILES: [usize; 3] = [64, 48, 32];

impl StableDiffusion {
    /// The plan of making a picture, perhaps from a given one; the VAE works in tiles where only those fit.
    ///
    /// # Errors
    /// A size that can't be made; more memory than the device may give ([`plan::Error`]).
    pub fn plan_generation(
        &self,
        settings: &GenerationSettings,
        adapters: &[AppliedAdapter],
        source: Option<&SourcePicture>,
    ) -> Result<MemoryPlan, Error> {
        let folding = self.folding(settings, adapters, source)?;
        let sizes = self.generation_sizes(settings, adapters, source, folding)?;
        let plan = self.fitting_generation(sizes);
        let fits = |side: &usize| {
            *side < sizes.size[0].max(sizes.size[1])
                && self.fits(&self.fitting_generation(GenerationSizes { size: [*side; 2], ..sizes }))
        };
        let smaller = SMALLER_SIDES.iter().find(|side| fits(side));
        let advice = smaller.map(|side| format!("{side} × {side} pixels"));
        self.check_plan(&plan, "this picture", advice)?;
        Ok(plan)
    }

    /// How much of the adapters is folded into weights: nothing where their strength changes from step to
    /// step, else all, which is fastest, where there is room for a second copy of the layers that they change.
    ///
    /// # Errors
    /// A size that can't be made.
    pub(super) fn folding(
        &self,
        settings: &GenerationSettings,
        adapters: &[AppliedAdapter],
        source: Option<&SourcePicture>,
    ) -> Result<Folding, Error> {
        if settings.strength_end.is_some() {
            return Ok(Folding::Nothing);
        }
        let all = self.generation_sizes(settings, adapters, source, Folding::All)?;
        Ok(self.fitting_folding(all))
    }

    /// The same for a picture whose adapters would be folded whole.
    pub(super) fn fitting_folding(&self, all: GenerationSizes) -> Folding {
        let fits = self.fits(&self.sizes().generation(all));
        if fits { Folding::All } else { Folding::Differences }
    }

    pub(super) fn generation_sizes(
        &self,
        settings: &GenerationSettings,
        adapters: &[AppliedAdapter],
        source: Option<&SourcePicture>,
        folding: Folding,
    ) -> Result<GenerationSizes, Error> {
        Ok(GenerationSizes {
            size: settings.size(self, source)?,
            tokens: self.prompt_tokens(settings, adapters),
            guided: settings.is_guided(self),
            adapters: adapter_sizes(adapters, folding),
            hooks_attention: settings.hooks_attention(),
            preview: settings.preview,
        })
    }

    /// Number of tokens that the longest of the prompts is encoded to.
    fn prompt_tokens(&self, settings: &GenerationSettings, adapters: &[AppliedAdapter]) -> usize {
        if settings.prompt_syntax == PromptSyntax::Literal {
            return self.tokenizer.length();
        }
        let prompts =
            [Some(&settings.prompt), Some(&settings.negative_prompt), settings.class_prompt.as_ref()];
        let prompts: Vec<&String> = prompts.into_iter().flatten().collect();
        let stands_in =
            |word: &str| prompts.iter().any(|prompt| prompt.to_lowercase().contains(&word.to_lowercase()));
        let embeddings = adapters.iter().flat_map(|applied| &applied.adapter.embeddings);
        // A vocabulary is large: it is copied only for words that stand in a prompt.
        let mut tokenizer = Cow::Borrowed(&self.tokenizer);
        for Embedding { placeholder, vectors, .. } in embeddings.filter(|word| stands_in(&word.placeholder)) {
            // A word that can't be added is refused where the prompts are encoded.
            let _ = tokenizer.to_mut().add_placeholder(placeholder, *vectors);
        }
        let chunks = prompts.iter().map(|prompt| tokenizer.encode_chunks(prompt).len());
        chunks.max().unwrap_or(1) * tokenizer.length()
    }

    /// The plan with the whole picture in the VAE, or with the largest tiles that fit if the whole doesn't
    /// and tiles help.
    pub(super) fn fitting_generation(&self, sizes: GenerationSizes) -> MemoryPlan {
        let whole = self.sizes().generation(sizes);
        if self.fits(&whole) {
            return whole;
        }
        let largest = sizes.size[0].max(sizes.size[1]) / self.vae.config.downscale();
        let smaller = TILES.into_iter().filter(|&side| side < largest);
        let mut tiled = smaller.map(|side| self.sizes().generation_in_tiles(sizes, side));
        tiled.find(|plan| self.fits(plan)).unwrap_or(whole)
    }

    /// The plan of making a picture at the model's own size, whether it fits or not.
    pub fn picture_memory(&self) -> MemoryPlan {
        self.sizes().generation(GenerationSizes {
            size: [self.resolution; 2],
            tokens: self.tokenizer.length(),
            guided: true,
            ..Default::default()
        })
    }

    pub(super) fn sizes(&self) -> ModelSizes<'_> {
        let taesd = self.taesd.as_deref().map(AutoencoderTiny::config);
        let (text_encoder, unet) = (self.text_encoder.config(), self.unet.config());
        let sizes = self.precision.sizes(&self.gpu, text_encoder, unet, &self.vae.config, taesd);
        ModelSizes { held: self.gpu.held(), ..sizes }
    }

    pub(super) fn fits(&self, plan: &MemoryPlan) -> bool {
        self.check_plan(plan, "", None).is_ok()
    }

    pub(super) fn check_plan(
        &self,
        plan: &MemoryPlan,
        job: &'static str,
        advice: Option<String>,
    ) -> Result<(), plan::Error> {
        let limits = &self.gpu.report.limits;
        let largest = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        let (needed, limit) = (plan.peak(), self.gpu.memory_limit);
        if needed > limit {
            let advice = advice.map_or(String::new(), |advice| format!("choose {advice}, or "));
            return Err(plan::Error::Memory { job, needed, limit, advice });
        }
        // The processor has no such limit: it is 0 there.
        if largest > 0 && plan.largest_buffer() > largest {
            return Err(plan::Error::Buffer { job, needed: plan.largest_buffer(), limit: largest });
        }
        Ok(())
    }
}

/// What adapters take where so much of them is folded. Those of strength 0 take nothing.
fn adapter_sizes(adapters: &[AppliedAdapter], folding: Folding) -> AdapterSizes {
    let adapters: Vec<_> = adapters.iter().filter(|applied| applied.strength != 0.0).copied().collect();
    let values = adapters.iter().map(|applied| applied.adapter.unfolded_values(folding));
    let [low_rank, differences] = values.fold([0, 0], |sums, more| [sums[0] + more[0], sums[1] + more[1]]);
    let rank = adapters.iter().map(|applied| applied.adapter.largest_rank()).sum();
    let unfolded = match [low_rank, differences] {
        [0, 0] => None,
        [_, 0] => Some(Adaptation::LowRank { rank, on: ModuleChoice::AttentionProjections }),
        _ => Some(Adaptation::Full(ModuleChoice::All)),
    };
    let [folded_values, text_encoder_values] = folded_values(&adapters, folding).map(|count| count as u64);
    AdapterSizes {
        unfolded,
        unfolded_values: (low_rank + differences) as u64,
        folded_values,
        text_encoder_values,
    }
}

/// Number of values in the layers of the U-Net and of the text encoder that the adapters are folded into,
/// each layer counted once. The text encoder is always adapted by folding.
fn folded_values(adapters: &[AppliedAdapter], folding: Folding) -> [usize; 2] {
    let folded = |folding, of_text_encoder: bool| -> usize {
        let mut layers: HashMap<&str, usize> = HashMap::new();
        for (path, values) in adapters.iter().flat_map(|applied| applied.adapter.adapted_weights(folding)) {
            if path.starts_with(TEXT_ENCODER) == of_text_encoder {
                let most = layers.entry(path).or_default();
                *most = values.max(*most);
            }
        }
        layers.into_values().sum()
    };
    [folded(folding, false), folded(Folding::All, true)]
}
