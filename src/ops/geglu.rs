//! GEGLU, the gated activation of the U-Net's feed-forward layers.
//!
//! x = [h | g] along the channels,  y = h · gelu(g),  gelu(g) = g·Φ(g) (the exact, erf form)
//! backward: dh = dy·gelu(g),  dg = dy·h·(Φ(g) + g·φ(g))

use burn::tensor::Tensor;

/// x `[batch, tokens, 2·channels]` → `[batch, tokens, channels]`.
pub fn geglu(x: Tensor<3>) -> Tensor<3> {
    reference::geglu(x)
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::Tensor;

    pub fn geglu(x: Tensor<3>) -> Tensor<3> {
        let channels = x.dims()[2] / 2;
        let hidden = x.clone().narrow(2, 0, channels);
        let gate = x.narrow(2, channels, channels);
        hidden * burn::tensor::activation::gelu(gate)
    }
}
