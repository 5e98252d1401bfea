//! All that is asked of a picture: how it follows its prompt, and how near it is to the photos.
//!
//! Every score of a text or of likeness is a plain mean cosine. Photos are embedded once a subject, texts
//! once each.

use std::collections::HashMap;

use image::RgbImage;
use serde::{Deserialize, Serialize};

use super::{
    CLIP_SCORE_PREFIX, ClipScorer, DinoScorer, Error, clip_score, cosine, foreground::SubjectMask,
    mean_cosine,
};
use crate::{gpu::Held, tokenizer::Tokenizer};

/// A CLIP with the tokenizer that writes for it, and perhaps a DINO.
pub struct Judge {
    clip: ClipScorer,
    tokenizer: Tokenizer,
    dino: Option<DinoScorer>,
    texts: HashMap<String, Vec<f32>>,
    /// Has plans count its weights while it lives.
    _held: Option<Held>,
}

/// A subject's photos as the judge sees them: unit vectors.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SubjectVectors {
    pub photos: Vec<Vec<f32>>,
    /// CLIP's vectors of the subjects cut out of their photos, where that was possible.
    pub foregrounds: Vec<Vec<f32>>,
    /// Empty without a DINO.
    pub dino: Vec<Vec<f32>>,
}

/// What a picture is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The prompt with the class noun.
    pub clean_prompt: &'a str,
    /// Phrases of the prompt, each compared by itself.
    pub elements: &'a [String],
    pub subject: &'a SubjectVectors,
    /// The other subjects of the comparison.
    pub others: &'a [&'a SubjectVectors],
}

/// A picture's scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PictureScores {
    /// CLIP-T: cosine with the clean prompt.
    pub text_alignment: f64,
    /// Cosine with each element's phrase.
    pub elements: Vec<f64>,
    /// CLIPScore: 2.5 · max(cosine, 0), the caption begun with "A photo depicts ".
    pub clip_score: f64,
    /// CLIP-I: mean cosine with the photos.
    pub image_alignment: f64,
    /// CLIP-I less the mean CLIP-I to each other subject's photos.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// CLIP-I of the subject cut out of the picture and of the photos.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreground: Option<f64>,
    /// The same less the mean to each other subject's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreground_margin: Option<f64>,
    /// DINO-I: mean cosine with the photos.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dino: Option<f64>,
    /// Share of the subject's word of the attention that the prompt's words got in the foreground; known
    /// only where the picture was drawn with heat maps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contamination: Option<f64>,
}

impl Judge {
    pub fn new(clip: ClipScorer, tokenizer: Tokenizer, dino: Option<DinoScorer>) -> Self {
        Self { clip, tokenizer, dino, texts: HashMap::new(), _held: None }
    }

    /// The same judge, for whose weights `held` stands.
    pub(crate) fn holding(self, held: Held) -> Self {
        Self { _held: Some(held), ..self }
    }

    /// # Errors
    /// There are no photos, or the device failed.
    pub async fn embed_subject(&self, photos: &[RgbImage]) -> Result<SubjectVectors, Error> {
        let cut: Vec<RgbImage> = photos.iter().filter_map(cut_out).collect();
        Ok(SubjectVectors {
            photos: self.clip.embed_images(photos).await?,
            foregrounds: if cut.is_empty() { Vec::new() } else { self.clip.embed_images(&cut).await? },
            dino: match &self.dino {
                Some(dino) => dino.embed_images(photos).await?,
                None => Vec::new(),
            },
        })
    }

    /// A text's unit vector.
    ///
    /// # Errors
    /// The device failed.
    pub async fn text(&mut self, text: &str) -> Result<Vec<f32>, Error> {
        if let Some(vector) = self.texts.get(text) {
            return Ok(vector.clone());
        }
        let vector = self.clip.embed_text(&self.tokenizer.encode(text)).await?;
        self.texts.insert(text.to_owned(), vector.clone());
        Ok(vector)
    }

    /// # Errors
    /// The picture has no pixel, or the device failed.
    pub async fn score(
        &mut self,
        picture: &RgbImage,
        expected: Expected<'_>,
    ) -> Result<PictureScores, Error> {
        let mut pictures = vec![picture.clone()];
        pictures.extend(cut_out(picture));
        let vectors = self.clip.embed_images(&pictures).await?;
        let [whole, cut] = [vectors.first(), vectors.get(1)];
        let whole = whole.ok_or(Error::NoPictures)?;
        let dino = match &self.dino {
            Some(dino) => dino.embed_images(std::slice::from_ref(picture)).await?.pop(),
            None => None,
        };
        let mut elements = Vec::new();
        for phrase in expected.elements {
            elements.push(f64::from(cosine(whole, &self.text(phrase).await?)));
        }
        let caption = format!("{CLIP_SCORE_PREFIX}{}", expected.clean_prompt);
        let foreground = |subject: &SubjectVectors| mean_cosine(cut?, &subject.foregrounds);
        let likeness = |subject: &SubjectVectors| mean_cosine(whole, &subject.photos);
        let Expected { subject, others, .. } = expected;
        Ok(PictureScores {
            text_alignment: f64::from(cosine(whole, &self.text(expected.clean_prompt).await?)),
            elements,
            clip_score: f64::from(clip_score(cosine(whole, &self.text(&caption).await?))),
            image_alignment: likeness(subject).ok_or(Error::NoPictures)?,
            margin: margin(subject, others, likeness),
            foreground: foreground(subject),
            foreground_margin: margin(subject, others, foreground),
            dino: dino.and_then(|vector| mean_cosine(&vector, &subject.dino)),
            contamination: None,
        })
    }
}

/// A likeness to the subject less the mean of those to each of the others.
fn margin<'a>(
    subject: &'a SubjectVectors,
    others: &[&'a SubjectVectors],
    likeness: impl Fn(&'a SubjectVectors) -> Option<f64>,
) -> Option<f64> {
    let theirs: Vec<f64> = others.iter().filter_map(|other| likeness(other)).collect();
    Some(likeness(subject)? - super::statistics::mean(&theirs)?)
}

/// The subject before an even grey, if it stands out.
fn cut_out(picture: &RgbImage) -> Option<RgbImage> {
    SubjectMask::find(picture).map(|mask| mask.cut_out(picture))
}

/// The mean cosine of each vector with all the others, not with itself: what a perfect likeness scores.
/// `None` of fewer than two.
pub fn mean_among(vectors: &[Vec<f32>]) -> Option<f64> {
    let others = |own: usize| vectors.iter().enumerate().filter(move |(index, _)| *index != own);
    let cosines: Vec<f64> = (0..vectors.len())
        .flat_map(|own| others(own).map(move |(_, other)| f64::from(cosine(&vectors[own], other))))
        .collect();
    super::statistics::mean(&cosines)
}
