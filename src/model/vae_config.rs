//! `vae/config.json` of a Stable Diffusion 1.x or 2.x model, with diffusers' names and defaults.

use serde::Deserialize;
use serde_json::json;

use super::Error;
use super::config::{ConfigFile, MAX_EXTENT, MAX_LAYERS, MAX_LEVELS, Supported};

/// The architecture of an `AutoencoderKL`. Channels are listed finest resolution first.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AutoencoderKlConfig {
    pub in_channels: usize,
    pub out_channels: usize,
    pub latent_channels: usize,
    pub block_out_channels: Vec<usize>,
    /// Residual blocks per level of the encoder; the decoder has one more.
    pub layers_per_block: usize,
    pub norm_num_groups: usize,
    /// What the VAE's latents are multiplied by for the U-Net, so that their variance is about 1.
    pub scaling_factor: f64,
    pub use_quant_conv: bool,
    pub use_post_quant_conv: bool,
    pub mid_block_add_attention: bool,
}

impl AutoencoderKlConfig {
    /// Reads a `config.json`; refuses other architectures and sizes that cannot fit.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let file = ConfigFile::parse("VAE", json)?;
        file.refuse_unsupported(&supported_settings())?;
        let config: Self = file.read()?;
        let BlockTypes { down_block_types, up_block_types } = file.read()?;
        for (setting, types, supported) in [
            ("down_block_types", down_block_types, "DownEncoderBlock2D"),
            ("up_block_types", up_block_types, "UpDecoderBlock2D"),
        ] {
            if let Some(other) = types.iter().find(|kind| *kind != supported) {
                return Err(file.unsupported(setting, other));
            }
            let (entries, levels) = (types.len(), config.block_out_channels.len());
            if entries != levels {
                return Err(file.inconsistent(format!(
                    "{setting} has {entries} entries, block_out_channels has {levels}"
                )));
            }
        }
        config.check_sizes(&file)?;
        Ok(config)
    }

    /// How many pixels a side of one latent stands for.
    pub fn downscale(&self) -> usize {
        1 << (self.block_out_channels.len() - 1)
    }

    fn check_sizes(&self, file: &ConfigFile) -> Result<(), Error> {
        if self.block_out_channels.is_empty() {
            return Err(file.inconsistent("block_out_channels is empty"));
        }
        let levels = self.block_out_channels.len();
        if levels > MAX_LEVELS {
            return Err(file.unsupported("block_out_channels", format!("{levels} levels")));
        }
        file.within("layers_per_block", &[self.layers_per_block], MAX_LAYERS)?;
        let sizes = [
            ("in_channels", &[self.in_channels][..]),
            ("out_channels", &[self.out_channels]),
            ("latent_channels", &[self.latent_channels]),
            ("block_out_channels", &self.block_out_channels),
            ("norm_num_groups", &[self.norm_num_groups]),
        ];
        for (setting, values) in sizes {
            file.within(setting, values, MAX_EXTENT)?;
        }
        file.divisor("scaling_factor", self.scaling_factor)?;
        let groups = self.norm_num_groups;
        if let Some(channels) = self.block_out_channels.iter().find(|channels| *channels % groups != 0) {
            return Err(file.inconsistent(format!("{channels} channels do not divide into {groups} groups")));
        }
        Ok(())
    }
}

impl Default for AutoencoderKlConfig {
    /// diffusers' defaults: where a file leaves a setting out, this is what it means.
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            latent_channels: 4,
            block_out_channels: vec![64],
            layers_per_block: 1,
            norm_num_groups: 32,
            scaling_factor: 0.18215,
            use_quant_conv: true,
            use_post_quant_conv: true,
            mid_block_add_attention: true,
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct BlockTypes {
    down_block_types: Vec<String>,
    up_block_types: Vec<String>,
}

impl Default for BlockTypes {
    fn default() -> Self {
        Self {
            down_block_types: vec!["DownEncoderBlock2D".to_owned()],
            up_block_types: vec!["UpDecoderBlock2D".to_owned()],
        }
    }
}

/// Settings that would change the computation, with the values that do not.
fn supported_settings() -> Vec<Supported> {
    vec![
        ("_class_name", vec![json!("AutoencoderKL")]),
        ("act_fn", vec![json!("silu"), json!("swish")]),
        ("latents_mean", vec![json!(null)]),
        ("latents_std", vec![json!(null)]),
        ("shift_factor", vec![json!(null)]),
    ]
}
