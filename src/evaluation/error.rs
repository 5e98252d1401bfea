//! Why a score could not be computed.

use crate::{model, weights};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Weights(#[from] weights::Error),

    #[error(transparent)]
    Model(#[from] model::Error),

    /// The device gave no result.
    #[error("the scores could not be read back from the device: {reason}")]
    Readback { reason: String },

    #[error("there are no pictures to compare")]
    NoPictures,
}
