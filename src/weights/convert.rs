//! Stored numbers (f64, f32, f16, bf16, little-endian) → the type that the device computes in.

use burn::tensor::{DType, FloatDType, TensorData};
use half::{bf16, f16};

use super::{Error, StoredType};

/// The numbers of one tensor, filled piece by piece.
pub(super) enum Floats {
    F32(Vec<f32>),
    F16(Vec<f16>),
}

impl Floats {
    /// # Errors
    /// [`Error::UnsupportedTarget`] for a type other than f32 and f16.
    pub fn new(dtype: FloatDType) -> Result<Self, Error> {
        match dtype {
            FloatDType::F32 => Ok(Self::F32(Vec::new())),
            FloatDType::F16 => Ok(Self::F16(Vec::new())),
            other => Err(Error::UnsupportedTarget { requested: DType::from(other).name().to_owned() }),
        }
    }

    /// So many zeros, to be overwritten.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn zeros(dtype: FloatDType, count: usize) -> Result<Self, Error> {
        Ok(match Self::new(dtype)? {
            Self::F32(_) => Self::F32(vec![0.0; count]),
            Self::F16(_) => Self::F16(vec![f16::ZERO; count]),
        })
    }

    /// Makes room for so many numbers more, so that a large tensor is not copied as it grows.
    pub fn reserve(&mut self, count: usize) {
        match self {
            Self::F32(values) => values.reserve_exact(count),
            Self::F16(values) => values.reserve_exact(count),
        }
    }

    /// Adds stored numbers; `false` if `stored` is not a kind of number known here.
    #[must_use]
    pub fn extend(&mut self, stored: StoredType, bytes: &[u8]) -> bool {
        match stored {
            StoredType::F64 => self.extend_by(bytes, |number: [u8; 8]| f64::from_le_bytes(number) as f32),
            StoredType::F32 => self.extend_by(bytes, f32::from_le_bytes),
            StoredType::F16 => match self {
                // The common pair: no way round through f32.
                Self::F16(values) => values.extend(numbers(bytes).map(f16::from_le_bytes)),
                Self::F32(values) => values.extend(numbers(bytes).map(widened)),
            },
            StoredType::BF16 => self.extend_by(bytes, |number| bf16::from_le_bytes(number).to_f32()),
            _ => return false,
        }
        true
    }

    fn extend_by<const N: usize>(&mut self, bytes: &[u8], number: impl Fn([u8; N]) -> f32) {
        match self {
            Self::F32(values) => values.extend(numbers(bytes).map(number)),
            Self::F16(values) => values.extend(numbers(bytes).map(|bytes| f16::from_f32(number(bytes)))),
        }
    }

    /// Adds numbers that are in memory already.
    pub fn extend_from(&mut self, numbers: &[f32]) {
        match self {
            Self::F32(values) => values.extend(numbers),
            Self::F16(values) => values.extend(numbers.iter().copied().map(f16::from_f32)),
        }
    }

    /// Whether a number became infinite on its way to f16.
    pub fn overflowed(&self) -> bool {
        matches!(self, Self::F16(values) if values.iter().any(|value| value.is_infinite()))
    }

    /// The numbers as 16-bit floats.
    pub fn into_halves(self) -> Vec<f16> {
        match self {
            Self::F32(values) => values.into_iter().map(f16::from_f32).collect(),
            Self::F16(values) => values,
        }
    }

    /// The standard deviation of the numbers.
    pub fn spread(&self) -> f64 {
        let numbers: Vec<f64> = match self {
            Self::F32(values) => values.iter().map(|&value| f64::from(value)).collect(),
            Self::F16(values) => values.iter().map(|value| value.to_f64()).collect(),
        };
        let count = numbers.len().max(1) as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        (numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / count).sqrt()
    }

    /// The numbers as a tensor of rank 1; nothing is copied.
    pub fn into_data(self) -> TensorData {
        match self {
            Self::F32(values) => {
                let count = values.len();
                TensorData::new(values, [count])
            }
            Self::F16(values) => {
                let count = values.len();
                TensorData::new(values, [count])
            }
        }
    }
}

/// Whether all stored numbers are finite. It looks at each, without a branch: compilers make vector instructions of it.
pub(super) fn are_finite(stored: StoredType, bytes: &[u8]) -> bool {
    match stored {
        StoredType::F64 => all(bytes, |number| f64::from_le_bytes(number).is_finite()),
        StoredType::F32 => all(bytes, |number| f32::from_le_bytes(number).is_finite()),
        StoredType::F16 => all(bytes, |number| f16::from_le_bytes(number).is_finite()),
        StoredType::BF16 => all(bytes, |number| bf16::from_le_bytes(number).is_finite()),
        _ => true,
    }
}

fn all<const N: usize>(bytes: &[u8], is_finite: impl Fn([u8; N]) -> bool) -> bool {
    numbers(bytes).fold(true, |all, number| all & is_finite(number))
}

/// Stored numbers as f32; nothing if `stored` is not a kind of number known here.
pub(super) fn to_f32(stored: StoredType, bytes: &[u8]) -> Vec<f32> {
    let mut values = Floats::F32(Vec::with_capacity(bytes.len() / stored.size()));
    match (values.extend(stored, bytes), values) {
        (true, Floats::F32(values)) => values,
        _ => Vec::new(),
    }
}

/// The value of a 16-bit float. Its exponent and fraction are put where f32 has them and multiplied by 2¹¹² for the
/// difference of the two biases: exact, for subnormals too. Without a branch, so that compilers make vector instructions
/// of it: in wasm a third of what `f16::to_f32` takes.
fn widened(bytes: [u8; 2]) -> f32 {
    const BIASES: f32 = f32::from_bits((127 + 112) << 23);
    let bits = u32::from(u16::from_le_bytes(bytes));
    let magnitude = (f32::from_bits((bits & 0x7fff) << 13) * BIASES).to_bits();
    let beyond = if bits & 0x7c00 == 0x7c00 { 0x7f80_0000 } else { 0 };
    f32::from_bits(magnitude | beyond | (bits & 0x8000) << 16)
}

fn numbers<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks().0.iter().copied()
}
