//! Training of PALP adapters (arXiv:2401.06105): from a visitor's photos to LoRA factors, or full
//! differences of weights, and a new word's embedding.
//!
//! `photos`, `augmentation`, `buckets`, `latents` and `prior` prepare what is learned from, `settings` how,
//! `frozen_model` for what; `batches`, `prompts` and `loss_weights` say what each pass looks at;
//! `palp` holds the method's equations, `gradients` one forward and backward pass, `batch_times` what its
//! timesteps come to, `repeated_pass` how the next one costs the host less, `personal_prompt` its way
//! through the text encoder, `segmented_pass` that through the U-Net in little memory, `alignment` what the
//! clean prompt adds, `localized_loss` what keeps a word to its subject's place, which `subject_masks` know;
//! `objective` is what is minimized, `embedding` and `unet_parameters` what is trained, `optimizer`,
//! `quantized_moments`, `learning_rate` and `embedding_norm` how it moves; `trainer` ties them into steps,
//! which `record` reports, `best` remembers the best of them as `early_stopping` judges, and `checkpoint` with
//! `host_latents` keeps a run's state. Everything is deterministic: a run is a function of the photos, the
//! model and the settings (with their seed), and a resumed run goes on bit for bit on the same device.

pub mod alignment;
pub mod augmentation;
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
mod transfer;
pub mod unet_parameters;

pub use buckets::PictureSizes;
pub use error::Error;
pub use frozen_model::FrozenModel;
pub use latents::PhotoLatents;
pub use photos::Photo;
pub use record::TrainingRecord;
pub use segmented_pass::ActivationPolicy;
pub use settings::{Activations, LoraTargets, Method, TrainedWeights, TrainingSettings};
pub use trainer::Trainer;
