//! The graphics card: opening it with our own features and limits, saying what it can do, launching
//! WGSL kernels on burn's tensors, and repeating what was launched.

mod copy;
mod device;
mod error;
pub(crate) mod gemm;
pub(crate) mod kernel;
mod matrix_units;
mod memory;
mod probe;
pub(crate) mod profile;
mod readback;
mod replay;
mod report;
mod submissions;
pub(crate) mod templates;
pub mod tiles;
mod tune;
mod work;

pub use device::{DeviceChoice, Gpu};
pub use error::Error;
pub use gemm::Activation;
pub use matrix_units::{MatrixLanguage, MatrixUnits};
pub(crate) use memory::release_unused;
pub use memory::{Held, JobBuffers, MemoryUse, ReleaseUnused};
pub use profile::KernelProfile;
pub use readback::{ReadError, read, read_integers};
pub use replay::{Outputs, Replay};
pub use report::{DeviceReport, FirstStart, Limits};
pub(crate) use submissions::submit_queued;
pub use tune::{launch_probes, tune};
pub use work::{Work, WorkByKind};
