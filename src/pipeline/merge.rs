//! Merging adapters of cross-attention's keys and values on a loaded model, whose text encoder encodes their
//! words.

use super::{Error, PromptEncoder, StableDiffusion};
use crate::{
    adapter::{Adapter, ConceptToken},
    gpu,
};

/// Prompts on which merging should change nothing, in words that the embedded model knows.
const REGULARIZATION_PROMPTS: &str = include_str!("regularization_prompts.txt");
/// Custom Diffusion's code encodes a concept once alone and once after these words, whose encodings are left
/// out.
const PREFIX: &str = "a photo of";

impl StableDiffusion {
    /// The merged adapter (see [`Adapter::merge`]). Without `regularization_prompts` a list of our own is
    /// used.
    ///
    /// # Errors
    /// An adapter doesn't fit the model or can't be merged, the prompts are too few, a failing device.
    pub async fn merge(
        &self,
        adapters: &[Adapter],
        regularization_prompts: Option<&[String]>,
    ) -> Result<Adapter, Error> {
        Adapter::check_mergeable(adapters)?;
        let modules = self.adaptable_modules();
        let mut encoder = self.prompt_encoder();
        for adapter in adapters {
            adapter.check_fits(&modules)?;
            for embedding in &adapter.embeddings {
                encoder.add(embedding, &self.gpu.device)?;
            }
        }
        let own: Vec<String> = REGULARIZATION_PROMPTS.lines().map(str::to_owned).collect();
        let prompts = regularization_prompts.unwrap_or(&own);
        let mut regularization = Vec::new();
        for prompt in prompts.iter().filter(|prompt| !prompt.trim().is_empty()) {
            regularization.extend(self.encodings(&encoder, prompt).await?);
        }
        let mut concepts: Vec<ConceptToken> = Vec::new();
        for (index, adapter) in adapters.iter().enumerate() {
            for concept in adapter.phrases() {
                for prompt in [concept.clone(), format!("{PREFIX} {concept}")] {
                    for encoding in self.encodings(&encoder, &prompt).await? {
                        // The same encoding twice would be the same equation twice.
                        if !concepts.iter().any(|known| known.encoding == encoding) {
                            concepts.push(ConceptToken { adapter: index, encoding });
                        }
                    }
                }
            }
        }
        Ok(Adapter::merge(adapters, &concepts, &regularization)?)
    }

    /// Encodings of each of a prompt's own tokens and of its end. If the prompt begins with "a photo of", the
    /// encodings of these words are left out.
    async fn encodings(&self, encoder: &PromptEncoder, prompt: &str) -> Result<Vec<Vec<f32>>, Error> {
        let states = encoder.token_states(prompt, if prompt.starts_with(PREFIX) { PREFIX } else { "" });
        let [_, width] = states.dims();
        let data = gpu::read(states).await;
        self.gpu.check()?;
        let failed = |reason: String| Error::ReadBack(reason);
        let data = data.map_err(|error| failed(error.to_string()))?;
        let values = data.try_into_vec_as::<f32>().map_err(|error| failed(format!("{error:?}")))?;
        Ok(values.chunks_exact(width).map(<[f32]>::to_vec).collect())
    }
}
