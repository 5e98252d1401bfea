//! The tensors of a checkpoint by their original names.

use std::{collections::BTreeMap, ops::Bound};

use super::TensorEntry;

/// Looks tensors up, averaged ones first where they are wanted.
pub(super) struct Names<'a> {
    by_name: BTreeMap<&'a str, &'a TensorEntry>,
    averaged: bool,
}

impl<'a> Names<'a> {
    pub fn new(tensors: &'a [TensorEntry], averaged: bool) -> Self {
        let by_name = tensors.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
        Self { by_name, averaged }
    }

    pub fn get(&self, name: &str) -> Option<&'a TensorEntry> {
        // The averages are stored without the first level and without points.
        let averaged = name.strip_prefix("model.").filter(|_| self.averaged);
        let averaged = averaged.map(|name| format!("model_ema.{}", name.replace('.', "")));
        averaged.and_then(|name| self.by_name.get(name.as_str())).or_else(|| self.by_name.get(name)).copied()
    }

    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The names that begin so, in order.
    pub fn beginning_with(&self, prefix: &str) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        let prefix = prefix.to_owned();
        let names = self.by_name.range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded));
        names.map(|(&name, _)| name).take_while(move |name| name.starts_with(&prefix))
    }

    /// How many numbered levels follow a name: `{name}.0.…`, `{name}.1.…`, … without a gap.
    pub fn count(&self, name: &str) -> usize {
        let there = |index: &usize| self.beginning_with(&format!("{name}.{index}.")).next().is_some();
        (0..self.by_name.len()).take_while(there).count()
    }

    /// Why this is a checkpoint of a kind that is not read here, as far as a name shows.
    pub fn other_architecture(&self) -> Option<&'static str> {
        let marks = [
            // SD-Turbo has one text encoder below that name, XL two.
            ("conditioner.embedders.1.", "it is a Stable Diffusion XL"),
            (
                "model.diffusion_model.label_emb.",
                "its U-Net takes a class beside the prompt, as SD XL's does",
            ),
            ("model.diffusion_model.joint_blocks.", "it is a Stable Diffusion 3"),
            ("model.diffusion_model.double_blocks.", "it is a Flux model"),
            ("double_blocks.", "it is a Flux model"),
            ("lora_unet_", "it is a LoRA, an addition to a model; open it as an adapter"),
            ("lora_te", "it is a LoRA, an addition to a model; open it as an adapter"),
            ("control_model.", "it is a ControlNet, an addition to a model"),
        ];
        let found = marks.into_iter().find(|(mark, _)| self.beginning_with(mark).next().is_some());
        found.map(|(_, reason)| reason)
    }
}
