//! A file that does not exist: text made up, or a safetensors file whose data lie elsewhere.

use std::ops::Range;

use serde_json::{Map, Value, json};

use super::{ByteSource, Error, TensorEntry};

/// Bytes in memory, then pieces of another file, one after the other.
pub(super) struct View {
    start: Vec<u8>,
    pieces: Vec<Piece>,
}

struct Piece {
    /// Where it begins in the view.
    at: u64,
    /// Where it lies in the other file.
    range: Range<u64>,
}

impl View {
    pub fn bytes(start: Vec<u8>) -> Self {
        Self { start, pieces: Vec::new() }
    }

    pub fn text(json: &Value) -> Self {
        Self::bytes(json.to_string().into_bytes())
    }

    /// A safetensors file of tensors that lie in another file, each at its `range`.
    pub fn tensors(tensors: Vec<TensorEntry>) -> Self {
        let mut header = Map::new();
        let mut end = 0;
        for TensorEntry { name, dtype, shape, range } in &tensors {
            let start = end;
            end += range.end - range.start;
            let entry = json!({ "dtype": dtype.to_string(), "shape": shape, "data_offsets": [start, end] });
            header.insert(name.clone(), entry);
        }
        let json = Value::Object(header).to_string().into_bytes();
        let mut start = (json.len() as u64).to_le_bytes().to_vec();
        start.extend(json);
        let mut at = start.len() as u64;
        let place = |tensor: TensorEntry| {
            let piece = Piece { at, range: tensor.range };
            at = piece.end();
            piece
        };
        Self { pieces: tensors.into_iter().map(place).collect(), start }
    }

    pub fn length(&self) -> u64 {
        self.pieces.last().map_or(self.start.len() as u64, Piece::end)
    }

    /// `range` lies within the view; what lies in the other file is read from there.
    pub async fn read(
        &self,
        source: &dyn ByteSource,
        path: &str,
        range: Range<u64>,
    ) -> Result<Vec<u8>, Error> {
        let in_start = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(self.start.len());
        let mut bytes = self.start[in_start(range.start)..in_start(range.end)].to_vec();
        let first = self.pieces.partition_point(|piece| piece.end() <= range.start);
        for piece in self.pieces[first..].iter().take_while(|piece| piece.at < range.end) {
            let from = piece.range.start + range.start.saturating_sub(piece.at);
            let to = piece.range.end - piece.end().saturating_sub(range.end);
            if from < to {
                let read = source.read(path, from..to).await?;
                // A tensor is read at once: no second copy of it.
                bytes = if bytes.is_empty() { read } else { [bytes, read].concat() };
            }
        }
        Ok(bytes)
    }
}

impl Piece {
    fn end(&self) -> u64 {
        self.at + (self.range.end - self.range.start)
    }
}
