//! The memory that making a picture takes.

use super::ModelSizes;
use super::adaptation::Adaptation;
use super::blocks::F32;
use super::ledger::{Ghost, Ledger};
use super::report::{MemoryPlan, Phase};
use super::taesd::TaesdPass;
use super::text::TextPass;
use super::unet::UNetPass;
use super::vae::VaePass;
use crate::model::unet_segments::{SegmentKind, SegmentShape};
use crate::model::vae_tiles::Tiling;

/// The sizes that a picture's memory depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GenerationSizes {
    /// `[height, width]` in pixels.
    pub size: [usize; 2],
    /// Tokens in the prompt's encoding, padding included: 77 for each chunk of a long prompt.
    pub tokens: usize,
    /// Whether there is guidance: then each step makes two predictions, as one batch.
    pub guided: bool,
    pub adapters: AdapterSizes,
    /// Whether cross-attention is computed in the open (probabilities stored), for regions or heat maps.
    pub hooks_attention: bool,
    /// Whether it is decoded by the tiny autoencoder where the model has one.
    pub preview: bool,
}

/// What adapters take beside a model's weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdapterSizes {
    /// What they leave beside the U-Net's weights to act at each step, if anything.
    pub unfolded: Option<Adaptation>,
    /// Numbers in it.
    pub unfolded_values: u64,
    /// Numbers in the U-Net's layers that they are folded into; 0 without any.
    pub folded_values: u64,
    /// Numbers in the text encoder's layers that they are folded into; needed while the prompts are encoded.
    pub text_encoder_values: u64,
}

impl ModelSizes<'_> {
    /// The phases of making one picture: encoding the prompts, denoising, decoding.
    pub fn generation(&self, sizes: GenerationSizes) -> MemoryPlan {
        self.generation_with(sizes, None)
    }

    /// The same with the VAE working in tiles of `side` × `side` latents.
    pub fn generation_in_tiles(&self, sizes: GenerationSizes, side: usize) -> MemoryPlan {
        self.generation_with(sizes, Some(side))
    }

    fn generation_with(&self, sizes: GenerationSizes, tile: Option<usize>) -> MemoryPlan {
        let GenerationSizes { size, tokens, guided, adapters, hooks_attention, preview } = sizes;
        let AdapterSizes { unfolded, unfolded_values, folded_values, text_encoder_values } = adapters;
        let batch = if guided { 2 } else { 1 };
        let tokens = tokens as u64;
        let size = size.map(|side| side as u64);
        let latents = size.map(|side| side / self.downscale());
        let prompt = TextPass { config: self.text_encoder, scalar: self.scalar, prompts: 1 };
        let pass = UNetPass {
            config: self.unet,
            scalar: self.scalar,
            batch,
            size: latents,
            tokens,
            // Adapters that are folded into weights are folded in beforehand.
            adaptation: unfolded,
            localized: false,
        };
        let tilings = tile.map(|side| latents.map(|extent| Tiling::covering(extent as usize, side)));
        let decoded_at_once = tilings.as_ref().map_or(size, |tilings| self.tile_size(tilings));
        let pixels = decoded_at_once.into_iter().product();
        let picture = VaePass { config: self.vae, scalar: self.scalar, pixels };

        let adapters = unfolded_values * F32 + folded_values * self.scalar;
        let encodings = batch * tokens * self.text_encoder.hidden_size as u64 * F32;
        let held = encodings + latents[0] * latents[1] * self.unet.in_channels as u64 * F32;
        // Adapters are many buffers, of which none is the largest.
        let phase = |name, adapters: u64, run: &dyn Fn(&Ledger)| {
            let ledger = self.ledger();
            let held = ledger.take(held);
            run(&ledger);
            drop(held);
            let phase = Phase::of(name, &ledger);
            Phase { bytes: phase.bytes + adapters, ..phase }
        };
        let of_text_encoder = text_encoder_values * self.scalar;
        let phases = vec![
            phase("encoding the prompt", adapters + of_text_encoder, &|ledger| {
                drop(prompt.encode(ledger));
            }),
            phase("denoising", adapters, &|ledger| {
                let hooked = || [(); 3].map(|()| ledger.take(self.probabilities(&pass)));
                let _scores = hooks_attention.then(hooked);
                drop(pass.predict(ledger));
            }),
            phase("decoding the picture", 0, &|ledger| {
                if let Some(config) = self.taesd.filter(|_| preview) {
                    let pixels = size.into_iter().product();
                    drop(TaesdPass { config, scalar: self.scalar, pixels }.decode(ledger));
                    return;
                }
                let _tiles = tilings.as_ref().map(|tilings| self.finished_tiles(ledger, size, tilings));
                drop(picture.decode(ledger));
            }),
        ];
        MemoryPlan { weights: self.weights(), held: self.held, phases, tile, activations: None }
    }

    /// `[height, width]` of a tile in pixels.
    fn tile_size(&self, tilings: &[Tiling; 2]) -> [u64; 2] {
        tilings.each_ref().map(|tiling| tiling.side as u64 * self.downscale())
    }

    /// The tensors beside a tile that is being decoded: the finished rows, their copy as one picture, and two
    /// rows of tiles, each tile with what was blended into it.
    fn finished_tiles(&self, ledger: &Ledger, size: [u64; 2], tilings: &[Tiling; 2]) -> Vec<Ghost> {
        let image =
            |[height, width]: [u64; 2]| ledger.take(height * width * self.vae.out_channels as u64 * F32);
        let rows = [(); 2].map(|()| image(size));
        let tile_size = self.tile_size(tilings);
        let tiles = (0..4 * tilings[1].starts.len()).map(|_| image(tile_size));
        rows.into_iter().chain(tiles).collect()
    }

    /// Bytes of the probabilities of the largest hooked cross-attention. It holds three such tensors at once:
    /// scores, probabilities, and what the hook makes of them.
    fn probabilities(&self, pass: &UNetPass) -> u64 {
        let attends =
            |shape: &SegmentShape| matches!(&shape.kind, SegmentKind::Layer { transformer: Some(_), .. });
        let pairs = |shape: SegmentShape| {
            let pixels: u64 = pass.size.map(|side| side.div_ceil(1 << shape.level)).iter().product();
            pixels * pass.tokens * self.unet.num_attention_heads[shape.level] as u64
        };
        let most = self.unet.segments().into_iter().filter(attends).map(pairs).max();
        most.unwrap_or(0) * pass.batch * F32
    }
}
