//! GEGLU, the gated activation of the U-Net's feed-forward layers.
//!
//! x = [h | g] along the channels,  y = h · gelu(g),  gelu(g) = g·Φ(g) (the exact, erf form)
//! backward: dh = dy·gelu(g),  dg = dy·h·(Φ(g) + g·φ(g))

use super::{extension::*, on_gpu};
use crate::gpu::kernel::{Kernel, empty, spread};

/// x `[batch, tokens, 2·channels]` → `[batch, tokens, channels]`.
pub fn geglu(x: Tensor<3>) -> Tensor<3> {
    if !on_gpu(&x) {
        return reference::geglu(x);
    }
    Tensor::from_dispatch(Dispatch::geglu(x.into_dispatch()))
}

/// The kernel behind the function above.
#[backend_extension(Autodiff, Cube)]
pub trait GegluOps: Backend {
    fn geglu(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

const WORKGROUP_SIZE: u32 = 256;
/// Floating-point operations per result: the error function's polynomial, and the gate.
const FLOPS: usize = 20;

/// `channels`: channels of y; `numbers`: all numbers in y.
fn launch(pass: &'static str, channels: usize, numbers: usize, inputs: &[&CubeTensor], result: &CubeTensor) {
    let vector = channels.is_multiple_of(4);
    let width = if vector { 4 } else { 1 };
    let elements = (numbers / width) as u32;
    Kernel::new("geglu", result.dtype, WORKGROUP_SIZE).with("pass", pass).with("vector", vector).launch(
        spread(elements.div_ceil(WORKGROUP_SIZE)),
        inputs,
        &[result],
        &[(channels / width) as u32, elements],
        numbers * FLOPS,
    );
}

/// x must be contiguous.
fn forward(x: &CubeTensor) -> CubeTensor {
    let [batch, tokens, channels] = x.shape().dims();
    let y = empty(x, [batch, tokens, channels / 2], x.dtype);
    launch("forward", channels / 2, y.shape().num_elements(), &[x], &y);
    y
}

fn backward(x: CubeTensor, dy: CubeTensor) -> CubeTensor {
    let dy = into_contiguous(dy);
    let [_, _, channels] = dy.shape().dims::<3>();
    let dx = empty(&x, x.shape(), x.dtype);
    launch("backward", channels, dy.shape().num_elements(), &[&x, &dy], &dx);
    dx
}

impl GegluOps for CubeBackend {
    fn geglu(x: CubeTensor) -> CubeTensor {
        forward(&into_contiguous(x))
    }
}

/// The step on the tape; keeps the input.
#[derive(Debug)]
struct Geglu;

impl Backward<CubeBackend, 1> for Geglu {
    type State = CubeTensor;
    fn backward(self, ops: Ops<CubeTensor, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let x = ops.state;
        unary::<CubeBackend, _>(ops.parents, ops.node, grads, |dy| backward(x, dy));
    }
}

impl<C: CheckpointStrategy> GegluOps for Autodiff<CubeBackend, C> {
    fn geglu(x: Tracked<C>) -> Tracked<C> {
        record::<C, _>(Geglu, x, |x| {
            let x = into_contiguous(x);
            (forward(&x), x)
        })
    }
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::Tensor;
    use crate::ops::activation::Activation;

    pub fn geglu(x: Tensor<3>) -> Tensor<3> {
        let channels = x.dims()[2] / 2;
        let hidden = x.clone().narrow(2, 0, channels);
        let gate = x.narrow(2, channels, channels);
        hidden * Activation::Gelu.of(gate)
    }
}
