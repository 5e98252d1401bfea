//! The arguments of `palpable personalize`, and the settings they make: those of the method, with what was
//! given in their place.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use palpable::training::{Method, TrainingSettings};
use serde_json::Value;

use super::{
    held_back::HeldBackArguments,
    options::{
        AdaptationOptions, AlignmentOptions, NewWordOptions, OptimizationOptions, Options, PhotoOptions,
        PriorOptions, PromptOptions,
    },
    subjects::SubjectArgument,
    time::TimeArguments,
};
use crate::{error::Error, model::ModelArguments};

/// Train an adapter (LoRA or weights, and a new word) from a few photos with PALP or one of its relatives
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    pub model: ModelArguments,
    /// A folder with 1 to 10 JPEG, PNG or WebP photos of the subject; NAME.mask.png beside a photo is its
    /// mask, white where the subject is
    #[arg(long)]
    pub photos: PathBuf,
    /// What kind of thing the subject is, "dog" for example
    #[arg(long)]
    class_noun: String,
    /// The new word for the subject
    #[arg(long, default_value = "<my-subject>")]
    pub placeholder: String,
    /// One more subject with photos of its own, such as '<my-cat>=cat:photos/cat'; may be repeated
    #[arg(long = "subject", value_name = "PLACEHOLDER=NOUN:FOLDER")]
    pub subjects: Vec<SubjectArgument>,
    /// What the other options start from
    #[arg(long, value_enum, default_value_t = MethodChoice::Palp)]
    method: MethodChoice,
    #[command(flatten)]
    pub time: TimeArguments,
    /// Any setting by its name in the studio's JSON, lambdaProfile=[1,0.5] for example; may be repeated
    #[arg(long = "set", value_name = "NAME=JSON")]
    set: Vec<String>,
    /// The adapter file to write: kohya's layout, with the new word inside; one that is there is replaced
    #[arg(long)]
    pub out: PathBuf,
    /// A file for one JSON object a step, and one an evaluation
    #[arg(long)]
    pub log: Option<PathBuf>,
    /// A file for the state of the unfinished run, written every 25 steps and removed at the end. It holds
    /// the photos as the model sees them
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Go on from the checkpoint, with its own settings, to the bit as if nothing had interrupted the run
    #[arg(long, requires = "checkpoint")]
    pub resume: bool,
    // With headings, which would go on over what comes after.
    #[command(flatten)]
    pub prompts: PromptOptions,
    #[command(flatten)]
    new_word: NewWordOptions,
    #[command(flatten)]
    adaptation: AdaptationOptions,
    #[command(flatten)]
    alignment: AlignmentOptions,
    #[command(flatten)]
    optimization: OptimizationOptions,
    #[command(flatten)]
    photo_options: PhotoOptions,
    #[command(flatten)]
    prior: PriorOptions,
    #[command(flatten)]
    pub held_back: HeldBackArguments,
}

#[derive(Clone, Copy, ValueEnum)]
enum MethodChoice {
    /// Prompt aligned personalization
    Palp,
    /// Textual Inversion and DreamBooth-LoRA together, PALP without alignment
    TiDb,
    /// Nothing but the new word
    TextualInversion,
    /// All weights of the U-Net, with prior preservation
    Dreambooth,
    /// Low-rank factors of the U-Net, without a new word
    DreamboothLora,
    /// Keys and values of cross-attention, and the new word
    CustomDiffusion,
}

impl From<MethodChoice> for Method {
    fn from(choice: MethodChoice) -> Self {
        match choice {
            MethodChoice::Palp => Self::Palp,
            MethodChoice::TiDb => Self::TiDb,
            MethodChoice::TextualInversion => Self::TextualInversion,
            MethodChoice::Dreambooth => Self::Dreambooth,
            MethodChoice::DreamboothLora => Self::DreamboothLora,
            MethodChoice::CustomDiffusion => Self::CustomDiffusion,
        }
    }
}

impl Arguments {
    /// # Errors
    /// An option that says nothing that can be understood.
    pub fn settings(&self) -> Result<TrainingSettings, Error> {
        let mut settings = TrainingSettings::of_method(self.method.into());
        settings.placeholder.clone_from(&self.placeholder);
        settings.class_noun.clone_from(&self.class_noun);
        let prompt_of_method = settings.personalization_prompt.clone();
        let further = self.subjects.iter().map(|subject| subject.setting(&prompt_of_method));
        settings.further_subjects = further.collect();
        let groups: [&dyn Options; 7] = [
            &self.prompts,
            &self.new_word,
            &self.adaptation,
            &self.alignment,
            &self.optimization,
            &self.photo_options,
            &self.prior,
        ];
        groups.iter().for_each(|options| options.apply(&mut settings));
        // A short run keeps a share of its steps for alignment, unless it is told otherwise.
        if !self.alignment.give_warmup_steps() {
            settings.warmup_steps = settings.warmup_steps.min(settings.steps / 2);
        }
        self.set.iter().try_fold(settings, |settings, change| changed(&settings, change))
    }
}

/// The settings with one of them replaced, as `NAME=JSON` says.
fn changed(settings: &TrainingSettings, change: &str) -> Result<TrainingSettings, Error> {
    let refused = |reason: String| Error::Other(format!("\"--set {change}\" can't be followed: {reason}."));
    let (name, value) = change
        .split_once('=')
        .ok_or_else(|| refused("write NAME=VALUE, minSnrGamma=5 for example".to_owned()))?;
    let mut all = serde_json::to_value(settings).map_err(|error| refused(error.to_string()))?;
    let place = all.get_mut(name).ok_or_else(|| refused(format!("there is no setting \"{name}\"")))?;
    // What is no JSON is taken as a word.
    let new = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    let old = std::mem::replace(place, new);
    serde_json::from_value(all)
        .map_err(|_| refused(format!("\"{name}\" is {old} now, and can't be \"{value}\"")))
}
