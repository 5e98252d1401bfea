//! The memory that a pass through the text encoder takes.

use super::blocks::{F32, Walk};
use super::ledger::{Ghost, Ledger, Tape};
use crate::model::clip_text::ClipTextConfig;

/// A text encoder that is given prompts, all at once.
#[derive(Clone, Copy)]
pub struct TextPass<'a> {
    pub config: &'a ClipTextConfig,
    /// Bytes of a stored number.
    pub scalar: u64,
    pub prompts: u64,
}

/// The prompts' pass on a tape.
pub struct RecordedPrompts {
    tape: Tape,
    output: Ghost,
    leaf: Ghost,
}

impl TextPass<'_> {
    /// The prompts' encodings.
    pub fn encode(&self, ledger: &Ledger) -> Ghost {
        self.run(ledger, false).output
    }

    /// The same with a gradient to the token embeddings.
    pub fn record(&self, ledger: &Ledger) -> RecordedPrompts {
        self.run(ledger, true)
    }

    fn run(&self, ledger: &Ledger, recording: bool) -> RecordedPrompts {
        let config = self.config.encoder();
        let (tokens, width) = (self.config.max_position_embeddings as u64, config.hidden_size as u64);
        let mut tape = Tape::new(ledger, recording);
        let leaf = tape.leaf(&ledger.take(self.prompts * tokens * width * self.scalar));
        let mut walk = Walk::plain(&mut tape, self.scalar, self.prompts);
        // plus the positions
        let x = walk.copy(&leaf, tokens * width);
        let x = walk.encoder(x, &config, tokens, true);
        let output = walk.layer_norm(&x, tokens, width);
        RecordedPrompts { tape, output, leaf }
    }
}

impl RecordedPrompts {
    /// The prompts' encodings.
    pub fn output(&self) -> Ghost {
        self.output.detached()
    }

    /// The backward pass: from the encodings' gradient to that of the token embeddings.
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
