//! The memory that encoding and decoding pictures takes, step by step as in the VAE's own code.

use super::blocks::{F32, Walk};
use super::layers::Layer;
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
        let latent_channels = self.config.latent_channels as u64;
        let x = ledger.take(latents * latent_channels * self.scalar);
        let x = walk.frozen(&x, latents, Layer::convolution(latent_channels, channels[coarsest]));
        let mut x = self.middle(&mut walk, x);
        let mut width = channels[coarsest];
        for level in (0..channels.len()).rev() {
            let pixels = self.pixels_of(level);
            for _ in 0..self.config.layers_per_block + 1 {
                x = walk.resnet(x, pixels, width, channels[level]);
                width = channels[level];
            }
            if level > 0 {
                x = walk.frozen(&x, self.pixels_of(level - 1), Layer::upsampling(width, width));
            }
        }
        self.output(&mut walk, x, self.pixels, [width, self.config.out_channels as u64])
    }

    /// The moments of one picture, f32.
    pub fn encode(&self, ledger: &Ledger) -> Ghost {
        let mut tape = Tape::new(ledger, false);
        let mut walk = self.walk(&mut tape);
        let channels = self.channels();
        let in_channels = self.config.in_channels as u64;
        let x = ledger.take(self.pixels * in_channels * F32);
        let mut x = walk.frozen(&x, self.pixels, Layer::convolution(in_channels, channels[0]));
        let mut width = channels[0];
        for level in 0..channels.len() {
            for _ in 0..self.config.layers_per_block {
                x = walk.resnet(x, self.pixels_of(level), width, channels[level]);
                width = channels[level];
            }
            if level + 1 < channels.len() {
                x = walk.frozen(&x, self.pixels_of(level + 1), Layer::convolution(width, width));
            }
        }
        let x = self.middle(&mut walk, x);
        let latents = self.pixels_of(channels.len() - 1);
        self.output(&mut walk, x, latents, [width, 2 * self.config.latent_channels as u64])
    }

    fn walk<'t>(&self, tape: &'t mut Tape) -> Walk<'t> {
        let norm_num_groups = self.config.norm_num_groups as u64;
        Walk { norm_num_groups, ..Walk::plain(tape, self.scalar, 1) }
    }

    /// `VaeMidBlock`
    fn middle(&self, walk: &mut Walk, x: Ghost) -> Ghost {
        let level = self.config.block_out_channels.len() - 1;
        let (pixels, channels) = (self.pixels_of(level), self.config.block_out_channels[level] as u64);
        let mut x = walk.resnet(x, pixels, channels, channels);
        if self.config.mid_block_add_attention {
            let normal = walk.group_norm(&x, pixels * channels);
            let square = |path| Layer::linear(path, channels, channels);
            let projections = ["to_q", "to_k", "to_v"].map(|path| walk.frozen(&normal, pixels, square(path)));
            drop(normal);
            let attended = walk.attention(projections, pixels, channels, 1);
            let out = walk.frozen(&attended, pixels, square("to_out.0"));
            drop(attended);
            x = walk.tape.add(out, x);
        }
        walk.resnet(x, pixels, channels, channels)
    }

    /// Normalization and last convolution, widened to f32.
    fn output(&self, walk: &mut Walk, x: Ghost, pixels: u64, [inputs, outputs]: [u64; 2]) -> Ghost {
        let normal = walk.group_norm(&x, pixels * inputs);
        drop(x);
        let y = walk.frozen(&normal, pixels, Layer::convolution(inputs, outputs));
        drop(normal);
        if self.scalar == F32 { y } else { walk.tape.ledger().take(pixels * outputs * F32) }
    }

    /// Channels of each level, the finest first.
    fn channels(&self) -> Vec<u64> {
        self.config.block_out_channels.iter().map(|&channels| channels as u64).collect()
    }

    fn pixels_of(&self, level: usize) -> u64 {
        self.pixels >> (2 * level)
    }
}
