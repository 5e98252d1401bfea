//! Tensors of a file → LoRA layers and full differences: values decoded and checked, factors paired, alpha
//! found.

use std::collections::BTreeMap;

use half::{bf16, f16};

use crate::model::adaptable::LayerKind;
use crate::weights::{SafetensorsHeader, StoredType, TensorEntry};

use super::Error;
use super::difference::Difference;
use super::peft_config::PeftConfig;
use super::text::clean_name;
use super::types::LoraWeights;

/// Most multiply-adds that a middle factor may cost: some seconds. That of a 3×3 convolution of 1280 channels with
/// rank 128 takes 0.2·10⁹.
const MAX_MIDDLE_OPERATIONS: usize = 4_000_000_000;

/// A file in memory with its checked header.
pub(super) struct OpenFile<'a> {
    pub name: String,
    pub bytes: &'a [u8],
    pub header: SafetensorsHeader,
}

impl OpenFile<'_> {
    /// A tensor's numbers as f32 (exact for f32, f16 and bf16).
    pub fn values(&self, entry: &TensorEntry) -> Result<Vec<f32>, Error> {
        let bytes = &self.bytes[entry.range.start as usize..entry.range.end as usize];
        let values: Vec<f32> = match entry.dtype {
            StoredType::F32 => bytes.as_chunks().0.iter().map(|&number| f32::from_le_bytes(number)).collect(),
            StoredType::F16 => {
                bytes.as_chunks().0.iter().map(|&number| f16::from_le_bytes(number).to_f32()).collect()
            }
            StoredType::BF16 => {
                bytes.as_chunks().0.iter().map(|&number| bf16::from_le_bytes(number).to_f32()).collect()
            }
            stored => {
                let name = clean_name(&entry.name);
                return Err(Error::WrongType { file: self.name.clone(), name, stored });
            }
        };
        if values.iter().all(|value| value.is_finite()) {
            Ok(values)
        } else {
            Err(Error::NotFinite { file: self.name.clone(), name: clean_name(&entry.name) })
        }
    }

    pub fn wrong_shape(&self, entry: &TensorEntry, expected: &'static str) -> Error {
        let (file, name) = (self.name.clone(), clean_name(&entry.name));
        Error::WrongShape { file, name, shape: entry.shape.clone(), expected }
    }

    /// `[rows, columns]` of a matrix; a 1×1 convolution's kernel counts as one.
    fn matrix(&self, entry: &TensorEntry) -> Result<[usize; 2], Error> {
        match entry.shape.as_slice() {
            &[rows, columns] | &[rows, columns, 1, 1] if rows > 0 && columns > 0 => Ok([rows, columns]),
            _ => Err(self.wrong_shape(entry, "a matrix")),
        }
    }

    /// Outputs and inputs of a matrix or of a 1×1 or 3×3 convolution's kernel, and which of these it is.
    fn kernel(&self, entry: &TensorEntry) -> Result<([usize; 2], LayerKind), Error> {
        match entry.shape.as_slice() {
            &[outputs, inputs, 3, 3] if outputs > 0 && inputs > 0 => {
                Ok(([outputs, inputs], LayerKind::Convolution))
            }
            [_, _, 1, 1] => Ok((self.matrix(entry)?, LayerKind::Pointwise)),
            [_, _] => Ok((self.matrix(entry)?, LayerKind::Linear)),
            _ => Err(self.wrong_shape(entry, "a matrix or the kernel of a 1×1 or 3×3 convolution")),
        }
    }
}

/// A of one layer as one kernel.
struct Down {
    rank: usize,
    in_features: usize,
    kind: LayerKind,
    values: Vec<f32>,
}

/// The tensors that a file gives for one layer.
#[derive(Default)]
struct Layer<'a> {
    down: Option<&'a TensorEntry>,
    middle: Option<&'a TensorEntry>,
    up: Option<&'a TensorEntry>,
    alpha: Option<&'a TensorEntry>,
    difference: Option<&'a TensorEntry>,
    bias_difference: Option<&'a TensorEntry>,
}

/// The layers found so far, by path.
#[derive(Default)]
pub(super) struct Layers<'a> {
    layers: BTreeMap<String, Layer<'a>>,
}

#[derive(Clone, Copy)]
pub(super) enum Slot {
    Down,
    Middle,
    Up,
    Alpha,
    Difference,
    BiasDifference,
}

impl<'a> Layers<'a> {
    pub fn put(
        &mut self,
        file: &OpenFile,
        path: String,
        slot: Slot,
        entry: &'a TensorEntry,
    ) -> Result<(), Error> {
        let layer = self.layers.entry(path).or_default();
        let place = match slot {
            Slot::Down => &mut layer.down,
            Slot::Middle => &mut layer.middle,
            Slot::Up => &mut layer.up,
            Slot::Alpha => &mut layer.alpha,
            Slot::Difference => &mut layer.difference,
            Slot::BiasDifference => &mut layer.bias_difference,
        };
        match place.replace(entry) {
            None => Ok(()),
            Some(_) => Err(Error::Duplicate { file: file.name.clone(), name: clean_name(&entry.name) }),
        }
    }

    /// LoRA layers and differences, each in the order of their paths.
    pub fn finish(
        self,
        file: &OpenFile,
        peft: &PeftConfig,
    ) -> Result<(Vec<LoraWeights>, Vec<Difference>), Error> {
        let (mut low_rank, mut full) = (Vec::new(), Vec::new());
        for (path, layer) in self.layers {
            full.extend(difference(file, &path, &layer)?);
            if layer.down.or(layer.middle).or(layer.up).or(layer.alpha).is_some() {
                low_rank.push(finish(file, peft, path, &layer)?);
            }
        }
        Ok((low_rank, full))
    }
}

/// A layer's full difference, if the file has one.
fn difference(file: &OpenFile, path: &str, layer: &Layer) -> Result<Option<Difference>, Error> {
    let Some(entry) = layer.difference else {
        return match layer.bias_difference {
            None => Ok(None),
            Some(_) => Err(Error::LoneBias { file: file.name.clone(), path: path.to_owned() }),
        };
    };
    let outputs = match entry.shape[..] {
        [outputs, inputs] | [outputs, inputs, 1, 1] | [outputs, inputs, 3, 3] if outputs * inputs > 0 => {
            outputs
        }
        _ => return Err(file.wrong_shape(entry, "that of a linear layer or of a 1×1 or 3×3 convolution")),
    };
    let bias = match layer.bias_difference {
        None => None,
        Some(bias) if bias.shape == [outputs] => Some(file.values(bias)?),
        Some(bias) => return Err(file.wrong_shape(bias, "one number for each of the layer's outputs")),
    };
    let (path, shape) = (path.to_owned(), entry.shape.clone());
    Ok(Some(Difference { path, shape, weight: file.values(entry)?, bias }))
}

fn finish(file: &OpenFile, peft: &PeftConfig, path: String, layer: &Layer) -> Result<LoraWeights, Error> {
    let missing = |missing| Error::MissingFactor { file: file.name.clone(), path: path.clone(), missing };
    let down_entry = layer.down.ok_or_else(|| missing("down"))?;
    let up_entry = layer.up.ok_or_else(|| missing("up"))?;
    let Down { rank, in_features, kind, values } = down(file, &path, down_entry, layer.middle)?;
    let [out_features, up_rank] = file.matrix(up_entry)?;
    if rank != up_rank {
        return Err(Error::RankMismatch { file: file.name.clone(), path, down: rank, up: up_rank });
    }
    let stored_alpha = layer.alpha.map(|entry| scalar(file, entry)).transpose()?;
    // kohya takes 0 for "not set".
    let stored_alpha = stored_alpha.filter(|&alpha| alpha != 0.0);
    let alpha = stored_alpha.or_else(|| peft.alpha(&path, rank)).unwrap_or(rank as f32);
    if !alpha.is_finite() {
        return Err(Error::NotFinite { file: file.name.clone(), name: path });
    }
    Ok(LoraWeights {
        rank,
        in_features,
        out_features,
        kind,
        down: values,
        up: file.values(up_entry)?,
        alpha,
        path,
    })
}

/// A, or with a Tucker factor C in the middle C∗A: A'[n, i, y, x] = Σ_m C[n, m, y, x]·A[m, i].
fn down(
    file: &OpenFile,
    path: &str,
    entry: &TensorEntry,
    middle: Option<&TensorEntry>,
) -> Result<Down, Error> {
    let Some(middle) = middle else {
        let ([rank, in_features], kind) = file.kernel(entry)?;
        return Ok(Down { rank, in_features, kind, values: file.values(entry)? });
    };
    let [rank, in_features] = file.matrix(entry)?;
    let (sides, kind) = file.kernel(middle)?;
    // A factor that is not square could make a small file a huge product.
    if sides != [rank; 2] {
        let other = if sides[0] == rank { sides[1] } else { sides[0] };
        let (file, path) = (file.name.clone(), path.to_owned());
        return Err(Error::RankMismatch { file, path, down: rank, up: other });
    }
    let taps = kind.taps();
    let numbers = rank.checked_mul(in_features).and_then(|count| count.checked_mul(taps));
    let operations = numbers.and_then(|numbers| numbers.checked_mul(rank));
    let (Some(numbers), Some(_)) = (numbers, operations.filter(|&count| count <= MAX_MIDDLE_OPERATIONS))
    else {
        return Err(file.wrong_shape(middle, "the middle factor of a layer of usual size"));
    };
    let (down, weights) = (file.values(entry)?, file.values(middle)?);
    let mut values = vec![0.0; numbers];
    for (row, output) in values.chunks_exact_mut(in_features * taps).enumerate() {
        for (m, inputs) in down.chunks_exact(in_features).enumerate() {
            let weights = &weights[(row * rank + m) * taps..][..taps];
            for (sums, input) in output.chunks_exact_mut(taps).zip(inputs) {
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight * input);
            }
        }
    }
    if values.iter().all(|value| value.is_finite()) {
        Ok(Down { rank, in_features, kind, values })
    } else {
        Err(Error::NotFinite { file: file.name.clone(), name: clean_name(&middle.name) })
    }
}

/// An alpha; diffusers' `convert_state_dict_to_kohya` writes it as an integer.
fn scalar(file: &OpenFile, entry: &TensorEntry) -> Result<f32, Error> {
    let bytes = &file.bytes[entry.range.start as usize..entry.range.end as usize];
    if let (StoredType::I64, Ok(bytes)) = (entry.dtype, bytes.try_into()) {
        return Ok(i64::from_le_bytes(bytes) as f32);
    }
    match file.values(entry)?.as_slice() {
        &[value] => Ok(value),
        _ => Err(file.wrong_shape(entry, "a single number")),
    }
}
