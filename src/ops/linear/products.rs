//! The three matrix products of a linear layer y = x · Wᵀ, W `[out, in]`.

use super::super::extension::{CubeBackend, CubeTensor, Shape, TensorMetadata, WeightOperand};
use crate::gpu::gemm::{ALayout, BFactor, BLayout, Epilogue, Extents, LowRank, Product};

/// A weight as the products read it.
#[derive(Clone, Debug)]
pub struct Weight {
    factor: BFactor,
    /// `[out, in]`
    shape: [usize; 2],
}

impl Weight {
    pub fn new(weight: WeightOperand<CubeBackend>, shape: [usize; 2]) -> Self {
        Self { factor: weight.factor(false), shape }
    }
}

impl From<CubeTensor> for Weight {
    fn from(weight: CubeTensor) -> Self {
        Self { shape: weight.shape().dims(), factor: weight.into() }
    }
}

/// x `[.., in]` · weight `[out, in]`ᵀ; the factor of `low_rank` is `[out, rank]`.
pub fn forward(
    x: CubeTensor,
    weight: impl Into<Weight>,
    epilogue: Epilogue,
    low_rank: Option<LowRank>,
) -> CubeTensor {
    let Weight { factor, shape: [columns, depth] } = weight.into();
    let (extents, shape) = rowwise(&x, depth, columns);
    let product = Product::new((x, ALayout::Rows), (factor, BLayout::Rows), extents, shape);
    Product { low_rank, epilogue, ..product }.run()
}

/// dx = dy `[.., out]` · weight `[out, in]`; the factor of `low_rank` is `[rank, in]`.
pub fn input_gradient(dy: CubeTensor, weight: impl Into<Weight>, low_rank: Option<LowRank>) -> CubeTensor {
    let Weight { factor, shape: [depth, columns] } = weight.into();
    let (extents, shape) = rowwise(&dy, depth, columns);
    let product = Product::new((dy, ALayout::Rows), (factor, BLayout::Columns), extents, shape);
    Product { low_rank, ..product }.run()
}

/// dW `[out, in]` = dyᵀ · x.
pub fn weight_gradient(dy: CubeTensor, x: CubeTensor) -> CubeTensor {
    let (rows, columns) = (last(&dy.shape()), last(&x.shape()));
    let depth = x.shape().num_elements() / columns;
    let extents = Extents { rows, columns, depth };
    Product::new((dy, ALayout::Columns), (x, BLayout::Columns), extents, Shape::from([rows, columns])).run()
}

/// Extents and result shape of a product that maps each row of `x` `[.., depth]` to `columns` numbers.
pub fn rowwise(x: &CubeTensor, depth: usize, columns: usize) -> (Extents, Shape) {
    let rows = x.shape().num_elements() / depth;
    let mut extents: Vec<usize> = x.shape().iter().copied().collect();
    if let Some(last) = extents.last_mut() {
        *last = columns;
    }
    (Extents { rows, columns, depth }, Shape::from(extents))
}

fn last(shape: &Shape) -> usize {
    shape[shape.num_dims() - 1]
}
