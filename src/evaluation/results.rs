//! What a comparison of methods found, one JSON object a line: written as it goes, read again to go on.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::PictureScores;

/// A line of `results.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "camelCase")]
pub enum Record {
    Training(TrainingRun),
    Drawing(Drawing),
    Picture(PictureResult),
    Photos(PhotosResult),
}

/// A training that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrainingRun {
    pub subject: String,
    /// The method's or variant's name.
    pub method: String,
    pub training_seed: u64,
    /// The prompt's template, if each prompt has a training of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The adapter's file in the folder of the comparison.
    pub adapter: String,
    /// All training settings.
    pub settings: Value,
    pub seconds: f64,
    /// Predictions of one picture, with gradients and without; backward passes are not counted.
    pub unet_evaluations: usize,
    /// Bytes by the memory plan.
    pub planned_memory: u64,
    /// Bytes that the device had handed out at most; 0 where it isn't counted, on the processor.
    pub measured_memory: u64,
    /// Mean ratio of alignment to personalization over the steps that aligned; 0 without any.
    pub alignment_ratio: f64,
}

/// What is known of a picture only while it is drawn. Written before the picture itself, so that whoever
/// scores the picture later, after an interruption or with another judge, has it too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drawing {
    /// The picture's file in the folder of the comparison.
    pub file: String,
    /// Share of the subject's word of the attention that the prompt's words got in the foreground; none
    /// where no foreground stands out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contamination: Option<f64>,
}

/// A picture that was drawn and scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PictureResult {
    #[serde(flatten)]
    pub cell: Cell,
    /// Who scored it.
    pub judge: String,
    /// The picture's file in the folder of the comparison.
    pub file: String,
    pub styled: bool,
    /// Names of the prompt's elements, in the order of their scores.
    pub element_names: Vec<String>,
    #[serde(flatten)]
    pub scores: PictureScores,
}

/// Which picture it is.
#[derive(Clone, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    pub subject: String,
    pub method: String,
    /// The adapter's strength; 0 for the base model.
    pub strength: f64,
    pub training_seed: u64,
    /// The prompt's template.
    pub prompt: String,
    pub seed: u64,
}

/// What a subject's own photos score: the upper end of likeness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhotosResult {
    pub subject: String,
    pub judge: String,
    pub class_noun: String,
    /// Templates of the prompts that their text alignment is a mean over; unknown in results of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<String>,
    /// The photos' files as they were given.
    pub photos: Vec<String>,
    /// Mean cosine of the photos with the prompts.
    pub text_alignment: f64,
    /// Mean cosine of each photo with the others; none of a single photo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_alignment: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreground: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dino: Option<f64>,
    /// Photos in which the subject could be cut out.
    pub foregrounds: usize,
}

/// The lines of a file, and how many bytes of it they are: what follows the last whole line was being
/// written when the run was interrupted, perhaps in the middle of a character.
///
/// # Errors
/// The number of the line that is no record.
pub fn read_lines(file: &[u8]) -> Result<(Vec<Record>, usize), usize> {
    let lines = file.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let whole = lines.clone().map(<[u8]>::len).sum();
    let records = lines.zip(1_usize..).map(|(line, number)| serde_json::from_slice(line).map_err(|_| number));
    Ok((records.collect::<Result<_, _>>()?, whole))
}
