//! A convolution whose weight and bias are trained.
//!
//! dx as for a frozen weight,
//! dW[r, s, i, o] = Σ_{b, p, q} x[b, p·stride + r − pad, q·stride + s − pad, i] · dy[b, p, q, o],
//! dbias[o] = Σ_{b, p, q} dy[b, p, q, o]
//!
//! dW is an implicit matrix product too: the patches are never stored all together.

use burn::backend::ops::FloatTensorOps;

use super::{super::extension::*, Epilogue, Geometry, Padding, on_gpu, reference};

/// x `[batch, height, width, in]`, weight `[r, s, in, out]`, bias `[out]` → `[batch, height', width', out]`,
/// with gradients to all three. The input is kept for the backward pass.
pub fn trainable_conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    stride: usize,
    padding: Padding,
) -> Tensor<4> {
    if !on_gpu(&x) {
        return reference::conv2d(x, weight, Some(bias), stride, padding);
    }
    let geometry = Geometry::of(x.dims(), weight.dims(), stride, padding);
    let (x, weight, bias) = (x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(Dispatch::trainable_conv2d(x, weight, bias, geometry))
}

/// The kernels behind the function above.
#[backend_extension(Autodiff, Cube)]
pub trait TrainableConv2dOps: Backend {
    fn trainable_conv2d(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self>;
}

impl TrainableConv2dOps for CubeBackend {
    fn trainable_conv2d(
        x: CubeTensor,
        weight: CubeTensor,
        bias: CubeTensor,
        geometry: Geometry,
    ) -> CubeTensor {
        geometry.forward(x, weight, Epilogue { bias: Some(bias), ..Default::default() })
    }
}

/// dbias `[out]`
fn bias_gradient(dy: CubeTensor) -> CubeTensor {
    let [batch, height, width, channels] = dy.shape().dims();
    let pixels = CubeBackend::float_reshape(dy, Shape::from([batch * height * width, channels]));
    CubeBackend::float_reshape(CubeBackend::float_sum_dim(pixels, 0), Shape::from([channels]))
}

/// Parents: x, weight, bias.
#[derive(Debug)]
struct TrainableConv2d;

impl Backward<CubeBackend, 3> for TrainableConv2d {
    type State = (CubeTensor, CubeTensor, Geometry);
    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, weight, geometry) = ops.state;
        let dy = into_contiguous(grads.consume::<CubeBackend>(&ops.node));
        let [x_node, weight_node, bias_node] = ops.parents;
        if let Some(node) = x_node {
            let dx = geometry.input_gradient(dy.clone(), weight);
            grads.register::<CubeBackend>(node.id, dx);
        }
        if let Some(node) = weight_node {
            grads.register::<CubeBackend>(node.id, geometry.weight_gradient(dy.clone(), x));
        }
        if let Some(node) = bias_node {
            grads.register::<CubeBackend>(node.id, bias_gradient(dy));
        }
    }
}

impl<C: CheckpointStrategy> TrainableConv2dOps for Autodiff<CubeBackend, C> {
    fn trainable_conv2d(
        x: Tracked<C>,
        weight: Tracked<C>,
        bias: Tracked<C>,
        geometry: Geometry,
    ) -> Tracked<C> {
        let (x, x_node) = x.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let y = CubeBackend::trainable_conv2d(x.clone(), weight.clone(), bias, geometry);
        let nodes = [x_node, weight_node, bias_node];
        match TrainableConv2d.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((x, weight, geometry), y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
}
