//! One tensor's way from its file to the device, a piece at a time: as floats, as a 3×3 kernel with its taps
//! first, or packed.

use std::ops::Range;

use burn::tensor::{DType, Device, FloatDType, Tensor};

use crate::{
    gpu::submit_queued,
    ops::packed::{PackedWeight, Packing, Quantizer, WrongCount},
};

use super::{
    ByteSource, Error, TensorEntry, Weights,
    component::{Content, Stored},
    convert::{Floats, to_f32},
    packing::{is_table, packing_of},
    reading::{output_bytes, read_floats, read_taps_first, read_whole, whole_outputs},
    taps_first::kernel_sizes,
};

/// The most bytes of a tensor that lie on the host at once, where a browser's engine has little room: what is larger
/// goes to the device in pieces.
const TOGETHER: usize = 32 << 20;

impl Weights {
    /// Fetches one tensor of a file, or notes why it can't be computed with.
    pub(super) async fn fetch(
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
        let mut left = entry.range.end - entry.range.start;
        let mut brought = |bytes| {
            left -= bytes;
            progress(bytes);
        };
        match self.fetch_content(source, path, entry, device, dtype, &mut brought).await {
            Ok(content) => {
                self.tensors.insert(name, Stored { shape: entry.shape.clone(), content });
            }
            // What no layer takes may hold anything: a mask of −∞, for instance.
            Err(error @ Error::NotFinite { .. }) => {
                progress(left);
                self.skipped.insert(name, error);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// A tensor's numbers in the form in which this component keeps them, brought to the device.
    async fn fetch_content(
        &self,
        source: &dyn ByteSource,
        path: &str,
        entry: &TensorEntry,
        device: &Device,
        dtype: FloatDType,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Content, Error> {
        let name = &entry.name;
        let packing = packing_of(name, self.packing).and_then(|packing| packable(packing, &entry.shape));
        if let Some(packing) = packing {
            self.fetch_packed(packing, source, path, entry, device, progress).await
        } else if self.reorders_kernels
            && let Some(sizes) = kernel_sizes(&entry.shape)
        {
            let values = read_taps_first(source, path, entry, sizes, dtype, progress).await?;
            Ok(Content::TapsFirst(self.upload(name, values, device, dtype)?))
        } else {
            let mut parts = Vec::new();
            for range in ranges_within(self.largest_tensor, entry, dtype) {
                parts.push(self.bring(source, path, entry, range, device, dtype, progress).await?);
            }
            Ok(Content::Floats(parts))
        }
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

    async fn fetch_packed(
        &self,
        packing: Packing,
        source: &dyn ByteSource,
        path: &str,
        entry: &TensorEntry,
        device: &Device,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Content, Error> {
        let (f16, range) = (FloatDType::F16, entry.range.clone());
        Ok(match (packing, &entry.shape[..]) {
            (Packing::Halves, &[_, columns]) if is_table(&entry.name) => {
                Content::Rows(self.bring_rows(source, path, entry, columns, device, progress).await?)
            }
            (Packing::Halves, &[outputs, inputs] | &[outputs, inputs, 1, 1]) => {
                let numbers = read_floats(source, path, entry, range, f16, progress).await?;
                Content::Matrix(self.halves(entry, numbers, [outputs, inputs], device)?)
            }
            (Packing::Halves, &[outputs, inputs, 3, 3]) => {
                let numbers = read_taps_first(source, path, entry, [outputs, inputs], f16, progress).await?;
                Content::Kernel(self.halves(entry, numbers, [3, 3, inputs, outputs], device)?)
            }
            (Packing::Integers, &[outputs, inputs] | &[outputs, inputs, 1, 1]) => {
                let quantizer = Quantizer::matrix([outputs, inputs]);
                Content::Matrix(self.quantize(source, path, entry, quantizer, device, progress).await?)
            }
            (Packing::Integers, &[outputs, inputs, height, width]) => {
                let quantizer = Quantizer::kernel([outputs, inputs, height, width]);
                Content::Kernel(self.quantize(source, path, entry, quantizer, device, progress).await?)
            }
            _ => return Err(self.wrong_shape(&entry.name, vec![], entry.shape.clone())),
        })
    }

    /// A table in parts of whole rows. Each leaves the host before the next is read.
    async fn bring_rows(
        &self,
        source: &dyn ByteSource,
        path: &str,
        entry: &TensorEntry,
        columns: usize,
        device: &Device,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Vec<PackedWeight<2>>, Error> {
        let mut parts = Vec::new();
        for range in ranges_within(TOGETHER.min(self.largest_tensor), entry, FloatDType::F16) {
            let rows = (range.end - range.start) as usize / entry.dtype.size() / columns;
            let numbers = read_floats(source, path, entry, range, FloatDType::F16, progress).await?;
            parts.push(self.halves(entry, numbers, [rows, columns], device)?);
        }
        Ok(parts)
    }

    fn halves<const D: usize>(
        &self,
        entry: &TensorEntry,
        numbers: Floats,
        shape: [usize; D],
        device: &Device,
    ) -> Result<PackedWeight<D>, Error> {
        self.check_range(&entry.name, &numbers)?;
        let wrong = |error: WrongCount| self.wrong_shape(&entry.name, vec![error.count], entry.shape.clone());
        PackedWeight::of_halves(numbers.into_halves(), shape, device).map_err(wrong)
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
    ) -> Result<PackedWeight<D>, Error> {
        // In a browser a hostile file's rows could be too long to count 64 of them.
        let together = output_bytes(entry).saturating_mul(Quantizer::<D>::TOGETHER as u64);
        let together = usize::try_from(together).unwrap_or(usize::MAX);
        for range in whole_outputs(entry) {
            let bytes = read_whole(source, path, entry, range, progress).await?;
            for channels in bytes.chunks(together) {
                quantizer = quantizer.with(&to_f32(entry.dtype, channels));
            }
        }
        let wrong = |count| self.wrong_shape(&entry.name, vec![count], entry.shape.clone());
        quantizer.finish(device).map_err(|error| wrong(error.count))
    }

    fn check_range(&self, name: &str, values: &Floats) -> Result<(), Error> {
        if values.overflowed() {
            return Err(Error::TooLargeForF16 { component: self.component.clone(), name: name.to_owned() });
        }
        Ok(())
    }

    pub(super) fn upload(
        &self,
        name: &str,
        values: Floats,
        device: &Device,
        dtype: FloatDType,
    ) -> Result<Tensor<1>, Error> {
        self.check_range(name, &values)?;
        let tensor = Tensor::from_data(values.into_data(), (device, DType::from(dtype)));
        submit_queued(&tensor);
        Ok(tensor)
    }
}

/// Where in its file the parts of a tensor lie that take at most so many bytes as `dtype`.
fn ranges_within(bytes: usize, entry: &TensorEntry, dtype: FloatDType) -> impl Iterator<Item = Range<u64>> {
    let end = entry.range.end;
    let part = (numbers_within(bytes, &entry.shape, dtype) * entry.dtype.size()) as u64;
    let next = move |before: &Range<u64>| Some(before.end..end.min(before.end + part));
    let first = entry.range.start..end.min(entry.range.start + part);
    std::iter::successors(Some(first), next).take_while(|range| !range.is_empty())
}

/// How many numbers of a tensor of that shape are brought together if they may take so many bytes: whole rows of
/// a matrix, at least one.
pub(super) fn numbers_within(bytes: usize, shape: &[usize], dtype: FloatDType) -> usize {
    match shape[..] {
        [rows, columns] => {
            let row = columns * DType::from(dtype).size();
            (bytes / row.max(1)).clamp(1, rows.max(1)) * columns
        }
        _ => shape.iter().product(),
    }
}

/// How a weight of that shape is packed where `packing` is asked for: matrices, those of 1×1 convolutions and 3×3
/// kernels as halves, all kernels as integers, anything else not at all.
fn packable(packing: Packing, shape: &[usize]) -> Option<Packing> {
    let packable = match packing {
        Packing::Halves => matches!(shape, [_, _] | [_, _, 1, 1] | [_, _, 3, 3]),
        Packing::Integers => matches!(shape, [_, _] | [_, _, _, _]),
    };
    packable.then_some(packing)
}
