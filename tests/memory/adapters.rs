//! Adapters of both kinds, beside the weights and folded into them.

use palpable::adapter::{Adapter, Difference, LoraWeights};
use palpable::model::adaptable::AdaptableModule;
use palpable::pipeline::{AppliedAdapter, GenerationSettings, Precision, StableDiffusion};

use crate::support::{block_on, demo_model};
use crate::{assert_near, draw, open_gpu, picture, without_launches};

/// A LoRA, and full differences, of all these layers.
fn adapters(modules: Vec<AdaptableModule>) -> [(&'static str, Adapter); 2] {
    let zeros = |shape: &[usize]| vec![0.0; shape.iter().product()];
    let low_rank = |module: &AdaptableModule| {
        let AdaptableModule { path, in_features, out_features, kind, .. } = module.clone();
        let down = zeros(&[&[16, in_features], kind.kernel()].concat());
        let up = zeros(&[out_features, 16]);
        LoraWeights { path, rank: 16, in_features, out_features, kind, down, up, alpha: 16.0 }
    };
    let difference = |module: &AdaptableModule| {
        let shape = module.weight_shape();
        Difference { path: module.path.clone(), weight: zeros(&shape), shape, bias: None }
    };
    let lora = modules.iter().map(low_rank).collect();
    let differences = modules.iter().map(difference).collect();
    [
        ("a LoRA", Adapter { lora, ..Adapter::default() }),
        ("full differences", Adapter { differences, ..Adapter::default() }),
    ]
}

/// Folded into weights, beside them for want of memory, and beside them because their strength changes step
/// by step.
#[test]
fn adapters_take_what_is_planned() {
    let _dry = without_launches();
    let gpu = open_gpu();
    let halves = gpu.report.float16.then_some(Precision::Float16);
    for precision in [Some(Precision::Float32), halves].into_iter().flatten() {
        let source = demo_model();
        let model = block_on(StableDiffusion::load(&gpu, &source, "demo", precision, &mut |_| ()));
        let mut model = model.expect("a model");
        for (what, adapter) in adapters(model.adaptable_modules()) {
            let applied = [AppliedAdapter { adapter: &adapter, strength: 1.0 }];
            let changing = GenerationSettings { strength_end: Some(0.5), ..picture() };
            let idle = [AppliedAdapter { adapter: &adapter, strength: 0.0 }];
            let [plain, idle] =
                [&[][..], &idle].map(|adapters| model.plan_generation(&picture(), adapters, None));
            assert_eq!(
                idle.expect("room"),
                plain.expect("room"),
                "of strength 0 it isn't brought to the device"
            );
            let mut limit = u64::MAX;
            for (held, settings) in [("folded", picture()), ("tight", picture()), ("changing", changing)] {
                model.gpu.memory_limit = if held == "tight" { limit } else { u64::MAX };
                let Ok(plan) = model.plan_generation(&settings, &applied, None) else {
                    assert_eq!(
                        (what, held),
                        ("full differences", "tight"),
                        "only a LoRA is smaller unfolded"
                    );
                    continue;
                };
                limit = plan.peak() - 1;
                let measured = draw(&gpu, &model, &settings, &applied);
                let name = format!("{what}, {held}, {precision:?}");
                assert_near(&name, measured, plan.peak() - plan.weights.total());
            }
        }
    }
}
