//! The localized cross-attention loss: against PyTorch (tools/goldens/localized_loss.py), piece by piece, and
//! in whole runs.

use burn::tensor::{FloatDType, Tensor};
use palpable::model::unet::UNet2DConditionModel;
use palpable::model::unet_config::UNet2DConditionConfig;
use palpable::training::batches::Batches;
use palpable::training::gradients::Trained;
use palpable::training::localized_loss::Localization;
use palpable::training::segmented_pass::{PassGradients, SegmentedPass};
use palpable::training::settings::{SettingsError, Subject};
use palpable::training::unet_parameters::UNetLayout;
use palpable::training::{ActivationPolicy, Error, PhotoLatents, Trainer, TrainingSettings};

use crate::support::formula::{self, FormulaModel};
use crate::support::{Golden, any_device, block_on, relative_error, values};
use crate::tiny::{self, Tiny, resume, run, state, trained_values};

const TIMESTEPS: [f32; 2] = [801.0, 20.5];
const SIZE: [usize; 2] = [16, 12];
const TOKENS: usize = 11;
const WEIGHT: f64 = 0.5;

/// Stable Diffusion 1.5's layout, a tenth as wide, with a LoRA of `size` on every attention projection.
fn setup(size: f64) -> (UNet2DConditionModel, Trained) {
    let device = any_device();
    let model = FormulaModel::read("unet/sd15_layout.json");
    let config = UNet2DConditionConfig::from_json(&model.config).unwrap();
    let unet = UNet2DConditionModel::load(&mut model.weights(&device, FloatDType::F32), config).unwrap();
    let layout = UNetLayout::new(unet.attention_projections(), 1, 1.0);
    let lora: Tensor<1> = formula::values("lora", [layout.count()], &device) * size;
    let embedding = Tensor::zeros([1, 48], &device);
    (unet, Trained { values: lora, layout, embedding, embedding_is_trained: true })
}

/// L_loc and the gradients of Σ output ⊙ weights + `weight`·L_loc; without a weight of the first term alone.
fn gradients(
    (unet, trained): &(UNet2DConditionModel, Trained),
    positions: &[Vec<usize>],
    policy: ActivationPolicy,
    weight: Option<f64>,
) -> (Option<f32>, PassGradients) {
    let device = any_device();
    let image = |name: &str| formula::values(name, [2, SIZE[0], SIZE[1], 4], &device);
    let context = formula::values("encoder_hidden_states", [2, TOKENS, 48], &device);
    let masks: Tensor<3> = formula::values("masks", [2, 40, 30], &device).greater_elem(0.5).float();
    let localization = Localization::new(unet, masks, positions, TOKENS);
    let localized = weight.map(|weight| (localization, weight));
    let time = unet.activated_time(&TIMESTEPS, &device);
    let (_, pass) = SegmentedPass::forward(unet, trained, image("sample"), time, context, policy, localized);
    let loss = pass.localized_loss().map(|loss| values(loss)[0]);
    (loss, pass.backward(image("weights")))
}

#[test]
fn loss_and_gradient_equal_the_authors() {
    let golden = Golden::read("localized_loss.safetensors");
    let setup = setup(0.0);
    let positions = [vec![2, 3], vec![5]];
    let with = |weight| gradients(&setup, &positions, ActivationPolicy::Keep, weight);
    let (loss, both) = with(Some(WEIGHT));
    let expected = golden.values("loss")[0];
    let error = f64::from((loss.unwrap() - expected) / expected).abs();
    println!("loss {expected}: {error:.1e}");
    assert!(error < 1e-4, "{error:e}");
    let states = |gradients: PassGradients| values(gradients.encoder_hidden_states.unwrap());
    let both = states(both);
    let error = relative_error(&both, golden.values("both"));
    println!("gradient: {error:.1e}");
    assert!(error < 1e-4, "{error:e}");
    // The loss's own part, which is small beside the output's: enlarged, so that rounding is not.
    let enlarged = states(with(Some(1e4 * WEIGHT)).1);
    let (none, plain) = with(None);
    assert_eq!(none, None);
    let alone: Vec<f32> =
        enlarged.iter().zip(states(plain)).map(|(enlarged, plain)| (enlarged - plain) / 1e4).collect();
    let error = relative_error(&alone, golden.values("alone"));
    println!("gradient of the loss alone: {error:.1e}");
    assert!(error < 1e-3, "{error:e}");
}

/// Kept and recomputed activations give the same to the bit, and LoRA factors get a gradient of the loss
/// too; a row without the subject has none.
#[test]
fn both_policies_agree_and_rows_without_a_subject_rest() {
    let setup = setup(0.2);
    let positions = [vec![2, 3], Vec::new()];
    let run = |policy, weight| {
        let (loss, gradients) = gradients(&setup, &positions, policy, weight);
        let lora = values(setup.1.layout.flatten(gradients.unet, &any_device()));
        (loss, lora, values(gradients.encoder_hidden_states.unwrap()))
    };
    let kept = run(ActivationPolicy::Keep, Some(1e4));
    assert_eq!(kept, run(ActivationPolicy::Recompute, Some(1e4)));
    let plain = run(ActivationPolicy::Keep, None);
    assert!(relative_error(&kept.1, &plain.1) > 1e-4);
    let half = kept.2.len() / 2;
    // To the rounding of the explicit attention.
    let moved = |rows: std::ops::Range<usize>| relative_error(&kept.2[rows.clone()], &plain.2[rows]);
    let (with_subject, without) = (moved(0..half), moved(half..2 * half));
    println!("gradients move by {with_subject:.1e} with a subject, by {without:.1e} without");
    assert!(with_subject > 1e-2 && without < 1e-5);
}

/// Two photos of three with a mask each: the subject in the middle, and in a corner.
fn covered() -> Vec<f32> {
    let shows = |photo: usize, row: usize, column: usize| match photo {
        0 => (2..6).contains(&row) && (2..6).contains(&column),
        1 => row < 3 && column < 4,
        _ => false,
    };
    (0..192).map(|index| f32::from(u8::from(shows(index / 64, index / 8 % 8, index % 8)))).collect()
}

fn masked_run(tiny: &Tiny, localized_loss: f64) -> Trainer {
    let settings = TrainingSettings { localized_loss, lambda: 0.0, steps: 12, ..tiny::settings() };
    let latents = formula::values("latents", [3, 8, 8, 4], &tiny.device);
    Trainer::new(tiny.model(), PhotoLatents::masked(latents, &covered()), settings, &tiny.device).unwrap()
}

/// The attention leaves the background, further than without the loss. Both runs see the same batches, whose
/// timesteps differ from step to step more than a few steps change, so halves of the runs are compared.
#[test]
fn a_few_steps_draw_the_attention_to_the_subject() {
    let tiny = Tiny::new();
    let [localized, plain] = [10.0, 1e-6].map(|weight| {
        let mut trainer = masked_run(&tiny, weight);
        let steps = (0..12).map(|_| block_on(trainer.step()).unwrap());
        steps.map(|record| record.localized_loss).collect::<Vec<_>>()
    });
    println!("L_loc with the loss {localized:?}, without {plain:?}");
    assert_eq!(localized[0], plain[0]);
    let gained = |steps: std::ops::Range<usize>| {
        let count = steps.len() as f64;
        steps.map(|step| plain[step] - localized[step]).sum::<f64>() / count
    };
    let (first, second) = (gained(0..6), gained(6..12));
    println!("gained in the first half {first:.1e}, in the second {second:.1e}");
    assert!(second > 1e-3 && second > 2.0 * first);
}

/// Each row's word is that of its photo's subject; a photo without a mask has none.
#[test]
fn rows_localize_their_own_subjects() {
    let tiny = Tiny::new();
    let cat =
        Subject { placeholder: "<my-cat>".into(), class_noun: "cat".into(), photos: 1, ..Default::default() };
    let settings = TrainingSettings {
        localized_loss: 0.5,
        vectors: 2,
        batch: 6,
        further_subjects: vec![cat],
        ..tiny::settings()
    };
    // The second of the dog's two photos has no mask.
    let covered: Vec<f32> = (0..192).map(|index| f32::from(u8::from(index / 64 != 1))).collect();
    let latents = PhotoLatents::masked(formula::values("latents", [3, 8, 8, 4], &tiny.device), &covered);
    let schedule = tiny.model().schedule;
    let batches = Batches { settings: &settings, latents: &latents, schedule: &schedule };
    let photos: Vec<_> = batches.draw(0, 0).rows.iter().map(|row| row.photo).collect();
    let localized = batches.batch(0, 0, &tiny.device).0.localized.unwrap();
    assert_eq!(localized.weight, 0.5);
    assert_eq!(localized.masks.dims(), [6, 8, 8]);
    assert!((0..3).all(|photo| photos.contains(&photo)), "{photos:?}");
    let expected: Vec<_> = photos.iter().map(|photo| [0..2, 0..0, 2..4][*photo].clone()).collect();
    assert_eq!(localized.words, expected);
}

#[test]
fn a_record_counts_the_localized_loss() {
    let tiny = Tiny::new();
    let record = block_on(masked_run(&tiny, 4.0).step()).unwrap();
    assert!(record.localized_loss != 0.0);
    let parts = record.personalization_loss + 4.0 * record.localized_loss;
    assert!((record.loss - parts).abs() < 1e-5 * parts.abs(), "{} is not {parts}", record.loss);
    assert!(serde_json::to_value(&record).unwrap()["localizedLoss"].is_number());
}

/// Masks that nobody asks for change nothing, to the bit.
#[test]
fn without_its_weight_masks_change_nothing() {
    let tiny = Tiny::new();
    let mut masked = masked_run(&tiny, 0.0);
    let mut plain = tiny.trainer(masked.settings());
    run(&mut masked, 3);
    run(&mut plain, 3);
    assert_eq!(trained_values(&masked), trained_values(&plain));
}

#[test]
fn a_resumed_localized_run_is_the_uninterrupted_one_to_the_bit() {
    let tiny = Tiny::new();
    let mut whole = masked_run(&tiny, 2.0);
    run(&mut whole, 6);
    let mut first = masked_run(&tiny, 2.0);
    run(&mut first, 3);
    let mut second = resume(&tiny, &state(&first)).unwrap();
    run(&mut second, 3);
    assert_eq!(state(&second), state(&whole));
}

#[test]
fn photos_without_masks_are_refused_or_passed_over() {
    let tiny = Tiny::new();
    let settings = TrainingSettings { localized_loss: 1.0, ..tiny::settings() };
    let refused =
        |latents| Trainer::new(tiny.model(), latents, settings.clone(), &tiny.device).err().unwrap();
    let latents = tiny.latents();
    let error = refused(latents);
    assert!(matches!(error, Error::Settings(SettingsError::MasksMissing)), "{error}");
    assert!(error.to_string().contains("no photo has a mask"), "{error}");
    let remarks = masked_run(&tiny, 1.0).remarks().join(" ");
    assert!(remarks.contains("2 of 3 photos have a mask"), "{remarks}");
    let too_much = TrainingSettings { localized_loss: 11.0, ..settings };
    assert!(too_much.validate().unwrap_err().to_string().contains("localized loss is 11"));
}
