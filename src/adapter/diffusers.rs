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
//! The tensors carry no alpha. Files of newer versions tell it in the metadata entry
//! `lora_adapter_metadata`, peft's configuration as JSON; without it alpha = rank, as diffusers assumes.
//! Where a component was saved alone (diffusers' `save_lora_adapter`), neither the tensors' keys nor the
//! configuration's begin with COMPONENT. peft alone tells the alpha in `adapter_config.json` beside the file.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Error;
use super::module_path::normal_path;
use super::part::Part;
use crate::model::adaptable::TEXT_ENCODER;

/// What the keys of files that peft alone wrote begin with.
const PEFT_PREFIX: &str = "base_model.model.";

/// What the keys of the U-Net begin with.
const UNET: &str = "unet.";

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

/// What peft's configuration says about the scales of each component's layers.
#[derive(Debug, Default)]
pub(super) struct PeftConfig {
    unet: Scales,
    text_encoder: Scales,
}

/// The scales of one component.
#[derive(Clone, Debug, Default)]
struct Scales {
    lora_alpha: Option<f32>,
    /// Exceptions; the first that a layer is among counts.
    alpha_pattern: Vec<(LayerPattern, Option<f32>)>,
    /// Rank-stabilized LoRA scales by alpha/√rank.
    use_rslora: bool,
}

impl PeftConfig {
    /// Reads `lora_adapter_metadata`; a missing or unreadable entry says nothing.
    ///
    /// # Errors
    /// [`Error::PeftConfig`]: it names layers by regular expressions.
    pub fn from_metadata(file: &str, metadata: &BTreeMap<String, String>) -> Result<Self, Error> {
        let json = metadata.get("lora_adapter_metadata").map_or("", String::as_str);
        let Ok(Value::Object(entries)) = serde_json::from_str(json) else { return Ok(Self::default()) };
        let components = [UNET, TEXT_ENCODER];
        let named = entries.keys().any(|key| components.iter().any(|component| key.starts_with(component)));
        if !named {
            return Ok(Self::of_one_component(Scales::from_entries(file, &entries, "")?));
        }
        let [unet, text_encoder] =
            components.map(|component| Scales::from_entries(file, &entries, component));
        Ok(Self { unet: unet?, text_encoder: text_encoder? })
    }

    /// Reads an `adapter_config.json`, which is about one component.
    ///
    /// # Errors
    /// [`Error::PeftConfig`]: it is no configuration of a LoRA, leaves out what scales are made of, or names
    /// layers by regular expressions.
    pub fn from_json(file: &str, json: &str) -> Result<Self, Error> {
        let Ok(Value::Object(entries)) = serde_json::from_str(json) else {
            return Err(wrong("it is not a JSON object", file));
        };
        if entries.get("peft_type").and_then(Value::as_str).is_some_and(|kind| kind != "LORA") {
            return Err(wrong("its peft_type is not LORA", file));
        }
        let scales = Scales::from_entries(file, &entries, "")?;
        if scales.lora_alpha.is_none() {
            return Err(wrong("it has no lora_alpha", file));
        }
        Ok(Self::of_one_component(scales))
    }

    /// Which component that is, the tensors' names tell.
    fn of_one_component(scales: Scales) -> Self {
        Self { unet: scales.clone(), text_encoder: scales }
    }

    /// The alpha with which scale = alpha/rank is peft's scale; `None` if the configuration does not tell.
    pub fn alpha(&self, path: &str, rank: usize) -> Option<f32> {
        let scales = if path.starts_with(TEXT_ENCODER) { &self.text_encoder } else { &self.unet };
        scales.alpha(path, rank)
    }
}

impl Scales {
    fn from_entries(file: &str, entries: &Map<String, Value>, prefix: &str) -> Result<Self, Error> {
        let entry = |name: &str| entries.get(&format!("{prefix}{name}"));
        let exceptions = entry("alpha_pattern").and_then(Value::as_object).into_iter().flatten();
        let alpha_pattern = exceptions.map(|(pattern, alpha)| {
            let layers = LayerPattern::parse(pattern).ok_or_else(|| {
                wrong("its alpha_pattern holds regular expressions, and only layers' names are read", file)
            });
            Ok((layers?, finite(alpha)))
        });
        Ok(Self {
            lora_alpha: entry("lora_alpha").and_then(finite),
            alpha_pattern: alpha_pattern.collect::<Result<_, Error>>()?,
            use_rslora: entry("use_rslora").and_then(Value::as_bool).unwrap_or(false),
        })
    }

    fn alpha(&self, path: &str, rank: usize) -> Option<f32> {
        let exception = self.alpha_pattern.iter().find(|(layers, _)| layers.include(path));
        let alpha = exception.and_then(|(_, alpha)| *alpha).or(self.lora_alpha)?;
        Some(if self.use_rslora { alpha * (rank as f32).sqrt() } else { alpha })
    }
}

/// The layers that a key of `alpha_pattern` means: peft matches `(.*\.)?(KEY)$` with a layer's path. Read are keys
/// that are a path or its end as they stand, with `^` before a whole path, and with dots escaped.
#[derive(Clone, Debug)]
struct LayerPattern {
    path: String,
    whole: bool,
}

impl LayerPattern {
    /// `None` for any other regular expression.
    fn parse(key: &str) -> Option<Self> {
        let whole = key.starts_with('^');
        let path = key.strip_prefix('^').unwrap_or(key).replace("\\.", ".");
        let literal = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_');
        path.chars().all(literal).then_some(Self { path, whole })
    }

    fn include(&self, path: &str) -> bool {
        let path = path.strip_prefix(TEXT_ENCODER).unwrap_or(path);
        match path.strip_suffix(&self.path) {
            // Newer versions of transformers have no `text_model.`.
            Some(before) if self.whole => matches!(before, "" | "text_model."),
            Some(before) => before.is_empty() || before.ends_with('.'),
            None => false,
        }
    }
}

fn wrong(problem: &str, file: &str) -> Error {
    Error::PeftConfig { file: file.to_owned(), problem: problem.to_owned() }
}

fn finite(value: &Value) -> Option<f32> {
    value.as_f64().map(|number| number as f32).filter(|number| number.is_finite())
}
