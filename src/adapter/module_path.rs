//! Names of adapted layers: upstream's module path ↔ kohya's flat name.
//!
//! kohya replaces every `.` of the path by `_`, which loses where the dots were, because names such
//! as `to_out` hold an underscore themselves. The linear layers and convolutions of a diffusers U-Net
//! follow one grammar, so the dots can be restored:
//!
//! ```text
//! path  = "conv_in" | "conv_out" | block "." layer
//! block = ("down_blocks." | "up_blocks.") N  |  "mid_block"
//! layer = "resnets." N "." ("conv1" | "conv2" | "time_emb_proj" | "conv_shortcut")
//!       | ("downsamplers" | "upsamplers") ".0.conv"
//!       | "attentions." N "." ("proj_in" | "proj_out" | "transformer_blocks." N "." inner)
//! inner = "ff.net.0.proj" | "ff.net.2"
//!       | ("attn1" | "attn2") "." ("to_q" | "to_k" | "to_v" | "to_out.0")      an attention projection
//! ```

/// What kohya's keys of the U-Net begin with.
const PREFIX: &str = "lora_unet_";

/// `lora_unet_down_blocks_0_…_attn1_to_out_0` for `down_blocks.0.….attn1.to_out.0`.
pub fn kohya_name(path: &str) -> String {
    format!("{PREFIX}{}", path.replace('.', "_"))
}

/// The path behind a kohya name; `None` if it is no attention projection of a diffusers U-Net.
pub fn path_from_kohya_name(name: &str) -> Option<String> {
    layer_path_from_kohya_name(name).filter(|path| is_projection(path))
}

/// The path behind a kohya name; `None` if it is no linear layer or convolution of a diffusers U-Net.
pub fn layer_path_from_kohya_name(name: &str) -> Option<String> {
    path_from_words(name.strip_prefix(PREFIX)?)
}

/// Whether a dotted path is an attention projection of a diffusers U-Net.
pub(super) fn is_attention_projection(path: &str) -> bool {
    is_projection(path) && path_from_words(&path.replace('.', "_")).is_some_and(|restored| restored == path)
}

/// Of a path that follows the grammar.
fn is_projection(path: &str) -> bool {
    path.contains(".attn")
}

fn path_from_words(words: &str) -> Option<String> {
    let words: Vec<&str> = words.split('_').collect();
    let (block, rest) = match words.as_slice() {
        ["conv", end @ ("in" | "out")] => return Some(format!("conv_{end}")),
        [side @ ("down" | "up"), "blocks", block, rest @ ..] => {
            (format!("{side}_blocks.{}", index(block)?), rest)
        }
        ["mid", "block", rest @ ..] => ("mid_block".to_owned(), rest),
        _ => return None,
    };
    let layer = match rest {
        ["resnets", resnet, layer @ ..] => {
            let layer = match layer {
                [conv @ ("conv1" | "conv2")] => conv,
                ["time", "emb", "proj"] => "time_emb_proj",
                ["conv", "shortcut"] => "conv_shortcut",
                _ => return None,
            };
            format!("resnets.{}.{layer}", index(resnet)?)
        }
        [sampler @ ("downsamplers" | "upsamplers"), "0", "conv"] => format!("{sampler}.0.conv"),
        ["attentions", attention, layer @ ..] => {
            format!("attentions.{}.{}", index(attention)?, transformer_layer(layer)?)
        }
        _ => return None,
    };
    Some(format!("{block}.{layer}"))
}

fn transformer_layer(words: &[&str]) -> Option<String> {
    let (block, layer) = match words {
        ["proj", end @ ("in" | "out")] => return Some(format!("proj_{end}")),
        ["transformer", "blocks", block, layer @ ..] => (index(block)?, layer),
        _ => return None,
    };
    let layer = match layer {
        ["ff", "net", "0", "proj"] => "ff.net.0.proj".to_owned(),
        ["ff", "net", "2"] => "ff.net.2".to_owned(),
        [attention @ ("attn1" | "attn2"), "to", projection @ ..] => {
            let projection = match projection {
                [name @ ("q" | "k" | "v")] => format!("to_{name}"),
                ["out", "0"] => "to_out.0".to_owned(),
                _ => return None,
            };
            format!("{attention}.{projection}")
        }
        _ => return None,
    };
    Some(format!("transformer_blocks.{block}.{layer}"))
}

/// A number as upstream writes it: one to three digits, no sign.
fn index(word: &str) -> Option<&str> {
    let digits = (1..=3).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some(word)
}
