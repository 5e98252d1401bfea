//! What a model folder in diffusers' layout holds, in lines for people.

use burn::tensor::FloatDType;

use crate::model::clip_text::ClipTextConfig;
use crate::model::unet_config::UNet2DConditionConfig;
use crate::model::vae_config::AutoencoderKlConfig;
use crate::sampling::{NoiseSchedule, PredictionType, SchedulerConfig};
use crate::weights::{ByteSource, Error, SafetensorsHeader, component_files, read_text};

use super::fit::in_words;
use super::inspect::{InspectError, size};

/// Describes a model folder after checking what can be checked without loading it: the configs of
/// U-Net, text encoder, VAE and scheduler, and the header and length of every weights file.
///
/// # Errors
/// A part is missing, cut short, malformed, or of a kind that cannot be run here.
pub async fn inspect_model_folder(source: &dyn ByteSource) -> Result<Vec<String>, InspectError> {
    let unet = UNet2DConditionConfig::from_json(&read_text(source, "unet/config.json").await?)?;
    let text_encoder = ClipTextConfig::from_json(&read_text(source, "text_encoder/config.json").await?)?;
    let vae = AutoencoderKlConfig::from_json(&read_text(source, "vae/config.json").await?)?;
    let scheduler = SchedulerConfig::from_json(&read_text(source, "scheduler/scheduler_config.json").await?)?;
    let schedule = NoiseSchedule::new(&scheduler)?;
    for path in ["tokenizer/vocab.json", "tokenizer/merges.txt"] {
        if source.length(path).await?.is_none() {
            return Err(Error::MissingFile { path: path.to_owned() }.into());
        }
    }

    // Each level of the autoencoder but the last halves the picture.
    let latent_factor = 1_usize << (vae.block_out_channels.len().clamp(1, 32) - 1);
    let picture = match unet.sample_size {
        Some([height, width]) => {
            format!(", for pictures of {}×{}", width * latent_factor, height * latent_factor)
        }
        None => String::new(),
    };
    let channels = unet.block_out_channels.iter().map(usize::to_string).collect::<Vec<_>>().join("/");
    let prediction = match schedule.prediction_type() {
        PredictionType::Epsilon => "noise (epsilon)",
        PredictionType::VPrediction => "velocity (v)",
    };
    let mut lines = vec![format!("Model folder in diffusers' layout{picture}")];
    let mut total = 0;
    for (label, folder, stem, description) in [
        ("U-Net", "unet", "diffusion_pytorch_model", format!("channels {channels}")),
        (
            "Text encoder",
            "text_encoder",
            "model",
            format!(
                "{} layers, text vectors of {}",
                text_encoder.num_hidden_layers,
                in_words(text_encoder.hidden_size)
            ),
        ),
        (
            "Autoencoder (VAE)",
            "vae",
            "diffusion_pytorch_model",
            format!("{} latent channels, 1/{latent_factor} of the size", vae.latent_channels),
        ),
    ] {
        let (tensors, bytes, types) = weights(source, folder, stem).await?;
        total += bytes;
        lines.push(format!("{label}: {description}; {tensors} tensors in {types}, {}", size(bytes)));
    }
    lines.push(format!("Predicts {prediction} over {} timesteps", schedule.num_train_timesteps()));
    lines.push(format!("Weights in all: {}", size(total)));
    Ok(lines)
}

/// How many tensors a component has, its bytes on disk, and its types of numbers.
async fn weights(source: &dyn ByteSource, folder: &str, stem: &str) -> Result<(usize, u64, String), Error> {
    let (mut tensors, mut bytes) = (0, 0);
    let mut types = Vec::new();
    for file in component_files(source, folder, stem, FloatDType::F32).await? {
        let header = SafetensorsHeader::read(source, &file.path).await?;
        tensors += header.tensors.len();
        bytes += file.length;
        types.extend(header.tensors.iter().map(|entry| entry.dtype));
    }
    types.sort();
    types.dedup();
    let types = types.iter().map(|dtype| dtype.to_string()).collect::<Vec<_>>().join(" and ");
    Ok((tensors, bytes, types))
}
