//! The blocks that U-Net and VAE share, written down for the ledger: each function repeats the `forward` of
//! the model's block of that name with tensors that have no numbers, and says for each operation what it
//! makes and what it keeps.

use super::adaptation::{Adaptation, LayerAdaptation};
use super::ledger::{Ghost, Tape};

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

/// A linear layer or convolution that an adapter may change.
#[derive(Clone, Copy)]
pub struct Layer<'a> {
    /// The end of the layer's path.
    pub path: &'a str,
    pub inputs: u64,
    pub outputs: u64,
    /// Positions of the layer's kernel: 9 for a 3×3 convolution.
    pub taps: u64,
}

impl<'a> Layer<'a> {
    pub fn linear(path: &'a str, inputs: u64, outputs: u64) -> Self {
        Self { path, inputs, outputs, taps: 1 }
    }

    pub fn convolution(inputs: u64, outputs: u64) -> Self {
        Self { path: "conv", inputs, outputs, taps: 9 }
    }
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
        Self { tape, scalar, batch, norm_num_groups: 0, prompt: None, adaptation: None }
    }
}

impl Walk<'_> {
    /// A frozen layer whose result has `count` numbers per batch row; it keeps nothing.
    pub fn frozen(&mut self, x: &Ghost, count: u64) -> Ghost {
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
        let scores = self.tape.operation(&[&query, &key], &[&query, &key], pairs, 0);
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
        drop((probabilities, value));
        self.tape.operation(&[&attended], &[], self.batch * pixels * channels * self.scalar, 0)
    }

    /// A layer that an adapter may change, with `tokens` results per batch row. With a LoRA it keeps its
    /// input and A·x; with a full difference that is trained, its input and the sum of both weights.
    pub fn layer(&mut self, x: &Ghost, tokens: u64, layer: Layer) -> Ghost {
        let Layer { path, inputs, outputs, taps } = layer;
        let adaptation = self.adaptation.map(|adaptation| adaptation.of_layer(path));
        match adaptation.unwrap_or(LayerAdaptation::None) {
            LayerAdaptation::None => self.frozen(x, tokens * outputs),
            LayerAdaptation::LowRank(rank) => self.low_rank(x, tokens, layer, rank),
            LayerAdaptation::Full => {
                let weight = self.summed_weight(inputs * outputs * taps);
                let bytes = self.batch * tokens * outputs * self.scalar;
                let result = self.tape.operation(&[x, &weight], &[x, &weight], bytes, 0);
                // plus the bias
                self.tape.in_place(result)
            }
        }
    }

    /// W + D, summed in f32; for a model in f16 the sum is then copied to f16.
    fn summed_weight(&mut self, count: u64) -> Ghost {
        let ledger = self.tape.ledger().clone();
        let difference = self.tape.leaf(&ledger.take(0));
        if self.scalar == F32 {
            return self.tape.operation(&[&difference], &[], count * F32, 0);
        }
        let terms = [(); 2].map(|()| ledger.take(count * F32));
        let sum = self.tape.operation(&[&difference], &[], count * self.scalar, count * F32);
        drop(terms);
        sum
    }

    fn low_rank(&mut self, x: &Ghost, tokens: u64, layer: Layer, rank: u64) -> Ghost {
        let Layer { inputs, outputs, .. } = layer;
        let frozen = self.frozen(x, tokens * outputs);
        let (down, up) = (self.factor(rank * inputs), self.factor(rank * outputs));
        let row = self.batch * tokens * self.scalar;
        let reduced = self.tape.operation(&[x, &down], &[x, &down], row * rank, 0);
        let reduced = self.tape.in_place(reduced);
        let raised = self.tape.operation(&[&reduced, &up], &[&reduced, &up], row * outputs, 0);
        self.tape.add(frozen, raised)
    }

    /// A LoRA factor as it is used: the trained values themselves in f32, a copy in f16.
    fn factor(&mut self, count: u64) -> Ghost {
        let ledger = self.tape.ledger().clone();
        let values = if self.scalar == F32 { ledger.take(0) } else { ledger.take(count * self.scalar) };
        self.tape.leaf(&values)
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
