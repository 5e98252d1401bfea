//! `palpable personalize`: an adapter from a few photos.

mod arguments;
mod held_back;
mod options;
mod subjects;
mod terms;
mod time;

use std::{
    fs::File,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use palpable::{
    adapter::Adapter,
    pipeline::{BrokenOff, Evaluation, RunObserver, StableDiffusion, run_training},
    plan::MemoryPlan,
    training::{
        self, Photo, Trainer, TrainingRecord, TrainingSettings,
        checkpoint::Terms,
        early_stopping::{EarlyStopping, HeldBackScores},
    },
};

pub use arguments::Arguments;

use super::{
    error::Error,
    interrupted_file::go_on_after,
    model::{announce_memory, report_memory},
    terminal::say,
    whole_file::{announce_replacing, make_way, write_whole},
};
use held_back::HeldBack;
use serde_json::json;
use subjects::{Photos, read_photos};

/// Adapters are saved this often, so that a crash or a power cut costs little.
const KEEP_EVERY: usize = 25;

pub async fn run(arguments: Arguments) -> Result<(), Error> {
    let mut settings = arguments.settings()?;
    let mut photos = read_photos(&arguments).map_err(training::Error::from)?;
    let held_back = arguments.held_back.take_from(&mut photos)?;
    arguments.held_back.check_judge(&held_back, &arguments.model).await?;
    let Photos { photos, captions, further } = photos;
    if !captions.is_empty() {
        settings.captions = captions;
    }
    for (subject, photos) in settings.further_subjects.iter_mut().zip(further) {
        subject.photos = photos;
    }
    let unfinished = read_checkpoint(&arguments)?;
    make_way(&arguments.out)?;
    arguments.checkpoint.as_deref().map_or(Ok(()), make_way)?;
    if !arguments.resume {
        announce_replacing(&arguments.out);
    }
    let log = match &arguments.log {
        Some(path) => Some((open_log(path)?, path)),
        None => None,
    };
    let mut model = arguments.model.load().await?;
    if let Some(hashes) = &mut model.checkpoint {
        hashes.sha256 = arguments.model.checkpoint_sha256().await.map_err(palpable::pipeline::Error::from)?;
    }
    let hashes = |photos: &[Photo]| photos.iter().map(Photo::hash).collect();
    let terms = Terms {
        trained: hashes(&photos),
        held_back: hashes(&held_back),
        judge: arguments.held_back.judge_name(&held_back, &model),
    };
    // Beside the model while the run lasts, so loaded before the run is planned.
    let held_back = arguments.held_back.load(&held_back, &model, &arguments.model).await?;
    let evaluate_every = held_back.as_ref().map(|held_back| held_back.stopping.evaluate_every);
    let announced = arguments.time.choose(&model, &settings, photos.len(), evaluate_every).await?;
    if let Some(announced) = &announced {
        settings = announced.settings();
    }
    let mut prepared = 0;
    let mut told = |done, of| {
        if done != prepared {
            say!("picture {done} of {of} prepared");
        }
        prepared = done;
        true
    };
    let is_judged = held_back.is_some();
    let trials = |settings: &TrainingSettings| is_judged.then(|| model.trials(settings));
    let planned = |settings: &TrainingSettings, photos| -> Result<MemoryPlan, Error> {
        let plan = model.plan_training(settings, photos, trials(settings).as_ref())?;
        announce_memory(&model.gpu, &plan);
        Ok(plan)
    };
    let (mut trainer, plan) = match unfinished {
        // With its own settings and photos.
        Some(checkpoint) => {
            let trainer = model.resume_training(&checkpoint, trials)?;
            terms::check(&trainer, &terms)?;
            let plan = planned(trainer.settings(), trainer.photos())?;
            (trainer, plan)
        }
        None => {
            let plan = planned(&settings, photos.len())?;
            let trials = trials(&settings);
            (model.trainer(&photos, settings, trials.as_ref(), &mut told).await?, plan)
        }
    };
    // Only now that the training begins: until then the log is an earlier run's.
    if let Some((file, path)) = &log {
        forget_steps_after(trainer.steps_made(), file, path)?;
    }
    trainer.terms = Some(terms);
    for remark in trainer.remarks() {
        say!("{remark}");
    }
    let checkpoint = arguments.checkpoint.as_deref();
    let mut watch = Watch {
        adapter: &arguments.out,
        checkpoint,
        log,
        step_began: Instant::now(),
        held_back,
        scores: None,
        model: &model,
    };
    match run_training(&mut trainer, &model.gpu, KEEP_EVERY, &mut watch).await {
        Ok(()) => {
            if let Some(best) = trainer.standing().best {
                say!("The best state is that after step {}, with a score of {:.4}.", best.step, best.score);
            }
            if let Some(file) = checkpoint.filter(|file| file.exists()) {
                std::fs::remove_file(file).map_err(|reason| Error::unwritable(file, reason))?;
            }
            let phrase = trainer.settings().subject_phrase();
            say!("Wrote {}. Use {phrase} in prompts.", arguments.out.display());
            report_memory(&model.gpu, &plan);
            if let Some(announced) = &announced {
                announced.compare();
            }
            Ok(())
        }
        Err(BrokenOff { error, kept_steps }) => {
            if kept_steps > 0 {
                let file = arguments.out.display();
                say!("What was learned in {kept_steps} steps is kept in {file}.");
            }
            Err(match error {
                Error::Pipeline(error) => model.overflow_or(error).into(),
                Error::Other(_) => error,
            })
        }
    }
}

/// Where a run's results go, and who judges it.
struct Watch<'a> {
    adapter: &'a Path,
    checkpoint: Option<&'a Path>,
    log: Option<(File, &'a PathBuf)>,
    step_began: Instant,
    held_back: Option<HeldBack>,
    /// The scores of the latest evaluation.
    scores: Option<HeldBackScores>,
    model: &'a StableDiffusion,
}

impl Watch<'_> {
    /// One line of the log.
    fn write(&mut self, object: &impl serde::Serialize) -> Result<(), Error> {
        let Some((file, path)) = &mut self.log else { return Ok(()) };
        let line = serde_json::to_string(object).map_err(|reason| Error::unwritable(path, reason))?;
        writeln!(file, "{line}").map_err(|reason| Error::unwritable(path, reason))
    }
}

impl RunObserver<Error> for Watch<'_> {
    fn made(&mut self, mut record: TrainingRecord) -> Result<(), Error> {
        record.seconds = self.step_began.elapsed().as_secs_f64();
        report(&record);
        self.step_began = Instant::now();
        self.write(&record)
    }

    fn keep(&mut self, adapter: Adapter) -> Result<(), Error> {
        write_whole(self.adapter, &adapter.to_bytes())
    }

    fn wants_checkpoints(&self) -> bool {
        self.checkpoint.is_some()
    }

    fn keep_checkpoint(&mut self, checkpoint: Vec<u8>) -> Result<(), Error> {
        self.checkpoint.map_or(Ok(()), |file| write_whole(file, &checkpoint))
    }

    fn early_stopping(&self) -> Option<EarlyStopping> {
        self.held_back.as_ref().map(|held_back| held_back.stopping)
    }

    async fn score(&mut self, trainer: &Trainer) -> Result<f64, Error> {
        let Some(judge) = &mut self.held_back else { return Ok(f64::NAN) };
        let scores = self.model.held_back_scores(trainer, judge).await?;
        self.scores = Some(scores);
        Ok(scores.combined())
    }

    fn judged(&mut self, evaluation: Evaluation) -> Result<(), Error> {
        let Evaluation { step, score, standing, ends } = evaluation;
        let is_best = evaluation.is_best();
        let verdict = match (is_best, ends) {
            (true, _) => "the best so far".to_owned(),
            (false, false) => format!("{} in a row without a better one", standing.without_gain),
            (false, true) => {
                format!("{} in a row without a better one, so the run ends", standing.without_gain)
            }
        };
        say!("evaluation after step {step}: score {score:.4}, {verdict}");
        let scores = self.scores.take();
        self.write(&json!({ "step": step, "evaluation": scores, "score": score, "isBest": is_best }))?;
        // What the evaluation took is no step's.
        self.step_began = Instant::now();
        Ok(())
    }
}

/// The log with what is in it.
fn open_log(path: &Path) -> Result<File, Error> {
    make_way(path)?;
    let log = File::options().create(true).write(true).truncate(false).open(path);
    log.map_err(|reason| Error::unwritable(path, reason))
}

/// Takes the lines of steps that the run makes, perhaps again, from the end of its log, and what an interruption left
/// of a line.
fn forget_steps_after(step: usize, log: &File, path: &Path) -> Result<(), Error> {
    // A terminal or a pipe can't be taken back.
    if !path.is_file() {
        return Ok(());
    }
    let written = std::fs::read(path).map_err(|reason| Error::unreadable(path, reason))?;
    let made_before = |line: &&[u8]| {
        let line: Option<serde_json::Value> = serde_json::from_slice(line).ok();
        line.is_some_and(|line| line["step"].as_u64().is_some_and(|made| made <= step as u64))
    };
    let kept: usize =
        written.split_inclusive(|byte| *byte == b'\n').take_while(made_before).map(<[u8]>::len).sum();
    go_on_after(kept as u64, log).map_err(|reason| Error::unwritable(path, reason))
}

/// The state to go on from. A checkpoint that nobody asked to resume is not written over.
fn read_checkpoint(arguments: &Arguments) -> Result<Option<Vec<u8>>, Error> {
    let Some(file) = &arguments.checkpoint else { return Ok(None) };
    if arguments.resume {
        return match std::fs::read(file) {
            Err(reason) if reason.kind() == ErrorKind::NotFound => Err(Error::Other(format!(
                "{} is not there: its run was finished, or stopped before step {KEEP_EVERY}; leave out --resume to begin \
                 anew.",
                file.display()
            ))),
            read => read.map(Some).map_err(|reason| Error::unreadable(file, reason)),
        };
    }
    if file.exists() {
        let file = file.display();
        return Err(Error::Other(format!(
            "{file} holds an unfinished run; add --resume to go on with it, or delete the file."
        )));
    }
    Ok(None)
}

fn report(record: &TrainingRecord) {
    let TrainingRecord { step, steps, loss, personalization_loss, alignment_ratio, .. } = record;
    say!(
        "step {step} of {steps}: loss {loss:.4} (personalization {personalization_loss:.4}), alignment ratio {alignment_ratio:.2}, {:.1} s",
        record.seconds
    );
}
