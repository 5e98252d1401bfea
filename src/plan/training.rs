//! The memory that a training run takes.

use super::ModelSizes;
use super::adaptation::Adaptation;
use super::blocks::F32;
use super::report::{MemoryPlan, Phase};
use super::text::{self, TextPass};
use super::unet::UNetPass;
use super::vae::VaePass;
use crate::training::ActivationPolicy;
use crate::training::optimizer::Optimizer;
use crate::training::transfer;

/// The sizes that a training run's memory depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainingSizes {
    /// Side of the pictures in pixels.
    pub side: usize,
    /// Pictures that are trained on, each framing counted.
    pub pictures: usize,
    pub batch: usize,
    /// The most distinct prompts among a batch's, which the text encoder takes together.
    pub prompts: usize,
    /// The part of the U-Net that is trained.
    pub adaptation: Adaptation,
    /// Predictions of the larger side of Δ, a batch each: 2 with guidance, 1 without, 0 without
    /// alignment.
    pub aligned_predictions: usize,
    pub optimizer: Optimizer,
    /// Whether the best of its states is kept.
    pub keeps_best: bool,
    /// Whether there is a localized cross-attention loss.
    pub localized: bool,
}

/// Vectors that an update holds beside values, moments and gradient, each as long as the trained values: the
/// new values and moments (the old ones stay until all are made), and the terms of AdamW's rule.
const UPDATE_TERMS: usize = 6;

impl ModelSizes<'_> {
    /// The phases of a run: encoding the photos, then passes and updates.
    pub fn training(&self, sizes: TrainingSizes, policy: ActivationPolicy) -> MemoryPlan {
        let TrainingSizes { side, batch, prompts, adaptation, aligned_predictions, localized, .. } = sizes;
        let [batch, prompts, aligned_predictions] =
            [batch, prompts, aligned_predictions].map(|count| count as u64);
        let size = [side as u64 / self.downscale(); 2];
        let lora = adaptation.values(self.unet) * F32;
        let prompt = TextPass { config: self.text_encoder, scalar: self.scalar, prompts };
        let pass = UNetPass {
            config: self.unet,
            scalar: self.scalar,
            batch,
            size,
            tokens: self.text_encoder.max_position_embeddings as u64,
            adaptation: Some(adaptation),
            localized,
        };

        let photos = self.ledger();
        drop(VaePass { config: self.vae, scalar: self.scalar, pixels: (side as u64).pow(2) }.encode(&photos));

        let step = self.ledger();
        let state = self.run_state(sizes).map(|bytes| step.take(bytes));
        // A batch's latents, noise, noisy sample and target, and its masks.
        let masks = if localized { batch * size[0] * size[1] * F32 } else { 0 };
        let of_batch = [step.take(masks), step.take(4 * batch * self.latents_of(size))];
        let factors = step.take(lora);
        if prompts > 1 {
            // The fixed prompts are encoded one by one, in buffers of other sizes.
            drop(TextPass { prompts: 1, ..prompt }.encode(&step));
        }
        let kept_prompt = (policy == ActivationPolicy::Keep).then(|| prompt.record(&step));
        let states = match &kept_prompt {
            Some(recorded) => recorded.output(),
            None => prompt.encode(&step),
        };
        let (output, recorded) = pass.record(&step, policy);
        if aligned_predictions > 0 {
            let batches = UNetPass { batch: aligned_predictions * batch, localized: false, ..pass };
            // Both sides of Δ, one after the other: the adapted one takes more.
            drop(batches.predict(&step));
        }
        let gradients = step.take(lora);
        let gradient = step.take(output.bytes() / F32 * self.scalar);
        if let Some(gradient) = recorded.backward(&step, gradient) {
            let tape = kept_prompt.unwrap_or_else(|| prompt.record(&step));
            drop(tape.backward(&step, gradient));
        }
        drop((factors, states, output));
        let update = [(); UPDATE_TERMS].map(|()| step.take(lora));
        // For a checkpoint. The buffers of an update are kept for the next one, and none serves this.
        let read = transfer::reading(lora).map(|bytes| step.take(bytes));
        drop((state, of_batch, gradients, update, read));

        let phases = vec![Phase::of("encoding the photos", &photos), Phase::of("training", &step)];
        MemoryPlan { weights: self.weights(), held: self.held, phases, tile: None, activations: Some(policy) }
    }

    /// Bytes of what a run holds from step to step.
    pub fn between_steps(&self, sizes: TrainingSizes) -> u64 {
        self.run_state(sizes).into_iter().sum()
    }

    /// The same while a preview is drawn, with the buffer by which its adapter was brought to the host: it is kept.
    pub fn beside_previews(&self, sizes: TrainingSizes) -> u64 {
        let [_, buffer] = transfer::reading(sizes.adaptation.values(self.unet) * F32);
        self.between_steps(sizes) + buffer
    }

    /// What a run holds from step to step, one by one: values, moments, the best values; masks and latents of the
    /// photos; the fixed prompts.
    fn run_state(&self, sizes: TrainingSizes) -> [u64; 7] {
        let TrainingSizes { side, pictures, adaptation, optimizer, keeps_best, localized, .. } = sizes;
        let size = [side as u64 / self.downscale(); 2];
        let values = adaptation.values(self.unet) * F32;
        let moment = match optimizer {
            Optimizer::AdamW => values,
            Optimizer::AdamW8bit => values.div_ceil(F32),
        };
        let best = if keeps_best { values } else { 0 };
        let masks = if localized { pictures as u64 * size[0] * size[1] * F32 } else { 0 };
        let latents = pictures as u64 * self.latents_of(size);
        [values, moment, moment, best, masks, latents, 2 * text::encoding(self.text_encoder)]
    }

    /// Bytes of latents, f32, `size` is their height and width.
    fn latents_of(&self, size: [u64; 2]) -> u64 {
        size[0] * size[1] * self.unet.in_channels as u64 * F32
    }
}
