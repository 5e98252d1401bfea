//! CLIP's scores and the preparation of pictures against transformers (`tools/goldens/clip.py`).

use burn::tensor::{Device, FloatDType};
use image::{RgbImage, imageops};
use palpable::evaluation::{ClipScorer, Error as EvaluationError, Judge, judge::Expected};
use palpable::model::clip::ClipConfig;
use palpable::model::clip_text::{ClipTextConfig, ClipTextModel};
use palpable::tokenizer::Tokenizer;
use palpable::weights::{self, ByteSource, DirectorySource, LocalFuture, MemorySource};
use serde::Deserialize;

use crate::support::{Golden, any_device, block_on, demo_model, demo_weights, in_repository, relative_error};

pub const TOLERANCE: f64 = 1e-4;

pub fn read(path: &str) -> String {
    std::fs::read_to_string(in_repository(path)).unwrap()
}

pub fn close(what: &str, actual: &[f32], expected: &[f32], tolerance: f64) {
    let error = relative_error(actual, expected);
    println!("{what}: relative error {error:.1e}");
    assert!(error <= tolerance, "{what}: relative error {error:e}");
}

#[derive(Deserialize)]
pub struct DemoInputs {
    pub prompts: Vec<String>,
    photos: Vec<String>,
}

pub fn demo_inputs() -> DemoInputs {
    serde_json::from_str(&read("tests/goldens/clip_demo.json")).unwrap()
}

pub fn demo_photos() -> Vec<RgbImage> {
    let open = |name: &String| {
        image::open(in_repository(&format!("models/demo/subjects/{name}.png"))).unwrap().into_rgb8()
    };
    demo_inputs().photos.iter().map(open).collect()
}

pub fn demo_text_model(device: &Device) -> ClipTextModel {
    let config = ClipTextConfig::from_json(&read("models/demo/text_encoder/config.json")).unwrap();
    ClipTextModel::load(&mut demo_weights("text_encoder", "model", device), config).unwrap()
}

fn scorer(source: &dyn ByteSource) -> Result<ClipScorer, EvaluationError> {
    let device = any_device();
    let text_model = demo_text_model(&device);
    block_on(ClipScorer::load(source, text_model, &device, FloatDType::F32, &mut |_| {}))
}

pub fn demo_tokenizer() -> Tokenizer {
    block_on(Tokenizer::load(&demo_model(), "tokenizer")).unwrap()
}

#[test]
fn text_and_picture_embeddings_are_transformers() {
    let (scorer, tokenizer) = (scorer(&demo_model()).unwrap(), demo_tokenizer());
    let golden = Golden::read("clip_demo.safetensors");
    let texts: Vec<f32> = demo_inputs()
        .prompts
        .iter()
        .flat_map(|prompt| block_on(scorer.embed_text(&tokenizer.encode(prompt))).unwrap())
        .collect();
    close("text embeddings", &texts, golden.values("text_embeddings"), TOLERANCE);

    let photos = demo_photos();
    let middle = |photo| imageops::crop_imm(photo, 64, 64, 128, 128).to_image();
    let middles: Vec<_> = photos.iter().map(middle).collect();
    let middles = block_on(scorer.embed_images(&middles)).unwrap().concat();
    close("pictures of the right size", &middles, golden.values("middle_embeddings"), TOLERANCE);

    let resized = block_on(scorer.embed_images(&photos)).unwrap().concat();
    close("resized photos", &resized, golden.values("photo_embeddings"), TOLERANCE);
}

/// The embedded model, with another file in place of one of its own.
struct Replaced {
    original: DirectorySource,
    replacement: MemorySource,
}

impl ByteSource for Replaced {
    fn length<'a>(&'a self, path: &'a str) -> LocalFuture<'a, Result<Option<u64>, weights::Error>> {
        Box::pin(async move {
            match self.replacement.length(path).await? {
                Some(length) => Ok(Some(length)),
                None => self.original.length(path).await,
            }
        })
    }

    fn read<'a>(
        &'a self,
        path: &'a str,
        range: std::ops::Range<u64>,
    ) -> LocalFuture<'a, Result<Vec<u8>, weights::Error>> {
        Box::pin(async move {
            match self.replacement.length(path).await? {
                Some(_) => self.replacement.read(path, range).await,
                None => self.original.read(path, range).await,
            }
        })
    }
}

fn scorer_with(path: &str, contents: &str) -> Result<ClipScorer, EvaluationError> {
    let mut replacement = MemorySource::default();
    replacement.insert(path, contents);
    scorer(&Replaced { original: demo_model(), replacement })
}

#[test]
fn openai_preprocessing_is_transformers() {
    // The oldest form of the file, with plain numbers.
    let openai = r#"{"crop_size": 128, "do_center_crop": true, "do_normalize": true, "do_resize": true,
        "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711],
        "resample": 3, "size": 128}"#;
    let named = r#"{"size": {"shortest_edge": 128}, "crop_size": {"height": 128, "width": 128}}"#;
    let photos = demo_photos();
    let crop = |photo, x, y, right, bottom| imageops::crop_imm(photo, x, y, right - x, bottom - y).to_image();
    let oblong = [
        crop(&photos[0], 10, 20, 247, 178),
        crop(&photos[1], 10, 20, 247, 178),
        crop(&photos[0], 0, 0, 90, 101),
    ];
    let golden = Golden::read("clip_demo.safetensors");
    for file in [openai, named] {
        let scorer = scorer_with("clip/preprocessor_config.json", file).unwrap();
        let embeddings = block_on(scorer.embed_images(&oblong)).unwrap().concat();
        close("OpenAI's preprocessing", &embeddings, golden.values("oblong_embeddings"), TOLERANCE);
    }
}

#[test]
fn scores_are_means_of_cosines() {
    let mut judge = Judge::new(scorer(&demo_model()).unwrap(), demo_tokenizer(), None);
    let photos = demo_photos();
    let subject = block_on(judge.embed_subject(&photos)).unwrap();
    let golden = Golden::read("clip_demo.safetensors");
    let row = |name: &str, row: usize| golden.values(name)[128 * row..128 * (row + 1)].to_vec();
    let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();

    let prompt = &demo_inputs().prompts[1];
    for (index, photo) in photos.iter().enumerate() {
        let expected = Expected { clean_prompt: prompt, elements: &[], subject: &subject, others: &[] };
        let scores = block_on(judge.score(photo, expected)).unwrap();
        let near = |what: &str, score: f64, expected: f32| {
            let distance = (score - f64::from(expected)).abs();
            assert!(distance < 1e-5, "{what} of photo {index}: {score}, not {expected}");
        };
        let text = cosine(&row("photo_embeddings", index), &row("text_embeddings", 1));
        near("CLIP-T", scores.text_alignment, text);
        let image = (1.0 + cosine(&row("photo_embeddings", 0), &row("photo_embeddings", 1))) / 2.0;
        near("CLIP-I", scores.image_alignment, image);
    }

    let error = block_on(judge.embed_subject(&[])).unwrap_err();
    assert_eq!(error.to_string(), "there are no pictures to compare");
    assert!(block_on(judge.embed_subject(&[RgbImage::new(0, 0)])).is_err());
}

#[test]
fn unusable_configs_are_refused_in_a_sentence() {
    let text = read("models/demo/text_encoder/config.json");
    let refuse = |from: &str, to: &str| {
        assert!(text.contains(from));
        ClipTextConfig::from_json(&text.replace(from, to)).unwrap_err().to_string()
    };
    let error = refuse("\"num_attention_heads\": 4", "\"num_attention_heads\": 5");
    assert!(error.ends_with("a hidden_size of 128 cannot be shared by 5 attention heads"), "{error}");
    assert!(
        refuse("\"num_attention_heads\": 4", "\"num_attention_heads\": 0").contains("by 0 attention heads")
    );
    assert!(refuse("quick_gelu", "relu").contains("unknown variant `relu`, expected `quick_gelu` or `gelu`"));
    assert!(refuse("\"hidden_size\": 128,", "").contains("missing field `hidden_size`"));
    assert!(refuse("\"vocab_size\": 3555", "\"vocab_size\": 0").contains("a vocabulary of nothing"));
    let error = refuse("\"vocab_size\": 3555", "\"vocab_size\": 4000000000");
    assert!(error.contains("vocab_size to 4000000000"), "{error}");
    assert!(refuse("1e-05", "0").contains("layer_norm_eps to 0.0"));

    let clip = read("models/demo/clip/config.json");
    let error = ClipConfig::from_json(&clip.replace("\"patch_size\": 16", "\"patch_size\": 15")).unwrap_err();
    assert!(error.to_string().ends_with("an image_size of 128 cannot be cut into patches of 15"), "{error}");
    for setting in ["projection_dim", "image_size"] {
        let mut config: serde_json::Value = serde_json::from_str(&clip).unwrap();
        config[setting] = 4_000_000_000_u32.into();
        config["vision_config"][setting] = 4_000_000_000_u32.into();
        let error = ClipConfig::from_json(&config.to_string()).unwrap_err();
        assert!(error.to_string().contains(&format!("{setting} to 4000000000")), "{error}");
    }

    let refuse = |file: &str| scorer_with("clip/preprocessor_config.json", file).unwrap_err().to_string();
    assert!(refuse(r#"{"size": 224, "crop_size": 224}"#).ends_with("it does not make pictures of 128×128"));
    assert!(refuse(r#"{"size": 100, "crop_size": 128}"#).ends_with("it does not make pictures of 128×128"));
    assert!(
        refuse(r#"{"size": 128, "do_center_crop": false}"#).ends_with("it does not make pictures of 128×128")
    );
    let error = refuse(r#"{"size": 128, "crop_size": 128, "image_std": [1, 0, 1]}"#);
    assert!(error.contains("image_std to [1.0,0.0,1.0]"), "{error}");
    assert!(refuse(r#"{"resample": 2}"#).contains("sets resample to 2, which is not supported"));
    assert!(refuse(r#"{"do_resize": false}"#).contains("sets do_resize to false, which is not supported"));
}

#[test]
fn a_config_of_another_size_names_the_tensor() {
    let text =
        read("models/demo/text_encoder/config.json").replace("\"vocab_size\": 3555", "\"vocab_size\": 3556");
    let config = ClipTextConfig::from_json(&text).unwrap();
    let error = ClipTextModel::load(&mut demo_weights("text_encoder", "model", &any_device()), config);
    assert_eq!(
        error.unwrap_err().to_string(),
        "\"text_model.embeddings.token_embedding.weight\" of text_encoder has the shape [3555, 128] where its \
         config asks for [3556, 128]"
    );
}

#[test]
fn clip_score_clamps_before_it_stretches() {
    assert_eq!(palpable::evaluation::clip_score(0.3), 0.75);
    assert_eq!(palpable::evaluation::clip_score(-0.3), 0.0);
}
