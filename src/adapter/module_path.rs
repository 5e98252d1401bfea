//! Names of adapted layers: upstream's module path ↔ kohya's flat name.
//!
//! kohya replaces every `.` of the path by `_`, which loses where the dots were, because names such
//! as `to_out` hold an underscore themselves. The attention projections of a diffusers U-Net follow
//! one grammar, so the dots can be restored:
//!
//! ```text
//! path  = block "transformer_blocks." N "." ("attn1" | "attn2") "." ("to_q" | "to_k" | "to_v" | "to_out.0")
//! block = ("down_blocks." | "up_blocks.") N ".attentions." N "."  |  "mid_block.attentions." N "."
//! ```

/// What kohya's keys of the U-Net begin with.
const PREFIX: &str = "lora_unet_";

/// `lora_unet_down_blocks_0_…_attn1_to_out_0` for `down_blocks.0.….attn1.to_out.0`.
pub fn kohya_name(path: &str) -> String {
    format!("{PREFIX}{}", path.replace('.', "_"))
}

/// The path behind a kohya name; `None` if it is no attention projection of a diffusers U-Net.
pub fn path_from_kohya_name(name: &str) -> Option<String> {
    path_from_words(name.strip_prefix(PREFIX)?)
}

/// Whether a dotted path is an attention projection of a diffusers U-Net.
pub(super) fn is_attention_projection(path: &str) -> bool {
    path_from_words(&path.replace('.', "_")).is_some_and(|restored| restored == path)
}

fn path_from_words(words: &str) -> Option<String> {
    let words: Vec<&str> = words.split('_').collect();
    let (block, rest) = match words.as_slice() {
        [side @ ("down" | "up"), "blocks", block, "attentions", attention, rest @ ..] => {
            (format!("{side}_blocks.{}.attentions.{}", index(block)?, index(attention)?), rest)
        }
        ["mid", "block", "attentions", attention, rest @ ..] => {
            (format!("mid_block.attentions.{}", index(attention)?), rest)
        }
        _ => return None,
    };
    let ["transformer", "blocks", transformer, attention @ ("attn1" | "attn2"), "to", projection @ ..] = rest
    else {
        return None;
    };
    let projection = match projection {
        ["q"] => "to_q",
        ["k"] => "to_k",
        ["v"] => "to_v",
        ["out", "0"] => "to_out.0",
        _ => return None,
    };
    Some(format!("{block}.transformer_blocks.{}.{attention}.{projection}", index(transformer)?))
}

/// A number as upstream writes it: one to three digits, no sign.
fn index(word: &str) -> Option<&str> {
    let digits = (1..=3).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some(word)
}
