//! One forward and backward pass: what carries a gradient, and which.

use burn::tensor::{DType, FloatDType, Tensor};
use palpable::sampling::{NoiseSchedule, PredictionType};
use palpable::training::ActivationPolicy;
use palpable::training::alignment::Alignment;
use palpable::training::batch::Batch;
use palpable::training::embedding::{NewWords, PromptTemplate};
use palpable::training::gradients::{self, Conditioning, Networks, Trained};
use palpable::training::optimizer::ParameterGroup;
use palpable::training::palp::{self, NoiseLevel};
use palpable::training::personal_prompt::encode_personal;
use palpable::training::unet_parameters::UNetLayout;

use crate::support::{formula, relative_error, values};
use crate::tiny::{PLACEHOLDER, Tiny, schedule};

/// What a trainer would put together for its first step, in the open.
pub struct Pass {
    tiny: Tiny,
    schedule: NoiseSchedule,
    conditioning: Conditioning,
    pub trained: Trained,
    pub batch: Batch,
    pub activations: ActivationPolicy,
}

/// How far the last bits of a sum may be from another order's, relative to the sum.
const ROUNDING: f64 = 1e-6;

impl Pass {
    fn new() -> Self {
        Self::of(Tiny::new())
    }

    fn of(tiny: Tiny) -> Self {
        let layout = UNetLayout::new(tiny.unet.attention_projections(), 2, 2.0);
        Self::training(tiny, layout)
    }

    pub fn training(tiny: Tiny, layout: UNetLayout) -> Self {
        let mut tokenizer = tiny.model().tokenizer;
        tokenizer.add_placeholder(PLACEHOLDER, 1).unwrap();
        let new_words = NewWords::one(PLACEHOLDER, 1);
        let template =
            |prompt: &str| PromptTemplate::new(&tokenizer.encode(prompt), &new_words, &tiny.text_encoder);
        let embedding: Tensor<2> = formula::values("embedding", [1, 24], &tiny.device) * 0.2;
        // Differences of all weights add up to more than factors do.
        let size = if layout.count() > 50_000 { 0.02 } else { 0.2 };
        let fixed = |prompt: &str| tiny.text_encoder.forward(template(prompt).splice(&embedding));
        let conditioning = Conditioning {
            personalization: vec![template("a photo of <my-dog>")],
            clean: fixed("a pencil sketch of a dog"),
            empty: fixed(""),
        };
        let lora: Tensor<1> = formula::values("lora", [layout.length()], &tiny.device) * size;
        Self {
            trained: Trained { values: lora, layout, embedding, embedding_is_trained: true },
            batch: Batch::new(
                formula::values("latents", [2, 8, 8, 4], &tiny.device),
                formula::values("noise", [2, 8, 8, 4], &tiny.device),
                vec![300, 700],
            ),
            schedule: schedule(PredictionType::Epsilon),
            activations: ActivationPolicy::Keep,
            conditioning,
            tiny,
        }
    }

    fn networks(&self) -> Networks<'_> {
        Networks {
            text_encoder: &self.tiny.text_encoder,
            unet: &self.tiny.unet,
            schedule: &self.schedule,
            dtype: self.tiny.dtype.into(),
            activations: self.activations,
        }
    }

    pub fn gradients(&self, alignment: Option<Alignment>) -> gradients::StepGradients {
        let alignment = alignment.as_ref();
        gradients::step_gradients(self.networks(), &self.conditioning, &self.trained, &self.batch, alignment)
    }

    /// LoRA and [V] gradients of the mean squared error against a fixed target, by one tape of the
    /// whole pass.
    pub fn gradients_against(&self, target: Tensor<4>) -> (Vec<f32>, Vec<f32>) {
        let factors = self.trained.factors().on_tape(true);
        let lora = self.trained.layout.lora_set(&factors);
        let embedding = self.trained.embedding.clone().autodiff().require_grad();
        let states = encode_personal(self.networks(), &self.conditioning, &embedding);
        let output =
            self.tiny.unet.forward(self.noisy(), &[300.0, 700.0], states.repeat_dim(0, 2), Some(&lora));
        let mut gradients = (output - target.autodiff()).square().mean().backward();
        let embedding = embedding.grad_remove(&mut gradients).unwrap();
        let lora = self.trained.layout.flatten(factors.gradients(&mut gradients), &self.tiny.device);
        (values(lora), values(embedding))
    }

    /// C_P as the pass with a graph computes it. (The CPU backend has a softmax of its own without
    /// autodiff, which differs in the last bits.)
    fn personal_states(&self) -> Tensor<3> {
        let embedding = self.trained.embedding.clone().autodiff().require_grad();
        encode_personal(self.networks(), &self.conditioning, &embedding)
    }

    fn level(&self) -> NoiseLevel {
        NoiseLevel::new(&self.schedule, &self.batch.timesteps, &self.tiny.device)
    }

    fn noisy(&self) -> Tensor<4> {
        palp::add_noise(self.batch.latents.clone(), self.batch.noise.clone(), &self.level())
    }
}

#[test]
fn without_alignment_a_step_is_textual_inversion_with_dreambooth() {
    let pass = Pass::new();
    let step = pass.gradients(None);
    let (lora, embedding) = pass.gradients_against(pass.batch.noise.clone());
    assert!(relative_error(&values(step.unet), &lora) < ROUNDING);
    assert!(relative_error(&values(step.embedding), &embedding) < ROUNDING);
    assert_eq!(values(step.loss), values(step.personalization_loss));
    assert!(lora.iter().any(|&value| value != 0.0) && embedding.iter().any(|&value| value != 0.0));
}

/// Δ made apart, as a constant, gives the same gradients: none flows through it.
#[test]
fn only_the_personalized_prediction_carries_a_gradient() {
    let pass = Pass::new();
    let alignment = Alignment { alpha: 7.5, beta: 3.0, lambda: 0.3, ..Alignment::default() };
    let step = pass.gradients(Some(alignment));

    let predict = |sample: Tensor<4>, states: Vec<Tensor<3>>, lora| {
        let rows = states.into_iter().map(|states| states.repeat_dim(0, 2)).collect::<Vec<_>>();
        let timesteps = [300.0, 700.0].repeat(rows.len());
        let sample = sample.repeat_dim(0, rows.len());
        pass.tiny.unet.forward(sample, &timesteps, Tensor::cat(rows, 0), lora)
    };
    let personal = pass.personal_states();
    let tracked = pass.trained.layout.lora_set(&pass.trained.factors().on_tape(true));
    let prediction = predict(pass.noisy(), vec![personal.clone()], Some(&tracked)).inner();
    let renoised = palp::renoise_estimate(pass.noisy(), pass.batch.noise.clone(), prediction, &pass.level());
    let Conditioning { clean, empty, .. } = pass.conditioning.clone();
    let lora = pass.trained.layout.lora_set(&pass.trained.factors());
    let frozen = palp::guide_halves(predict(renoised.clone(), vec![empty.clone(), clean], None), 7.5);
    let personalized = palp::guide_halves(predict(renoised, vec![empty, personal.inner()], Some(&lora)), 3.0);
    let target = palp::shifted_target(
        pass.batch.noise.clone(),
        frozen - personalized,
        palp::rows(vec![0.3; 2], &pass.tiny.device),
        &pass.level(),
        PredictionType::Epsilon,
    );
    let (lora, embedding) = pass.gradients_against(target);
    assert!(relative_error(&values(step.unet), &lora) < ROUNDING);
    assert!(relative_error(&values(step.embedding), &embedding) < ROUNDING);
}

/// Keeping a pass's activations and computing them again give the same gradients to the bit, in f32
/// and through f16.
#[test]
fn recomputed_activations_give_the_kept_ones_gradients() {
    let alignment = Alignment { alpha: 7.5, beta: 3.0, lambda: 0.3, ..Alignment::default() };
    for dtype in [FloatDType::F32, FloatDType::F16] {
        let mut pass = Pass::of(Tiny::stored_as(dtype));
        let kept = pass.gradients(Some(alignment.clone()));
        pass.activations = ActivationPolicy::Recompute;
        let recomputed = pass.gradients(Some(alignment.clone()));
        assert_eq!(values(recomputed.unet), values(kept.unet));
        assert_eq!(values(recomputed.embedding), values(kept.embedding));
        assert_eq!(values(recomputed.loss), values(kept.loss));
    }
}

/// α = β = 1, a LoRA of zero, and a clean prompt that is the personalization prompt: both sides of Δ
/// are the same prediction.
#[test]
fn without_a_difference_there_is_no_direction() {
    let mut pass = Pass::new();
    let zeros = Tensor::zeros([pass.trained.layout.count()], &pass.tiny.device);
    pass.trained.values = zeros;
    let alignment = Alignment { alpha: 1.0, beta: 1.0, lambda: 0.3, ..Alignment::default() };
    let different = pass.gradients(Some(alignment.clone()));
    assert!(values(different.pulls.unwrap().0)[0] > 0.0);

    pass.conditioning.clean = pass.personal_states().inner();
    let same = pass.gradients(Some(alignment));
    assert_eq!(values(same.pulls.unwrap().0), [0.0]);
    let without = pass.gradients(None);
    assert_eq!(values(same.unet), values(without.unet));
    assert_eq!(values(same.embedding), values(without.embedding));
}

#[test]
fn alignment_rests_outside_its_timesteps() {
    let pass = Pass::new();
    let alignment =
        Alignment { alpha: 7.5, beta: 1.0, lambda: 0.3, timesteps: [701, 980], ..Alignment::default() };
    let step = pass.gradients(Some(alignment));
    assert_eq!(values(step.pulls.unwrap().0), [0.0]);
    assert_eq!(values(step.unet), values(pass.gradients(None).unet));
}

/// The loss is scaled on its way back through f16, and the gradients are what they should be.
#[test]
fn a_model_stored_in_half_precision_gives_the_same_gradients_in_f32() {
    let alignment = Alignment { alpha: 7.5, beta: 1.0, lambda: 0.3, ..Alignment::default() };
    let full = Pass::new().gradients(Some(alignment.clone()));
    let half = Pass::of(Tiny::stored_as(FloatDType::F16)).gradients(Some(alignment));
    assert_eq!((half.unet.dtype(), half.embedding.dtype()), (DType::F32, DType::F32));
    let lora = relative_error(&values(half.unet), &values(full.unet));
    let embedding = relative_error(&values(half.embedding), &values(full.embedding));
    println!("half precision: LoRA {lora:.1e}, embedding {embedding:.1e}");
    assert!(lora < 0.03 && embedding < 0.03);
    assert!(lora > 1e-6 && embedding > 1e-6);
}

/// A model whose output means v: converted to ε̂ before Δ is formed, trained towards v.
#[test]
fn models_that_predict_velocity_are_aligned_in_noise() {
    let mut pass = Pass::new();
    pass.schedule = schedule(PredictionType::VPrediction);
    let alignment = Alignment { alpha: 2.0, beta: 1.0, lambda: 0.3, ..Alignment::default() };
    let step = pass.gradients(Some(alignment));

    let (level, noisy) = (pass.level(), pass.noisy());
    let predict = |sample: &Tensor<4>, states: &Tensor<3>, lora| {
        let output =
            pass.tiny.unet.forward(sample.clone(), &[300.0, 700.0], states.clone().repeat_dim(0, 2), lora);
        level.signal.clone() * output + level.noise.clone() * sample.clone()
    };
    let lora = pass.trained.layout.lora_set(&pass.trained.factors());
    let personal = pass.personal_states().inner();
    let estimate = palp::estimate_clean(noisy.clone(), predict(&noisy, &personal, Some(&lora)), &level);
    let renoised = palp::add_noise(estimate, pass.batch.noise.clone(), &level);
    let unconditional = predict(&renoised, &pass.conditioning.empty, None);
    let conditional = predict(&renoised, &pass.conditioning.clean, None);
    let direction = conditional * 2.0 - unconditional - predict(&renoised, &personal, Some(&lora));
    let velocity =
        level.signal.clone() * pass.batch.noise.clone() - level.noise.clone() * pass.batch.latents.clone();
    let (lora, embedding) = pass.gradients_against(velocity + level.signal.clone() * direction * 0.15);
    assert!(relative_error(&values(step.unet), &lora) < 1e-4);
    assert!(relative_error(&values(step.embedding), &embedding) < 1e-4);
}

#[test]
fn training_lowers_the_loss_on_a_fixed_batch() {
    let pass = Pass::new();
    let mut trained = pass.trained.clone();
    let first = values(pass.gradients(None).loss)[0];
    let flat = |tensor: Tensor<2>| tensor.flatten::<1>(0, 1);
    let values_of = formula::values::<1>("lora", [trained.layout.count()], &pass.tiny.device) * 0.2;
    let mut lora = ParameterGroup::new(values_of, 1e-2, 0.0);
    let mut embedding = ParameterGroup::new(flat(trained.embedding.clone()), 1e-2, 0.0);
    for _ in 0..10 {
        let step =
            gradients::step_gradients(pass.networks(), &pass.conditioning, &trained, &pass.batch, None);
        lora.update(step.unet);
        embedding.update(flat(step.embedding));
        trained.values = lora.values();
        trained.embedding = embedding.values().reshape([1, 24]);
    }
    let last = gradients::step_gradients(pass.networks(), &pass.conditioning, &trained, &pass.batch, None);
    let last = values(last.loss)[0];
    println!("loss {first} → {last}");
    assert!(last < 0.9 * first);
}
