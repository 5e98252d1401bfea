//! What is compared: methods by their presets, and variants of them with other settings.

use palpable::training::{self, TrainingSettings};
use serde_json::{Map, Value};

use super::super::error::Error;

/// The model without any training.
pub const BASE: &str = "base";

/// A method or a variant of one.
pub struct Method {
    /// What it is called in results.
    pub name: String,
    /// Settings that differ from its preset's.
    changes: Map<String, Value>,
    preset: String,
}

impl Method {
    /// A method by its name.
    pub fn named(name: &str) -> Result<Self, Error> {
        preset(name)?;
        Ok(Self { name: name.to_owned(), preset: name.to_owned(), changes: Map::new() })
    }

    /// A variant `NAME=JSON`: an object of training settings, and perhaps "method", the preset that they
    /// change (PALP if it is left out).
    pub fn variant(argument: &str) -> Result<Self, Error> {
        let wrong = |problem: String| Error::Other(format!("--variant {argument}: {problem}."));
        let (name, json) =
            argument.split_once('=').filter(|(name, _)| !name.trim().is_empty()).ok_or_else(|| {
                wrong("write a name, = and a JSON object, no-rescale={\"rescale\":false}".to_owned())
            })?;
        let mut changes: Map<String, Value> = serde_json::from_str(json)
            .map_err(|reason| wrong(format!("its settings are no JSON object ({reason})")))?;
        let preset_name = match changes.remove("method") {
            None => "palp".to_owned(),
            Some(Value::String(name)) => name,
            Some(other) => return Err(wrong(format!("{other} is no method"))),
        };
        let known = settings_object(&preset(&preset_name)?)?;
        if let Some(unknown) = changes.keys().find(|key| !known.contains_key(*key)) {
            let known: Vec<_> = known.keys().map(String::as_str).collect();
            return Err(wrong(format!("there is no setting \"{unknown}\"; there are {}", known.join(", "))));
        }
        let method = Self { name: name.trim().to_owned(), changes, preset: preset_name };
        method.settings().map_err(|error| wrong(error.sentence()))?;
        Ok(method)
    }

    /// The preset with the changes.
    pub fn settings(&self) -> Result<TrainingSettings, Error> {
        let mut object = settings_object(&preset(&self.preset)?)?;
        object.extend(self.changes.clone());
        serde_json::from_value(Value::Object(object)).map_err(|reason| Error::Other(reason.to_string()))
    }

    /// Whether the changes say so much of a setting.
    pub fn changes(&self, setting: &str) -> bool {
        self.changes.contains_key(setting)
    }
}

fn preset(name: &str) -> Result<TrainingSettings, Error> {
    let method = serde_json::from_value(Value::String(name.to_owned())).map_err(|_| {
        let known = training::Method::ALL.map(|method| serde_json::to_value(method).unwrap_or_default());
        let known: Vec<&str> = known.iter().filter_map(Value::as_str).collect();
        Error::Other(format!("There is no method \"{name}\"; there are {BASE}, {}.", known.join(", ")))
    })?;
    Ok(TrainingSettings::of_method(method))
}

fn settings_object(settings: &TrainingSettings) -> Result<Map<String, Value>, Error> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Error::Other("Settings are an object.".to_owned())),
        Err(reason) => Err(Error::Other(reason.to_string())),
    }
}
