//! Adapters of U-Net and text encoder in whole pictures: strengths, several at once, with and without the
//! memory to fold them into weights, and gone without a trace.

use palpable::{
    adapter::{Adapter, LoraWeights},
    model::adaptable::{AdaptableModule, TEXT_ENCODER},
    pipeline::{AppliedAdapter, Generation, GenerationSettings, Picture, StableDiffusion},
};

use crate::{demo, finish, support::formula};

/// A LoRA of rank 2 on every layer of `modules`.
fn adapter(name: &str, modules: impl Iterator<Item = AdaptableModule>) -> Adapter {
    let lora = modules.map(|AdaptableModule { path, in_features, out_features, kind, .. }| {
        let numbers = |factor: &str, shape: &[usize]| {
            formula::weight(&format!("{name}.{path}.{factor}"), shape).iter().map(|x| x * 0.4).collect()
        };
        let down = numbers("down", &[&[2, in_features], kind.kernel()].concat());
        let up = numbers("up", &[out_features, 2]);
        LoraWeights { rank: 2, in_features, out_features, kind, down, up, alpha: 2.0, path }
    });
    Adapter { name: name.to_owned(), lora: lora.collect(), ..Adapter::default() }
}

fn of_text_encoder(module: &AdaptableModule) -> bool {
    module.path.starts_with(TEXT_ENCODER)
}

fn settings() -> GenerationSettings {
    let prompt = "a photo of a dog at the beach".to_owned();
    GenerationSettings { prompt, steps: 2, width: 64, height: 64, ..Default::default() }
}

fn draw(model: &StableDiffusion, adapters: &[(&Adapter, f32)]) -> Picture {
    let applied = adapters.iter().map(|&(adapter, strength)| AppliedAdapter { adapter, strength });
    finish(Generation::new(model, &settings(), &applied.collect::<Vec<_>>()).expect("they fit"))
}

/// The largest difference of a colour.
fn difference(a: &Picture, b: &Picture) -> u8 {
    a.rgb.iter().zip(&b.rgb).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or_default()
}

#[test]
fn adapters_act_by_strength_and_leave_nothing_behind() {
    let model = demo();
    let all = adapter("all", model.adaptable_modules().into_iter());
    let text = adapter("text", model.adaptable_modules().into_iter().filter(of_text_encoder));
    assert_eq!(text.lora.len(), 6 * model.text_encoder.config().num_hidden_layers);
    let base = draw(&model, &[]);
    let adapted = draw(&model, &[(&all, 1.0)]);
    assert!(difference(&adapted, &base) > 20);
    assert_eq!(draw(&model, &[]), base, "bit for bit");
    assert_eq!(draw(&model, &[(&all, 0.0), (&text, 0.0)]), base);
    assert!(difference(&draw(&model, &[(&text, 1.0)]), &base) > 2, "the text encoder is adapted");
    assert!(difference(&draw(&model, &[(&all, 0.5), (&all, 0.5)]), &adapted) <= 1);
    assert!(difference(&draw(&model, &[(&all, 1.0), (&text, -1.0)]), &adapted) > 2);
    assert_eq!(draw(&model, &[]), base);
}

/// Where there is no room for a second copy of the weights, the factors act beside them.
#[test]
fn without_memory_to_fold_the_picture_is_the_same() {
    let mut model = demo();
    let modules = model.adaptable_modules().into_iter().filter(|module| !of_text_encoder(module));
    let all = adapter("all", modules);
    let applied = [AppliedAdapter { adapter: &all, strength: 1.0 }];
    let plan =
        |model: &StableDiffusion| model.plan_generation(&settings(), &applied, None).map(|plan| plan.peak());
    let folded = draw(&model, &[(&all, 1.0)]);
    let needed = plan(&model).expect("it fits");
    model.gpu.memory_limit = needed - 1;
    let less = plan(&model).expect("without folding it fits");
    assert!(less < needed, "{less} of {needed}");
    assert!(difference(&draw(&model, &[(&all, 1.0)]), &folded) <= 1);
}
