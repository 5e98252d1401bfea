//! The memory that a training run takes.

use super::ModelSizes;
use super::adaptation::Adaptation;
use super::blocks::F32;
use super::ledger::Ledger;
use super::report::{MemoryPlan, Phase};
use super::text::{self, TextPass};
use super::unet::UNetPass;
use super::vae::VaePass;
use crate::training::ActivationPolicy;
use crate::training::optimizer::Optimizer;

/// The sizes that a training run's memory depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainingSizes {
    /// Side of the pictures in pixels.
    pub side: usize,
    /// Pictures that are trained on, each framing counted.
    pub pictures: usize,
    pub batch: usize,
    /// The part of the U-Net that is trained.
    pub adaptation: Adaptation,
    /// Predictions of the larger side of Δ, a batch each: 2 with guidance, 1 without, 0 without
    /// alignment.
    pub aligned_predictions: usize,
    pub optimizer: Optimizer,
    /// Whether there is a localized cross-attention loss.
    pub localized: bool,
}

/// Vectors that an update holds beside values, moments and gradient, each as long as the trained values: the
/// new values and moments (the old ones stay until all are made), and the terms of AdamW's rule.
const UPDATE_TERMS: usize = 6;

impl ModelSizes<'_> {
    /// The phases of a run: encoding the photos, then passes and updates.
    pub fn training(&self, sizes: TrainingSizes, policy: ActivationPolicy) -> MemoryPlan {
        let TrainingSizes { side, pictures, batch, adaptation, aligned_predictions, optimizer, localized } =
            sizes;
        let [pictures, batch, aligned_predictions] =
            [pictures, batch, aligned_predictions].map(|count| count as u64);
        let size = [side as u64 / self.downscale(); 2];
        let latents = size[0] * size[1] * self.unet.in_channels as u64 * F32;
        let lora = adaptation.values(self.unet) * F32;
        let prompt = TextPass { config: self.text_encoder, scalar: self.scalar };
        let encoding = text::encoding(self.text_encoder);
        let pass = UNetPass {
            config: self.unet,
            scalar: self.scalar,
            batch,
            size,
            tokens: self.text_encoder.max_position_embeddings as u64,
            adaptation: Some(adaptation),
            localized,
        };

        let photos = Ledger::default();
        drop(VaePass { config: self.vae, scalar: self.scalar, pixels: (side as u64).pow(2) }.encode(&photos));

        let step = Ledger::default();
        // Held throughout: values and moments; masks and latents of the photos; a batch's latents, noise,
        // noisy sample and target; the fixed prompts.
        let moment = match optimizer {
            Optimizer::AdamW => lora,
            Optimizer::AdamW8bit => lora.div_ceil(F32),
        };
        let state = [step.take(lora), step.take(moment), step.take(moment)];
        let masks = if localized { (pictures + batch) * size[0] * size[1] * F32 } else { 0 };
        let held = [
            step.take(masks),
            step.take(pictures * latents),
            step.take(4 * batch * latents),
            step.take(2 * encoding),
        ];
        let factors = step.take(lora);
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
        drop((state, held, gradients, update));

        let phases = vec![Phase::of("encoding the photos", &photos), Phase::of("training", &step)];
        MemoryPlan { weights: self.weights(), phases, tile: None, activations: Some(policy) }
    }
}
