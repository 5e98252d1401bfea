//! `palpable personalize`: an adapter from a few photos.

mod arguments;
mod subjects;

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

use palpable::{
    adapter::Adapter,
    pipeline::{BrokenOff, RunObserver, run_training},
    training::{self, TrainingRecord},
};

pub use arguments::Arguments;

use super::{
    error::Error,
    model::{announce_memory, report_memory},
};
use subjects::{Photos, read_photos};

/// Adapters are saved this often, so that a crash or a power cut costs little.
const KEEP_EVERY: usize = 25;

pub async fn run(arguments: Arguments) -> Result<(), Error> {
    let mut settings = arguments.settings()?;
    let Photos { photos, captions, further } = read_photos(&arguments).map_err(training::Error::from)?;
    settings.captions = captions;
    for (subject, photos) in settings.further_subjects.iter_mut().zip(further) {
        subject.photos = photos;
    }
    let log = match &arguments.log {
        Some(path) => Some((File::create(path).map_err(|reason| Error::unwritable(path, reason))?, path)),
        None => None,
    };
    let model = arguments.model.load().await?;
    let plan = model.plan_training(&settings, photos.len())?;
    announce_memory(&model.gpu, &plan);
    let mut told = |done, of| eprintln!("picture {done} of {of} prepared");
    let mut trainer = model.trainer(&photos, settings.clone(), &mut told).await?;
    for remark in trainer.remarks() {
        eprintln!("{remark}");
    }
    let mut files = Files { adapter: &arguments.out, log, step_began: Instant::now() };
    match run_training(&mut trainer, &model.gpu, KEEP_EVERY, &mut files).await {
        Ok(()) => {
            eprintln!("Wrote {}. Use {} in prompts.", arguments.out.display(), settings.subject_phrase());
            report_memory(&model.gpu, &plan);
            Ok(())
        }
        Err(BrokenOff { error, kept_steps }) => {
            if kept_steps > 0 {
                let file = arguments.out.display();
                eprintln!("What was learned in {kept_steps} steps is kept in {file}.");
            }
            Err(error)
        }
    }
}

/// Where a run's results go.
struct Files<'a> {
    adapter: &'a Path,
    log: Option<(File, &'a PathBuf)>,
    step_began: Instant,
}

impl RunObserver<Error> for Files<'_> {
    fn made(&mut self, mut record: TrainingRecord) -> Result<(), Error> {
        record.seconds = self.step_began.elapsed().as_secs_f64();
        report(&record);
        if let Some((file, path)) = &mut self.log {
            let line = serde_json::to_string(&record).map_err(|reason| Error::unwritable(path, reason))?;
            writeln!(file, "{line}").map_err(|reason| Error::unwritable(path, reason))?;
        }
        self.step_began = Instant::now();
        Ok(())
    }

    /// Written beside its place and then renamed, so that a crash leaves the older file whole.
    fn keep(&mut self, adapter: Adapter) -> Result<(), Error> {
        let part = self.adapter.with_extension("part");
        std::fs::write(&part, adapter.to_bytes())
            .and_then(|()| std::fs::rename(&part, self.adapter))
            .map_err(|reason| Error::unwritable(self.adapter, reason))
    }
}

fn report(record: &TrainingRecord) {
    let TrainingRecord { step, steps, loss, personalization_loss, alignment_ratio, .. } = record;
    eprintln!(
        "step {step} of {steps}: loss {loss:.4} (personalization {personalization_loss:.4}), alignment ratio {alignment_ratio:.2}, {:.1} s",
        record.seconds
    );
}
