//! What `palpable generate` lets you do about which words act where and when.

use std::{path::PathBuf, str::FromStr};

use clap::Args;
use palpable::{
    evaluation::HeatMap,
    pipeline::{GenerationSettings, Picture, Region, RegionMask},
};

use super::{error::Error, generate::read_picture, heat_maps};

#[derive(Args)]
pub struct SteeringArguments {
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

impl SteeringArguments {
    /// The settings with what was asked for.
    ///
    /// # Errors
    /// A mask can't be read.
    pub fn put_into(&self, settings: GenerationSettings) -> Result<GenerationSettings, Error> {
        let region = |RegionArgument { placeholder, file }: &RegionArgument| -> Result<Region, Error> {
            let mask = read_picture(file)?.as_mask();
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

    /// Makes the folder for maps, before there is anything to lose.
    ///
    /// # Errors
    /// It can't be made.
    pub fn make_way(&self) -> Result<(), Error> {
        let Some(folder) = &self.heat_map_out else { return Ok(()) };
        std::fs::create_dir_all(folder).map_err(|reason| Error::unwritable(folder, reason))
    }

    /// Writes the maps into the asked-for folder.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn write(&self, maps: &[HeatMap], picture: &Picture) -> Result<(), Error> {
        match &self.heat_map_out {
            Some(folder) => heat_maps::write(folder, maps, picture),
            None => Ok(()),
        }
    }
}
