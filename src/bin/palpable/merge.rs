//! `palpable merge`: several adapters as one.

use std::path::PathBuf;

use clap::Args;

use super::{
    adapter_file::read_adapter,
    error::Error,
    model::ModelArguments,
    terminal::say,
    whole_file::{announce_replacing, make_way, write_whole},
};

/// Merge adapters that were trained with --trained-weights cross-attention into one that knows all their
/// words (Custom Diffusion's constrained merge)
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// An adapter's file or folder; give two or more
    #[arg(long = "adapter", value_name = "FILE", required = true)]
    adapters: Vec<PathBuf>,
    /// A text file with prompts, one a line, that the merged adapter should leave as they are; without it a
    /// list of 120
    #[arg(long, value_name = "FILE")]
    regularization: Option<PathBuf>,
    /// The adapter file to write
    #[arg(long)]
    out: PathBuf,
}

pub async fn run(arguments: Arguments) -> Result<(), Error> {
    let adapters = arguments.adapters.iter().map(|file| read_adapter(file)).collect::<Result<Vec<_>, _>>()?;
    let prompts = match &arguments.regularization {
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|reason| Error::unreadable(file, reason))?;
            Some(text.lines().map(str::to_owned).collect::<Vec<_>>())
        }
        None => None,
    };
    make_way(&arguments.out)?;
    announce_replacing(&arguments.out);
    let model = arguments.model.load().await?;
    let merged = model.merge(&adapters, prompts.as_deref()).await?;
    write_whole(&arguments.out, &merged.to_bytes())?;
    say!("Wrote {}. Use {} in prompts.", arguments.out.display(), merged.phrases().join(" and "));
    Ok(())
}
