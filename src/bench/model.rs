//! The model whose networks are measured: one that is loaded, or an architecture with invented
//! weights, whose networks are made when they are needed.

use std::rc::Rc;

use crate::{
    gpu::Gpu,
    model::{
        clip_text::{ClipTextConfig, ClipTextModel},
        unet::UNet2DConditionModel,
        unet_config::UNet2DConditionConfig,
        vae::AutoencoderKl,
        vae_config::AutoencoderKlConfig,
    },
    pipeline::{Error, Precision, StableDiffusion},
    sampling::{NoiseSchedule, SchedulerConfig},
    weights::{self, ByteSource, Weights, read_text},
};

/// Seed of the random weights.
const SEED: u64 = 15;

/// The texts of a model folder's config files.
#[derive(Clone, Debug)]
pub struct ModelConfigs {
    unet: String,
    vae: String,
    text_encoder: String,
    scheduler: String,
}

/// What to measure.
#[derive(Clone)]
pub enum Model {
    /// A loaded model, which has only the precision it was loaded in.
    Loaded(Box<StableDiffusion>),
    /// Random weights for an architecture, in any precision.
    Random { name: String, configs: ModelConfigs },
}

impl ModelConfigs {
    /// The configs of Stable Diffusion 1.5.
    pub fn sd15() -> Self {
        Self {
            unet: include_str!("sd15/unet.json").to_owned(),
            vae: include_str!("sd15/vae.json").to_owned(),
            text_encoder: include_str!("sd15/text_encoder.json").to_owned(),
            scheduler: include_str!("sd15/scheduler.json").to_owned(),
        }
    }

    /// Reads the configs of a model folder, not its weights.
    ///
    /// # Errors
    /// A file is missing or unreadable.
    pub async fn read(source: &dyn ByteSource) -> Result<Self, weights::Error> {
        Ok(Self {
            unet: read_text(source, "unet/config.json").await?,
            vae: read_text(source, "vae/config.json").await?,
            text_encoder: read_text(source, "text_encoder/config.json").await?,
            scheduler: read_text(source, "scheduler/scheduler_config.json").await?,
        })
    }
}

impl Model {
    /// The model's name in reports.
    pub fn name(&self) -> &str {
        match self {
            Self::Loaded(model) => &model.name,
            Self::Random { name, .. } => name,
        }
    }

    /// Whether the model's networks are available in `precision`.
    pub(super) fn has(&self, precision: Precision) -> bool {
        match self {
            Self::Loaded(model) => model.precision == precision,
            Self::Random { .. } => true,
        }
    }

    pub(super) fn unet(&self, gpu: &Gpu, precision: Precision) -> Result<Rc<UNet2DConditionModel>, Error> {
        Ok(match self {
            Self::Loaded(model) => model.unet.clone(),
            Self::Random { configs, .. } => {
                let config = UNet2DConditionConfig::from_json(&configs.unet)?;
                let mut weights = random(gpu, precision).with_packing(precision.unet_packing());
                Rc::new(UNet2DConditionModel::load(&mut weights, config)?)
            }
        })
    }

    pub(super) fn vae(&self, gpu: &Gpu, precision: Precision) -> Result<Rc<AutoencoderKl>, Error> {
        Ok(match self {
            Self::Loaded(model) => model.vae.clone(),
            Self::Random { configs, .. } => {
                let config = AutoencoderKlConfig::from_json(&configs.vae)?;
                let mut weights = random(gpu, precision).with_packing(precision.other_packing());
                Rc::new(AutoencoderKl::load(&mut weights, config)?)
            }
        })
    }

    pub(super) fn text_encoder(&self, gpu: &Gpu, precision: Precision) -> Result<Rc<ClipTextModel>, Error> {
        Ok(match self {
            Self::Loaded(model) => model.text_encoder.clone(),
            Self::Random { configs, .. } => {
                let config = ClipTextConfig::from_json(&configs.text_encoder)?;
                let mut weights = random(gpu, precision).with_packing(precision.other_packing());
                Rc::new(ClipTextModel::load(&mut weights, config)?)
            }
        })
    }

    pub(super) fn schedule(&self) -> Result<NoiseSchedule, Error> {
        Ok(match self {
            Self::Loaded(model) => model.schedule.clone(),
            Self::Random { configs, .. } => {
                NoiseSchedule::new(&SchedulerConfig::from_json(&configs.scheduler)?)?
            }
        })
    }

    /// Pixels per latent along one side.
    pub(super) fn downscale(&self) -> Result<usize, Error> {
        Ok(match self {
            Self::Loaded(model) => model.vae.config.downscale(),
            Self::Random { configs, .. } => AutoencoderKlConfig::from_json(&configs.vae)?.downscale(),
        })
    }
}

fn random(gpu: &Gpu, precision: Precision) -> Weights {
    Weights::random(SEED, &gpu.device, precision.dtype())
}
