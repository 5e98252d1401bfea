//! What the command line says when it can't go on.

use std::path::Path;

use palpable::{adapter, pipeline, training};

pub enum Error {
    Pipeline(pipeline::Error),
    /// A sentence.
    Other(String),
}

impl Error {
    pub fn sentence(&self) -> String {
        match self {
            Self::Pipeline(error) => error.sentence(),
            Self::Other(sentence) => sentence.clone(),
        }
    }

    pub fn unreadable(path: &Path, reason: impl std::fmt::Display) -> Self {
        Self::Other(format!("{} could not be read: {reason}.", path.display()))
    }

    pub fn unwritable(path: &Path, reason: impl std::fmt::Display) -> Self {
        Self::Other(format!("{} could not be written: {reason}.", path.display()))
    }
}

impl From<pipeline::Error> for Error {
    fn from(error: pipeline::Error) -> Self {
        Self::Pipeline(error)
    }
}
impl From<training::Error> for Error {
    fn from(error: training::Error) -> Self {
        Self::Pipeline(error.into())
    }
}
impl From<adapter::Error> for Error {
    fn from(error: adapter::Error) -> Self {
        Self::Pipeline(error.into())
    }
}
