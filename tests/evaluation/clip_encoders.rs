//! CLIP's two encoders against transformers (`tools/goldens/clip.py`).

use burn::tensor::{Device, FloatDType, Tensor};
use palpable::model::clip_text::{ClipTextConfig, ClipTextModel};
use palpable::model::clip_vision::{ClipVisionConfig, ClipVisionModel};
use palpable::weights::Weights;

use crate::clip::{TOLERANCE, close, demo_inputs, demo_text_model, demo_tokenizer, read};
use crate::support::{Golden, any_device, values};

/// A random tiny text encoder and its golden.
pub fn tiny_text_model(name: &str, device: &Device) -> (ClipTextModel, Golden) {
    let golden = Golden::read(&format!("{name}.safetensors"));
    let config = ClipTextConfig::from_json(&read(&format!("tests/goldens/{name}.json"))).unwrap();
    (ClipTextModel::load(&mut golden.weights("model.", device), config).unwrap(), golden)
}

/// The rows of token ids in a golden.
pub fn ids_of(golden: &Golden) -> Vec<Vec<u32>> {
    let (shape, ids) = &golden.tensors["ids"];
    ids.chunks(shape[1]).map(|row| row.iter().map(|&id| id as u32).collect()).collect()
}

/// `[batch, tokens, width]`
pub fn embed(model: &ClipTextModel, ids: &[Vec<u32>]) -> Tensor<3> {
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
