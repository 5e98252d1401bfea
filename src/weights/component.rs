//! The tensors of one component on the device, by their upstream names.

use std::{collections::HashMap, ops::Range};

use burn::tensor::{DType, Device, FloatDType, Tensor};

use crate::{
    gpu::{KernelProfile, hand_over},
    ops::quantized::{QuantizedWeight, Quantizer},
};

use super::{
    ByteSource, Error, SafetensorsHeader, TensorEntry,
    convert::{Floats, to_f32},
    files::{Index, Layout},
    random::RandomTensors,
    reading::{output_bytes, read_floats, read_relaid, read_whole, whole_outputs},
    relay::kernel_sizes,
};

/// The most bytes of a tensor that lie on the host at once, where a browser's engine has little room: what is larger
/// goes to the device in pieces.
const TOGETHER: usize = 32 << 20;

/// The most bytes that lie in one tensor of the device: what every WebGPU device can bind at once.
const LARGEST_TENSOR: usize = 128 << 20;

/// Tensors waiting to be taken by a model.
#[derive(Debug)]
pub struct Weights {
    /// Its folder, or a word for it: names it in messages.
    pub(super) component: String,
    pub(super) tensors: HashMap<String, Stored>,
    /// In the files, but nothing to compute with (positions as integers, for instance): what to say
    /// if a model wants them after all.
    pub(super) skipped: HashMap<String, Error>,
    /// Invents whatever is taken.
    pub(super) random: Option<RandomTensors>,
    /// Bytes; a larger matrix lies in several tensors of whole rows.
    pub(super) largest_tensor: usize,
    /// What layers compute in.
    pub(super) dtype: DType,
    /// Which weights are kept as 8-bit integers, by their names.
    quantizes: fn(&str) -> bool,
    /// Whether 3×3 kernels are relaid here rather than on the device.
    relays: bool,
}

/// A tensor on the device, flat: burn's tensors know their rank at compile time, files do not.
#[derive(Debug)]
pub(super) struct Stored {
    pub shape: Vec<usize>,
    pub content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// One after the other; several only of a matrix, and then of whole rows.
    Floats(Vec<Tensor<1>>),
    /// A 3×3 kernel as our convolutions read it.
    Relaid(Tensor<1>),
    /// A linear layer's weight, or that of a 1×1 convolution.
    Matrix(QuantizedWeight<2>),
    /// Relaid for our convolutions.
    Kernel(QuantizedWeight<4>),
}

impl Weights {
    /// Brings a component's tensors to the device, a piece at a time.
    ///
    /// `folder` is the component's ("unet"), `stem` its file's name ("diffusion_pytorch_model"): the
    /// single file, its `.fp16` variant, or the shards of `<stem>.safetensors.index.json`. `dtype` is
    /// f32 or f16. `progress` gets the number of bytes just dealt with; in all, the lengths of
    /// [`component_files`](super::component_files).
    ///
    /// # Errors
    /// A file is missing, cut short, malformed, or a pickle; see [`Error`].
    pub async fn load(
        source: &dyn ByteSource,
        folder: &str,
        stem: &str,
        device: &Device,
        dtype: FloatDType,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, Error> {
        Self::load_quantized(source, [folder, stem], device, dtype, |_| false, progress).await
    }

    /// The same with the weights that `quantizes` names as 8-bit integers, one scale for each output channel.
    /// Only [`take_matrix`](Self::take_matrix), [`take_pointwise`](Self::take_pointwise) and
    /// [`take_kernel`](Self::take_kernel) give them.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub async fn load_quantized(
        source: &dyn ByteSource,
        [folder, stem]: [&str; 2],
        device: &Device,
        dtype: FloatDType,
        quantizes: fn(&str) -> bool,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, Error> {
        let layout = Layout::find(source, folder, stem, dtype).await?;
        let relays = KernelProfile::on(device).software;
        let mut weights = Self { quantizes, relays, ..Self::empty(folder, dtype) };
        for file in &layout.files {
            let header = SafetensorsHeader::read(source, &file.path).await?;
            progress(header.data_start);
            for entry in &header.tensors {
                let elsewhere = |index: &Index| index.shard_of.get(&entry.name) != Some(&file.path);
                if layout.index.as_ref().is_some_and(elsewhere) {
                    progress(entry.range.end - entry.range.start);
                    continue;
                }
                weights.fetch(source, &file.path, entry, device, dtype, progress).await?;
            }
        }
        if let Some(Index { path, shard_of }) = layout.index
            && let Some((name, shard)) = shard_of.into_iter().find(|(name, _)| !weights.contains(name))
        {
            return Err(Error::MissingFromShard { index: path, shard, name });
        }
        Ok(weights)
    }

    fn empty(component: &str, dtype: FloatDType) -> Self {
        Self {
            component: component.to_owned(),
            tensors: HashMap::new(),
            skipped: HashMap::new(),
            random: None,
            largest_tensor: LARGEST_TENSOR,
            dtype: dtype.into(),
            quantizes: |_| false,
            relays: false,
        }
    }

    async fn fetch(
        &mut self,
        source: &dyn ByteSource,
        path: &str,
        entry: &TensorEntry,
        device: &Device,
        dtype: FloatDType,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Error> {
        let (component, name) = (self.component.clone(), entry.name.clone());
        let mut values = Floats::new(dtype)?;
        if !values.extend(entry.dtype, &[]) {
            progress(entry.range.end - entry.range.start);
            let error = Error::UnsupportedType { component, name, stored: entry.dtype };
            self.skipped.insert(entry.name.clone(), error);
            return Ok(());
        }
        // No device holds a tensor of nothing.
        if entry.range.is_empty() {
            self.skipped.insert(entry.name.clone(), Error::EmptyTensor { component, name });
            return Ok(());
        }
        let quantized = matches!(entry.shape[..], [_, _] | [_, _, _, _]) && (self.quantizes)(&name);
        let content = if quantized {
            self.fetch_quantized(source, path, entry, device, progress).await?
        } else if self.relays
            && let Some(sizes) = kernel_sizes(&entry.shape)
        {
            let values = read_relaid(source, path, entry, sizes, dtype, progress).await?;
            Content::Relaid(self.upload(&name, values, device, dtype)?)
        } else {
            let part_bytes = (self.numbers_together(&entry.shape, dtype) * entry.dtype.size()) as u64;
            let mut parts = Vec::new();
            let mut start = entry.range.start;
            while start < entry.range.end {
                let end = entry.range.end.min(start + part_bytes);
                parts.push(self.bring(source, path, entry, start..end, device, dtype, progress).await?);
                start = end;
            }
            Content::Floats(parts)
        };
        self.tensors.insert(name, Stored { shape: entry.shape.clone(), content });
        Ok(())
    }

    /// The numbers at `range` in one tensor. Each piece leaves the host before the next is read.
    #[expect(clippy::too_many_arguments, reason = "what is read, from where and to where")]
    async fn bring(
        &self,
        source: &dyn ByteSource,
        path: &str,
        entry: &TensorEntry,
        range: Range<u64>,
        device: &Device,
        dtype: FloatDType,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Tensor<1>, Error> {
        let together = TOGETHER / DType::from(dtype).size() * entry.dtype.size();
        let mut pieces = Vec::new();
        for start in range.clone().step_by(together) {
            let end = range.end.min(start + together as u64);
            let values = read_floats(source, path, entry, start..end, dtype, progress).await?;
            pieces.push(self.upload(&entry.name, values, device, dtype)?);
        }
        Ok(if pieces.len() == 1 { pieces.remove(0) } else { Tensor::cat(pieces, 0) })
    }

    async fn fetch_quantized(
        &self,
        source: &dyn ByteSource,
        path: &str,
        entry: &TensorEntry,
        device: &Device,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Content, Error> {
        Ok(match entry.shape[..] {
            [outputs, inputs] | [outputs, inputs, 1, 1] => {
                let quantizer = Quantizer::matrix([outputs, inputs]);
                Content::Matrix(self.quantize(source, path, entry, quantizer, device, progress).await?)
            }
            [outputs, inputs, height, width] => {
                let quantizer = Quantizer::kernel([outputs, inputs, height, width]);
                Content::Kernel(self.quantize(source, path, entry, quantizer, device, progress).await?)
            }
            _ => return Err(self.wrong_shape(&entry.name, vec![], entry.shape.clone())),
        })
    }

    /// So few whole output channels at a time that their numbers are still in a cache when they become integers.
    async fn quantize<const D: usize>(
        &self,
        source: &dyn ByteSource,
        path: &str,
        entry: &TensorEntry,
        mut quantizer: Quantizer<D>,
        device: &Device,
        progress: &mut dyn FnMut(u64),
    ) -> Result<QuantizedWeight<D>, Error> {
        let together = output_bytes(entry) as usize * Quantizer::<D>::TOGETHER;
        for range in whole_outputs(entry) {
            let bytes = read_whole(source, path, range, progress).await?;
            for channels in bytes.chunks(together) {
                quantizer = quantizer.with(&to_f32(entry.dtype, channels));
            }
        }
        let wrong = |count| self.wrong_shape(&entry.name, vec![count], entry.shape.clone());
        quantizer.finish(device).map_err(|error| wrong(error.count))
    }

    /// How many numbers of a tensor of that shape lie in one tensor of the device.
    fn numbers_together(&self, shape: &[usize], dtype: FloatDType) -> usize {
        match shape[..] {
            [rows, columns] => {
                let row = columns * DType::from(dtype).size();
                (self.largest_tensor / row.max(1)).clamp(1, rows.max(1)) * columns
            }
            _ => shape.iter().product(),
        }
    }

    fn upload(
        &self,
        name: &str,
        values: Floats,
        device: &Device,
        dtype: FloatDType,
    ) -> Result<Tensor<1>, Error> {
        if values.overflowed() {
            return Err(Error::TooLargeForF16 { component: self.component.clone(), name: name.to_owned() });
        }
        let tensor = Tensor::from_data(values.into_data(), (device, DType::from(dtype)));
        hand_over(&tensor);
        Ok(tensor)
    }

    /// Weights made in memory (shape and values by name), for tests and for models built from scratch.
    ///
    /// # Errors
    /// [`Error::WrongShape`] if values are not as many as their shape says; [`Error::TooLargeForF16`];
    /// [`Error::UnsupportedTarget`].
    pub fn from_tensors(
        tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
        device: &Device,
        dtype: FloatDType,
    ) -> Result<Self, Error> {
        Self::from_tensors_in_parts(tensors, device, dtype, LARGEST_TENSOR)
    }

    /// The same with matrices of more than `largest_tensor` bytes in several tensors, as on a device that
    /// can bind no more.
    ///
    /// # Errors
    /// As [`from_tensors`](Self::from_tensors).
    pub fn from_tensors_in_parts(
        tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
        device: &Device,
        dtype: FloatDType,
        largest_tensor: usize,
    ) -> Result<Self, Error> {
        let mut weights = Self { largest_tensor, ..Self::empty("the model", dtype) };
        for (name, (shape, numbers)) in tensors {
            if shape.iter().product::<usize>() != numbers.len() {
                return Err(weights.wrong_shape(&name, vec![numbers.len()], shape));
            }
            let mut parts = Vec::new();
            for numbers in numbers.chunks(weights.numbers_together(&shape, dtype).max(1)) {
                let mut values = Floats::new(dtype)?;
                values.extend_from(numbers);
                parts.push(weights.upload(&name, values, device, dtype)?);
            }
            weights.tensors.insert(name, Stored { shape, content: Content::Floats(parts) });
        }
        Ok(weights)
    }

    /// Weights that invent any tensor asked for, each time anew, for measuring an architecture without
    /// its files. The same seed gives the same model if nothing else draws from the device in between.
    pub fn random(seed: u64, device: &Device, dtype: FloatDType) -> Self {
        Self { random: Some(RandomTensors::new(seed, device, dtype)), ..Self::empty("the model", dtype) }
    }

    /// Numbers in all tensors that are still to take.
    pub fn parameters(&self) -> u64 {
        self.tensors.values().map(|stored| stored.shape.iter().product::<usize>() as u64).sum()
    }

    pub(super) fn wrong_shape(&self, name: &str, actual: Vec<usize>, expected: Vec<usize>) -> Error {
        Error::WrongShape { component: self.component.clone(), name: name.to_owned(), actual, expected }
    }
}
