//! Every tensor of a model by name and number of values, from its configs alone.

use crate::model::clip_text::ClipTextConfig;
use crate::model::unet_config::UNet2DConditionConfig;
use crate::model::unet_segments::{SegmentKind, SegmentShape};
use crate::model::vae_config::AutoencoderKlConfig;

/// A tensor of a model's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The tensor's key in upstream's files.
    pub name: String,
    /// Numbers in the tensor.
    pub count: u64,
    /// Output channels, for a layer's weight.
    pub outputs: u64,
}

/// Collects tensors.
#[derive(Default)]
struct Listing {
    parameters: Vec<Parameter>,
}

impl Listing {
    fn tensor(&mut self, name: String, outputs: usize, inputs: usize) {
        let outputs = outputs as u64;
        self.parameters.push(Parameter { name, count: outputs * inputs as u64, outputs });
    }

    /// A layer of `taps` positions (9 for a 3×3 convolution) with a bias.
    fn layer(&mut self, path: &str, inputs: usize, outputs: usize, taps: usize) {
        self.tensor(format!("{path}.weight"), outputs, inputs * taps);
        self.tensor(format!("{path}.bias"), outputs, 1);
    }

    fn norm(&mut self, path: &str, channels: usize) {
        self.layer(path, 1, channels, 1);
    }

    fn resnet(&mut self, path: &str, inputs: usize, outputs: usize, time: Option<usize>) {
        self.norm(&format!("{path}.norm1"), inputs);
        self.layer(&format!("{path}.conv1"), inputs, outputs, 9);
        if let Some(size) = time {
            self.layer(&format!("{path}.time_emb_proj"), size, outputs, 1);
        }
        self.norm(&format!("{path}.norm2"), outputs);
        self.layer(&format!("{path}.conv2"), outputs, outputs, 9);
        if inputs != outputs {
            self.layer(&format!("{path}.conv_shortcut"), inputs, outputs, 1);
        }
    }

    fn transformer(&mut self, path: &str, channels: usize, layers: usize, context: usize) {
        self.norm(&format!("{path}.norm"), channels);
        self.layer(&format!("{path}.proj_in"), channels, channels, 1);
        for i in 0..layers {
            let block = format!("{path}.transformer_blocks.{i}");
            for (attention, inputs) in [("attn1", channels), ("attn2", context)] {
                self.tensor(format!("{block}.{attention}.to_q.weight"), channels, channels);
                self.tensor(format!("{block}.{attention}.to_k.weight"), channels, inputs);
                self.tensor(format!("{block}.{attention}.to_v.weight"), channels, inputs);
                self.layer(&format!("{block}.{attention}.to_out.0"), channels, channels, 1);
            }
            for norm in ["norm1", "norm2", "norm3"] {
                self.norm(&format!("{block}.{norm}"), channels);
            }
            self.layer(&format!("{block}.ff.net.0.proj"), channels, 8 * channels, 1);
            self.layer(&format!("{block}.ff.net.2"), 4 * channels, channels, 1);
        }
        self.layer(&format!("{path}.proj_out"), channels, channels, 1);
    }

    fn vae_middle(&mut self, path: &str, channels: usize, attention: bool) {
        self.resnet(&format!("{path}.resnets.0"), channels, channels, None);
        if attention {
            self.norm(&format!("{path}.attentions.0.group_norm"), channels);
            for projection in ["to_q", "to_k", "to_v", "to_out.0"] {
                self.layer(&format!("{path}.attentions.0.{projection}"), channels, channels, 1);
            }
        }
        self.resnet(&format!("{path}.resnets.1"), channels, channels, None);
    }
}

/// The text encoder's tensors.
pub fn text_encoder(config: &ClipTextConfig) -> Vec<Parameter> {
    let mut listing = Listing::default();
    let width = config.hidden_size;
    listing.tensor("embeddings.token_embedding.weight".to_owned(), config.vocab_size, width);
    let positions = config.max_position_embeddings;
    listing.tensor("embeddings.position_embedding.weight".to_owned(), positions, width);
    for layer in 0..config.num_hidden_layers {
        let path = format!("encoder.layers.{layer}");
        for projection in ["q_proj", "k_proj", "v_proj", "out_proj"] {
            listing.layer(&format!("{path}.self_attn.{projection}"), width, width, 1);
        }
        listing.norm(&format!("{path}.layer_norm1"), width);
        listing.norm(&format!("{path}.layer_norm2"), width);
        listing.layer(&format!("{path}.mlp.fc1"), width, config.intermediate_size, 1);
        listing.layer(&format!("{path}.mlp.fc2"), config.intermediate_size, width, 1);
    }
    listing.norm("final_layer_norm", width);
    listing.parameters
}

/// The U-Net's tensors.
pub fn unet(config: &UNet2DConditionConfig) -> Vec<Parameter> {
    let mut listing = Listing::default();
    let time = config.time_embedding_size;
    listing.layer("time_embedding.linear_1", config.block_out_channels[0], time, 1);
    listing.layer("time_embedding.linear_2", time, time, 1);
    if let Some(size) = config.time_cond_proj_dim {
        let name = "time_embedding.cond_proj.weight".to_owned();
        listing.tensor(name, config.block_out_channels[0], size);
    }
    for SegmentShape { kind, level, in_channels: inputs, out_channels: outputs, .. } in config.segments() {
        match kind {
            SegmentKind::Input => listing.layer("conv_in", inputs, outputs, 9),
            SegmentKind::Layer { resnet, transformer } => {
                listing.resnet(&resnet, inputs, outputs, Some(time));
                if let Some(path) = transformer {
                    let layers = config.transformer_layers_per_block[level];
                    listing.transformer(&path, outputs, layers, config.cross_attention_dim[level]);
                }
            }
            SegmentKind::Downsampler { path } | SegmentKind::Upsampler { path } => {
                listing.layer(&path, inputs, outputs, 9);
            }
            SegmentKind::Output => {
                listing.norm("conv_norm_out", inputs);
                listing.layer("conv_out", inputs, outputs, 9);
            }
        }
    }
    listing.parameters
}

/// The VAE's tensors.
pub fn vae(config: &AutoencoderKlConfig) -> Vec<Parameter> {
    let mut listing = Listing::default();
    let channels = &config.block_out_channels;
    let (finest, coarsest, latents) = (channels[0], channels[channels.len() - 1], config.latent_channels);
    listing.layer("encoder.conv_in", config.in_channels, finest, 9);
    let mut width = finest;
    for (level, &outputs) in channels.iter().enumerate() {
        for i in 0..config.layers_per_block {
            listing.resnet(&format!("encoder.down_blocks.{level}.resnets.{i}"), width, outputs, None);
            width = outputs;
        }
        if level + 1 < channels.len() {
            listing.layer(&format!("encoder.down_blocks.{level}.downsamplers.0.conv"), width, width, 9);
        }
    }
    listing.vae_middle("encoder.mid_block", coarsest, config.mid_block_add_attention);
    listing.norm("encoder.conv_norm_out", coarsest);
    listing.layer("encoder.conv_out", coarsest, 2 * latents, 9);
    if config.use_quant_conv {
        listing.layer("quant_conv", 2 * latents, 2 * latents, 1);
    }
    if config.use_post_quant_conv {
        listing.layer("post_quant_conv", latents, latents, 1);
    }
    listing.layer("decoder.conv_in", latents, coarsest, 9);
    listing.vae_middle("decoder.mid_block", coarsest, config.mid_block_add_attention);
    let mut width = coarsest;
    for (index, &outputs) in channels.iter().rev().enumerate() {
        for i in 0..config.layers_per_block + 1 {
            listing.resnet(&format!("decoder.up_blocks.{index}.resnets.{i}"), width, outputs, None);
            width = outputs;
        }
        if index + 1 < channels.len() {
            listing.layer(&format!("decoder.up_blocks.{index}.upsamplers.0.conv"), width, width, 9);
        }
    }
    listing.norm("decoder.conv_norm_out", finest);
    listing.layer("decoder.conv_out", finest, config.out_channels, 9);
    listing.parameters
}
