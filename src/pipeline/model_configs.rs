//! A model's configs without its weights: what it is, whether its parts fit together, and what it would take
//! of a device.

use serde::{Deserialize, Serialize};

use super::{Error, Precision};
use crate::{
    gpu::Gpu,
    model::{
        clip_text::ClipTextConfig, taesd::AutoencoderTinyConfig, unet_config::UNet2DConditionConfig,
        vae_config::AutoencoderKlConfig,
    },
    plan::{Adaptation, GenerationSizes, MemoryPlan, ModelSizes, TrainingSizes},
    sampling::{NoiseSchedule, SchedulerConfig},
    training::{ActivationPolicy, TrainingSettings},
    weights::{ByteSource, component_files, read_config, read_text},
};

/// The folders and file stems of the parts with weights.
pub(super) const TEXT_ENCODER: [&str; 2] = ["text_encoder", "model"];
pub(super) const UNET: [&str; 2] = ["unet", "diffusion_pytorch_model"];
pub(super) const VAE: [&str; 2] = ["vae", "diffusion_pytorch_model"];
/// Folder and file of the tiny autoencoder, which a model needn't have.
pub(super) const TAESD: [&str; 2] = ["taesd", "diffusion_pytorch_model"];

/// The pipelines whose models these are; latent consistency models differ in the U-Net's time embedding.
const PIPELINES: [&str; 2] = ["StableDiffusionPipeline", "LatentConsistencyModelPipeline"];

/// Side of the latents where a model's config doesn't give it.
const USUAL_LATENTS: usize = 64;

/// Number of photos that is assumed for the least memory of a training.
const USUAL_PHOTOS: usize = 5;

/// `model_index.json`, as far as it matters.
#[derive(Deserialize)]
struct ModelIndex {
    #[serde(rename = "_class_name")]
    class_name: String,
}

/// What a model folder's configs say.
pub(super) struct ModelConfigs {
    pub text_encoder: ClipTextConfig,
    pub unet: UNet2DConditionConfig,
    pub vae: AutoencoderKlConfig,
    pub taesd: Option<AutoencoderTinyConfig>,
    pub schedule: NoiseSchedule,
}

/// What a model would take of the device's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelPlan {
    /// Side of the square pictures the model was trained on, in pixels.
    pub resolution: usize,
    /// The precision that it would be loaded in.
    pub precision: Precision,
    pub weight_bytes: u64,
    /// Peak memory while a picture of that side is drawn.
    pub picture_bytes: u64,
    /// Peak memory of a small training: a LoRA, one picture at a time, activations computed again.
    pub training_bytes: u64,
    /// The memory that may be taken.
    pub limit_bytes: u64,
}

impl ModelPlan {
    /// The plan for a model whose weights need not be there yet: only configs and the weight files' lengths
    /// are read.
    ///
    /// # Errors
    /// A file is missing or damaged, or the model is of another architecture.
    pub async fn of(gpu: &Gpu, source: &dyn ByteSource) -> Result<Self, Error> {
        let configs = ModelConfigs::read(source).await?;
        let precision = Precision::fitting(gpu, source).await?;
        Ok(Self {
            resolution: configs.resolution(),
            precision,
            weight_bytes: configs.sizes(gpu, precision).weights().total(),
            picture_bytes: configs.picture_memory(gpu, precision).peak(),
            training_bytes: configs.least_training_memory(gpu, precision).peak(),
            limit_bytes: gpu.memory_limit,
        })
    }
}

impl ModelConfigs {
    /// # Errors
    /// A file is missing or damaged, or the model is of another architecture.
    pub async fn read(source: &dyn ByteSource) -> Result<Self, Error> {
        let index: ModelIndex = read_config(source, "model_index.json").await?;
        if !PIPELINES.contains(&index.class_name.as_str()) {
            return Err(crate::model::Error::UnsupportedSetting {
                component: "model",
                setting: "_class_name",
                value: index.class_name,
            }
            .into());
        }
        let text_encoder = ClipTextConfig::from_json(&read_text(source, "text_encoder/config.json").await?)?;
        let unet = UNet2DConditionConfig::from_json(&read_text(source, "unet/config.json").await?)?;
        let vae = AutoencoderKlConfig::from_json(&read_text(source, "vae/config.json").await?)?;
        // U-Nets that are given more than latents, for inpainting or depth, have further channels.
        for (component, setting, channels, wanted) in [
            ("U-Net", "in_channels", unet.in_channels, vae.latent_channels),
            ("U-Net", "out_channels", unet.out_channels, vae.latent_channels),
            ("VAE", "in_channels", vae.in_channels, 3),
            ("VAE", "out_channels", vae.out_channels, 3),
        ] {
            if channels != wanted {
                let value = channels.to_string();
                return Err(crate::model::Error::UnsupportedSetting { component, setting, value }.into());
            }
        }
        let tiny = "taesd/config.json";
        let taesd = match source.length(tiny).await? {
            Some(_) => {
                let config = AutoencoderTinyConfig::from_json(&read_text(source, tiny).await?)?;
                config.check_stands_in_for(&vae)?;
                Some(config)
            }
            None => None,
        };
        let scheduler = read_text(source, "scheduler/scheduler_config.json").await?;
        let schedule = NoiseSchedule::new(&SchedulerConfig::from_json(&scheduler)?)?;
        for &width in &unet.cross_attention_dim {
            if width != text_encoder.hidden_size {
                return Err(Error::WidthMismatch { text_encoder: text_encoder.hidden_size, unet: width });
            }
        }
        Ok(Self { text_encoder, unet, vae, taesd, schedule })
    }

    /// Total length in bytes of the weight files that are read for a precision.
    ///
    /// # Errors
    /// A file is missing, or a pickle in its place.
    pub async fn file_bytes(&self, source: &dyn ByteSource, precision: Precision) -> Result<u64, Error> {
        let mut bytes = 0;
        let tiny = self.taesd.as_ref().map(|_| TAESD);
        for [folder, stem] in [TEXT_ENCODER, UNET, VAE].into_iter().chain(tiny) {
            let files = component_files(source, folder, stem, precision.dtype()).await?;
            bytes += files.iter().map(|file| file.length).sum::<u64>();
        }
        Ok(bytes)
    }

    /// Side of the square pictures the model was trained on, in pixels.
    pub fn resolution(&self) -> usize {
        let latents = self.unet.sample_size.map_or(USUAL_LATENTS, |[height, _]| height);
        latents * self.vae.downscale()
    }

    /// What a picture of the model's own size takes, guided and without adapters.
    pub fn picture_memory(&self, gpu: &Gpu, precision: Precision) -> MemoryPlan {
        self.sizes(gpu, precision).generation(GenerationSizes {
            size: [self.resolution(); 2],
            tokens: self.text_encoder.max_position_embeddings,
            guided: true,
            ..Default::default()
        })
    }

    fn least_training_memory(&self, gpu: &Gpu, precision: Precision) -> MemoryPlan {
        let settings = TrainingSettings { batch: 1, ..Default::default() };
        let sizes = TrainingSizes {
            side: self.resolution(),
            pictures: settings.pictures(USUAL_PHOTOS),
            batch: 1,
            prompts: 1,
            adaptation: Adaptation::of(&settings),
            aligned_predictions: settings.aligned_predictions().into_iter().max().unwrap_or_default(),
            optimizer: settings.optimizer,
            keeps_best: false,
            localized: settings.localized_loss > 0.0,
        };
        self.sizes(gpu, precision).training(sizes, ActivationPolicy::Recompute)
    }

    fn sizes(&self, gpu: &Gpu, precision: Precision) -> ModelSizes<'_> {
        precision.sizes(gpu, &self.text_encoder, &self.unet, &self.vae, self.taesd.as_ref())
    }
}
