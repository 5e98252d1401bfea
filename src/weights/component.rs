//! The tensors of one component on the device, by their upstream names.

use std::collections::HashMap;

use burn::tensor::{DType, Device, FloatDType, Tensor};

use crate::{
    gpu::KernelProfile,
    ops::packed::{PackedWeight, Packing},
};

use super::{
    ByteSource, Error, SafetensorsHeader,
    bringing::numbers_within,
    convert::Floats,
    files::{Index, Layout},
    random::RandomTensors,
};

/// The most bytes that lie in one tensor of the device: what every WebGPU device can bind at once.
const MAX_TENSOR: usize = 128 << 20;

/// Tensors waiting to be taken by a model.
#[derive(Debug)]
pub struct Weights {
    /// Its folder, or a word for it: names it in messages.
    pub(super) component: String,
    pub(super) tensors: HashMap<String, Stored>,
    /// In the files, but nothing to compute with (positions as integers, numbers that are none): what to say
    /// if a model wants them after all.
    pub(super) skipped: HashMap<String, Error>,
    /// Invents whatever is taken.
    pub(super) random: Option<RandomTensors>,
    /// Bytes; a larger matrix lies in several tensors of whole rows.
    pub(super) largest_tensor: usize,
    /// What layers compute in.
    pub(super) dtype: DType,
    /// Of the weights that [`packing_of`](super::packing_of) names.
    pub(super) packing: Option<Packing>,
    /// Whether 3×3 kernels are reordered here rather than on the device.
    pub(super) reorders_kernels: bool,
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
    TapsFirst(Tensor<1>),
    /// A linear layer's weight, or that of a 1×1 convolution.
    Matrix(PackedWeight<2>),
    /// A 3×3 kernel as our convolutions read it.
    Kernel(PackedWeight<4>),
    /// A table of token embeddings: whole rows one after the other, all but the last of as many.
    Rows(Vec<PackedWeight<2>>),
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
        Self::load_packed(source, [folder, stem], device, dtype, None, progress).await
    }

    /// The same with weights packed (see [`packing_of`](super::packing_of)). Only
    /// [`take_matrix`](Self::take_matrix), [`take_pointwise`](Self::take_pointwise),
    /// [`take_kernel`](Self::take_kernel) and [`take_rows`](Self::take_rows) give them.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub async fn load_packed(
        source: &dyn ByteSource,
        [folder, stem]: [&str; 2],
        device: &Device,
        dtype: FloatDType,
        packing: Option<Packing>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, Error> {
        let layout = Layout::find(source, folder, stem, dtype).await?;
        let reorders_kernels = KernelProfile::on(device).software;
        let mut weights = Self { packing, reorders_kernels, ..Self::empty(folder, dtype) };
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
            largest_tensor: MAX_TENSOR,
            dtype: dtype.into(),
            packing: None,
            reorders_kernels: false,
        }
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
        Self::from_tensors_in_parts(tensors, device, dtype, MAX_TENSOR)
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
            for numbers in numbers.chunks(numbers_within(weights.largest_tensor, &shape, dtype).max(1)) {
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

    /// With the weights of layers packed, where they are invented.
    #[must_use]
    pub fn with_packing(self, packing: Option<Packing>) -> Self {
        Self { packing, ..self }
    }

    /// Numbers in all tensors that are still to take.
    pub fn parameters(&self) -> u64 {
        self.tensors.values().map(|stored| stored.shape.iter().product::<usize>() as u64).sum()
    }

    pub(super) fn wrong_shape(&self, name: &str, actual: Vec<usize>, expected: Vec<usize>) -> Error {
        Error::WrongShape { component: self.component.clone(), name: name.to_owned(), actual, expected }
    }
}
