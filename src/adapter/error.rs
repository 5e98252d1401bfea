//! What can be wrong with an adapter, each in one sentence for the user.

use crate::weights;

/// Why an adapter could not be read or used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// Not safetensors, cut short, or its header lies.
    #[error(transparent)]
    File(#[from] weights::Error),

    /// A PyTorch pickle, by its name or content.
    #[error(
        "{file} is a pickle, which can run code when opened; convert it to .safetensors first, in Python: \
         safetensors.torch.save_file(torch.load(\"{file}\", weights_only=True), \"converted.safetensors\") \
         for a LoRA, or with {{\"emb_params\": its tensor}} for an embedding"
    )]
    Pickle { file: String },

    /// Draw Things' own format.
    #[error(
        "{file} is a database of Draw Things, which only that program reads; open the .safetensors file that it \
         was imported from"
    )]
    DrawThings { file: String },

    /// Far beyond any adapter.
    #[error(
        "{file} has {gigabytes:.1} GB; adapters of up to {} GB are read, so this is probably a whole model",
        super::MAX_FILE >> 30
    )]
    TooLarge { file: String, gigabytes: f64 },

    /// Nothing in it is a part of an adapter.
    #[error(
        "{file} is not an adapter: it holds neither LoRA weights nor an embedding (\"{example}\" is one of its tensors)"
    )]
    NotAnAdapter { file: String, example: String },

    /// No tensors at all.
    #[error("{file} is not an adapter: it holds no tensors")]
    Empty { file: String },

    /// Parts that this engine has no place for.
    #[error(
        "{file} also changes what Palpable does not adapt: {parts} (for example \"{example}\"); it can use \
         LoRA and full differences of the linear layers and convolutions of the U-Net and of one text \
         encoder, and embeddings for it"
    )]
    NotUnderstood { file: String, parts: String, example: String },

    /// One factor without the other.
    #[error("{file} is incomplete: \"{path}\" lacks its {missing} factor")]
    MissingFactor { file: String, path: String, missing: &'static str },

    /// A bias' difference without its weight's.
    #[error("{file} is incomplete: it changes the bias of \"{path}\" (diff_b) without its weight (diff)")]
    LoneBias { file: String, path: String },

    /// A factor that is given twice, in two dialects.
    #[error("{file} gives \"{name}\" twice")]
    Duplicate { file: String, name: String },

    /// The factors do not multiply.
    #[error("{file} is inconsistent: the factors of \"{path}\" have the ranks {down} and {up}")]
    RankMismatch { file: String, path: String, down: usize, up: usize },

    /// A tensor is not a matrix, a scalar, or a list of vectors where it must be one.
    #[error("{file} is malformed: \"{name}\" has the shape {shape:?}, not {expected}")]
    WrongShape { file: String, name: String, shape: Vec<usize>, expected: &'static str },

    /// A type of number that is not read.
    #[error("{file} stores \"{name}\" as {stored}, which is not read; convert it to 16- or 32-bit floats")]
    WrongType { file: String, name: String, stored: weights::StoredType },

    /// NaN or infinity.
    #[error("{file} is damaged: \"{name}\" holds values that are not finite numbers")]
    NotFinite { file: String, name: String },

    /// Two embeddings that would be typed alike.
    #[error("{file} gives the new word \"{placeholder}\" twice")]
    RepeatedWord { file: String, placeholder: String },

    /// An `adapter_config.json` that does not say what is needed.
    #[error(
        "{file} cannot be used: {problem}; save the adapter with peft again, or as one .safetensors file"
    )]
    PeftConfig { file: String, problem: String },

    /// The weights of a peft folder alone.
    #[error(
        "{file} is one of the two files of peft, and how strongly it acts stands in the other, \
         adapter_config.json: give the folder that holds both to the command line, or save the adapter as \
         diffusers' pytorch_lora_weights.safetensors"
    )]
    NoPeftConfig { file: String },

    /// An embedding for the text encoder's output.
    #[error(
        "{file} replaces what the text encoder makes of \"{name}\" (an output embedding of OneTrainer), \
         which is not read; train it again without output embeddings"
    )]
    OutputEmbedding { file: String, name: String },

    /// A folder without an adapter's files.
    #[error(
        "the folder {folder} holds no adapter: neither pytorch_lora_weights.safetensors nor \
         adapter_model.safetensors nor learned_embeds.safetensors"
    )]
    EmptyFolder { folder: String },

    /// No sound zip archive, or one that is not read.
    #[error("{file} is no zip archive that can be read: {problem}")]
    Archive { file: String, problem: &'static str },

    /// An archive that is no project.
    #[error("{file} is no Palpable project that can be read: {problem}")]
    Project { file: String, problem: &'static str },

    /// What a format has no place for.
    #[error("the adapter \"{adapter}\" cannot be written as {format}: {problem}")]
    NotWritable { adapter: String, format: &'static str, problem: &'static str },

    /// Adapts a layer that the model does not have.
    #[error("the adapter \"{adapter}\" was made for another model: this one has no layer \"{path}\"")]
    NoSuchLayer { adapter: String, path: String },

    /// Text vectors of another width: another family of models.
    #[error(
        "the adapter \"{adapter}\" was made for another model: it expects text vectors of {adapter_width}, \
         this model's have {model_width}"
    )]
    OtherTextWidth { adapter: String, adapter_width: String, model_width: String },

    /// A layer of another size.
    #[error(
        "the adapter \"{adapter}\" was made for another model: its layer \"{path}\" maps {adapter_in} to \
         {adapter_out} numbers, this model's maps {model_in} to {model_out}"
    )]
    OtherLayerSize {
        adapter: String,
        path: String,
        adapter_in: usize,
        adapter_out: usize,
        model_in: usize,
        model_out: usize,
    },

    /// A convolution's adaptation of a linear layer, or the other way round.
    #[error(
        "the adapter \"{adapter}\" was made for another model: its first factor of \"{path}\" has the shape \
         {adapter_shape:?}, which does not fit this model's weight {model_shape:?}"
    )]
    OtherKernel { adapter: String, path: String, adapter_shape: Vec<usize>, model_shape: Vec<usize> },

    /// A difference of another shape than the layer's weight.
    #[error(
        "the adapter \"{adapter}\" was made for another model: its difference of \"{path}\" has the shape \
         {adapter_shape:?}, this model's weight {model_shape:?}"
    )]
    OtherWeightShape { adapter: String, path: String, adapter_shape: Vec<usize>, model_shape: Vec<usize> },

    /// A difference of a bias that the layer does not have.
    #[error(
        "the adapter \"{adapter}\" was made for another model: it changes the bias of \"{path}\", and this \
         model's layer has none"
    )]
    NoSuchBias { adapter: String, path: String },
}
