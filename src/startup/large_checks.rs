//! Cases of the self-test that are large enough for code that small ones never run: several tiles of keys,
//! threads with several rows, parts of a head, groups that many workgroups share.
//!
//! A software adapter's first start skips these cases: compiling them takes it longer than all the other checks.

use burn::tensor::{Device, FloatDType, Tensor};

use super::checks::{Check, EPSILON};
use super::comparison::{Known, Values, compared_along};
use super::host;
use crate::ops::{
    attention::attention,
    group_norm::{GroupNormWeights, group_norm},
};

/// One check for each family of kernels that has code for large cases alone.
pub fn large_checks() -> Vec<Check> {
    vec![Check::new("attention", attention_cases), Check::new("group normalization", group_norm_case)]
}

/// Attention in three sizes (queries, keys, heads, head size): enough workgroups for threads with four rows,
/// and two tiles of keys; the same with a causal mask; a head that workgroup memory holds in parts.
fn attention_cases(device: &Device, dtype: FloatDType) -> Vec<Known> {
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
fn group_norm_case(device: &Device, dtype: FloatDType) -> Vec<Known> {
    let (weight, bias) = (Values::random(8, 5, dtype), Values::random(8, 6, dtype));
    let operation = |[x]: [Tensor<4>; 1]| {
        let (weight, bias) = (weight.tensor([8], device), bias.tensor([8], device));
        group_norm(x, &GroupNormWeights { weight, bias, groups: 2, epsilon: EPSILON }, true)
    };
    let reference = |[x]: [&[f64]; 1]| host::group_norm(x, &weight.numbers, &bias.numbers, 2, EPSILON, true);
    compared_along(device, dtype, [[1, 91, 91, 8]], operation, &reference)
}
