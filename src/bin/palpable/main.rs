//! The command line: the browser's engine on any Vulkan, Metal or DirectX 12 GPU, a software Vulkan
//! driver, or the processor.

// They panic where nobody reads: `terminal` has what is used instead.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod adapter_file;
mod bench;
mod device_memo;
mod error;
mod evaluate;
mod export;
mod generate;
mod heat_maps;
mod inspect;
mod interrupted_file;
mod judge;
mod merge;
mod model;
mod model_place;
mod numbers;
mod personalize;
mod score;
mod steering;
mod terminal;
mod whole_file;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use terminal::say;

/// Personal text-to-image: train a PALP adapter from a few photos, and make pictures with it.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Generate(generate::Arguments),
    Personalize(Box<personalize::Arguments>),
    Inspect(inspect::Arguments),
    Merge(merge::Arguments),
    Export(export::Arguments),
    Score(score::Arguments),
    Evaluate(evaluate::Arguments),
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Generate(arguments) => pollster::block_on(generate::run(arguments)),
        Command::Personalize(arguments) => pollster::block_on(personalize::run(*arguments)),
        Command::Inspect(arguments) => pollster::block_on(inspect::run(arguments)),
        Command::Merge(arguments) => pollster::block_on(merge::run(arguments)),
        Command::Export(arguments) => pollster::block_on(export::run(arguments)),
        Command::Score(arguments) => pollster::block_on(score::run(arguments)),
        Command::Evaluate(arguments) => pollster::block_on(evaluate::run(arguments)),
        Command::Bench(arguments) => pollster::block_on(bench::run(arguments)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say!("{}", error.sentence());
            ExitCode::FAILURE
        }
    }
}
