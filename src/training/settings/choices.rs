//! The settings that are a choice among a few words.

use serde::{Deserialize, Serialize};

use crate::training::ActivationPolicy;

/// The methods whose settings a run can start from.
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

/// What is trained of the U-Net.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TrainedWeights {
    /// Low-rank factors.
    #[default]
    Lora,
    /// All of cross-attention's keys and values (Custom Diffusion, arXiv:2212.04488).
    CrossAttention,
    /// All linear layers and convolutions (DreamBooth, arXiv:2208.12242).
    All,
    /// Nothing: the new word alone is learned (Textual Inversion, arXiv:2208.01618).
    None,
}

impl TrainedWeights {
    /// As in the settings' JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lora => "lora",
            Self::CrossAttention => "crossAttention",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

/// Which attention projections have a LoRA.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LoraTargets {
    /// All.
    #[default]
    Attention,
    /// Those of cross-attention, which read the prompt.
    CrossAttention,
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
    /// Kept if a memory plan finds room. A `Trainer` without such a plan keeps them.
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
