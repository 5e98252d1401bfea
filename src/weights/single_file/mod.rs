//! A single-file Stable Diffusion checkpoint, read as if it were a folder in diffusers' layout.
//!
//! The original key names (`model.diffusion_model.…`, `first_stage_model.…`, `cond_stage_model.…`) are
//! walked once; what is found gives each part's config and, tensor by tensor, diffusers' name and the
//! bytes it lies in (`unet.rs`, `vae.rs`, `text_encoder.rs`). [`SingleFile`] then answers for
//! `unet/config.json`, `unet/diffusion_pytorch_model.safetensors` and so on: safetensors headers are
//! made up, data are read where they lie. So everything that loads a folder loads a single file, as
//! lazily.
//!
//! What shapes can't tell:
//! - heads: Stable Diffusion 1 has 8 at every level, 2 (linear projections) has heads of 64 channels;
//! - what the U-Net predicts: the caller's word, else the file's (a `v_pred` tensor, or
//!   `modelspec.prediction_type` of its metadata), else noise for 1.x, and for 2.x by how far the last
//!   transformer's first bias is spread, which training on v widens (ComfyUI's rule).

mod names;
mod part;
mod text_encoder;
mod tokenizer;
mod unet;
mod vae;
mod view;

use std::{collections::BTreeMap, ops::Range};

use burn::tensor::FloatDType;
use serde_json::{Value, json};

use super::{
    ByteSource, Error, LocalFuture, SafetensorsHeader, TensorEntry, convert::Floats, hash::checkpoint_hash,
    source::read_text,
};
use names::Names;
use part::Part;
pub(crate) use unet::RESNET_LAYERS;
use view::View;

/// What the caller knows better than the file.
#[derive(Clone, Copy, Debug, Default)]
pub struct SingleFileOptions<'a> {
    /// Take the U-Net's averaged weights (`model_ema.…`) where the file has them.
    pub averaged: bool,
    /// Whether the U-Net predicts v rather than the noise.
    pub predicts_v: Option<bool>,
    /// CLIP's `merges.txt`, which such files lack; without it there is no tokenizer.
    pub merges: Option<&'a str>,
}

/// A checkpoint file as a model folder.
pub struct SingleFile<'a> {
    source: &'a dyn ByteSource,
    path: String,
    files: BTreeMap<&'static str, View>,
    /// Parts that the file lacks and that lie beside it, by their folders.
    beside: Vec<&'static str>,
}

/// The parts of a complete model by diffusers' names, each with a file that it can't be without.
const PARTS: [(&str, &str); 4] = [
    ("unet", "unet/config.json"),
    ("vae", "vae/config.json"),
    ("text_encoder", "text_encoder/config.json"),
    ("tokenizer", "tokenizer/merges.txt"),
];

/// Standard deviation of the last transformer's first bias above which a 2.x model predicts v.
const V_PREDICTION_SPREAD: f64 = 0.09;

impl<'a> SingleFile<'a> {
    /// Reads the header of a checkpoint and finds out what it holds.
    ///
    /// # Errors
    /// As [`SafetensorsHeader::read`]; [`Error::UnknownCheckpoint`] if no part of a Stable Diffusion 1.x
    /// or 2.x is in it.
    pub async fn open(
        source: &'a dyn ByteSource,
        path: &str,
        options: SingleFileOptions<'_>,
    ) -> Result<Self, Error> {
        let header = SafetensorsHeader::read(source, path).await?;
        let names = Names::new(&header.tensors, options.averaged);
        if let Some(reason) = names.other_architecture() {
            return Err(Error::UnknownCheckpoint { path: path.to_owned(), reason: reason.to_owned() });
        }
        let mut unet = unet::find(&names);
        let vae = vae::find(&names);
        let text_encoder = text_encoder::find(&names);
        if unet.is_none() && vae.is_none() && text_encoder.is_none() {
            let reason = "no part of it has the names of a Stable Diffusion 1.x or 2.x".to_owned();
            return Err(Error::UnknownCheckpoint { path: path.to_owned(), reason });
        }
        let mut files = BTreeMap::new();
        if let Some(unet) = &mut unet {
            let predicts_v = match options.predicts_v.or_else(|| predicts_v_by_name(&header)) {
                Some(known) => known,
                None => predicts_v_by_spread(source, path, unet).await?,
            };
            // Models that predict v were trained on 768 pixels, the others on 512.
            let side = if predicts_v { 96 } else { 64 };
            unet.config.insert("sample_size".to_owned(), json!(side));
            files.insert("scheduler/scheduler_config.json", View::text(&scheduler(predicts_v)));
            files.insert("model_index.json", View::text(&json!({"_class_name": "StableDiffusionPipeline"})));
        }
        if let (Some(text_encoder), Some(merges)) = (&text_encoder, options.merges) {
            let pads_with_zero = text_encoder.config.get("hidden_act") == Some(&json!("gelu"));
            files.extend(tokenizer::files(merges, pads_with_zero));
        }
        let parts = [
            (unet, "unet/config.json", "unet/diffusion_pytorch_model.safetensors"),
            (vae, "vae/config.json", "vae/diffusion_pytorch_model.safetensors"),
            (text_encoder, "text_encoder/config.json", "text_encoder/model.safetensors"),
        ];
        for (part, config, weights) in parts {
            if let Some(part) = part {
                files.insert(config, View::text(&Value::Object(part.config)));
                files.insert(weights, View::tensors(part.tensors));
            }
        }
        Ok(Self { source, path: path.to_owned(), files, beside: Vec::new() })
    }

    /// The checkpoint of a folder that holds one, `model.safetensors` with CLIP's `merges.txt` beside it,
    /// rather than a model's parts; `None` if it holds parts. What the checkpoint lacks may lie beside it, in
    /// folders as diffusers has them.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn in_folder(source: &'a dyn ByteSource) -> Result<Option<Self>, Error> {
        let (file, merges) = ("model.safetensors", "merges.txt");
        if source.length("model_index.json").await?.is_some() || source.length(file).await?.is_none() {
            return Ok(None);
        }
        let merges = match source.length(merges).await? {
            Some(_) => Some(read_text(source, merges).await?),
            None => None,
        };
        let options = SingleFileOptions { merges: merges.as_deref(), ..Default::default() };
        let mut checkpoint = Self::open(source, file, options).await?;
        for (folder, needed) in PARTS {
            if !checkpoint.files.contains_key(needed) && source.length(needed).await?.is_some() {
                checkpoint.beside.push(folder);
            }
        }
        Ok(Some(checkpoint))
    }

    /// The short hash by which other programs know the file ([`checkpoint_hash`]).
    ///
    /// # Errors
    /// What the source reports.
    pub async fn hash(&self) -> Result<String, Error> {
        checkpoint_hash(self.source, &self.path).await
    }

    /// The folders of a complete model that the file has nothing for, by diffusers' names.
    pub fn lacks(&self) -> Vec<&'static str> {
        let lacking = PARTS
            .into_iter()
            .filter(|(folder, file)| !self.files.contains_key(file) && !self.beside.contains(folder));
        lacking.map(|(folder, _)| folder).collect()
    }

    /// Whether a file is of a part that lies beside the checkpoint.
    fn is_beside(&self, path: &str) -> bool {
        path.split_once('/').is_some_and(|(folder, _)| self.beside.contains(&folder))
    }
}

impl ByteSource for SingleFile<'_> {
    fn length<'b>(&'b self, path: &'b str) -> LocalFuture<'b, Result<Option<u64>, Error>> {
        if self.is_beside(path) {
            return self.source.length(path);
        }
        Box::pin(async move { Ok(self.files.get(path).map(View::length)) })
    }

    fn read<'b>(&'b self, path: &'b str, range: Range<u64>) -> LocalFuture<'b, Result<Vec<u8>, Error>> {
        if self.is_beside(path) {
            return self.source.read(path, range);
        }
        Box::pin(async move {
            let view = self.files.get(path).ok_or_else(|| Error::MissingFile { path: path.to_owned() })?;
            if range.end > view.length() {
                let (path, actual, expected) = (path.to_owned(), view.length(), range.end);
                return Err(Error::Truncated { path, actual, expected });
            }
            view.read(self.source, &self.path, range).await
        })
    }
}

/// What the file says of itself.
fn predicts_v_by_name(header: &SafetensorsHeader) -> Option<bool> {
    if header.tensors.iter().any(|tensor| tensor.name == "v_pred") {
        return Some(true);
    }
    match header.metadata.get("modelspec.prediction_type")?.as_str() {
        "v" | "v_prediction" => Some(true),
        "epsilon" => Some(false),
        _ => None,
    }
}

async fn predicts_v_by_spread(source: &dyn ByteSource, path: &str, unet: &Part<'_>) -> Result<bool, Error> {
    // 1.x projects by convolutions and predicts the noise.
    if unet.config.get("use_linear_projection") != Some(&Value::Bool(true)) {
        return Ok(false);
    }
    let last = unet.tensors.iter().rfind(|tensor| {
        tensor.name.starts_with("up_blocks.")
            && tensor.name.ends_with(".transformer_blocks.0.norm1.bias")
            && tensor.range.end - tensor.range.start <= 1 << 16
    });
    let Some(TensorEntry { dtype, range, .. }) = last else { return Ok(false) };
    let bytes = source.read(path, range.clone()).await?;
    let mut values = Floats::new(FloatDType::F32)?;
    let known = values.extend(*dtype, &bytes);
    Ok(known && values.spread() > V_PREDICTION_SPREAD)
}

/// The schedule that Stable Diffusion 1.x and 2.x were trained on.
fn scheduler(predicts_v: bool) -> Value {
    json!({
        "_class_name": "DDIMScheduler", "num_train_timesteps": 1000, "beta_schedule": "scaled_linear",
        "beta_start": 0.00085, "beta_end": 0.012, "steps_offset": 1, "set_alpha_to_one": false,
        "prediction_type": if predicts_v { "v_prediction" } else { "epsilon" },
    })
}
