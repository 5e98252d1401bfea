//! kohya-ss LoRA keys, and LyCORIS' of full differences: the dialect that every program reads, and the
//! one we write.
//!
//! For each layer with a LoRA: `NAME.lora_down.weight` `[rank, in]`, `NAME.lora_up.weight` `[out, rank]`,
//! `NAME.alpha` (a scalar, shape `[]`); of a convolution (LoCon) `[rank, in, 3, 3]` and `[out, rank, 1, 1]`,
//! or with LyCORIS' Tucker factor in the middle: `NAME.lora_down.weight` `[rank, in, 1, 1]`,
//! `NAME.lora_mid.weight` `[rank, rank, 3, 3]`, which is read as the one convolution that both are.
//! For each layer with a full difference: `NAME.diff` of the weight's own shape, `NAME.diff_b` `[out]`.
//! NAME is as in [`module_path`](super::module_path).

use crate::weights::OutgoingTensor;

use super::difference::Difference;
use super::module_path::{kohya_name, path_from_kohya_name};
use super::part::Part;
use super::types::{Adapter, LoraWeights, is_text_input};

pub(super) fn part(key: &str) -> Option<Part> {
    let (name, suffix) = key.split_once('.')?;
    Part::by_suffix(path_from_kohya_name(name)?, suffix)
}

/// All tensors of an adapter's layers. LoRA factors are in f32 so that nothing is lost, as are differences
/// of cross-attention's keys and values alone; differences of more than those are the size of a model and
/// in f16.
pub(super) fn tensors(adapter: &Adapter) -> Vec<OutgoingTensor> {
    let halved = !adapter.differences.iter().all(|difference| is_text_input(&difference.path));
    let differences = adapter.differences.iter().flat_map(|each| difference_tensors(each, halved));
    adapter.lora.iter().flat_map(lora_tensors).chain(differences).collect()
}

fn lora_tensors(weights: &LoraWeights) -> [OutgoingTensor; 3] {
    let name = kohya_name(&weights.path);
    [
        OutgoingTensor::f32(format!("{name}.lora_down.weight"), &weights.down_shape(), &weights.down),
        OutgoingTensor::f32(format!("{name}.lora_up.weight"), &weights.up_shape(), &weights.up),
        OutgoingTensor::f32(format!("{name}.alpha"), &[], &[weights.alpha]),
    ]
}

fn difference_tensors(difference: &Difference, halved: bool) -> impl Iterator<Item = OutgoingTensor> {
    let name = kohya_name(&difference.path);
    let stored = if halved { OutgoingTensor::f16 } else { OutgoingTensor::f32 };
    let weight = stored(format!("{name}.diff"), &difference.shape, &difference.weight);
    let bias = difference.bias.as_ref();
    let bias = bias.map(|bias| stored(format!("{name}.diff_b"), &[bias.len()], bias));
    std::iter::once(weight).chain(bias)
}
