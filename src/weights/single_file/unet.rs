//! The U-Net of a checkpoint: `input_blocks`, `middle_block`, `output_blocks` → diffusers' blocks.
//!
//! The original counts its pieces through: `input_blocks.0` is the first convolution, then each level's
//! layers (`.0` a residual block, `.1` a transformer) and its downsampler (`.0.op`) have a number each.
//! On the way up an upsampler is the last module of its level's last layer.

use serde_json::json;

use super::{Names, Part};

/// The layers of a residual block: the original name, diffusers' name.
pub(crate) const RESNET_LAYERS: [(&str, &str); 6] = [
    ("in_layers.0", "norm1"),
    ("in_layers.2", "conv1"),
    ("emb_layers.1", "time_emb_proj"),
    ("out_layers.0", "norm2"),
    ("out_layers.3", "conv2"),
    ("skip_connection", "conv_shortcut"),
];

/// Layers of one resolution, in the order in which they are met.
#[derive(Default)]
struct Level {
    channels: usize,
    layers: usize,
    /// Layers of each transformer; none without attention.
    transformer_layers: Option<usize>,
}

/// The U-Net, if the file has one.
pub(super) fn find<'a>(names: &'a Names<'a>) -> Option<Part<'a>> {
    let first = "input_blocks.0.0.weight";
    let prefix =
        ["model.diffusion_model.", ""].into_iter().find(|prefix| names.has(&format!("{prefix}{first}")))?;
    let mut unet = Part::new(names, prefix);
    unet.layer("time_embed.0", "time_embedding.linear_1");
    unet.layer("time_embed.2", "time_embedding.linear_2");
    unet.tensor("time_embed.cond_proj.weight", "time_embedding.cond_proj.weight");
    unet.layer("input_blocks.0.0", "conv_in");
    let (down, linear_projection, context) = way_down(&mut unet);
    let has_middle = middle(&mut unet, down.len());
    let up = way_up(&mut unet);
    unet.layer("out.0", "conv_norm_out");
    unet.layer("out.2", "conv_out");

    let heads = |level: &Level| if linear_projection { (level.channels / 64).max(1) } else { 8 };
    let block_type = |level: &Level, kind: &str| match level.transformer_layers {
        Some(_) => format!("CrossAttn{kind}"),
        None => kind.to_owned(),
    };
    let list = |value: &dyn Fn(&Level) -> usize| down.iter().map(value).collect::<Vec<_>>();
    unet.configure(json!({
        "_class_name": "UNet2DConditionModel",
        "in_channels": unet.side(first, 1),
        "out_channels": unet.side("out.2.weight", 0),
        "block_out_channels": list(&|level| level.channels),
        "down_block_types": down.iter().map(|level| block_type(level, "DownBlock2D")).collect::<Vec<_>>(),
        "up_block_types": up.iter().map(|level| block_type(level, "UpBlock2D")).collect::<Vec<_>>(),
        "mid_block_type": has_middle.then_some("UNetMidBlock2DCrossAttn"),
        "layers_per_block": list(&|level| level.layers),
        "transformer_layers_per_block": list(&|level| level.transformer_layers.unwrap_or(1)),
        "attention_head_dim": list(&heads),
        "cross_attention_dim": context,
        "use_linear_projection": linear_projection,
        "time_embedding_dim": unet.side("time_embed.0.weight", 0),
    }));
    if unet.has("time_embed.cond_proj.weight") {
        unet.configure(json!({ "time_cond_proj_dim": unet.side("time_embed.cond_proj.weight", 1) }));
    }
    Some(unet)
}

/// The levels, whether transformers project by linear layers, and the width of what they attend to.
fn way_down(unet: &mut Part) -> (Vec<Level>, bool, usize) {
    let (mut linear_projection, mut context) = (false, 0);
    let mut levels = vec![Level::default()];
    for index in 1..unet.count("input_blocks") {
        let block = format!("input_blocks.{index}");
        let place = levels.len() - 1;
        let Some(level) = levels.last_mut() else { break };
        if unet.has(&format!("{block}.0.op.weight")) {
            unet.layer(&format!("{block}.0.op"), &format!("down_blocks.{place}.downsamplers.0.conv"));
            levels.push(Level::default());
            continue;
        }
        let layer = level.layers;
        level.channels = unet.side(&format!("{block}.0.out_layers.3.weight"), 0);
        level.layers += 1;
        resnet(unet, &format!("{block}.0"), &format!("down_blocks.{place}.resnets.{layer}"));
        let transformer = format!("{block}.1");
        if unet.has(&format!("{transformer}.proj_in.weight")) {
            level.transformer_layers = Some(unet.count(&format!("{transformer}.transformer_blocks")));
            linear_projection =
                unet.get(&format!("{transformer}.proj_in.weight")).is_some_and(|w| w.shape.len() == 2);
            context = unet.side(&format!("{transformer}.transformer_blocks.0.attn2.to_k.weight"), 1);
            unet.below(&format!("{transformer}."), &format!("down_blocks.{place}.attentions.{layer}."));
        }
    }
    (levels, linear_projection, context)
}

/// Whether there is a middle; its transformer lies between two residual blocks.
fn middle(unet: &mut Part, levels: usize) -> bool {
    let there = levels > 0 && unet.has("middle_block.0.in_layers.0.weight");
    if there {
        resnet(unet, "middle_block.0", "mid_block.resnets.0");
        unet.below("middle_block.1.", "mid_block.attentions.0.");
        resnet(unet, "middle_block.2", "mid_block.resnets.1");
    }
    there
}

fn way_up(unet: &mut Part) -> Vec<Level> {
    let mut levels = vec![Level::default()];
    for index in 0..unet.count("output_blocks") {
        let block = format!("output_blocks.{index}");
        let place = levels.len() - 1;
        let Some(level) = levels.last_mut() else { break };
        let layer = level.layers;
        level.layers += 1;
        resnet(unet, &format!("{block}.0"), &format!("up_blocks.{place}.resnets.{layer}"));
        let transformer = format!("{block}.1");
        if unet.has(&format!("{transformer}.proj_in.weight")) {
            level.transformer_layers = Some(unet.count(&format!("{transformer}.transformer_blocks")));
            unet.below(&format!("{transformer}."), &format!("up_blocks.{place}.attentions.{layer}."));
        }
        let upsampler = [1, 2].map(|module| format!("{block}.{module}.conv"));
        if let Some(upsampler) = upsampler.iter().find(|path| unet.has(&format!("{path}.weight"))) {
            unet.layer(upsampler, &format!("up_blocks.{place}.upsamplers.0.conv"));
            levels.push(Level::default());
        }
    }
    levels
}

fn resnet(unet: &mut Part, original: &str, name: &str) {
    for (from, to) in RESNET_LAYERS {
        unet.layer(&format!("{original}.{from}"), &format!("{name}.{to}"));
    }
}
