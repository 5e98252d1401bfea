//! Training of PALP adapters (arXiv:2401.06105): from a visitor's photos to LoRA factors and a new
//! word's embedding.
//!
//! `photos` and `latents` prepare what is learned from, `settings` how, `frozen_model` for what;
//! `palp` holds the method's equations, `gradients` one forward and backward pass, `segmented_pass` its
//! way through the U-Net in little memory, `localized_loss` what keeps a word to its subject's place,
//! `embedding` and
//! `lora_parameters` what is trained, `optimizer` how it moves; `trainer` ties them into steps, and
//! `checkpoint` keeps a run's state. Everything is deterministic: a run is a function of the photos, the model and the
//! settings (with their seed), and a resumed run goes on bit for bit on the same device.

pub mod checkpoint;
pub mod embedding;
mod error;
mod frozen_model;
pub mod gradients;
pub mod latents;
pub mod localized_loss;
pub mod lora_parameters;
pub mod optimizer;
pub mod palp;
pub mod photos;
mod random;
pub mod segmented_pass;
pub mod settings;
pub mod trainer;
mod transfer;

pub use error::Error;
pub use frozen_model::FrozenModel;
pub use latents::PhotoLatents;
pub use photos::Photo;
pub use segmented_pass::ActivationPolicy;
pub use settings::{Activations, TrainingSettings};
pub use trainer::{Trainer, TrainingRecord};
