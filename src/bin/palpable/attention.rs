//! What `palpable generate` lets you do about which words act where and when, and the pictures of heat maps.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::Args;
use image::{GrayImage, Luma, Rgb, RgbImage, imageops};
use palpable::{
    evaluation::HeatMap,
    pipeline::{GenerationSettings, Picture, Region, RegionMask},
};

use super::{error::Error, generate::read_picture};

/// What a pixel that owes the word most is painted with.
const HOT: [f32; 3] = [255.0, 64.0, 0.0];

#[derive(Args)]
pub struct AttentionArguments {
    /// Draw this share of the steps, from 0 to 1, with the class noun in the learned word's place and
    /// without the adapters' LoRA
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    delayed_concept: f64,
    /// Keep the LoRA in those steps
    #[arg(long, requires = "delayed_concept")]
    delayed_keeps_lora: bool,
    /// The prompt of those steps; the adapters' class nouns make it if it is left out
    #[arg(long, requires = "delayed_concept", value_name = "PROMPT")]
    class_prompt: Option<String>,
    /// The adapters' strength goes to this many times as much over the steps
    #[arg(long, value_name = "FACTOR")]
    strength_end: Option<f64>,
    /// Shorten learned words to this many mean lengths of the model's own words
    #[arg(long, value_name = "LENGTHS")]
    norm_clip: Option<f64>,
    /// A learned word, and a picture that is white where it may act; may be repeated
    #[arg(long = "region", value_name = "WORD=FILE")]
    regions: Vec<RegionArgument>,
    /// A word of the prompt whose heat map is wanted; may be repeated
    #[arg(long = "heat-map", value_name = "WORD", requires = "heat_map_out")]
    heat_maps: Vec<String>,
    /// The folder for heat maps: over the picture, and in grey
    #[arg(long, value_name = "FOLDER", requires = "heat_maps")]
    heat_map_out: Option<PathBuf>,
}

#[derive(Clone)]
struct RegionArgument {
    placeholder: String,
    file: PathBuf,
}

impl FromStr for RegionArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((word, file)) if !word.is_empty() && !file.is_empty() => {
                Ok(Self { placeholder: word.to_owned(), file: file.into() })
            }
            _ => Err("write a word and a file, '<my-dog>=mask.png' for example".to_owned()),
        }
    }
}

impl AttentionArguments {
    /// The settings with what was asked for.
    ///
    /// # Errors
    /// A mask can't be read.
    pub fn put_into(&self, settings: GenerationSettings) -> Result<GenerationSettings, Error> {
        let region = |RegionArgument { placeholder, file }: &RegionArgument| -> Result<Region, Error> {
            let mask = imageops::grayscale(read_picture(file)?.pixels());
            let (width, height) = (mask.width() as usize, mask.height() as usize);
            let mask = RegionMask { width, height, values: mask.into_raw() };
            Ok(Region { placeholder: placeholder.clone(), mask })
        };
        Ok(GenerationSettings {
            delayed_concept: self.delayed_concept,
            delayed_keeps_lora: self.delayed_keeps_lora,
            class_prompt: self.class_prompt.clone(),
            strength_end: self.strength_end,
            embedding_norm_clip: self.norm_clip,
            regions: self.regions.iter().map(region).collect::<Result<_, _>>()?,
            heat_maps: self.heat_maps.clone(),
            ..settings
        })
    }

    /// Writes two PNG files a map into the asked-for folder: `1-dog.png` over the picture, `1-dog-grey.png`
    /// alone.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn write(&self, maps: &[HeatMap], picture: &Picture) -> Result<(), Error> {
        let Some(folder) = &self.heat_map_out else { return Ok(()) };
        std::fs::create_dir_all(folder).map_err(|reason| Error::unwritable(folder, reason))?;
        for (map, number) in maps.iter().zip(1..) {
            let plain = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
            let word: String = map.word.trim_matches(['<', '>']).chars().map(plain).collect();
            let heat = map.stretched([picture.height, picture.width]);
            let file = |kind: &str| folder.join(format!("{number}-{word}{kind}.png"));
            let save = |image: image::DynamicImage, file: &Path| {
                image.save(file).map_err(|reason| Error::unwritable(file, reason))
            };
            save(overlay(picture, &heat).into(), &file(""))?;
            save(grey(picture, &heat).into(), &file("-grey"))?;
        }
        Ok(())
    }
}

fn grey(picture: &Picture, heat: &[f32]) -> GrayImage {
    let value = |x: u32, y: u32| heat[y as usize * picture.width + x as usize];
    GrayImage::from_fn(picture.width as u32, picture.height as u32, |x, y| {
        Luma([(value(x, y) * 255.0).round() as u8])
    })
}

/// The picture in grey, and hot colours where the word acted.
fn overlay(picture: &Picture, heat: &[f32]) -> RgbImage {
    RgbImage::from_fn(picture.width as u32, picture.height as u32, |x, y| {
        let pixel = y as usize * picture.width + x as usize;
        let rgb = &picture.rgb[3 * pixel..3 * pixel + 3];
        let light = rgb.iter().map(|&value| f32::from(value)).sum::<f32>() / 3.0;
        Rgb(HOT.map(|hot| (light + heat[pixel] * 0.75 * (hot - light)).round() as u8))
    })
}
