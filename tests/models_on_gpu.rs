//! The embedded model by the kernels against the same model by the reference operations: results,
//! and the gradients of adapters.

use std::time::Instant;

use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use palpable::{
    gpu::{Choice, Gpu},
    model::{
        lora::{LoraLayer, LoraSet},
        unet::UNet2DConditionModel,
        unet_config::UNet2DConditionConfig,
        vae::AutoencoderKl,
        vae_config::AutoencoderKlConfig,
    },
    sampling::noise,
    weights::{DirectorySource, Weights, read_text},
};

fn demo() -> DirectorySource {
    DirectorySource::new(concat!(env!("CARGO_MANIFEST_DIR"), "/models/demo"))
}

async fn unet(device: &Device) -> UNet2DConditionModel {
    let source = demo();
    let config = read_text(&source, "unet/config.json").await.expect("a config");
    let config = UNet2DConditionConfig::from_json(&config).expect("a supported config");
    let stem = "diffusion_pytorch_model";
    let weights = Weights::load(&source, "unet", stem, device, FloatDType::F32, &mut |_| ()).await;
    UNet2DConditionModel::load(&mut weights.expect("weights"), config).expect("a U-Net")
}

async fn vae(device: &Device) -> AutoencoderKl {
    let source = demo();
    let config = read_text(&source, "vae/config.json").await.expect("a config");
    let config = AutoencoderKlConfig::from_json(&config).expect("a supported config");
    let stem = "diffusion_pytorch_model";
    let weights = Weights::load(&source, "vae", stem, device, FloatDType::F32, &mut |_| ()).await;
    AutoencoderKl::load(&mut weights.expect("weights"), config).expect("a VAE")
}

fn normal<const D: usize>(shape: [usize; D], stream: u64, device: &Device) -> Tensor<D> {
    let values = noise::normal(7, stream, shape.iter().product());
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec_as::<f32>().expect("f32 numbers")
}

fn relative_error(found: &[f32], expected: &[f32]) -> f64 {
    let norm = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>().sqrt();
    let difference = norm(&mut found.iter().zip(expected).map(|(a, b)| f64::from(a - b)));
    difference / norm(&mut expected.iter().map(|&b| f64::from(b)))
}

/// A LoRA on every attention projection, as leaves of the tape.
fn adapters(unet: &UNet2DConditionModel, device: &Device) -> Vec<(String, LoraLayer)> {
    let leaf = |shape: [usize; 2], stream: usize| {
        (normal(shape, stream as u64, device) * 0.05).autodiff().require_grad()
    };
    let layer = |(index, projection): (usize, palpable::model::unet::Projection)| {
        let down = leaf([3, projection.in_features], 100 + 2 * index);
        let up = leaf([projection.out_features, 3], 101 + 2 * index);
        (projection.path, LoraLayer { down, up, scale: 0.7 })
    };
    unet.attention_projections().into_iter().enumerate().map(layer).collect()
}

/// The noise prediction, and the gradients of Σ weights·prediction with respect to some LoRA factors
/// and to the prompt's encoding.
async fn predict(device: &Device) -> (Vec<f32>, Vec<(String, Vec<f32>)>) {
    let unet = unet(device).await;
    let layers = adapters(&unet, device);
    let mut lora = LoraSet::new();
    for (path, layer) in &layers {
        lora.insert(path.clone(), layer.clone());
    }
    let sample = normal([2, 16, 16, 4], 1, device);
    let context = normal([2, 77, 128], 2, device).autodiff().require_grad();
    let prediction = unet.forward(sample, &[801.0, 20.0], context.clone(), Some(&lora));
    let weights = normal([2, 16, 16, 4], 3, device).autodiff();
    let gradients = (prediction.clone() * weights).sum().backward();
    let mut found = vec![("context".to_owned(), values(context.grad(&gradients).expect("a gradient")))];
    for (path, layer) in layers {
        found.push((format!("{path}, down"), values(layer.down.grad(&gradients).expect("a gradient"))));
        found.push((format!("{path}, up"), values(layer.up.grad(&gradients).expect("a gradient"))));
    }
    (values(prediction.inner()), found)
}

#[test]
fn unet_and_its_gradients() {
    pollster::block_on(async {
        let gpu = Gpu::open(Choice::Gpu).await.expect("a GPU or a software Vulkan driver");
        let (found, found_gradients) = predict(&gpu.device).await;
        gpu.check().expect("no error on the GPU");
        let (expected, expected_gradients) = predict(&Device::flex()).await;
        let error = relative_error(&found, &expected);
        assert!(error < 1e-4, "the prediction is off by {error:e}");
        for ((name, found), (_, expected)) in found_gradients.iter().zip(&expected_gradients) {
            let error = relative_error(found, expected);
            assert!(error < 1e-3, "the gradient of {name} is off by {error:e}");
        }

        let unet = unet(&gpu.device).await;
        for batch in [1, 2, 4] {
            let sample = normal([batch, 16, 16, 4], 4, &gpu.device);
            let context = normal([batch, 77, 128], 5, &gpu.device);
            let started = Instant::now();
            drop(values(unet.forward(sample, &vec![500.0; batch], context, None)));
            println!(
                "one U-Net evaluation of batch {batch}: {:.0} ms",
                started.elapsed().as_secs_f64() * 1e3
            );
        }
    });
}

#[test]
fn vae_both_ways() {
    pollster::block_on(async {
        let gpu = Gpu::open(Choice::Gpu).await.expect("a GPU or a software Vulkan driver");
        let cpu = Device::flex();
        let run = async |device: &Device| {
            let vae = vae(device).await;
            let image = normal([1, 64, 48, 3], 6, device).clamp(-1.0, 1.0);
            let latents = normal([1, 8, 6, 4], 7, device);
            (values(vae.encode(image).mean), values(vae.decode(latents)))
        };
        let (found, expected) = (run(&gpu.device).await, run(&cpu).await);
        gpu.check().expect("no error on the GPU");
        assert!(relative_error(&found.0, &expected.0) < 1e-4, "encode");
        assert!(relative_error(&found.1, &expected.1) < 1e-4, "decode");
    });
}
