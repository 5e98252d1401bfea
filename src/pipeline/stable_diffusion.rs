//! A Stable Diffusion model folder in diffusers' layout, loaded to the device.

use std::rc::Rc;

use burn::tensor::FloatDType;
use serde::{Deserialize, Serialize};

use super::{Error, PromptEncoder};
use crate::{
    gpu::Gpu,
    model::{
        clip_text::{ClipTextConfig, ClipTextModel},
        unet::UNet2DConditionModel,
        unet_config::UNet2DConditionConfig,
        vae::AutoencoderKl,
        vae_config::AutoencoderKlConfig,
    },
    sampling::{NoiseSchedule, SchedulerConfig},
    tokenizer::Tokenizer,
    weights::{ByteSource, Weights, component_files, read_config, read_text},
};

/// The numbers a model's weights and activations are stored in. Arithmetic is 32-bit either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    #[default]
    #[serde(rename = "f32")]
    Float32,
    /// Half the memory, on devices with `shader-f16`.
    #[serde(rename = "f16")]
    Float16,
}

impl Precision {
    pub fn dtype(self) -> FloatDType {
        match self {
            Self::Float32 => FloatDType::F32,
            Self::Float16 => FloatDType::F16,
        }
    }

    /// What a model folder is best loaded as: 16-bit floats where the device has them and the model is
    /// large, which keeps a full-size model and its training in a few gigabytes; else 32-bit ones.
    ///
    /// # Errors
    /// A file is missing.
    pub async fn fitting(gpu: &Gpu, source: &dyn ByteSource) -> Result<Self, Error> {
        if !gpu.report.float16 {
            return Ok(Self::Float32);
        }
        let mut bytes = 0;
        for [folder, stem] in [TEXT_ENCODER, UNET, VAE] {
            let files = component_files(source, folder, stem, Self::Float32.dtype()).await?;
            bytes += files.iter().map(|file| file.length).sum::<u64>();
        }
        Ok(if bytes > gpu.memory_limit / LARGE_SHARE { Self::Float16 } else { Self::Float32 })
    }

    /// "f32" or "f16"
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "f32",
            Self::Float16 => "f16",
        }
    }

    /// Of one number.
    pub fn bytes(self) -> usize {
        match self {
            Self::Float32 => 4,
            Self::Float16 => 2,
        }
    }
}

/// Bytes of the model dealt with so far, and in all.
#[derive(Clone, Copy, Debug)]
pub struct LoadProgress {
    pub loaded: u64,
    pub total: u64,
}

/// A loaded model. Its parts are shared: cloning is cheap, and nothing ever changes them.
#[derive(Clone)]
pub struct StableDiffusion {
    pub name: String,
    /// Of a model that came as one file, if whoever loaded it found it out
    /// ([`weights::checkpoint_hash`](crate::weights::checkpoint_hash)).
    pub checkpoint_hash: Option<String>,
    pub gpu: Gpu,
    pub precision: Precision,
    pub tokenizer: Tokenizer,
    pub text_encoder: Rc<ClipTextModel>,
    pub unet: Rc<UNet2DConditionModel>,
    pub vae: Rc<AutoencoderKl>,
    pub schedule: NoiseSchedule,
    /// Side of the square pictures the model was trained on, in pixels.
    pub resolution: usize,
    /// Numbers in all parts together.
    pub parameters: u64,
}

/// A model is large if its files take more than this part of the memory that may be taken.
const LARGE_SHARE: u64 = 4;

/// The folders and file stems of the parts with weights.
const TEXT_ENCODER: [&str; 2] = ["text_encoder", "model"];
const UNET: [&str; 2] = ["unet", "diffusion_pytorch_model"];
const VAE: [&str; 2] = ["vae", "diffusion_pytorch_model"];

/// The pipelines whose models these are; latent consistency models differ in the U-Net's time embedding.
const PIPELINES: [&str; 2] = ["StableDiffusionPipeline", "LatentConsistencyModelPipeline"];

/// `model_index.json`, as far as it matters.
#[derive(Deserialize)]
struct ModelIndex {
    #[serde(rename = "_class_name")]
    class_name: String,
}

impl StableDiffusion {
    /// Reads a model folder; `name` is what people know it by.
    ///
    /// # Errors
    /// A file is missing or damaged, or the model is of another architecture.
    pub async fn load(
        gpu: &Gpu,
        source: &dyn ByteSource,
        name: &str,
        precision: Precision,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<Self, Error> {
        let index: ModelIndex = read_config(source, "model_index.json").await?;
        if !PIPELINES.contains(&index.class_name.as_str()) {
            return Err(crate::model::Error::UnsupportedSetting {
                component: "model",
                setting: "_class_name",
                value: index.class_name,
            }
            .into());
        }
        let tokenizer = Tokenizer::load(source, "tokenizer").await?;
        let text_config = ClipTextConfig::from_json(&read_text(source, "text_encoder/config.json").await?)?;
        let unet_config = UNet2DConditionConfig::from_json(&read_text(source, "unet/config.json").await?)?;
        let vae_config = AutoencoderKlConfig::from_json(&read_text(source, "vae/config.json").await?)?;
        let scheduler = read_text(source, "scheduler/scheduler_config.json").await?;
        let schedule = NoiseSchedule::new(&SchedulerConfig::from_json(&scheduler)?)?;
        if tokenizer.length() > text_config.max_position_embeddings {
            let (tokens, positions) = (tokenizer.length(), text_config.max_position_embeddings);
            return Err(Error::LengthMismatch { tokens, positions });
        }
        for &width in &unet_config.cross_attention_dim {
            if width != text_config.hidden_size {
                return Err(Error::WidthMismatch { text_encoder: text_config.hidden_size, unet: width });
            }
        }

        let dtype = precision.dtype();
        let mut total = 0;
        for [folder, stem] in [TEXT_ENCODER, UNET, VAE] {
            total += component_files(source, folder, stem, dtype)
                .await?
                .iter()
                .map(|file| file.length)
                .sum::<u64>();
        }
        let mut loaded = 0;
        let mut count = |bytes: u64| {
            loaded += bytes;
            progress(LoadProgress { loaded, total });
        };
        let device = &gpu.device;
        let mut parameters = 0;
        let [folder, stem] = TEXT_ENCODER;
        let mut weights = Weights::load(source, folder, stem, device, dtype, &mut count).await?;
        parameters += weights.parameters();
        let text_encoder = ClipTextModel::load(&mut weights, text_config)?;
        let [folder, stem] = UNET;
        let mut weights = Weights::load(source, folder, stem, device, dtype, &mut count).await?;
        parameters += weights.parameters();
        let unet = UNet2DConditionModel::load(&mut weights, unet_config)?;
        gpu.release_unused();
        let [folder, stem] = VAE;
        let mut weights = Weights::load(source, folder, stem, device, dtype, &mut count).await?;
        parameters += weights.parameters();
        let vae = AutoencoderKl::load(&mut weights, vae_config)?;
        drop(weights);
        gpu.release_unused();
        gpu.check()?;

        let latent_size = unet.config().sample_size.map_or(64, |[height, _]| height);
        Ok(Self {
            name: name.to_owned(),
            checkpoint_hash: None,
            parameters,
            gpu: gpu.clone(),
            precision,
            tokenizer,
            text_encoder: Rc::new(text_encoder),
            resolution: latent_size * vae.config.downscale(),
            unet: Rc::new(unet),
            vae: Rc::new(vae),
            schedule,
        })
    }

    /// A prompt encoder that knows the model's own words only.
    pub fn prompt_encoder(&self) -> PromptEncoder {
        PromptEncoder::new(self.tokenizer.clone(), self.text_encoder.clone())
    }
}
