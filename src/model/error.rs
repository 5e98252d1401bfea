//! What can be wrong with a model's configuration.

/// A model whose `config.json` cannot be used. Wrong or missing tensors are `weights::Error`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON, or a setting has the wrong type.
    #[error("the {component}'s config.json cannot be read: {reason}")]
    UnreadableConfig { component: &'static str, reason: serde_json::Error },
    /// A valid diffusers configuration of an architecture other than those of Stable Diffusion 1.x and 2.x.
    #[error(
        "the {component}'s config.json sets {setting} to {value}, which is not supported; \
         choose a Stable Diffusion 1.x or 2.x model in diffusers' layout"
    )]
    UnsupportedSetting { component: &'static str, setting: &'static str, value: String },
    /// Settings that cannot hold together, or a size of zero.
    #[error("the {component}'s config.json contradicts itself: {reason}")]
    InconsistentConfig { component: &'static str, reason: String },
}
