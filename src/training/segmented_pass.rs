//! A pass through the U-Net whose gradients are taken segment by segment.
//!
//! Each segment of the forward pass (`Segment`) has a small tape of its own, with leaves for its image, its
//! skip, the prompt's encoding and the trained values of its layers. The backward pass walks the segments
//! from the last to the first and gives each the gradient of its output. The scalar
//!
//! Σ output · gradient
//!
//! then has the gradient that the whole chain would have given the segment's leaves.
//!
//! [`ActivationPolicy::Keep`] holds every tape from the forward pass on. [`ActivationPolicy::Recompute`]
//! holds only the segments' inputs, and runs a segment's forward pass again when its turn has come
//! (arXiv:1604.06174). Both add the same numbers in the same order: in f32 their gradients are equal to the
//! bit. A segment has no tape if nothing trained went into its inputs, it trains nothing itself, and it does
//! not read the prompt (which holds the new word).

use burn::tensor::{DType, Tensor};
use serde::Serialize;

use super::gradients::Trained;
use super::localized_loss::{Localization, LocalizedLoss};
use super::unet_parameters::{ModuleGradient, UNetFactors, UNetLayout};
use crate::model::cross_attention::CrossAttentionHook;
use crate::model::unet::{UNet2DConditionModel, size};
use crate::model::unet_blocks::{Conditioning, Segment, SegmentInput};
use crate::ops::backward_start::start_backward;

/// What is kept of the forward pass for the backward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ActivationPolicy {
    /// All that a gradient needs.
    Keep,
    /// The inputs of each segment; the rest is computed again.
    Recompute,
}

/// A forward pass, with what [`backward`](Self::backward) needs of it.
pub struct SegmentedPass<'a> {
    unet: &'a UNet2DConditionModel,
    layout: &'a UNetLayout,
    factors: UNetFactors,
    activated_time: Tensor<3>,
    /// `[batch, tokens, width]`
    encoder_hidden_states: Tensor<3>,
    localized: Option<Localized>,
    /// One for each segment.
    records: Vec<Record>,
}

/// A localized cross-attention loss that is minimized together with the loss of the output.
struct Localized {
    localization: Localization,
    /// Weight of its gradient.
    weight: f64,
    /// L_loc of the segments so far, `[1]`.
    loss: Option<Tensor<1>>,
}

/// The gradients of a pass; without autodiff.
pub struct PassGradients {
    /// Gradient of the prompt's encoding, `[batch, tokens, width]`, f32. None if no segment reads it.
    pub encoder_hidden_states: Option<Tensor<3>>,
    /// Gradients of the U-Net's trained values, f32.
    pub unet: Vec<ModuleGradient>,
}

/// An image, and whether anything trained went into it.
#[derive(Clone)]
struct Image {
    values: Tensor<4>,
    /// Index of the segment whose output it is; 0 also for the U-Net's input, which is never tracked.
    source: usize,
    tracked: bool,
}

/// What is kept of one segment.
enum Record {
    /// No gradient is wanted.
    Constant,
    Tape(Box<Tape>, Sources),
    Inputs(Box<Inputs>, Sources),
}

/// The segments that a segment's image and skip come from.
struct Sources {
    image: usize,
    skip: Option<usize>,
}

#[derive(Clone)]
struct Inputs {
    image: Image,
    skip: Option<Image>,
    next_skip: Option<[usize; 2]>,
}

/// One segment, run on the autodiff device.
struct Tape {
    image: Tensor<4>,
    skip: Option<Tensor<4>>,
    encoder_hidden_states: Tensor<3>,
    factors: UNetFactors,
    output: Tensor<4>,
    /// Its part of the localized loss, `[1]`.
    localized: Option<Tensor<1>>,
}

impl<'a> SegmentedPass<'a> {
    /// The U-Net's output with the trained values (see [`UNet2DConditionModel::forward_at`]; f32, without
    /// autodiff), and the pass for its backward pass.
    ///
    /// `localized`: a localized cross-attention loss and its weight, which includes the loss scale of half
    /// precision. Its gradient times that weight is added to that of the output, segment by segment.
    pub fn forward(
        unet: &'a UNet2DConditionModel,
        trained: &'a Trained,
        sample: Tensor<4>,
        activated_time: Tensor<3>,
        encoder_hidden_states: Tensor<3>,
        policy: ActivationPolicy,
        localized: Option<(Localization, f64)>,
    ) -> (Tensor<4>, Self) {
        let localized =
            localized.map(|(localization, weight)| Localized { localization, weight, loss: None });
        let mut pass = Self {
            activated_time,
            unet,
            layout: &trained.layout,
            factors: trained.factors(),
            encoder_hidden_states,
            localized,
            records: Vec::new(),
        };
        let mut skips: Vec<Image> = Vec::new();
        let mut image = Image { values: sample.cast(unet.dtype()), source: 0, tracked: false };
        for (index, segment) in unet.segments().iter().enumerate() {
            let skip = if segment.shape().takes_skip { skips.pop() } else { None };
            let next_skip = skips.last().map(|next| size(&next.values));
            let inputs = Inputs { image, skip, next_skip };
            let (output, record) = pass.run(segment, inputs, policy);
            let tracked = !matches!(record, Record::Constant);
            pass.records.push(record);
            image = Image { values: output, source: index, tracked };
            if segment.shape().leaves_skip {
                skips.push(image.clone());
            }
        }
        (image.values.cast(DType::F32), pass)
    }

    /// L_loc, unweighted, `[1]`, f32; None without a localization or where no layer counts.
    pub fn localized_loss(&self) -> Option<Tensor<1>> {
        self.localized.as_ref().and_then(|localized| localized.loss.clone())
    }

    fn run(&mut self, segment: &Segment, inputs: Inputs, policy: ActivationPolicy) -> (Tensor<4>, Record) {
        let trains = segment.reads_prompt() || self.layout.trains_any_of(segment.paths());
        if !trains && !inputs.image.tracked && !inputs.skip.as_ref().is_some_and(|skip| skip.tracked) {
            return (self.play(segment, inputs, false).output.inner(), Record::Constant);
        }
        let sources =
            Sources { image: inputs.image.source, skip: inputs.skip.as_ref().map(|skip| skip.source) };
        match policy {
            ActivationPolicy::Keep => {
                let tape = self.play(segment, inputs, true);
                self.count(&tape);
                (tape.output.clone().inner(), Record::Tape(Box::new(tape), sources))
            }
            ActivationPolicy::Recompute => {
                let tape = self.play(segment, inputs.clone(), false);
                self.count(&tape);
                (tape.output.inner(), Record::Inputs(Box::new(inputs), sources))
            }
        }
    }

    /// Adds a segment's part to the localized loss.
    fn count(&mut self, tape: &Tape) {
        if let (Some(localized), Some(part)) = (&mut self.localized, &tape.localized) {
            add(&mut localized.loss, part.clone().inner());
        }
    }

    /// Runs a segment on the autodiff device: with `recording`, as a tape; without, the same operations
    /// and nothing kept. (burn's CPU backend has a softmax of its own without autodiff, which differs in
    /// the last bits.)
    fn play(&self, segment: &Segment, inputs: Inputs, recording: bool) -> Tape {
        let place = |image: Image| {
            let values = image.values.autodiff();
            if recording && image.tracked { values.require_grad() } else { values }
        };
        let (image, skip) = (place(inputs.image), inputs.skip.map(place));
        let states = self.encoder_hidden_states.clone().autodiff();
        let states = if recording { states.require_grad() } else { states };
        let factors = self.layout.part(&self.factors, segment.paths()).on_tape(recording);
        // Segments without localized layers keep the fused kernel for cross-attention.
        let localization = self.localized.as_ref().map(|localized| &localized.localization);
        let localization = localization.filter(|known| segment.paths().any(|path| known.counts(path)));
        let hook = localization.map(LocalizedLoss::new);
        let conditioning = Conditioning {
            activated_time: &self.activated_time.clone().autodiff(),
            encoder_hidden_states: &states,
            lora: Some(&self.layout.lora_set(&factors)),
            cross_attention: hook.as_ref().map(|hook| hook as &dyn CrossAttentionHook),
        };
        let input = SegmentInput { image: image.clone(), skip: skip.clone(), next_skip: inputs.next_skip };
        let output = segment.forward(input, conditioning);
        let localized = hook.and_then(LocalizedLoss::take);
        Tape { image, skip, encoder_hidden_states: states, factors, output, localized }
    }

    /// All gradients, given that of the output (of the output's shape, f32, without autodiff).
    pub fn backward(mut self, output_gradient: Tensor<4>) -> PassGradients {
        let records = std::mem::take(&mut self.records);
        let mut image_gradients: Vec<Option<Tensor<4>>> = vec![None; records.len()];
        if let Some(last) = image_gradients.last_mut() {
            *last = Some(output_gradient.cast(self.unet.dtype()));
        }
        let mut found = PassGradients { encoder_hidden_states: None, unet: Vec::new() };
        let pieces = self.unet.segments().iter().zip(records).enumerate().rev();
        for (index, (segment, record)) in pieces {
            let Some(gradient) = image_gradients[index].take() else { continue };
            let (tape, sources) = match record {
                Record::Constant => continue,
                Record::Tape(tape, sources) => (*tape, sources),
                Record::Inputs(inputs, sources) => (self.play(segment, *inputs, true), sources),
            };
            let Tape { image, skip, encoder_hidden_states, factors, output, localized } = tape;
            let of_output = start_backward(output, gradient);
            let scalar = match (localized, &self.localized) {
                (Some(part), Some(localized)) => of_output.cast(DType::F32) + part * localized.weight,
                _ => of_output,
            };
            let mut gradients = scalar.backward();
            let mut pass_on = |leaf: Tensor<4>, source: usize| {
                if let Some(gradient) = leaf.grad_remove(&mut gradients) {
                    add(&mut image_gradients[source], gradient);
                }
            };
            pass_on(image, sources.image);
            if let (Some(skip), Some(source)) = (skip, sources.skip) {
                pass_on(skip, source);
            }
            if let Some(gradient) = encoder_hidden_states.grad_remove(&mut gradients) {
                add(&mut found.encoder_hidden_states, gradient);
            }
            found.unet.extend(factors.gradients(&mut gradients));
        }
        found
    }
}

fn add<const D: usize>(sum: &mut Option<Tensor<D>>, term: Tensor<D>) {
    *sum = Some(match sum.take() {
        Some(sum) => sum + term,
        None => term,
    });
}
