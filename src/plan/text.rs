//! The memory that a pass through the text encoder takes.

use super::blocks::{F32, Walk};
use super::ledger::{Ghost, Ledger, Tape};
use crate::model::{clip_encoder::HiddenAct, clip_text::ClipTextConfig};

/// A text encoder that is given one prompt.
#[derive(Clone, Copy)]
pub struct TextPass<'a> {
    pub config: &'a ClipTextConfig,
    /// Bytes of a stored number.
    pub scalar: u64,
}

/// A prompt's pass on a tape.
pub struct RecordedPrompt {
    tape: Tape,
    output: Ghost,
    leaf: Ghost,
}

impl TextPass<'_> {
    /// One prompt's encoding.
    pub fn encode(&self, ledger: &Ledger) -> Ghost {
        self.run(ledger, false).output
    }

    /// The same with a gradient to the token embeddings.
    pub fn record(&self, ledger: &Ledger) -> RecordedPrompt {
        self.run(ledger, true)
    }

    fn run(&self, ledger: &Ledger, recording: bool) -> RecordedPrompt {
        let config = self.config;
        let [width, intermediate_size] =
            [config.hidden_size, config.intermediate_size].map(|size| size as u64);
        let [tokens, heads] =
            [config.max_position_embeddings, config.num_attention_heads].map(|size| size as u64);
        let mut tape = Tape::new(ledger, recording);
        let leaf = tape.leaf(&ledger.take(tokens * width * self.scalar));
        let mut walk = Walk {
            tape: &mut tape,
            scalar: self.scalar,
            batch: 1,
            norm_num_groups: 0,
            prompt: None,
            adaptation: None,
        };
        let mut x = walk.frozen(&leaf, tokens * width);
        for _ in 0..self.config.num_hidden_layers {
            let normal = walk.layer_norm(&x, tokens, width);
            let projections = [(); 3].map(|()| walk.frozen(&normal, tokens * width));
            drop(normal);
            let attended = walk.attention(projections, tokens, width, heads);
            let out = walk.frozen(&attended, tokens * width);
            drop(attended);
            x = walk.tape.add(x, out);
            let normal = walk.layer_norm(&x, tokens, width);
            let hidden = walk.frozen(&normal, tokens * intermediate_size);
            drop(normal);
            let activated = activation(&mut walk, self.config.hidden_act, hidden, tokens * intermediate_size);
            let out = walk.frozen(&activated, tokens * width);
            drop(activated);
            x = walk.tape.add(x, out);
        }
        let output = walk.layer_norm(&x, tokens, width);
        RecordedPrompt { tape, output, leaf }
    }
}

/// x · σ(1.702·x) or x · Φ(x) by burn's operations; the product keeps both factors. For their own gradients
/// the sigmoid keeps its result, which is the second factor, and the error function in Φ keeps its
/// argument.
fn activation(walk: &mut Walk, hidden_act: HiddenAct, x: Ghost, count: u64) -> Ghost {
    let bytes = count * walk.scalar;
    let scaled = walk.tape.operation(&[&x], &[], bytes, 0);
    let factor = match hidden_act {
        HiddenAct::QuickGelu => walk.tape.operation_keeping_result(&[&scaled], &[], bytes, bytes),
        HiddenAct::Gelu => walk.tape.operation(&[&scaled], &[&scaled], bytes, bytes),
    };
    drop(scaled);
    walk.tape.operation(&[&x, &factor], &[&x, &factor], bytes, 0)
}

impl RecordedPrompt {
    /// The prompt's encoding.
    pub fn output(&self) -> Ghost {
        self.output.detached()
    }

    /// The backward pass: from the encoding's gradient to that of the token embeddings.
    pub fn backward(self, ledger: &Ledger, gradient: Ghost) -> Option<Ghost> {
        drop(ledger.take(self.output.bytes()));
        let mut gradients = self.tape.backward(&self.output, gradient);
        gradients.remove(&self.leaf)
    }
}

/// Bytes of an encoding, f32.
pub fn encoding(config: &ClipTextConfig) -> u64 {
    config.max_position_embeddings as u64 * config.hidden_size as u64 * F32
}
