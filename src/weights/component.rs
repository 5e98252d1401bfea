//! The tensors of one component on the device, by their upstream names.

use std::collections::HashMap;

use burn::tensor::{DType, Device, FloatDType, Tensor};

use super::{
    ByteSource, Error, SafetensorsHeader, TensorEntry,
    convert::Floats,
    files::{Index, Layout},
    random::RandomTensors,
};

/// Read at once, in bytes: bounds what lies in memory beside the tensor itself. A multiple of every
/// type's size.
const PIECE: u64 = 16 << 20;

/// The most bytes that lie in one tensor of the device: what every WebGPU device can bind at once.
const LARGEST_TENSOR: usize = 128 << 20;

/// Tensors waiting to be taken by a model.
#[derive(Debug)]
pub struct Weights {
    /// Its folder, or a word for it: names it in messages.
    component: String,
    tensors: HashMap<String, Stored>,
    /// In the files, but nothing to compute with (positions as integers, for instance): what to say
    /// if a model wants them after all.
    skipped: HashMap<String, Error>,
    /// Invents whatever is taken.
    random: Option<RandomTensors>,
    /// Bytes; a larger matrix lies in several tensors of whole rows.
    largest_tensor: usize,
}

/// A tensor on the device, flat: burn's tensors know their rank at compile time, files do not.
#[derive(Debug)]
struct Stored {
    shape: Vec<usize>,
    /// One after the other; several only of a matrix, and then of whole rows.
    parts: Vec<Tensor<1>>,
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
        let layout = Layout::find(source, folder, stem, dtype).await?;
        let mut weights = Self::empty(folder);
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

    fn empty(component: &str) -> Self {
        Self {
            component: component.to_owned(),
            tensors: HashMap::new(),
            skipped: HashMap::new(),
            random: None,
            largest_tensor: LARGEST_TENSOR,
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
        let part_bytes = (self.numbers_together(&entry.shape, dtype) * entry.dtype.size()) as u64;
        let mut parts = Vec::new();
        let mut start = entry.range.start;
        while start < entry.range.end {
            // Each part leaves the host before the next is read.
            let part_end = entry.range.end.min(start + part_bytes);
            let mut values = Floats::new(dtype)?;
            values.reserve((part_end - start) as usize / entry.dtype.size());
            while start < part_end {
                let end = part_end.min(start + PIECE);
                let piece = source.read(path, start..end).await?;
                if piece.len() as u64 != end - start || !values.extend(entry.dtype, &piece) {
                    let actual = start + piece.len() as u64;
                    return Err(Error::Truncated { path: path.to_owned(), actual, expected: end });
                }
                progress(end - start);
                start = end;
            }
            parts.push(self.upload(&entry.name, values, device, dtype)?);
        }
        self.tensors.insert(entry.name.clone(), Stored { shape: entry.shape.clone(), parts });
        Ok(())
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
        Ok(Tensor::from_data(values.into_data(), (device, DType::from(dtype))))
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
        let mut weights = Self { largest_tensor, ..Self::empty("the model") };
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
            weights.tensors.insert(name, Stored { shape, parts });
        }
        Ok(weights)
    }

    /// Weights that invent any tensor asked for, each time anew, for measuring an architecture without
    /// its files. The same seed gives the same model if nothing else draws from the device in between.
    pub fn random(seed: u64, device: &Device, dtype: FloatDType) -> Self {
        Self { random: Some(RandomTensors::new(seed, device, dtype)), ..Self::empty("the model") }
    }

    /// Numbers in all tensors that are still to take.
    pub fn parameters(&self) -> u64 {
        self.tensors.values().map(|stored| stored.shape.iter().product::<usize>() as u64).sum()
    }

    /// Whether there is a tensor of that name still to take.
    pub fn contains(&self, name: &str) -> bool {
        self.random.is_some() || self.tensors.contains_key(name) || self.skipped.contains_key(name)
    }

    /// Takes a tensor out. A scalar (shape `[]`) is taken as `[1]`.
    ///
    /// # Errors
    /// [`Error::MissingTensor`]; or as [`take_if_present`](Self::take_if_present), naming it all the same.
    pub fn take<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<Tensor<D>, Error> {
        self.take_if_present(name, shape)?
            .ok_or_else(|| Error::MissingTensor { component: self.component.clone(), name: name.to_owned() })
    }

    /// Takes a tensor out if there is one.
    ///
    /// # Errors
    /// [`Error::WrongShape`], [`Error::UnsupportedType`], [`Error::EmptyTensor`].
    pub fn take_if_present<const D: usize>(
        &mut self,
        name: &str,
        shape: [usize; D],
    ) -> Result<Option<Tensor<D>>, Error> {
        if let Some(random) = &self.random {
            return Ok(Some(random.take(name, shape)));
        }
        let Some(mut parts) = self.take_parts(name, &shape)? else { return Ok(None) };
        let values = if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(parts, 0) };
        Ok(Some(values.reshape(shape)))
    }

    /// Takes a matrix `[rows, columns]` out in as many tensors of whole rows as it lies in: one, unless it
    /// is larger than a device must be able to bind. All but the last have as many rows.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn take_rows(&mut self, name: &str, shape: [usize; 2]) -> Result<Vec<Tensor<2>>, Error> {
        if let Some(random) = &self.random {
            return Ok(random.take_rows(name, shape, self.largest_tensor));
        }
        let missing = Error::MissingTensor { component: self.component.clone(), name: name.to_owned() };
        let parts = self.take_parts(name, &shape)?.ok_or(missing)?;
        let [_, columns] = shape;
        let rows = |part: Tensor<1>| {
            let rows = part.dims()[0] / columns;
            part.reshape([rows, columns])
        };
        Ok(parts.into_iter().map(rows).collect())
    }

    fn take_parts(&mut self, name: &str, shape: &[usize]) -> Result<Option<Vec<Tensor<1>>>, Error> {
        if let Some(error) = self.skipped.remove(name) {
            return Err(error);
        }
        let Some(Stored { shape: actual, parts }) = self.tensors.remove(name) else { return Ok(None) };
        if actual == shape || actual.is_empty() && shape == [1] {
            return Ok(Some(parts));
        }
        Err(self.wrong_shape(name, actual, shape.to_vec()))
    }

    fn wrong_shape(&self, name: &str, actual: Vec<usize>, expected: Vec<usize>) -> Error {
        Error::WrongShape { component: self.component.clone(), name: name.to_owned(), actual, expected }
    }
}
