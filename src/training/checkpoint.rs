//! The state of a training run as a file: a safetensors file with the trained values and AdamW's
//! moments in f32, and in its metadata the settings, the step and what the values belong to.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::optimizer::ParameterGroup;
use super::transfer::read;
use super::{Error, TrainingSettings};
use crate::weights::{OutgoingTensor, SafetensorsHeader, StoredType, write_safetensors};

/// Changes when older programs can't resume a file.
const VERSION: &str = "1";
/// Its name in messages.
const FILE: &str = "the checkpoint";

/// A run's state on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    pub settings: TrainingSettings,
    /// Steps made.
    pub step: usize,
    /// [`LoraLayout::description`](super::lora_parameters::LoraLayout::description)
    pub layout: String,
    pub lora: State,
    pub embedding: State,
}

/// One parameter group's values and AdamW moments.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    values: Vec<f32>,
    moment_1: Vec<f32>,
    moment_2: Vec<f32>,
}

impl State {
    /// Reads a group back from the device, all at once.
    pub async fn read(group: &ParameterGroup) -> Result<Self, Error> {
        let parts = group.state();
        let count = parts[0].dims()[0];
        let mut values = read(Tensor::cat(parts.to_vec(), 0)).await?;
        let moment_2 = values.split_off(2 * count);
        let moment_1 = values.split_off(count);
        Ok(Self { values, moment_1, moment_2 })
    }

    /// Values, first and second moments.
    pub fn into_parts(self) -> [Vec<f32>; 3] {
        [self.values, self.moment_1, self.moment_2]
    }

    /// Whether this is the state of `count` parameters.
    pub fn holds(&self, count: usize) -> bool {
        [&self.values, &self.moment_1, &self.moment_2].iter().all(|part| part.len() == count)
    }

    fn named(&self, group: &str) -> [(String, &Vec<f32>); 3] {
        [
            (format!("{group}.values"), &self.values),
            (format!("{group}.moment_1"), &self.moment_1),
            (format!("{group}.moment_2"), &self.moment_2),
        ]
    }
}

impl Checkpoint {
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let settings = serde_json::to_string(&self.settings).map_err(|error| Error::Checkpoint {
            reason: format!("its settings can't be written ({error})"),
        })?;
        let metadata = [
            ("palpable_checkpoint", VERSION.to_owned()),
            ("settings", settings),
            ("step", self.step.to_string()),
            ("layout", self.layout.clone()),
        ];
        let metadata: BTreeMap<_, _> =
            metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let tensors: Vec<_> = [("lora", &self.lora), ("embedding", &self.embedding)]
            .into_iter()
            .flat_map(|(group, state)| state.named(group))
            .map(|(name, values)| OutgoingTensor::f32(name, &[values.len()], values))
            .collect();
        Ok(write_safetensors(&tensors, &metadata))
    }

    /// # Errors
    /// [`Error::CheckpointFile`] if the bytes are no safetensors file, [`Error::Checkpoint`] if they
    /// are one of something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let header = SafetensorsHeader::from_bytes(FILE, bytes)?;
        let refuse = |reason: String| Error::Checkpoint { reason };
        let entry = |key: &str| {
            let value = header.metadata.get(key);
            value.ok_or_else(|| refuse(format!("it is not a training checkpoint (it has no \"{key}\")")))
        };
        let version = entry("palpable_checkpoint")?;
        if version != VERSION {
            return Err(refuse(format!("it is of version {version}, this program reads version {VERSION}")));
        }
        let settings = serde_json::from_str(entry("settings")?)
            .map_err(|error| refuse(format!("its settings can't be read ({error})")))?;
        let step = entry("step")?.parse().map_err(|_| refuse("its step is not a number".to_owned()))?;
        let layout = entry("layout")?.clone();

        let values = |name: String| -> Result<Vec<f32>, Error> {
            let tensor = header.tensors.iter().find(|tensor| tensor.name == name);
            let tensor = tensor
                .filter(|tensor| tensor.dtype == StoredType::F32)
                .ok_or_else(|| refuse(format!("it lacks the values \"{name}\"")))?;
            // The header's ranges lie inside the file it was read from.
            let (words, _) = bytes[tensor.range.start as usize..tensor.range.end as usize].as_chunks::<4>();
            Ok(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
        };
        let state = |group: &str| -> Result<State, Error> {
            let state = State {
                values: values(format!("{group}.values"))?,
                moment_1: values(format!("{group}.moment_1"))?,
                moment_2: values(format!("{group}.moment_2"))?,
            };
            match state.holds(state.values.len()) {
                true => Ok(state),
                false => Err(refuse(format!("its {group} values and moments differ in number"))),
            }
        };
        Ok(Self { settings, step, layout, lora: state("lora")?, embedding: state("embedding")? })
    }
}
