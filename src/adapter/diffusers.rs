//! LoRA keys of diffusers and peft, for reading:
//!
//! - peft: `unet.PATH.lora_A.weight`, `unet.PATH.lora_B.weight` (or `base_model.model.PATH.…`)
//! - diffusers' training scripts: `unet.PATH.lora.down.weight`, `unet.PATH.lora.up.weight`
//! - older: `unet.….attn1.processor.to_q_lora.down.weight`, where `to_out_lora` means `to_out.0`
//!
//! The tensors carry no alpha. Files of newer versions tell it in the metadata entry
//! `lora_adapter_metadata`, peft's configuration as JSON; without it alpha = rank, as diffusers assumes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::module_path::is_attention_projection;
use super::part::Part;

pub(super) fn part(key: &str) -> Option<Part> {
    let prefixes = ["unet.", "base_model.model.unet.", "base_model.model."];
    let key = prefixes.iter().find_map(|prefix| key.strip_prefix(prefix)).unwrap_or(key);
    let (path, suffix) = match key.split_once(".processor.") {
        Some((attention, rest)) => {
            let (projection, suffix) = rest.split_once("_lora.")?;
            let projection = if projection == "to_out" { "to_out.0" } else { projection };
            (format!("{attention}.{projection}"), format!("lora.{suffix}"))
        }
        None => {
            let cut = key.find(".lora").or_else(|| key.find(".alpha"))?;
            (key[..cut].to_owned(), key[cut + 1..].to_owned())
        }
    };
    is_attention_projection(&path).then(|| Part::by_suffix(path, &suffix)).flatten()
}

/// What `lora_adapter_metadata` says about scales.
#[derive(Debug, Default)]
pub(super) struct PeftConfig {
    lora_alpha: Option<f32>,
    /// Exceptions by the end of the path.
    alpha_pattern: Map<String, Value>,
    /// Rank-stabilized LoRA scales by alpha/√rank.
    use_rslora: bool,
}

impl PeftConfig {
    /// A missing or unreadable entry says nothing.
    pub fn from_metadata(metadata: &BTreeMap<String, String>) -> Self {
        let json = metadata.get("lora_adapter_metadata").map_or("", String::as_str);
        let Ok(Value::Object(mut entries)) = serde_json::from_str(json) else { return Self::default() };
        let alpha_pattern = match entries.remove("unet.alpha_pattern") {
            Some(Value::Object(pattern)) => pattern,
            _ => Map::new(),
        };
        Self {
            lora_alpha: entries.get("unet.lora_alpha").and_then(finite),
            alpha_pattern,
            use_rslora: entries.get("unet.use_rslora").and_then(Value::as_bool).unwrap_or(false),
        }
    }

    /// The alpha with which scale = alpha/rank is peft's scale; `None` if the entry does not tell.
    pub fn alpha(&self, path: &str, rank: usize) -> Option<f32> {
        let exception = self.alpha_pattern.iter().find(|(pattern, _)| ends_with_path(path, pattern));
        let alpha = exception.and_then(|(_, alpha)| finite(alpha)).or(self.lora_alpha)?;
        Some(if self.use_rslora { alpha * (rank as f32).sqrt() } else { alpha })
    }
}

fn finite(value: &Value) -> Option<f32> {
    value.as_f64().map(|number| number as f32).filter(|number| number.is_finite())
}

fn ends_with_path(path: &str, pattern: &str) -> bool {
    path.strip_suffix(pattern).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
