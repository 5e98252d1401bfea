//! Who scores pictures: the arguments that `score`, `evaluate` and `personalize` share.

use std::path::{Path, PathBuf};

use clap::Args;
use palpable::{
    evaluation::Judge,
    pipeline::{self, ClipFiles, JudgeFiles, StableDiffusion},
    weights::{ByteSource, DirectorySource},
};

use super::{error::Error, model::ModelArguments};

#[derive(Args)]
pub struct JudgeArguments {
    /// A CLIP that scores, as a folder in transformers' layout (ViT-B/32, ViT-L/14); the model folder's
    /// own if it is left out
    #[arg(long, value_name = "FOLDER")]
    clip: Option<PathBuf>,
    /// A DINO (ViT-S/16) for DINO-I, as a folder in transformers' layout
    #[arg(long, value_name = "FOLDER")]
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

    /// Refuses what lacks a CLIP before the model is loaded, which takes a while.
    ///
    /// # Errors
    /// None is named, and none comes with the model; there is no such model.
    pub async fn check_is_here(&self, model: &ModelArguments) -> Result<(), Error> {
        model.check_is_here().map_err(pipeline::Error::from)?;
        let folder = model.place().directory;
        let own = folder.length("clip/config.json").await.map_err(pipeline::Error::from)?;
        if self.clip.is_none() && own.is_none() {
            return Err(Error::Other(
                "No CLIP that can judge pictures comes with this model (it would be its folder \"clip\"); name one \
                 with --clip."
                    .to_owned(),
            ));
        }
        Ok(())
    }

    pub async fn load(
        &self,
        model: &StableDiffusion,
        model_folder: &DirectorySource,
    ) -> Result<Judge, Error> {
        let whole = self.clip.as_deref().map(DirectorySource::new);
        let dino = self.dino.as_deref().map(DirectorySource::new);
        let clip = whole.as_ref().map_or(ClipFiles::OfModel(model_folder), |folder| ClipFiles::Whole(folder));
        let files = JudgeFiles { clip, dino: dino.as_ref().map(|folder| folder as &dyn ByteSource) };
        Ok(model.load_judge(files).await?)
    }
}
