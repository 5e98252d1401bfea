//! `unet/config.json` of a Stable Diffusion 1.x or 2.x model, with diffusers' names and defaults.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Error;
use super::config::{ConfigFile, MAX_EXTENT, MAX_LAYERS, MAX_LEVELS, MAX_SIDE, OneOrMany, Supported};

/// The architecture of a U-Net. Lists have one entry per resolution, finest first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UNet2DConditionConfig {
    /// Height and width of the latents the model was trained on.
    pub sample_size: Option<[usize; 2]>,
    pub in_channels: usize,
    pub out_channels: usize,
    pub flip_sin_to_cos: bool,
    pub freq_shift: f32,
    pub block_out_channels: Vec<usize>,
    /// Which levels of the way down have cross-attention.
    pub down_block_attention: Vec<bool>,
    pub mid_block: Option<MidBlockKind>,
    /// Which levels of the way up have cross-attention, coarsest first (as `up_block_types`).
    pub up_block_attention: Vec<bool>,
    pub layers_per_block: Vec<usize>,
    pub transformer_layers_per_block: Vec<usize>,
    /// Number of heads, which SD 1.x configurations call `attention_head_dim`.
    pub num_attention_heads: Vec<usize>,
    pub cross_attention_dim: Vec<usize>,
    pub norm_num_groups: usize,
    pub norm_eps: f64,
    pub use_linear_projection: bool,
    pub time_embedding_size: usize,
    /// Size of the guidance scale's embedding, where the U-Net is told it (latent consistency models).
    pub time_cond_proj_dim: Option<usize>,
}

/// What lies between the way down and the way up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MidBlockKind {
    /// `UNetMidBlock2DCrossAttn`: residual block, transformer, residual block.
    CrossAttention,
    /// `UNetMidBlock2D`: one residual block.
    Residual,
}

impl UNet2DConditionConfig {
    /// Reads a `config.json`; refuses other architectures and sizes that cannot fit.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let file = ConfigFile::parse("U-Net", json)?;
        file.refuse_unsupported(&supported_settings())?;
        Self::from_settings(&file, file.read()?)
    }

    fn from_settings(file: &ConfigFile, settings: Settings) -> Result<Self, Error> {
        let levels = settings.block_out_channels.len();
        let heads = settings.num_attention_heads.unwrap_or(settings.attention_head_dim);
        let config = Self {
            sample_size: settings.sample_size.map(|size| match size {
                SampleSize::Square(size) => [size, size],
                SampleSize::HeightWidth(size) => size,
            }),
            in_channels: settings.in_channels,
            out_channels: settings.out_channels,
            flip_sin_to_cos: settings.flip_sin_to_cos,
            freq_shift: settings.freq_shift,
            down_block_attention: has_attention(
                file,
                "down_block_types",
                &settings.down_block_types,
                "CrossAttnDownBlock2D",
                "DownBlock2D",
            )?,
            mid_block: match settings.mid_block_type.as_deref() {
                None => None,
                Some("UNetMidBlock2DCrossAttn") => Some(MidBlockKind::CrossAttention),
                Some("UNetMidBlock2D") => Some(MidBlockKind::Residual),
                Some(other) => return Err(file.unsupported("mid_block_type", other)),
            },
            up_block_attention: has_attention(
                file,
                "up_block_types",
                &settings.up_block_types,
                "CrossAttnUpBlock2D",
                "UpBlock2D",
            )?,
            layers_per_block: file.per_level("layers_per_block", settings.layers_per_block, levels)?,
            transformer_layers_per_block: file.per_level(
                "transformer_layers_per_block",
                settings.transformer_layers_per_block,
                levels,
            )?,
            num_attention_heads: file.per_level("attention_head_dim", heads, levels)?,
            cross_attention_dim: file.per_level(
                "cross_attention_dim",
                settings.cross_attention_dim,
                levels,
            )?,
            norm_num_groups: settings.norm_num_groups,
            norm_eps: settings.norm_eps,
            use_linear_projection: settings.use_linear_projection,
            time_embedding_size: match settings.time_embedding_dim {
                Some(size) => size,
                // diffusers: four times as wide as the finest level
                None => settings.block_out_channels.first().map_or(0, |channels| channels.saturating_mul(4)),
            },
            time_cond_proj_dim: settings.time_cond_proj_dim,
            block_out_channels: settings.block_out_channels,
        };
        config.check_sizes(file)?;
        Ok(config)
    }

    fn check_sizes(&self, file: &ConfigFile) -> Result<(), Error> {
        let levels = self.block_out_channels.len();
        if levels == 0 {
            return Err(file.inconsistent("block_out_channels is empty"));
        }
        if levels > MAX_LEVELS {
            return Err(file.unsupported("block_out_channels", format!("{levels} levels")));
        }
        file.within("layers_per_block", &self.layers_per_block, MAX_LAYERS)?;
        file.within("transformer_layers_per_block", &self.transformer_layers_per_block, MAX_LAYERS)?;
        // Each layer has a transformer of its own; those of SDXL's coarsest level have 20 layers together.
        let mut transformers = self.layers_per_block.iter().zip(&self.transformer_layers_per_block);
        if let Some((blocks, layers)) = transformers.find(|(blocks, layers)| *blocks * *layers > MAX_LAYERS) {
            let value = format!("{layers} in each of {blocks} layers");
            return Err(file.unsupported("transformer_layers_per_block", value));
        }
        file.within("sample_size", self.sample_size.as_ref().map_or(&[], |sides| &sides[..]), MAX_SIDE)?;
        for (setting, types) in
            [("down_block_types", &self.down_block_attention), ("up_block_types", &self.up_block_attention)]
        {
            if types.len() != levels {
                let entries = types.len();
                return Err(file.inconsistent(format!(
                    "{setting} has {entries} entries, block_out_channels has {levels}"
                )));
            }
        }
        let sizes = [
            ("in_channels", &[self.in_channels][..]),
            ("out_channels", &[self.out_channels]),
            ("block_out_channels", &self.block_out_channels),
            ("attention_head_dim", &self.num_attention_heads),
            ("cross_attention_dim", &self.cross_attention_dim),
            ("norm_num_groups", &[self.norm_num_groups]),
            ("time_embedding_dim", &[self.time_embedding_size]),
            ("time_cond_proj_dim", self.time_cond_proj_dim.as_slice()),
        ];
        for (setting, values) in sizes {
            file.within(setting, values, MAX_EXTENT)?;
        }
        file.divisor("norm_eps", self.norm_eps)?;
        let frequencies = self.block_out_channels[0] / 2;
        if !(0.0..frequencies as f32).contains(&self.freq_shift) {
            return Err(file.unsupported("freq_shift", Value::from(self.freq_shift)));
        }
        for (&channels, &heads) in self.block_out_channels.iter().zip(&self.num_attention_heads) {
            if channels % self.norm_num_groups != 0 {
                let groups = self.norm_num_groups;
                return Err(
                    file.inconsistent(format!("{channels} channels do not divide into {groups} groups"))
                );
            }
            if channels % heads != 0 {
                return Err(
                    file.inconsistent(format!("{channels} channels do not divide into {heads} heads"))
                );
            }
        }
        Ok(())
    }
}

/// For each block type, whether it is the one with cross-attention; any third type is refused.
fn has_attention(
    file: &ConfigFile,
    setting: &'static str,
    types: &[String],
    with: &str,
    without: &str,
) -> Result<Vec<bool>, Error> {
    types
        .iter()
        .map(|kind| match kind.as_str() {
            kind if kind == with => Ok(true),
            kind if kind == without => Ok(false),
            other => Err(file.unsupported(setting, other)),
        })
        .collect()
}

/// Settings that would change the computation, with the values that do not.
/// `upcast_attention` is absent: our softmax is in f32 always.
fn supported_settings() -> Vec<Supported> {
    vec![
        ("_class_name", vec![json!("UNet2DConditionModel")]),
        ("act_fn", vec![json!("silu"), json!("swish")]),
        ("addition_embed_type", vec![json!(null)]),
        ("attention_type", vec![json!("default")]),
        ("center_input_sample", vec![json!(false)]),
        ("class_embed_type", vec![json!(null)]),
        ("class_embeddings_concat", vec![json!(false)]),
        ("conv_in_kernel", vec![json!(3)]),
        ("conv_out_kernel", vec![json!(3)]),
        ("cross_attention_norm", vec![json!(null)]),
        ("downsample_padding", vec![json!(1)]),
        ("dual_cross_attention", vec![json!(false)]),
        ("encoder_hid_dim", vec![json!(null)]),
        ("encoder_hid_dim_type", vec![json!(null)]),
        ("mid_block_only_cross_attention", vec![json!(null), json!(false)]),
        ("mid_block_scale_factor", vec![json!(1)]),
        ("num_class_embeds", vec![json!(null)]),
        ("only_cross_attention", vec![json!(false)]),
        ("resnet_out_scale_factor", vec![json!(1)]),
        ("resnet_skip_time_act", vec![json!(false)]),
        ("resnet_time_scale_shift", vec![json!("default")]),
        ("reverse_transformer_layers_per_block", vec![json!(null)]),
        ("time_embedding_act_fn", vec![json!(null)]),
        ("time_embedding_type", vec![json!("positional")]),
        ("timestep_post_act", vec![json!(null)]),
    ]
}

/// The settings as they stand in the file.
#[derive(Deserialize)]
#[serde(default)]
struct Settings {
    sample_size: Option<SampleSize>,
    in_channels: usize,
    out_channels: usize,
    flip_sin_to_cos: bool,
    freq_shift: f32,
    down_block_types: Vec<String>,
    mid_block_type: Option<String>,
    up_block_types: Vec<String>,
    block_out_channels: Vec<usize>,
    layers_per_block: OneOrMany<usize>,
    transformer_layers_per_block: OneOrMany<usize>,
    attention_head_dim: OneOrMany<usize>,
    num_attention_heads: Option<OneOrMany<usize>>,
    cross_attention_dim: OneOrMany<usize>,
    norm_num_groups: usize,
    norm_eps: f64,
    use_linear_projection: bool,
    time_embedding_dim: Option<usize>,
    time_cond_proj_dim: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SampleSize {
    Square(usize),
    HeightWidth([usize; 2]),
}

impl Default for Settings {
    /// diffusers' defaults: where a file leaves a setting out, this is what it means.
    fn default() -> Self {
        let names = |names: [&str; 4]| names.map(str::to_owned).to_vec();
        Self {
            sample_size: None,
            in_channels: 4,
            out_channels: 4,
            flip_sin_to_cos: true,
            freq_shift: 0.0,
            down_block_types: names([
                "CrossAttnDownBlock2D",
                "CrossAttnDownBlock2D",
                "CrossAttnDownBlock2D",
                "DownBlock2D",
            ]),
            mid_block_type: Some("UNetMidBlock2DCrossAttn".to_owned()),
            up_block_types: names([
                "UpBlock2D",
                "CrossAttnUpBlock2D",
                "CrossAttnUpBlock2D",
                "CrossAttnUpBlock2D",
            ]),
            block_out_channels: vec![320, 640, 1280, 1280],
            layers_per_block: OneOrMany::One(2),
            transformer_layers_per_block: OneOrMany::One(1),
            attention_head_dim: OneOrMany::One(8),
            num_attention_heads: None,
            cross_attention_dim: OneOrMany::One(1280),
            norm_num_groups: 32,
            norm_eps: 1e-5,
            use_linear_projection: false,
            time_embedding_dim: None,
            time_cond_proj_dim: None,
        }
    }
}
