//! Reading the numbers of a tensor from a file, a piece at a time.

use std::ops::Range;

use burn::tensor::FloatDType;

use super::{
    ByteSource, Error, TensorEntry,
    convert::{Floats, are_finite},
    taps_first::reorder,
};

/// Read at once, in bytes: bounds what lies in memory beside the tensor itself. A multiple of every
/// type's size.
const PIECE: u64 = 16 << 20;

/// The numbers of a 3×3 kernel in the order of our convolutions, read a few outputs at a time.
pub(super) async fn read_taps_first(
    source: &dyn ByteSource,
    path: &str,
    entry: &TensorEntry,
    [outputs, inputs]: [usize; 2],
    dtype: FloatDType,
    progress: &mut dyn FnMut(u64),
) -> Result<Floats, Error> {
    let bytes = entry.range.end - entry.range.start;
    let mut whole = Floats::zeros(dtype, bytes as usize / entry.dtype.size())?;
    for range in whole_outputs(entry) {
        let first = (range.start - entry.range.start) / (bytes / outputs as u64);
        let part = read_floats(source, path, entry, range, dtype, progress).await?;
        reorder(&part, &mut whole, first as usize, [outputs, inputs]);
    }
    Ok(whole)
}

/// Where a weight's numbers lie in its file, in pieces of whole outputs, its first extent.
pub(super) fn whole_outputs(entry: &TensorEntry) -> impl Iterator<Item = Range<u64>> {
    let Range { start, end } = entry.range;
    let row = output_bytes(entry);
    let together = (PIECE / row).max(1) * row;
    (start..end).step_by(together as usize).map(move |piece| piece..end.min(piece + together))
}

/// Bytes of one output in a weight's file.
pub(super) fn output_bytes(entry: &TensorEntry) -> u64 {
    let outputs = entry.shape.first().copied().unwrap_or(1).max(1) as u64;
    ((entry.range.end - entry.range.start) / outputs).max(1)
}

/// The bytes at `range` of a tensor's file, all of them, where its numbers are finite.
pub(super) async fn read_whole(
    source: &dyn ByteSource,
    path: &str,
    entry: &TensorEntry,
    range: Range<u64>,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<u8>, Error> {
    let bytes = source.read(path, range.clone()).await?;
    if bytes.len() as u64 != range.end - range.start {
        let actual = range.start + bytes.len() as u64;
        return Err(Error::Truncated { path: path.to_owned(), actual, expected: range.end });
    }
    progress(range.end - range.start);
    if !are_finite(entry.dtype, &bytes) {
        return Err(Error::NotFinite { path: path.to_owned(), name: entry.name.clone() });
    }
    Ok(bytes)
}

/// The numbers that lie at `range` of a file, as `dtype`, read in pieces.
pub(super) async fn read_floats(
    source: &dyn ByteSource,
    path: &str,
    entry: &TensorEntry,
    range: Range<u64>,
    dtype: FloatDType,
    progress: &mut dyn FnMut(u64),
) -> Result<Floats, Error> {
    let mut values = Floats::new(dtype)?;
    values.reserve((range.end - range.start) as usize / entry.dtype.size());
    let mut start = range.start;
    while start < range.end {
        let end = range.end.min(start + PIECE);
        let piece = read_whole(source, path, entry, start..end, progress).await?;
        let known = values.extend(entry.dtype, &piece);
        debug_assert!(known, "looked at before anything was read");
        start = end;
    }
    Ok(values)
}
