//! The U-Net's LoRA against peft (goldens: tools/goldens/unet.py).

use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use palpable::model::lora::{LoraLayer, LoraSet};
use palpable::model::unet::UNet2DConditionModel;

use crate::support::{Golden, any_device, any_device_for, formula, relative_error, values};
use crate::unet::{TIMESTEPS, formula_unet, inputs};

/// Rank 2 and alpha 3 on all attention projections, the factors by the formula on `device`.
fn formula_lora(unet: &UNet2DConditionModel, device: &Device) -> LoraSet {
    let factor = |name: String, shape: [usize; 2]| {
        let data = TensorData::new::<f32, _>(formula::weight(&name, &shape), shape);
        let factor = Tensor::<2>::from_data(data, device);
        if device.is_autodiff() { factor.require_grad() } else { factor }
    };
    let mut lora = LoraSet::new();
    for projection in unet.attention_projections() {
        let path = projection.path;
        let down = factor(format!("{path}.down"), [2, projection.in_features]);
        let up = factor(format!("{path}.up"), [projection.out_features, 2]);
        lora.insert(path, LoraLayer { down, up, scale: 3.0 / 2.0 });
    }
    lora
}

#[test]
fn lora_output_equals_peft() {
    let device = any_device();
    let unet = formula_unet("adapted", &device, FloatDType::F32);
    let (sample, context) = inputs(&unet, [8, 6], 7, &device);
    let lora = formula_lora(&unet, &device);
    let golden = Golden::read("unet/adapted.safetensors");
    let adapted = values(unet.forward(sample.clone(), &TIMESTEPS, context.clone(), Some(&lora)));
    let error = relative_error(&adapted, golden.values("output"));
    println!("with LoRA: relative error {error:.2e}");
    assert!(error <= 1e-4);
    let base = values(unet.forward(sample, &TIMESTEPS, context, None));
    assert!(relative_error(&base, golden.values("output")) > 0.1, "the adapter changes nothing");
}

#[test]
fn gradients_equal_pytorch() {
    let device = any_device();
    let unet = formula_unet("adapted", &device, FloatDType::F32);
    let (sample, context) = inputs(&unet, [8, 6], 7, &device);
    let context = context.autodiff().require_grad();
    let lora = formula_lora(&unet, &device.clone().autodiff());
    let output = unet.forward(sample, &TIMESTEPS, context.clone(), Some(&lora));
    let direction = formula::values("direction", output.dims(), &device);
    let gradients = (output * direction).sum().backward();

    let golden = Golden::read("unet/adapted.safetensors");
    let mut worst = relative_error(
        &values(context.grad(&gradients).unwrap()),
        golden.values("gradient.encoder_hidden_states"),
    );
    println!("gradient of the text context: relative error {worst:.2e}");
    for projection in unet.attention_projections() {
        let path = projection.path;
        let [layer] = lora.get(&path) else { panic!("one adaptation of {path}") };
        for (name, factor) in [("down", &layer.down), ("up", &layer.up)] {
            let expected = golden.values(&format!("gradient.{path}.{name}"));
            worst = worst.max(relative_error(&values(factor.grad(&gradients).unwrap()), expected));
        }
    }
    println!("gradients: worst relative error {worst:.2e}");
    assert!(worst <= 1e-3);
}

#[test]
fn half_precision_model_trains_factors_in_full_precision() {
    let device = any_device_for(FloatDType::F16);
    let unet = formula_unet("adapted", &device, FloatDType::F16);
    let (sample, context) = inputs(&unet, [8, 6], 7, &device);
    let lora = formula_lora(&unet, &device.clone().autodiff());
    let output = unet.forward(sample, &TIMESTEPS, context, Some(&lora));
    let direction = formula::values("direction", output.dims(), &device);
    let gradients = (output * direction).sum().backward();

    let golden = Golden::read("unet/adapted.safetensors");
    let path = "mid_block.attentions.0.transformer_blocks.0.attn2.to_v";
    let gradient = lora.get(path)[0].up.grad(&gradients).unwrap();
    assert_eq!(gradient.dtype(), DType::F32);
    let error = relative_error(&values(gradient), golden.values(&format!("gradient.{path}.up")));
    println!("gradient through f16: relative error {error:.2e}");
    assert!(error < 5e-2);
}

#[test]
fn a_set_that_names_no_layer_is_the_base_model_bit_by_bit() {
    let device = any_device();
    let unet = formula_unet("adapted", &device, FloatDType::F32);
    let (sample, context) = inputs(&unet, [8, 6], 7, &device);
    let base = values(unet.forward(sample.clone(), &TIMESTEPS, context.clone(), None));
    let empty = LoraSet::new();
    let factor = |shape: [usize; 2]| Tensor::<2>::ones(shape, &device);
    let mut elsewhere = LoraSet::new();
    elsewhere.insert("nowhere", LoraLayer { down: factor([2, 16]), up: factor([16, 2]), scale: 1.0 });
    for lora in [empty, elsewhere] {
        let adapted = unet.forward(sample.clone(), &TIMESTEPS, context.clone(), Some(&lora));
        assert_eq!(values(adapted), base);
    }
}

#[test]
fn several_adapters_of_a_layer_add_up() {
    let device = any_device();
    let unet = formula_unet("adapted", &device, FloatDType::F32);
    let (sample, context) = inputs(&unet, [8, 6], 7, &device);
    let whole = formula_lora(&unet, &device);
    let mut halves = LoraSet::new();
    for projection in unet.attention_projections() {
        for layer in whole.get(&projection.path) {
            let half = LoraLayer { scale: layer.scale / 2.0, ..layer.clone() };
            halves.insert(projection.path.clone(), half.clone());
            halves.insert(projection.path.clone(), half);
        }
    }
    let run = |lora| values(unet.forward(sample.clone(), &TIMESTEPS, context.clone(), Some(lora)));
    assert!(relative_error(&run(&halves), &run(&whole)) < 1e-5);
}
