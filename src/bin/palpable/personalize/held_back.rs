//! Photos that are held back from a training, and what they are for: its state is judged by them as it goes.

use clap::Args;
use image::RgbImage;
use palpable::{
    evaluation::{Judge, SubjectVectors, judge::Expected},
    pipeline::{self, HeldBackJudge, Picture, StableDiffusion},
    training::{
        Photo,
        early_stopping::{EarlyStopping, HeldBackScores},
    },
};

use super::subjects::Photos;
use crate::{error::Error, judge::JudgeArguments, model::ModelArguments, numbers::at_least_one};

/// Steps between evaluations, unless given.
const EVALUATE_EVERY: usize = 25;

#[derive(Args)]
#[command(next_help_heading = "Early stopping")]
pub struct HeldBackArguments {
    /// Keep the last photos of the folder out of the training and judge the run by them as it goes: its
    /// result is then the best state, by CLIP-T to the target prompt and CLIP-I to these photos
    #[arg(long, value_name = "PHOTOS")]
    hold_back: Option<usize>,
    /// Steps from one evaluation to the next, 25 unless given
    #[arg(long, value_name = "STEPS", requires = "hold_back", value_parser = at_least_one::<usize>)]
    evaluate_every: Option<usize>,
    /// End the run after so many evaluations in a row that were not better
    #[arg(long, value_name = "EVALUATIONS", requires = "hold_back", value_parser = at_least_one::<usize>)]
    patience: Option<usize>,
    #[command(flatten)]
    judge: JudgeArguments,
}

/// The photos held back, and who compares with them.
pub struct HeldBack {
    pub stopping: EarlyStopping,
    judge: Judge,
    subject: SubjectVectors,
}

impl HeldBackArguments {
    /// Takes the photos out of the first subject's; nothing if none are to be held back.
    ///
    /// # Errors
    /// None would be left to train on.
    pub fn take_from(&self, photos: &mut Photos) -> Result<Vec<Photo>, Error> {
        let own = photos.photos.len() - photos.further.iter().sum::<usize>();
        let count = self.hold_back.unwrap_or(0);
        if count == 0 {
            return Ok(Vec::new());
        }
        if count >= own {
            return Err(Error::Other(format!(
                "{count} of {own} photos can't be held back; at least one must be left to train on."
            )));
        }
        let held_back = own - count..own;
        if !photos.captions.is_empty() {
            photos.captions.drain(held_back.clone());
        }
        Ok(photos.photos.drain(held_back).collect())
    }

    /// Refuses what lacks a judge for these photos; nothing without photos.
    ///
    /// # Errors
    /// As [`JudgeArguments::check_is_here`].
    pub async fn check_judge(&self, photos: &[Photo], model: &ModelArguments) -> Result<(), Error> {
        if photos.is_empty() { Ok(()) } else { self.judge.check_is_here(model).await }
    }

    /// Who judges, in words; nobody without photos.
    pub fn judge_name(&self, photos: &[Photo], model: &StableDiffusion) -> Option<String> {
        (!photos.is_empty()).then(|| self.judge.name(model))
    }

    /// Loads who judges; `None` without photos.
    ///
    /// # Errors
    /// The judge can't be loaded, needs more memory than the device may give, or failed.
    pub async fn load(
        &self,
        photos: &[Photo],
        model: &StableDiffusion,
        place: &ModelArguments,
    ) -> Result<Option<HeldBack>, Error> {
        if photos.is_empty() {
            return Ok(None);
        }
        let judge = self.judge.load(model, &place.place().directory).await?;
        let photos: Vec<RgbImage> = photos.iter().map(|photo| photo.pixels().clone()).collect();
        let subject = judge.embed_subject(&photos).await.map_err(pipeline::Error::from)?;
        let evaluate_every = self.evaluate_every.unwrap_or(EVALUATE_EVERY);
        Ok(Some(HeldBack {
            stopping: EarlyStopping { evaluate_every, patience: self.patience },
            judge,
            subject,
        }))
    }
}

impl HeldBackJudge for HeldBack {
    async fn scores(
        &mut self,
        picture: &Picture,
        clean_prompt: &str,
    ) -> Result<HeldBackScores, pipeline::Error> {
        let expected = Expected { clean_prompt, elements: &[], subject: &self.subject, others: &[] };
        let pixel = |x: u32, y: u32| {
            let start = (y as usize * picture.width + x as usize) * 3;
            image::Rgb([picture.rgb[start], picture.rgb[start + 1], picture.rgb[start + 2]])
        };
        let picture = RgbImage::from_fn(picture.width as u32, picture.height as u32, pixel);
        let scores = self.judge.score(&picture, expected).await?;
        Ok(HeldBackScores {
            text_alignment: scores.text_alignment,
            image_alignment: scores.image_alignment,
            dino: scores.dino,
        })
    }
}
