//! The report's pictures: for each subject a row a prompt, all of the same seed.

use std::io::Cursor;

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder, imageops};
use serde::Serialize;

use super::{super::results::PictureResult, BASE, cells::Cells, digits, title};

/// Side of a picture in the report, in pixels, and its JPEG quality.
const SIDE: u32 = 128;
const QUALITY: u8 = 82;

#[derive(Serialize)]
pub(super) struct SubjectPictures {
    name: String,
    class_noun: String,
    photos: Vec<String>,
    /// Methods as trained.
    header: Vec<String>,
    rows: Vec<Row>,
    /// The first prompt over the strengths.
    strengths: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    title: String,
    cells: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    /// Base64 of a JPEG; empty if the picture is missing.
    jpeg: String,
    caption: String,
}

pub(super) fn of_subjects(cells: &Cells, read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Vec<SubjectPictures> {
    let jpeg = |file: &str| read(file).and_then(|bytes| thumbnail(&bytes)).unwrap_or_default();
    let subject = |name: &&str| {
        let own: Vec<&PictureResult> = cells
            .pictures
            .iter()
            .copied()
            .filter(|picture| {
                picture.cell.subject == *name && picture.cell.training_seed == 0 && picture.cell.seed == 0
            })
            .collect();
        let mut prompts: Vec<&str> = Vec::new();
        for picture in &own {
            if !prompts.contains(&picture.cell.prompt.as_str()) {
                prompts.push(&picture.cell.prompt);
            }
        }
        let shown = |prompt: &str, method: &str, strength: f64| {
            let found = own.iter().find(|picture| {
                picture.cell.prompt == prompt
                    && picture.cell.method == method
                    && picture.cell.strength == strength
            });
            found.map_or(Shown { jpeg: String::new(), caption: String::new() }, |picture| Shown {
                jpeg: jpeg(&picture.file),
                caption: format!(
                    "T {} I {}",
                    digits(picture.scores.text_alignment),
                    digits(picture.scores.image_alignment)
                ),
            })
        };
        let methods = cells.methods();
        let rows = prompts.iter().map(|prompt| Row {
            title: (*prompt).to_owned(),
            cells: methods.iter().map(|method| shown(prompt, method, cells.full_strength(method))).collect(),
        });
        let strengths = methods.iter().filter(|method| **method != BASE && cells.strengths(method).len() > 1);
        let strengths = strengths.map(|method| Row {
            title: title(method),
            cells: cells
                .strengths(method)
                .into_iter()
                .map(|strength| {
                    let Shown { jpeg, caption } =
                        shown(prompts.first().copied().unwrap_or_default(), method, strength);
                    Shown { jpeg, caption: format!("{strength}: {caption}") }
                })
                .collect(),
        });
        let photos = cells.photos.iter().find(|photos| photos.subject == *name);
        SubjectPictures {
            name: (*name).to_owned(),
            class_noun: photos.map_or(String::new(), |photos| photos.class_noun.clone()),
            photos: photos.iter().flat_map(|photos| &photos.photos).map(|file| jpeg(file)).collect(),
            header: methods.iter().map(|method| title(method)).collect(),
            rows: rows.collect(),
            strengths: strengths.collect(),
        }
    };
    cells.subjects().iter().map(subject).collect()
}

/// A small JPEG in base64; `None` if it is no picture.
fn thumbnail(bytes: &[u8]) -> Option<String> {
    let picture = image::load_from_memory(bytes).ok()?.to_rgb8();
    let (width, height) = picture.dimensions();
    let longest = width.max(height).max(1);
    let small = if longest > SIDE {
        let scaled = |side: u32| (side * SIDE / longest).max(1);
        imageops::resize(&picture, scaled(width), scaled(height), imageops::FilterType::Triangle)
    } else {
        picture
    };
    let mut jpeg = Cursor::new(Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    encoder.write_image(small.as_raw(), small.width(), small.height(), ExtendedColorType::Rgb8).ok()?;
    Some(STANDARD.encode(jpeg.into_inner()))
}
