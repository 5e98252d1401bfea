//! Each method's loss and gradients against PyTorch (tools/goldens/methods.py), where every loss is written
//! as its authors' code has it; and min-SNR's numbers.

use burn::tensor::Tensor;
use palpable::model::adaptable::ModuleChoice;
use palpable::sampling::{NoiseSchedule, PredictionType};
use palpable::training::alignment::Alignment;
use palpable::training::localized_loss::LocalizedRows;
use palpable::training::loss_weights::{RowWeights, min_snr};
use palpable::training::settings::{Method, TrainingSettings};
use palpable::training::unet_parameters::UNetLayout;

use crate::golden_step::{self, Case, lora};
use crate::support::{Golden, relative_error, values};
use crate::tiny::{Tiny, schedule};

/// The photos' prompts, then two of the prior.
const WITH_PRIOR: [&str; 4] =
    ["a photo of <my-dog>", "an oil painting of <my-cat>", "a photo of a dog", "a photo of a dog"];

fn compare(name: &str, tiny: &Tiny, case: Case, tensors: usize) {
    let layout = case.layout.clone();
    let step = case.run(tiny);
    let loss = ("loss", step.loss.clone());
    golden_step::compare(&Golden::read("methods.safetensors"), name, loss, &layout, step, tensors);
}

/// One number for each latent of two pictures.
fn of_latents(tiny: &Tiny, value: impl Fn(usize, usize, usize) -> f32) -> Tensor<4> {
    let values: Vec<f32> = (0..128).map(|index| value(index / 64, index / 8 % 8, index % 8)).collect();
    Tensor::<1>::from_floats(values.as_slice(), &tiny.device).reshape([2, 8, 8, 1])
}

#[test]
fn textual_inversion_equals_pytorch() {
    let tiny = Tiny::new();
    let layout = UNetLayout::full(tiny.unet.adaptable_modules(ModuleChoice::Nothing));
    let prompts = vec!["a photo of a <my-dog>", "a close-up photo of the <my-dog>"];
    compare("textual_inversion", &tiny, Case::new(layout, prompts), 0);
}

#[test]
fn dreambooth_equals_pytorch() {
    let tiny = Tiny::new();
    let layout = UNetLayout::full(tiny.unet.adaptable_modules(ModuleChoice::All));
    let mut case = Case::new(layout, [["photo of a <my-dog> dog"; 2], ["a photo of a dog"; 2]].concat());
    case.weights.prior = Some((2, 0.5));
    case.embedding_is_trained = false;
    compare("dreambooth", &tiny, case, 8);
}

#[test]
fn dreambooth_lora_with_min_snr_equals_pytorch() {
    let tiny = Tiny::new();
    let mut case = Case::new(lora(&tiny), vec!["photo of a <my-dog> dog"; 2]);
    case.adapted = true;
    case.timesteps = [50, 700];
    case.weights.min_snr = Some(gamma_5(&[50, 700]));
    case.embedding_is_trained = false;
    compare("dreambooth_lora", &tiny, case, 8);
}

#[test]
fn custom_diffusion_equals_pytorch() {
    let tiny = Tiny::new();
    let layout = UNetLayout::full(tiny.unet.adaptable_modules(ModuleChoice::CrossAttentionKeysValues));
    let photos = ["very small photo of a <my-dog> dog", "photo of a <my-dog> dog"];
    let mut case = Case::new(layout, [photos, ["a photo of a dog"; 2]].concat());
    // The first photo fills rows 2..5 and columns 1..7, so these 18 of 64 latents count for all.
    let pixels = of_latents(&tiny, |photo, row, column| match (photo, row, column) {
        (0, 2..5, 1..7) => 64.0 / 18.0,
        (0, ..) => 0.0,
        _ => 1.0,
    });
    case.weights = RowWeights { pixels: Some(pixels), prior: Some((2, 1.0)), min_snr: None };
    compare("custom_diffusion", &tiny, case, 2);
}

/// Two subjects with masks, min-SNR and a prior: alignment is weighed by none of them.
#[test]
fn palp_on_two_subjects_equals_pytorch() {
    let tiny = Tiny::new();
    let mut case = Case::new(lora(&tiny), WITH_PRIOR.to_vec());
    case.adapted = true;
    case.timesteps = [50, 700];
    let pixels = of_latents(&tiny, |_, row, column| if (8 * row + column) % 3 == 0 { 1.0 } else { 0.25 });
    case.weights =
        RowWeights { min_snr: Some(gamma_5(&[50, 700])), pixels: Some(pixels), prior: Some((2, 0.5)) };
    case.alignment = Some(Alignment { alpha: 7.5, beta: 3.0, lambda: 0.3, ..Alignment::default() });
    let layout = case.layout.clone();
    let step = case.run(&tiny);
    let loss = ("personalization_loss", step.personalization_loss.clone());
    golden_step::compare(&Golden::read("methods.safetensors"), "palp", loss, &layout, step, 8);
}

/// The localized loss of the photos' own words beside a prior that it leaves alone.
#[test]
fn the_localized_loss_equals_pytorch() {
    let tiny = Tiny::new();
    let case = |weight: f64| {
        let mut case = Case::new(lora(&tiny), WITH_PRIOR.to_vec());
        case.adapted = true;
        case.weights.prior = Some((2, 0.5));
        let shows = |photo, row, column| match (photo, row, column) {
            (0, 2..5, 1..7) | (1, 4.., ..3) => 1.0,
            _ => 0.0,
        };
        let masks = Tensor::cat(vec![of_latents(&tiny, shows), of_latents(&tiny, |_, _, _| 0.0)], 0);
        let words = vec![0..1, 1..2, 0..0, 0..0];
        case.localized = Some(LocalizedRows { weight, masks: masks.squeeze_dim(3), words });
        case
    };
    compare("localized", &tiny, case(5.0), 8);
    let golden = Golden::read("methods.safetensors");
    let step = case(5.0).run(&tiny);
    for (what, value) in [
        ("localized_loss", step.localized_loss.unwrap()),
        ("personalization_loss", step.personalization_loss),
    ] {
        let error = relative_error(&values(value), golden.values(&format!("localized.{what}")));
        assert!(error < 1e-5, "{what}: {error:.1e}");
    }
    // The golden would be missed without it.
    let without = relative_error(&values(case(0.0).run(&tiny).embedding), &values(step.embedding));
    println!("the localized loss moves the gradient of the words by {without:.1e}");
    assert!(without > 0.1);
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
        // Textual Inversion's one vector is all it has: there it stands for the noun too.
        let noun_follows = method != Method::TextualInversion;
        assert_eq!(settings.subject_phrase() != settings.placeholder, noun_follows, "{method:?}");
        let prompt = settings.with_class_nouns(&format!("a sketch of {}", settings.subject_phrase()));
        let settings = TrainingSettings { clean_prompt: prompt, ..settings };
        assert_eq!(settings.validate(), Ok(Vec::new()), "{method:?}");
        assert_eq!(settings.clean_prompt, "a sketch of a dog");
    }
    assert_eq!(TrainingSettings::of_method(Method::Palp), TrainingSettings::default());
}
