//! The command line: the browser's engine on any Vulkan, Metal or DirectX 12 GPU, a software Vulkan
//! driver, or the processor.

mod attention;
mod bench;
mod device_memo;
mod error;
mod generate;
mod inspect;
mod model;
mod personalize;
mod score;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    Personalize(personalize::Arguments),
    Inspect(inspect::Arguments),
    Score(score::Arguments),
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Generate(arguments) => pollster::block_on(generate::run(arguments)),
        Command::Personalize(arguments) => pollster::block_on(personalize::run(arguments)),
        Command::Inspect(arguments) => pollster::block_on(inspect::run(arguments)),
        Command::Score(arguments) => pollster::block_on(score::run(arguments)),
        Command::Bench(arguments) => pollster::block_on(bench::run(arguments)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", error.sentence());
            ExitCode::FAILURE
        }
    }
}
