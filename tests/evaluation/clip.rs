//! CLIP's two encoders and its scores against transformers (`tools/goldens/clip.py`).

use crate::support::{
    Golden, any_device, block_on, demo_model, demo_weights, in_repository, relative_error, values,
};
use burn::tensor::{Device, FloatDType, Tensor};
use image::{RgbImage, imageops};
use palpable::{
    evaluation::{ClipScorer, Error as EvaluationError, Judge, judge::Expected},
    model::{
        clip::ClipConfig,
        clip_text::{ClipTextConfig, ClipTextModel},
        clip_vision::{ClipVisionConfig, ClipVisionModel},
    },
    tokenizer::Tokenizer,
    weights::{self, ByteSource, DirectorySource, LocalFuture, MemorySource, Weights},
};
use serde::Deserialize;

const TOLERANCE: f64 = 1e-4;

fn read(path: &str) -> String {
    std::fs::read_to_string(in_repository(path)).unwrap()
}

fn close(what: &str, actual: &[f32], expected: &[f32], tolerance: f64) {
    let error = relative_error(actual, expected);
    println!("{what}: relative error {error:.1e}");
    assert!(error <= tolerance, "{what}: relative error {error:e}");
}

#[derive(Deserialize)]
struct DemoInputs {
    prompts: Vec<String>,
    photos: Vec<String>,
}

fn demo_inputs() -> DemoInputs {
    serde_json::from_str(&read("tests/goldens/clip_demo.json")).unwrap()
}

fn demo_photos() -> Vec<RgbImage> {
    let open = |name: &String| {
        image::open(in_repository(&format!("models/demo/subjects/{name}.png"))).unwrap().into_rgb8()
    };
    demo_inputs().photos.iter().map(open).collect()
}

fn demo_text_model(device: &Device) -> ClipTextModel {
    let config = ClipTextConfig::from_json(&read("models/demo/text_encoder/config.json")).unwrap();
    ClipTextModel::load(&mut demo_weights("text_encoder", "model", device), config).unwrap()
}

fn scorer(source: &dyn ByteSource) -> Result<ClipScorer, EvaluationError> {
    let device = any_device();
    let text_model = demo_text_model(&device);
    block_on(ClipScorer::load(source, text_model, &device, FloatDType::F32, &mut |_| {}))
}

fn demo_tokenizer() -> Tokenizer {
    block_on(Tokenizer::load(&demo_model(), "tokenizer")).unwrap()
}

/// A random tiny text encoder and its golden.
fn tiny_text_model(name: &str, device: &Device) -> (ClipTextModel, Golden) {
    let golden = Golden::read(&format!("{name}.safetensors"));
    let config = ClipTextConfig::from_json(&read(&format!("tests/goldens/{name}.json"))).unwrap();
    (ClipTextModel::load(&mut golden.weights("model.", device), config).unwrap(), golden)
}

/// The rows of token ids in a golden.
fn ids_of(golden: &Golden) -> Vec<Vec<u32>> {
    let (shape, ids) = &golden.tensors["ids"];
    ids.chunks(shape[1]).map(|row| row.iter().map(|&id| id as u32).collect()).collect()
}

/// `[batch, tokens, width]`
fn embed(model: &ClipTextModel, ids: &[Vec<u32>]) -> Tensor<3> {
    Tensor::stack(ids.iter().map(|row| model.embed_tokens(row)).collect(), 0)
}

#[test]
fn the_demo_text_encoder_is_transformers() {
    let (model, tokenizer) = (demo_text_model(&any_device()), demo_tokenizer());
    let ids: Vec<_> = demo_inputs().prompts.iter().map(|prompt| tokenizer.encode(prompt).ids).collect();
    let hidden = model.forward(embed(&model, &ids));
    let golden = Golden::read("clip_demo.safetensors");
    close("demo text encoder", &values(hidden), golden.values("last_hidden_state"), TOLERANCE);
}

#[test]
fn random_text_encoders_are_transformers() {
    for name in ["clip_text_sd15", "clip_text_gelu"] {
        let (model, golden) = tiny_text_model(name, &any_device());
        let ids = ids_of(&golden);
        let hidden = model.forward(embed(&model, &ids));
        let rows = ids.iter().enumerate().map(|(row, ids)| model.pool(hidden.clone().narrow(0, row, 1), ids));
        let pooled = Tensor::cat(rows.collect(), 0);
        close(&format!("{name}, pooled"), &values(pooled), golden.values("pooled"), TOLERANCE);
        close(name, &values(hidden), golden.values("last_hidden_state"), TOLERANCE);
    }
}

/// As on a device that can bind 256 bytes at once: the token table lies in many tensors.
#[test]
fn a_token_table_in_parts_is_the_table() {
    let device = any_device();
    let (whole, golden) = tiny_text_model("clip_text_sd15", &device);
    let own = golden.tensors.iter().filter_map(|(name, tensor)| {
        name.strip_prefix("model.").map(|name| (name.to_owned(), tensor.clone()))
    });
    let mut weights = Weights::from_tensors_in_parts(own.collect(), &device, FloatDType::F32, 256).unwrap();
    let parted = ClipTextModel::load(&mut weights, whole.config().clone()).unwrap();
    let all: Vec<u32> = (0..whole.config().vocab_size as u32 + 3).chain([7, 7, 0, 20, 1]).collect();
    assert_eq!(values(parted.embed_tokens(&all)), values(whole.embed_tokens(&all)));
    let ids = ids_of(&golden);
    let hidden = parted.forward(embed(&parted, &ids));
    assert_eq!(values(hidden), values(whole.forward(embed(&whole, &ids))));
}

#[test]
fn gradients_reach_the_token_embeddings() {
    for name in ["clip_text_sd15", "clip_text_gelu"] {
        let device = any_device();
        let (model, golden) = tiny_text_model(name, &device);
        let output_weights = golden.tensor::<3>("output_weights", &device);
        let loss = |embeddings: Tensor<3>| (model.forward(embeddings) * output_weights.clone()).sum();
        let embeddings = embed(&model, &ids_of(&golden));

        let leaf = embeddings.clone().autodiff().require_grad();
        let gradient =
            leaf.grad(&loss(leaf.clone()).backward()).expect("the output depends on the embeddings");
        close(&format!("{name}, gradient"), &values(gradient.clone()), golden.values("gradient"), TOLERANCE);

        // And by central differences, along the gradient and along a fixed other direction.
        let other = embeddings.clone().sin();
        for (which, direction) in [("the gradient", gradient.clone()), ("another direction", other)] {
            let norm = direction.clone().square().sum().sqrt();
            let direction = direction / norm.unsqueeze::<3>();
            let slope = |step: f32| {
                let moved = embeddings.clone() + direction.clone() * step;
                f64::from(loss(moved).into_scalar::<f32>())
            };
            let step = 5e-3;
            let numeric = (slope(step) - slope(-step)) / f64::from(2.0 * step);
            let analytic = f64::from((gradient.clone() * direction.clone()).sum().into_scalar::<f32>());
            let scale = f64::from(gradient.clone().square().sum().sqrt().into_scalar::<f32>());
            assert!(
                (numeric - analytic).abs() < 5e-3 * scale,
                "{name}, along {which}: {numeric} by differences, {analytic} by autodiff, norm {scale}"
            );
        }
    }
}

#[test]
fn spliced_vectors_get_gradients_from_later_tokens_only() {
    let device = any_device();
    let (model, _) = tiny_text_model("clip_text_gelu", &device);
    let vectors = Tensor::<2>::from_floats([[0.1; 32], [-0.2; 32]], &device).autodiff().require_grad();
    let gradient_from = |start: usize| {
        let (before, after) = (model.embed_tokens(&[38, 5]), model.embed_tokens(&[7, 39]));
        let prompt = Tensor::cat(vec![before.autodiff(), vectors.clone(), after.autodiff()], 0);
        let output = model.forward(prompt.unsqueeze::<3>()).narrow(1, start, 2);
        values(vectors.grad(&output.powi_scalar(3).sum().backward()).expect("the vectors take part"))
    };
    assert!(gradient_from(0).iter().all(|&x| x == 0.0), "tokens before the vectors do not see them");
    assert!(gradient_from(4).iter().any(|&x| x.abs() > 1e-3), "tokens after them do");
}

#[test]
fn a_random_image_encoder_is_transformers() {
    let device = any_device();
    let golden = Golden::read("clip_vision.safetensors");
    let config: ClipVisionConfig = serde_json::from_str(&read("tests/goldens/clip_vision.json")).unwrap();
    let model = ClipVisionModel::load(&mut golden.weights("model.", &device), config).unwrap();
    let pooled = model.forward(golden.tensor("pixel_values", &device));
    close("random image encoder", &values(pooled), golden.values("pooled"), TOLERANCE);
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
