//! Cases of the self-test that are large enough for code that small ones never run: several tiles of keys,
//! threads with several rows, parts of a head, groups that many workgroups share.
//!
//! Each gradient is compared along three directions, by the slopes of Σ weights·f(x + t·direction) at t = 0:
//! wrong numbers show in them, and a single small slope, which rounding would drown, doesn't decide.
//!
//! A software adapter skips these cases: the project's own tests run on its drivers, and compiling the cases
//! takes it longer than all the other checks.

use burn::tensor::{DType, Device, FloatDType, Tensor};

use super::checks::{EPSILON, Known, Values, flat};
use super::host;
use crate::gpu::KernelProfile;
use crate::ops::{
    attention::attention,
    group_norm::{GroupNormWeights, group_norm},
    total::total,
};

/// Attention in three sizes (queries, keys, heads, head size): enough workgroups for threads with four rows,
/// and two tiles of keys; the same with a causal mask; a head that workgroup memory holds in parts.
pub(super) fn attention_cases(device: &Device, dtype: FloatDType) -> Vec<Known> {
    if KernelProfile::on(device).software {
        return Vec::new();
    }
    let cases = [(70, 70, 64, 4, false), (66, 66, 64, 4, true), (20, 45, 1, 160, false)];
    let case = |(queries, keys, heads, head, causal): (usize, usize, usize, usize, bool)| {
        let channels = heads * head;
        let shapes = [[1, queries, channels], [1, keys, channels], [1, keys, channels]];
        let operation = |[query, key, value]: [Tensor<3>; 3]| attention(query, key, value, heads, causal);
        let reference = |inputs: [&[f64]; 3]| host::attention(inputs, heads, head, causal);
        compared_along(device, dtype, shapes, operation, &reference)
    };
    cases.into_iter().flat_map(case).collect()
}

/// Two groups of more numbers than one workgroup normalizes alone.
pub(super) fn group_norm_case(device: &Device, dtype: FloatDType) -> Vec<Known> {
    if KernelProfile::on(device).software {
        return Vec::new();
    }
    let (weight, bias) = (Values::random(8, 5, dtype), Values::random(8, 6, dtype));
    let operation = |[x]: [Tensor<4>; 1]| {
        let (weight, bias) = (weight.tensor([8], device), bias.tensor([8], device));
        group_norm(x, &GroupNormWeights { weight, bias, groups: 2, epsilon: EPSILON }, true)
    };
    let reference = |[x]: [&[f64]; 1]| host::group_norm(x, &weight.numbers, &bias.numbers, 2, EPSILON, true);
    compared_along(device, dtype, [[1, 91, 91, 8]], operation, &reference)
}

/// The operation's result, and the slopes of Σ weights·result along directions in each input.
fn compared_along<const D: usize, const N: usize>(
    device: &Device,
    dtype: FloatDType,
    shapes: [[usize; D]; N],
    operation: impl Fn([Tensor<D>; N]) -> Tensor<D>,
    reference: &dyn Fn([&[f64]; N]) -> Vec<f64>,
) -> Vec<Known> {
    const STEP: f64 = 1e-5;
    let values =
        |place: usize, seed: u32| Values::random(shapes[place].iter().product(), seed + place as u32, dtype);
    let inputs: [Values; N] = std::array::from_fn(|place| values(place, 40));
    let leaves: [Tensor<D>; N] =
        std::array::from_fn(|place| inputs[place].tensor(shapes[place], device).autodiff().require_grad());
    let result = flat(operation(leaves.clone()));
    let shape = result.dims();
    let weights = Values::random(shape[0], 50, dtype);
    let gradients = (result.clone() * weights.tensor(shape, device).autodiff()).backward();

    let numbers = inputs.map(|input| input.numbers);
    let of = |numbers: &[Vec<f64>; N]| reference(numbers.each_ref().map(Vec::as_slice));
    let mut known = vec![Known { found: result.inner(), expected: of(&numbers) }];
    for (place, leaf) in leaves.iter().enumerate() {
        let slope = |direction: &Values| {
            let shifted = |by: f64| -> f64 {
                let mut numbers = numbers.clone();
                let moved = numbers[place].iter_mut().zip(&direction.numbers);
                moved.for_each(|(number, along)| *number += by * along);
                of(&numbers).iter().zip(&weights.numbers).map(|(y, weight)| y * weight).sum()
            };
            (shifted(STEP) - shifted(-STEP)) / (2.0 * STEP)
        };
        let directions = [60, 70, 80].map(|seed| values(place, seed));
        let expected = directions.iter().map(slope).collect();
        // A missing gradient is wrong as well.
        let gradient = leaf.grad(&gradients).map_or_else(
            || Tensor::zeros([numbers[place].len()], device),
            |gradient| flat(gradient).cast(DType::F32),
        );
        let along = |direction: &Values| {
            total(gradient.clone() * direction.as_floats().tensor([direction.numbers.len()], device))
        };
        known.push(Known { found: Tensor::cat(directions.iter().map(along).collect(), 0), expected });
    }
    known
}
