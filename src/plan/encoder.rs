//! The memory that a pass through CLIP's transformer takes (`model::clip_encoder`), which DINO has too.

use super::blocks::Walk;
use super::ledger::Ghost;
use crate::model::clip_encoder::HiddenAct;

/// A transformer, and the number of tokens that it is given in each batch row.
#[derive(Clone, Copy)]
pub struct EncoderShape {
    pub tokens: u64,
    pub width: u64,
    pub intermediate_size: u64,
    pub heads: u64,
    pub layers: usize,
    /// The activation where it is an operation of its own, as it is where gradients may be asked for; None where
    /// the linear layer before it applies it.
    pub activation: Option<HiddenAct>,
}

impl Walk<'_> {
    /// `ClipEncoder`
    pub fn encoder(&mut self, x: Ghost, shape: EncoderShape) -> Ghost {
        (0..shape.layers).fold(x, |x, _| self.encoder_layer(x, shape))
    }

    fn encoder_layer(&mut self, x: Ghost, shape: EncoderShape) -> Ghost {
        let EncoderShape { tokens, width, intermediate_size, heads, activation, .. } = shape;
        let normal = self.layer_norm(&x, tokens, width);
        let projections = [(); 3].map(|()| self.frozen(&normal, tokens * width));
        drop(normal);
        let attended = self.attention(projections, tokens, width, heads);
        let out = self.frozen(&attended, tokens * width);
        drop(attended);
        let x = self.tape.add(x, out);
        let normal = self.layer_norm(&x, tokens, width);
        let hidden = self.frozen(&normal, tokens * intermediate_size);
        drop(normal);
        let activated = match activation {
            Some(hidden_act) => self.activation(hidden_act, hidden, tokens * intermediate_size),
            None => hidden,
        };
        let out = self.frozen(&activated, tokens * width);
        drop(activated);
        self.tape.add(x, out)
    }

    /// x · σ(1.702·x) or x · Φ(x) by burn's operations; the product keeps both factors. For their own gradients
    /// the sigmoid keeps its result, which is the second factor, and the error function in Φ keeps its
    /// argument.
    fn activation(&mut self, hidden_act: HiddenAct, x: Ghost, count: u64) -> Ghost {
        let bytes = count * self.scalar;
        let scaled = self.tape.operation(&[&x], &[], bytes, 0);
        let factor = match hidden_act {
            HiddenAct::QuickGelu => self.tape.operation_keeping_result(&[&scaled], &[], bytes, bytes),
            HiddenAct::Gelu => self.tape.operation(&[&scaled], &[&scaled], bytes, bytes),
        };
        drop(scaled);
        self.tape.operation(&[&x, &factor], &[&x, &factor], bytes, 0)
    }
}
