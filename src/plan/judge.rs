//! The memory that a judge of pictures takes: a CLIP, and perhaps a DINO.

use super::blocks::Walk;
use super::encoder::EncoderShape;
use super::ledger::{Ghost, Ledger, Tape};
use super::report::Phase;
use super::{
    bytes,
    parameters::{self, Parameter},
};
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
        let of = |parameters: &[Parameter]| bytes(parameters, self.scalar, None);
        let text = match self.own_text_tower {
            true => of(&parameters::text_encoder(&self.clip.text_config)),
            false => 0,
        };
        let dino = self.dino.map_or(0, |config| of(&parameters::vit(config)));
        text + of(&parameters::clip_vision(self.clip)) + dino
    }

    /// Looking at so many pictures at once.
    pub fn scoring(&self, pictures: usize) -> Phase {
        let ledger = Ledger::default();
        let (batch, scalar) = (pictures as u64, self.scalar);
        let vision = &self.clip.vision_config;
        let [image_size, patch_size] = [vision.image_size, vision.patch_size].map(|size| size as u64);
        let encoder = vision.encoder();
        drop(
            ImagePass { encoder, image_size, patch_size, normalizes_first: true, batch, scalar }.run(&ledger),
        );
        if let Some(dino) = self.dino {
            let [image_size, patch_size] = [dino.image_size, dino.patch_size].map(|size| size as u64);
            let encoder = dino.encoder();
            let pass = ImagePass { encoder, image_size, patch_size, normalizes_first: false, batch, scalar };
            drop(pass.run(&ledger));
        }
        Phase::of("looking at pictures", &ledger)
    }
}

impl ImagePass {
    /// `ClipVisionModel`, `VitModel`
    fn run(&self, ledger: &Ledger) -> Ghost {
        let mut tape = Tape::new(ledger, false);
        let mut walk = Walk::plain(&mut tape, self.scalar, self.batch);
        let colours = 3 * self.image_size.pow(2);
        let patches = (self.image_size / self.patch_size).pow(2);
        let (tokens, width) = (patches + 1, self.encoder.hidden_size as u64);
        let pixels = ledger.take(self.batch * colours * self.scalar);
        let in_patches = walk.frozen(&pixels, colours);
        drop(pixels);
        let embedded = walk.frozen(&in_patches, patches * width);
        drop(in_patches);
        // Behind the class token, and the positions added in place.
        let x = walk.frozen(&embedded, tokens * width);
        drop(embedded);
        let x = if self.normalizes_first { walk.layer_norm(&x, tokens, width) } else { x };
        let shape = EncoderShape {
            tokens,
            width,
            intermediate_size: self.encoder.intermediate_size as u64,
            heads: self.encoder.num_attention_heads as u64,
            layers: self.encoder.num_hidden_layers,
            activation: None,
        };
        walk.encoder(x, shape)
    }
}
