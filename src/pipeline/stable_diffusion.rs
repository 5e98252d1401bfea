//! A Stable Diffusion model folder in diffusers' layout, loaded to the device.

use std::rc::Rc;

use burn::tensor::FloatDType;

use super::{
    Error, Precision, PromptEncoder,
    model_configs::{ModelConfigs, TAESD, TEXT_ENCODER, UNET, VAE},
};
use crate::{
    gpu::Gpu,
    model::{
        clip_text::ClipTextModel, taesd::AutoencoderTiny, unet::UNet2DConditionModel, vae::AutoencoderKl,
    },
    sampling::NoiseSchedule,
    tokenizer::Tokenizer,
    training,
    weights::{ByteSource, CheckpointHashes, ComponentFile, Weights, component_files, middle_hash},
};

/// Bytes of the model loaded so far, and in all.
#[derive(Clone, Copy, Debug)]
pub struct LoadProgress {
    pub loaded: u64,
    pub total: u64,
}

/// A loaded model. Its parts are shared: cloning is cheap, and nothing ever changes them.
#[derive(Clone)]
pub struct StableDiffusion {
    pub name: String,
    /// Hashes of a model that came as one file, if the loader computed them.
    pub checkpoint: Option<CheckpointHashes>,
    /// [`FrozenModel::identity`](training::FrozenModel::identity)
    pub identity: Vec<(String, String)>,
    pub gpu: Gpu,
    pub precision: Precision,
    pub tokenizer: Tokenizer,
    pub text_encoder: Rc<ClipTextModel>,
    pub unet: Rc<UNet2DConditionModel>,
    pub vae: Rc<AutoencoderKl>,
    /// Decodes previews where the model has it.
    pub taesd: Option<Rc<AutoencoderTiny>>,
    pub schedule: NoiseSchedule,
    /// Side of the square pictures the model was trained on, in pixels.
    pub resolution: usize,
    /// Number of values in text encoder, U-Net and VAE together.
    pub parameters: u64,
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
        let configs = ModelConfigs::read(source).await?;
        let tokenizer = Tokenizer::load(source, "tokenizer").await?;
        if tokenizer.length() > configs.text_encoder.max_position_embeddings {
            let positions = configs.text_encoder.max_position_embeddings;
            return Err(Error::LengthMismatch { tokens: tokenizer.length(), positions });
        }
        let resolution = configs.resolution();

        let dtype = precision.dtype();
        let total = configs.file_bytes(source, precision).await?;
        let mut loaded = 0;
        let mut count = |bytes: u64| {
            loaded += bytes;
            progress(LoadProgress { loaded, total });
        };
        let device = &gpu.device;
        let mut parameters = 0;
        let (unet_packing, packing) = (precision.unet_packing(), precision.other_packing());
        let mut weights =
            Weights::load_packed(source, TEXT_ENCODER, device, dtype, packing, &mut count).await?;
        parameters += weights.parameters();
        let text_encoder = ClipTextModel::load(&mut weights, configs.text_encoder)?;
        let mut weights = Weights::load_packed(source, UNET, device, dtype, unet_packing, &mut count).await?;
        parameters += weights.parameters();
        let unet = UNet2DConditionModel::load(&mut weights, configs.unet)?;
        gpu.release_unused();
        let mut weights = Weights::load_packed(source, VAE, device, dtype, packing, &mut count).await?;
        parameters += weights.parameters();
        let vae = AutoencoderKl::load(&mut weights, configs.vae)?;
        let taesd = match &configs.taesd {
            Some(config) => {
                let [folder, stem] = TAESD;
                let mut weights = Weights::load(source, folder, stem, device, dtype, &mut count).await?;
                Some(Rc::new(AutoencoderTiny::load(&mut weights, config)?))
            }
            None => None,
        };
        drop(weights);
        gpu.release_unused();
        gpu.check()?;
        let prediction = format!("{:?}", configs.schedule.prediction_type());
        let mut identity = vec![("prediction".to_owned(), prediction)];
        for [folder, stem] in [TEXT_ENCODER, UNET, VAE] {
            let files = component_files(source, folder, stem, dtype).await?;
            if let Some(ComponentFile { path, .. }) = files.into_iter().next() {
                let hash = middle_hash(source, &path).await?;
                identity.push((path, hash));
            }
        }

        Ok(Self {
            name: name.to_owned(),
            checkpoint: None,
            identity,
            parameters,
            gpu: gpu.clone(),
            precision,
            tokenizer,
            text_encoder: Rc::new(text_encoder),
            resolution,
            unet: Rc::new(unet),
            vae: Rc::new(vae),
            taesd,
            schedule: configs.schedule,
        })
    }

    /// The error, or, where numbers of 16 bits were not finite, that they overflowed. A run's first step is made with
    /// the model's own values, so there too; later steps may have diverged.
    pub fn overflow_or(&self, error: impl Into<Error>) -> Error {
        use training::Error::{NotFinite, NotFiniteLatents};
        let error = error.into();
        let not_finite =
            matches!(error, Error::NotFinite | Error::Training(NotFiniteLatents | NotFinite { step: 1 }));
        if not_finite && self.precision.dtype() == FloatDType::F16 { Error::Overflow } else { error }
    }

    /// A prompt encoder that knows the model's own words only.
    pub fn prompt_encoder(&self) -> PromptEncoder {
        PromptEncoder::new(self.tokenizer.clone(), self.text_encoder.clone())
    }
}
