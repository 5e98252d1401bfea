//! What can be wrong with a model's files, each in one sentence for the user.

use super::StoredType;

/// Why weights, a config or another file of a model could not be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A file that every such model has is not there.
    #[error("the model folder has no {path}")]
    MissingFile { path: String },

    /// A shard that the index names is not there.
    #[error("{index} names the part {shard}, which is not in the folder; download the model again")]
    MissingShard { index: String, shard: String },

    /// A tensor that the index promises is in no shard.
    #[error("{index} says that {shard} holds \"{name}\", which it does not; download the model again")]
    MissingFromShard { index: String, shard: String, name: String },

    /// The file could not be read at all.
    #[error("{path} could not be read: {reason}")]
    Unreadable { path: String, reason: String },

    /// A PyTorch pickle.
    #[error("{path} is a pickle, which can run code when opened; convert the model to .safetensors first")]
    Pickle { path: String },

    /// What git leaves in place of a large file that it did not download.
    #[error("{path} is only a Git LFS pointer; fetch the file itself with \"git lfs pull\"")]
    LfsPointer { path: String },

    /// The file ends before the data its header announces.
    #[error("{path} is cut short: it has {actual} of {expected} bytes; download it again")]
    Truncated { path: String, actual: u64, expected: u64 },

    /// The header contradicts itself, the file, or the format.
    #[error("{path} is not a valid safetensors file: {problem}")]
    Malformed { path: String, problem: String },

    /// A safetensors file without a part of a Stable Diffusion that is read here.
    #[error(
        "{path} is not a checkpoint that can be opened: {reason}; choose a Stable Diffusion 1.x or 2.x model"
    )]
    UnknownCheckpoint { path: String, reason: String },

    /// A checkpoint without some part of a model, and nothing else to take it from.
    #[error("{path} lacks {parts}; name a model to complete it with")]
    IncompleteCheckpoint { path: String, parts: String },

    /// A `config.json`, an index, or another JSON file that does not say what it must.
    #[error("{path} is not usable: {problem}")]
    BadConfig { path: String, problem: String },

    /// The model asks for a tensor that the files lack.
    #[error("{component} lacks the tensor \"{name}\"; is it a model of another kind?")]
    MissingTensor { component: String, name: String },

    /// The tensor's shape is not the one that the config implies.
    #[error("\"{name}\" of {component} has the shape {actual:?} where its config asks for {expected:?}")]
    WrongShape { component: String, name: String, actual: Vec<usize>, expected: Vec<usize> },

    /// A type of number that cannot become f32 or f16 without knowing more.
    #[error(
        "\"{name}\" of {component} is stored as {stored}, which this program does not read; choose a file of the model in fp16, bf16 or fp32"
    )]
    UnsupportedType { component: String, name: String, stored: StoredType },

    /// A tensor with a side of length 0.
    #[error("\"{name}\" of {component} holds nothing")]
    EmptyTensor { component: String, name: String },

    /// An infinity, or what is no number.
    #[error(
        "\"{name}\" in {path} holds numbers that are not finite: the file is damaged; download it again or choose another file"
    )]
    NotFinite { path: String, name: String },

    /// A number that f16 cannot hold.
    #[error("\"{name}\" of {component} holds numbers too large for 16-bit floats; load it in 32 bits")]
    TooLargeForF16 { component: String, name: String },

    /// A layer that computes with floats was given a packed weight.
    #[error(
        "\"{name}\" of {component} is packed in fewer bits, where its layer needs floats; load it unpacked"
    )]
    Packed { component: String, name: String },

    /// Weights were asked for in a type other than f32 and f16.
    #[error("weights can be loaded as f32 or f16, not as {requested}")]
    UnsupportedTarget { requested: String },
}
