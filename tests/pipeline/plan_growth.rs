//! How the memory plan grows: with pixels, with the batch, with the length of a prompt and what else is asked for.

use std::sync::Arc;

use palpable::gpu::KernelProfile;
use palpable::gpu::tiles::TileTable;
use palpable::pipeline::{GenerationSettings, PromptSyntax};
use palpable::plan::{GenerationSizes, MemoryPlan, ModelSizes, TrainingSizes};
use palpable::training::ActivationPolicy;

use crate::demo;
use crate::plan::{StableDiffusion15, picture, run};

/// A device that computes each sum of a product in one piece.
fn splitting_nothing() -> Arc<KernelProfile> {
    Arc::new(KernelProfile::default().with_tiles(TileTable::untuned(true)))
}

fn phase(plan: &MemoryPlan, name: &str) -> f64 {
    plan.phases.iter().find(|phase| phase.name == name).expect(name).bytes as f64
}

/// The VAE's share of a large picture in tiles is that of a small one, and the picture itself.
#[test]
fn tiles_keep_a_large_picture_small() {
    let model = StableDiffusion15::new();
    let sizes = model.sizes(2);
    let decoding = |plan: &MemoryPlan| phase(plan, "decoding the picture");
    let (small, large) = (sizes.generation(picture(512)), sizes.generation(picture(1024)));
    let tiled = sizes.generation_in_tiles(picture(1024), 64);
    assert_eq!((large.tile, tiled.tile), (None, Some(64)));
    assert!(decoding(&large) > 3.9 * decoding(&small));
    assert!((1.0..1.2).contains(&(decoding(&tiled) / decoding(&small))));

    // A strip's tiles are as narrow as it is.
    let strip = GenerationSizes { size: [128, 1024], ..picture(1024) };
    let share = decoding(&sizes.generation_in_tiles(strip, 64)) / decoding(&sizes.generation(strip));
    assert!((0.5..0.6).contains(&share), "{share}");
}

#[test]
fn activations_grow_with_pixels_and_batch_and_not_faster() {
    let model = StableDiffusion15::new();
    let sizes = ModelSizes { profile: splitting_nothing(), ..model.sizes(2) };
    let denoising = |side| phase(&sizes.generation(picture(side)), "denoising");
    let (small, large) = (denoising(256), denoising(768));
    assert!((8.0..=9.1).contains(&(large / small)), "{}", large / small);

    let training = |batch| phase(&sizes.training(run(256, batch), ActivationPolicy::Keep), "training");
    let (second, third) = (training(2) - training(1), training(3) - training(2));
    assert!((third / second - 1.0).abs() < 0.05, "{second} and {third}");
}

/// A GPU splits sums of small pictures as of large ones. At most one buffer of each size is kept for them, and all
/// together take a third more than the largest.
#[test]
fn sums_in_several_pieces_are_counted() {
    let model = StableDiffusion15::new();
    for scalar in [2, 4] {
        let split = model.sizes(scalar);
        let whole = ModelSizes { profile: splitting_nothing(), ..split.clone() };
        for side in [256, 512, 768] {
            let peaks = |sizes: &ModelSizes| {
                let trained = |policy| phase(&sizes.training(run(side, 1), policy), "training");
                let denoised = phase(&sizes.generation(picture(side)), "denoising");
                [denoised, trained(ActivationPolicy::Keep), trained(ActivationPolicy::Recompute)]
            };
            let more = peaks(&split).into_iter().zip(peaks(&whole)).map(|(split, whole)| split - whole);
            let largest = f64::from(32 << 20);
            for more in more {
                assert!((0.1 * largest..=1.4 * largest).contains(&more), "{more} at {side}, {scalar}");
            }
        }
    }
}

/// Attention in the open holds three tensors of a number for each pixel, token and head: at 512² 20 MB a chunk,
/// under guidance.
#[test]
fn long_prompts_are_counted() {
    let model = StableDiffusion15::new();
    let denoising = |tokens, hooks_attention| {
        let sizes = GenerationSizes { tokens, hooks_attention, ..picture(512) };
        phase(&model.sizes(2).generation(sizes), "denoising")
    };
    let chunk = 3.0 * 4096.0 * 77.0 * 8.0 * 2.0 * 4.0;
    let growth = (denoising(154, true) - denoising(77, true)) / chunk;
    assert!((1.0..1.1).contains(&growth), "{growth}");
    assert!(denoising(154, false) > denoising(77, false));

    let model = demo();
    let peak = |prompt: String| {
        let heat_maps = vec!["dog".to_owned()];
        let prompt_syntax = PromptSyntax::Weighted;
        let settings = GenerationSettings { prompt, prompt_syntax, heat_maps, ..Default::default() };
        model.plan_generation(&settings, &[], None).expect("it fits").peak()
    };
    assert!(peak("a dog ".repeat(80)) > peak("a dog".to_owned()));
}

/// Attention in the open costs memory, of the layers that count alone.
#[test]
fn the_localized_loss_is_counted() {
    let model = StableDiffusion15::new();
    let sizes = model.sizes(2);
    let peak = |localized| {
        let run = TrainingSizes { localized, ..run(512, 1) };
        sizes.training(run, ActivationPolicy::Keep).peak()
    };
    // 32 × 32 pixels of the finest level that counts, 8 heads, 77 tokens: two of them in each of five layers,
    // and less at the coarser levels.
    let probabilities = 8 * 32 * 32 * 77 * 4_u64;
    let more = peak(true) - peak(false);
    assert!((8 * probabilities..40 * probabilities).contains(&more), "{more}");
}
