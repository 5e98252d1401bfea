//! `palpable generate`: a picture from a prompt.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Instant,
};

use clap::{Args, ValueEnum};
use image::{ImageEncoder, codecs::png::PngEncoder};
use palpable::{
    pipeline::{AppliedAdapter, Generation, GenerationSettings, Picture, PromptSyntax, SourcePicture},
    sampling::SamplerKind,
    training::Photo,
};

use super::{
    adapter_file::read_adapter,
    error::Error,
    model::{ModelArguments, announce_memory, report_memory},
    steering::SteeringArguments,
    terminal::say,
    whole_file::{announce_replacing, make_way, write_whole},
};

/// Make a picture from a prompt
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// An adapter (a file, a folder of diffusers or peft, a project), and after a colon how strongly it acts;
    /// may be repeated
    #[arg(long = "adapter", value_name = "FILE[:STRENGTH]")]
    adapters: Vec<AdapterArgument>,
    /// What the picture shows
    #[arg(long)]
    prompt: String,
    /// What the picture should not show
    #[arg(long, default_value = "")]
    negative: String,
    /// How the prompts are read
    #[arg(long, value_enum, default_value_t = Syntax::Weighted)]
    prompt_syntax: Syntax,
    /// The noise that the picture begins with: the same seed and settings make the same picture
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Steps from noise to picture
    #[arg(long, default_value_t = GenerationSettings::default().steps)]
    steps: usize,
    /// Weight of the prompt; 1 and less is no guidance
    #[arg(long, default_value_t = GenerationSettings::default().guidance_scale)]
    guidance: f32,
    #[arg(long, default_value_t = GenerationSettings::default().sampler, help = sampler_help())]
    sampler: String,
    /// Pixels; the model's own size (or the given picture's) if it is left out
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    size: Option<(usize, usize)>,
    /// A JPEG, PNG or WebP picture to start from
    #[arg(long, value_name = "FILE")]
    init_image: Option<PathBuf>,
    /// How much of the given picture is redrawn, from 0 to 1
    #[arg(long, requires = "init_image", default_value_t = GenerationSettings::default().strength)]
    strength: f64,
    /// A picture that is white where the given one is repainted, and black where it is kept
    #[arg(long, requires = "init_image", value_name = "FILE")]
    mask: Option<PathBuf>,
    /// Pixels over which the repainted part goes over into the given picture
    #[arg(long, requires = "mask", default_value_t = GenerationSettings::default().mask_blur)]
    mask_blur: f32,
    #[command(flatten)]
    steering: SteeringArguments,
    /// The PNG file to write; one that is there is replaced
    #[arg(long)]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Syntax {
    /// With (emphasis:1.2), BREAK, and as long as you like
    Weighted,
    /// Every character as it stands, cut to what the model reads at a time
    Literal,
}

#[derive(Clone)]
struct AdapterArgument {
    file: PathBuf,
    strength: f32,
}

impl FromStr for AdapterArgument {
    type Err = std::convert::Infallible;

    /// A colon that no number follows is part of the file's name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let strength = text.rsplit_once(':').and_then(|(file, number)| Some((file, number.parse().ok()?)));
        let (file, strength) = strength.unwrap_or((text, 1.0));
        Ok(Self { file: file.into(), strength })
    }
}

pub fn sampler_help() -> String {
    format!("How noise becomes a picture: {}", SamplerKind::names())
}

fn parse_size(text: &str) -> Result<(usize, usize), String> {
    let sides = text.split_once(['x', 'X', '×']);
    let parsed = sides.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    // A side of 0 would be the model's own.
    let parsed = parsed.filter(|&(width, height)| width > 0 && height > 0);
    parsed.ok_or_else(|| "write the size as WIDTHxHEIGHT, 512x512 for example".to_owned())
}

pub async fn run(arguments: Arguments) -> Result<(), Error> {
    let mut adapters = Vec::new();
    for AdapterArgument { file, strength } in &arguments.adapters {
        adapters.push((read_adapter(file)?, *strength));
    }
    let source = match &arguments.init_image {
        Some(picture) => Some(read_source(picture, arguments.mask.as_deref())?),
        None => None,
    };
    make_way(&arguments.out)?;
    arguments.steering.make_way()?;
    announce_replacing(&arguments.out);
    let model = arguments.model.load().await?;
    let (width, height) = arguments.size.unwrap_or_default();
    let settings = GenerationSettings {
        prompt: arguments.prompt,
        negative_prompt: arguments.negative,
        prompt_syntax: match arguments.prompt_syntax {
            Syntax::Weighted => PromptSyntax::Weighted,
            Syntax::Literal => PromptSyntax::Literal,
        },
        seed: arguments.seed,
        steps: arguments.steps,
        guidance_scale: arguments.guidance,
        sampler: arguments.sampler,
        width,
        height,
        strength: arguments.strength,
        mask_blur: arguments.mask_blur,
        ..Default::default()
    };
    let settings = arguments.steering.put_into(settings)?;
    let applied: Vec<AppliedAdapter> =
        adapters.iter().map(|(adapter, strength)| AppliedAdapter { adapter, strength: *strength }).collect();
    let plan = model.plan_generation(&settings, &applied, source.as_ref())?;
    announce_memory(&model.gpu, &plan);
    let started = Instant::now();
    let mut generation = match &source {
        Some(source) => Generation::from_picture(&model, &settings, &applied, source)?,
        None => Generation::new(&model, &settings, &applied)?,
    };
    if let Some(rest) = &generation.truncated {
        say!("The prompt is too long: the model does not read \"{rest}\".");
    }
    for _ in 0..generation.steps() {
        let step = generation.step().await?;
        say!("step {step} of {}, {:.1} s", generation.steps(), started.elapsed().as_secs_f64());
    }
    let maps = generation.heat_maps().await?;
    let picture = generation.finish().await?;
    write_png(&picture, &arguments.out)?;
    arguments.steering.write(&maps, &picture)?;
    say!("Wrote {} after {:.1} s.", arguments.out.display(), started.elapsed().as_secs_f64());
    report_memory(&model.gpu, &plan);
    Ok(())
}

fn read_source(picture: &Path, mask: Option<&Path>) -> Result<SourcePicture, Error> {
    Ok(SourcePicture {
        picture: read_picture(picture)?.pixels().clone(),
        mask: mask.map(read_picture).transpose()?.map(|mask| mask.as_mask()),
    })
}

/// A JPEG, PNG or WebP file.
pub fn read_picture(file: &Path) -> Result<Photo, Error> {
    let bytes = std::fs::read(file).map_err(|reason| Error::unreadable(file, reason))?;
    let photo = Photo::decode(&bytes, &file.display().to_string());
    Ok(photo.map_err(palpable::training::Error::from)?)
}

fn write_png(picture: &Picture, file: &Path) -> Result<(), Error> {
    let (width, height) = (picture.width as u32, picture.height as u32);
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(&picture.rgb, width, height, image::ExtendedColorType::Rgb8)
        .map_err(|reason| Error::unwritable(file, reason))?;
    write_whole(file, &png)
}
