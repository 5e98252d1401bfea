//! Learning is real: on the embedded model, one sample subject and the default settings, what PALP
//! trains looks like the photos more than the class noun does, and follows the target prompt better
//! than the same run without alignment (λ = 0). Judged by the embedded CLIP.

use crate::support::{block_on, demo_model, in_repository, open_any};
use image::RgbImage;
use palpable::{
    adapter::Adapter,
    evaluation::{ClipScorer, Judge, judge::Expected, statistics::mean},
    pipeline::{AppliedAdapter, Generation, GenerationSettings, Precision, StableDiffusion},
    training::{Photo, TrainingSettings, photos},
};

const SUBJECT: &str = "dog";
const CLASS_NOUN: &str = "dog";
const PLACEHOLDER: &str = "<my-dog>";
const TARGET: &str = "a photo of a dog wearing a crown at the beach";
const SEEDS: std::ops::Range<u64> = 0..4;

fn personalize(model: &StableDiffusion, photos: &[Photo], lambda: f64) -> Adapter {
    let settings = TrainingSettings {
        placeholder: PLACEHOLDER.into(),
        class_noun: CLASS_NOUN.into(),
        clean_prompt: TARGET.into(),
        lambda,
        ..Default::default()
    };
    let mut trainer =
        block_on(model.trainer(photos, settings, None, &mut |_, _| true)).expect("valid settings");
    while !trainer.is_complete() {
        block_on(trainer.step()).expect("a step");
    }
    block_on(trainer.adapter()).expect("an adapter")
}

fn draw(model: &StableDiffusion, prompt: &str, adapter: Option<&Adapter>) -> Vec<RgbImage> {
    let applied: Vec<_> = adapter.iter().map(|&adapter| AppliedAdapter { adapter, strength: 1.0 }).collect();
    let picture = |seed| {
        let settings = GenerationSettings { prompt: prompt.into(), seed, steps: 10, ..Default::default() };
        let mut generation = Generation::new(model, &settings, &applied).expect("valid settings");
        while block_on(generation.step()).expect("a step") < generation.steps() {}
        let picture = block_on(generation.finish()).expect("a picture");
        RgbImage::from_raw(picture.width as u32, picture.height as u32, picture.rgb).expect("whole pixels")
    };
    SEEDS.map(picture).collect()
}

#[test]
fn likeness_and_prompt() {
    let gpu = open_any();
    let model = block_on(StableDiffusion::load(&gpu, &demo_model(), "demo", Precision::Float32, &mut |_| ()));
    let model = model.expect("the embedded model");
    let text_model = (*model.text_encoder).clone();
    let dtype = Precision::Float32.dtype();
    let scorer = block_on(ClipScorer::load(&demo_model(), text_model, &gpu.device, dtype, &mut |_| ()));
    let scorer = scorer.expect("the embedded CLIP");

    let folder = in_repository("models/demo/subjects").join(SUBJECT);
    let photos = photos::read_folder(&folder).expect("photos");
    let photo_pictures: Vec<RgbImage> =
        (1..=5).map(|n| image::open(folder.join(format!("{n}.png"))).expect("a photo").to_rgb8()).collect();

    let mut judge = Judge::new(scorer, model.tokenizer.clone(), None);
    let subject = block_on(judge.embed_subject(&photo_pictures)).expect("photos");

    let mut score = |what: &str, prompt: &str, adapter: Option<&Adapter>| {
        let pictures = draw(&model, prompt, adapter);
        let mut score = |picture: &RgbImage| {
            let expected = Expected { clean_prompt: TARGET, elements: &[], subject: &subject, others: &[] };
            block_on(judge.score(picture, expected)).expect("scores")
        };
        let scores: Vec<_> = pictures.iter().map(&mut score).collect();
        let text = mean(&scores.iter().map(|scores| scores.text_alignment).collect::<Vec<_>>()).unwrap();
        let image = mean(&scores.iter().map(|scores| scores.image_alignment).collect::<Vec<_>>()).unwrap();
        println!("{what}: text {text:.3}, image {image:.3}");
        (text, image)
    };
    let personal = TARGET.replace("a dog", &format!("a {PLACEHOLDER} dog"));
    let (_, class_image) = score("base model, class noun", TARGET, None);
    let without_alignment = personalize(&model, &photos, 0.0);
    let (plain_text, _) = score("λ = 0", &personal, Some(&without_alignment));
    let aligned = personalize(&model, &photos, TrainingSettings::default().lambda);
    let (palp_text, palp_image) = score("PALP", &personal, Some(&aligned));

    assert!(palp_image > class_image + 0.05, "likeness: {palp_image:.3} against {class_image:.3}");
    assert!(palp_text > plain_text + 0.05, "prompt: {palp_text:.3} against {plain_text:.3}");
}
