//! Each method's loss and gradients against PyTorch (tools/goldens/methods.py), where every loss is written
//! as its authors' code has it; and min-SNR's numbers.

use burn::tensor::Tensor;
use palpable::model::adaptable::ModuleChoice;
use palpable::sampling::{NoiseSchedule, PredictionType};
use palpable::training::ActivationPolicy;
use palpable::training::alignment::Alignment;
use palpable::training::embedding::{NewWords, PromptTemplate};
use palpable::training::gradients::{self, Batch, Conditioning, Networks, StepGradients, Trained};
use palpable::training::lora_parameters::LoraLayout;
use palpable::training::loss_weights::{RowWeights, min_snr};
use palpable::training::settings::{Method, TrainingSettings};

use crate::support::{Golden, formula, relative_error, values};
use crate::tiny::{Tiny, schedule};

const LIMIT: f64 = 1e-3;
const PRIOR_TIMESTEPS: [usize; 2] = [20, 500];

/// A pass on the tiny model.
struct Case {
    name: &'static str,
    layout: LoraLayout,
    /// Of the photos' rows, then of the prior's if there are any.
    prompts: Vec<&'static str>,
    timesteps: [usize; 2],
    weights: RowWeights,
    embedding_is_trained: bool,
}

fn unweighted() -> RowWeights {
    RowWeights { min_snr: None, pixels: None, prior: None }
}

fn lora(tiny: &Tiny) -> LoraLayout {
    LoraLayout::new(tiny.unet.adaptable_modules(ModuleChoice::AttentionProjections), 2, 2.0)
}

/// The golden script's factors; full differences start at zero.
fn initial(layout: &LoraLayout, tiny: &Tiny, name: &str) -> Tensor<1> {
    if !matches!(name, "dreambooth_lora" | "palp") {
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

fn run(tiny: &Tiny, case: Case, alignment: Option<Alignment>) -> StepGradients {
    let Case { name, layout, prompts, timesteps, weights, embedding_is_trained } = case;
    let schedule = schedule(PredictionType::Epsilon);
    let mut tokenizer = tiny.model().tokenizer;
    let new_words =
        NewWords { placeholders: ["<my-dog>", "<my-cat>"].map(str::to_owned).to_vec(), vectors: 1 };
    for word in &new_words.placeholders {
        tokenizer.add_placeholder(word, 1).unwrap();
    }
    let template =
        |prompt: &str| PromptTemplate::new(&tokenizer.encode(prompt), &new_words, &tiny.text_encoder);
    let embedding: Tensor<2> = formula::values("embedding", [2, 24], &tiny.device) * 0.2;
    let fixed = |prompt: &str| tiny.text_encoder.forward(template(prompt).splice(&embedding));
    let mut distinct: Vec<&str> = prompts.clone();
    distinct.dedup();
    let conditioning = Conditioning {
        personalization: distinct.iter().map(|prompt| template(prompt)).collect(),
        clean: fixed("a pencil sketch of a dog and a cat"),
        empty: fixed(""),
    };
    let both = |what: &str| {
        let rows = ["photos", "prior"]
            .map(|name| formula::values::<4>(&format!("{name}.{what}"), [2, 8, 8, 4], &tiny.device));
        Tensor::cat(rows[..prompts.len() / 2].to_vec(), 0)
    };
    let batch = Batch {
        latents: both("latents"),
        noise: both("noise"),
        timesteps: timesteps.into_iter().chain(PRIOR_TIMESTEPS).take(prompts.len()).collect(),
        prompts: prompts
            .iter()
            .map(|prompt| distinct.iter().position(|known| known == prompt).unwrap())
            .collect(),
        photo_rows: 2,
        weights: weights.of_batch(2, &tiny.device),
    };
    let trained = Trained {
        factors: layout.split(&initial(&layout, tiny, name)),
        layout: layout.clone(),
        embedding,
        embedding_is_trained,
    };
    let networks = |activations| Networks {
        text_encoder: &tiny.text_encoder,
        unet: &tiny.unet,
        schedule: &schedule,
        dtype: tiny.dtype.into(),
        activations,
    };
    let pass = |activations| {
        gradients::step_gradients(networks(activations), &conditioning, &trained, &batch, alignment.as_ref())
    };
    let (kept, recomputed) = (pass(ActivationPolicy::Keep), pass(ActivationPolicy::Recompute));
    assert_eq!(values(kept.lora.clone()), values(recomputed.lora));
    assert_eq!(values(kept.embedding.clone()), values(recomputed.embedding));
    kept
}

/// The golden script's sample of a gradient: every n-th number, at most 128, and the norm of all.
fn sample_of(gradient: &[f32]) -> Vec<f32> {
    let step = (gradient.len() / 128).max(1);
    let norm = gradient.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
    gradient.iter().copied().step_by(step).take(128).chain([norm as f32]).collect()
}

/// Compares the loss, [V]'s gradient and all that the golden holds of the weights'.
fn compare(name: &str, loss: &str, layout: &LoraLayout, step: StepGradients, tensors: usize) {
    let golden = Golden::read("methods.safetensors");
    let check = |what: &str, actual: &[f32], limit: f64| {
        let error = relative_error(actual, golden.values(&format!("{name}.{what}")));
        assert!(error <= limit, "{name} {what}: relative error {error:.1e}");
        error
    };
    check(loss, &values(step.personalization_loss), 1e-5);
    let mut worst: f64 = 0.0;
    if golden.holds(&format!("{name}.embedding")) {
        worst = check("embedding", &values(step.embedding), LIMIT);
    } else {
        assert!(values(step.embedding).iter().all(|&value| value == 0.0));
    }
    let (lora, differences) = layout.weights(&values(step.lora));
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
}

#[test]
fn textual_inversion_equals_pytorch() {
    let tiny = Tiny::new();
    let layout = LoraLayout::full(tiny.unet.adaptable_modules(ModuleChoice::Nothing));
    let case = Case {
        name: "textual_inversion",
        layout: layout.clone(),
        prompts: vec!["a photo of a <my-dog>", "a close-up photo of the <my-dog>"],
        timesteps: [300, 700],
        weights: unweighted(),
        embedding_is_trained: true,
    };
    compare("textual_inversion", "loss", &layout, run(&tiny, case, None), 0);
}

#[test]
fn dreambooth_equals_pytorch() {
    let tiny = Tiny::new();
    let layout = LoraLayout::full(tiny.unet.adaptable_modules(ModuleChoice::All));
    let case = Case {
        name: "dreambooth",
        layout: layout.clone(),
        prompts: [["photo of a <my-dog> dog"; 2], ["a photo of a dog"; 2]].concat(),
        timesteps: [300, 700],
        weights: RowWeights { prior: Some((2, 0.5)), ..unweighted() },
        embedding_is_trained: false,
    };
    compare("dreambooth", "loss", &layout, run(&tiny, case, None), 8);
}

#[test]
fn dreambooth_lora_with_min_snr_equals_pytorch() {
    let tiny = Tiny::new();
    let layout = lora(&tiny);
    let case = Case {
        name: "dreambooth_lora",
        layout: layout.clone(),
        prompts: vec!["photo of a <my-dog> dog"; 2],
        timesteps: [50, 700],
        weights: RowWeights { min_snr: Some(gamma_5(&[50, 700])), ..unweighted() },
        embedding_is_trained: false,
    };
    compare("dreambooth_lora", "loss", &layout, run(&tiny, case, None), 8);
}

#[test]
fn custom_diffusion_equals_pytorch() {
    let tiny = Tiny::new();
    let layout = LoraLayout::full(tiny.unet.adaptable_modules(ModuleChoice::CrossAttentionKeysValues));
    // The first photo fills rows 2..5 and columns 1..7, so these 18 of 64 latents count for all.
    let weight = |index: usize| match (index / 64, index / 8 % 8, index % 8) {
        (0, 2..5, 1..7) => 64.0 / 18.0,
        (0, ..) => 0.0,
        _ => 1.0,
    };
    let pixels: Vec<f32> = (0..128).map(weight).collect();
    let pixels = Tensor::<1>::from_floats(pixels.as_slice(), &tiny.device).reshape([2, 8, 8, 1]);
    let case = Case {
        name: "custom_diffusion",
        layout: layout.clone(),
        prompts: vec![
            "very small photo of a <my-dog> dog",
            "photo of a <my-dog> dog",
            "a photo of a dog",
            "a photo of a dog",
        ],
        timesteps: [300, 700],
        weights: RowWeights { pixels: Some(pixels), prior: Some((2, 1.0)), min_snr: None },
        embedding_is_trained: true,
    };
    compare("custom_diffusion", "loss", &layout, run(&tiny, case, None), 2);
}

/// Two subjects with masks, min-SNR and a prior: alignment is weighed by none of them.
#[test]
fn palp_on_two_subjects_equals_pytorch() {
    let tiny = Tiny::new();
    let layout = lora(&tiny);
    let pixels: Vec<f32> = (0..128).map(|index| if index % 64 % 3 == 0 { 1.0 } else { 0.25 }).collect();
    let pixels = Tensor::<1>::from_floats(pixels.as_slice(), &tiny.device).reshape([2, 8, 8, 1]);
    let case = Case {
        name: "palp",
        layout: layout.clone(),
        prompts: vec![
            "a photo of <my-dog>",
            "an oil painting of <my-cat>",
            "a photo of a dog",
            "a photo of a dog",
        ],
        timesteps: [50, 700],
        weights: RowWeights {
            min_snr: Some(gamma_5(&[50, 700])),
            pixels: Some(pixels),
            prior: Some((2, 0.5)),
        },
        embedding_is_trained: true,
    };
    let alignment = Alignment { alpha: 7.5, beta: 3.0, lambda: 0.3, ..Alignment::default() };
    compare("palp", "personalization_loss", &layout, run(&tiny, case, Some(alignment)), 8);
}

fn gamma_5(timesteps: &[usize]) -> Vec<f32> {
    min_snr(&schedule(PredictionType::Epsilon), timesteps, 5.0)
}

#[test]
fn min_snr_weighs_as_published() {
    let close = |weights: Vec<f32>, expected: &[f32]| {
        assert_eq!(weights.len(), expected.len());
        assert!(weights.iter().zip(expected).all(|(a, b)| (a - b).abs() < 2e-3 * b), "{weights:?}");
    };
    close(gamma_5(&[0, 50, 100, 147, 500]), &[0.00425, 0.254, 0.591, 1.0, 1.0]);
    assert!(gamma_5(&[146])[0] < 1.0);
    // v: min(SNR, γ)/(SNR + 1), with SNR + 1 = 1/(1 − ᾱ); ᾱ_500 = 0.276332.
    let v: NoiseSchedule = schedule(PredictionType::VPrediction);
    let (snr_100, snr_500) = (0.894223 / 0.105777, 0.276332 / 0.723668_f32);
    close(min_snr(&v, &[100, 500], 5.0), &[5.0 / (snr_100 + 1.0), snr_500 / (snr_500 + 1.0)]);
}

/// The presets keep to what their authors train.
#[test]
fn methods_begin_as_their_authors_have_them() {
    use palpable::training::TrainedWeights::{All, CrossAttention, Lora, None};
    for (method, weights, word, prior, aligned) in [
        (Method::Palp, Lora, true, false, true),
        (Method::TiDb, Lora, true, false, false),
        (Method::TextualInversion, None, true, false, false),
        (Method::Dreambooth, All, false, true, false),
        (Method::DreamboothLora, Lora, false, false, false),
        (Method::CustomDiffusion, CrossAttention, true, true, false),
    ] {
        let settings = TrainingSettings { class_noun: "dog".into(), ..TrainingSettings::of_method(method) };
        assert_eq!(settings.method, method);
        assert_eq!((settings.trained_weights, settings.train_embedding), (weights, word), "{method:?}");
        assert_eq!((settings.preserves_prior(), settings.lambda > 0.0), (prior, aligned), "{method:?}");
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<TrainingSettings>(&json).unwrap(), settings);
        let prompt = settings.with_class_nouns(&format!("a sketch of {}", settings.subject_phrase()));
        let settings = TrainingSettings { clean_prompt: prompt, ..settings };
        assert_eq!(settings.validate(), Ok(Vec::new()), "{method:?}");
        assert_eq!(settings.clean_prompt, "a sketch of a dog");
    }
    assert_eq!(TrainingSettings::of_method(Method::Palp), TrainingSettings::default());
}
