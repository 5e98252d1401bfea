//! Times whole passes: a guided step, decoding a picture, encoding a prompt, a training step.

use burn::tensor::{DType, Tensor};

use super::{
    Plan, Task,
    model::Model,
    palp::{TrainedOn, TrainingStep},
    report::{Ceiling, Counted, Row},
    stopwatch::{Effort, Run, Stopwatch},
};
use crate::{
    gpu::{Gpu, Replay, Work},
    model::cross_attention::Guides,
    pipeline::{Error, Precision},
    sampling::{Sampler, SamplerKind, guide},
    training::ActivationPolicy,
};

/// Longest side that is measured, in pixels.
const MAX_SIDE: usize = 2048;
/// The sampling step that is timed: step STEP, counted from 0, of a run of STEPS.
const STEPS: usize = 25;
const STEP: usize = 10;
const GUIDANCE_SCALE: f32 = 7.5;
/// β of the training step that guides both sides.
const GUIDED_BETA: f64 = 7.5;

/// A task at one size and precision.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    pub task: Task,
    /// Side of the pictures in pixels.
    pub size: usize,
    pub precision: Precision,
}

/// A prepared pass that can be run again and again.
struct Repeatable {
    name: String,
    run: Box<dyn FnMut()>,
}

impl Pass {
    /// The pass's name in reports, the same as in the PyTorch baseline.
    pub fn name(&self, model: &Model, plan: &Plan) -> String {
        let (model, size) = (model.name(), self.size);
        match self.task {
            Task::Ops => "operations".to_owned(),
            Task::Unet => format!("U-Net {model} {size}² batch {}", plan.batch),
            Task::Vae => format!("VAE {model} {size}²"),
            Task::Text => format!("text encoder {model}"),
            Task::Step => format!("guided step {model} {size}²"),
            Task::Palp => {
                format!("PALP step {model} {size}² batch {} rank {}", plan.training_batch, plan.rank)
            }
        }
    }

    /// Times the pass. `memory` in its rows is what the allocator held, weights included.
    pub async fn measure(
        &self,
        gpu: &Gpu,
        model: &Model,
        plan: &Plan,
        stopwatch: &Stopwatch,
        ceiling: Option<&Ceiling>,
    ) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        for Repeatable { name, run } in self.prepare(gpu, model, plan)? {
            gpu.release_unused();
            let run = std::rc::Rc::new(std::cell::RefCell::new(run));
            let mut prepare = || -> Run {
                let run = run.clone();
                Box::new(move || (run.borrow_mut())())
            };
            let timing = stopwatch.time(Effort::new(plan.quick), 20, &mut prepare).await?;
            let mut row = Row::new(name, "whole", self.precision.name(), timing, ceiling);
            row.memory = gpu.device.memory_pool_usage().map(|usage| usage.bytes_reserved);
            rows.push(row);
        }
        Ok(rows)
    }

    /// Counts the work that the pass asks of our kernels, without computing it.
    pub fn count(&self, gpu: &Gpu, model: &Model, plan: &Plan) -> Result<Vec<Counted>, Error> {
        let passes = self.prepare(gpu, model, plan)?;
        Ok(passes
            .into_iter()
            .map(|Repeatable { name, run }| Counted { name, work: Work::count_without_launching(run) })
            .collect())
    }

    fn prepare(&self, gpu: &Gpu, model: &Model, plan: &Plan) -> Result<Vec<Repeatable>, Error> {
        let precision = self.precision;
        let name = self.name(model, plan);
        let downscale = model.downscale()?;
        if !self.size.is_multiple_of(downscale) || !(downscale..=MAX_SIDE).contains(&self.size) {
            let (width, height) = (self.size, self.size);
            return Err(Error::Size { width, height, multiple: downscale, most: MAX_SIDE });
        }
        let side = self.size / downscale;
        let one = |name, run: Box<dyn FnMut()>| Ok(vec![Repeatable { name, run }]);
        match self.task {
            Task::Ops => Ok(Vec::new()),
            Task::Unet => {
                let unet = model.unet(gpu, precision)?;
                let config = unet.config();
                let sample = values(gpu, [plan.batch, side, side, config.in_channels]);
                let states = values(gpu, [plan.batch, TOKENS, config.cross_attention_dim[0]]);
                let timesteps = vec![500.0; plan.batch];
                one(
                    name,
                    Box::new(move || drop(unet.forward(sample.clone(), &timesteps, states.clone(), None))),
                )
            }
            Task::Vae => {
                let vae = model.vae(gpu, precision)?;
                let latents = values(gpu, [1, side, side, vae.config.latent_channels]);
                let image = values(gpu, [1, self.size, self.size, vae.config.in_channels]);
                let encoder = vae.clone();
                Ok(vec![
                    Repeatable {
                        name: name.replace("VAE", "VAE decode"),
                        run: Box::new(move || drop(vae.decode(latents.clone()))),
                    },
                    Repeatable {
                        name: name.replace("VAE", "VAE encode"),
                        run: Box::new(move || drop(encoder.encode(image.clone()))),
                    },
                ])
            }
            Task::Text => {
                let text_encoder = model.text_encoder(gpu, precision)?;
                let ids = vec![0; text_encoder.config().max_position_embeddings];
                one(
                    name,
                    Box::new(move || {
                        let embeddings = text_encoder.embed_tokens(&ids).unsqueeze::<3>();
                        drop(text_encoder.forward(embeddings));
                    }),
                )
            }
            Task::Step => {
                let unet = model.unet(gpu, precision)?;
                let mut sampler = Sampler::new(SamplerKind::Ddim, &model.schedule()?, STEPS)?;
                let config = unet.config();
                let latents = values(gpu, [1, side, side, config.in_channels]);
                let states = values(gpu, [2, TOKENS, config.cross_attention_dim[0]]);
                let mut replay = Replay::new(&gpu.device);
                one(
                    name,
                    Box::new(move || {
                        // The same calls as for a step of a picture.
                        let timesteps = [sampler.timesteps()[STEP]; 2];
                        let sample = replay.input(sampler.scale_model_input(latents.clone(), STEP));
                        let time = replay.input(unet.activated_time(&timesteps, &sample.device()));
                        let prediction = replay.run(|| {
                            let sample = Tensor::cat(vec![sample.clone(); 2], 0);
                            let prediction =
                                unet.forward_at(sample, time.clone(), states.clone(), Guides::default());
                            let unconditional = prediction.clone().narrow(0, 0, 1);
                            guide(unconditional, prediction.narrow(0, 1, 1), GUIDANCE_SCALE)
                        });
                        let no_noise = |_| latents.zeros_like();
                        drop(sampler.step(prediction, STEP, latents.clone(), &no_noise));
                    }),
                )
            }
            Task::Palp => {
                let networks = TrainedOn::new(gpu, model, precision)?;
                let kinds = [
                    (1.0, ActivationPolicy::Keep, ""),
                    (GUIDED_BETA, ActivationPolicy::Keep, ""),
                    (1.0, ActivationPolicy::Recompute, ", recomputed"),
                ];
                let passes = kinds.map(|(beta, activations, how)| {
                    let mut step = TrainingStep::new(gpu, networks.clone(), plan, side, beta, activations);
                    Repeatable { name: format!("{name} β {beta}{how}"), run: Box::new(move || step.run()) }
                });
                Ok(passes.into())
            }
        }
    }
}

/// Tokens of a prompt.
pub const TOKENS: usize = 77;

/// Random numbers from −1 to 1, roughly the range of a network's inputs.
pub fn values<const D: usize>(gpu: &Gpu, shape: [usize; D]) -> Tensor<D> {
    let distribution = burn::tensor::Distribution::Uniform(-1.0, 1.0);
    Tensor::random(shape, distribution, (&gpu.device, DType::F32))
}
