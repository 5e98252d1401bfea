//! Whether an adapter fits a model, in words if it does not, and how differences lie on the device.

use burn::tensor::FloatDType;
use palpable::adapter::{Adapter, Difference, Embedding, LoraWeights};
use palpable::model::adaptable::{AdaptableModule, LayerKind};
use palpable::model::lora::Folding;

use crate::sample::{CONV, TO_K, TO_OUT, difference, layer, trained_in_full};
use crate::support::{any_device, values};

pub fn projection(path: &str, in_features: usize, out_features: usize) -> AdaptableModule {
    let has_bias = path.ends_with("to_out.0");
    AdaptableModule { path: path.to_owned(), in_features, out_features, kind: LayerKind::Linear, has_bias }
}

/// What lies on the device as the layer's own weight does adds up with it.
#[test]
fn differences_are_laid_out_as_the_layers_weights() {
    let device = any_device();
    let adapter = trained_in_full();
    let set = adapter.lora_set(&device, FloatDType::F32, 0.5);
    let [conv] = set.differences(CONV) else { panic!("one difference of {CONV}") };
    assert_eq!((conv.weight.dims(), conv.strength), ([72, 8], 0.5));
    let on_device = values(conv.weight.clone());
    let weight = &adapter.differences[3].weight;
    for (output, input, row, column) in [(0, 0, 0, 0), (3, 5, 1, 2), (7, 7, 2, 2), (6, 1, 0, 1)] {
        let stored = weight[((output * 8 + input) * 3 + row) * 3 + column];
        assert_eq!(on_device[((row * 3 + column) * 8 + input) * 8 + output], stored);
    }
    let [linear] = set.differences(TO_K) else { panic!("one difference of {TO_K}") };
    assert_eq!(values(linear.weight.clone()), adapter.differences[2].weight);
}

#[test]
fn differences_that_do_not_fit_are_explained() {
    let module = |path: &str, sizes: [usize; 2], kind, has_bias| AdaptableModule {
        path: path.to_owned(),
        in_features: sizes[0],
        out_features: sizes[1],
        kind,
        has_bias,
    };
    let model = [
        module(TO_K, [768, 320], LayerKind::Linear, false),
        module(CONV, [8, 8], LayerKind::Convolution, true),
        module("down_blocks.0.attentions.0.proj_in", [8, 8], LayerKind::Pointwise, true),
    ];
    let fits = |each: Difference| {
        let adapter = Adapter { name: "x".to_owned(), differences: vec![each], ..Adapter::default() };
        adapter.check_fits(&model).map_err(|error| error.to_string())
    };
    assert_eq!(fits(difference(CONV, &[8, 8, 3, 3], true)), Ok(()));
    assert_eq!(fits(difference("down_blocks.0.attentions.0.proj_in", &[8, 8], true)), Ok(()));
    let message = |path: &str, shape: &[usize], bias| fits(difference(path, shape, bias)).unwrap_err();
    assert_eq!(
        message(CONV, &[8, 4, 3, 3], true),
        format!(
            "the adapter \"x\" was made for another model: its difference of \"{CONV}\" has the shape \
             [8, 4, 3, 3], this model's weight [8, 8, 3, 3]"
        )
    );
    assert!(message(CONV, &[8, 72], true).contains("has the shape [8, 72]"));
    assert!(message(TO_K, &[320, 768], true).contains("and this model's layer has none"));
    assert!(message(TO_K, &[320, 1024], false).contains("expects text vectors of 1024"));
    assert!(message("conv_in", &[8, 4, 3, 3], true).contains("this one has no layer \"conv_in\""));
}

/// The text encoder's layers are folded in any case, and not the U-Net's.
#[test]
fn what_is_folded_does_not_lie_beside_the_weights() {
    let text = "text_encoder.text_model.encoder.layers.0.mlp.fc1";
    let adapter = Adapter {
        lora: vec![layer(TO_K, 4, 12, 16, 3.0), layer(text, 4, 12, 48, 3.0)],
        differences: vec![difference(CONV, &[2, 3, 3, 3], true)],
        ..Adapter::default()
    };
    let [low_rank, full] = [4 * (12 + 16), 2 * 3 * 9 + 2];
    let left =
        [Folding::Nothing, Folding::Differences, Folding::All].map(|each| adapter.unfolded_values(each));
    assert_eq!(left, [[low_rank, full], [low_rank, 0], [0, 0]]);
}

#[test]
fn fit_is_checked_against_the_models_layers() {
    let model = [projection(TO_K, 768, 320), projection(TO_OUT, 1280, 1280)];
    let fits = |lora: Vec<LoraWeights>, width: Option<usize>| {
        let embeddings = width.map(|width| Embedding {
            placeholder: "<x>".to_owned(),
            vectors: 1,
            width,
            values: vec![0.0; width],
        });
        let adapter = Adapter {
            name: "x".to_owned(),
            lora,
            embeddings: Vec::from_iter(embeddings),
            ..Adapter::default()
        };
        adapter.check_fits(&model).map_err(|error| error.to_string())
    };
    assert_eq!(
        fits(vec![layer(TO_K, 4, 768, 320, 4.0), layer(TO_OUT, 4, 1280, 1280, 4.0)], Some(768)),
        Ok(())
    );
    let other_family = "the adapter \"x\" was made for another model: it expects text vectors of 1024 numbers \
                        (Stable Diffusion 2), this model's have 768 numbers (Stable Diffusion 1)";
    assert_eq!(fits(vec![layer(TO_K, 4, 1024, 320, 4.0)], None).unwrap_err(), other_family);
    assert_eq!(fits(Vec::new(), Some(1024)).unwrap_err(), other_family);
    let missing = TO_K.replace("down_blocks.0", "up_blocks.3");
    assert_eq!(
        fits(vec![layer(&missing, 4, 768, 320, 4.0)], None).unwrap_err(),
        format!("the adapter \"x\" was made for another model: this one has no layer \"{missing}\"")
    );
    assert_eq!(
        fits(vec![layer(TO_OUT, 4, 640, 640, 4.0)], None).unwrap_err(),
        format!(
            "the adapter \"x\" was made for another model: its layer \"{TO_OUT}\" maps 640 to 640 numbers, \
             this model's maps 1280 to 1280"
        )
    );
}
