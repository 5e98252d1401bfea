//! Training of PALP adapters (arXiv:2401.06105): from a visitor's photos to LoRA factors, or full
//! differences of weights, and a new word's embedding.
//!
//! `photos`, `augmentation`, `buckets`, `latents` and `prior` prepare what is learned from; `settings` says
//! how, `frozen_model` for which model. `batches`, `prompts` and `loss_weights` say what each pass looks at.
//! `palp` holds the method's equations, `gradients` one forward and backward pass over a `batch`,
//! `batch_times` what follows from its timesteps. `repeated_pass` makes further passes cost the host less.
//! `personal_prompt` takes a pass through the text encoder, `segmented_pass` through the U-Net in little
//! memory; `alignment` adds the pull of the clean prompt, `localized_loss` keeps a word to its subject's
//! place, which `subject_masks` holds. `objective` is the loss that is minimized, `embedding` and
//! `unet_parameters` are what is trained; `optimizer`, `quantized_moments`, `learning_rate` and
//! `embedding_norm` say how it moves. `trainer` ties all this into steps, which `record` reports; `best`
//! keeps the best state as `early_stopping` judges it, `checkpoint` with `host_latents` a run's whole state.
//! Everything is deterministic: a run is a function of the photos, the model and the settings (with their
//! seed), and a resumed run goes on bit for bit on the same device.

pub mod alignment;
pub mod augmentation;
pub mod batch;
mod batch_times;
pub mod batches;
mod best;
pub mod buckets;
pub mod checkpoint;
pub mod early_stopping;
pub mod embedding;
pub mod embedding_norm;
mod error;
mod frozen_model;
pub mod gradients;
pub mod host_latents;
pub mod latents;
pub mod learning_rate;
pub mod localized_loss;
pub mod loss_weights;
mod objective;
pub mod optimizer;
pub mod palp;
pub mod personal_prompt;
#[cfg(not(target_arch = "wasm32"))]
pub mod photo_folder;
pub mod photos;
pub(crate) mod prior;
pub mod prompts;
pub mod quantized_moments;
mod random;
mod record;
pub mod repeated_pass;
pub mod segmented_pass;
pub mod settings;
mod subject_masks;
pub mod trainer;
pub(crate) mod transfer;
pub mod unet_parameters;

pub use buckets::PictureSizes;
pub use error::Error;
pub use frozen_model::FrozenModel;
pub use latents::PhotoLatents;
pub use photos::Photo;
pub use record::TrainingRecord;
pub use segmented_pass::ActivationPolicy;
pub(crate) use settings::MAX_STEPS;
pub use settings::{Activations, LoraTargets, Method, TrainedWeights, TrainingSettings};
pub use trainer::Trainer;
