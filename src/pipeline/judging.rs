//! A judge of the model's pictures, which lies on the device beside the model.

use super::{Error, StableDiffusion};
use crate::{
    evaluation::{self, ClipScorer, DinoScorer, Judge, PICTURES_AT_ONCE},
    model::{clip::ClipConfig, vit::VitConfig},
    plan::{JudgeSizes, MemoryPlan},
    weights::{ByteSource, read_text},
};

/// Where a judge's files are.
#[derive(Clone, Copy)]
pub struct JudgeFiles<'a> {
    pub clip: ClipFiles<'a>,
    /// A DINO's folder.
    pub dino: Option<&'a dyn ByteSource>,
}

#[derive(Clone, Copy)]
pub enum ClipFiles<'a> {
    /// `clip/` of a model's folder; the model's text encoder is its text tower.
    OfModel(&'a dyn ByteSource),
    /// A folder of a whole CLIP.
    Whole(&'a dyn ByteSource),
}

impl StableDiffusion {
    /// Loads a judge. As long as it lives, plans count it beside the model.
    ///
    /// # Errors
    /// A file is missing or broken, or of another architecture; more memory than the device may give.
    pub async fn load_judge(&self, files: JudgeFiles<'_>) -> Result<Judge, Error> {
        let (device, dtype) = (&self.gpu.device, self.precision.dtype());
        let config = match files.clip {
            ClipFiles::OfModel(folder) => read_text(folder, "clip/config.json").await?,
            ClipFiles::Whole(folder) => read_text(folder, "config.json").await?,
        };
        let config = ClipConfig::from_json(&config)?;
        let dino_config = match files.dino {
            Some(folder) => Some(VitConfig::from_json(&read_text(folder, "config.json").await?)?),
            None => None,
        };
        let sizes = JudgeSizes {
            clip: &config,
            own_text_tower: matches!(files.clip, ClipFiles::Whole(_)),
            dino: dino_config.as_ref(),
            scalar: self.precision.bytes(),
        };
        self.check_plan(&self.plan_judge(sizes), "judging pictures", None)?;
        let (clip, tokenizer) = match files.clip {
            ClipFiles::OfModel(folder) => {
                let text_model = (*self.text_encoder).clone();
                let clip = ClipScorer::load(folder, text_model, device, dtype, &mut |_| ()).await?;
                (clip, self.tokenizer.clone())
            }
            ClipFiles::Whole(folder) => ClipScorer::load_whole(folder, device, dtype, &mut |_| ()).await?,
        };
        let dino = match files.dino {
            Some(folder) => Some(DinoScorer::load(folder, device, dtype, &mut |_| ()).await?),
            None => None,
        };
        self.gpu.release_unused();
        self.gpu.check()?;
        Ok(Judge::new(clip, tokenizer, dino).holding(self.gpu.hold(sizes.weights())))
    }

    /// The plan of looking at pictures, as many at once as a judge ever does.
    fn plan_judge(&self, sizes: JudgeSizes<'_>) -> MemoryPlan {
        let model = self.sizes();
        MemoryPlan {
            weights: model.weights(),
            held: self.gpu.held() + sizes.weights(),
            phases: vec![sizes.scoring(PICTURES_AT_ONCE, &model.profile)],
            tile: None,
            activations: None,
        }
    }

    /// Bytes of the weights of a judge with the model's own text tower, from the `config.json` of its CLIP.
    ///
    /// # Errors
    /// It is not one of a CLIP.
    pub fn judge_weights(&self, config: &str) -> Result<u64, Error> {
        let config = ClipConfig::from_json(config).map_err(evaluation::Error::from)?;
        let scalar = self.precision.bytes();
        Ok(JudgeSizes { clip: &config, own_text_tower: false, dino: None, scalar }.weights())
    }
}
