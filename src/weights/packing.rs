//! Which weights of a network are packed, where packing is asked for.

use crate::ops::packed::Packing;

/// How the weight of this upstream name is packed where `packing` is asked for: those of linear layers and
/// convolutions so, a table of token embeddings in halves. Not those of a network's first and last convolution,
/// which are small and whose rounding every pixel would show, nor those of the time embedding.
pub fn packing_of(name: &str, packing: Option<Packing>) -> Option<Packing> {
    let in_full = ["norm", "embedding", "conv_in.", "conv_out.", "quant_conv."];
    if is_table(name) {
        packing.map(|_| Packing::Halves)
    } else {
        packing.filter(|_| name.ends_with(".weight") && !in_full.iter().any(|part| name.contains(part)))
    }
}

/// Whether rows of it are looked up, instead of its being multiplied with.
pub(super) fn is_table(name: &str) -> bool {
    name.ends_with("token_embedding.weight")
}
