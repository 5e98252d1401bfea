//! A run of any sampler, behind one type.
//!
//! ```text
//! latents = noise · init_noise_sigma
//! for step in 0..timesteps.len():
//!     output  = U-Net(scale_model_input(latents, step), timesteps[step], prompt)   (guided)
//!     latents = step(output, step, latents, noise)
//! ```

use std::collections::VecDeque;

use burn::tensor::Tensor;

use super::plan::{Plan, WeightedSum};
use super::schedule::NoiseSchedule;
use super::{
    Error, SamplerKind, ddim, dpm_multistep, dpm_multistep::Variant, dpm_sde, euler, euler_ancestral, lcm,
    pndm, unipc,
};

/// A run of one sampler over a fixed number of steps.
#[derive(Debug, Clone)]
pub struct Sampler {
    plan: Plan,
    timesteps: Vec<f32>,
    /// Predictions of earlier steps, the newest first; as many as later steps may want.
    history: VecDeque<Tensor<4>>,
    longest_history: usize,
    anchor: Option<Tensor<4>>,
}

impl Sampler {
    /// A run from noise to picture.
    ///
    /// # Errors
    /// `steps` is zero or more than the sampler can make (as many as the schedule has training timesteps, 1000; for
    /// LCM 50).
    pub fn new(kind: SamplerKind, schedule: &NoiseSchedule, steps: usize) -> Result<Self, Error> {
        Self::starting_late(kind, schedule, steps, 0)
    }

    /// The last steps of a run of `steps` steps, without the first `begin` of them: what is left to do
    /// on a picture that is given (see [`noised`](Self::noised)).
    ///
    /// # Errors
    /// As [`new`](Self::new), or no step is left.
    pub fn starting_late(
        kind: SamplerKind,
        schedule: &NoiseSchedule,
        steps: usize,
        begin: usize,
    ) -> Result<Self, Error> {
        schedule.check_steps(steps)?;
        if begin >= steps {
            return Err(Error::NoStepLeft { steps });
        }
        let multistep = |karras: bool, stochastic: bool| {
            dpm_multistep::plan(schedule, steps, begin, Variant { karras, stochastic })
        };
        let plan = match kind {
            SamplerKind::Ddim => ddim::plan(schedule, steps, begin),
            SamplerKind::Pndm => pndm::plan(schedule, steps, begin),
            SamplerKind::Euler => euler::plan(schedule, steps, begin),
            SamplerKind::EulerAncestral => euler_ancestral::plan(schedule, steps, begin),
            SamplerKind::Dpm2M => multistep(false, false),
            SamplerKind::Dpm2MKarras => multistep(true, false),
            SamplerKind::Dpm2MSde => multistep(false, true),
            SamplerKind::Dpm2MSdeKarras => multistep(true, true),
            SamplerKind::DpmSde => dpm_sde::plan(schedule, steps, begin, false),
            SamplerKind::DpmSdeKarras => dpm_sde::plan(schedule, steps, begin, true),
            SamplerKind::UniPc => unipc::plan(schedule, steps, begin),
            SamplerKind::Lcm => lcm::plan(schedule, steps, begin)?,
            SamplerKind::Turbo => euler_ancestral::plan_turbo(schedule, steps, begin),
        };
        let sums = plan.steps.iter().flat_map(|step| step.correction.iter().chain([&step.update]));
        let longest_history = sums.map(|sum| sum.predictions.len() - 1).max().unwrap_or_default();
        Ok(Self {
            timesteps: plan.steps.iter().map(|step| step.timestep).collect(),
            plan,
            history: VecDeque::new(),
            longest_history,
            anchor: None,
        })
    }

    /// The timestep the model is asked at in each call, noisy to clean; some samplers' are fractional. Some
    /// samplers call the model more often than the number of steps N says (PNDM N + 1 times, DPM++ SDE 2N − 1
    /// times).
    pub fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    /// What unit normal noise is multiplied with to become the first latents.
    pub fn init_noise_sigma(&self) -> f32 {
        self.plan.init_noise_sigma as f32
    }

    /// A picture's latents with the noise they have at the start of this step (`step` <
    /// `timesteps().len()`); `noise` is unit normal.
    pub fn noised(&self, picture: Tensor<4>, noise: Tensor<4>, step: usize) -> Tensor<4> {
        let level = self.plan.steps[step].level;
        add(weighted(picture, level.signal), weighted(noise, level.noise))
            .expect("a level of no picture and no noise does not exist")
    }

    /// The latents as the U-Net expects them in this step (`step` < `timesteps().len()`).
    pub fn scale_model_input(&self, latents: Tensor<4>, step: usize) -> Tensor<4> {
        match self.plan.steps[step].input_scale {
            1.0 => latents,
            scale => latents.mul_scalar(scale as f32),
        }
    }

    /// The latents after this step, from the guided model output (ε, or v for a v-prediction model).
    /// Steps are taken one after the other. `noise` gives the unit normal noise of a step, of the
    /// latents' shape, the same each time; samplers without noise never ask. Keep the latents in f32.
    pub fn step(
        &mut self,
        model_output: Tensor<4>,
        step: usize,
        latents: Tensor<4>,
        noise: &dyn Fn(usize) -> Tensor<4>,
    ) -> Tensor<4> {
        let planned = &self.plan.steps[step];
        let prediction = add(
            weighted(latents.clone(), planned.prediction.latents),
            weighted(model_output, planned.prediction.model_output),
        );
        self.history.push_front(prediction.expect("every prediction weighs the model's output"));
        let latents = match &planned.correction {
            Some(correction) => self.sum(correction, latents, step, noise),
            None => latents,
        };
        let updated = self.sum(&planned.update, latents.clone(), step, noise);
        if planned.anchored {
            self.anchor = Some(latents);
        }
        if !planned.remembered {
            self.history.pop_front();
        }
        self.history.truncate(self.longest_history);
        updated
    }

    fn sum(
        &self,
        sum: &WeightedSum,
        latents: Tensor<4>,
        step: usize,
        noise: &dyn Fn(usize) -> Tensor<4>,
    ) -> Tensor<4> {
        let anchor = self.anchor.clone().and_then(|anchor| weighted(anchor, sum.anchor));
        let mut total = add(weighted(latents, sum.latents), anchor);
        for (prediction, &weight) in self.history.iter().zip(&sum.predictions) {
            total = add(total, weighted(prediction.clone(), weight));
        }
        for (steps_back, &weight) in sum.noise.iter().enumerate() {
            if weight != 0.0 {
                total = add(total, weighted(noise(step - steps_back), weight));
            }
        }
        total.expect("every sum weighs a prediction")
    }
}

/// `None` for a weight of 0, which takes no part in a sum.
fn weighted(tensor: Tensor<4>, weight: f64) -> Option<Tensor<4>> {
    match weight {
        0.0 => None,
        1.0 => Some(tensor),
        _ => Some(tensor.mul_scalar(weight as f32)),
    }
}

fn add(left: Option<Tensor<4>>, right: Option<Tensor<4>>) -> Option<Tensor<4>> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left + right),
        (left, right) => left.or(right),
    }
}
