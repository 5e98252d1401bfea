//! peft's configuration, which tells the scales of a file's layers.
//!
//! Files of newer versions of diffusers have it in the metadata entry `lora_adapter_metadata`, as JSON; its keys begin
//! with a component's name unless that was saved alone. peft alone writes it to `adapter_config.json` beside the
//! file. Without it alpha = rank, as diffusers assumes.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::Error;
use super::diffusers::UNET;
use crate::model::adaptable::TEXT_ENCODER;

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
        let Ok(entries) = serde_json::from_str::<Entries>(json) else { return Ok(Self::default()) };
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
        let Ok(entries) = serde_json::from_str::<Entries>(json) else {
            return Err(wrong("it is not a JSON object", file));
        };
        if entries
            .get("peft_type")
            .and_then(Entry::value)
            .and_then(Value::as_str)
            .is_some_and(|kind| kind != "LORA")
        {
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
    fn from_entries(file: &str, entries: &Entries, prefix: &str) -> Result<Self, Error> {
        let entry = |name: &str| entries.get(&format!("{prefix}{name}"));
        let value = |name: &str| entry(name).and_then(Entry::value);
        let exceptions = entry("alpha_pattern").map_or(&[][..], Entry::members);
        let alpha_pattern = exceptions.iter().map(|(pattern, alpha)| {
            let layers = LayerPattern::parse(pattern).ok_or_else(|| {
                wrong("its alpha_pattern holds regular expressions, and only layers' names are read", file)
            });
            Ok((layers?, finite(alpha)))
        });
        Ok(Self {
            lora_alpha: value("lora_alpha").and_then(finite),
            alpha_pattern: alpha_pattern.collect::<Result<_, Error>>()?,
            use_rslora: value("use_rslora").and_then(Value::as_bool).unwrap_or(false),
        })
    }

    fn alpha(&self, path: &str, rank: usize) -> Option<f32> {
        let exception = self.alpha_pattern.iter().find(|(layers, _)| layers.include(path));
        let alpha = exception.and_then(|(_, alpha)| *alpha).or(self.lora_alpha)?;
        Some(if self.use_rslora { alpha * (rank as f32).sqrt() } else { alpha })
    }
}

/// A configuration's entries.
type Entries = BTreeMap<String, Entry>;

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Object(Members),
    Value(Value),
}

impl Entry {
    /// `None` of an object.
    fn value(&self) -> Option<&Value> {
        match self {
            Self::Value(value) => Some(value),
            Self::Object(_) => None,
        }
    }

    /// None of anything but an object.
    fn members(&self) -> &[(String, Value)] {
        match self {
            Self::Object(Members(members)) => members,
            Self::Value(_) => &[],
        }
    }
}

/// An object in the order in which it is written, which a [`serde_json::Map`] forgets.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObject;
        impl<'de> Visitor<'de> for OfObject {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(OfObject)
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
