//! What one tensor of an adapter's file is, whatever the dialect; and words for what is not understood.

use super::{bundle, diffusers, kohya, original_layout};

/// The role of a tensor, told by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A of the layer at this path.
    Down(String),
    /// The Tucker factor between A and B of the convolution at this path.
    Middle(String),
    /// B of the layer at this path.
    Up(String),
    /// alpha of the layer at this path.
    Alpha(String),
    /// The full difference of the weight of the layer at this path.
    Difference(String),
    /// The same of its bias.
    BiasDifference(String),
    /// The vectors of a new word that is bundled under this name.
    Embedding(String),
}

impl Part {
    /// The role that a dialect's reader gives to `name`.
    pub fn of(name: &str) -> Option<Self> {
        kohya::part(name)
            .or_else(|| diffusers::part(name))
            .or_else(|| original_layout::part(name))
            .or_else(|| bundle::part(name))
    }

    /// The factor, alpha or difference that a suffix stands for.
    pub fn by_suffix(path: String, suffix: &str) -> Option<Self> {
        match suffix {
            "lora_down.weight"
            | "lora.down.weight"
            | "lora_linear_layer.down.weight"
            | "lora_A.weight"
            | "lora_A.default.weight" => Some(Self::Down(path)),
            "lora_up.weight"
            | "lora.up.weight"
            | "lora_linear_layer.up.weight"
            | "lora_B.weight"
            | "lora_B.default.weight" => Some(Self::Up(path)),
            "lora_mid.weight" => Some(Self::Middle(path)),
            "alpha" => Some(Self::Alpha(path)),
            "diff" => Some(Self::Difference(path)),
            "diff_b" => Some(Self::BiasDifference(path)),
            _ => None,
        }
    }
}

/// In words, what a tensor without a [`Part`] belongs to, if its name tells that it is part of some
/// adapter; `None` for a tensor of anything else.
pub(super) fn kind_of_foreign(name: &str) -> Option<&'static str> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let contains = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let is_lora = contains(&["lora_", "lora.", "hada_w", "lokr_w", "oft_", "dora_scale"]);
    let is_difference =
        [".diff", ".diff_b", ".w_norm", ".b_norm"].iter().any(|suffix| name.ends_with(suffix));
    if matches!(name, "clip_l" | "clip_g") {
        Some("embeddings of two text encoders (SDXL's)")
    } else if starts(&["bundle_emb."]) {
        Some("embeddings of another kind")
    } else if !is_lora && !is_difference {
        None
    } else if contains(&["dora_scale", "lora_magnitude_vector"]) {
        Some("DoRA magnitudes")
    } else if contains(&["hada_w", "lokr_w", "oft_"]) {
        Some("LoHa, LoKr or OFT factors")
    } else if starts(&["lora_te2_", "text_encoder_2.", "text_encoders.clip_g.", "te1_", "te2_"]) {
        Some("two text encoders (SDXL's)")
    } else if starts(&["lora_te", "text_encoder"]) {
        Some("parts of the text encoder that are not adapted here (its vocabulary, norms, projection)")
    } else if is_difference {
        Some("differences of layers that are not adapted here (norms, the time embedding)")
    } else if contains(&["time_embed"]) {
        Some("the time embedding")
    } else {
        Some("other layers")
    }
}
