//! AdamW's moments in 8 bits (Dettmers et al., "8-bit Optimizers via Block-wise Quantization",
//! arXiv:2110.02861), as in bitsandbytes: each moment lies in blocks of 256 values, as 256 codes and the
//! block's largest magnitude in f32.
//!
//! `value = code[byte] · largest of its block`; the codes are the paper's dynamic ones, signed for the first
//! moment and unsigned for the second: seven decades, with more steps in a decade the nearer it is to the
//! largest value. An update widens a stretch of the moments to f32, updates it, moves the values by AdamW's
//! rule with the updated moments, and quantizes these again. It goes stretch by stretch, so that the widened
//! values take a few megabytes whatever the number of parameters.
//!
//! One departure from bitsandbytes: a second moment is never rounded to zero. Its root is divided by,
//! and a moment that fell to zero would let its parameter jump.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use super::Error;
use super::optimizer::{BETAS, EPSILON};
use super::transfer::{read, read_words, upload, upload_words};

/// Values that share a scale.
const BLOCK: usize = 256;
/// Values that are widened at once, whole blocks.
const STRETCH: usize = 1024 * BLOCK;
/// Groups below this many values are not quantized (bitsandbytes' `min_8bit_size`).
pub const MIN_GROUP: usize = 4096;
/// Bytes in a stored word.
const BYTES: usize = 4;

/// One moment: `[count / 4]` words of four codes each, `[blocks]` largest magnitudes. The number of
/// values is rounded up to whole blocks.
#[derive(Clone)]
struct Moment {
    words: Tensor<1, Int>,
    largest: Tensor<1>,
}

/// The values that 256 codes stand for, and the 255 bounds between them, in rising order.
#[derive(Clone)]
struct Codes {
    values: Tensor<1>,
    bounds: Tensor<1>,
    /// The lowest code that a value may get.
    least: usize,
}

/// Both moments of a group of parameters.
#[derive(Clone)]
pub struct QuantizedMoments {
    first: Moment,
    second: Moment,
    signed: Codes,
    unsigned: Codes,
}

/// Both moments on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedParts {
    /// Codes of the first and the second moment.
    pub words: [Vec<i32>; 2],
    pub largest: [Vec<f32>; 2],
}

/// The dynamic code's 256 values in rising order (bitsandbytes' `create_dynamic_map`): 0, 1, and in each of
/// seven decades the midpoints of equal steps from a tenth of its top to its top, twice as many as in the
/// decade below; if `signed`, with both signs.
pub fn dynamic_code(signed: bool) -> Vec<f32> {
    let mut values = vec![0.0, 1.0];
    for decade in 0..7 {
        let steps = 1 << (decade + i32::from(!signed));
        let top = 10_f64.powi(decade - 6);
        for step in 0..steps {
            let midpoint = 0.1 + 0.9 * (f64::from(step) + 0.5) / f64::from(steps);
            values.push((top * midpoint) as f32);
            if signed {
                values.push(-(top * midpoint) as f32);
            }
        }
    }
    values.sort_by(f32::total_cmp);
    values
}

impl QuantizedParts {
    /// Whether these are the moments of `count` parameters.
    pub fn holds(&self, count: usize) -> bool {
        let blocks = count.div_ceil(BLOCK);
        self.words.iter().all(|words| words.len() * BYTES == blocks * BLOCK)
            && self.largest.iter().all(|largest| largest.len() == blocks)
    }
}

impl Codes {
    fn new(signed: bool, device: &Device) -> Self {
        let values = dynamic_code(signed);
        let bounds = values.windows(2).map(|pair| pair.iter().sum::<f32>() / 2.0).collect();
        // Code 0 of the unsigned code is zero.
        Self { values: upload(values, device), bounds: upload(bounds, device), least: usize::from(!signed) }
    }

    /// The moment's values, `[blocks, 256]`, f32.
    fn widen(&self, moment: &Moment) -> Tensor<2> {
        let blocks = moment.largest.dims()[0];
        let word = || moment.words.clone();
        let low = |shift: u32| word().bitwise_right_shift_scalar(shift as i32).bitwise_and_scalar(255);
        let bytes = vec![low(0), low(8), low(16), word().bitwise_right_shift_scalar(24) + 128];
        let codes: Tensor<2, Int> = Tensor::stack(bytes, 1);
        let shares = self.values.clone().select(0, codes.flatten(0, 1));
        shares.reshape([blocks, BLOCK]) * moment.largest.clone().unsqueeze_dim(1)
    }

    /// The moment whose codes are nearest to `[blocks, 256]` values.
    fn quantize(&self, values: Tensor<2>) -> Moment {
        let count = values.shape().num_elements();
        let largest = values.clone().abs().max_dim(1);
        // A block of zeros has zeros for shares.
        let shares = (values / largest.clone().clamp_min(f64::from(f32::MIN_POSITIVE))).reshape([count]);
        // A binary search: how many bounds lie below.
        let mut code = shares.zeros_like();
        for bit in (0..8).rev().map(|bit| f64::from(1 << bit)) {
            let bound = self.bounds.clone().select(0, (code.clone() + (bit - 1.0)).int());
            code = code + shares.clone().greater(bound).float() * bit;
        }
        let code = code.clamp_min(self.least as f64).int().reshape([count / BYTES, BYTES]);
        // The highest byte minus 128, so that a word is a signed 32-bit integer.
        let byte = |place: usize| code.clone().narrow(1, place, 1).flatten::<1>(0, 1);
        let words = byte(0) + byte(1) * 0x100 + byte(2) * 0x1_0000 + (byte(3) - 128) * 0x100_0000;
        Moment { words: words.cast(DType::I32), largest: largest.flatten(0, 1) }
    }
}

impl Moment {
    fn zero(blocks: usize, least: usize, device: &Device) -> Self {
        let byte = least as i32;
        let word = byte * 0x1_0101 + (byte - 128) * 0x100_0000;
        let data = TensorData::new(vec![word; blocks * BLOCK / BYTES], [blocks * BLOCK / BYTES]);
        let words = Tensor::from_data(data, (device, DType::I32));
        Self { words, largest: Tensor::zeros([blocks], (device, DType::F32)) }
    }

    /// `blocks` blocks of the moment, beginning with block `first`.
    fn part(&self, first: usize, blocks: usize) -> Self {
        let words = BLOCK / BYTES;
        Self {
            words: self.words.clone().narrow(0, first * words, blocks * words),
            largest: self.largest.clone().narrow(0, first, blocks),
        }
    }

    fn joined(parts: Vec<Self>) -> Self {
        let (words, largest) = parts.into_iter().map(|part| (part.words, part.largest)).unzip();
        Self { words: Tensor::cat(words, 0), largest: Tensor::cat(largest, 0) }
    }
}

impl QuantizedMoments {
    /// The moments of `count` parameters that have not moved yet.
    pub fn zero(count: usize, device: &Device) -> Self {
        let (signed, unsigned) = (Codes::new(true, device), Codes::new(false, device));
        let blocks = count.div_ceil(BLOCK);
        // The signed code's zero is in its middle.
        let middle = dynamic_code(true).iter().position(|value| *value == 0.0).unwrap_or_default();
        Self {
            first: Moment::zero(blocks, middle, device),
            second: Moment::zero(blocks, unsigned.least, device),
            signed,
            unsigned,
        }
    }

    pub fn upload(parts: QuantizedParts, device: &Device) -> Self {
        let [words_1, words_2] = parts.words.map(|words| upload_words(words, device));
        let [largest_1, largest_2] = parts.largest.map(|largest| upload(largest, device));
        Self {
            first: Moment { words: words_1, largest: largest_1 },
            second: Moment { words: words_2, largest: largest_2 },
            signed: Codes::new(true, device),
            unsigned: Codes::new(false, device),
        }
    }

    pub async fn read(&self) -> Result<QuantizedParts, Error> {
        let Self { first, second, .. } = self.clone();
        Ok(QuantizedParts {
            words: [read_words(first.words).await?, read_words(second.words).await?],
            largest: [read(first.largest).await?, read(second.largest).await?],
        })
    }

    /// Bytes on the device; the codes' tables not counted.
    pub fn bytes(&self) -> usize {
        [&self.first, &self.second]
            .map(|moment| 4 * (moment.words.dims()[0] + moment.largest.dims()[0]))
            .iter()
            .sum()
    }

    /// The values `[count]` (already decayed) after AdamW's update number `update` (counted from 1) by the
    /// gradient `[count]`, and the moments after it:
    ///
    /// m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g²,
    /// x ← x − rate · m/(1 − β₁ᵘ) / (√(v/(1 − β₂ᵘ)) + ε)
    pub fn update(
        &self,
        values: Tensor<1>,
        gradient: Tensor<1>,
        update: usize,
        learning_rate: f64,
    ) -> (Tensor<1>, Self) {
        let count = values.dims()[0];
        let mut moved = Vec::new();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for start in (0..count).step_by(STRETCH) {
            let length = STRETCH.min(count - start);
            let blocks = length.div_ceil(BLOCK);
            let [m, v] = [(&self.first, &self.signed), (&self.second, &self.unsigned)]
                .map(|(moment, codes)| codes.widen(&moment.part(start / BLOCK, blocks)));
            let g = whole_blocks(gradient.clone().narrow(0, start, length));
            let m = m * BETAS[0] + g.clone() * (1.0 - BETAS[0]);
            let v = v * BETAS[1] + g.square() * (1.0 - BETAS[1]);
            let corrected = |moment: &Tensor<2>, beta: f32| {
                moment.clone() / (1.0 - f64::from(beta).powi(update.min(i32::MAX as usize) as i32))
            };
            let step = corrected(&m, BETAS[0]) / (corrected(&v, BETAS[1]).sqrt() + EPSILON);
            let step = step.flatten::<1>(0, 1).narrow(0, 0, length);
            moved.push(values.clone().narrow(0, start, length) - step * learning_rate);
            first.push(self.signed.quantize(m));
            second.push(self.unsigned.quantize(v));
        }
        let after = Self { first: Moment::joined(first), second: Moment::joined(second), ..self.clone() };
        (Tensor::cat(moved, 0), after)
    }
}

/// `[count]` values as `[blocks, 256]`, filled up with zeros.
fn whole_blocks(values: Tensor<1>) -> Tensor<2> {
    let count = values.dims()[0];
    let blocks = count.div_ceil(BLOCK);
    let filled = match blocks * BLOCK - count {
        0 => values,
        missing => {
            let zeros = Tensor::zeros([missing], (&values.device(), DType::F32));
            Tensor::cat(vec![values, zeros], 0)
        }
    };
    filled.reshape([blocks, BLOCK])
}
