//! The memory that a pass through CLIP's transformer takes (`model::clip_encoder`), which DINO has too.

use super::blocks::Walk;
use super::layers::Layer;
use super::ledger::Ghost;
use crate::model::clip_encoder::{EncoderConfig, HiddenAct};

impl Walk<'_> {
    /// `ClipEncoder`, given so many tokens in each batch row. `activates_apart`: the activation is an operation of its
    /// own, as it is where gradients may be asked for; else the linear layer before it applies it.
    pub fn encoder(&mut self, x: Ghost, config: &EncoderConfig, tokens: u64, activates_apart: bool) -> Ghost {
        let layers = 0..config.num_hidden_layers;
        layers.fold(x, |x, _| self.encoder_layer(x, config, tokens, activates_apart))
    }

    fn encoder_layer(
        &mut self,
        x: Ghost,
        config: &EncoderConfig,
        tokens: u64,
        activates_apart: bool,
    ) -> Ghost {
        let [width, intermediate_size, heads] =
            [config.hidden_size, config.intermediate_size, config.num_attention_heads]
                .map(|size| size as u64);
        let normal = self.layer_norm(&x, tokens, width);
        let square = |path| Layer::linear(path, width, width);
        let projections =
            ["q_proj", "k_proj", "v_proj"].map(|path| self.frozen(&normal, tokens, square(path)));
        drop(normal);
        let attended = self.attention(projections, tokens, width, heads);
        let out = self.frozen(&attended, tokens, square("out_proj"));
        drop(attended);
        let x = self.tape.add(x, out);
        let normal = self.layer_norm(&x, tokens, width);
        let mut hidden = self.frozen(&normal, tokens, Layer::linear("fc1", width, intermediate_size));
        drop(normal);
        if activates_apart {
            hidden = self.activation(config.hidden_act, hidden, tokens * intermediate_size);
        }
        let out = self.frozen(&hidden, tokens, Layer::linear("fc2", intermediate_size, width));
        drop(hidden);
        self.tape.add(x, out)
    }

    /// x · σ(1.702·x) or x · Φ(x) by burn's operations; the product keeps both factors. For their own gradients
    /// the sigmoid and the error function in Φ keep their arguments.
    fn activation(&mut self, hidden_act: HiddenAct, x: Ghost, count: u64) -> Ghost {
        let bytes = count * self.scalar;
        let scaled = self.tape.operation(&[&x], &[], bytes, 0);
        let scratch = match hidden_act {
            HiddenAct::QuickGelu => 2 * bytes,
            HiddenAct::Gelu => bytes,
        };
        let factor = self.tape.operation(&[&scaled], &[&scaled], bytes, scratch);
        drop(scaled);
        self.tape.operation(&[&x, &factor], &[&x, &factor], bytes, 0)
    }
}
