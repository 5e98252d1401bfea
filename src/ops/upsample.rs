//! Nearest-neighbour upsampling by two.
//!
//! y[b, p, q, c] = x[b, ⌊p/2⌋, ⌊q/2⌋, c];  backward: dx = the sum of dy over each 2×2 square

use super::{extension::*, on_gpu};
use crate::gpu::kernel::{Kernel, empty, spread};

/// x `[batch, height, width, channels]` → `[batch, 2·height, 2·width, channels]`.
pub fn upsample_nearest(x: Tensor<4>) -> Tensor<4> {
    if !on_gpu(&x) {
        return reference::upsample_nearest(x);
    }
    Tensor::from_dispatch(Dispatch::upsample_nearest(x.into_dispatch()))
}

/// The kernel behind the function above.
#[backend_extension(Autodiff, Cube)]
pub trait UpsampleOps: Backend {
    fn upsample_nearest(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

const WORKGROUP_SIZE: u32 = 256;

/// `small`: the shape `[batch, height, width, channels]` of the smaller image.
fn run(source: CubeTensor, small: [usize; 4], pass: &'static str, result: [usize; 4]) -> CubeTensor {
    let source = into_contiguous(source);
    let [_, height, width, channels] = small.map(|extent| extent as u32);
    let result = empty(&source, result, source.dtype);
    let count = result.shape().num_elements() as u32;
    Kernel::new("upsample", source.dtype, WORKGROUP_SIZE).with("pass", pass).launch(
        spread(count.div_ceil(WORKGROUP_SIZE)),
        &[&source],
        &[&result],
        &[height, width, channels, count],
        0,
    );
    result
}

impl UpsampleOps for CubeBackend {
    fn upsample_nearest(x: CubeTensor) -> CubeTensor {
        let small @ [batch, height, width, channels] = x.shape().dims();
        run(x, small, "forward", [batch, 2 * height, 2 * width, channels])
    }
}

/// Keeps nothing: the gradient's own shape says everything.
#[derive(Debug)]
struct UpsampleNearest;

impl Backward<CubeBackend, 1> for UpsampleNearest {
    type State = ();
    fn backward(self, ops: Ops<(), 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        unary::<CubeBackend, _>(ops.parents, ops.node, grads, |dy| {
            let [batch, height, width, channels] = dy.shape().dims();
            let small = [batch, height / 2, width / 2, channels];
            run(dy, small, "backward", small)
        });
    }
}

impl<C: CheckpointStrategy> UpsampleOps for Autodiff<CubeBackend, C> {
    fn upsample_nearest(x: Tracked<C>) -> Tracked<C> {
        record::<C, _>(UpsampleNearest, x, |x| (CubeBackend::upsample_nearest(x), ()))
    }
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::Tensor;

    pub fn upsample_nearest(x: Tensor<4>) -> Tensor<4> {
        let [batch, height, width, channels] = x.dims();
        x.reshape([batch, height, 1, width, 1, channels])
            .expand([batch, height, 2, width, 2, channels])
            .reshape([batch, 2 * height, 2 * width, channels])
    }
}
