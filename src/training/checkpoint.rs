//! The state of a training run as a file that needs nothing but the model: a safetensors file with the
//! photos' latents, the trained values, the optimizer's moments and the best values so far, and in its
//! metadata the settings, the step and what the values belong to. Everything random in a run is a
//! function of seed and step, so no generator's state is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::best::HostBest;
use super::early_stopping::Standing;
use super::host_latents::{Arrangement, HostBucket, HostLatents, HostTensor};
use super::optimizer::{HostGroup, HostMoments};
use super::quantized_moments::QuantizedParts;
use super::{Error, TrainingSettings};
use crate::weights::{OutgoingTensor, SafetensorsHeader, StoredType, TensorEntry, write_safetensors};

/// Version of the format: changes when older programs can't resume a file.
const VERSION: &str = "3";
/// The file's name in messages.
const FILE: &str = "the checkpoint";

/// A run's state on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    pub settings: TrainingSettings,
    /// Steps made.
    pub step: usize,
    /// Name of the model.
    pub model: String,
    /// [`FrozenModel::identity`](super::FrozenModel::identity); empty in files of earlier versions.
    pub identity: Vec<(String, String)>,
    /// [`UNetLayout::description`](super::unet_parameters::UNetLayout::description)
    pub layout: String,
    pub unet: HostGroup,
    pub embedding: HostGroup,
    pub latents: HostLatents,
    pub best: HostBest,
    pub terms: Option<Terms>,
}

/// What a run was begun on beside its settings: on other terms, photos that it learns from could judge it, or two
/// judges' scores be compared. Photos are kept by their [hashes](super::Photo::hash).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub trained: Vec<String>,
    pub held_back: Vec<String>,
    /// Who compares with the photos held back, in words.
    pub judge: Option<String>,
}

impl Checkpoint {
    /// # Errors
    /// [`Error::Checkpoint`] if the settings can't be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut metadata = BTreeMap::new();
        let mut note = |key: &str, value: String| metadata.insert(key.to_owned(), value);
        note("palpable_checkpoint", VERSION.to_owned());
        note("settings", json(&self.settings)?);
        note("step", self.step.to_string());
        note("model", self.model.clone());
        note("identity", json(&self.identity)?);
        note("layout", self.layout.clone());
        note("photos", json(&self.latents.arrangement)?);
        note("best", json(&self.best.standing)?);
        if let Some(terms) = &self.terms {
            note("terms", json(terms)?);
        }

        let mut tensors = Vec::new();
        for (index, HostBucket { latents, weights, masks, prior }) in self.latents.buckets.iter().enumerate()
        {
            let parts = [
                ("latents", Some(latents)),
                ("weights", weights.as_ref()),
                ("masks", masks.as_ref()),
                ("prior", prior.as_ref()),
            ];
            for (part, tensor) in parts {
                let outgoing = |HostTensor { shape, values }: &HostTensor| {
                    OutgoingTensor::f32(format!("photos.{index}.{part}"), shape, values)
                };
                tensors.extend(tensor.map(outgoing));
            }
        }
        for (name, group, best) in
            [("lora", &self.unet, &self.best.values[0]), ("embedding", &self.embedding, &self.best.values[1])]
        {
            let flat = |part: &str, values: &[f32]| {
                OutgoingTensor::f32(format!("{name}.{part}"), &[values.len()], values)
            };
            tensors.push(flat("values", &group.values));
            match &group.moments {
                HostMoments::Full { moment_1, moment_2 } => {
                    tensors.push(flat("moment_1", moment_1));
                    tensors.push(flat("moment_2", moment_2));
                }
                HostMoments::Quantized(QuantizedParts { words, largest }) => {
                    for (number, (words, largest)) in (1..).zip(words.iter().zip(largest)) {
                        let name = format!("{name}.moment_{number}.codes");
                        tensors.push(OutgoingTensor::i32(name, &[words.len()], words));
                        tensors.push(flat(&format!("moment_{number}.largest"), largest));
                    }
                }
            }
            if self.best.standing.best.is_some() {
                tensors.push(flat("best", best));
            }
        }
        Ok(write_safetensors(&tensors, &metadata))
    }

    /// # Errors
    /// [`Error::CheckpointFile`] if the bytes are no safetensors file, [`Error::Checkpoint`] if they
    /// are one of something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let file = File { header: SafetensorsHeader::from_bytes(FILE, bytes)?, bytes };
        let version = file.entry("palpable_checkpoint")?;
        if version != VERSION {
            return refuse(format!("it is of version {version}, this program reads version {VERSION}"));
        }
        let arrangement: Arrangement = file.parsed("photos")?;
        let bucket = |index: usize| {
            let tensor = |part: &str| file.picture(&format!("photos.{index}.{part}"));
            let bucket = HostBucket {
                latents: tensor("latents")?,
                weights: tensor("weights").ok(),
                masks: tensor("masks").ok(),
                prior: tensor("prior").ok(),
            };
            Ok(bucket)
        };
        let buckets = (0..arrangement.buckets()).map(bucket).collect::<Result<Vec<_>, Error>>()?;
        let latents = HostLatents { arrangement, buckets };
        let settings: TrainingSettings = file.parsed("settings")?;
        if !latents.fits(settings.subject_count()) {
            return refuse("its photos and their latents don't fit each other".to_owned());
        }
        let standing: Standing = file.parsed("best")?;
        let best = match standing.best {
            Some(_) => [file.floats("lora.best")?, file.floats("embedding.best")?],
            None => Default::default(),
        };
        Ok(Self {
            settings,
            step: file.parsed("step")?,
            model: file.entry("model")?.to_owned(),
            identity: file.known("identity")?.unwrap_or_default(),
            layout: file.entry("layout")?.to_owned(),
            unet: file.group("lora")?,
            embedding: file.group("embedding")?,
            latents,
            best: HostBest { standing, values: best },
            terms: file.known("terms")?,
        })
    }
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value)
        .map_err(|error| Error::Checkpoint { reason: format!("its settings can't be written ({error})") })
}

fn refuse<T>(reason: String) -> Result<T, Error> {
    Err(Error::Checkpoint { reason })
}

/// A file that is being read.
struct File<'a> {
    header: SafetensorsHeader,
    bytes: &'a [u8],
}

impl File<'_> {
    fn entry(&self, key: &str) -> Result<&str, Error> {
        match self.header.metadata.get(key) {
            Some(value) => Ok(value),
            None => refuse(format!("it is not a training checkpoint (it has no \"{key}\")")),
        }
    }

    fn parsed<T: DeserializeOwned>(&self, key: &str) -> Result<T, Error> {
        serde_json::from_str(self.entry(key)?)
            .map_err(|error| Error::Checkpoint { reason: format!("its {key} can't be read ({error})") })
    }

    /// An entry that earlier programs didn't write.
    fn known<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        self.header.metadata.get(key).map(|_| self.parsed(key)).transpose()
    }

    fn tensor(&self, name: &str, dtype: StoredType) -> Result<&TensorEntry, Error> {
        let tensor = self.header.tensors.iter().find(|tensor| tensor.name == name && tensor.dtype == dtype);
        tensor.map_or_else(|| refuse(format!("it lacks the values \"{name}\"")), Ok)
    }

    /// The 32-bit words of a tensor, little-endian.
    fn words(&self, name: &str, dtype: StoredType) -> Result<&[[u8; 4]], Error> {
        let range = &self.tensor(name, dtype)?.range;
        // The header's ranges lie inside the file it was read from.
        Ok(self.bytes[range.start as usize..range.end as usize].as_chunks::<4>().0)
    }

    fn floats(&self, name: &str) -> Result<Vec<f32>, Error> {
        Ok(self.words(name, StoredType::F32)?.iter().map(|word| f32::from_le_bytes(*word)).collect())
    }

    /// A tensor of four dimensions.
    fn picture(&self, name: &str) -> Result<HostTensor, Error> {
        match self.tensor(name, StoredType::F32)?.shape[..] {
            [pictures, height, width, channels] => {
                Ok(HostTensor { shape: [pictures, height, width, channels], values: self.floats(name)? })
            }
            _ => refuse(format!("its values \"{name}\" are no pictures")),
        }
    }

    fn integers(&self, name: &str) -> Result<Vec<i32>, Error> {
        Ok(self.words(name, StoredType::I32)?.iter().map(|word| i32::from_le_bytes(*word)).collect())
    }

    fn group(&self, group: &str) -> Result<HostGroup, Error> {
        let quantized = self.tensor(&format!("{group}.moment_1.codes"), StoredType::I32).is_ok();
        let floats = |part: &str| self.floats(&format!("{group}.{part}"));
        let codes = |part: &str| self.integers(&format!("{group}.{part}.codes"));
        let moments = match quantized {
            true => HostMoments::Quantized(QuantizedParts {
                words: [codes("moment_1")?, codes("moment_2")?],
                largest: [floats("moment_1.largest")?, floats("moment_2.largest")?],
            }),
            false => HostMoments::Full { moment_1: floats("moment_1")?, moment_2: floats("moment_2")? },
        };
        Ok(HostGroup { values: floats("values")?, moments })
    }
}
