//! Names of adapted layers: upstream's module path ↔ kohya's flat name.
//!
//! kohya replaces every `.` of the path by `_`, which loses where the dots were, because names such
//! as `to_out` hold an underscore themselves. The linear layers and convolutions of a diffusers U-Net and
//! of transformers' CLIP text encoder follow one grammar, so the dots can be restored:
//!
//! ```text
//! path  = "conv_in" | "conv_out" | block "." layer | "text_encoder." text
//! block = ("down_blocks." | "up_blocks.") N  |  "mid_block"
//! layer = "resnets." N "." ("conv1" | "conv2" | "time_emb_proj" | "conv_shortcut")
//!       | ("downsamplers" | "upsamplers") ".0.conv"
//!       | "attentions." N "." ("proj_in" | "proj_out" | "transformer_blocks." N "." inner)
//! inner = "ff.net.0.proj" | "ff.net.2"
//!       | ("attn1" | "attn2") "." ("to_q" | "to_k" | "to_v" | "to_out.0")
//! text  = "text_model.encoder.layers." N "." ("self_attn." ("q" | "k" | "v" | "out") "_proj" | "mlp.fc1" | "mlp.fc2")
//! ```
//!
//! Some programs flatten the names of original checkpoints instead of diffusers' paths
//! ([`original_path`](super::original_path)); those are read, never written.

use crate::model::adaptable::TEXT_ENCODER;

use super::original_path::path_from_original_words;

/// What kohya's keys of the U-Net begin with.
const UNET_PREFIX: &str = "lora_unet_";
/// And those of the text encoder.
const TEXT_PREFIX: &str = "lora_te_";
/// And where diffusers made them: its `convert_state_dict_to_kohya` numbers even a single one.
const NUMBERED_TEXT_PREFIX: &str = "lora_te1_";

/// `lora_unet_down_blocks_0_…_attn1_to_out_0` for `down_blocks.0.….attn1.to_out.0`,
/// `lora_te_text_model_…_q_proj` for `text_encoder.text_model.….q_proj`.
pub fn kohya_name(path: &str) -> String {
    let (prefix, path) = match path.strip_prefix(TEXT_ENCODER) {
        Some(path) => (TEXT_PREFIX, path),
        None => (UNET_PREFIX, path),
    };
    format!("{prefix}{}", path.replace('.', "_"))
}

/// diffusers' path behind a kohya name, whichever of the two layouts it was made from; `None` if it is no
/// layer that can be adapted.
pub fn path_from_kohya_name(name: &str) -> Option<String> {
    match name.strip_prefix(TEXT_PREFIX).or_else(|| name.strip_prefix(NUMBERED_TEXT_PREFIX)) {
        Some(words) => text_path_from_words(words),
        None => {
            let words = name.strip_prefix(UNET_PREFIX)?;
            let original = || path_from_original_words(&words.split('_').collect::<Vec<_>>());
            unet_path_from_words(words).or_else(original)
        }
    }
}

/// A dotted path as it is written here; `None` if it is none of the grammar. The text encoder's may come
/// without `text_encoder.`, and, as newer versions of transformers have them, without `text_model.`.
pub(super) fn normal_path(path: &str) -> Option<String> {
    let bare = path.strip_prefix(TEXT_ENCODER).unwrap_or(path);
    let words = path.replace('.', "_");
    let unet = unet_path_from_words(&words).filter(|restored| restored == path);
    unet.or_else(|| {
        let full =
            if bare.starts_with("text_model.") { bare.to_owned() } else { format!("text_model.{bare}") };
        let restored = text_path_from_words(&full.replace('.', "_"))?;
        (restored.strip_prefix(TEXT_ENCODER) == Some(&full)).then_some(restored)
    })
}

fn text_path_from_words(words: &str) -> Option<String> {
    let rest = words.strip_prefix("text_model_encoder_layers_")?;
    let (layer, name) = rest.split_once('_')?;
    let name = match name {
        "self_attn_q_proj" => "self_attn.q_proj",
        "self_attn_k_proj" => "self_attn.k_proj",
        "self_attn_v_proj" => "self_attn.v_proj",
        "self_attn_out_proj" => "self_attn.out_proj",
        "mlp_fc1" => "mlp.fc1",
        "mlp_fc2" => "mlp.fc2",
        _ => return None,
    };
    Some(format!("{TEXT_ENCODER}text_model.encoder.layers.{}.{name}", index(layer)?))
}

fn unet_path_from_words(words: &str) -> Option<String> {
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

/// Within a transformer, both layouts call the layers alike.
pub(super) fn transformer_layer(words: &[&str]) -> Option<String> {
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
pub(super) fn index(word: &str) -> Option<&str> {
    let digits = (1..=3).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some(word)
}
