//! A whole training run, as the command line does it: its state is kept now and then and perhaps judged, and
//! something is left of it if the device goes away in the middle.

use std::future::Future;

use super::Error;
use crate::{
    adapter::Adapter,
    gpu::Gpu,
    training::{
        self, Trainer, TrainingRecord,
        early_stopping::{EarlyStopping, Standing},
    },
};

/// Receives what a run reports and gives away. `E` is the caller's own error, for files it can't write.
pub trait RunObserver<E> {
    /// A step was made.
    ///
    /// # Errors
    /// The caller's; they end the run.
    fn made(&mut self, record: TrainingRecord) -> Result<(), E>;

    /// The adapter as trained so far, to be kept in place of the one before.
    ///
    /// # Errors
    /// The caller's; they end the run.
    fn keep(&mut self, adapter: Adapter) -> Result<(), E>;

    /// Whether checkpoints are wanted where the adapter is kept.
    fn wants_checkpoints(&self) -> bool {
        false
    }

    /// A checkpoint, to be kept in place of the one before. It is not given after the last step.
    ///
    /// # Errors
    /// The caller's; they end the run.
    fn keep_checkpoint(&mut self, _checkpoint: Vec<u8>) -> Result<(), E> {
        Ok(())
    }

    /// When the run's state is judged; `None` means never.
    fn early_stopping(&self) -> Option<EarlyStopping> {
        None
    }

    /// Judges the state: its score, the higher the better. Called only where [`early_stopping`] is given. A
    /// score that is not finite is never better.
    ///
    /// # Errors
    /// The device failed, or the caller's; they end the run.
    ///
    /// [`early_stopping`]: Self::early_stopping
    fn score(&mut self, _trainer: &Trainer) -> impl Future<Output = Result<f64, E>> {
        async { Ok(f64::NAN) }
    }

    /// Told how the evaluations stand, after each of them.
    ///
    /// # Errors
    /// The caller's; they end the run.
    fn judged(&mut self, _evaluation: Evaluation) -> Result<(), E> {
        Ok(())
    }
}

/// The outcome of judging a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    pub step: usize,
    pub score: f64,
    pub standing: Standing,
    /// Whether the run ends because of it.
    pub ends: bool,
}

impl Evaluation {
    /// Whether this state is the best so far.
    pub fn is_best(&self) -> bool {
        self.standing.best.is_some_and(|best| best.step == self.step)
    }
}

/// A run that broke off.
#[derive(Debug)]
pub struct BrokenOff<E> {
    pub error: E,
    /// Steps in the adapter that was kept last; 0 if none was.
    pub kept_steps: usize,
}

/// Trains until all steps are made, or the observer's early stopping ends the run. The adapter is kept every
/// `keep_every` steps and at the end, so that a crash costs little. In a run that is judged, it is kept
/// whenever a state is the best so far, and the best one is the run's result. A step that diverges leaves the
/// state before it, which is kept; what a failing device returns never replaces what was kept.
///
/// Evaluations come before the checkpoint of their step, which holds how they stand: a resumed run repeats
/// none and leaves none out.
///
/// # Errors
/// The device failed or was lost, the training diverged, or the observer's own.
pub async fn run_training<E: From<Error>>(
    trainer: &mut Trainer,
    gpu: &Gpu,
    keep_every: usize,
    observer: &mut impl RunObserver<E>,
) -> Result<(), BrokenOff<E>> {
    let mut run = Run { trainer, gpu, keep_every, observer, kept_steps: 0 };
    let done = run.finish().await;
    done.map_err(|error| BrokenOff { error, kept_steps: run.kept_steps })
}

/// A run under way.
struct Run<'a, O> {
    trainer: &'a mut Trainer,
    gpu: &'a Gpu,
    keep_every: usize,
    observer: &'a mut O,
    kept_steps: usize,
}

impl<O> Run<'_, O> {
    async fn finish<E: From<Error>>(&mut self) -> Result<(), E>
    where
        O: RunObserver<E>,
    {
        let mut ended = false;
        while !(ended || self.trainer.is_complete()) {
            ended = self.step().await?;
        }
        self.trainer.restore_best();
        self.keep().await
    }

    /// Makes a step and what is due after it. Returns whether the run ends.
    async fn step<E: From<Error>>(&mut self) -> Result<bool, E>
    where
        O: RunObserver<E>,
    {
        let stepped = self.trainer.step().await;
        // After a failed submission zeros are read back: then the numbers are not to be trusted.
        self.gpu.check().map_err(Error::from)?;
        let mut ends = false;
        if let Ok(record) = &stepped {
            let reported = self.observer.made(record.clone());
            // A log that can't be written must not cost what was learned.
            if reported.is_err() && self.trainer.standing().best.is_none() {
                self.keep().await?;
            }
            reported?;
            ends = self.evaluate().await?;
        }
        let made = self.trainer.steps_made();
        let diverged = matches!(stepped, Err(training::Error::NotFinite { .. }));
        if made > 0 && !ends && (diverged || made.is_multiple_of(self.keep_every)) {
            if self.trainer.standing().best.is_none() {
                self.keep().await?;
            }
            if self.observer.wants_checkpoints() && !self.trainer.is_complete() {
                let checkpoint = self.trainer.checkpoint().await;
                self.gpu.check().map_err(Error::from)?;
                self.observer.keep_checkpoint(checkpoint.map_err(Error::from)?)?;
            }
        }
        stepped.map(|_| ends).map_err(|error| Error::from(error).into())
    }

    /// Judges the state if that is due, and keeps it if it is the best. Returns whether the run ends.
    async fn evaluate<E: From<Error>>(&mut self) -> Result<bool, E>
    where
        O: RunObserver<E>,
    {
        let (step, steps) = (self.trainer.steps_made(), self.trainer.settings().steps);
        let stopping = self.observer.early_stopping().filter(|stopping| stopping.is_due(step, steps));
        let Some(stopping) = stopping else { return Ok(false) };
        let score = self.observer.score(self.trainer).await?;
        self.gpu.check().map_err(Error::from)?;
        let standing = self.trainer.note_score(score);
        let evaluation = Evaluation { step, score, standing, ends: stopping.ends(&standing) };
        if evaluation.is_best() {
            self.keep().await?;
        }
        self.observer.judged(evaluation)?;
        Ok(evaluation.ends)
    }

    /// Gives the observer the adapter of the trained values as they are.
    async fn keep<E: From<Error>>(&mut self) -> Result<(), E>
    where
        O: RunObserver<E>,
    {
        let adapter = self.trainer.adapter().await;
        self.gpu.check().map_err(Error::from)?;
        let adapter = adapter.map_err(Error::from)?;
        let steps = adapter.details.steps.unwrap_or_default();
        self.observer.keep(adapter)?;
        self.kept_steps = steps;
        Ok(())
    }
}
