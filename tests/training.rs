//! Training: PALP's equations, what a step may and may not touch, resuming, photos and settings.
//! Runs are made on a tiny model filled by a formula, with the embedded model's tokenizer.

mod support;

use std::collections::HashMap;
use std::rc::Rc;

use burn::tensor::{DType, Device, FloatDType, Tensor};
use palpable::model::clip_text::{ClipTextConfig, ClipTextModel};
use palpable::model::unet::UNet2DConditionModel;
use palpable::model::unet_config::UNet2DConditionConfig;
use palpable::sampling::{NoiseSchedule, PredictionType, SchedulerConfig};
use palpable::tokenizer::Tokenizer;
use palpable::training::embedding::{self, PromptTemplate};
use palpable::training::gradients::{self, Batch, Conditioning, Networks, Trained};
use palpable::training::lora_parameters::LoraLayout;
use palpable::training::optimizer::{self, ParameterGroup};
use palpable::training::palp::{self, NoiseLevel};
use palpable::training::settings::SettingsError;
use palpable::training::{Error, PhotoLatents, Trainer, TrainingModel, TrainingSettings};
use palpable::weights::Weights;
use support::formula::{self, FormulaModel};
use support::{block_on, demo_model, values};

const PLACEHOLDER: &str = "<my-dog>";

fn schedule(prediction_type: PredictionType) -> NoiseSchedule {
    let json = r#"{"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}"#;
    let config = SchedulerConfig { prediction_type, ..SchedulerConfig::from_json(json).unwrap() };
    NoiseSchedule::new(&config).unwrap()
}

/// A text encoder of width 24 and one layer for the embedded model's vocabulary.
fn tiny_text_encoder(device: &Device) -> ClipTextModel {
    let config = r#"{"vocab_size": 3555, "hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 1,
        "num_attention_heads": 2, "max_position_embeddings": 77, "eos_token_id": 3554}"#;
    let mut shapes = vec![
        ("embeddings.token_embedding.weight".to_owned(), vec![3555, 24]),
        ("embeddings.position_embedding.weight".to_owned(), vec![77, 24]),
        ("final_layer_norm.weight".to_owned(), vec![24]),
        ("final_layer_norm.bias".to_owned(), vec![24]),
    ];
    let layer = [
        ("self_attn.q_proj", vec![24, 24]),
        ("self_attn.k_proj", vec![24, 24]),
        ("self_attn.v_proj", vec![24, 24]),
        ("self_attn.out_proj", vec![24, 24]),
        ("layer_norm1", vec![24]),
        ("mlp.fc1", vec![48, 24]),
        ("mlp.fc2", vec![24, 48]),
        ("layer_norm2", vec![24]),
    ];
    for (name, shape) in layer {
        shapes.push((format!("encoder.layers.0.{name}.bias"), vec![shape[0]]));
        shapes.push((format!("encoder.layers.0.{name}.weight"), shape));
    }
    let tensors: HashMap<_, _> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let values = formula::weight(&name, &shape);
            (format!("text_model.{name}"), (shape, values))
        })
        .collect();
    let mut weights = Weights::from_tensors(tensors, device, FloatDType::F32).unwrap();
    ClipTextModel::load(&mut weights, ClipTextConfig::from_json(config).unwrap()).unwrap()
}

/// The frozen networks, shared by the runs of a test.
struct Tiny {
    text_encoder: Rc<ClipTextModel>,
    unet: Rc<UNet2DConditionModel>,
    device: Device,
}

impl Tiny {
    fn new() -> Self {
        let device = Device::flex();
        let model = FormulaModel::read("unet/adapted.json");
        let config = UNet2DConditionConfig::from_json(&model.config).unwrap();
        let unet = UNet2DConditionModel::load(&mut model.weights(&device, FloatDType::F32), config).unwrap();
        Self { text_encoder: Rc::new(tiny_text_encoder(&device)), unet: Rc::new(unet), device }
    }

    fn model(&self) -> TrainingModel {
        TrainingModel {
            name: "tiny".to_owned(),
            tokenizer: block_on(Tokenizer::load(&demo_model(), "tokenizer")).unwrap(),
            text_encoder: self.text_encoder.clone(),
            unet: self.unet.clone(),
            schedule: schedule(PredictionType::Epsilon),
            dtype: DType::F32,
        }
    }

    fn latents(&self) -> PhotoLatents {
        PhotoLatents::from_tensor(formula::values("latents", [3, 8, 8, 4], &self.device))
    }

    fn trainer(&self, settings: &TrainingSettings) -> Trainer {
        Trainer::new(self.model(), self.latents(), settings.clone(), &self.device).unwrap()
    }

    /// The U-Net's answer to fixed inputs without any LoRA.
    fn base_output(&self) -> Vec<f32> {
        let sample = formula::values("sample", [1, 8, 8, 4], &self.device);
        let context = formula::values("context", [1, 7, 24], &self.device);
        values(self.unet.forward(sample, &[500.0], context, None))
    }
}

fn settings() -> TrainingSettings {
    TrainingSettings {
        placeholder: PLACEHOLDER.to_owned(),
        class_noun: "dog".to_owned(),
        clean_prompt: "a pencil sketch of a dog".to_owned(),
        rank: 2,
        steps: 6,
        warmup_steps: 2,
        batch: 2,
        ..TrainingSettings::default()
    }
}

fn run(trainer: &mut Trainer, steps: usize) {
    for _ in 0..steps {
        block_on(trainer.step()).unwrap();
    }
}

fn state(trainer: &Trainer) -> Vec<u8> {
    block_on(trainer.checkpoint()).unwrap()
}

/// The trained values alone: LoRA, then [V].
fn trained_values(trainer: &Trainer) -> Vec<f32> {
    let adapter = block_on(trainer.adapter()).unwrap();
    let lora = adapter.lora.into_iter().flat_map(|weights| [weights.down, weights.up].concat());
    lora.chain(adapter.embedding.unwrap().values).collect()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

// The equations.

#[test]
fn noising_the_estimate_again_is_a_step_from_the_noisy_sample() {
    let device = Device::flex();
    let schedule = schedule(PredictionType::Epsilon);
    let level = NoiseLevel::new(&schedule, &[30, 500, 900], &device);
    let [noisy, noise, prediction] =
        ["noisy", "noise", "prediction"].map(|name| formula::values(name, [3, 4, 4, 4], &device));
    let estimate = palp::estimate_clean(noisy.clone(), prediction.clone(), &level);
    let by_definition = palp::add_noise(estimate, noise.clone(), &level);
    let direct = palp::renoise_estimate(noisy.clone(), noise, prediction, &level);
    assert!(largest_difference(&values(by_definition), &values(direct.clone())) < 1e-5);
    assert!(largest_difference(&values(noisy), &values(direct)) > 0.1);
}

/// A toy network with parameters θ `[4, 4]`: output = tanh(x_t · θ).
struct Toy {
    level: NoiseLevel,
    prediction_type: PredictionType,
    clean: Tensor<4>,
    noise: Tensor<4>,
    noisy: Tensor<4>,
    direction: Tensor<4>,
    parameters: Tensor<2>,
}

const TOY_LAMBDA: f64 = 0.7;

impl Toy {
    fn new(prediction_type: PredictionType) -> Self {
        let device = Device::flex();
        let level = NoiseLevel::new(&schedule(prediction_type), &[200, 600], &device);
        let clean: Tensor<4> = formula::values("clean", [2, 3, 3, 4], &device);
        let noise: Tensor<4> = formula::values("noise", [2, 3, 3, 4], &device);
        Self {
            noisy: palp::add_noise(clean.clone(), noise.clone(), &level),
            direction: formula::values("direction", [2, 3, 3, 4], &device),
            parameters: formula::values("parameters", [4, 4], &device),
            level,
            prediction_type,
            clean,
            noise,
        }
    }

    fn output(&self, parameters: Tensor<2>) -> Tensor<4> {
        let rows = self.noisy.clone().reshape([18, 4]);
        let rows = if parameters.is_autodiff() { rows.autodiff() } else { rows };
        rows.matmul(parameters).tanh().reshape([2, 3, 3, 4])
    }

    fn target(&self) -> Tensor<4> {
        palp::training_target(self.clean.clone(), self.noise.clone(), &self.level, self.prediction_type)
    }

    /// The gradient of a loss made of the network's output.
    fn gradient(&self, loss: impl Fn(Tensor<4>) -> Tensor<1>) -> Vec<f32> {
        let parameters = self.parameters.clone().autodiff().require_grad();
        let gradients = loss(self.output(parameters.clone())).backward();
        values(parameters.grad(&gradients).unwrap())
    }

    fn prediction(&self, output: Tensor<4>) -> Tensor<4> {
        palp::noise_prediction(output, self.noisy.clone(), &self.level, self.prediction_type)
    }

    fn check_equivalence(&self) {
        let direction = || self.direction.clone();
        let personalization = |output: Tensor<4>| palp::mean_squared_error(output, self.target());
        // Eq. 6 with w̃(t) = a_t/s_t: w̃ · Δ · ∂x̂_0/∂θ, the gradient through the estimate itself.
        let equation_6 = self.gradient(|output| {
            let estimate =
                palp::estimate_clean(self.noisy.clone(), self.prediction(output.clone()), &self.level);
            let weight = self.level.signal.clone() / self.level.noise.clone();
            personalization(output) + (estimate * (weight * direction())).mean() * TOY_LAMBDA
        });
        // Eq. 7: −λ · Δ · ∂ε̂/∂θ.
        let equation_7 = self.gradient(|output| {
            personalization(output.clone()) - (self.prediction(output) * direction()).mean() * TOY_LAMBDA
        });
        let shifted = self.gradient(|output| {
            let target = palp::shifted_target(
                self.target(),
                direction(),
                TOY_LAMBDA,
                &self.level,
                self.prediction_type,
            );
            palp::mean_squared_error(output, target)
        });
        let plain = self.gradient(personalization);
        assert!(largest_difference(&equation_6, &equation_7) < 2e-6);
        assert!(largest_difference(&equation_7, &shifted) < 2e-6);
        assert!(largest_difference(&plain, &shifted) > 1e-2);
    }
}

#[test]
fn equation_6_equation_7_and_the_shifted_target_have_one_gradient() {
    Toy::new(PredictionType::Epsilon).check_equivalence();
}

#[test]
fn the_same_holds_for_models_that_predict_velocity() {
    Toy::new(PredictionType::VPrediction).check_equivalence();
}

#[test]
fn a_step_of_alignment_moves_the_prediction_along_the_direction() {
    for prediction_type in [PredictionType::Epsilon, PredictionType::VPrediction] {
        let toy = Toy::new(prediction_type);
        let before = toy.output(toy.parameters.clone());
        // With the present output as target only the alignment part pulls.
        let gradient = toy.gradient(|output| {
            let target = palp::shifted_target(
                before.clone(),
                toy.direction.clone(),
                TOY_LAMBDA,
                &toy.level,
                prediction_type,
            );
            palp::mean_squared_error(output, target)
        });
        let step = Tensor::<1>::from_floats(gradient.as_slice(), &Device::flex()).reshape([4, 4]) * 1e-2;
        let after = toy.output(toy.parameters.clone() - step);
        let moved = toy.prediction(after) - toy.prediction(before);
        assert!(values((moved * toy.direction).sum())[0] > 0.0);
    }
}

// One pass.

/// What a trainer would put together for its first step, in the open.
struct Pass {
    tiny: Tiny,
    schedule: NoiseSchedule,
    conditioning: Conditioning,
    trained: Trained,
    batch: Batch,
}

impl Pass {
    fn new() -> Self {
        let tiny = Tiny::new();
        let mut tokenizer = tiny.model().tokenizer;
        tokenizer.add_placeholder(PLACEHOLDER, 1).unwrap();
        let template =
            |prompt: &str| PromptTemplate::new(&tokenizer.encode(prompt), PLACEHOLDER, &tiny.text_encoder);
        let embedding: Tensor<2> = formula::values("embedding", [1, 24], &tiny.device) * 0.2;
        let fixed = |prompt: &str| tiny.text_encoder.forward(template(prompt).splice(&embedding));
        let conditioning = Conditioning {
            personalization: template("a photo of <my-dog>"),
            clean: fixed("a pencil sketch of a dog"),
            empty: fixed(""),
        };
        let layout = LoraLayout::new(tiny.unet.attention_projections(), 2, 2.0);
        let lora: Tensor<1> = formula::values("lora", [layout.count()], &tiny.device) * 0.2;
        Self {
            trained: Trained { factors: layout.split(&lora), layout, embedding },
            batch: Batch {
                latents: formula::values("latents", [2, 8, 8, 4], &tiny.device),
                noise: formula::values("noise", [2, 8, 8, 4], &tiny.device),
                timesteps: vec![300, 700],
            },
            schedule: schedule(PredictionType::Epsilon),
            conditioning,
            tiny,
        }
    }

    fn networks(&self) -> Networks<'_> {
        Networks {
            text_encoder: &self.tiny.text_encoder,
            unet: &self.tiny.unet,
            schedule: &self.schedule,
            dtype: DType::F32,
        }
    }

    fn gradients(&self, alignment: Option<gradients::Alignment>) -> gradients::StepGradients {
        gradients::step_gradients(self.networks(), &self.conditioning, &self.trained, &self.batch, alignment)
    }

    /// LoRA and [V] gradients of the mean squared error against a fixed target, written out.
    fn gradients_against(&self, target: Tensor<4>) -> (Vec<f32>, Vec<f32>) {
        let factors = self.trained.factors.tracked();
        let lora = self.trained.layout.lora_set(&factors);
        let embedding = self.trained.embedding.clone().autodiff().require_grad();
        let states = gradients::encode_personal(self.networks(), &self.conditioning, &embedding);
        let output =
            self.tiny.unet.forward(self.noisy(), &[300.0, 700.0], states.repeat_dim(0, 2), Some(&lora));
        let mut gradients = (output - target.autodiff()).square().mean().backward();
        let embedding = embedding.grad_remove(&mut gradients).unwrap();
        (values(factors.gradient(&mut gradients)), values(embedding))
    }

    /// C_P as the pass with a graph computes it. (The CPU backend has a softmax of its own without
    /// autodiff, which differs in the last bits.)
    fn personal_states(&self) -> Tensor<3> {
        let embedding = self.trained.embedding.clone().autodiff().require_grad();
        gradients::encode_personal(self.networks(), &self.conditioning, &embedding)
    }

    fn level(&self) -> NoiseLevel {
        NoiseLevel::new(&self.schedule, &self.batch.timesteps, &self.tiny.device)
    }

    fn noisy(&self) -> Tensor<4> {
        palp::add_noise(self.batch.latents.clone(), self.batch.noise.clone(), &self.level())
    }
}

#[test]
fn without_alignment_a_step_is_textual_inversion_with_dreambooth_to_the_bit() {
    let pass = Pass::new();
    let step = pass.gradients(None);
    let (lora, embedding) = pass.gradients_against(pass.batch.noise.clone());
    assert_eq!(values(step.lora), lora);
    assert_eq!(values(step.embedding), embedding);
    assert_eq!(values(step.loss), values(step.personalization_loss));
    assert!(lora.iter().any(|&value| value != 0.0) && embedding.iter().any(|&value| value != 0.0));
}

/// Δ made apart, as a constant, gives the same gradients to the bit: none flows through it.
#[test]
fn only_the_personalized_prediction_carries_a_gradient() {
    let pass = Pass::new();
    let alignment = gradients::Alignment { alpha: 7.5, beta: 3.0, lambda: 0.3, timesteps: [20, 980] };
    let step = pass.gradients(Some(alignment));

    let predict = |sample: Tensor<4>, states: Vec<Tensor<3>>, lora| {
        let rows = states.into_iter().map(|states| states.repeat_dim(0, 2)).collect::<Vec<_>>();
        let timesteps = [300.0, 700.0].repeat(rows.len());
        let sample = sample.repeat_dim(0, rows.len());
        pass.tiny.unet.forward(sample, &timesteps, Tensor::cat(rows, 0), lora)
    };
    let personal = pass.personal_states();
    let tracked = pass.trained.layout.lora_set(&pass.trained.factors.tracked());
    let prediction = predict(pass.noisy(), vec![personal.clone()], Some(&tracked)).inner();
    let renoised = palp::renoise_estimate(pass.noisy(), pass.batch.noise.clone(), prediction, &pass.level());
    let Conditioning { clean, empty, .. } = pass.conditioning.clone();
    let lora = pass.trained.layout.lora_set(&pass.trained.factors);
    let frozen = palp::guide_halves(predict(renoised.clone(), vec![empty.clone(), clean], None), 7.5);
    let personalized = palp::guide_halves(predict(renoised, vec![empty, personal.inner()], Some(&lora)), 3.0);
    let target = palp::shifted_target(
        pass.batch.noise.clone(),
        frozen - personalized,
        0.3,
        &pass.level(),
        PredictionType::Epsilon,
    );
    let (lora, embedding) = pass.gradients_against(target);
    assert_eq!(values(step.lora), lora);
    assert_eq!(values(step.embedding), embedding);
}

/// α = β = 1, a LoRA of zero, and a clean prompt that is the personalization prompt: both sides of Δ
/// are the same prediction.
#[test]
fn without_a_difference_there_is_no_direction() {
    let mut pass = Pass::new();
    let zeros = Tensor::zeros([pass.trained.layout.count()], &pass.tiny.device);
    pass.trained.factors = pass.trained.layout.split(&zeros);
    let alignment = gradients::Alignment { alpha: 1.0, beta: 1.0, lambda: 0.3, timesteps: [20, 980] };
    let different = pass.gradients(Some(alignment));
    assert!(values(different.pulls.unwrap().0)[0] > 0.0);

    pass.conditioning.clean = pass.personal_states().inner();
    let same = pass.gradients(Some(alignment));
    assert_eq!(values(same.pulls.unwrap().0), [0.0]);
    let without = pass.gradients(None);
    assert_eq!(values(same.lora), values(without.lora));
    assert_eq!(values(same.embedding), values(without.embedding));
}

#[test]
fn alignment_rests_outside_its_timesteps() {
    let pass = Pass::new();
    let alignment = gradients::Alignment { alpha: 7.5, beta: 1.0, lambda: 0.3, timesteps: [701, 980] };
    let step = pass.gradients(Some(alignment));
    assert_eq!(values(step.pulls.unwrap().0), [0.0]);
    assert_eq!(values(step.lora), values(pass.gradients(None).lora));
}

// Runs.

#[test]
fn warm_up_and_lambda_zero_are_the_same_run_to_the_bit() {
    let tiny = Tiny::new();
    let mut without = tiny.trainer(&TrainingSettings { lambda: 0.0, ..settings() });
    let mut warming = tiny.trainer(&TrainingSettings { warmup_steps: 6, ..settings() });
    let mut aligning = tiny.trainer(&settings());
    for trainer in [&mut without, &mut warming, &mut aligning] {
        run(trainer, 4);
    }
    assert_eq!(trained_values(&without), trained_values(&warming));
    assert!(largest_difference(&trained_values(&without), &trained_values(&aligning)) > 1e-6);
}

#[test]
fn the_frozen_model_stays_as_it_was() {
    let tiny = Tiny::new();
    let all_words: Vec<u32> = (0..3555).collect();
    let (output, words) = (tiny.base_output(), values(tiny.text_encoder.embed_tokens(&all_words)));
    let mut trainer = tiny.trainer(&settings());
    let before = trained_values(&trainer);
    run(&mut trainer, 4);
    assert_eq!(tiny.base_output(), output);
    assert_eq!(values(tiny.text_encoder.embed_tokens(&all_words)), words);
    // What is trained did move, [V] (the last 24 values) and the LoRA alike.
    let after = trained_values(&trainer);
    let split = after.len() - 24;
    assert!(largest_difference(&before[..split], &after[..split]) > 1e-4);
    assert!(largest_difference(&before[split..], &after[split..]) > 1e-4);
}

#[test]
fn a_resumed_run_is_the_uninterrupted_one_to_the_bit() {
    let tiny = Tiny::new();
    let settings = TrainingSettings { vectors: 2, accumulation: 2, batch: 1, seed: u64::MAX, ..settings() };
    let mut whole = tiny.trainer(&settings);
    run(&mut whole, 6);
    let mut first = tiny.trainer(&settings);
    run(&mut first, 3);
    let mut second = Trainer::resume(tiny.model(), tiny.latents(), &state(&first), &tiny.device).unwrap();
    assert_eq!(second.steps_made(), 3);
    run(&mut second, 3);
    assert_eq!(state(&second), state(&whole));
    assert!(second.is_complete());
    assert!(matches!(block_on(second.step()), Err(Error::Complete { steps: 6 })));
}

#[test]
fn another_seed_is_another_run() {
    let tiny = Tiny::new();
    let mut one = tiny.trainer(&settings());
    let mut other = tiny.trainer(&TrainingSettings { seed: 1, ..settings() });
    let [one, other] = [&mut one, &mut other].map(|trainer| block_on(trainer.step()).unwrap());
    assert_ne!(one.loss, other.loss);
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
        lora.update(step.lora);
        embedding.update(flat(step.embedding));
        trained.factors = trained.layout.split(&lora.values());
        trained.embedding = embedding.values().reshape([1, 24]);
    }
    let last = gradients::step_gradients(pass.networks(), &pass.conditioning, &trained, &pass.batch, None);
    let last = values(last.loss)[0];
    println!("loss {first} → {last}");
    assert!(last < 0.9 * first);
}

#[test]
fn a_diverged_step_keeps_the_state() {
    let tiny = Tiny::new();
    let broken = PhotoLatents::from_tensor(Tensor::full([1, 8, 8, 4], f32::INFINITY, &tiny.device));
    let mut trainer = Trainer::new(tiny.model(), broken, settings(), &tiny.device).unwrap();
    let before = state(&trainer);
    let error = block_on(trainer.step()).unwrap_err();
    assert!(matches!(error, Error::NotFinite { step: 1 }));
    assert!(error.to_string().contains("diverged at step 1"));
    assert_eq!(state(&trainer), before);
}

#[test]
fn a_step_reports_in_camel_case() {
    let tiny = Tiny::new();
    let mut trainer = tiny.trainer(&TrainingSettings { warmup_steps: 0, ..settings() });
    let record = block_on(trainer.step()).unwrap();
    assert_eq!((record.step, record.steps), (1, 6));
    assert!(record.alignment_ratio > 0.0 && record.loss > 0.0 && record.embedding_norm > 0.0);
    let json = serde_json::to_value(&record).unwrap();
    for field in
        ["step", "steps", "loss", "personalizationLoss", "alignmentRatio", "embeddingNorm", "seconds"]
    {
        assert!(json[field].is_number(), "{field}");
    }
}

#[test]
fn the_adapter_holds_what_was_trained() {
    let tiny = Tiny::new();
    let mut trainer = tiny.trainer(&TrainingSettings { lora_alpha: Some(1.0), ..settings() });
    run(&mut trainer, 3);
    let adapter = block_on(trainer.adapter()).unwrap();
    assert_eq!(adapter.lora.len(), tiny.unet.attention_projections().len());
    let embedding = adapter.embedding.clone().unwrap();
    assert_eq!((embedding.vectors, embedding.width), (1, 24));
    assert_eq!(embedding.placeholder, PLACEHOLDER);
    // The exported set makes the pictures that the trainer's own would.
    let predict = |lora| {
        let sample = formula::values("sample", [1, 8, 8, 4], &tiny.device);
        values(tiny.unet.forward(sample, &[500.0], trainer.encode_prompt("a <my-dog>"), Some(&lora)))
    };
    let exported = adapter.lora_set(&tiny.device, DType::F32, 1.0);
    assert_eq!(predict(exported), predict(trainer.lora_set()));
}

#[test]
fn files_that_are_no_checkpoint_of_this_model_are_refused() {
    let tiny = Tiny::new();
    let resume =
        |bytes: &[u8]| Trainer::resume(tiny.model(), tiny.latents(), bytes, &tiny.device).err().unwrap();
    assert!(matches!(resume(b"no such file"), Error::CheckpointFile(_)));
    let good = state(&tiny.trainer(&settings()));
    assert!(matches!(resume(&good[..good.len() - 4]), Error::CheckpointFile(_)));
    let other = palpable::weights::write_safetensors(&[], &[("a".to_owned(), "b".to_owned())].into());
    assert!(resume(&other).to_string().contains("not a training checkpoint"));

    let mut narrower = tiny.model();
    let model = FormulaModel::read("unet/residual_mid.json");
    let config = UNet2DConditionConfig::from_json(&model.config).unwrap();
    let unet = UNet2DConditionModel::load(&mut model.weights(&tiny.device, FloatDType::F32), config);
    narrower.unet = Rc::new(unet.unwrap());
    let error = Trainer::resume(narrower, tiny.latents(), &good, &tiny.device).err().unwrap();
    assert!(error.to_string().contains("another architecture"), "{error}");
}

// Parts.

#[test]
fn the_new_word_starts_as_the_class_noun() {
    let device = Device::flex();
    let one: Tensor<2> = formula::values("row", [1, 24], &device);
    assert_eq!(values(embedding::initial_embedding(one.clone(), 1, 7)), values(one.clone()));
    let two_pieces: Tensor<2> = Tensor::cat(vec![one.clone(), one.clone() * 3.0], 0);
    let start = embedding::initial_embedding(two_pieces, 3, 7);
    assert_eq!(start.dims(), [3, 24]);
    let first = values(start.clone().narrow(0, 0, 1));
    assert!(largest_difference(&first, &values(one * 2.0)) < 1e-6);
    for vector in [1, 2] {
        let further = values(start.clone().narrow(0, vector, 1));
        let difference = largest_difference(&first, &further);
        assert!(difference > 1e-3 && difference < 1.5, "{difference}");
    }
}

#[test]
fn long_embeddings_are_shortened_and_others_left() {
    let device = Device::flex();
    let embedding = Tensor::<2>::from_floats([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]], &device);
    let limits = Tensor::<2>::from_floats([[1.0], [1.0], [1.0]], &device);
    let capped = values(embedding::cap_norms(embedding, limits));
    assert!(largest_difference(&capped, &[0.6, 0.8, 0.3, 0.4, 0.0, 0.0]) < 1e-6);
}

#[test]
fn embedding_norms_stay_below_the_cap() {
    let tiny = Tiny::new();
    let fast = TrainingSettings { embedding_learning_rate: 0.5, ..settings() };
    let mut capped = tiny.trainer(&fast);
    let mut free = tiny.trainer(&TrainingSettings { embedding_norm_cap: None, ..fast });
    let start = block_on(capped.step()).unwrap().embedding_norm;
    run(&mut capped, 3);
    run(&mut free, 4);
    let [capped, free] = [&mut capped, &mut free].map(|trainer| block_on(trainer.step()).unwrap());
    assert!(capped.embedding_norm <= start * 1.2 * 1.00001);
    assert!(free.embedding_norm > start * 1.5);
}

/// AdamW by its definition, three updates.
#[test]
fn updates_follow_adamw() {
    let device = Device::flex();
    let (rate, decay) = (0.1, 0.01);
    let start = [0.5_f64, -2.0];
    let mut group = ParameterGroup::new(Tensor::from_floats(start.map(|x| x as f32), &device), rate, decay);
    let (mut x, mut m, mut v) = (start, [0.0; 2], [0.0; 2]);
    for (update, gradient) in [[1.0, -0.5], [0.2, 0.1], [-3.0, 0.0]].into_iter().enumerate() {
        group.update(Tensor::from_floats(gradient.map(|g| g as f32), &device));
        let time = update as i32 + 1;
        for i in 0..2 {
            let g: f64 = gradient[i];
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.999 * v[i] + 0.001 * g * g;
            let corrected = (m[i] / (1.0 - 0.9_f64.powi(time)), v[i] / (1.0 - 0.999_f64.powi(time)));
            x[i] = x[i] * (1.0 - rate * decay) - rate * corrected.0 / (corrected.1.sqrt() + 1e-8);
        }
    }
    assert!(largest_difference(&values(group.values()), &x.map(|x| x as f32)) < 1e-5);
}

#[test]
fn gradients_are_clipped_by_their_common_norm() {
    let device = Device::flex();
    let lora = Tensor::<1>::from_floats([3.0, 0.0], &device);
    let embedding = Tensor::<1>::from_floats([4.0], &device);
    let norm = optimizer::global_norm(lora.clone(), embedding.clone());
    assert_eq!(values(norm.clone()), [5.0]);
    let clipped = optimizer::clip(lora.clone(), norm.clone(), 1.0);
    assert!(largest_difference(&values(clipped), &[0.6, 0.0]) < 1e-6);
    assert_eq!(values(optimizer::clip(lora.clone(), norm, 10.0)), values(lora));
}

// Settings.

fn refusal(change: impl FnOnce(&mut TrainingSettings)) -> SettingsError {
    let mut settings = settings();
    change(&mut settings);
    settings.validate().unwrap_err()
}

#[test]
fn settings_that_cannot_work_are_refused_in_a_sentence() {
    assert_eq!(settings().validate(), Ok(Vec::new()));
    let message = |change: fn(&mut TrainingSettings)| refusal(change).to_string();
    assert!(message(|s| s.clean_prompt = " ".into()).starts_with("The target prompt is empty"));
    assert!(message(|s| s.class_noun.clear()).starts_with("The class noun is empty"));
    assert!(message(|s| s.clean_prompt = "a sketch of <MY-dog>".into()).contains("contains the new word"));
    assert!(
        message(|s| s.personalization_prompt = "a photo".into()).contains("does not contain the new word")
    );
    assert!(message(|s| s.rank = 0).contains("rank is 0, but must be between 1 and 256"));
    assert!(message(|s| s.lambda = f64::NAN).contains("lambda"));
    assert!(message(|s| s.alignment_timesteps = [900, 100]).contains("from timestep 900 to 100"));
    assert!(message(|s| s.vectors = 5).contains("embedding vectors"));
}

#[test]
fn settings_that_may_surprise_are_remarked_on() {
    let remarks = |change: fn(&mut TrainingSettings)| {
        let mut settings = settings();
        change(&mut settings);
        settings.validate().unwrap().join(" ")
    };
    assert!(remarks(|s| s.clean_prompt = "a castle".into()).contains("does not mention the class noun"));
    assert!(remarks(|s| s.warmup_steps = 100).contains("will never act"));
    assert!(remarks(|s| s.beta = 8.0).contains("not above beta"));
}

#[test]
fn settings_are_camel_case_json_with_defaults() {
    let json = r#"{"classNoun": "cat", "cleanPrompt": "a cat", "loraLearningRate": 0.5, "loraAlpha": 8}"#;
    let settings: TrainingSettings = serde_json::from_str(json).unwrap();
    assert_eq!(settings.lora_learning_rate, 0.5);
    assert_eq!(settings.effective_lora_alpha(), 8.0);
    assert_eq!((settings.rank, settings.steps, settings.warmup_steps), (16, 100, 50));
    assert_eq!(settings.personalization_text(), "a photo of <my-subject>");
    assert!(serde_json::to_string(&settings).unwrap().contains("\"embeddingNormCap\":1.2"));
}

#[test]
fn prompts_that_do_not_fit_are_noticed() {
    let tiny = Tiny::new();
    let long = "dog ".repeat(90);
    let prompts = TrainingSettings { clean_prompt: long.clone(), ..settings() };
    assert!(tiny.trainer(&prompts).remarks()[0].contains("too long"));
    let prompts =
        TrainingSettings { personalization_prompt: format!("{long} {{placeholder}}"), ..settings() };
    let error = Trainer::new(tiny.model(), tiny.latents(), prompts, &tiny.device).err().unwrap();
    assert!(matches!(error, Error::Settings(SettingsError::PlaceholderCutOff { tokens: 77 })), "{error}");
    let known = TrainingSettings { placeholder: "beach".into(), ..settings() };
    let error = Trainer::new(tiny.model(), tiny.latents(), known, &tiny.device).err().unwrap();
    assert!(matches!(error, Error::Tokenizer(_)), "{error}");
}
