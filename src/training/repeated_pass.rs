//! The passes of a run. As long as they differ only in their input values, they are recorded once and
//! repeated ([`Replay`]).

use burn::tensor::{Device, Tensor};

use super::alignment::Alignment;
use super::batch::Batch;
use super::batch_times::BatchTimes;
use super::gradients::{Conditioning, Networks, StepGradients, Trained, gradients_at, step_gradients};
use super::palp::NoiseLevel;
use crate::gpu::Replay;

/// Everything that a recorded pass is fixed to. A pass that differs in any of it needs a new recording.
#[derive(PartialEq)]
struct Kind {
    prompts: Vec<String>,
    /// For each row, the index of its prompt.
    rows: Vec<usize>,
    photo_rows: usize,
    shape: [usize; 4],
    weights: Option<[usize; 4]>,
    aligned: bool,
}

/// The passes of one run.
pub struct RepeatedPass {
    replay: Replay<StepGradients, Kind>,
}

impl RepeatedPass {
    pub fn new(device: &Device) -> Self {
        Self { replay: Replay::of_kinds(device) }
    }

    /// Losses and gradients of a pass ([`step_gradients`]) with these prompts. Apart from the prompts, the
    /// pictures, the trained values, the clean prompt, λ and fresh noises, the arguments must be the same
    /// during the whole run.
    pub fn gradients(
        &mut self,
        networks: Networks,
        prompts: Vec<String>,
        conditioning: &Conditioning,
        trained: &Trained,
        batch: &Batch,
        alignment: Option<&Alignment>,
    ) -> StepGradients {
        // The localized loss uploads values in the middle of a pass; and a copy of weights that are trained
        // in full would take as much memory as the model.
        if batch.localized.is_some() || !trained.layout.is_low_rank() {
            return step_gradients(networks, conditioning, trained, batch, alignment);
        }
        self.replay.begin(Kind {
            prompts,
            rows: batch.prompts.clone(),
            photo_rows: batch.photo_rows,
            shape: batch.latents.dims(),
            weights: batch.weights.as_ref().map(Tensor::dims),
            aligned: alignment.is_some(),
        });
        let times = BatchTimes::new(networks, batch, alignment);
        let replay = &mut self.replay;
        let conditioning =
            Conditioning { clean: replay.input(conditioning.clean.clone()), ..conditioning.clone() };
        let batch = Batch {
            latents: replay.input(batch.latents.clone()),
            noise: replay.input(batch.noise.clone()),
            weights: batch.weights.clone().map(|weights| replay.input(weights)),
            ..batch.clone()
        };
        let times = BatchTimes {
            level: NoiseLevel {
                signal: replay.input(times.level.signal),
                noise: replay.input(times.level.noise),
            },
            activated: replay.input(times.activated),
            lambda: times.lambda.map(|lambda| replay.input(lambda)),
        };
        let alignment = alignment.map(|alignment| Alignment {
            fresh_noises: alignment.fresh_noises.iter().map(|noise| replay.input(noise.clone())).collect(),
            ..alignment.clone()
        });
        let values = replay.input(trained.values.clone());
        let embedding = replay.input(trained.embedding.clone());
        let trained = Trained { values, embedding, ..trained.clone() };
        replay.run(|| gradients_at(networks, &conditioning, &trained, &batch, &times, alignment.as_ref()))
    }
}
