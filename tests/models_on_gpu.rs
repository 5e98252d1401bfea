//! The embedded model by the kernels against the same model by the reference operations: results,
//! and the gradients of adapters.

mod support;

use std::time::Instant;

use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use palpable::{
    gpu::Gpu,
    model::{
        cross_attention::{CrossAttentionHook, Guides, Place},
        lora::{LoraLayer, LoraSet},
        unet::UNet2DConditionModel,
        unet_config::UNet2DConditionConfig,
        vae::AutoencoderKl,
        vae_config::AutoencoderKlConfig,
    },
    ops::packed::Packing,
    sampling::noise,
    weights::{Weights, read_text},
};
use support::{block_on, demo_model, demo_weights, open_gpu, relative_error, values};

fn unet(device: &Device) -> UNet2DConditionModel {
    unet_as(device, None)
}

fn unet_as(device: &Device, packing: Option<Packing>) -> UNet2DConditionModel {
    let config = block_on(read_text(&demo_model(), "unet/config.json")).expect("a config");
    let config = UNet2DConditionConfig::from_json(&config).expect("a supported config");
    let (source, part) = (demo_model(), ["unet", "diffusion_pytorch_model"]);
    let mut ignore_progress = |_| ();
    let loading = Weights::load_packed(&source, part, device, FloatDType::F32, packing, &mut ignore_progress);
    let mut weights = block_on(loading).expect("weights");
    UNet2DConditionModel::load(&mut weights, config).expect("a U-Net")
}

fn vae(device: &Device) -> AutoencoderKl {
    let config = block_on(read_text(&demo_model(), "vae/config.json")).expect("a config");
    let config = AutoencoderKlConfig::from_json(&config).expect("a supported config");
    let mut weights = demo_weights("vae", "diffusion_pytorch_model", device);
    AutoencoderKl::load(&mut weights, config).expect("a VAE")
}

fn normal<const D: usize>(shape: [usize; D], stream: u64, device: &Device) -> Tensor<D> {
    let values = noise::normal(7, stream, shape.iter().product());
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// A LoRA on every attention projection, as leaves of the tape.
fn adapters(unet: &UNet2DConditionModel, device: &Device) -> Vec<(String, LoraLayer)> {
    let leaf = |shape: [usize; 2], stream: usize| {
        (normal(shape, stream as u64, device) * 0.05).autodiff().require_grad()
    };
    let layer = |(index, projection): (usize, palpable::model::adaptable::AdaptableModule)| {
        let down = leaf([3, projection.in_features], 100 + 2 * index);
        let up = leaf([projection.out_features, 3], 101 + 2 * index);
        (projection.path, LoraLayer { down, up, scale: 0.7 })
    };
    unet.attention_projections().into_iter().enumerate().map(layer).collect()
}

/// The noise prediction, and the gradients of Σ weights·prediction with respect to some LoRA factors
/// and to the prompt's encoding.
fn predict(device: &Device, unet: &UNet2DConditionModel) -> (Vec<f32>, Vec<(String, Vec<f32>)>) {
    let layers = adapters(unet, device);
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

/// By the kernels as by the reference operations, prediction and gradients alike.
fn assert_equal_to_the_reference(gpu: &Gpu, packing: Option<Packing>) {
    let on = |device: &Device| predict(device, &unet_as(device, packing));
    let (found, found_gradients) = on(&gpu.device);
    gpu.check().expect("no error on the GPU");
    let (expected, expected_gradients) = on(&Device::flex());
    let error = relative_error(&found, &expected);
    assert!(error < 1e-4, "the prediction is off by {error:e}");
    for ((name, found), (_, expected)) in found_gradients.iter().zip(&expected_gradients) {
        let error = relative_error(found, expected);
        assert!(error < 1e-3, "the gradient of {name} is off by {error:e}");
    }
}

/// What training a LoRA on packed weights needs.
#[test]
fn packed_unet_and_its_gradients() {
    let gpu = open_gpu();
    for packing in [Packing::Halves, Packing::Integers] {
        assert_equal_to_the_reference(&gpu, Some(packing));
    }
}

#[test]
fn unet_and_its_gradients() {
    let gpu = open_gpu();
    assert_equal_to_the_reference(&gpu, None);
    let unet = unet(&gpu.device);
    for batch in [1, 2, 4] {
        let sample = normal([batch, 16, 16, 4], 4, &gpu.device);
        let context = normal([batch, 77, 128], 5, &gpu.device);
        let started = Instant::now();
        drop(values(unet.forward(sample, &vec![500.0; batch], context, None)));
        println!("one U-Net evaluation of batch {batch}: {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
    }
}

/// Cross-attention in the open, on the GPU, against the fused kernel.
#[test]
fn hooked_cross_attention() {
    struct Looking(std::cell::Cell<usize>);
    impl CrossAttentionHook for Looking {
        fn attend(&self, _: Place, probabilities: Tensor<4>) -> Tensor<4> {
            self.0.set(self.0.get() + 1);
            probabilities
        }
    }
    let gpu = open_gpu();
    let unet = unet(&gpu.device);
    let sample = normal([2, 16, 16, 4], 8, &gpu.device);
    let context = normal([2, 77, 128], 9, &gpu.device);
    let run = |cross_attention: Option<&dyn CrossAttentionHook>| {
        let guides = Guides { lora: None, cross_attention };
        values(unet.forward_guided(sample.clone(), &[500.0, 20.0], context.clone(), guides))
    };
    let looking = Looking(std::cell::Cell::new(0));
    let error = relative_error(&run(Some(&looking)), &run(None));
    gpu.check().expect("no error on the GPU");
    println!("explicit against fused: {error:.1e}");
    assert!(error <= 1e-5 && looking.0.get() == 7, "{error:e}");
}

#[test]
fn vae_both_ways() {
    let gpu = open_gpu();
    let run = |device: &Device| {
        let vae = vae(device);
        let image = normal([1, 64, 48, 3], 6, device).clamp(-1.0, 1.0);
        let latents = normal([1, 8, 6, 4], 7, device);
        let started = Instant::now();
        let found = (values(vae.encode(image).mean), values(vae.decode(latents)));
        println!("64×48 encoded and decoded: {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
        found
    };
    let (found, expected) = (run(&gpu.device), run(&Device::flex()));
    gpu.check().expect("no error on the GPU");
    assert!(relative_error(&found.0, &expected.0) < 1e-4, "encode");
    assert!(relative_error(&found.1, &expected.1) < 1e-4, "decode");
}
