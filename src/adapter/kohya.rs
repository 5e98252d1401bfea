//! kohya-ss LoRA keys: the dialect that every program reads, and the one we write.
//!
//! For each layer: `NAME.lora_down.weight` `[rank, in]`, `NAME.lora_up.weight` `[out, rank]`,
//! `NAME.alpha` (a scalar, shape `[]`), with NAME as in [`module_path`](super::module_path).

use crate::weights::OutgoingTensor;

use super::module_path::{kohya_name, path_from_kohya_name};
use super::part::Part;
use super::types::LoraWeights;

pub(super) fn part(key: &str) -> Option<Part> {
    let (name, suffix) = key.split_once('.')?;
    let path = path_from_kohya_name(name)?;
    match suffix {
        "lora_down.weight" | "lora_up.weight" | "alpha" => Part::by_suffix(path, suffix),
        _ => None,
    }
}

/// The three tensors of a layer, in f32 so that nothing is lost.
pub(super) fn tensors(weights: &LoraWeights) -> [OutgoingTensor; 3] {
    let name = kohya_name(&weights.path);
    let LoraWeights { rank, in_features, out_features, down, up, alpha, .. } = weights;
    [
        OutgoingTensor::f32(format!("{name}.lora_down.weight"), &[*rank, *in_features], down),
        OutgoingTensor::f32(format!("{name}.lora_up.weight"), &[*out_features, *rank], up),
        OutgoingTensor::f32(format!("{name}.alpha"), &[], &[*alpha]),
    ]
}
