//! Training on a loaded model: a run that goes on from its checkpoint, and how a state is judged.

use palpable::{
    pipeline::{
        Error, GenerationSettings, HeldBackJudge, Picture, StableDiffusion, TrainingPreviews, TrialPrompt,
    },
    plan,
    training::{
        self, Activations, Photo, Trainer, TrainingSettings,
        checkpoint::Checkpoint,
        early_stopping::HeldBackScores,
        photos::read_folder,
        settings::{Method, PromptTemplates, Subject},
    },
};

use super::{
    demo,
    support::{block_on, in_repository},
};

fn settings() -> TrainingSettings {
    TrainingSettings {
        placeholder: "<my-cat>".into(),
        class_noun: "cat".into(),
        clean_prompt: "a pencil sketch of a cat".into(),
        rank: 2,
        steps: 3,
        warmup_steps: 1,
        batch: 1,
        photo_variants: 1,
        localized_loss: 0.5,
        ..Default::default()
    }
}

/// Two photos; the first one's upper half is its subject.
fn photos() -> Vec<Photo> {
    let photos = read_folder(&in_repository("models/demo/subjects/cat")).expect("photos");
    let [width, height] = [photos[0].width(), photos[0].height()];
    let white = |place: u32| if place / width < height / 2 { [255; 4] } else { [0, 0, 0, 255] };
    let mask: Vec<u8> = (0..width * height).flat_map(white).collect();
    let mask = Photo::from_rgba(width, height, &mask).expect("a mask");
    vec![photos[0].clone().with_mask(&mask, "1.png").expect("a masked photo"), photos[1].clone()]
}

fn trainer(model: &StableDiffusion) -> Trainer {
    block_on(model.trainer(&photos(), settings(), None, &mut |_, _| true)).expect("a run")
}

fn run(trainer: &mut Trainer, steps: usize) {
    for _ in 0..steps {
        block_on(trainer.step()).expect("a step");
    }
}

/// A model that was loaded anew, as after a crash, goes on to the same state to the bit.
#[test]
fn a_run_goes_on_from_its_checkpoint() {
    let model = demo();
    let mut whole = trainer(&model);
    run(&mut whole, 1);
    let checkpoint = block_on(whole.checkpoint()).expect("a checkpoint");
    run(&mut whole, 2);
    let reloaded = demo();
    let mut resumed = reloaded.resume_training(&checkpoint, |_| None).expect("the run");
    assert_eq!((resumed.steps_made(), resumed.settings()), (1, whole.settings()));
    run(&mut resumed, 2);
    assert!(resumed.is_complete());
    let [whole, resumed] = [&whole, &resumed].map(|run| block_on(run.checkpoint()).expect("a state"));
    assert!(whole == resumed, "the resumed run ended in another state");
}

#[test]
fn checkpoints_that_cannot_go_on_are_refused() {
    let mut model = demo();
    let checkpoint = block_on(trainer(&model).checkpoint()).expect("a checkpoint");
    let refused = |model: &StableDiffusion, bytes: &[u8]| {
        model.resume_training(bytes, |_| None).err().expect("an error")
    };
    let error = refused(&model, b"no such file");
    assert!(matches!(error, Error::Training(training::Error::CheckpointFile(_))), "{error}");
    let error = refused(&model, &checkpoint[..checkpoint.len() / 2]);
    assert!(matches!(error, Error::Training(training::Error::CheckpointFile(_))), "{error}");

    let large = TrainingSettings { resolution: Some(128), ..settings() };
    let large = block_on(model.trainer(&photos(), large, None, &mut |_, _| true)).expect("a run");
    let mut large = Checkpoint::from_bytes(&block_on(large.checkpoint()).expect("a state")).expect("a state");
    large.settings.resolution = Some(64);
    let sentence = refused(&model, &large.to_bytes().expect("a file")).sentence();
    assert!(sentence.contains("its pictures are larger than its settings make them"), "{sentence}");

    model.name = "another".to_owned();
    let sentence = refused(&model, &checkpoint).sentence();
    assert!(
        sentence.contains("belongs to the model \"demo\"") && sentence.contains("\"another\""),
        "{sentence}"
    );

    // What no longer fits is computed again, which a run that keeps everything else can go on with.
    model.name = "demo".to_owned();
    let needs = |activations| {
        let settings = TrainingSettings { activations, ..settings() };
        model.plan_training(&settings, photos().len(), None).expect("it fits").peak()
    };
    let [kept, recomputed] = [Activations::Keep, Activations::Recompute].map(needs);
    assert!(recomputed < kept);
    model.gpu.memory_limit = recomputed;
    let resumed = model.resume_training(&checkpoint, |_| None).expect("it fits computed again");
    assert_eq!(resumed.settings().activations, Activations::Recompute);
    // The pictures in between are those that its own settings call for.
    let large = |settings: &TrainingSettings| {
        let TrainingPreviews { picture, scored } = model.trials(settings);
        Some(TrainingPreviews { picture: GenerationSettings { width: 512, height: 512, ..picture }, scored })
    };
    let error = model.resume_training(&checkpoint, large).err().expect("its pictures have no room");
    let sentence = error.sentence();
    assert!(sentence.contains("no pictures in between"), "{sentence}");
    model.gpu.memory_limit = 1_000_000;
    let error = refused(&model, &checkpoint);
    assert!(matches!(error, Error::Memory(plan::Error::Memory { .. })), "{error}");
}

/// Photos without a mask are refused before anything is encoded.
#[test]
fn the_localized_loss_asks_for_masks() {
    let model = demo();
    let unmasked = &photos()[1..];
    let mut encoded = 0;
    let mut told = |_, _| {
        encoded += 1;
        true
    };
    let refused = block_on(model.trainer(unmasked, settings(), None, &mut told)).err();
    let sentence = refused.expect("an error").sentence();
    assert!(sentence.contains("no photo has a mask"), "{sentence}");
    assert_eq!(encoded, 0);
}

/// With the whole loss on the subject, nothing of such a photo would be left to learn from.
#[test]
fn a_mask_that_shows_nothing_is_passed_over() {
    let model = demo();
    let settings = TrainingSettings { localized_loss: 0.0, masked_loss: 1.0, ..settings() };
    let first = |photo: Photo| {
        let mut run =
            block_on(model.trainer(&[photo], settings.clone(), None, &mut |_, _| true)).expect("a run");
        let checkpoint = block_on(run.checkpoint()).expect("a checkpoint");
        let resumed = model.resume_training(&checkpoint, |_| None).expect("the run");
        assert_eq!(resumed.remarks(), run.remarks());
        (block_on(run.step()).expect("a step").loss, run.remarks().join(" "))
    };
    let plain = photos().swap_remove(1);
    let black = image::RgbaImage::from_pixel(plain.width(), plain.height(), image::Rgba([0, 0, 0, 255]));
    let black = Photo::from_rgba(black.width(), black.height(), &black).expect("a mask");
    let (loss, remarks) = first(plain.clone().with_mask(&black, "2.png").expect("a masked photo"));
    assert_eq!(loss, first(plain).0);
    assert!(remarks.contains("1 of 1 photos have a mask that shows nothing"), "{remarks}");
}

/// Between two pictures, of the photos or of the class, and between two steps of one of the class.
#[test]
fn a_preparation_ends_when_it_is_no_longer_wanted() {
    let model = demo();
    let settings = TrainingSettings { prior_pictures: 2, localized_loss: 0.0, ..settings() };
    let pictures = photos().len() + 2;
    for (last, times) in [((1, pictures), 1), ((photos().len(), pictures), 2)] {
        let mut reports = Vec::new();
        let mut told = |done, of| {
            reports.push((done, of));
            reports.iter().filter(|&&report| report == last).count() < times
        };
        let error =
            block_on(model.trainer(&photos(), settings.clone(), None, &mut told)).err().expect("an end");
        assert!(matches!(error, Error::Training(training::Error::Cancelled)), "{error}");
        assert_eq!(reports.last(), Some(&last));
    }
}

/// Counts pictures, and finds the darker ones nearer to the photos.
struct Counting {
    seen: Vec<(String, Picture)>,
}

impl HeldBackJudge for Counting {
    async fn scores(&mut self, picture: &Picture, clean_prompt: &str) -> Result<HeldBackScores, Error> {
        self.seen.push((clean_prompt.to_owned(), picture.clone()));
        let count = self.seen.len() as f64;
        Ok(HeldBackScores { text_alignment: count, image_alignment: 10.0 * count, dino: None })
    }
}

/// Judging draws the target prompt and the photos' own, twice each, always the same, and leaves the run alone.
#[test]
fn a_state_is_judged_by_its_pictures() {
    let model = demo();
    let mut trainer = trainer(&model);
    run(&mut trainer, 1);
    let state = block_on(trainer.checkpoint()).expect("a state");
    let judge = |trainer: &Trainer| {
        let mut judge = Counting { seen: Vec::new() };
        let scores = block_on(model.held_back_scores(trainer, &mut judge)).expect("scores");
        (scores, judge.seen)
    };
    let (scores, seen) = judge(&trainer);
    let prompts: Vec<_> = seen.iter().map(|(prompt, _)| prompt.as_str()).collect();
    assert_eq!(
        prompts,
        ["a pencil sketch of a cat", "a pencil sketch of a cat", "a photo of a cat", "a photo of a cat"]
    );
    // Texts of the first two, likeness of all four.
    assert_eq!(scores, HeldBackScores { text_alignment: 1.5, image_alignment: 25.0, dino: None });
    assert!(seen[0].1 != seen[1].1, "two seeds are two pictures");
    assert!(block_on(trainer.checkpoint()).expect("a state") == state, "judging changed the run");
    run(&mut trainer, 1);
    assert!(judge(&trainer).1[0].1 != seen[0].1, "another state draws another picture");
}

#[test]
fn trial_prompts_name_the_subject_as_its_training_does() {
    let prompts = |settings: TrainingSettings| {
        TrialPrompt::of_run(&settings)
            .into_iter()
            .map(|of| (of.prompt, of.clean_prompt, of.wanted))
            .collect::<Vec<_>>()
    };
    let of = |prompt: &str, clean: &str, wanted| (prompt.to_owned(), clean.to_owned(), wanted);
    let further_clean_prompts = vec!["the cat's hotcat beside a cat".to_owned(), "a cat".to_owned()];
    let several = TrainingSettings { further_clean_prompts, ..settings() };
    assert_eq!(
        prompts(several.clone()),
        [
            of("a pencil sketch of a <my-cat> cat", "a pencil sketch of a cat", true),
            of("a <my-cat> cat's hotcat beside a cat", "the cat's hotcat beside a cat", true),
            of("a photo of a <my-cat> cat", "a photo of a cat", false),
        ]
    );
    let of_the_paper =
        TrainingSettings { personalization_prompt: "a photo of {placeholder}".into(), ..several };
    assert_eq!(
        prompts(of_the_paper),
        [
            of("a pencil sketch of <my-cat>", "a pencil sketch of a cat", true),
            of("<my-cat>'s hotcat beside a cat", "the cat's hotcat beside a cat", true),
            of("a photo of <my-cat>", "a photo of a cat", false),
        ]
    );
    // Methods that keep the class noun beside the word; no target prompt, so the photos' own is wanted.
    let dreambooth = TrainingSettings {
        placeholder: "<my-cat>".into(),
        class_noun: "cat".into(),
        ..TrainingSettings::of_method(Method::Dreambooth)
    };
    assert_eq!(prompts(dreambooth.clone()), [of("photo of a <my-cat> cat", "photo of a cat", true)]);
    let sketch = TrainingSettings { clean_prompt: "a sketch of a cat".into(), ..dreambooth };
    assert_eq!(prompts(sketch.clone())[0], of("a sketch of a <my-cat> cat", "a sketch of a cat", true));
    // Lists of sentences have the word alone, and so may captions, where every photo has one.
    let listed = TrainingSettings { prompt_templates: PromptTemplates::Objects, ..sketch.clone() };
    let alone = of("a sketch of <my-cat>", "a sketch of a cat", true);
    assert_eq!(prompts(listed), [alone.clone(), of("a photo of a <my-cat>", "a photo of a cat", false)]);
    let caption = Some("{placeholder} asleep".to_owned());
    let captioned = |captions| TrainingSettings { captions, ..sketch.clone() };
    assert_eq!(prompts(captioned(vec![caption.clone()]))[0], alone);
    assert_ne!(prompts(captioned(vec![caption, None]))[0], alone);
    let dog = Subject { placeholder: "<my-dog>".into(), class_noun: "dog".into(), ..Default::default() };
    let pair = TrainingSettings {
        clean_prompt: "a cat and a dog on grass".into(),
        further_subjects: vec![dog],
        ..settings()
    };
    assert_eq!(prompts(pair)[0].0, "a <my-cat> cat and a <my-dog> dog on grass");
    // Of a kind: the noun behind one's word isn't the other's.
    let other = Subject { placeholder: "<my-other>".into(), class_noun: "cat".into(), ..Default::default() };
    let two_cats = TrainingSettings { further_subjects: vec![other], ..settings() };
    assert_eq!(prompts(two_cats)[0].0, "a pencil sketch of a <my-cat> cat");
}
