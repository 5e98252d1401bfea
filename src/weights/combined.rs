//! A model folder whose parts come from several places: another autoencoder, a checkpoint without a
//! text encoder.

use std::ops::Range;

use super::{ByteSource, Error, LocalFuture};

/// One model of the parts of several.
pub struct Combined<'a> {
    base: &'a dyn ByteSource,
    /// By folder; a later one counts.
    parts: Vec<(&'a str, &'a dyn ByteSource)>,
}

impl<'a> Combined<'a> {
    pub fn new(base: &'a dyn ByteSource) -> Self {
        Self { base, parts: Vec::new() }
    }

    /// Takes a folder ("vae") from another model.
    #[must_use]
    pub fn with(mut self, folder: &'a str, source: &'a dyn ByteSource) -> Self {
        self.parts.push((folder, source));
        self
    }

    fn source_of(&self, path: &str) -> &'a dyn ByteSource {
        let inside = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        self.parts.iter().rev().find(|(folder, _)| inside(folder)).map_or(self.base, |(_, source)| *source)
    }
}

impl ByteSource for Combined<'_> {
    fn length<'b>(&'b self, path: &'b str) -> LocalFuture<'b, Result<Option<u64>, Error>> {
        self.source_of(path).length(path)
    }

    fn read<'b>(&'b self, path: &'b str, range: Range<u64>) -> LocalFuture<'b, Result<Vec<u8>, Error>> {
        self.source_of(path).read(path, range)
    }
}
