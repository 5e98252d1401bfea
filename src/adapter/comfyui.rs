//! What ComfyUI's *Extract and Save Lora* writes: the names that the model has within ComfyUI, with kohya's
//! factors.
//!
//! - U-Net: `diffusion_model.input_blocks.1.1.….attn1.to_q.lora_down.weight`
//! - text encoder: `text_encoders.clip_l.transformer.text_model.….q_proj.lora_down.weight` (`clip_h` in
//!   Stable Diffusion 2)
//!
//! There is no alpha; differences instead of factors end in `.diff`.

use super::module_path::normal_path;
use super::original_path::path_from_original_words;
use super::part::Part;

const UNET_PREFIX: &str = "diffusion_model.";
const TEXT_PREFIXES: [&str; 2] = ["text_encoders.clip_l.transformer.", "text_encoders.clip_h.transformer."];

pub(super) fn part(key: &str) -> Option<Part> {
    let suffix_start =
        |name: &str| [".lora_", ".alpha", ".diff"].into_iter().filter_map(|suffix| name.rfind(suffix)).max();
    let split = |rest: &'_ str| {
        let cut = suffix_start(rest)?;
        Some((rest[..cut].to_owned(), rest[cut + 1..].to_owned()))
    };
    if let Some(rest) = key.strip_prefix(UNET_PREFIX) {
        let (path, suffix) = split(rest)?;
        let words: Vec<&str> = path.split(['.', '_']).collect();
        return Part::by_suffix(path_from_original_words(&words)?, &suffix);
    }
    let rest = TEXT_PREFIXES.iter().find_map(|prefix| key.strip_prefix(prefix))?;
    let (path, suffix) = split(rest)?;
    Part::by_suffix(normal_path(&path)?, &suffix)
}
