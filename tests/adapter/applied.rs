//! LoRA on every layer of U-Net and text encoder: what the models answer with files that diffusers and
//! sd-scripts' layout give (tools/goldens/adapters.py), at run time and folded into the weights, and that
//! nothing of it stays.

use std::collections::BTreeMap;

use burn::tensor::{Device, FloatDType, Tensor};
use palpable::adapter::{Adapter, Error};
use palpable::model::adaptable::{LayerKind, ModuleChoice};
use palpable::model::clip_text::{ClipTextConfig, ClipTextModel};
use palpable::model::lora::{Folding, LoraSet};
use palpable::model::{unet::UNet2DConditionModel, unet_config::UNet2DConditionConfig};
use palpable::weights::{OutgoingTensor, SafetensorsHeader, write_safetensors};

use crate::golden_file;
use crate::support::formula::{self, FormulaModel};
use crate::support::{Golden, any_device, any_device_for, relative_error, values};

const F32: FloatDType = FloatDType::F32;
/// The goldens' prompts.
const IDS: [[u32; 7]; 2] = [[97, 5, 60, 31, 8, 98, 98], [97, 90, 11, 98, 98, 98, 98]];
const CONV: &str = "down_blocks.0.resnets.0.conv1";

struct Models {
    unet: UNet2DConditionModel,
    text_encoder: ClipTextModel,
    device: Device,
}

impl Models {
    fn new() -> Self {
        let device = any_device();
        let unet = FormulaModel::read("unet/adapted.json");
        let unet_config = UNet2DConditionConfig::from_json(&unet.config).unwrap();
        let text_encoder = FormulaModel::read("adapters_text.json");
        let text_config = ClipTextConfig::from_json(&text_encoder.config).unwrap();
        Self {
            unet: UNet2DConditionModel::load(&mut unet.weights(&device, F32), unet_config).unwrap(),
            text_encoder: ClipTextModel::load(&mut text_encoder.weights(&device, F32), text_config).unwrap(),
            device,
        }
    }

    fn answer(&self, lora: Option<&LoraSet>) -> Vec<f32> {
        let sample = formula::values("sample", [2, 8, 6, 4], &self.device);
        let context = formula::values("encoder_hidden_states", [2, 7, 24], &self.device);
        values(self.unet.forward(sample, &[801.0, 20.5], context, lora))
    }

    fn read_prompts(&self, text_encoder: &ClipTextModel) -> Vec<f32> {
        let rows = IDS.iter().map(|ids| text_encoder.embed_tokens(ids).unsqueeze::<3>());
        values(text_encoder.forward(Tensor::cat(rows.collect(), 0)))
    }

    fn adapted_text_encoder(&self, adapters: &[(&Adapter, f32)]) -> ClipTextModel {
        adapters.iter().fold(self.text_encoder.clone(), |text_encoder, (adapter, strength)| {
            adapter.adapt_text_encoder(&text_encoder, &self.device, F32, *strength)
        })
    }

    fn set(&self, adapters: &[(&Adapter, f32)], folding: Option<Folding>) -> LoraSet {
        let mut set = LoraSet::new();
        for (adapter, strength) in adapters {
            match folding {
                None => adapter.add_to(&mut set, &self.device, F32, *strength),
                Some(folding) => {
                    adapter.fold_into(&mut set, &self.unet, &self.device, F32, *strength, folding);
                }
            }
        }
        set
    }
}

fn wide(dialect: &str) -> Adapter {
    let name = format!("adapters_wide_{dialect}.safetensors");
    Adapter::from_bytes(&golden_file(&name), &name).unwrap()
}

/// Each factor is written in the shape that it came in: other programs refuse a matrix for a 1×1 convolution.
#[test]
fn every_layer_is_written_in_its_own_shape() {
    let shapes = |bytes: &[u8]| {
        let header = SafetensorsHeader::from_bytes("a file", bytes).unwrap();
        let factors = header.tensors.into_iter().filter(|entry| entry.name.ends_with(".weight"));
        factors.map(|entry| (entry.name, entry.shape)).collect::<BTreeMap<_, _>>()
    };
    let upstream = shapes(&golden_file("adapters_wide_kohya.safetensors"));
    assert!(upstream.values().any(|shape| shape[2..] == [1, 1]));
    assert_eq!(shapes(&wide("kohya").to_bytes()), upstream);
}

/// Files of both dialects act as they do in diffusers, in both ways, and the base model is untouched.
#[test]
fn lora_on_all_layers_equals_diffusers() {
    let models = Models::new();
    let golden = Golden::read("adapters_wide_expected.safetensors");
    let base = [models.answer(None), models.read_prompts(&models.text_encoder)];
    assert!(relative_error(&base[0], golden.values("base.unet")) <= 1e-4);
    assert!(relative_error(&base[1], golden.values("base.text_encoder")) <= 1e-4);
    for dialect in ["peft", "kohya"] {
        let adapter = wide(dialect);
        assert_eq!(adapter.lora.len(), 81 + 12, "{dialect}");
        let mut modules = models.unet.adaptable_modules(ModuleChoice::All);
        modules.extend(models.text_encoder.adaptable_modules());
        assert_eq!(adapter.check_fits(&modules), Ok(()));
        let one = [(&adapter, 1.0)];
        for folding in [None, Some(Folding::Differences), Some(Folding::All)] {
            let error = relative_error(
                &models.answer(Some(&models.set(&one, folding))),
                golden.values(&format!("{dialect}.unet")),
            );
            println!("{dialect}, folded {folding:?}: relative error of the U-Net {error:.1e}");
            assert!(error <= 1e-4, "{dialect} {folding:?}: {error:e}");
        }
        let states = models.read_prompts(&models.adapted_text_encoder(&one));
        let error = relative_error(&states, golden.values(&format!("{dialect}.text_encoder")));
        println!("{dialect}: relative error of the text encoder {error:.1e}");
        assert!(error <= 1e-4, "{dialect}: {error:e}");
        assert_eq!([models.answer(None), models.read_prompts(&models.text_encoder)], base, "bit for bit");
    }
}

/// Each adapter with a strength of its own: folded they are what they are at run time, and two halves are one.
#[test]
fn several_adapters_add_up_by_strength() {
    let models = Models::new();
    let (peft, kohya) = (wide("peft"), wide("kohya"));
    let both = [(&peft, 0.5), (&kohya, -0.7)];
    let at_run_time = models.answer(Some(&models.set(&both, None)));
    let folded = models.answer(Some(&models.set(&both, Some(Folding::All))));
    assert!(relative_error(&folded, &at_run_time) <= 1e-5);
    let halves = [(&peft, 0.5), (&peft, 0.5)];
    let whole = models.answer(Some(&models.set(&[(&peft, 1.0)], Some(Folding::All))));
    assert!(relative_error(&models.answer(Some(&models.set(&halves, Some(Folding::All)))), &whole) <= 1e-5);
    let text = |adapters: &[(&Adapter, f32)]| models.read_prompts(&models.adapted_text_encoder(adapters));
    assert!(relative_error(&text(&halves), &text(&[(&peft, 1.0)])) <= 1e-5);
    // The same factors with alpha 1 instead of 4: a quarter of the strength.
    assert!(relative_error(&text(&[(&kohya, 1.0)]), &text(&[(&peft, 0.25)])) <= 1e-5);
    let changed = relative_error(&text(&both), &text(&[]));
    assert!(changed > 1e-2, "{changed}");
}

/// In half precision a folded layer is rounded once.
#[test]
fn folding_into_half_precision_keeps_the_layers_type() {
    let device = any_device_for(FloatDType::F16);
    let model = FormulaModel::read("unet/adapted.json");
    let config = UNet2DConditionConfig::from_json(&model.config).unwrap();
    let unet = UNet2DConditionModel::load(&mut model.weights(&device, FloatDType::F16), config).unwrap();
    let mut set = LoraSet::new();
    wide("kohya").fold_into(&mut set, &unet, &device, F32, 1.0, Folding::All);
    let sample = formula::values("sample", [2, 8, 6, 4], &device);
    let context = formula::values("encoder_hidden_states", [2, 7, 24], &device);
    let output = values(unet.forward(sample, &[801.0, 20.5], context, Some(&set)));
    let golden = Golden::read("adapters_wide_expected.safetensors");
    let error = relative_error(&output, golden.values("kohya.unet"));
    println!("f16: relative error {error:.1e}");
    assert!((1e-5..2e-2).contains(&error), "{error:e}");
}

/// LyCORIS' Tucker factor: A and C together are one convolution.
#[test]
fn a_factor_in_the_middle_is_read_as_one_convolution() {
    let name = palpable::adapter::kohya_name(CONV);
    let numbers = |label: &str, shape: &[usize]| formula::weight(label, shape);
    let (down, middle) = (numbers("down", &[3, 16]), numbers("middle", &[3, 3, 3, 3]));
    let up = numbers("up", &[16, 3]);
    let tensors = [
        OutgoingTensor::f32(format!("{name}.lora_down.weight"), &[3, 16, 1, 1], &down),
        OutgoingTensor::f32(format!("{name}.lora_mid.weight"), &[3, 3, 3, 3], &middle),
        OutgoingTensor::f32(format!("{name}.lora_up.weight"), &[16, 3, 1, 1], &up),
    ];
    let adapter = Adapter::from_bytes(&write_safetensors(&tensors, &BTreeMap::new()), "x").unwrap();
    let weights = &adapter.lora[0];
    assert_eq!((weights.rank, weights.in_features, weights.kind), (3, 16, LayerKind::Convolution));
    for (n, i, tap) in [(0, 0, 0), (2, 15, 8), (1, 7, 3)] {
        let expected: f32 = (0..3).map(|m| middle[(n * 3 + m) * 9 + tap] * down[m * 16 + i]).sum();
        assert!((weights.down[(n * 16 + i) * 9 + tap] - expected).abs() < 1e-6);
    }
    assert_eq!(Adapter::from_bytes(&adapter.to_bytes(), "x").unwrap(), adapter);
}

/// A convolution's LoRA where the model has a linear layer, a text encoder's of another width or depth.
#[test]
fn what_does_not_fit_is_explained() {
    let models = Models::new();
    let mut modules = models.unet.adaptable_modules(ModuleChoice::All);
    modules.extend(models.text_encoder.adaptable_modules());
    let refused = |change: &dyn Fn(&mut Adapter)| {
        let mut adapter = wide("kohya");
        change(&mut adapter);
        adapter.check_fits(&modules).unwrap_err()
    };
    let first = |adapter: &mut Adapter, path: &str| {
        let place = adapter.lora.iter().position(|weights| weights.path.contains(path)).unwrap();
        adapter.lora.swap(0, place);
    };
    let error = refused(&|adapter| {
        first(adapter, "conv1");
        adapter.lora[0].kind = LayerKind::Linear;
    });
    assert!(matches!(error, Error::OtherKernel { .. }), "{error}");
    assert!(error.to_string().contains("does not fit this model's weight [16, 16, 3, 3]"), "{error}");
    let error = refused(&|adapter| {
        first(adapter, "layers.1.self_attn.q_proj");
        adapter.lora[0].in_features = 1024;
    });
    assert!(
        error.to_string().contains("expects text vectors of 1024 numbers (Stable Diffusion 2)"),
        "{error}"
    );
    let error = refused(&|adapter| {
        first(adapter, "layers.1.mlp.fc1");
        adapter.lora[0].path = adapter.lora[0].path.replace("layers.1", "layers.22");
    });
    assert!(
        error.to_string().contains("no layer \"text_encoder.text_model.encoder.layers.22.mlp.fc1\""),
        "{error}"
    );
}
