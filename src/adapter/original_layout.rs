//! Dotted names of original checkpoints with kohya's factors.
//!
//! - ComfyUI's *Extract and Save Lora*: `diffusion_model.input_blocks.1.1.….attn1.to_q.lora_down.weight`,
//!   `text_encoders.clip_l.transformer.text_model.….q_proj.lora_down.weight` (`clip_h` in Stable Diffusion 2);
//!   without alpha; differences instead of factors end in `.diff`
//! - OneTrainer's OMI format: `unet.input_blocks.….lora_down.weight`, `clip_l.text_model.….lora_down.weight`

use super::module_path::normal_path;
use super::original_path::path_from_original_words;
use super::part::Part;

const UNET_PREFIXES: [&str; 2] = ["diffusion_model.", "unet."];
const TEXT_PREFIXES: [&str; 3] =
    ["text_encoders.clip_l.transformer.", "text_encoders.clip_h.transformer.", "clip_l."];
/// What the names of tensors that belong to a layer go on with.
const ENDINGS: [&str; 3] = [".lora_", ".alpha", ".diff"];

pub(super) fn part(key: &str) -> Option<Part> {
    let cut = ENDINGS.iter().filter_map(|ending| key.rfind(ending)).max()?;
    let (name, suffix) = (&key[..cut], &key[cut + 1..]);
    let behind = |prefixes: &[&str]| prefixes.iter().find_map(|prefix| name.strip_prefix(prefix));
    let unet = behind(&UNET_PREFIXES).and_then(|path| {
        let words: Vec<&str> = path.split(['.', '_']).collect();
        path_from_original_words(&words)
    });
    let path = unet.or_else(|| normal_path(behind(&TEXT_PREFIXES)?))?;
    Part::by_suffix(path, suffix)
}
