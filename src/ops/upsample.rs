//! Nearest-neighbour upsampling by two.
//!
//! y[b, p, q, c] = x[b, ⌊p/2⌋, ⌊q/2⌋, c];  backward: dx = the sum of dy over each 2×2 square

use burn::tensor::Tensor;

/// x `[batch, height, width, channels]` → `[batch, 2·height, 2·width, channels]`.
pub fn upsample_nearest(x: Tensor<4>) -> Tensor<4> {
    reference::upsample_nearest(x)
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
