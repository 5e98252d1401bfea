//! One part of a model as it is found: its config, and its tensors by diffusers' names.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Names, TensorEntry};

/// A part in the making.
pub(super) struct Part<'a> {
    names: &'a Names<'a>,
    /// What all original names of the part begin with.
    prefix: String,
    pub config: Map<String, Value>,
    /// Renamed; ranges are those of the checkpoint.
    pub tensors: Vec<TensorEntry>,
    taken: BTreeSet<String>,
}

impl<'a> Part<'a> {
    pub fn new(names: &'a Names<'a>, prefix: &str) -> Self {
        Self {
            names,
            prefix: prefix.to_owned(),
            config: Map::new(),
            tensors: Vec::new(),
            taken: BTreeSet::new(),
        }
    }

    /// Settings from a JSON object.
    pub fn configure(&mut self, settings: Value) {
        if let Value::Object(settings) = settings {
            self.config.extend(settings);
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.names.has(&format!("{}{name}", self.prefix))
    }

    pub fn count(&self, name: &str) -> usize {
        self.names.count(&format!("{}{name}", self.prefix))
    }

    pub fn get(&self, name: &str) -> Option<&'a TensorEntry> {
        self.names.get(&format!("{}{name}", self.prefix))
    }

    /// Side `axis` of a tensor, 0 where there is none (which no config may have).
    pub fn side(&self, name: &str, axis: usize) -> usize {
        self.get(name).and_then(|tensor| tensor.shape.get(axis)).copied().unwrap_or(0)
    }

    /// Adds a tensor under a new name. A tensor that is missing is told of when a model asks for it.
    pub fn tensor(&mut self, original: &str, name: &str) {
        if let Some(tensor) = self.get(original) {
            self.add(TensorEntry { name: name.to_owned(), ..tensor.clone() });
        }
    }

    /// Adds a tensor as it is described. Of two with one name the first counts.
    pub fn add(&mut self, tensor: TensorEntry) {
        if self.taken.insert(tensor.name.clone()) {
            self.tensors.push(tensor);
        }
    }

    /// Weight and bias of a layer.
    pub fn layer(&mut self, original: &str, name: &str) {
        for kind in ["weight", "bias"] {
            self.tensor(&format!("{original}.{kind}"), &format!("{name}.{kind}"));
        }
    }

    /// A 1×1 convolution that diffusers calls a linear layer.
    pub fn pointwise_layer(&mut self, original: &str, name: &str) {
        for kind in ["weight", "bias"] {
            if let Some(tensor) = self.get(&format!("{original}.{kind}")) {
                let shape = match tensor.shape[..] {
                    [outputs, inputs, 1, 1] => vec![outputs, inputs],
                    _ => tensor.shape.clone(),
                };
                self.add(TensorEntry { name: format!("{name}.{kind}"), shape, ..tensor.clone() });
            }
        }
    }

    /// Everything below a name, under another.
    pub fn below(&mut self, original: &str, name: &str) {
        let all = format!("{}{original}", self.prefix);
        for found in self.names.beginning_with(&all) {
            let rest = &found[all.len()..];
            self.tensor(&format!("{original}{rest}"), &format!("{name}{rest}"));
        }
    }
}
