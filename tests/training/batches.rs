//! What each pass looks at: whose photos, how often, with which prompts, and that it is the same again.

use burn::tensor::Tensor;
use palpable::sampling::PredictionType;
use palpable::training::batches::{Batches, Draw};
use palpable::training::host_latents::HostLatents;
use palpable::training::prompts::most_in_a_pass;
use palpable::training::settings::{PromptTemplates, Subject};
use palpable::training::{Method, PhotoLatents, Trainer, TrainingSettings};

use crate::support::{any_device, block_on, formula, values};
use crate::tiny::{Tiny, largest_difference, resume, run, schedule, settings, state};

fn draws(settings: &TrainingSettings, latents: &PhotoLatents, steps: usize) -> Vec<Draw> {
    let schedule = schedule(PredictionType::Epsilon);
    let batches = Batches { settings, latents, schedule: &schedule };
    (0..steps)
        .flat_map(|step| (0..settings.accumulation).map(move |index| (step, index)))
        .map(|(step, index)| batches.draw(step, index))
        .collect()
}

/// So many photos without any content.
fn photos(count: usize) -> PhotoLatents {
    PhotoLatents::from_tensor(Tensor::zeros([count, 2, 2, 1], &any_device()))
}

fn further(placeholder: &str, photos: usize) -> Subject {
    Subject {
        placeholder: placeholder.to_owned(),
        class_noun: "cat".to_owned(),
        personalization_prompt: "an oil painting of {placeholder}".to_owned(),
        photos,
    }
}

/// Photos and timesteps of a plain run as they were before there was anything else to draw.
const PLAIN: [(usize, usize); 9] =
    [(3, 519), (0, 502), (1, 154), (2, 125), (0, 237), (1, 478), (3, 319), (2, 779), (1, 921)];

#[test]
fn a_plain_run_draws_what_it_always_drew() {
    let draws = draws(&TrainingSettings { batch: 3, ..settings() }, &photos(4), 3);
    let seen: Vec<(usize, usize)> =
        draws.iter().flat_map(|draw| &draw.rows).map(|row| (row.photo, row.timestep)).collect();
    assert_eq!(seen, PLAIN);
    assert!(draws.iter().all(|draw| draw.prior.is_empty() && draw.bucket == 0));
    assert!(draws.iter().flat_map(|draw| &draw.rows).all(|row| row.prompt == "a photo of a <my-dog> dog"));
}

#[test]
fn subjects_are_balanced_whatever_their_photos() {
    let settings = TrainingSettings {
        further_subjects: vec![further("<my-cat>", 1), further("<my-style>", 3)],
        ..settings()
    };
    let draws = draws(&settings, &photos(9), 45);
    let mut counts = [0; 9];
    for row in draws.iter().flat_map(|draw| &draw.rows) {
        counts[row.photo] += 1;
        let (subject, prompt) = match row.photo {
            0..5 => (0, "a photo of a <my-dog> dog"),
            5 => (1, "an oil painting of <my-cat>"),
            _ => (2, "an oil painting of <my-style>"),
        };
        assert_eq!((row.subject, row.prompt.as_str()), (subject, prompt));
    }
    // 90 rows: 30 a subject.
    assert_eq!(counts, [6, 6, 6, 6, 6, 30, 10, 10, 10]);
}

#[test]
fn captions_and_templates_make_the_prompts() {
    let settings = TrainingSettings {
        prompt_templates: PromptTemplates::Objects,
        captions: vec![None, Some("{placeholder}, a {class}, asleep".to_owned())],
        ..settings()
    };
    let mut seen = std::collections::HashSet::new();
    for row in draws(&settings, &photos(3), 150).iter().flat_map(|draw| &draw.rows) {
        match row.photo {
            1 => assert_eq!(row.prompt, "<my-dog>, a dog, asleep"),
            _ => drop(seen.insert(row.prompt.clone())),
        }
    }
    assert_eq!(seen.len(), 27);
    assert!(seen.contains("a close-up photo of the <my-dog>"));
}

#[test]
fn a_pass_encodes_no_more_prompts_than_are_told_beforehand() {
    let most = |settings: TrainingSettings| most_in_a_pass(&TrainingSettings { batch: 8, ..settings }, 4);
    assert_eq!(most(settings()), 1);
    let objects = TrainingSettings { prompt_templates: PromptTemplates::Objects, ..settings() };
    assert_eq!(most(objects.clone()), 8);
    assert_eq!(most_in_a_pass(&TrainingSettings { batch: 40, ..objects }, 4), 27);
    let captions = vec![Some("{placeholder} asleep".to_owned())];
    assert_eq!(most(TrainingSettings { captions, ..settings() }), 2);
    // Two subjects and their classes; however many photos a file says there are.
    let several = |photos| vec![further("<my-cat>", photos)];
    let two = TrainingSettings { further_subjects: several(1), prior_pictures: 2, ..settings() };
    assert_eq!(most(two), 4);
    assert_eq!(most(TrainingSettings { further_subjects: several(usize::MAX), ..settings() }), 1);
    // Two words each for smaller and larger photos, and the class.
    assert_eq!(most(TrainingSettings::of_method(Method::CustomDiffusion)), 6);
}

#[test]
fn target_prompts_take_turns() {
    let tiny = Tiny::new();
    let aligned = TrainingSettings { warmup_steps: 0, lambda: 1.0, ..settings() };
    let first = |further: Vec<&str>, steps| {
        let further_clean_prompts = further.into_iter().map(str::to_owned).collect();
        let mut trainer = tiny.trainer(&TrainingSettings { further_clean_prompts, ..aligned.clone() });
        run(&mut trainer, steps);
        crate::tiny::trained_values(&trainer)
    };
    let further = vec!["an oil painting of a dog"];
    assert_eq!(first(further.clone(), 1), first(vec![], 1));
    assert_ne!(first(further.clone(), 2), first(vec![], 2));
    assert_eq!(first(further.clone(), 2), first(vec!["an oil painting of a dog", "a dog on the moon"], 2));
    // After the last one it is the first one's turn again.
    assert_eq!(first(further, 3), first(vec!["an oil painting of a dog", &aligned.clean_prompt], 3));
}

#[test]
fn a_resumed_run_goes_on_with_the_same_batches() {
    let tiny = Tiny::new();
    let settings = TrainingSettings {
        further_subjects: vec![further("<my-cat>", 1)],
        prompt_templates: PromptTemplates::Objects,
        min_snr_gamma: Some(5.0),
        prior_pictures: 3,
        steps: 4,
        warmup_steps: 1,
        ..settings()
    };
    let mut latents = tiny.latents();
    block_on(latents.draw_prior(&tiny.model(), &settings, &mut |_, _| true)).unwrap();
    let trainer = || Trainer::new(tiny.model(), latents.clone(), settings.clone(), &tiny.device).unwrap();
    let (mut whole, mut first) = (trainer(), trainer());
    run(&mut whole, 4);
    run(&mut first, 2);
    let mut second = resume(&tiny, &state(&first)).unwrap();
    run(&mut second, 2);
    assert_eq!(state(&second), state(&whole));
}

#[test]
fn prior_pictures_stand_beside_the_photos() {
    let tiny = Tiny::new();
    let plain = TrainingSettings { batch: 2, ..settings() };
    let kept = TrainingSettings {
        prior_pictures: 4,
        prior_weight: 0.5,
        further_subjects: vec![further("<my-cat>", 1)],
        ..plain.clone()
    };
    let mut latents = tiny.latents();
    let mut reports = Vec::new();
    let mut told = |done, of| {
        reports.push((done, of));
        true
    };
    block_on(latents.draw_prior(&tiny.model(), &kept, &mut told)).unwrap();
    reports.dedup();
    assert_eq!(reports, [(0, 4), (2, 4), (4, 4)]);
    // Two of one prompt, each of a noise of its own.
    let drawn = block_on(HostLatents::read(&latents)).unwrap().buckets.remove(0).prior.unwrap();
    let [one, other, ..] = drawn.values.chunks(256).collect::<Vec<_>>()[..] else { panic!("four pictures") };
    assert!(largest_difference(one, other) > 0.1);
    // However few are asked for, each class has one.
    let few = TrainingSettings { prior_pictures: 1, ..kept.clone() };
    let mut total = 0;
    let mut told = |_, of| {
        total = of;
        true
    };
    block_on(tiny.latents().draw_prior(&tiny.model(), &few, &mut told)).unwrap();
    assert_eq!(total, 2);

    let with = draws(&kept, &latents, 8);
    let mut pictures = [0; 4];
    for row in with.iter().flat_map(|draw| &draw.prior) {
        pictures[row.picture] += 1;
        let prompt = if row.picture < 2 { "a photo of a dog" } else { "a photo of a cat" };
        assert_eq!(row.prompt, prompt);
    }
    assert_eq!(pictures, [4; 4]);
    // Photos' rows are as without a prior.
    let without = draws(&TrainingSettings { prior_pictures: 0, ..kept.clone() }, &tiny.latents(), 8);
    assert!(with.iter().zip(&without).all(|(with, without)| with.rows == without.rows));

    let schedule = schedule(PredictionType::Epsilon);
    let batches = Batches { settings: &kept, latents: &latents, schedule: &schedule };
    let (batch, prompts) = batches.batch(0, 0, &tiny.device);
    assert_eq!((batch.latents.dims(), batch.photo_rows), ([4, 8, 8, 4], 2));
    let texts: Vec<&str> = batch.prompts.iter().map(|&prompt| prompts[prompt].as_str()).collect();
    let draw = batches.draw(0, 0);
    let expected = draw.rows.iter().map(|row| &row.prompt).chain(draw.prior.iter().map(|row| &row.prompt));
    assert_eq!(texts, expected.map(String::as_str).collect::<Vec<_>>());
    // Two photos and two of the prior: (2 + 2)/2 · 1 and (2 + 2)/2 · 0.5.
    assert_eq!(values(batch.weights.unwrap()), [2.0, 2.0, 1.0, 1.0]);
}

/// With photos of two sizes each pass holds one size and one subject, all photos equally often.
#[test]
fn a_pass_holds_one_size() {
    let tiny = Tiny::new();
    let wide: Tensor<4> = formula::values("wide", [2, 4, 16, 4], &tiny.device);
    let latents =
        PhotoLatents::from_tensors(vec![formula::values("square", [1, 8, 8, 4], &tiny.device), wide]);
    let settings = TrainingSettings { batch: 2, ..settings() };
    let mut counts = [0; 3];
    for draw in draws(&settings, &latents, 30) {
        for row in draw.rows {
            assert_eq!(draw.bucket, latents.bucket_of(row.photo));
            counts[row.photo] += 1;
        }
    }
    assert_eq!(counts, [20; 3]);
    let mut trainer = Trainer::new(tiny.model(), latents, settings, &tiny.device).unwrap();
    run(&mut trainer, 3);
}

#[test]
fn every_method_trains() {
    let tiny = Tiny::new();
    for method in Method::ALL {
        let settings = TrainingSettings {
            placeholder: settings().placeholder,
            class_noun: "dog".to_owned(),
            clean_prompt: "a sketch of a dog".to_owned(),
            steps: 2,
            warmup_steps: 1,
            batch: 1,
            prior_pictures: TrainingSettings::of_method(method).prior_pictures.min(1),
            ..TrainingSettings::of_method(method)
        };
        let mut latents = tiny.latents();
        if settings.preserves_prior() {
            block_on(latents.draw_prior(&tiny.model(), &settings, &mut |_, _| true)).unwrap();
        }
        let mut trainer = Trainer::new(tiny.model(), latents, settings.clone(), &tiny.device).unwrap();
        let word = |trainer: &Trainer| values(trainer.encode_prompt("<my-dog>"));
        let before = word(&trainer);
        run(&mut trainer, 2);
        assert_eq!(before != word(&trainer), settings.train_embedding, "{method:?}");
    }
}
