//! The embedded model: drawing, training, and what makes either take more.

use palpable::gpu::{Gpu, Work};
use palpable::pipeline::GenerationSettings;
use palpable::training::settings::PromptTemplates;
use palpable::training::{TrainedWeights, TrainingSettings};

use crate::support::as_in_a_browser;
use crate::{
    POLICIES, activations, assert_near, demo, draw, frozen, open_gpu, picture, run, sizes, train, training,
};

#[test]
fn the_embedded_model_takes_what_is_planned() {
    check_embedded_model(&open_gpu());
}

/// As steps do in a browser.
#[test]
fn what_is_recorded_takes_what_is_planned() {
    let gpu = open_gpu();
    as_in_a_browser(&gpu, || {
        let before = Work::so_far();
        check_embedded_model(&gpu);
        assert!((Work::so_far() - before).repeated > 0);
    });
}

fn check_embedded_model(gpu: &Gpu) {
    let model = demo(gpu);
    let plan = model.plan_generation(&picture(), &[], None).expect("room");
    assert_near("weights", gpu.memory().in_use, plan.weights.total());

    let measured = draw(gpu, &model, &picture(), &[]);
    let weights = plan.weights.total();
    assert_near("a picture", measured + weights, plan.peak());
    assert_near("a picture's activations", measured, plan.peak() - weights);

    let mut learned = Vec::new();
    for (setting, policy) in POLICIES {
        let settings = TrainingSettings { steps: 3, ..training(setting, TrainedWeights::Lora) };
        let planned = activations(&sizes(&model).training(run(64, &settings), policy));
        let (measured, adapter) = train(gpu, frozen(&model), 8, settings);
        learned.push(adapter);
        assert_near(&format!("training, {policy:?}"), measured, planned);
    }
    assert!(learned[0] == learned[1], "kept and recomputed activations train another adapter");
}

/// The text encoder takes the prompts of a pass together: three in the first step, four in the second, in the same
/// buffers.
#[test]
fn distinct_prompts_take_what_is_planned() {
    let gpu = open_gpu();
    let model = demo(&gpu);
    for (setting, _) in POLICIES {
        let settings = TrainingSettings {
            prompt_templates: PromptTemplates::Objects,
            lambda: 0.0,
            batch: 4,
            seed: 2,
            ..training(setting, TrainedWeights::None)
        };
        let plan = model.plan_training(&settings, 1, None).expect("room");
        let (measured, _) = train(&gpu, frozen(&model), 16, settings);
        assert_near(&format!("four prompts, {setting:?}"), measured, activations(&plan));
    }
}

/// Two rows of two tiles, each in the buffers of the one before it.
#[test]
fn tiles_take_what_is_planned() {
    let gpu = open_gpu();
    let mut model = demo(&gpu);
    let settings = GenerationSettings { width: 272, height: 272, steps: 1, ..picture() };
    let whole = model.plan_generation(&settings, &[], None).expect("room");
    model.gpu.memory_limit = whole.peak() - 1;
    let plan = model.plan_generation(&settings, &[], None).expect("room for tiles");
    assert_eq!((whole.tile, plan.tile), (None, Some(32)));
    let measured = draw(&gpu, &model, &settings, &[]);
    assert_near("a picture in tiles, beside the weights", measured, plan.peak() - plan.weights.total());
}
