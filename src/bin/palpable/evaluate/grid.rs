//! The grid of a comparison: every subject, method, strength, prompt and seed, drawn and scored.

use image::RgbImage;
use palpable::{
    adapter::Adapter,
    evaluation::{
        Judge, SubjectVectors,
        judge::mean_among,
        mean_cosine,
        prompt_sets::{EvaluationPrompt, PromptSet},
        results::{Cell, PhotosResult, Record},
    },
    pipeline::{self, AppliedAdapter, Generation, StableDiffusion},
};
use serde_json::{Value, json};

use super::{
    super::error::Error,
    Arguments,
    folder::Folder,
    methods::{BASE, Method},
    picture::{Personal, png},
    subjects::Subject,
    trainings::Task,
};

/// A comparison under way.
pub(super) struct Grid<'a> {
    pub arguments: &'a Arguments,
    pub model: StableDiffusion,
    pub judge: Judge,
    pub judge_name: String,
    pub folder: Folder,
    pub subjects: &'a [Subject],
    pub vectors: Vec<SubjectVectors>,
    /// Pictures done and in all.
    pub done: usize,
    pub total: usize,
}

/// A finished comparison.
pub struct Compared {
    pub folder: Folder,
    pub judge: String,
    pub device: String,
    /// What all pictures have in common.
    pub settings: Value,
}

/// Trains, draws and scores whatever is not there yet.
pub async fn run(
    arguments: &Arguments,
    methods: &[Method],
    prompts: &PromptSet,
    subjects: &[Subject],
) -> Result<Compared, Error> {
    arguments.judge.check_is_here(&arguments.model).await?;
    let model = arguments.model.load().await?;
    let judge = arguments.judge.load(&model, &arguments.model.place().directory).await?;
    let mut vectors = Vec::new();
    for subject in subjects {
        let photos: Vec<RgbImage> = subject.photos.iter().map(|photo| photo.pixels().clone()).collect();
        vectors.push(judge.embed_subject(&photos).await.map_err(pipeline::Error::from)?);
    }
    model.gpu.check().map_err(pipeline::Error::from)?;
    let is_wanted = |subject: &Subject| arguments.only.is_empty() || arguments.only.contains(&subject.name);
    let wanted = || subjects.iter().filter(|subject| is_wanted(subject));
    // Before hours of training, and before the folder holds these settings.
    for subject in wanted() {
        let prompts = prompts.for_subject(&subject.class_noun);
        let texts = texts(&prompts, subject);
        if let Some((_, text)) = texts.first() {
            drop(Generation::new(&model, &arguments.drawing(text.clone()), &[])?);
        }
        for method in methods {
            Task::new(arguments, subject, method, 0, &texts).check(&model)?;
        }
    }
    let mut settings = json!({
        "model": model.name,
        "precision": model.precision.name(),
        "samplerSteps": arguments.sampler_steps,
        "guidanceScale": arguments.guidance,
        "sampler": arguments.sampler,
    });
    for (option, given) in arguments.model.variations() {
        settings[option] = given.into();
    }
    let with_base = arguments.methods.iter().any(|name| name == BASE);
    let adapters = methods.len() * arguments.training_seeds as usize * arguments.strengths.len();
    let of_a_prompt = (adapters + usize::from(with_base)) * arguments.seeds as usize;
    let prompts_in_all: usize = wanted().map(|subject| prompts.for_subject(&subject.class_noun).len()).sum();
    let mut grid = Grid {
        arguments,
        judge_name: arguments.judge.name(&model),
        model,
        judge,
        folder: Folder::open(&arguments.out, &settings, subjects)?,
        subjects,
        vectors,
        done: 0,
        total: of_a_prompt * prompts_in_all,
    };
    for (index, subject) in subjects.iter().enumerate().filter(|(_, subject)| is_wanted(subject)) {
        let prompts = prompts.for_subject(&subject.class_noun);
        grid.photos(index, &prompts).await?;
        if with_base {
            for prompt in &prompts {
                grid.draw_seeds(index, BASE, None, 0, prompt).await?;
            }
        }
        for method in methods {
            for training_seed in 0..arguments.training_seeds {
                grid.method(index, method, training_seed, &prompts).await?;
            }
        }
    }
    let report = &grid.model.gpu.report;
    let device = format!("{} ({})", report.adapter_name, report.backend);
    Ok(Compared { device, judge: grid.judge_name, settings, folder: grid.folder })
}

/// Templates of prompts, and those prompts with the class noun.
fn texts(prompts: &[&EvaluationPrompt], subject: &Subject) -> Vec<(String, String)> {
    let text = |prompt: &&EvaluationPrompt| (prompt.template().to_owned(), prompt.clean(&subject.class_noun));
    prompts.iter().map(text).collect()
}

impl Grid<'_> {
    /// A method's adapters of a subject, and their pictures.
    async fn method(
        &mut self,
        subject: usize,
        method: &Method,
        training_seed: u64,
        prompts: &[&EvaluationPrompt],
    ) -> Result<(), Error> {
        let own = &self.subjects[subject];
        let texts = texts(prompts, own);
        let task = |prompts| Task::new(self.arguments, own, method, training_seed, prompts);
        let phrase = task(&texts[..]).subject_phrase()?;
        // Without alignment no training knows of the prompts.
        let aligned = method.settings()?.lambda > 0.0;
        if aligned && self.arguments.per_prompt {
            for (prompt, text) in prompts.iter().zip(texts.chunks(1)) {
                let adapter =
                    task(text).adapter(&self.model, &mut self.folder, Some(prompt.template())).await?;
                self.draw_strengths(subject, method, (&adapter, &phrase), training_seed, prompt).await?;
            }
            return Ok(());
        }
        let adapter = task(&texts[..]).adapter(&self.model, &mut self.folder, None).await?;
        for prompt in prompts {
            self.draw_strengths(subject, method, (&adapter, &phrase), training_seed, prompt).await?;
        }
        Ok(())
    }

    async fn draw_strengths(
        &mut self,
        subject: usize,
        method: &Method,
        (adapter, phrase): (&Adapter, &str),
        training_seed: u64,
        prompt: &EvaluationPrompt,
    ) -> Result<(), Error> {
        for &strength in &self.arguments.strengths {
            let applied = Personal { applied: AppliedAdapter { adapter, strength }, phrase };
            self.draw_seeds(subject, &method.name, Some(applied), training_seed, prompt).await?;
        }
        Ok(())
    }

    async fn draw_seeds(
        &mut self,
        subject: usize,
        method: &str,
        adapter: Option<Personal<'_>>,
        training_seed: u64,
        prompt: &EvaluationPrompt,
    ) -> Result<(), Error> {
        for seed in 0..self.arguments.seeds {
            let cell = Cell {
                subject: self.subjects[subject].name.clone(),
                method: method.to_owned(),
                // As it was written: 0.1 and not 0.10000000149011612.
                strength: adapter.map_or(0.0, |personal| {
                    personal.applied.strength.to_string().parse().unwrap_or_default()
                }),
                training_seed,
                prompt: prompt.template().to_owned(),
                seed,
            };
            self.done += 1;
            if !self.folder.is_scored(&self.judge_name, &cell) {
                self.fill(subject, cell, adapter, prompt).await?;
            }
        }
        Ok(())
    }

    /// What the subject's own photos score, once for each judge and set of prompts.
    async fn photos(&mut self, subject: usize, prompts: &[&EvaluationPrompt]) -> Result<(), Error> {
        let own = &self.subjects[subject];
        let templates: Vec<String> = prompts.iter().map(|prompt| prompt.template().to_owned()).collect();
        let known = self.folder.records.iter().any(|record| {
            matches!(record, Record::Photos(photos) if photos.subject == own.name && photos.judge == self.judge_name
                && photos.prompts == templates)
        });
        if known {
            return Ok(());
        }
        let vectors = &self.vectors[subject];
        let mut texts = Vec::new();
        for prompt in prompts {
            let text =
                self.judge.text(&prompt.clean(&own.class_noun)).await.map_err(pipeline::Error::from)?;
            texts.extend(mean_cosine(&text, &vectors.photos));
        }
        let mut photos = Vec::new();
        for (index, photo) in own.photos.iter().enumerate() {
            let file = format!("pictures/{}-photo-{index}.png", super::folder::file_stem(&[&own.name]));
            self.folder.write(&file, &png(photo.pixels())?)?;
            photos.push(file);
        }
        let result = PhotosResult {
            subject: own.name.clone(),
            judge: self.judge_name.clone(),
            class_noun: own.class_noun.clone(),
            prompts: templates,
            photos,
            text_alignment: palpable::evaluation::statistics::mean(&texts).unwrap_or_default(),
            image_alignment: mean_among(&vectors.photos),
            foreground: mean_among(&vectors.foregrounds),
            dino: mean_among(&vectors.dino),
            foregrounds: vectors.foregrounds.len(),
        };
        self.folder.add(Record::Photos(result))
    }
}
