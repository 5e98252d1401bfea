//! How a check compares an operation on a device with its reference on the host: the result, and the gradients of
//! Σ weights·result with respect to the inputs.

use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};

use super::host;
use crate::ops::total::total;

/// A result that a device was asked for, and what it should be.
pub struct Known {
    pub found: Tensor<1>,
    pub expected: Vec<f64>,
}

/// An operation's reference: from the inputs' numbers to those of the result.
type Reference<'a, const N: usize> = dyn Fn([&[f64]; N]) -> Vec<f64> + 'a;

/// Compares the result and every number of the gradients.
pub(super) fn compared<const D: usize, const N: usize>(
    device: &Device,
    dtype: FloatDType,
    shapes: [[usize; D]; N],
    operation: impl Fn([Tensor<D>; N]) -> Tensor<D>,
    reference: &Reference<N>,
) -> Vec<Known> {
    let Computed { inputs, weights, result, gradients } = Computed::of(device, dtype, shapes, operation);
    let slopes = host::gradients(&inputs, &weights, reference);
    let gradients = gradients.into_iter().zip(slopes).map(|(found, expected)| Known { found, expected });
    let expected = reference(inputs.each_ref().map(Vec::as_slice));
    [Known { found: result, expected }].into_iter().chain(gradients).collect()
}

/// Compares the result and each gradient along three directions, which takes few evaluations of the reference: by
/// the slopes of Σ weights·f(x + t·direction) at t = 0. Wrong numbers show in them, and a single small slope, which
/// rounding would drown, doesn't decide.
pub(super) fn compared_along<const D: usize, const N: usize>(
    device: &Device,
    dtype: FloatDType,
    shapes: [[usize; D]; N],
    operation: impl Fn([Tensor<D>; N]) -> Tensor<D>,
    reference: &Reference<N>,
) -> Vec<Known> {
    let Computed { inputs, weights, result, gradients } = Computed::of(device, dtype, shapes, operation);
    let along = |(place, gradient): (usize, Tensor<1>)| {
        let gradient = gradient.cast(DType::F32);
        let count = inputs[place].len();
        let directions = [60, 70, 80].map(|seed| Values::random(count, seed + place as u32, FloatDType::F32));
        let slope = |direction: &Values| host::slope(&inputs, place, &direction.numbers, &weights, reference);
        let found = |direction: &Values| total(gradient.clone() * direction.tensor([count], device));
        Known {
            found: Tensor::cat(directions.iter().map(found).collect(), 0),
            expected: directions.iter().map(slope).collect(),
        }
    };
    let expected = reference(inputs.each_ref().map(Vec::as_slice));
    let gradients = gradients.into_iter().enumerate().map(along);
    [Known { found: result, expected }].into_iter().chain(gradients).collect()
}

/// What an operation was given, and what it gave.
struct Computed<const N: usize> {
    inputs: [Vec<f64>; N],
    weights: Vec<f64>,
    result: Tensor<1>,
    /// Of Σ weights·result; where a gradient is missing, which is wrong as well, zeros.
    gradients: [Tensor<1>; N],
}

impl<const N: usize> Computed<N> {
    fn of<const D: usize>(
        device: &Device,
        dtype: FloatDType,
        shapes: [[usize; D]; N],
        operation: impl Fn([Tensor<D>; N]) -> Tensor<D>,
    ) -> Self {
        let inputs: [Values; N] = std::array::from_fn(|place| {
            Values::random(shapes[place].iter().product(), 20 + place as u32, dtype)
        });
        let leaves: [Tensor<D>; N] = std::array::from_fn(|place| {
            inputs[place].tensor(shapes[place], device).autodiff().require_grad()
        });
        // Flattened, so that the same few of burn's kernels serve results of all shapes.
        let result = flat(operation(leaves.clone()));
        let shape = result.dims();
        let weights = Values::random(shape[0], 30, dtype);
        // The sum is left out: the gradient of each product is one either way.
        let gradients = (result.clone() * weights.tensor(shape, device).autodiff()).backward();
        let nothing = |leaf: &Tensor<D>| Tensor::zeros([leaf.shape().num_elements()], device);
        Self {
            inputs: inputs.map(|input| input.numbers),
            weights: weights.numbers,
            result: result.inner(),
            gradients: leaves.map(|leaf| leaf.grad(&gradients).map_or_else(|| nothing(&leaf), flat)),
        }
    }
}

pub(super) fn flat<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    let count = x.dims().iter().product::<usize>();
    x.reshape([count])
}

/// Numbers from −1 to 1 that device and host represent exactly.
pub(super) struct Values {
    pub numbers: Vec<f64>,
    dtype: FloatDType,
}

impl Values {
    pub fn random(count: usize, seed: u32, dtype: FloatDType) -> Self {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
        let number = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Eleven bits: exact in 16-bit floats too.
            f64::from(state >> 21) / 1024.0 - 1.0
        };
        Self { numbers: (0..count).map(number).collect(), dtype }
    }

    pub fn tensor<const D: usize>(&self, shape: [usize; D], device: &Device) -> Tensor<D> {
        let data = TensorData::new(self.numbers.clone(), shape);
        Tensor::from_data(data, (device, DType::from(self.dtype)))
    }
}
