//! A whole CLIP and DINO in transformers' layout against transformers (`tools/goldens/evaluation.py`).

use burn::tensor::FloatDType;
use image::{RgbImage, imageops};
use palpable::{
    evaluation::{
        ClipScorer, DinoScorer, Error, Judge, clip_score, cosine,
        foreground::SubjectMask,
        judge::{Expected, mean_among},
        mean_cosine,
    },
    tokenizer::Tokenizer,
    weights::DirectorySource,
};
use serde::Deserialize;

use crate::support::{Golden, any_device, block_on, in_repository, relative_error};

const TOLERANCE: f64 = 1e-4;

#[derive(Deserialize)]
struct Inputs {
    prompts: Vec<String>,
    photos: Vec<String>,
}

fn inputs() -> Inputs {
    let text = std::fs::read_to_string(in_repository("tests/goldens/evaluation/scores.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The golden script's: two photos, and parts of them that are not square.
fn pictures() -> Vec<RgbImage> {
    let open = |name: &String| {
        image::open(in_repository(&format!("models/demo/subjects/{name}.png"))).unwrap().into_rgb8()
    };
    let photos: Vec<_> = inputs().photos.iter().map(open).collect();
    let wide = imageops::crop_imm(&photos[0], 10, 20, 237, 158).to_image();
    let high = imageops::crop_imm(&photos[1], 0, 0, 90, 131).to_image();
    [photos, vec![wide, high]].concat()
}

fn folder(name: &str) -> DirectorySource {
    DirectorySource::new(in_repository(&format!("tests/goldens/evaluation/{name}")))
}

fn close(what: &str, actual: &[Vec<f32>], expected: &[f32]) {
    let error = relative_error(&actual.concat(), expected);
    assert!(error <= TOLERANCE, "{what}: relative error {error:e}");
}

fn clip(name: &str) -> Result<(ClipScorer, Tokenizer), Error> {
    block_on(ClipScorer::load_whole(&folder(name), &any_device(), FloatDType::F32, &mut |_| ()))
}

fn dino() -> DinoScorer {
    block_on(DinoScorer::load(&folder("dino"), &any_device(), FloatDType::F32, &mut |_| ())).unwrap()
}

#[test]
fn a_whole_clip_is_transformers() {
    let golden = Golden::read("evaluation/scores.safetensors");
    let (scorer, tokenizer) = clip("clip").unwrap();
    let embed = |prompt: &String| block_on(scorer.embed_text(&tokenizer.encode(prompt))).unwrap();
    let texts: Vec<_> = inputs().prompts.iter().map(embed).collect();
    close("texts", &texts, golden.values("clip_texts"));
    close("pictures", &block_on(scorer.embed_images(&pictures())).unwrap(), golden.values("clip_photos"));
}

#[test]
fn dino_is_transformers() {
    let golden = Golden::read("evaluation/scores.safetensors");
    close("pictures", &block_on(dino().embed_images(&pictures())).unwrap(), golden.values("dino_photos"));
}

/// torchvision's `CenterCrop` rounds half a pixel to the even one: of 259 columns, none of which is stretched, it
/// takes 224 from the 18th on (17.5), of 257 from the 16th on (16.5).
#[test]
fn dino_looks_at_torchvisions_centre() {
    let wide = imageops::resize(&pictures()[0], 259, 256, imageops::FilterType::Triangle);
    let narrow = imageops::crop_imm(&wide, 2, 0, 257, 256).to_image();
    let vectors = block_on(dino().embed_images(&[wide, narrow])).unwrap();
    assert_eq!(vectors[0], vectors[1]);
}

#[test]
fn a_judge_asks_all_at_once() {
    let (scorer, tokenizer) = clip("clip").unwrap();
    let mut judge = Judge::new(scorer.clone(), tokenizer.clone(), Some(dino()));
    let photos = pictures();
    let subject = block_on(judge.embed_subject(&photos[..2])).unwrap();
    let other = block_on(judge.embed_subject(&photos[2..])).unwrap();
    let elements = ["a dog".to_owned(), "the photo".to_owned()];
    let expected = Expected {
        clean_prompt: "a photo of a dog",
        elements: &elements,
        subject: &subject,
        others: &[&other],
    };
    let scores = block_on(judge.score(&photos[2], expected)).unwrap();

    let text = |text: &str| block_on(scorer.embed_text(&tokenizer.encode(text))).unwrap();
    let picture = block_on(scorer.embed_images(&photos[2..3])).unwrap().remove(0);
    let near = |what: &str, actual: f64, expected: f64| {
        assert!((actual - expected).abs() < 1e-6, "{what}: {actual}, not {expected}");
    };
    near("text", scores.text_alignment, f64::from(cosine(&picture, &text("a photo of a dog"))));
    near("element", scores.elements[1], f64::from(cosine(&picture, &text("the photo"))));
    let caption = clip_score(cosine(&picture, &text("A photo depicts a photo of a dog")));
    near("CLIPScore", scores.clip_score, f64::from(caption));
    let own = mean_cosine(&picture, &subject.photos).unwrap();
    near("image", scores.image_alignment, own);
    near("margin", scores.margin.unwrap(), own - mean_cosine(&picture, &other.photos).unwrap());
    let two = Expected { others: &[&other, &subject], ..expected };
    let nearer = block_on(judge.score(&photos[2], two)).unwrap().margin.unwrap();
    near("margin over two", nearer, own - (mean_cosine(&picture, &other.photos).unwrap() + own) / 2.0);
    assert!(scores.dino.is_some());
    let pair = f64::from(cosine(&subject.photos[0], &subject.photos[1]));
    near("photos among themselves", mean_among(&subject.photos).unwrap(), pair);
    assert_eq!(mean_among(&subject.photos[..1]), None);
}

#[test]
fn a_subject_is_found_against_its_background() {
    // A striped disc with a hole before a sky and a ground.
    let picture = RgbImage::from_fn(96, 96, |x, y| {
        let (dx, dy) = (f64::from(x) - 50.0, f64::from(y) - 45.0);
        image::Rgb(match (dx * dx + dy * dy).sqrt() {
            5.0..20.0 if x % 6 < 3 => [200, 30, 30],
            5.0..20.0 => [240, 220, 40],
            _ if y < 60 => [120, 180, 240],
            _ => [90, 150, 60],
        })
    });
    let mask = SubjectMask::find(&picture).expect("a subject");
    let inside = |x: usize, y: usize| mask.subject[y * 96 + x];
    assert!(inside(50, 30) && inside(35, 45), "the disc");
    assert!(inside(50, 45), "its hole is filled");
    assert!(!inside(10, 10) && !inside(80, 80), "not the background");
    let area = mask.subject.iter().filter(|&&inside| inside).count() as f64;
    let disc = std::f64::consts::PI * 400.0;
    assert!((area / disc - 1.0).abs() < 0.1, "{area} pixels, not {disc}");
    let cut = mask.cut_out(&picture);
    assert!((39..=42).contains(&cut.width()) && cut.width() == cut.height(), "{:?}", cut.dimensions());
    assert_eq!(cut.get_pixel(0, 0).0, [123, 117, 104], "grey around it");

    let plain = RgbImage::from_pixel(64, 64, image::Rgb([200, 200, 200]));
    assert_eq!(SubjectMask::find(&plain), None);
    let spots = |middle: [u8; 3], corner: [u8; 3]| {
        SubjectMask::find(&RgbImage::from_fn(64, 64, |x, y| match (x, y) {
            (26..38, 26..38) => image::Rgb(middle),
            (5..23, 5..23) => image::Rgb(corner),
            _ => image::Rgb([200; 3]),
        }))
    };
    assert_eq!(spots([210, 190, 200], [200; 3]), None, "hardly another colour");
    let mask = spots([200, 30, 30], [30, 30, 200]).expect("a subject");
    let found = |x: usize, y: usize| mask.subject[y * 64 + x];
    assert!(found(32, 32) && !found(14, 14), "the middle counts more than the size");
}

#[test]
fn unusable_judges_are_refused_in_a_sentence() {
    let error = clip("dino").err().expect("no CLIP").to_string();
    assert!(error.contains("vision_config") || error.contains("preprocessor_config.json"), "{error}");
    let device = any_device();
    let error = block_on(DinoScorer::load(&folder("clip"), &device, FloatDType::F32, &mut |_| ()));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("DINO") && error.contains("hidden_size"), "{error}");
}
