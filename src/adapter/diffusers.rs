//! LoRA keys of diffusers and peft, for reading; COMPONENT is `unet` or `text_encoder`:
//!
//! - diffusers with peft: `COMPONENT.PATH.lora_A.weight`, `COMPONENT.PATH.lora_B.weight`
//! - diffusers' training scripts: `unet.PATH.lora.down.weight`, `unet.PATH.lora.up.weight`, and for the text
//!   encoder `text_encoder.PATH.lora_linear_layer.down.weight`
//! - older: `unet.….attn1.processor.to_q_lora.down.weight`, where `to_out_lora` means `to_out.0`, and
//!   `text_encoder.….self_attn.to_q_lora.down.weight`
//! - peft alone: `base_model.model.PATH.lora_A.weight`, a file for each component
//!
//! The text encoder's PATH may lack `text_model.`, as newer versions of transformers have it.
//!
//! The tensors carry no alpha: [`PeftConfig`](super::peft_config::PeftConfig) tells it. Where a component was saved
//! alone (diffusers' `save_lora_adapter`), the tensors' keys don't begin with COMPONENT.

use super::module_path::normal_path;
use super::part::Part;

/// What the keys of files that peft alone wrote begin with.
const PEFT_PREFIX: &str = "base_model.model.";

/// What the keys of the U-Net begin with.
pub(super) const UNET: &str = "unet.";

/// Whether a file of this key has its scale in `adapter_config.json`.
pub(super) fn is_peft_alone(key: &str) -> bool {
    key.starts_with(PEFT_PREFIX)
}

pub(super) fn part(key: &str) -> Option<Part> {
    let key = key.strip_prefix(PEFT_PREFIX).unwrap_or(key);
    let key = key.strip_prefix(UNET).unwrap_or(key);
    let (path, suffix) = match key.split_once(".processor.") {
        Some((attention, rest)) => {
            let (projection, suffix) = rest.split_once("_lora.")?;
            let projection = if projection == "to_out" { "to_out.0" } else { projection };
            (format!("{attention}.{projection}"), format!("lora.{suffix}"))
        }
        None if key.contains(".self_attn.to_") => {
            let (attention, rest) = key.split_once(".to_")?;
            let (projection, suffix) = rest.split_once("_lora.")?;
            (format!("{attention}.{projection}_proj"), format!("lora.{suffix}"))
        }
        None => {
            let cut = key.find(".lora").or_else(|| key.find(".alpha"))?;
            (key[..cut].to_owned(), key[cut + 1..].to_owned())
        }
    };
    Part::by_suffix(normal_path(&path)?, &suffix)
}
