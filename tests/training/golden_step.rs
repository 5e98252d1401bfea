//! A pass on the tiny model that a golden script (tools/goldens/methods.py, alignment_forms.py) has made too.

use burn::tensor::Tensor;
use palpable::model::adaptable::ModuleChoice;
use palpable::sampling::PredictionType;
use palpable::training::ActivationPolicy;
use palpable::training::alignment::Alignment;
use palpable::training::batch::Batch;
use palpable::training::embedding::{NewWords, PromptTemplate};
use palpable::training::gradients::{self, Conditioning, Networks, StepGradients, Trained};
use palpable::training::localized_loss::LocalizedRows;
use palpable::training::loss_weights::RowWeights;
use palpable::training::unet_parameters::UNetLayout;

use crate::support::{Golden, formula, relative_error, values};
use crate::tiny::{Tiny, schedule};

pub const LIMIT: f64 = 1e-3;
const PRIOR_TIMESTEPS: [usize; 2] = [20, 500];

/// What a pass is made of. Pictures and noise are the script's.
pub struct Case {
    pub layout: UNetLayout,
    /// Whether the LoRA factors are the script's; else they, or the differences, are zero.
    pub adapted: bool,
    /// Of the photos' rows, then of the prior's if there are any.
    pub prompts: Vec<&'static str>,
    pub clean: &'static str,
    pub prediction_type: PredictionType,
    pub timesteps: [usize; 2],
    pub weights: RowWeights,
    pub localized: Option<LocalizedRows>,
    pub embedding_is_trained: bool,
    pub alignment: Option<Alignment>,
}

impl Case {
    /// Two photos, without alignment and weights.
    pub fn new(layout: UNetLayout, prompts: Vec<&'static str>) -> Self {
        Self {
            layout,
            adapted: false,
            prompts,
            clean: "a pencil sketch of a dog and a cat",
            prediction_type: PredictionType::Epsilon,
            timesteps: [300, 700],
            weights: RowWeights { min_snr: None, pixels: None, prior: None },
            localized: None,
            embedding_is_trained: true,
            alignment: None,
        }
    }

    /// Losses and gradients, the same to the bit with activations kept and computed again.
    pub fn run(self, tiny: &Tiny) -> StepGradients {
        let schedule = schedule(self.prediction_type);
        let mut tokenizer = tiny.model().tokenizer;
        let placeholders = ["<my-dog>", "<my-cat>"].map(str::to_owned).to_vec();
        let new_words = NewWords { placeholders, vectors: 1 };
        for word in &new_words.placeholders {
            tokenizer.add_placeholder(word, 1).unwrap();
        }
        let template =
            |prompt: &str| PromptTemplate::new(&tokenizer.encode(prompt), &new_words, &tiny.text_encoder);
        let embedding: Tensor<2> = formula::values("embedding", [2, 24], &tiny.device) * 0.2;
        let fixed = |prompt: &str| tiny.text_encoder.forward(template(prompt).splice(&embedding));
        let mut distinct = self.prompts.clone();
        distinct.dedup();
        let conditioning = Conditioning {
            personalization: distinct.iter().map(|prompt| template(prompt)).collect(),
            clean: fixed(self.clean),
            empty: fixed(""),
        };
        let rows = self.prompts.len();
        let both = |what: &str| {
            let parts = ["photos", "prior"].map(|name| pictures(&format!("{name}.{what}"), tiny));
            Tensor::cat(parts[..rows / 2].to_vec(), 0)
        };
        let of_prompt = |prompt: &&str| distinct.iter().position(|known| known == prompt).unwrap();
        let batch = Batch {
            latents: both("latents"),
            noise: both("noise"),
            timesteps: self.timesteps.into_iter().chain(PRIOR_TIMESTEPS).take(rows).collect(),
            prompts: self.prompts.iter().map(of_prompt).collect(),
            photo_rows: 2,
            weights: self.weights.of_batch(2, &tiny.device),
            localized: self.localized,
        };
        let trained = Trained {
            values: initial(&self.layout, tiny, self.adapted),
            layout: self.layout,
            embedding,
            embedding_is_trained: self.embedding_is_trained,
        };
        let pass = |activations| {
            let networks = Networks {
                text_encoder: &tiny.text_encoder,
                unet: &tiny.unet,
                schedule: &schedule,
                dtype: tiny.dtype.into(),
                activations,
            };
            gradients::step_gradients(networks, &conditioning, &trained, &batch, self.alignment.as_ref())
        };
        let (kept, recomputed) = (pass(ActivationPolicy::Keep), pass(ActivationPolicy::Recompute));
        assert_eq!(values(kept.unet.clone()), values(recomputed.unet));
        assert_eq!(values(kept.embedding.clone()), values(recomputed.embedding));
        kept
    }
}

/// Two pictures of the script's.
pub fn pictures(name: &str, tiny: &Tiny) -> Tensor<4> {
    formula::values(name, [2, 8, 8, 4], &tiny.device)
}

/// The scripts' LoRA.
pub fn lora(tiny: &Tiny) -> UNetLayout {
    UNetLayout::new(tiny.unet.adaptable_modules(ModuleChoice::AttentionProjections), 2, 2.0)
}

fn initial(layout: &UNetLayout, tiny: &Tiny, adapted: bool) -> Tensor<1> {
    if !adapted {
        return Tensor::zeros([layout.count()], &tiny.device);
    }
    let modules = tiny.unet.adaptable_modules(ModuleChoice::AttentionProjections);
    let factors = modules.iter().flat_map(|module| {
        let factor = |part: &str, count: usize| {
            values(formula::values::<1>(&format!("{}.{part}", module.path), [count], &tiny.device) * 0.2)
        };
        [factor("down", 2 * module.in_features), factor("up", 2 * module.out_features)].concat()
    });
    Tensor::from_floats(factors.collect::<Vec<f32>>().as_slice(), &tiny.device)
}

/// The scripts' sample of a gradient: every n-th number, at most 128, and the norm of all.
fn sample_of(gradient: &[f32]) -> Vec<f32> {
    let step = (gradient.len() / 128).max(1);
    let norm = gradient.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
    gradient.iter().copied().step_by(step).take(128).chain([norm as f32]).collect()
}

/// Compares what the golden holds of a case: a loss, [V]'s gradient (which is 0 if it holds none) and those
/// of `tensors` of the weights. Returns the gradients' worst relative error.
pub fn compare(
    golden: &Golden,
    name: &str,
    (loss, value): (&str, Tensor<1>),
    layout: &UNetLayout,
    step: StepGradients,
    tensors: usize,
) -> f64 {
    let check = |what: &str, actual: &[f32], limit: f64| {
        let error = relative_error(actual, golden.values(&format!("{name}.{what}")));
        assert!(error <= limit, "{name} {what}: relative error {error:.1e}");
        error
    };
    check(loss, &values(value), 1e-5);
    let mut worst: f64 = 0.0;
    if golden.holds(&format!("{name}.embedding")) {
        worst = check("embedding", &values(step.embedding), LIMIT);
    } else {
        assert!(values(step.embedding).iter().all(|&value| value == 0.0));
    }
    let (lora, differences) = layout.weights(&values(step.unet));
    let lora = lora.into_iter().flat_map(|weights| {
        [(format!("{}.down", weights.path), weights.down), (format!("{}.up", weights.path), weights.up)]
    });
    let full = differences.into_iter().flat_map(|difference| {
        let bias = difference.bias.map(|bias| (format!("{}.bias", difference.path), bias));
        [(format!("{}.weight", difference.path), difference.weight)].into_iter().chain(bias)
    });
    let mut compared = 0;
    for (path, gradient) in lora.chain(full) {
        if golden.holds(&format!("{name}.{path}")) {
            worst = worst.max(check(&path, &sample_of(&gradient), LIMIT));
            compared += 1;
        }
    }
    assert_eq!(compared, tensors);
    println!("{name}: worst relative error of a gradient {worst:.1e}");
    worst
}
