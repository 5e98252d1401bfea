//! The operations the models are made of, one per file: the maths in the header, then the public
//! function, the kernel launch, the gradient, and a plain reference composed of burn operations.
//! `activation` and `total` are themselves composed of burn's operations, `backward_start` launches nothing,
//! `frozen_weight` chooses between operations, and with `extension` all of them register gradients and
//! backends.
//!
//! Every public function takes and returns burn tensors and chooses by device: WGSL kernels on a
//! GPU, the reference on burn's CPU backend. Weights are frozen, unless a function is called trainable: no
//! gradient flows to them, and an operation keeps for its backward pass only what its input gradient needs.
//! Activations are channels-last: `[batch, height, width, channels]`, or `[batch, tokens, channels]`.

pub mod activation;
pub mod attention;
pub mod backward_start;
pub mod concat;
pub mod conv2d;
mod extension;
pub mod frozen_weight;
pub mod geglu;
pub mod group_norm;
pub mod layer_norm;
pub mod linear;
pub mod packed;
pub mod total;

use burn::tensor::Tensor;

/// Whether our kernels serve this tensor's device.
#[cfg(not(target_arch = "wasm32"))]
fn on_gpu<const D: usize>(x: &Tensor<D>) -> bool {
    use burn::backend::DispatchDevice;
    matches!(x.device().inner().as_dispatch(), DispatchDevice::Cube(_))
}

/// Always true: in a browser there is no other device. Because the compiler knows it, the references, and
/// with them burn's matrix products and convolutions in all their variants, stay out of the download.
#[cfg(target_arch = "wasm32")]
#[inline(always)]
fn on_gpu<const D: usize>(_: &Tensor<D>) -> bool {
    true
}
