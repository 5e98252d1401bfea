//! The operations in plain loops of 64-bit floats: what a device's results are compared with. Each
//! follows the equation in the header of its file in `ops`. Gradients need no second formula: they
//! are slopes of the first, which 64 bits resolve far beyond any tolerance.

/// Distance of central differences.
const STEP: f64 = 1e-5;

/// The slope of Σ weights·f(inputs) as the input at `place` moves along a direction, by central differences.
pub fn slope<const N: usize>(
    inputs: &[Vec<f64>; N],
    place: usize,
    direction: &[f64],
    weights: &[f64],
    f: &dyn Fn([&[f64]; N]) -> Vec<f64>,
) -> f64 {
    let sum = |by: f64| -> f64 {
        let mut moved = inputs.clone();
        moved[place].iter_mut().zip(direction).for_each(|(number, along)| *number += by * along);
        let result = f(moved.each_ref().map(Vec::as_slice));
        result.iter().zip(weights).map(|(y, weight)| y * weight).sum()
    };
    (sum(STEP) - sum(-STEP)) / (2.0 * STEP)
}

/// Slopes of Σ weights·f(inputs) with respect to each number of each input, by central differences.
pub fn gradients<const N: usize>(
    inputs: &[Vec<f64>; N],
    weights: &[f64],
    f: &dyn Fn([&[f64]; N]) -> Vec<f64>,
) -> [Vec<f64>; N] {
    let mut shifted = inputs.clone();
    let mut sum = |place: usize, index: usize, by: f64| -> f64 {
        let original = shifted[place][index];
        shifted[place][index] = original + by;
        let result = f(shifted.each_ref().map(Vec::as_slice));
        shifted[place][index] = original;
        result.iter().zip(weights).map(|(y, weight)| y * weight).sum()
    };
    std::array::from_fn(|place| {
        let slope = |index| (sum(place, index, STEP) - sum(place, index, -STEP)) / (2.0 * STEP);
        (0..inputs[place].len()).map(slope).collect()
    })
}

/// x `[rows, inputs]` · weight `[outputs, inputs]`ᵀ + bias.
pub fn linear(x: &[f64], weight: &[f64], bias: Option<&[f64]>, inputs: usize) -> Vec<f64> {
    let dot = |row: &[f64], column: &[f64]| -> f64 { row.iter().zip(column).map(|(a, b)| a * b).sum() };
    let mut y = Vec::new();
    for row in x.chunks(inputs) {
        for (output, column) in weight.chunks(inputs).enumerate() {
            y.push(dot(row, column) + bias.map_or(0.0, |bias| bias[output]));
        }
    }
    y
}

/// a + b, element by element.
pub fn sum(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// x `[1, height, width, inputs]`, padded with zeros, weight `[kernel, kernel, inputs, outputs]`.
pub fn conv2d(
    x: &[f64],
    [height, width, inputs]: [usize; 3],
    weight: &[f64],
    [kernel, outputs]: [usize; 2],
    bias: &[f64],
    stride: usize,
) -> Vec<f64> {
    let padding = kernel / 2;
    let steps = |extent: usize| (extent + 2 * padding - kernel) / stride + 1;
    let mut y = Vec::new();
    for row in 0..steps(height) {
        for column in 0..steps(width) {
            for output in 0..outputs {
                let mut sum = bias[output];
                for (tap, weights) in weight.chunks(inputs * outputs).enumerate() {
                    // Before the image this wraps around, so that the test below finds both ends.
                    let source_row = (row * stride + tap / kernel).wrapping_sub(padding);
                    let source_column = (column * stride + tap % kernel).wrapping_sub(padding);
                    if source_row < height && source_column < width {
                        let pixel = (source_row * width + source_column) * inputs;
                        sum += (0..inputs)
                            .map(|input| x[pixel + input] * weights[input * outputs + output])
                            .sum::<f64>();
                    }
                }
                y.push(sum);
            }
        }
    }
    y
}

/// query `[queries, heads·head]`, key and value `[keys, heads·head]`.
pub fn attention([query, key, value]: [&[f64]; 3], heads: usize, head: usize, causal: bool) -> Vec<f64> {
    let channels = heads * head;
    let mut y = vec![0.0; query.len()];
    for (place, query) in query.chunks(channels).enumerate() {
        for first in (0..channels).step_by(head) {
            let seen = if causal { place + 1 } else { key.len() / channels };
            let weights: Vec<f64> = (0..seen)
                .map(|token| {
                    let score: f64 =
                        (first..first + head).map(|c| query[c] * key[token * channels + c]).sum();
                    (score / (head as f64).sqrt()).exp()
                })
                .collect();
            let total: f64 = weights.iter().sum();
            for channel in first..first + head {
                let mixed =
                    weights.iter().enumerate().map(|(token, w)| w * value[token * channels + channel]);
                y[place * channels + channel] = mixed.sum::<f64>() / total;
            }
        }
    }
    y
}

/// x `[pixels, channels]`: one image, normalized over all pixels of each group of channels.
pub fn group_norm(
    x: &[f64],
    weight: &[f64],
    bias: &[f64],
    groups: usize,
    epsilon: f64,
    silu: bool,
) -> Vec<f64> {
    let channels = weight.len();
    let group = |channel: usize| channel / (channels / groups);
    let statistics: Vec<[f64; 2]> = (0..groups)
        .map(|wanted| {
            let members = x.iter().enumerate().filter(|(index, _)| group(index % channels) == wanted);
            mean_and_scale(&members.map(|(_, value)| *value).collect::<Vec<_>>(), epsilon)
        })
        .collect();
    let normalize = |(index, value): (usize, &f64)| {
        let channel = index % channels;
        let [mean, scale] = statistics[group(channel)];
        let u = weight[channel] * (value - mean) * scale + bias[channel];
        if silu { u / (1.0 + (-u).exp()) } else { u }
    };
    x.iter().enumerate().map(normalize).collect()
}

/// x `[tokens, channels]`, normalized over the channels of each token.
pub fn layer_norm(x: &[f64], weight: &[f64], bias: &[f64], epsilon: f64) -> Vec<f64> {
    let mut y = Vec::new();
    for row in x.chunks(weight.len()) {
        let [mean, scale] = mean_and_scale(row, epsilon);
        y.extend(
            row.iter().zip(weight).zip(bias).map(|((x, weight), bias)| weight * (x - mean) * scale + bias),
        );
    }
    y
}

/// The mean, and 1/√(variance + ε).
fn mean_and_scale(values: &[f64], epsilon: f64) -> [f64; 2] {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    [mean, 1.0 / (variance + epsilon).sqrt()]
}

/// x `[tokens, 2·channels]` → `[tokens, channels]`.
pub fn geglu(x: &[f64], channels: usize) -> Vec<f64> {
    let gelu = |g: f64| g * 0.5 * (1.0 + libm::erf(g / std::f64::consts::SQRT_2));
    let gated =
        |row: &[f64]| -> Vec<f64> { (0..channels).map(|c| row[c] * gelu(row[channels + c])).collect() };
    x.chunks(2 * channels).flat_map(gated).collect()
}

/// x `[1, height, width, channels]`, each pixel doubled both ways.
pub fn upsample_nearest(x: &[f64], [height, width, channels]: [usize; 3]) -> Vec<f64> {
    let mut y = Vec::new();
    for row in 0..2 * height {
        for column in 0..2 * width {
            let pixel = (row / 2 * width + column / 2) * channels;
            y.extend_from_slice(&x[pixel..pixel + channels]);
        }
    }
    y
}
