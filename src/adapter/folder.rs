//! Adapters that lie in several files: diffusers' folder with an embedding beside the LoRA, peft's with its
//! configuration beside the weights.

use super::Error;
use super::peft_config::PeftConfig;
use super::text::{clean_name, stem};
use super::types::{Adapter, AdapterDetails};

/// peft's configuration, of the weights in the same folder.
pub(super) const PEFT_CONFIG: &str = "adapter_config.json";

impl Adapter {
    /// The adapter that some files are together, each with its path in the folder called `folder`. Only
    /// safetensors files and `adapter_config.json` are looked at.
    ///
    /// # Errors
    /// There is no adapter among them; one of them is refused as by [`from_bytes`](Self::from_bytes); a layer
    /// or a word comes twice.
    pub fn from_files(folder: &str, files: &[(String, Vec<u8>)]) -> Result<Self, Error> {
        let mut whole: Option<Self> = None;
        for (path, bytes) in files.iter().filter(|(path, _)| path.ends_with(".safetensors")) {
            let (place, name) =
                path.rsplit_once('/').map_or(("", path.as_str()), |(place, name)| (place, name));
            let config = files.iter().find(|(path, _)| {
                let (its_place, name) = path.rsplit_once('/').unwrap_or(("", path));
                its_place == place && name == PEFT_CONFIG
            });
            let config = config
                .map(|(path, json)| PeftConfig::from_json(&clean_name(path), &String::from_utf8_lossy(json)));
            let mut part = Self::read(bytes, name, config.transpose()?.as_ref())?;
            if part.name == clean_name(stem(name)) {
                part.name = clean_name(folder);
            }
            whole = Some(match whole {
                None => part,
                Some(whole) => whole.joined(part, path)?,
            });
        }
        whole.ok_or_else(|| Error::EmptyFolder { folder: clean_name(folder) })
    }

    /// With the layers and words of another file.
    fn joined(mut self, part: Self, file: &str) -> Result<Self, Error> {
        let file = || clean_name(file);
        let paths = |adapter: &Self| -> Vec<String> {
            let low_rank = adapter.lora.iter().map(|weights| weights.path.clone());
            low_rank.chain(adapter.differences.iter().map(|difference| difference.path.clone())).collect()
        };
        let known = paths(&self);
        if let Some(name) = paths(&part).into_iter().find(|path| known.contains(path)) {
            return Err(Error::Duplicate { file: file(), name });
        }
        for embedding in &part.embeddings {
            if self.embeddings.iter().any(|known| known.placeholder == embedding.placeholder) {
                let placeholder = embedding.placeholder.clone();
                return Err(Error::RepeatedWord { file: file(), placeholder });
            }
        }
        let mut class_nouns = self.class_nouns();
        class_nouns.extend(part.class_nouns());
        self.lora.extend(part.lora);
        self.differences.extend(part.differences);
        self.embeddings.extend(part.embeddings);
        if self.details == AdapterDetails::default() {
            self.details = part.details;
        }
        // Where no part tells any, there is nothing to say of the words.
        if class_nouns.iter().any(|noun| !noun.is_empty()) {
            self.details.class_nouns = class_nouns;
        }
        Ok(self)
    }
}
