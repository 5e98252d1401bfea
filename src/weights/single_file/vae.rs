//! The autoencoder of a checkpoint. Its levels are counted from the finest in both directions, where
//! diffusers counts the decoder's from the coarsest.

use serde_json::json;

use super::{Names, Part};

/// The autoencoder, if the file has one.
pub(super) fn find<'a>(names: &'a Names<'a>) -> Option<Part<'a>> {
    let prefixes = ["first_stage_model.", "vae.", ""];
    let prefix = prefixes.into_iter().find(|prefix| {
        names.has(&format!("{prefix}encoder.conv_in.weight"))
            && names.has(&format!("{prefix}decoder.mid.block_1.conv1.weight"))
    })?;
    let mut vae = Part::new(names, prefix);
    let levels = vae.count("encoder.down");
    for level in 0..levels {
        let (original, name) = (format!("encoder.down.{level}"), format!("encoder.down_blocks.{level}"));
        for block in 0..vae.count(&format!("{original}.block")) {
            resnet(&mut vae, &format!("{original}.block.{block}"), &format!("{name}.resnets.{block}"));
        }
        vae.layer(&format!("{original}.downsample.conv"), &format!("{name}.downsamplers.0.conv"));
        let (original, name) =
            (format!("decoder.up.{level}"), format!("decoder.up_blocks.{}", levels - 1 - level));
        for block in 0..vae.count(&format!("{original}.block")) {
            resnet(&mut vae, &format!("{original}.block.{block}"), &format!("{name}.resnets.{block}"));
        }
        vae.layer(&format!("{original}.upsample.conv"), &format!("{name}.upsamplers.0.conv"));
    }
    for half in ["encoder", "decoder"] {
        vae.layer(&format!("{half}.conv_in"), &format!("{half}.conv_in"));
        vae.layer(&format!("{half}.norm_out"), &format!("{half}.conv_norm_out"));
        vae.layer(&format!("{half}.conv_out"), &format!("{half}.conv_out"));
        for (from, to) in [("block_1", "resnets.0"), ("block_2", "resnets.1")] {
            resnet(&mut vae, &format!("{half}.mid.{from}"), &format!("{half}.mid_block.{to}"));
        }
        let (from, to) = (format!("{half}.mid.attn_1"), format!("{half}.mid_block.attentions.0"));
        vae.layer(&format!("{from}.norm"), &format!("{to}.group_norm"));
        for (original, name) in [("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("proj_out", "to_out.0")] {
            vae.pointwise_layer(&format!("{from}.{original}"), &format!("{to}.{name}"));
        }
    }
    vae.layer("quant_conv", "quant_conv");
    vae.layer("post_quant_conv", "post_quant_conv");

    let channels =
        (0..levels).map(|level| vae.side(&format!("encoder.down.{level}.block.0.conv1.weight"), 0));
    vae.configure(json!({
        "_class_name": "AutoencoderKL",
        "in_channels": vae.side("encoder.conv_in.weight", 1),
        "out_channels": vae.side("decoder.conv_out.weight", 0),
        "latent_channels": vae.side("decoder.conv_in.weight", 1),
        "block_out_channels": channels.collect::<Vec<_>>(),
        "down_block_types": vec!["DownEncoderBlock2D"; levels],
        "up_block_types": vec!["UpDecoderBlock2D"; levels],
        "layers_per_block": vae.count("encoder.down.0.block"),
        "use_quant_conv": vae.has("quant_conv.weight"),
        "use_post_quant_conv": vae.has("post_quant_conv.weight"),
        "mid_block_add_attention": vae.has("encoder.mid.attn_1.q.weight"),
    }));
    Some(vae)
}

fn resnet(vae: &mut Part, original: &str, name: &str) {
    for layer in ["norm1", "conv1", "norm2", "conv2"] {
        vae.layer(&format!("{original}.{layer}"), &format!("{name}.{layer}"));
    }
    vae.layer(&format!("{original}.nin_shortcut"), &format!("{name}.conv_shortcut"));
}
