//! The embedded model: drawing, training, and what makes either take more.

use palpable::adapter::Adapter;
use palpable::gpu::{Gpu, Work};
use palpable::pipeline::GenerationSettings;
use palpable::training::settings::PromptTemplates;
use palpable::training::{TrainedWeights, TrainingSettings};

use crate::support::as_in_a_browser;
use crate::{
    POLICIES, activations, assert_near, demo, draw, frozen, open_gpu, picture, run, sizes, train, training,
    with_launches, without_launches,
};

#[test]
fn the_embedded_model_takes_what_is_planned() {
    let _dry = without_launches();
    check_embedded_model(&open_gpu());
}

/// As steps do in a browser.
#[test]
fn what_is_recorded_takes_what_is_planned() {
    let _real = with_launches();
    let gpu = open_gpu();
    as_in_a_browser(&gpu, || {
        let before = Work::so_far();
        let [kept, recomputed] = check_embedded_model(&gpu);
        assert!(kept == recomputed, "kept and recomputed activations train another adapter");
        assert!((Work::so_far() - before).repeated > 0);
    });
}

/// Returns what each way of training learned. Only the third step is repeated.
fn check_embedded_model(gpu: &Gpu) -> [Adapter; 2] {
    let model = demo(gpu);
    let plan = model.plan_generation(&picture(), &[], None).expect("room");
    assert_near("weights", gpu.memory().in_use, plan.weights.total());

    let measured = draw(gpu, &model, &picture(), &[]);
    let weights = plan.weights.total();
    assert_near("a picture", measured + weights, plan.peak());
    assert_near("a picture's activations", measured, plan.peak() - weights);

    POLICIES.map(|(setting, policy)| {
        let settings = TrainingSettings { steps: 3, ..training(setting, TrainedWeights::Lora) };
        let planned = activations(&sizes(&model).training(run(64, &settings), policy));
        let (measured, adapter) = train(gpu, frozen(&model), 8, settings);
        assert_near(&format!("training, {policy:?}"), measured, planned);
        adapter
    })
}

/// The text encoder takes the prompts of a pass together: three in the first step, four in the second, in the same
/// buffers.
#[test]
fn distinct_prompts_take_what_is_planned() {
    let _dry = without_launches();
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
    let _dry = without_launches();
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
