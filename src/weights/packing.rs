//! Which weights of a network are packed, where packing is asked for.

/// Whether the weight of this upstream name may be packed: those of linear layers and convolutions. Not those of
/// a network's first and last convolution, which are small and whose rounding every pixel would show, nor those of
/// the time embedding; tables of embeddings are no layers.
pub fn may_pack(name: &str) -> bool {
    let in_full = ["norm", "embedding", "conv_in.", "conv_out.", "quant_conv."];
    name.ends_with(".weight") && !in_full.iter().any(|part| name.contains(part))
}
