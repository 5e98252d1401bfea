//! `palpable score`: how well pictures follow a prompt, and how near they are to photos.

use std::path::{Path, PathBuf};

use clap::Args;
use image::RgbImage;
use palpable::{
    evaluation::{PictureScores, judge::Expected, statistics::mean},
    pipeline,
    training::{self, Photo, photos},
};
use serde_json::json;

use super::{error::Error, judge::JudgeArguments, model::ModelArguments, terminal::write_result};

/// Score pictures: text alignment with a prompt and its elements, likeness to photos
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    judge: JudgeArguments,
    /// The pictures to score: PNG, JPEG or WebP files
    #[arg(long, num_args = 1.., required = true)]
    pictures: Vec<PathBuf>,
    /// The clean prompt, with the class noun for the subject
    #[arg(long)]
    prompt: String,
    /// A phrase of the prompt to score by itself; may be repeated
    #[arg(long = "element", value_name = "PHRASE")]
    elements: Vec<String>,
    /// A folder with photos of the subject
    #[arg(long)]
    photos: PathBuf,
    /// Folders with photos of other subjects, for the margin to them
    #[arg(long, num_args = 1.., value_name = "FOLDER")]
    other_photos: Vec<PathBuf>,
}

pub async fn run(arguments: Arguments) -> Result<(), Error> {
    let pictures = arguments.pictures.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let photos = read_subject(&arguments.photos)?;
    let others = arguments.other_photos.iter().map(|folder| read_subject(folder));
    let others = others.collect::<Result<Vec<_>, _>>()?;

    arguments.judge.check_is_here(&arguments.model).await?;
    let model = arguments.model.load().await?;
    let mut judge = arguments.judge.load(&model, &arguments.model.place().directory).await?;
    let subject = judge.embed_subject(&photos).await.map_err(pipeline::Error::from)?;
    let mut other_vectors = Vec::new();
    for photos in &others {
        other_vectors.push(judge.embed_subject(photos).await.map_err(pipeline::Error::from)?);
    }
    let others: Vec<_> = other_vectors.iter().collect();
    let mut scores = Vec::new();
    for picture in &pictures {
        let expected = Expected {
            clean_prompt: &arguments.prompt,
            elements: &arguments.elements,
            subject: &subject,
            others: &others,
        };
        scores.push(judge.score(picture, expected).await.map_err(pipeline::Error::from)?);
    }
    model.gpu.check().map_err(pipeline::Error::from)?;
    let average = |value: &dyn Fn(&PictureScores) -> Option<f64>| {
        mean(&scores.iter().filter_map(value).collect::<Vec<_>>())
    };
    let element = |index: usize| average(&|scores| scores.elements.get(index).copied());
    let elements: Vec<_> = (0..arguments.elements.len()).map(element).collect();
    let found = json!({
        "clipText": average(&|scores| Some(scores.text_alignment)),
        "elements": elements,
        "clipScore": average(&|scores| Some(scores.clip_score)),
        "clipImage": average(&|scores| Some(scores.image_alignment)),
        "margin": average(&|scores| scores.margin),
        "foreground": average(&|scores| scores.foreground),
        "foregroundMargin": average(&|scores| scores.foreground_margin),
        "dinoImage": average(&|scores| scores.dino),
        "judge": arguments.judge.name(&model),
        "pictures": pictures.len(),
    });
    write_result(&format!("{found}\n"))
}

/// A subject's photos as a training reads them, without captions and masks.
fn read_subject(folder: &Path) -> Result<Vec<RgbImage>, Error> {
    let photos = photos::read_folder(folder).map_err(training::Error::from)?;
    Ok(photos.iter().map(|photo| photo.pixels().clone()).collect())
}

fn read(path: &Path) -> Result<RgbImage, Error> {
    let bytes = std::fs::read(path).map_err(|reason| Error::unreadable(path, reason))?;
    let photo = Photo::decode(&bytes, &path.to_string_lossy()).map_err(training::Error::from)?;
    Ok(photo.pixels().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_and_masks_beside_photos_are_no_photos() {
        let folder = std::env::temp_dir().join(format!("palpable-score-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        for name in ["1.png", "1.mask.png"] {
            RgbImage::new(2, 2).save(folder.join(name)).expect("a file");
        }
        std::fs::write(folder.join("1.txt"), "a dog in the grass").expect("a file");
        assert_eq!(read_subject(&folder).ok().map(|photos| photos.len()), Some(1));
        std::fs::remove_dir_all(&folder).expect("a folder");
    }
}
