//! Every tensor of a model by name and number of values, from its configs alone.

use crate::model::clip::ClipConfig;
use crate::model::clip_encoder::EncoderConfig;
use crate::model::clip_text::ClipTextConfig;
use crate::model::taesd::AutoencoderTinyConfig;
use crate::model::unet_config::UNet2DConditionConfig;
use crate::model::unet_segments::{SegmentKind, SegmentShape};
use crate::model::vae_config::AutoencoderKlConfig;
use crate::model::vit::VitConfig;

/// Red, green, blue.
pub(super) const COLOURS: usize = 3;

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

    /// The layers of CLIP's transformer.
    fn encoder(&mut self, path: &str, config: &EncoderConfig) {
        let (width, intermediate_size) = (config.hidden_size, config.intermediate_size);
        for layer in 0..config.num_hidden_layers {
            let path = format!("{path}.{layer}");
            for projection in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                self.layer(&format!("{path}.self_attn.{projection}"), width, width, 1);
            }
            self.norm(&format!("{path}.layer_norm1"), width);
            self.norm(&format!("{path}.layer_norm2"), width);
            self.layer(&format!("{path}.mlp.fc1"), width, intermediate_size, 1);
            self.layer(&format!("{path}.mlp.fc2"), intermediate_size, width, 1);
        }
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
    listing.encoder("encoder.layers", &config.encoder());
    listing.norm("final_layer_norm", width);
    listing.parameters
}

/// A CLIP's tensors without those of its text tower.
pub fn clip_vision(config: &ClipConfig) -> Vec<Parameter> {
    let mut listing = Listing::default();
    let (vision, projected) = (&config.vision_config, config.projection_dim);
    let (width, patch) = (vision.hidden_size, vision.patch_size);
    listing.tensor("text_projection.weight".to_owned(), projected, config.text_config.hidden_size);
    listing.tensor("visual_projection.weight".to_owned(), projected, width);
    let embeddings = "vision_model.embeddings";
    listing.tensor(format!("{embeddings}.class_embedding"), width, 1);
    listing.tensor(format!("{embeddings}.patch_embedding.weight"), width, COLOURS * patch * patch);
    let positions = (vision.image_size / patch).pow(2) + 1;
    listing.tensor(format!("{embeddings}.position_embedding.weight"), positions, width);
    // Upstream's spelling.
    listing.norm("vision_model.pre_layrnorm", width);
    listing.encoder("vision_model.encoder.layers", &vision.encoder());
    listing.norm("vision_model.post_layernorm", width);
    listing.parameters
}

/// A DINO's tensors. Within its layers they are called as CLIP's.
pub fn vit(config: &VitConfig) -> Vec<Parameter> {
    let mut listing = Listing::default();
    let (width, patch) = (config.hidden_size, config.patch_size);
    listing.tensor("embeddings.cls_token".to_owned(), width, 1);
    listing.layer("embeddings.patch_embeddings.projection", COLOURS * patch * patch, width, 1);
    let positions = (config.image_size / patch).pow(2) + 1;
    listing.tensor("embeddings.position_embeddings".to_owned(), positions, width);
    listing.encoder("encoder.layer", &config.encoder());
    listing.norm("layernorm", width);
    listing.parameters
}

/// The tiny autoencoder's tensors. Its layers are called by their kinds here, upstream by their places in a list.
pub fn taesd(config: &AutoencoderTinyConfig) -> Vec<Parameter> {
    let mut listing = Listing::default();
    let (encoder, decoder) = (config.encoder_block_out_channels[0], config.decoder_block_out_channels[0]);
    for (half, inputs, channels, outputs, blocks) in [
        ("encoder", config.in_channels, encoder, config.latent_channels, &config.num_encoder_blocks),
        ("decoder", config.latent_channels, decoder, config.out_channels, &config.num_decoder_blocks),
    ] {
        listing.layer(&format!("{half}.first"), inputs, channels, 9);
        for (level, &count) in blocks.iter().enumerate() {
            if level > 0 {
                listing.tensor(format!("{half}.{level}.resampler.weight"), channels, channels * 9);
            }
            for convolution in 0..3 * count {
                listing.layer(&format!("{half}.{level}.{convolution}"), channels, channels, 9);
            }
        }
        listing.layer(&format!("{half}.last"), channels, outputs, 9);
    }
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
