//! Single operations on random numbers, forward and backward, as the models call them.
//!
//! A backward pass begins with a gradient of ones for the operation's result, which burn fills in
//! (one write of the result's size, counted in the duration); the forward pass before it is made
//! ahead of the clock.

use std::rc::Rc;

use burn::tensor::{DType, Distribution, FloatDType, Tensor};

use super::{
    report::{Ceiling, Row},
    shapes::{Case, Shape},
    stopwatch::{Effort, Run, Stopwatch},
};
use crate::{
    gpu::Gpu,
    model::{
        adaptable_linear::AdaptableLinear,
        lora::{LoraLayer, LoraSet},
    },
    ops::{
        attention::attention,
        conv2d::{Padding, conv2d},
        geglu::geglu,
        group_norm::{GroupNormWeights, group_norm},
        layer_norm::{LayerNormWeights, layer_norm},
        linear::linear,
    },
    pipeline::{Error, Precision},
    weights::Weights,
};

/// Most passes in one sample. Results of forward passes are dropped at once.
const MAX_FORWARD: usize = 500;
/// Limit for the forward passes that wait for their backward pass at a time, in bytes that they move.
const WAITING: u64 = 512 << 20;

/// An operation ready to run, on plain inputs or on tracked ones.
type Operation = Rc<dyn Fn(Inputs) -> Output>;

#[derive(Clone, Copy)]
enum Inputs {
    Plain,
    Tracked,
}

impl Inputs {
    fn take<const D: usize>(self, x: &Tensor<D>) -> Tensor<D> {
        match self {
            Self::Plain => x.clone(),
            Self::Tracked => x.clone().autodiff().require_grad(),
        }
    }
}

enum Output {
    Tokens(Tensor<3>),
    Image(Tensor<4>),
}

impl Output {
    fn backward(self) {
        match self {
            Self::Tokens(y) => drop(y.backward()),
            Self::Image(y) => drop(y.backward()),
        }
    }
}

impl Case {
    /// Times the operation; one row for the forward pass, one for the backward pass.
    pub(super) async fn measure(
        &self,
        gpu: &Gpu,
        precision: Precision,
        stopwatch: &Stopwatch,
        effort: Effort,
        ceiling: Option<&Ceiling>,
    ) -> Result<[Row; 2], Error> {
        let operation = self.shape.operation(gpu, precision.dtype())?;
        let mut prepare = || -> Run {
            let operation = operation.clone();
            Box::new(move || drop(operation(Inputs::Plain)))
        };
        let forward = stopwatch.time(effort, MAX_FORWARD, &mut prepare).await?;
        let mut prepare = || -> Run {
            let y = operation(Inputs::Tracked);
            Box::new(move || y.backward())
        };
        let waiting = (WAITING / forward.work.bytes.max(1)) as usize;
        let backward = stopwatch.time(effort, waiting.min(MAX_FORWARD), &mut prepare).await?;
        let row = |pass, timing| Row::new(self.name.clone(), pass, precision.name(), timing, ceiling);
        Ok([row("forward", forward), row("backward", backward)])
    }
}

impl Shape {
    fn operation(&self, gpu: &Gpu, dtype: FloatDType) -> Result<Operation, Error> {
        Ok(match *self {
            Self::Linear { batch, tokens, in_features, out_features } => {
                let x = random(gpu, dtype, [batch, tokens, in_features]);
                let weight = random(gpu, dtype, [out_features, in_features]);
                let bias = random(gpu, dtype, [out_features]);
                Rc::new(move |inputs| {
                    Output::Tokens(linear(inputs.take(&x), weight.clone(), Some(bias.clone())))
                })
            }
            Self::Lora { batch, tokens, in_features, out_features, rank } => {
                let x = random(gpu, dtype, [batch, tokens, in_features]);
                let mut weights = Weights::random(0, &gpu.device, dtype);
                let layer =
                    AdaptableLinear::load_without_bias(&mut weights, "layer", in_features, out_features)?;
                // The factors are f32 whatever the model is.
                let down = random(gpu, FloatDType::F32, [rank, in_features]);
                let up = random(gpu, FloatDType::F32, [out_features, rank]);
                Rc::new(move |inputs| {
                    let mut lora = LoraSet::new();
                    let factors = LoraLayer { down: inputs.take(&down), up: inputs.take(&up), scale: 1.0 };
                    lora.insert("layer", factors);
                    Output::Tokens(layer.forward(inputs.take(&x), Some(&lora)))
                })
            }
            Self::Conv2d { batch, height, width, in_channels, out_channels, kernel, stride } => {
                let x = random(gpu, dtype, [batch, height, width, in_channels]);
                let weight = random(gpu, dtype, [kernel, kernel, in_channels, out_channels]);
                let bias = random(gpu, dtype, [out_channels]);
                let padding = Padding::same(kernel / 2);
                Rc::new(move |inputs| {
                    let (weight, bias) = (weight.clone(), Some(bias.clone()));
                    Output::Image(conv2d(inputs.take(&x), weight, bias, stride, padding))
                })
            }
            Self::Attention { batch, heads, queries, keys, head_size } => {
                let query = random(gpu, dtype, [batch, queries, heads * head_size]);
                let [key, value] = [0; 2].map(|_| random(gpu, dtype, [batch, keys, heads * head_size]));
                Rc::new(move |inputs| {
                    let [query, key, value] = [&query, &key, &value].map(|x| inputs.take(x));
                    Output::Tokens(attention(query, key, value, heads, false))
                })
            }
            Self::GroupNorm { batch, height, width, channels, groups } => {
                let x = random(gpu, dtype, [batch, height, width, channels]);
                let [weight, bias] = [0; 2].map(|_| random(gpu, dtype, [channels]));
                let weights = GroupNormWeights { weight, bias, groups, epsilon: 1e-5 };
                Rc::new(move |inputs| Output::Image(group_norm(inputs.take(&x), &weights, true)))
            }
            Self::LayerNorm { batch, tokens, channels } => {
                let x = random(gpu, dtype, [batch, tokens, channels]);
                let [weight, bias] = [0; 2].map(|_| random(gpu, dtype, [channels]));
                let weights = LayerNormWeights { weight, bias, epsilon: 1e-5 };
                Rc::new(move |inputs| Output::Tokens(layer_norm(inputs.take(&x), &weights)))
            }
            Self::Geglu { batch, tokens, channels } => {
                let x = random(gpu, dtype, [batch, tokens, 2 * channels]);
                Rc::new(move |inputs| Output::Tokens(geglu(inputs.take(&x))))
            }
        })
    }
}

/// Numbers from −1 to 1.
fn random<const D: usize>(gpu: &Gpu, dtype: FloatDType, shape: [usize; D]) -> Tensor<D> {
    Tensor::<D>::random(shape, Distribution::Uniform(-1.0, 1.0), (&gpu.device, DType::F32)).cast(dtype)
}
