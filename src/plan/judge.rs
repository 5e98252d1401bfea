//! The memory that a judge of pictures takes: a CLIP, and perhaps a DINO.

use std::sync::Arc;

use super::blocks::Walk;
use super::layers::Layer;
use super::ledger::{Ghost, Ledger, Tape};
use super::report::Phase;
use super::{
    parameters::{self, COLOURS, Parameter},
    weight_bytes,
};
use crate::gpu::KernelProfile;
use crate::model::{clip::ClipConfig, clip_encoder::EncoderConfig, vit::VitConfig};

/// A judge as far as memory goes.
#[derive(Clone, Copy)]
pub struct JudgeSizes<'a> {
    pub clip: &'a ClipConfig,
    /// Whether the CLIP has a text tower of its own, instead of the model's text encoder.
    pub own_text_tower: bool,
    pub dino: Option<&'a VitConfig>,
    /// Bytes of a stored number.
    pub scalar: u64,
}

/// An image encoder, and the number of pictures that it is given at once.
struct ImagePass {
    encoder: EncoderConfig,
    image_size: u64,
    patch_size: u64,
    /// Whether its tokens are normalized before its layers.
    normalizes_first: bool,
    batch: u64,
    /// Bytes of a stored number.
    scalar: u64,
}

impl JudgeSizes<'_> {
    /// Bytes of the weights on the device.
    pub fn weights(&self) -> u64 {
        let of = |parameters: &[Parameter]| weight_bytes(parameters, self.scalar, None);
        let text = match self.own_text_tower {
            true => of(&parameters::text_encoder(&self.clip.text_config)),
            false => 0,
        };
        let dino = self.dino.map_or(0, |config| of(&parameters::vit(config)));
        text + of(&parameters::clip_vision(self.clip)) + dino
    }

    /// Looking at so many pictures at once, on such a device.
    pub fn scoring(&self, pictures: usize, profile: &Arc<KernelProfile>) -> Phase {
        let ledger = Ledger::on(profile, self.scalar);
        let look = |encoder, image_size: usize, patch_size: usize, normalizes_first| {
            let [image_size, patch_size, batch] = [image_size, patch_size, pictures].map(|size| size as u64);
            let scalar = self.scalar;
            drop(ImagePass { encoder, image_size, patch_size, normalizes_first, batch, scalar }.run(&ledger));
        };
        let vision = &self.clip.vision_config;
        look(vision.encoder(), vision.image_size, vision.patch_size, true);
        if let Some(dino) = self.dino {
            look(dino.encoder(), dino.image_size, dino.patch_size, false);
        }
        Phase::of("looking at pictures", &ledger)
    }
}

impl ImagePass {
    /// `ClipVisionModel`, `VitModel`
    fn run(&self, ledger: &Ledger) -> Ghost {
        let mut tape = Tape::new(ledger, false);
        let mut walk = Walk::plain(&mut tape, self.scalar, self.batch);
        let colours = COLOURS as u64 * self.image_size.pow(2);
        let patches = (self.image_size / self.patch_size).pow(2);
        let (tokens, width) = (patches + 1, self.encoder.hidden_size as u64);
        let pixels = ledger.take(self.batch * colours * self.scalar);
        let in_patches = walk.copy(&pixels, colours);
        drop(pixels);
        let embedded =
            walk.frozen(&in_patches, patches, Layer::linear("patch_embedding", colours / patches, width));
        drop(in_patches);
        // Behind the class token, and the positions added in place.
        let x = walk.copy(&embedded, tokens * width);
        drop(embedded);
        let x = if self.normalizes_first { walk.layer_norm(&x, tokens, width) } else { x };
        walk.encoder(x, &self.encoder, tokens, false)
    }
}
