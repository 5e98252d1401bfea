//! diffusers' paths of the U-Net's layers that a file names as original checkpoints do
//! (`input_blocks.1.1.proj_in`).
//!
//! A LoRA does not tell how many layers a level has, so they are taken for the two of Stable Diffusion 1.x
//! and 2.x (L level, l layer; middle and ends apart):
//!
//! ```text
//! input_blocks.(3L + l + 1).{0, 1}  =  down_blocks.L.{resnets, attentions}.l
//! input_blocks.(3L + 3).0.op        =  down_blocks.L.downsamplers.0.conv
//! output_blocks.(3L + l).{0, 1}     =  up_blocks.L.{resnets, attentions}.l
//! output_blocks.(3L + 2).{1, 2}.conv = up_blocks.L.upsamplers.0.conv
//! ```

use crate::weights::RESNET_LAYERS;

use super::module_path::{index, transformer_layer};

/// Blocks of one level: two layers and a downsampler, or three layers of which the last upsamples.
const BLOCKS_PER_LEVEL: usize = 3;

/// The path behind an original name, split at its dots or underscores; `None` if it is no layer that can
/// be adapted.
pub(super) fn path_from_original_words(words: &[&str]) -> Option<String> {
    match words {
        ["input", "blocks", "0", "0"] => Some("conv_in".to_owned()),
        ["out", "2"] => Some("conv_out".to_owned()),
        ["middle", "block", "0", layer @ ..] => piece("mid_block", 0, "0", layer),
        ["middle", "block", "1", layer @ ..] => piece("mid_block", 0, "1", layer),
        ["middle", "block", "2", layer @ ..] => piece("mid_block", 1, "0", layer),
        ["input", "blocks", block, module, layer @ ..] => {
            let place = index(block)?.parse::<usize>().ok()?.checked_sub(1)?;
            let (level, place) = (place / BLOCKS_PER_LEVEL, place % BLOCKS_PER_LEVEL);
            let block = format!("down_blocks.{level}");
            if place + 1 < BLOCKS_PER_LEVEL {
                return piece(&block, place, module, layer);
            }
            (*module == "0" && layer == ["op"]).then(|| format!("{block}.downsamplers.0.conv"))
        }
        ["output", "blocks", block, module, layer @ ..] => {
            let place = index(block)?.parse::<usize>().ok()?;
            let (level, place) = (place / BLOCKS_PER_LEVEL, place % BLOCKS_PER_LEVEL);
            let block = format!("up_blocks.{level}");
            let upsamples = matches!(*module, "1" | "2") && layer == ["conv"];
            if upsamples && place + 1 == BLOCKS_PER_LEVEL {
                return Some(format!("{block}.upsamplers.0.conv"));
            }
            piece(&block, place, module, layer)
        }
        _ => None,
    }
}

/// A layer of the residual block (module 0) or of the transformer (1) at this place of a block.
fn piece(block: &str, place: usize, module: &str, layer: &[&str]) -> Option<String> {
    match module {
        "0" => {
            let words = layer.join("_");
            let mut layers = RESNET_LAYERS.iter();
            let (_, name) = layers.find(|(original, _)| original.replace('.', "_") == words)?;
            // Norms are not adapted.
            (!name.starts_with("norm")).then(|| format!("{block}.resnets.{place}.{name}"))
        }
        "1" => Some(format!("{block}.attentions.{place}.{}", transformer_layer(layer)?)),
        _ => None,
    }
}
