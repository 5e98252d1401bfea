//! Copies a tensor's numbers into another buffer. burn decides by itself which tensors share a buffer;
//! a recording ([`super::Replay`]) needs buffers of its own.

use burn::{
    backend::wgpu::{CubeTensor, into_contiguous},
    tensor::Tensor,
};

use super::{
    kernel::{Kernel, spread},
    submissions::primitive,
};

const WORKGROUP_SIZE: u32 = 256;

/// A copy in a buffer of its own; on burn's CPU backend, where nothing is recorded, the tensor itself.
pub(super) fn copy<const D: usize>(source: &Tensor<D>) -> Tensor<D> {
    if flat(source).is_none() {
        return source.clone();
    }
    let target = Tensor::empty(source.shape(), (&source.device(), source.dtype()));
    copy_into(source, &target);
    target
}

/// Writes the numbers of `source` into the buffer of `target`, a tensor of the same shape and type; every
/// tensor that shares the buffer changes too. Does nothing on burn's CPU backend.
pub(super) fn copy_into<const D: usize>(source: &Tensor<D>, target: &Tensor<D>) {
    let (Some(source), Some(target)) = (flat(source), flat(target)) else { return };
    let source = into_contiguous(source);
    let count = source.meta.shape().num_elements();
    let vector = count.is_multiple_of(4);
    let elements = (count / if vector { 4 } else { 1 }) as u32;
    Kernel::new("copy", source.dtype, WORKGROUP_SIZE).with("vector", vector).launch(
        spread(elements.div_ceil(WORKGROUP_SIZE)),
        &[&source],
        &[&target],
        &[elements],
        0,
    );
}

fn flat<const D: usize>(tensor: &Tensor<D>) -> Option<CubeTensor> {
    primitive(tensor.clone().reshape([tensor.shape().num_elements()]))
}
