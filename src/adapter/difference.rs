//! Full differences of a layer's weights, W + strength · D: what training every weight leaves behind.
//!
//! Numbers lie as upstream has them: `[out, in]` of a linear layer, `[out, in, 1, 1]` or `[out, in, 3, 3]`
//! of a convolution. On the device a 3×3 convolution's are reordered as the layer's own weight is.

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::model::adaptable::{AdaptableModule, LayerKind};
use crate::model::lora::WeightDifference;

/// The difference of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Upstream's module path, `down_blocks.0.resnets.0.conv1` for example.
    pub path: String,
    /// Upstream's shape of the weight.
    pub shape: Vec<usize>,
    /// D, row by row.
    pub weight: Vec<f32>,
    /// d `[out]`, where the layer has a bias and it was trained.
    pub bias: Option<Vec<f32>>,
}

impl Difference {
    /// From the numbers as [`WeightDifference`] has them, of a module that they fit.
    pub(crate) fn from_device_layout(module: &AdaptableModule, weight: &[f32], bias: Vec<f32>) -> Self {
        let weight = match module.kind {
            LayerKind::Linear | LayerKind::Pointwise => weight.to_vec(),
            LayerKind::Convolution => transposed(weight, module.out_features),
        };
        let bias = module.has_bias.then_some(bias);
        Self { path: module.path.clone(), shape: module.weight_shape(), weight, bias }
    }

    /// On a device, f32.
    pub fn on_device(&self, device: &Device, strength: f32) -> WeightDifference {
        let tensor = |values: &[f32], shape: &[usize]| {
            Tensor::<1>::from_data(TensorData::new(values.to_vec(), shape.to_vec()), (device, DType::F32))
        };
        let rows = self.shape.first().copied().unwrap_or(1).max(1);
        let weight = tensor(&self.weight, &[self.weight.len()]);
        let columns = self.weight.len() / rows;
        let weight = match self.shape[..] {
            [_, _, 3, 3] => {
                // [out, in, tap] → [tap, in, out], moved in memory
                let taps = 9;
                let reordered: Tensor<3> = weight.reshape([rows, columns / taps, taps]).permute([2, 1, 0]);
                reordered.flatten::<1>(0, 2).reshape([columns, rows])
            }
            _ => weight.reshape([rows, columns]),
        };
        let bias = self.bias.as_ref().map(|bias| tensor(bias, &[bias.len()]));
        WeightDifference { weight, bias, strength }
    }

    /// Numbers in it.
    pub fn count(&self) -> usize {
        self.weight.len() + self.bias.as_ref().map_or(0, Vec::len)
    }

    /// The width of what the layer takes.
    pub(super) fn in_features(&self) -> Option<usize> {
        self.shape.get(1).copied()
    }
}

/// `[tap, in, out]` → `[out, in, tap]`
fn transposed(weight: &[f32], out: usize) -> Vec<f32> {
    let taps = 9;
    let inputs = weight.len() / (taps * out.max(1));
    let mut values = Vec::with_capacity(weight.len());
    for output in 0..out {
        for input in 0..inputs {
            values.extend((0..taps).map(|tap| weight[(tap * inputs + input) * out + output]));
        }
    }
    values
}
