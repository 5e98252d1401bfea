//! The memory that encoding and decoding pictures takes, step by step as in the VAE's own code.

use super::blocks::{F32, Walk};
use super::ledger::{Ghost, Ledger, Tape};
use crate::model::vae_config::AutoencoderKlConfig;

/// A VAE, and the picture it is given.
#[derive(Clone, Copy)]
pub struct VaePass<'a> {
    pub config: &'a AutoencoderKlConfig,
    /// Bytes of a stored number.
    pub scalar: u64,
    /// Pixels of the picture.
    pub pixels: u64,
}

impl VaePass<'_> {
    /// One picture from its latents, f32.
    pub fn decode(&self, ledger: &Ledger) -> Ghost {
        let mut tape = Tape::new(ledger, false);
        let mut walk = self.walk(&mut tape);
        let channels = self.channels();
        let coarsest = channels.len() - 1;
        let latents = self.pixels_of(coarsest);
        let x = ledger.take(latents * self.config.latent_channels as u64 * self.scalar);
        let x = walk.frozen(&x, latents * channels[coarsest]);
        let mut x = self.middle(&mut walk, x);
        let mut width = channels[coarsest];
        for level in (0..channels.len()).rev() {
            let pixels = self.pixels_of(level);
            for _ in 0..self.config.layers_per_block + 1 {
                x = walk.resnet(x, pixels, width, channels[level]);
                width = channels[level];
            }
            if level > 0 {
                let finer = self.pixels_of(level - 1);
                let doubled = walk.frozen(&x, finer * width);
                drop(x);
                x = walk.frozen(&doubled, finer * width);
            }
        }
        self.output(&mut walk, x, self.pixels * width, self.pixels * self.config.out_channels as u64)
    }

    /// The moments of one picture, f32.
    pub fn encode(&self, ledger: &Ledger) -> Ghost {
        let mut tape = Tape::new(ledger, false);
        let mut walk = self.walk(&mut tape);
        let channels = self.channels();
        let x = ledger.take(self.pixels * self.config.in_channels as u64 * F32);
        let mut x = walk.frozen(&x, self.pixels * channels[0]);
        let mut width = channels[0];
        for level in 0..channels.len() {
            for _ in 0..self.config.layers_per_block {
                x = walk.resnet(x, self.pixels_of(level), width, channels[level]);
                width = channels[level];
            }
            if level + 1 < channels.len() {
                x = walk.frozen(&x, self.pixels_of(level + 1) * width);
            }
        }
        let x = self.middle(&mut walk, x);
        let latents = self.pixels_of(channels.len() - 1);
        self.output(&mut walk, x, latents * width, latents * 2 * self.config.latent_channels as u64)
    }

    fn walk<'t>(&self, tape: &'t mut Tape) -> Walk<'t> {
        let norm_num_groups = self.config.norm_num_groups as u64;
        Walk { tape, scalar: self.scalar, batch: 1, norm_num_groups, prompt: None, adaptation: None }
    }

    /// `VaeMidBlock`
    fn middle(&self, walk: &mut Walk, x: Ghost) -> Ghost {
        let level = self.config.block_out_channels.len() - 1;
        let (pixels, channels) = (self.pixels_of(level), self.config.block_out_channels[level] as u64);
        let mut x = walk.resnet(x, pixels, channels, channels);
        if self.config.mid_block_add_attention {
            let normal = walk.group_norm(&x, pixels * channels);
            let projections = [(); 3].map(|()| walk.frozen(&normal, pixels * channels));
            drop(normal);
            let attended = walk.attention(projections, pixels, channels, 1);
            let out = walk.frozen(&attended, pixels * channels);
            drop(attended);
            x = walk.tape.add(out, x);
        }
        walk.resnet(x, pixels, channels, channels)
    }

    /// Normalization and last convolution, widened to f32.
    fn output(&self, walk: &mut Walk, x: Ghost, inputs: u64, outputs: u64) -> Ghost {
        let normal = walk.group_norm(&x, inputs);
        drop(x);
        let y = walk.frozen(&normal, outputs);
        drop(normal);
        if self.scalar == F32 { y } else { walk.tape.ledger().take(outputs * F32) }
    }

    /// Channels of each level, the finest first.
    fn channels(&self) -> Vec<u64> {
        self.config.block_out_channels.iter().map(|&channels| channels as u64).collect()
    }

    fn pixels_of(&self, level: usize) -> u64 {
        self.pixels >> (2 * level)
    }
}
