//! The layers of the blocks, written down for the ledger: what they take, frozen and adapted, and what they multiply on
//! both ways, since a device may split the sums of a product and take a buffer for them.

use super::adaptation::LayerAdaptation;
use super::blocks::{F32, Walk};
use super::ledger::Ghost;
use super::product::Product;

/// A linear layer or convolution that an adapter may change.
#[derive(Clone, Copy)]
pub struct Layer<'a> {
    /// The end of the layer's path.
    pub path: &'a str,
    pub inputs: u64,
    pub outputs: u64,
    /// Positions of the layer's kernel: 9 for a 3×3 convolution.
    pub taps: u64,
    /// Whether it works on the nearest-neighbour doubling of its input.
    pub upsamples: bool,
}

impl<'a> Layer<'a> {
    pub fn linear(path: &'a str, inputs: u64, outputs: u64) -> Self {
        Self { path, inputs, outputs, taps: 1, upsamples: false }
    }

    pub fn convolution(inputs: u64, outputs: u64) -> Self {
        Self { path: "conv", inputs, outputs, taps: 9, upsamples: false }
    }

    pub fn upsampling(inputs: u64, outputs: u64) -> Self {
        Self { upsamples: true, ..Self::convolution(inputs, outputs) }
    }

    /// So many rows of the layer's results.
    pub fn product(self, rows: u64) -> Product {
        Product::new(rows, self.outputs, self.inputs * self.taps)
    }

    /// The gradient of so many rows of the input.
    pub fn input_gradient(self, rows: u64) -> Product {
        // Of each of the four copies of a pixel.
        let copies = if self.upsamples { 4 } else { 1 };
        Product::new(rows, self.inputs, self.outputs * self.taps * copies)
    }

    /// The gradient of the weight from so many rows of the output.
    pub fn weight_gradient(self, rows: u64) -> Product {
        match self.taps {
            1 => Product::new(self.outputs, self.inputs, rows),
            taps => Product { groups: taps, ..Product::new(self.inputs, self.outputs, rows) },
        }
    }
}

impl Walk<'_> {
    /// A frozen layer with `tokens` results per batch row; it keeps nothing.
    pub fn frozen(&mut self, x: &Ghost, tokens: u64, layer: Layer) -> Ghost {
        let rows = self.batch * tokens;
        let y = self.tape.operation(&[x], &[], rows * layer.outputs * self.scalar, 0);
        self.tape.ledger().multiply(layer.product(rows));
        self.tape.multiply_back(&y, vec![layer.input_gradient(self.rows(x, layer))]);
        y
    }

    /// Rows of the layer's input, all batch rows together.
    fn rows(&self, x: &Ghost, layer: Layer) -> u64 {
        x.bytes() / (layer.inputs * self.scalar)
    }

    /// A layer that an adapter may change, with `tokens` results per batch row. With a LoRA it keeps its
    /// input and A·x; with a full difference that is trained, its input and the sum of both weights.
    pub fn layer(&mut self, x: &Ghost, tokens: u64, layer: Layer) -> Ghost {
        let Layer { path, inputs, outputs, taps, .. } = layer;
        let adaptation = self.adaptation.map(|adaptation| adaptation.of_layer(path));
        match adaptation.unwrap_or(LayerAdaptation::None) {
            LayerAdaptation::None => self.frozen(x, tokens, layer),
            LayerAdaptation::LowRank(rank) => self.low_rank(x, tokens, layer, rank),
            LayerAdaptation::Full => {
                // The weight's gradient needs the whole doubled input.
                let doubled = layer.upsamples.then(|| self.copy(x, tokens * inputs));
                let (x, layer) = (doubled.as_ref().unwrap_or(x), Layer { upsamples: false, ..layer });
                let weight = self.summed_weight(inputs * outputs * taps);
                let rows = self.batch * tokens;
                let bytes = rows * outputs * self.scalar;
                let result = self.tape.operation(&[x, &weight], &[x, &weight], bytes, 0);
                self.tape.ledger().multiply(layer.product(rows));
                let back = vec![layer.input_gradient(self.rows(x, layer)), layer.weight_gradient(rows)];
                self.tape.multiply_back(&result, back);
                // plus the bias
                self.tape.in_place(result)
            }
        }
    }

    /// W + D, summed in f32; for a model in f16 the sum is then copied to f16.
    fn summed_weight(&mut self, count: u64) -> Ghost {
        let ledger = self.tape.ledger().clone();
        let difference = self.tape.leaf(&ledger.take(0));
        if self.scalar == F32 {
            return self.tape.operation(&[&difference], &[], count * F32, 0);
        }
        let terms = [(); 2].map(|()| ledger.take(count * F32));
        let sum = self.tape.operation(&[&difference], &[], count * self.scalar, count * F32);
        drop(terms);
        sum
    }

    /// `adapted_linear`: the addition's second product is a part of the layer's own.
    fn low_rank(&mut self, x: &Ghost, tokens: u64, layer: Layer, rank: u64) -> Ghost {
        let Layer { path, inputs, outputs, .. } = layer;
        let (down, up) = (self.factor(rank * inputs), self.factor(rank * outputs));
        let (reduce, raise) = (Layer::linear(path, inputs, rank), Layer::linear(path, rank, outputs));
        let rows = self.batch * tokens;
        let ledger = self.tape.ledger().clone();
        let reduced = ledger.take(rows * rank * self.scalar);
        ledger.multiply(reduce.product(rows));
        let kept = [x, &down, &up, &reduced];
        let y = self.tape.operation(&[x, &down, &up], &kept, rows * outputs * self.scalar, reduced.bytes());
        ledger.multiply(layer.product(rows).deeper(rank));
        let back = vec![
            raise.weight_gradient(rows),
            raise.input_gradient(rows),
            reduce.weight_gradient(rows),
            layer.input_gradient(rows).deeper(rank),
        ];
        self.tape.multiply_back(&y, back);
        y
    }

    /// A LoRA factor as it is used: the trained values themselves in f32, a copy in f16.
    fn factor(&mut self, count: u64) -> Ghost {
        let ledger = self.tape.ledger().clone();
        let values = if self.scalar == F32 { ledger.take(0) } else { ledger.take(count * self.scalar) };
        self.tape.leaf(&values)
    }
}
