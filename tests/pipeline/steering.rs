//! Which words act where and when: delayed concept, regions, the adapters' strength and the words' length.

use burn::tensor::Tensor;
use palpable::{
    adapter::{Adapter, AdapterDetails, Embedding, LoraWeights},
    gpu::{KernelProfile, Work},
    model::adaptable::LayerKind,
    pipeline::{
        AppliedAdapter, Generation, GenerationSettings, Picture, Region, RegionMask, StableDiffusion,
    },
};

use crate::{
    demo, finish, load,
    support::{as_in_a_browser, block_on, open_gpu, values},
};

/// A learned word, four times as long as the model's own, with a LoRA on every projection.
fn adapter(model: &StableDiffusion) -> Adapter {
    let wave = |count: usize, size: f32| (0..count).map(|i| (i as f32 * 0.7).sin() * size).collect();
    let width = model.text_encoder.config().hidden_size;
    let lora = model.unet.attention_projections().into_iter().map(|projection| LoraWeights {
        rank: 1,
        in_features: projection.in_features,
        out_features: projection.out_features,
        kind: LayerKind::Linear,
        down: wave(projection.in_features, 0.3),
        up: wave(projection.out_features, 0.3),
        alpha: 1.0,
        path: projection.path,
    });
    let norm = values(model.text_encoder.vocabulary_norm())[0];
    let size = 4.0 * norm / (width as f32 / 2.0).sqrt();
    Adapter {
        lora: lora.collect(),
        embeddings: vec![Embedding {
            placeholder: "<my-dog>".into(),
            vectors: 1,
            width,
            values: wave(width, size),
        }],
        details: AdapterDetails { class_nouns: vec!["dog".into()], ..Default::default() },
        ..Default::default()
    }
}

fn settings() -> GenerationSettings {
    GenerationSettings {
        prompt: "a sketch of <my-dog> and a cat".into(),
        steps: 3,
        seed: 4,
        ..Default::default()
    }
}

fn begin<'a>(
    model: &StableDiffusion,
    settings: &GenerationSettings,
    adapter: impl Into<Option<&'a Adapter>>,
) -> Result<Generation, palpable::pipeline::Error> {
    let applied: Vec<_> =
        adapter.into().into_iter().map(|adapter| AppliedAdapter { adapter, strength: 1.0 }).collect();
    Generation::new(model, settings, &applied)
}

fn draw<'a>(
    model: &StableDiffusion,
    settings: &GenerationSettings,
    adapter: impl Into<Option<&'a Adapter>>,
) -> Picture {
    finish(begin(model, settings, adapter).expect("valid settings"))
}

/// ⌈ρN⌉ steps: all of them are the base model's picture of the class prompt, without the LoRA, or with it;
/// one of three is neither that nor the undelayed picture.
#[test]
fn a_delayed_concept_begins_as_its_class() {
    let model = demo();
    let adapter = adapter(&model);
    let class = GenerationSettings { prompt: "a sketch of a dog and a cat".into(), ..settings() };
    let delayed = |share: f64| GenerationSettings { delayed_concept: share, ..settings() };
    let base = draw(&model, &class, None);
    assert_eq!(draw(&model, &delayed(0.7), &adapter), base, "2.1 steps of 3 are 3");
    let capital = GenerationSettings { prompt: "a sketch of <My-Dog> and a cat".into(), ..delayed(0.7) };
    assert_eq!(draw(&model, &capital, &adapter), base, "the tokenizer takes it for the same word");
    let keeps = GenerationSettings { delayed_keeps_lora: true, ..delayed(1.0) };
    assert_eq!(draw(&model, &keeps, &adapter), draw(&model, &class, &adapter));
    let own = GenerationSettings { class_prompt: Some(class.prompt.clone()), ..delayed(1.0) };
    assert_eq!(draw(&model, &own, &adapter), base);

    let first = draw(&model, &delayed(0.1), &adapter);
    assert_eq!(first, draw(&model, &delayed(1.0 / 3.0), &adapter), "one step of 3 either way");
    let undelayed = draw(&model, &settings(), &adapter);
    assert!(first != undelayed && first != base && undelayed != base);
}

/// In a browser most steps are recorded ones, repeated. Those of both prompts of a delayed concept are, one after
/// the other, and those of regions; those whose strength moves are not, nor those that heat maps are made of.
#[test]
fn repeated_steps_draw_the_same_to_the_bit() {
    let gpu = open_gpu();
    as_in_a_browser(&gpu, || {
        let model = load(&gpu);
        let adapter = adapter(&model);
        let small = GenerationSettings { steps: 6, width: 32, height: 32, ..settings() };
        let kinds = [
            (GenerationSettings { delayed_concept: 0.5, ..small.clone() }, true),
            (GenerationSettings { guidance_scale: 1.0, sampler: "pndm".into(), ..small.clone() }, true),
            (GenerationSettings { regions: vec![left_half()], delayed_concept: 0.5, ..small.clone() }, true),
            (GenerationSettings { heat_maps: vec!["cat".into()], ..small.clone() }, false),
            (GenerationSettings { strength_end: Some(0.5), ..small }, false),
        ];
        for (settings, repeats) in kinds {
            let drawn_at = |submission_budget: u64| {
                KernelProfile { submission_budget, ..KernelProfile::on(&gpu.device) }.set(&gpu.device);
                let before = Work::so_far();
                let picture = draw(&model, &settings, &adapter);
                (picture, (Work::so_far() - before).repeated > 0)
            };
            let [(anew, none), (picture, repeated)] = [0, u64::MAX].map(drawn_at);
            assert_eq!((none, repeated), (false, repeats));
            assert!(picture == anew, "{settings:?}");
        }
    });
}

/// Where nothing is asked for nothing changes; a factor of 1 and a word that is short enough neither.
#[test]
fn strength_and_length_act_as_they_say() {
    let model = demo();
    let adapter = adapter(&model);
    let plain = draw(&model, &settings(), &adapter);
    let fading = |end: f64| GenerationSettings { strength_end: Some(end), ..settings() };
    // Without an end the LoRA is folded into the weights: the same but for the last bits.
    let constant = draw(&model, &fading(1.0), &adapter);
    assert!(constant.rgb.iter().zip(&plain.rgb).all(|(a, b)| a.abs_diff(*b) <= 1));
    assert_ne!(draw(&model, &fading(0.0), &adapter), plain);
    // The first step has the full strength, whatever the last one has.
    let one = |settings: GenerationSettings| GenerationSettings { steps: 1, ..settings };
    let [first, whole] = [fading(0.0), settings()].map(|settings| draw(&model, &one(settings), &adapter));
    assert!(first.rgb.iter().zip(&whole.rgb).all(|(a, b)| a.abs_diff(*b) <= 1));
    // And the last one the end's: behind a first step without any, nothing is left of it.
    let two = GenerationSettings { steps: 2, delayed_concept: 0.5, ..settings() };
    let faded = draw(&model, &GenerationSettings { strength_end: Some(0.0), ..two.clone() }, &adapter);
    let unused = [AppliedAdapter { adapter: &adapter, strength: 0.0 }];
    let word_alone = finish(Generation::new(&model, &two, &unused).expect("valid settings"));
    assert!(faded.rgb.iter().zip(&word_alone.rgb).all(|(a, b)| a.abs_diff(*b) <= 1));

    let clipped = |clip: f64| GenerationSettings { embedding_norm_clip: Some(clip), ..settings() };
    assert_eq!(draw(&model, &clipped(5.0), &adapter), plain);
    let mut shorter = adapter.clone();
    let embedding = shorter.embeddings.first_mut().expect("a word");
    let norm = embedding.values.iter().map(|value| value * value).sum::<f32>().sqrt();
    let limit = 1.5 * values(model.text_encoder.vocabulary_norm())[0];
    embedding.values.iter_mut().for_each(|value| *value *= limit / norm);
    let [clipped, shorter] = [draw(&model, &clipped(1.5), &adapter), draw(&model, &settings(), &shorter)];
    let difference = clipped.rgb.iter().zip(&shorter.rgb).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(difference <= Some(1), "{difference:?}");
    assert_ne!(clipped, plain);
}

/// The length that words are measured by is the mean over the model's whole table.
#[test]
fn the_vocabularys_length_is_its_rows_mean() {
    let model = demo();
    let ids: Vec<u32> = (0..model.text_encoder.config().vocab_size as u32).collect();
    let rows: Tensor<2> = model.text_encoder.embed_tokens(&ids);
    let [count, width] = rows.dims();
    let lengths = values(rows);
    let length = |row: &[f32]| row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    let mean = lengths.chunks_exact(width).map(length).sum::<f64>() / count as f64;
    assert!((f64::from(values(model.text_encoder.vocabulary_norm())[0]) / mean - 1.0).abs() < 1e-5);
}

/// White on the left.
fn left_half() -> Region {
    let values = (0..64).map(|pixel| if pixel % 8 < 4 { 255 } else { 0 }).collect();
    Region { placeholder: "<my-dog>".into(), mask: RegionMask { width: 8, height: 8, values } }
}

/// A white mask changes nothing but rounding. Outside of its region a word's heat map is zero, and another
/// word gets more there than without the region.
#[test]
fn a_word_stays_in_its_region() {
    let model = demo();
    let adapter = adapter(&model);
    let white = Region { mask: RegionMask { width: 1, height: 1, values: vec![255] }, ..left_half() };
    let with = |region: Region| GenerationSettings { regions: vec![region], ..settings() };
    let [open, plain] = [with(white), settings()].map(|settings| draw(&model, &settings, &adapter));
    let difference = open.rgb.iter().zip(&plain.rgb).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(difference <= Some(1), "{difference:?}");

    let maps = |regions: Vec<Region>| {
        let heat_maps = vec!["<my-dog>".to_owned(), "cat".to_owned()];
        let settings = GenerationSettings { regions, heat_maps, steps: 1, ..settings() };
        let mut generation = begin(&model, &settings, &adapter).expect("valid settings");
        block_on(generation.step()).expect("a step");
        block_on(generation.heat_maps()).expect("heat maps")
    };
    let (masked, free) = (maps(vec![left_half()]), maps(Vec::new()));
    // Bicubic filters of the coarser layer reach two of its pixels, four of the latents, over the edge.
    let sum = |map: &palpable::evaluation::HeatMap, columns: std::ops::Range<usize>| -> f32 {
        map.values.chunks_exact(16).map(|row| row[columns.clone()].iter().sum::<f32>()).sum()
    };
    assert_eq!(sum(&masked[0], 12..16), 0.0);
    assert!(sum(&masked[0], 0..8) > 0.0 && sum(&free[0], 12..16) > 0.0);
    assert!(sum(&masked[1], 12..16) > sum(&free[1], 12..16));
}

/// The class noun that stands in for a word in the first steps is held back too.
#[test]
fn regions_hold_for_the_delayed_class() {
    let model = demo();
    let adapter = adapter(&model);
    let delayed = GenerationSettings { delayed_concept: 1.0, ..settings() };
    let masked = GenerationSettings { regions: vec![left_half()], ..delayed.clone() };
    assert_ne!(draw(&model, &masked, &adapter), draw(&model, &delayed, &adapter));
}

#[test]
fn steering_that_makes_no_sense_is_explained() {
    let model = demo();
    let adapter = adapter(&model);
    let region = |region: Region| GenerationSettings { regions: vec![region], ..settings() };
    let black = RegionMask { width: 2, height: 1, values: vec![0, 0] };
    let broken = RegionMask { width: usize::MAX, height: 3, values: vec![255] };
    let cases = [
        (GenerationSettings { delayed_concept: 1.5, ..settings() }, "between 0 and 1"),
        (GenerationSettings { delayed_concept: f64::NAN, ..settings() }, "between 0 and 1"),
        (GenerationSettings { strength_end: Some(-0.1), ..settings() }, "between 0 and 2"),
        (GenerationSettings { embedding_norm_clip: Some(0.0), ..settings() }, "above 0"),
        (GenerationSettings { embedding_norm_clip: Some(f64::INFINITY), ..settings() }, "above 0"),
        (region(Region { placeholder: " ".into(), ..left_half() }), "name the learned word"),
        (region(Region { mask: black, ..left_half() }), "white"),
        (region(Region { mask: broken, ..left_half() }), "pixels"),
        (region(Region { mask: RegionMask::default(), ..left_half() }), "pixels"),
        (region(Region { placeholder: "<my-owl>".into(), ..left_half() }), "leave its region out"),
        (GenerationSettings { heat_maps: vec!["owl".into()], ..settings() }, "leave its heat map out"),
        (
            GenerationSettings { prompt: "a cat".into(), delayed_concept: 0.1, ..settings() },
            "no learned word",
        ),
    ];
    let explain = |settings: &GenerationSettings, adapter: &Adapter| match begin(&model, settings, adapter) {
        Ok(_) => panic!("{settings:?} was accepted"),
        Err(error) => error.sentence(),
    };
    for (settings, expected) in cases {
        let sentence = explain(&settings, &adapter);
        assert!(sentence.contains(expected), "{sentence}");
        assert!(sentence.ends_with('.'), "{sentence}");
    }
    let nameless = Adapter { details: AdapterDetails::default(), ..adapter };
    let delayed = GenerationSettings { delayed_concept: 0.1, ..settings() };
    assert!(explain(&delayed, &nameless).contains("<my-dog>"));
    let given = GenerationSettings { class_prompt: Some("a dog".into()), ..delayed };
    assert!(begin(&model, &given, &nameless).is_ok());
}
