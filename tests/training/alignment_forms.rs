//! Each form of prompt alignment against PyTorch (tools/goldens/alignment_forms.py), where the loss is the
//! paper's two terms as they stand there.

use burn::tensor::Tensor;
use palpable::sampling::PredictionType;
use palpable::training::alignment::{Alignment, AlignmentForm};
use palpable::training::loss_weights::min_snr;

use crate::golden_step::{self, Case, lora, pictures};
use crate::support::{Golden, values};
use crate::tiny::{Tiny, schedule};

const CLEAN: [&str; 2] = ["a pencil sketch of a dog", "a dog at the beach"];

/// α 7.5, β 1, the same noise.
fn paper() -> Alignment {
    Alignment { lambda: 0.3, ..Alignment::default() }
}

fn case(tiny: &Tiny, alignment: Alignment) -> Case {
    Case {
        adapted: true,
        clean: CLEAN[0],
        timesteps: [150, 700],
        alignment: Some(alignment),
        ..Case::new(lora(tiny), vec!["a photo of <my-dog>"; 2])
    }
}

fn compare(tiny: &Tiny, name: &str, case: Case) {
    let layout = case.layout.clone();
    let step = case.run(tiny);
    let loss = ("personalization_loss", step.personalization_loss.clone());
    let golden = Golden::read("alignment_forms.safetensors");
    golden_step::compare(&golden, name, loss, &layout, step, 4);
}

#[test]
fn the_two_branches_equal_pytorch() {
    let tiny = Tiny::new();
    compare(&tiny, "two_branches", case(&tiny, paper()));
    compare(&tiny, "guided", case(&tiny, Alignment { beta: 3.0, ..paper() }));
}

#[test]
fn score_distillation_equals_pytorch() {
    let tiny = Tiny::new();
    let sds = Alignment { form: AlignmentForm::Sds, ..paper() };
    compare(&tiny, "sds", case(&tiny, sds.clone()));
    let fresh_noises = vec![pictures("fresh.0", &tiny)];
    let fresh = Alignment { same_noise: false, fresh_noises, ..sds };
    compare(&tiny, "sds_with_fresh_noise", case(&tiny, fresh));
}

#[test]
fn fresh_noises_equal_pytorch() {
    let tiny = Tiny::new();
    let fresh_noises = vec![pictures("fresh.0", &tiny), pictures("fresh.1", &tiny)];
    let several = Alignment { fresh_noises: fresh_noises.clone(), ..paper() };
    compare(&tiny, "several_noises", case(&tiny, several));
    let fresh = Alignment { same_noise: false, fresh_noises: fresh_noises[..1].to_vec(), ..paper() };
    compare(&tiny, "fresh_noise", case(&tiny, fresh));
}

#[test]
fn the_fast_mode_equals_pytorch() {
    let tiny = Tiny::new();
    let fast = Alignment { fast: true, ..paper() };
    compare(&tiny, "fast", case(&tiny, fast.clone()));
    compare(&tiny, "fast_guided", case(&tiny, Alignment { beta: 3.0, ..fast }));
}

#[test]
fn weights_by_timestep_equal_pytorch() {
    let tiny = Tiny::new();
    compare(&tiny, "without_rescale", case(&tiny, Alignment { rescale: false, ..paper() }));
    compare(&tiny, "by_timestep", case(&tiny, Alignment { profile: [0.2, 1.7], ..paper() }));
    let gated = Case { timesteps: [150, 990], ..case(&tiny, paper()) };
    compare(&tiny, "gated", gated);
}

#[test]
fn min_snr_leaves_alignment_alone_as_in_pytorch() {
    let tiny = Tiny::new();
    let timesteps = [50, 700];
    let mut weighted = Case { timesteps, ..case(&tiny, paper()) };
    weighted.weights.min_snr = Some(min_snr(&schedule(PredictionType::Epsilon), &timesteps, 5.0));
    compare(&tiny, "min_snr", weighted);
}

/// Weights change where the alignment's part of the loss stands, not what it is.
#[test]
fn weights_of_one_leave_the_loss_as_it_is() {
    let tiny = Tiny::new();
    let mut weighted = case(&tiny, paper());
    weighted.weights.pixels = Some(Tensor::ones([2, 8, 8, 1], &tiny.device));
    let [plain, weighted] = [case(&tiny, paper()), weighted].map(|case| values(case.run(&tiny).loss)[0]);
    assert!((plain - weighted).abs() < 1e-5 * plain, "{weighted}, not {plain}");
}

#[test]
fn another_target_prompt_equals_pytorch() {
    let tiny = Tiny::new();
    compare(&tiny, "second_prompt", Case { clean: CLEAN[1], ..case(&tiny, paper()) });
}

#[test]
fn a_model_that_predicts_v_equals_pytorch() {
    let tiny = Tiny::new();
    let prediction_type = PredictionType::VPrediction;
    let v = Case { prediction_type, ..case(&tiny, Alignment { beta: 3.0, ..paper() }) };
    compare(&tiny, "v_prediction", v);
}
