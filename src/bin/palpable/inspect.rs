//! `palpable inspect`: what a model or adapter file holds.
use std::path::PathBuf;
use clap::Args;
use super::error::Error;
/// Say what a model or adapter file or a model folder holds
#[derive(Args)]
pub struct Arguments { path: PathBuf }
pub async fn run(arguments: Arguments) -> Result<(), Error> {
    println!("{}", arguments.path.display());
    Ok(())
}
