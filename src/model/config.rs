//! Reading diffusers' `config.json` files: settings of other architectures are refused before anything is
//! built; a setting that is one value or one value per level becomes a list.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::Error;

/// Most levels of resolution: more than any model of these architectures has, so that a small config can't
/// ask for endless memory.
pub(super) const MAX_LEVELS: usize = 8;
/// The same for layers in a row.
pub(super) const MAX_LAYERS: usize = 128;
/// The same for channels, heads, groups and positions.
pub(super) const MAX_EXTENT: usize = 1 << 16;
/// The same for sides of pictures and latents.
pub(super) const MAX_SIDE: usize = 1 << 12;
/// The same for tokens in a vocabulary.
pub(super) const MAX_VOCABULARY: usize = 1 << 20;

/// Checks that a size is none that no real model has.
///
/// # Errors
/// It is above `most`.
pub(super) fn at_most(
    component: &'static str,
    setting: &'static str,
    value: usize,
    most: usize,
) -> Result<(), Error> {
    if value <= most {
        return Ok(());
    }
    Err(Error::UnsupportedSetting { component, setting, value: value.to_string() })
}

/// Whether a number that is divided by, or added to what is, can be one: above 0 in f32, and finite.
pub(super) fn is_divisor(value: f64) -> bool {
    (f64::from(f32::MIN_POSITIVE)..=f64::from(f32::MAX)).contains(&value)
}

/// A setting and the values of it that are supported, its default among them.
pub(super) type Supported = (&'static str, Vec<Value>);

/// A `config.json` as read, before it is given a type.
pub(super) struct ConfigFile {
    component: &'static str,
    settings: Map<String, Value>,
}

impl ConfigFile {
    /// `component`: what error messages call the model ("U-Net").
    pub(super) fn parse(component: &'static str, json: &str) -> Result<Self, Error> {
        let settings =
            serde_json::from_str(json).map_err(|reason| Error::UnreadableConfig { component, reason })?;
        Ok(Self { component, settings })
    }

    /// Refuses values that are not supported. A setting that is left out has its default, which is always
    /// supported.
    pub(super) fn refuse_unsupported(&self, supported: &[Supported]) -> Result<(), Error> {
        for (setting, values) in supported {
            if let Some(value) = self.settings.get(*setting)
                && !values.iter().any(|supported| same_value(supported, value))
            {
                return Err(self.unsupported(setting, value));
            }
        }
        Ok(())
    }

    pub(super) fn unsupported(&self, setting: &'static str, value: impl ToString) -> Error {
        Error::UnsupportedSetting { component: self.component, setting, value: value.to_string() }
    }

    /// Checks that the setting's values are from 1 to `most`.
    pub(super) fn within(&self, setting: &'static str, values: &[usize], most: usize) -> Result<(), Error> {
        match values.iter().find(|&&value| value == 0 || value > most) {
            Some(0) => Err(self.inconsistent(format!("{setting} is 0"))),
            Some(value) => Err(self.unsupported(setting, value)),
            None => Ok(()),
        }
    }

    /// Checks that the setting [can be divided by](is_divisor).
    pub(super) fn divisor(&self, setting: &'static str, value: f64) -> Result<(), Error> {
        if is_divisor(value) { Ok(()) } else { Err(self.unsupported(setting, Value::from(value))) }
    }

    pub(super) fn inconsistent(&self, reason: impl Into<String>) -> Error {
        Error::InconsistentConfig { component: self.component, reason: reason.into() }
    }

    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        T::deserialize(Value::Object(self.settings.clone()))
            .map_err(|reason| Error::UnreadableConfig { component: self.component, reason })
    }

    /// One value for each of `levels` resolutions; a single value holds for all.
    pub(super) fn per_level<T: Clone>(
        &self,
        setting: &'static str,
        value: OneOrMany<T>,
        levels: usize,
    ) -> Result<Vec<T>, Error> {
        match value {
            OneOrMany::One(value) => Ok(vec![value; levels]),
            OneOrMany::Many(values) if values.len() == levels => Ok(values),
            OneOrMany::Many(values) => Err(self.inconsistent(format!(
                "{setting} has {} entries, block_out_channels has {levels}",
                values.len()
            ))),
        }
    }
}

/// JSON equality that does not tell 1 from 1.0.
fn same_value(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// diffusers' settings that are one value for all levels or a list with one for each.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}
