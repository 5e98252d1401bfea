//! `palpable evaluate`: methods against each other, on the same subjects, prompts, seeds and budget.

mod folder;
mod grid;
mod methods;
mod picture;
mod report;
mod subjects;
mod trainings;

use std::path::PathBuf;

use clap::Args;
use palpable::{
    evaluation::prompt_sets::PromptSet, pipeline::GenerationSettings, training::TrainingSettings,
};

use super::{
    error::Error, generate::sampler_help, judge::JudgeArguments, model::ModelArguments, numbers::at_least_one,
};
use methods::{BASE, Method};

/// Compare methods: train each on each subject, draw the same grid, score it, write a report
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    judge: JudgeArguments,
    /// Folders with photos of a subject each; what they show stands in subjects.json beside them
    #[arg(long, num_args = 1.., value_delimiter = ',', required = true)]
    subjects: Vec<PathBuf>,
    /// What kind of thing the subjects are, where no subjects.json says it
    #[arg(long)]
    class_noun: Option<String>,
    /// Train and draw for these of the subjects alone; the margin over other subjects still knows them all. For
    /// several machines or processes that share the work: put their folders together and run without it
    #[arg(long, num_args = 1.., value_delimiter = ',', value_name = "NAMES")]
    only: Vec<String>,
    /// base (the model alone), and methods: palp, ti-db, textual-inversion, dreambooth, dreambooth-lora,
    /// custom-diffusion
    #[arg(long, num_args = 1.., value_delimiter = ',', default_value = "base,ti-db,palp")]
    methods: Vec<String>,
    /// A method with other settings, as NAME={"method":"palp","lambda":0.5}; may be repeated
    #[arg(long = "variant", value_name = "NAME=JSON")]
    variants: Vec<String>,
    /// A built-in prompt set (complex, dreambooth), or a file with a prompt a line, {subject} for the subject
    #[arg(long, default_value = "complex")]
    prompts: String,
    /// Use so many of the set's prompts; all if it is left out
    #[arg(long, value_name = "N")]
    first_prompts: Option<usize>,
    /// Train an adapter for each prompt; without it the prompts of a training take turns
    #[arg(long)]
    per_prompt: bool,
    /// Pictures of a prompt, with the seeds 0, 1, …
    #[arg(long, default_value_t = 4, value_parser = at_least_one::<u64>)]
    seeds: u64,
    /// Trainings of each adapter, with the seeds 0, 1, …
    #[arg(long, default_value_t = 1, value_parser = at_least_one::<u64>)]
    training_seeds: u64,
    /// Optimizer steps of every training
    #[arg(long, default_value_t = TrainingSettings::default().steps, value_parser = at_least_one::<usize>)]
    steps: usize,
    /// Strengths that adapters are drawn with
    #[arg(long, num_args = 1.., value_delimiter = ',', default_value = "0.25,0.5,0.75,1")]
    strengths: Vec<f32>,
    /// Steps from noise to picture
    #[arg(long, default_value_t = GenerationSettings::default().steps)]
    sampler_steps: usize,
    /// Weight of the prompt; 1 and less is no guidance
    #[arg(long, default_value_t = GenerationSettings::default().guidance_scale)]
    guidance: f32,
    #[arg(long, default_value_t = GenerationSettings::default().sampler, help = sampler_help())]
    sampler: String,
    /// The folder for everything; an interrupted comparison goes on there with the same command
    #[arg(long)]
    out: PathBuf,
}

impl Arguments {
    fn methods(&self) -> Result<Vec<Method>, Error> {
        let named = self.methods.iter().filter(|name| *name != BASE).map(|name| Method::named(name));
        let variants = self.variants.iter().map(|argument| Method::variant(argument));
        let methods = named.chain(variants).collect::<Result<Vec<_>, _>>()?;
        for (index, method) in methods.iter().enumerate() {
            if method.name == BASE || methods[..index].iter().any(|other| other.name == method.name) {
                return Err(Error::Other(format!("There are two methods called \"{}\".", method.name)));
            }
        }
        Ok(methods)
    }

    fn prompt_set(&self) -> Result<PromptSet, Error> {
        let set = match PromptSet::built_in(&self.prompts) {
            Some(set) => set,
            None => {
                let path = PathBuf::from(&self.prompts);
                let text = std::fs::read_to_string(&path).map_err(|reason| {
                    let known = PromptSet::names().join(", ");
                    Error::Other(format!(
                        "\"{}\" is neither a built-in prompt set ({known}) nor a file that can be read: {reason}.",
                        self.prompts
                    ))
                })?;
                PromptSet::parse(&path.file_name().unwrap_or_default().to_string_lossy(), &text)
            }
        };
        let mut set = set.map_err(|error| Error::Other(error.to_string()))?;
        set.prompts.truncate(self.first_prompts.unwrap_or(usize::MAX).max(1));
        Ok(set)
    }

    /// How every picture is drawn.
    fn drawing(&self, prompt: String) -> GenerationSettings {
        GenerationSettings {
            prompt,
            steps: self.sampler_steps,
            guidance_scale: self.guidance,
            sampler: self.sampler.clone(),
            ..Default::default()
        }
    }

    fn check(&self) -> Result<(), Error> {
        match self.strengths.iter().find(|strength| !(0.0..=2.0).contains(*strength)) {
            Some(strength) => Err(Error::Other(format!("--strengths go from 0 to 2, not {strength}."))),
            None => Ok(()),
        }
    }
}

pub async fn run(arguments: Arguments) -> Result<(), Error> {
    arguments.check()?;
    let methods = arguments.methods()?;
    let prompts = arguments.prompt_set()?;
    let subjects = subjects::read(&arguments.subjects, arguments.class_noun.as_deref())?;
    subjects::check_names(&subjects, &arguments.only)?;
    let compared = grid::run(&arguments, &methods, &prompts, &subjects).await?;
    report::write(&compared)
}
