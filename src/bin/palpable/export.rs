//! `palpable export`: an adapter in the form that another program wants, or as a project.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use palpable::adapter::{ExportFormat, ExportedFile, Project, ProjectPicture, read_project, zip_of};

use super::{
    adapter_file::{read, read_adapter},
    error::Error,
    terminal::say,
    whole_file::{make_way, write_whole},
};

/// Write an adapter in another form: for other programs, or as one file with all that belongs to it
#[derive(Args)]
pub struct Arguments {
    /// The adapter: a file, a folder of diffusers or peft, or a project
    #[arg(long, value_name = "FILE|FOLDER")]
    adapter: PathBuf,
    /// For which program
    #[arg(long, value_enum)]
    format: Format,
    /// The file to write; for diffusers and peft a folder, or a .zip file
    #[arg(long)]
    out: PathBuf,
    /// A prompt to keep in the project; may be repeated
    #[arg(long = "prompt", value_name = "PROMPT")]
    prompts: Vec<String>,
    /// A small PNG, JPEG or WebP picture to keep in the project; may be repeated
    #[arg(long = "thumbnail", value_name = "FILE")]
    thumbnails: Vec<PathBuf>,
    /// A photo to put into the project, which has none otherwise; may be repeated
    #[arg(long = "photo", value_name = "FILE")]
    photos: Vec<PathBuf>,
    /// A JSON file of settings to keep in the project
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One .safetensors file with the words inside: A1111, Forge, ComfyUI, InvokeAI, Draw Things
    Kohya,
    /// pytorch_lora_weights.safetensors and learned_embeds.safetensors
    Diffusers,
    /// adapter_config.json and adapter_model.safetensors
    Peft,
    /// The new word alone
    Embedding,
    /// A .palpable.zip with adapter, settings, prompts and thumbnails
    Project,
}

impl Arguments {
    /// Whether something is given that only a project has room for.
    fn gives_more_than_an_adapter(&self) -> bool {
        let lists = [self.prompts.len(), self.thumbnails.len(), self.photos.len()];
        lists.iter().any(|&given| given > 0) || self.settings.is_some()
    }
}

pub async fn run(arguments: Arguments) -> Result<(), Error> {
    if arguments.format != Format::Project && arguments.gives_more_than_an_adapter() {
        let sentence =
            "--prompt, --thumbnail, --photo and --settings are for --format project: leave them out.";
        return Err(Error::Other(sentence.to_owned()));
    }
    let format = match arguments.format {
        Format::Kohya => ExportFormat::Kohya,
        Format::Diffusers => ExportFormat::Diffusers,
        Format::Peft => ExportFormat::Peft,
        Format::Embedding => ExportFormat::Embedding,
        Format::Project => return write_project(&arguments),
    };
    let files = read_adapter(&arguments.adapter)?.export(format)?;
    let out = &arguments.out;
    let is_zip = out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    match (format, files.as_slice()) {
        (ExportFormat::Kohya | ExportFormat::Embedding, [file]) => write(out, &file.bytes),
        _ if is_zip => write(out, &zip_of(files)?),
        _ => files.iter().try_for_each(|ExportedFile { path, bytes }| write(&out.join(path), bytes)),
    }
}

/// With what a given project already holds, but for its photos: those are put in only where they are named.
fn write_project(arguments: &Arguments) -> Result<(), Error> {
    let given = if arguments.adapter.is_dir() {
        None
    } else {
        let name = arguments.adapter.file_name().unwrap_or_default().to_string_lossy();
        read_project(&read(&arguments.adapter)?, &name)?
    };
    let mut project = match given {
        Some(project) => Project { photos: Vec::new(), ..project },
        None => Project { adapter: read_adapter(&arguments.adapter)?, ..Project::default() },
    };
    project.prompts.extend(arguments.prompts.iter().cloned());
    for (files, pictures) in
        [(&arguments.thumbnails, &mut project.thumbnails), (&arguments.photos, &mut project.photos)]
    {
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            pictures.push(ProjectPicture { name, bytes: read(file)? });
        }
    }
    if let Some(file) = &arguments.settings {
        let wrong = |reason: serde_json::Error| Error::unreadable(file, reason);
        project.settings = serde_json::from_slice(&read(file)?).map_err(wrong)?;
    }
    write(&arguments.out, &project.to_bytes()?)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    make_way(path)?;
    write_whole(path, bytes)?;
    say!("Wrote {}.", path.display());
    Ok(())
}
