//! Every extent of a convolution, and the three matrix products it consists of.

use super::super::extension::{CubeTensor, Shape};
use super::Padding;
use crate::gpu::gemm::{ALayout, BFactor, BLayout, Epilogue, Extents, Patches, Product};

/// Every extent of a convolution.
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    batch: usize,
    /// `[height, width]` as stored
    input: [usize; 2],
    /// `[height, width]`
    output: [usize; 2],
    kernel: [usize; 2],
    in_channels: usize,
    out_channels: usize,
    stride: usize,
    pad_top: usize,
    pad_left: usize,
    /// `[height, width]` of the doubled input that the kernel reads, where the input is doubled.
    upsampled: Option<[usize; 2]>,
}

impl Geometry {
    /// The geometry for x `[batch, height, width, in]` and weight `[r, s, in, out]`.
    pub(super) fn of(x: [usize; 4], weight: [usize; 4], stride: usize, padding: Padding) -> Self {
        let [batch, height, width, in_channels] = x;
        let [kernel_height, kernel_width, _, out_channels] = weight;
        let steps = |extent: usize, kernel: usize| (extent - kernel) / stride + 1;
        Self {
            batch,
            input: [height, width],
            output: [
                steps(height + padding.top + padding.bottom, kernel_height),
                steps(width + padding.left + padding.right, kernel_width),
            ],
            kernel: [kernel_height, kernel_width],
            in_channels,
            out_channels,
            stride,
            pad_top: padding.top,
            pad_left: padding.left,
            upsampled: None,
        }
    }

    /// The geometry for the doubled x, cut to `size`: stride 1, and padding that keeps `size`.
    pub(super) fn of_upsampled(x: [usize; 4], weight: [usize; 4], size: [usize; 2]) -> Self {
        let [batch, height, width, in_channels] = x;
        let padding = Padding::same(weight[0] / 2);
        let doubled = Self::of([batch, size[0], size[1], in_channels], weight, 1, padding);
        Self { input: [height, width], upsampled: Some(size), ..doubled }
    }

    fn patches(&self, transposed: bool) -> Patches {
        let (source, target) = if transposed { (self.output, self.input) } else { (self.input, self.output) };
        Patches {
            source,
            target,
            stride: self.stride,
            pad_top: self.pad_top,
            pad_left: self.pad_left,
            kernel: self.kernel,
            transposed,
            upsampled: self.upsampled,
        }
    }

    fn output_pixels(&self) -> usize {
        self.batch * self.output[0] * self.output[1]
    }

    /// y: the patches of x times the weight, then the epilogue.
    pub(super) fn forward(
        &self,
        x: CubeTensor,
        weight: impl Into<BFactor>,
        epilogue: Epilogue,
    ) -> CubeTensor {
        let extents =
            Extents { rows: self.output_pixels(), columns: self.out_channels, depth: self.in_channels };
        let [height, width] = self.output;
        let shape = Shape::from([self.batch, height, width, self.out_channels]);
        let a = (x, ALayout::Image(self.patches(false)));
        let product = Product::new(a, (weight, BLayout::Columns), extents, shape);
        Product { epilogue, ..product }.run()
    }

    /// dx: the patches of dy, found backwards, times the transposed weight.
    pub(super) fn input_gradient(&self, dy: CubeTensor, weight: impl Into<BFactor>) -> CubeTensor {
        let [height, width] = self.input;
        let rows = self.batch * height * width;
        let extents = Extents { rows, columns: self.in_channels, depth: self.out_channels };
        let shape = Shape::from([self.batch, height, width, self.in_channels]);
        let a = (dy, ALayout::Image(self.patches(true)));
        Product::new(a, (weight, BLayout::Rows), extents, shape).run()
    }

    /// dW `[r, s, in, out]`: for each tap, the product of the pixels of x that the tap has read with dy.
    pub(super) fn weight_gradient(&self, dy: CubeTensor, x: CubeTensor) -> CubeTensor {
        let extents =
            Extents { rows: self.in_channels, columns: self.out_channels, depth: self.output_pixels() };
        let [kernel_height, kernel_width] = self.kernel;
        let shape = Shape::from([kernel_height, kernel_width, self.in_channels, self.out_channels]);
        let a = (x, ALayout::Patches(self.patches(false)));
        Product::new(a, (dy, BLayout::Columns), extents, shape).run()
    }
}
