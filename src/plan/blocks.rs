//! The blocks that U-Net and VAE share, written down for the ledger: each function repeats the `forward` of
//! the model's block of that name with tensors that have no numbers, and says for each operation what it
//! makes and what it keeps.

use super::adaptation::Adaptation;
use super::layers::Layer;
use super::ledger::{Ghost, Tape};
use super::product::Product;

/// Bytes of an f32, the type of statistics and adaptations whatever the model is stored in.
pub const F32: u64 = 4;
/// How much wider a feed-forward layer is than its block.
const FEED_FORWARD_FACTOR: u64 = 4;

/// The state that a walk through blocks carries along.
pub struct Walk<'a> {
    pub tape: &'a mut Tape,
    /// Bytes of a stored number.
    pub scalar: u64,
    pub batch: u64,
    pub norm_num_groups: u64,
    pub prompt: Option<Prompt>,
    /// The size of the time embedding that residual blocks read; None for a VAE's, which read none.
    pub time_embedding_size: Option<u64>,
    /// How the U-Net's layers are changed; None without an adapter.
    pub adaptation: Option<Adaptation>,
}

/// The text side of a walk.
#[derive(Clone)]
pub struct Prompt {
    /// `[batch, tokens, width]`, f32
    pub states: Ghost,
    pub tokens: u64,
}

/// Sizes of a transformer and of the image at its place.
#[derive(Clone, Copy)]
pub struct TransformerSizes {
    pub pixels: u64,
    pub channels: u64,
    pub heads: u64,
    pub layers: usize,
    pub cross_attention_dim: u64,
    /// Whether its cross-attention is computed in the open (probabilities stored), for a localized loss.
    pub localized: bool,
}

impl<'a> Walk<'a> {
    /// A walk through layers without group norms, prompts and adapters.
    pub fn plain(tape: &'a mut Tape, scalar: u64, batch: u64) -> Self {
        Self {
            tape,
            scalar,
            batch,
            norm_num_groups: 0,
            prompt: None,
            time_embedding_size: None,
            adaptation: None,
        }
    }
}

impl Walk<'_> {
    /// An operation that keeps nothing and is no product, whose result has `count` numbers per batch row.
    pub fn copy(&mut self, x: &Ghost, count: u64) -> Ghost {
        self.tape.operation(&[x], &[], self.batch * count * self.scalar, 0)
    }

    /// Group normalization: keeps its input and the statistics of its groups.
    pub fn group_norm(&mut self, x: &Ghost, count: u64) -> Ghost {
        let statistics = self.tape.ledger().take(self.batch * self.norm_num_groups * 2 * F32);
        let scratch = statistics.bytes();
        self.tape.operation(&[x], &[x, &statistics], self.batch * count * self.scalar, scratch)
    }

    /// Layer normalization: keeps its input and each token's statistics.
    pub fn layer_norm(&mut self, x: &Ghost, tokens: u64, channels: u64) -> Ghost {
        let statistics = self.tape.ledger().take(self.batch * tokens * 2 * F32);
        self.tape.operation(&[x], &[x, &statistics], self.batch * tokens * channels * self.scalar, 0)
    }

    /// `ResnetBlock2D`
    pub fn resnet(&mut self, x: Ghost, pixels: u64, in_channels: u64, out_channels: u64) -> Ghost {
        let normal = self.group_norm(&x, pixels * in_channels);
        let hidden = self.layer(&normal, pixels, Layer::convolution(in_channels, out_channels));
        drop(normal);
        // plus the timestep's projection, in place
        if let Some(size) = self.time_embedding_size {
            self.tape.ledger().multiply(Product::new(self.batch, out_channels, size));
        }
        let hidden = self.tape.in_place(hidden);
        let normal = self.group_norm(&hidden, pixels * out_channels);
        drop(hidden);
        let hidden = self.layer(&normal, pixels, Layer::convolution(out_channels, out_channels));
        drop(normal);
        let shortcut = if in_channels == out_channels {
            x
        } else {
            self.layer(&x, pixels, Layer::linear("conv_shortcut", in_channels, out_channels))
        };
        self.tape.add(shortcut, hidden)
    }

    /// Scaled dot-product attention: keeps query, key, value, result, and the log-sum-exp of each row.
    pub fn attention(&mut self, projections: [Ghost; 3], tokens: u64, channels: u64, heads: u64) -> Ghost {
        let log_sum_exp = self.tape.ledger().take(self.batch * heads * tokens * F32);
        let [query, key, value] = &projections;
        let kept = [query, key, value, &log_sum_exp];
        let bytes = self.batch * tokens * channels * self.scalar;
        self.tape.operation_keeping_result(&[query, key, value], &kept, bytes, log_sum_exp.bytes())
    }

    /// Cross-attention in the open (`cross_attention::hooked_attention`), all in f32: keeps the
    /// probabilities, what they are made of, and the localized loss's coefficients.
    fn open_attention(
        &mut self,
        projections: [Ghost; 3],
        [pixels, tokens]: [u64; 2],
        channels: u64,
        heads: u64,
    ) -> Ghost {
        let pairs = self.batch * heads * pixels * tokens * F32;
        let image = self.batch * pixels * channels * F32;
        let text = self.batch * tokens * channels * F32;
        let [query, key, value] = projections;
        let query = self.tape.operation(&[&query], &[], image, 0);
        let [key, value] = [key, value].map(|of_text| self.tape.operation(&[&of_text], &[], text, 0));
        let head = channels / heads;
        let scores = self.tape.operation(&[&query, &key], &[&query, &key], pairs, 0);
        self.multiply_heads(&scores, pixels, Layer::linear("key", head, tokens));
        drop((query, key));
        // e^(scores − largest), and their sums
        let shifted = self.tape.in_place(scores);
        let exponentials = self.tape.operation_keeping_result(&[&shifted], &[], pairs, 0);
        drop(shifted);
        let sums = self.tape.ledger().take(self.batch * heads * pixels * F32);
        let kept = [&exponentials, &sums];
        let probabilities = self.tape.operation(&[&exponentials], &kept, pairs, 2 * pairs);
        drop(exponentials);
        // The loss's product with its coefficients, which are the same for all heads.
        let coefficients = self.tape.ledger().take(pairs / heads);
        drop(self.tape.ledger().take(pairs));
        let kept = [&probabilities, &value, &coefficients];
        let attended = self.tape.operation(&[&probabilities, &value], &kept, image, pairs);
        self.multiply_heads(&attended, pixels, Layer::linear("value", tokens, head));
        drop((probabilities, value));
        self.tape.operation(&[&attended], &[], self.batch * pixels * channels * self.scalar, 0)
    }

    /// The products behind `output` (`batched_linear`), one for each head, and those of their backward step.
    fn multiply_heads(&mut self, output: &Ghost, pixels: u64, head: Layer) {
        self.tape.ledger().multiply(head.product(pixels));
        self.tape.multiply_back(output, vec![head.input_gradient(pixels), head.weight_gradient(pixels)]);
    }

    /// `Transformer2DModel`
    pub fn transformer(&mut self, x: Ghost, sizes: TransformerSizes) -> Ghost {
        let image = sizes.pixels * sizes.channels;
        let normal = self.group_norm(&x, image);
        let channels = sizes.channels;
        let mut hidden = self.layer(&normal, sizes.pixels, Layer::linear("proj_in", channels, channels));
        drop(normal);
        for _ in 0..sizes.layers {
            hidden = self.transformer_block(hidden, sizes);
        }
        let out = self.layer(&hidden, sizes.pixels, Layer::linear("proj_out", channels, channels));
        drop(hidden);
        self.tape.add(x, out)
    }

    /// `BasicTransformerBlock`
    fn transformer_block(&mut self, x: Ghost, sizes: TransformerSizes) -> Ghost {
        let TransformerSizes { pixels, channels, heads, cross_attention_dim, localized, .. } = sizes;
        let normal = self.layer_norm(&x, pixels, channels);
        let square = |path| Layer::linear(path, channels, channels);
        let projections = [".attn1.to_q", ".attn1.to_k", ".attn1.to_v"];
        let projections = projections.map(|path| self.layer(&normal, pixels, square(path)));
        drop(normal);
        let attended = self.attention(projections, pixels, channels, heads);
        let out = self.layer(&attended, pixels, square(".attn1.to_out.0"));
        drop(attended);
        let x = self.tape.add(x, out);

        let normal = self.layer_norm(&x, pixels, channels);
        let query = self.layer(&normal, pixels, square(".attn2.to_q"));
        drop(normal);
        let (states, tokens) = self.context();
        let projections = [".attn2.to_k", ".attn2.to_v"];
        let [key, value] = projections
            .map(|path| self.layer(&states, tokens, Layer::linear(path, cross_attention_dim, channels)));
        drop(states);
        let attended = match localized {
            true => self.open_attention([query, key, value], [pixels, tokens], channels, heads),
            false => self.attention([query, key, value], pixels, channels, heads),
        };
        let out = self.layer(&attended, pixels, square(".attn2.to_out.0"));
        drop(attended);
        let x = self.tape.add(x, out);

        let normal = self.layer_norm(&x, pixels, channels);
        let inner = FEED_FORWARD_FACTOR * channels;
        let hidden = self.layer(&normal, pixels, Layer::linear("ff.net.0.proj", channels, 2 * inner));
        drop(normal);
        let bytes = self.batch * pixels * inner * self.scalar;
        let gated = self.tape.operation(&[&hidden], &[&hidden], bytes, 0);
        drop(hidden);
        let out = self.layer(&gated, pixels, Layer::linear("ff.net.2", inner, channels));
        drop(gated);
        self.tape.add(x, out)
    }

    /// The prompt's encoding in the type of the weights, and its number of tokens.
    fn context(&mut self) -> (Ghost, u64) {
        let Some(Prompt { states, tokens, .. }) = self.prompt.clone() else {
            return (self.tape.ledger().take(0), 0);
        };
        if self.scalar == F32 {
            return (states, tokens);
        }
        (self.tape.operation(&[&states], &[], states.bytes() / F32 * self.scalar, 0), tokens)
    }
}
