//! The settings that are a choice among a few words.

use serde::{Deserialize, Serialize};

use crate::training::ActivationPolicy;

/// The methods that settings can begin as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Prompt aligned personalization (arXiv:2401.06105).
    #[default]
    Palp,
    /// Textual Inversion and DreamBooth-LoRA together: PALP's base, without alignment.
    TiDb,
    /// arXiv:2208.01618: nothing but the new word.
    TextualInversion,
    /// arXiv:2208.12242: all weights of the U-Net, with prior preservation; the word is a rare one.
    Dreambooth,
    /// The same through LoRA factors, without prior preservation.
    DreamboothLora,
    /// arXiv:2212.04488: the keys and values of cross-attention, and the new word.
    CustomDiffusion,
}

impl Method {
    pub const ALL: [Self; 6] = [
        Self::Palp,
        Self::TiDb,
        Self::TextualInversion,
        Self::Dreambooth,
        Self::DreamboothLora,
        Self::CustomDiffusion,
    ];
}

/// What is trained beside the new words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TrainedWeights {
    /// LoRA factors of the attention projections.
    #[default]
    Lora,
    /// The whole keys and values of cross-attention.
    CrossAttention,
    /// Every linear and convolution of the U-Net.
    All,
    /// Nothing.
    None,
}

/// Where the personalization prompts come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PromptTemplates {
    /// The personalization prompt.
    #[default]
    Prompt,
    /// Textual Inversion's 27 sentences about an object.
    Objects,
    /// Its 19 sentences about a style.
    Styles,
}

/// Whether activations are kept for the backward pass or computed again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activations {
    /// Kept where a memory plan finds room, which a `Trainer` alone takes for granted.
    #[default]
    Auto,
    Keep,
    Recompute,
}

impl From<ActivationPolicy> for Activations {
    fn from(policy: ActivationPolicy) -> Self {
        match policy {
            ActivationPolicy::Keep => Self::Keep,
            ActivationPolicy::Recompute => Self::Recompute,
        }
    }
}
