//! The memory that decoding a preview takes, step by step as in the tiny autoencoder's own code.

use super::blocks::Walk;
use super::layers::Layer;
use super::ledger::{Ghost, Ledger, Tape};
use crate::model::taesd::AutoencoderTinyConfig;

/// A tiny autoencoder, and the picture that it makes.
#[derive(Clone, Copy)]
pub struct TaesdPass<'a> {
    pub config: &'a AutoencoderTinyConfig,
    /// Bytes of a stored number.
    pub scalar: u64,
    /// Pixels of the picture.
    pub pixels: u64,
}

impl TaesdPass<'_> {
    /// One picture from its latents.
    pub fn decode(&self, ledger: &Ledger) -> Ghost {
        let mut tape = Tape::new(ledger, false);
        let mut walk = Walk::plain(&mut tape, self.scalar, 1);
        let channels = self.config.decoder_block_out_channels[0] as u64;
        let levels = self.config.num_decoder_blocks.len();
        // The coarsest level is the first.
        let pixels = |level: usize| self.pixels >> (2 * (levels - 1 - level));
        let latent_channels = self.config.latent_channels as u64;
        let latents = ledger.take(pixels(0) * latent_channels * self.scalar);
        let mut x = walk.frozen(&latents, pixels(0), Layer::convolution(latent_channels, channels));
        drop(latents);
        for (level, &blocks) in self.config.num_decoder_blocks.iter().enumerate() {
            if level > 0 {
                x = walk.frozen(&x, pixels(level), Layer::upsampling(channels, channels));
            }
            for _ in 0..blocks {
                x = walk.taesd_block(x, pixels(level), channels);
            }
        }
        walk.frozen(&x, self.pixels, Layer::convolution(channels, self.config.out_channels as u64))
    }
}

impl Walk<'_> {
    /// Three convolutions; what lies between them is computed in place.
    fn taesd_block(&mut self, x: Ghost, pixels: u64, channels: u64) -> Ghost {
        let convolution = Layer::convolution(channels, channels);
        let first = self.frozen(&x, pixels, convolution);
        let second = self.frozen(&first, pixels, convolution);
        drop(first);
        let third = self.frozen(&second, pixels, convolution);
        drop(second);
        self.tape.add(x, third)
    }
}
