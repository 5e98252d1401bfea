//! An adapter on a device: its U-Net part as a [`LoraSet`], as much of it folded into weights as the caller wants, and
//! the text encoder that it adapts; and how many numbers that takes.

use std::cmp::Reverse;

use burn::tensor::{Device, FloatDType};

use super::difference::Difference;
use super::types::{Adapter, LoraWeights, is_of_text_encoder};
use crate::gpu::release_unused;
use crate::model::clip_text::ClipTextModel;
use crate::model::lora::{Folding, LoraSet};
use crate::model::unet::UNet2DConditionModel;

/// The model that a layer is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Network {
    UNet,
    TextEncoder,
}

impl Network {
    fn has(self, path: &str) -> bool {
        is_of_text_encoder(path) == (self == Self::TextEncoder)
    }
}

impl Adapter {
    /// LoRA and differences of the U-Net on a device, `strength` 1 being as trained; negative strengths push
    /// away.
    pub fn lora_set(&self, device: &Device, dtype: FloatDType, strength: f32) -> LoraSet {
        let mut set = LoraSet::new();
        self.add_to(&mut set, device, dtype, strength);
        set
    }

    /// Adds the U-Net's LoRA and differences to a set that may hold other adapters' already; their effects
    /// add up.
    pub fn add_to(&self, set: &mut LoraSet, device: &Device, dtype: FloatDType, strength: f32) {
        self.add_low_rank(Network::UNet, set, device, dtype, strength);
        for difference in self.differences_of(Network::UNet) {
            set.insert_difference(&difference.path, difference.on_device(device, strength));
        }
    }

    /// The text encoder with what this adapter does to it folded into its weights, difference by difference as
    /// they come to the device.
    pub fn adapt_text_encoder(
        &self,
        text_encoder: &ClipTextModel,
        device: &Device,
        dtype: FloatDType,
        strength: f32,
    ) -> ClipTextModel {
        let mut low_rank = LoraSet::new();
        self.add_low_rank(Network::TextEncoder, &mut low_rank, device, dtype, strength);
        self.differences_of(Network::TextEncoder).fold(
            text_encoder.adapted(low_rank),
            |adapted, difference| {
                let mut set = LoraSet::new();
                set.insert_difference(&difference.path, difference.on_device(device, strength));
                adapted.adapted(set)
            },
        )
    }

    /// [`add_to`](Self::add_to) with what `folding` says folded into the model's weights as it comes to the
    /// device, so that it never lies there beside them and costs no time in a forward pass.
    pub fn fold_into(
        &self,
        set: &mut LoraSet,
        unet: &UNet2DConditionModel,
        device: &Device,
        dtype: FloatDType,
        strength: f32,
        folding: Folding,
    ) {
        self.add_low_rank(Network::UNet, set, device, dtype, strength);
        unet.fold(set, folding, device);
        let mut differences: Vec<_> = self.differences_of(Network::UNet).collect();
        differences.sort_by_key(|each| Reverse(each.weight.len()));
        for same_size in differences.chunk_by(|a, b| a.weight.len() == b.weight.len()) {
            for difference in same_size {
                set.insert_difference(&difference.path, difference.on_device(device, strength));
                unet.fold(set, folding, device);
            }
            // Sums in the making serve no layer of another size.
            release_unused(device);
        }
    }

    fn add_low_rank(
        &self,
        network: Network,
        set: &mut LoraSet,
        device: &Device,
        dtype: FloatDType,
        strength: f32,
    ) {
        for weights in self.lora_of(network) {
            set.insert(&weights.path, weights.on_device(device, dtype, strength));
        }
    }

    fn lora_of(&self, network: Network) -> impl Iterator<Item = &LoraWeights> {
        self.lora.iter().filter(move |layer| network.has(&layer.path))
    }

    fn differences_of(&self, network: Network) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(move |layer| network.has(&layer.path))
    }

    /// The paths of the layers whose weights change when so much of it is folded, and how many numbers those
    /// weights have, the trained biases among them.
    pub fn adapted_weights(&self, folding: Folding) -> impl Iterator<Item = (&str, usize)> {
        let low_rank = self.lora.iter().filter(move |_| folding == Folding::All);
        let low_rank = low_rank.map(|weights| (weights.path.as_str(), weights.weight_count()));
        let differences = self.differences.iter().filter(move |_| folding != Folding::Nothing);
        low_rank.chain(differences.map(|each| (each.path.as_str(), each.count())))
    }

    /// Numbers of the LoRA, and of the differences, that stay beside the U-Net's weights when so much of it is
    /// folded.
    pub fn unfolded_values(&self, folding: Folding) -> [usize; 2] {
        let low_rank = || self.lora_of(Network::UNet).map(|layer| layer.down.len() + layer.up.len()).sum();
        let differences = || self.differences_of(Network::UNet).map(Difference::count).sum();
        match folding {
            Folding::All => [0, 0],
            Folding::Differences => [low_rank(), 0],
            Folding::Nothing => [low_rank(), differences()],
        }
    }

    /// The rank of the U-Net's widest adapted layer; 0 if there is none.
    pub fn largest_rank(&self) -> usize {
        self.lora_of(Network::UNet).map(|layer| layer.rank).max().unwrap_or(0)
    }
}
