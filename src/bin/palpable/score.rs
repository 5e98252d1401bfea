//! `palpable score`: how well pictures follow a prompt, and how near they are to photos.

use std::path::{Path, PathBuf};

use clap::Args;
use image::RgbImage;
use palpable::evaluation::ClipScorer;

use super::{error::Error, model::ModelArguments};

/// Score pictures by the model folder's CLIP: CLIP-T against a prompt, CLIP-I against photos
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// The pictures to score: PNG files
    #[arg(long, num_args = 1.., required = true)]
    pictures: Vec<PathBuf>,
    /// The clean prompt, with the class noun for the subject
    #[arg(long)]
    prompt: String,
    /// A folder with photos of the subject
    #[arg(long)]
    photos: PathBuf,
}

pub async fn run(arguments: Arguments) -> Result<(), Error> {
    let pictures = arguments.pictures.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let mut photos = Vec::new();
    let folder = std::fs::read_dir(&arguments.photos);
    for entry in folder.map_err(|reason| Error::unreadable(&arguments.photos, reason))? {
        let path = entry.map_err(|reason| Error::unreadable(&arguments.photos, reason))?.path();
        photos.push(path);
    }
    photos.sort();
    let photos = photos.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;

    let model = arguments.model.load().await?;
    let place = arguments.model.place();
    let text_model = (*model.text_encoder).clone();
    let dtype = model.precision.dtype();
    let scorer = ClipScorer::load(&place.directory, text_model, &model.gpu.device, dtype, &mut |_| ()).await;
    let scorer = scorer.map_err(palpable::pipeline::Error::from)?;
    let text = scorer.clip_text_image(&pictures, &model.tokenizer.encode(&arguments.prompt)).await;
    let text = text.map_err(palpable::pipeline::Error::from)?;
    let image = scorer.clip_image_image(&pictures, &photos).await.map_err(palpable::pipeline::Error::from)?;
    let mean = text.iter().sum::<f32>() / text.len() as f32;
    println!("{}", serde_json::json!({ "clipText": mean, "clipImage": image, "pictures": pictures.len() }));
    Ok(())
}

fn read(path: &Path) -> Result<RgbImage, Error> {
    Ok(image::open(path).map_err(|reason| Error::unreadable(path, reason))?.to_rgb8())
}
