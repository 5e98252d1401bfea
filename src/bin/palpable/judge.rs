//! Who scores pictures: the arguments that `score` and `evaluate` share.

use std::path::{Path, PathBuf};

use clap::Args;
use palpable::{
    evaluation::{ClipScorer, DinoScorer, Judge},
    pipeline::{self, StableDiffusion},
    weights::DirectorySource,
};

use super::error::Error;

#[derive(Args)]
pub struct JudgeArguments {
    /// A CLIP that scores, as a folder in transformers' layout (ViT-B/32, ViT-L/14); the model folder's
    /// own if it is left out
    #[arg(long, value_name = "DIR")]
    clip: Option<PathBuf>,
    /// A DINO (ViT-S/16) for DINO-I, as a folder in transformers' layout
    #[arg(long, value_name = "DIR")]
    dino: Option<PathBuf>,
}

impl JudgeArguments {
    /// Who scores, in words that results carry.
    pub fn name(&self, model: &StableDiffusion) -> String {
        let name =
            |path: &Path| path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
        let clip = self.clip.as_deref().map_or_else(|| format!("the CLIP of {}", model.name), name);
        match &self.dino {
            Some(dino) => format!("{clip} and {}", name(dino)),
            None => clip,
        }
    }

    pub async fn load(
        &self,
        model: &StableDiffusion,
        model_folder: &DirectorySource,
    ) -> Result<Judge, Error> {
        let (device, dtype) = (&model.gpu.device, model.precision.dtype());
        let (clip, tokenizer) = match &self.clip {
            Some(folder) => {
                ClipScorer::load_whole(&DirectorySource::new(folder), device, dtype, &mut |_| ()).await
            }
            None => {
                let text_model = (*model.text_encoder).clone();
                let clip = ClipScorer::load(model_folder, text_model, device, dtype, &mut |_| ()).await;
                clip.map(|clip| (clip, model.tokenizer.clone()))
            }
        }
        .map_err(pipeline::Error::from)?;
        let dino = match &self.dino {
            Some(folder) => {
                let dino = DinoScorer::load(&DirectorySource::new(folder), device, dtype, &mut |_| ()).await;
                Some(dino.map_err(pipeline::Error::from)?)
            }
            None => None,
        };
        Ok(Judge::new(clip, tokenizer, dino))
    }
}
