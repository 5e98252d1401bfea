//! The options of `palpable personalize`, and the settings they make: those of the method, with what was
//! given in their place.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use palpable::training::{
    Activations, LoraTargets, Method, TrainedWeights, TrainingSettings, settings::PromptTemplates,
};
use serde_json::Value;

use super::{subjects::SubjectArgument, time::TimeArguments};
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
    /// The picture you want, with the class noun (or the new word) for the subject; methods without
    /// alignment do without
    #[arg(long, default_value = "")]
    prompt: String,
    /// One more picture you want; they take turns. May be given several times
    #[arg(long = "further-prompt")]
    further_prompts: Vec<String>,
    /// What the other options start from
    #[arg(long, value_enum, default_value_t = MethodChoice::Palp)]
    method: MethodChoice,
    /// One more subject with photos of its own, such as '<my-cat>=cat:photos/cat'. May be given several
    /// times
    #[arg(long = "subject", value_name = "PLACEHOLDER=NOUN:FOLDER")]
    pub subjects: Vec<SubjectArgument>,
    /// The prompt of the photos, with {placeholder} for the new word and {class} for the class noun; for a
    /// further subject '<my-style>=an oil painting of {placeholder}'
    #[arg(long = "template", value_name = "TEXT")]
    templates: Vec<String>,
    /// Sentences at random instead: Textual Inversion's about an object or a style
    #[arg(long = "templates", value_enum, value_name = "LIST")]
    template_list: Option<TemplateChoice>,
    /// Take each photo's prompt from NAME.txt beside it, if there is one
    #[arg(long)]
    pub captions: bool,
    /// Embedding vectors of each new word
    #[arg(long)]
    vectors: Option<usize>,
    /// The word that the new word starts as, instead of the class noun
    #[arg(long)]
    initializer_word: Option<String>,
    /// Whether the new word's vectors are trained
    #[arg(long)]
    train_embedding: Option<bool>,
    /// What is trained of the U-Net beside the new word
    #[arg(long, value_enum)]
    trained_weights: Option<WeightsChoice>,
    /// Where the LoRA acts
    #[arg(long, value_enum)]
    lora_targets: Option<TargetsChoice>,
    #[arg(long)]
    steps: Option<usize>,
    /// First steps without alignment
    #[arg(long)]
    warmup_steps: Option<usize>,
    #[arg(long)]
    rank: Option<usize>,
    /// α: guidance of the frozen model with the clean prompt
    #[arg(long)]
    alpha: Option<f64>,
    /// β: guidance of the personalized model; 1 is none
    #[arg(long)]
    beta: Option<f64>,
    /// λ: weight of prompt alignment; 0 trains without it
    #[arg(long)]
    lambda: Option<f64>,
    /// Of the LoRA, or of the weights that are trained in full (for which 0.000005 to 0.0001 is usual)
    #[arg(long)]
    lora_lr: Option<f64>,
    #[arg(long)]
    embedding_lr: Option<f64>,
    #[arg(long)]
    batch: Option<usize>,
    /// Batches whose gradients make one step
    #[arg(long)]
    accumulation: Option<usize>,
    /// Pictures of the class noun that the model draws first and is trained to go on drawing
    #[arg(long)]
    prior_pictures: Option<usize>,
    #[arg(long)]
    prior_weight: Option<f64>,
    /// γ of min-SNR weighting; the paper goes without
    #[arg(long)]
    min_snr_gamma: Option<f64>,
    /// How much less the background counts where a photo has a mask, 0 to 1
    #[arg(long)]
    masked_loss: Option<f64>,
    /// Framings of each photo
    #[arg(long)]
    photo_variants: Option<usize>,
    /// Photos made smaller and larger, which their prompts say in words
    #[arg(long)]
    size_words: Option<bool>,
    /// Every other photo mirrored, at random
    #[arg(long)]
    flip: Option<bool>,
    /// How far brightness, contrast and saturation of further framings stray, 0 to 1
    #[arg(long)]
    colour_jitter: Option<f64>,
    /// Photos keep about their own aspect
    #[arg(long)]
    aspect_buckets: Option<bool>,
    #[command(flatten)]
    pub time: TimeArguments,
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Whether what the backward pass needs is kept or computed again, which takes less memory and more
    /// time; results are the same
    #[arg(long, value_enum, default_value_t = ActivationChoice::Auto)]
    activations: ActivationChoice,
    /// Any setting by its name in the studio's JSON, lambdaProfile=[1,0.5] for example. May be given several
    /// times
    #[arg(long = "set", value_name = "NAME=JSON")]
    set: Vec<String>,
    /// The adapter file to write: kohya's layout, with the new word inside
    #[arg(long)]
    pub out: PathBuf,
    /// A file for one JSON object a step
    #[arg(long)]
    pub log: Option<PathBuf>,
    /// A file for the state of the unfinished run, written every 25 steps and removed at the end. It holds
    /// the photos as the model sees them
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Go on from the checkpoint, with its own settings, to the bit as if nothing had interrupted the run
    #[arg(long, requires = "checkpoint")]
    pub resume: bool,
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
    DreamboothLora,
    /// Keys and values of cross-attention, and the new word
    CustomDiffusion,
}

#[derive(Clone, Copy, ValueEnum)]
enum TemplateChoice {
    Prompt,
    Objects,
    Styles,
}

#[derive(Clone, Copy, ValueEnum)]
enum WeightsChoice {
    /// Low-rank factors
    Lora,
    /// All of cross-attention's keys and values
    CrossAttention,
    /// All linear layers and convolutions
    All,
    /// Nothing: the new word alone is learned
    None,
}

#[derive(Clone, Copy, ValueEnum)]
enum TargetsChoice {
    /// All attention projections
    Attention,
    /// Those that look at the prompt
    CrossAttention,
}

#[derive(Clone, Copy, ValueEnum)]
enum ActivationChoice {
    /// Kept where the memory limit allows it
    Auto,
    Keep,
    Recompute,
}

impl Arguments {
    /// # Errors
    /// An option that says nothing that can be understood.
    pub fn settings(&self) -> Result<TrainingSettings, Error> {
        let mut settings = TrainingSettings::of_method(match self.method {
            MethodChoice::Palp => Method::Palp,
            MethodChoice::TiDb => Method::TiDb,
            MethodChoice::TextualInversion => Method::TextualInversion,
            MethodChoice::Dreambooth => Method::Dreambooth,
            MethodChoice::DreamboothLora => Method::DreamboothLora,
            MethodChoice::CustomDiffusion => Method::CustomDiffusion,
        });
        settings.placeholder.clone_from(&self.placeholder);
        settings.class_noun.clone_from(&self.class_noun);
        let prompt_of_method = settings.personalization_prompt.clone();
        let further = self.subjects.iter().map(|subject| subject.setting(&prompt_of_method));
        settings.further_subjects = further.collect();
        self.set_templates(&mut settings);
        settings.clean_prompt = settings.with_class_nouns(&self.prompt);
        settings.further_clean_prompts =
            self.further_prompts.iter().map(|prompt| settings.with_class_nouns(prompt)).collect();
        self.set_numbers(&mut settings);
        // A short run keeps a share of its steps for alignment.
        settings.warmup_steps = settings.warmup_steps.min(settings.steps / 2);
        settings.seed = self.seed;
        settings.activations = match self.activations {
            ActivationChoice::Auto => Activations::Auto,
            ActivationChoice::Keep => Activations::Keep,
            ActivationChoice::Recompute => Activations::Recompute,
        };
        self.set.iter().try_fold(settings, |settings, change| changed(&settings, change))
    }

    fn set_templates(&self, settings: &mut TrainingSettings) {
        for template in &self.templates {
            let further = settings.further_subjects.iter_mut().find_map(|subject| {
                let text = template.strip_prefix(&subject.placeholder)?.strip_prefix('=')?;
                Some((&mut subject.personalization_prompt, text))
            });
            match further {
                Some((prompt, text)) => text.clone_into(prompt),
                None => settings.personalization_prompt.clone_from(template),
            }
        }
    }

    fn set_numbers(&self, settings: &mut TrainingSettings) {
        if let Some(list) = self.template_list {
            settings.prompt_templates = match list {
                TemplateChoice::Prompt => PromptTemplates::Prompt,
                TemplateChoice::Objects => PromptTemplates::Objects,
                TemplateChoice::Styles => PromptTemplates::Styles,
            };
        }
        if let Some(weights) = self.trained_weights {
            settings.trained_weights = match weights {
                WeightsChoice::Lora => TrainedWeights::Lora,
                WeightsChoice::CrossAttention => TrainedWeights::CrossAttention,
                WeightsChoice::All => TrainedWeights::All,
                WeightsChoice::None => TrainedWeights::None,
            };
        }
        if let Some(targets) = self.lora_targets {
            settings.lora_targets = match targets {
                TargetsChoice::Attention => LoraTargets::Attention,
                TargetsChoice::CrossAttention => LoraTargets::CrossAttention,
            };
        }
        take(&mut settings.vectors, self.vectors);
        take(&mut settings.train_embedding, self.train_embedding);
        take(&mut settings.steps, self.steps);
        take(&mut settings.warmup_steps, self.warmup_steps);
        take(&mut settings.rank, self.rank);
        take(&mut settings.alpha, self.alpha);
        take(&mut settings.beta, self.beta);
        take(&mut settings.lambda, self.lambda);
        take(&mut settings.lora_learning_rate, self.lora_lr);
        take(&mut settings.embedding_learning_rate, self.embedding_lr);
        take(&mut settings.batch, self.batch);
        take(&mut settings.accumulation, self.accumulation);
        take(&mut settings.prior_pictures, self.prior_pictures);
        take(&mut settings.prior_weight, self.prior_weight);
        take(&mut settings.masked_loss, self.masked_loss);
        take(&mut settings.photo_variants, self.photo_variants);
        take(&mut settings.size_words, self.size_words);
        take(&mut settings.flip, self.flip);
        take(&mut settings.colour_jitter, self.colour_jitter);
        take(&mut settings.aspect_buckets, self.aspect_buckets);
        settings.min_snr_gamma = self.min_snr_gamma.or(settings.min_snr_gamma);
        settings.initializer_word = self.initializer_word.clone().or(settings.initializer_word.take());
    }
}

fn take<T: Copy>(setting: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *setting = given;
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
    *place = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    serde_json::from_value(all).map_err(|error| refused(error.to_string()))
}
