//! A whole training run on its own, with its state kept now and then: what the command line does, and
//! what becomes of it when the device goes away in the middle.

use super::Error;
use crate::{
    adapter::Adapter,
    gpu::Gpu,
    training::{self, Trainer, TrainingRecord},
};

/// What a run tells and gives away. `E` is the caller's own error, for files it can't write.
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
}

/// A run that broke off.
#[derive(Debug)]
pub struct BrokenOff<E> {
    pub error: E,
    /// Steps in the adapter that was kept last; 0 if none was.
    pub kept_steps: usize,
}

/// Trains until all steps are made. The adapter is kept every `keep_every` steps and at the end, so that
/// a crash costs little. A step that diverges leaves the state before it, which is kept; what a failing
/// device returns is not put in place of what was kept.
///
/// # Errors
/// The device failed or was lost, the training diverged, or the observer's own.
pub async fn run_training<E: From<Error>>(
    trainer: &mut Trainer,
    gpu: &Gpu,
    keep_every: usize,
    observer: &mut impl RunObserver<E>,
) -> Result<(), BrokenOff<E>> {
    let mut kept_steps = 0;
    while !trainer.is_complete() {
        if let Err(error) = step(trainer, gpu, keep_every, observer, &mut kept_steps).await {
            return Err(BrokenOff { error, kept_steps });
        }
    }
    match keep(trainer, gpu, observer).await {
        Ok(()) => Ok(()),
        Err(error) => Err(BrokenOff { error, kept_steps }),
    }
}

async fn step<E: From<Error>>(
    trainer: &mut Trainer,
    gpu: &Gpu,
    keep_every: usize,
    observer: &mut impl RunObserver<E>,
    kept_steps: &mut usize,
) -> Result<(), E> {
    let stepped = trainer.step().await;
    // A submission that failed reads as zeros: then the numbers are not to be believed.
    gpu.check().map_err(Error::from)?;
    let made = trainer.steps_made();
    let diverged = matches!(stepped, Err(training::Error::NotFinite { .. }));
    if let Ok(record) = &stepped {
        observer.made(record.clone())?;
    }
    if made > 0 && (diverged || made.is_multiple_of(keep_every)) {
        keep(trainer, gpu, observer).await?;
        *kept_steps = made;
        if observer.wants_checkpoints() && !trainer.is_complete() {
            let checkpoint = trainer.checkpoint().await;
            gpu.check().map_err(Error::from)?;
            observer.keep_checkpoint(checkpoint.map_err(Error::from)?)?;
        }
    }
    stepped.map(|_| ()).map_err(|error| Error::from(error).into())
}

async fn keep<E: From<Error>>(
    trainer: &Trainer,
    gpu: &Gpu,
    observer: &mut impl RunObserver<E>,
) -> Result<(), E> {
    let adapter = trainer.adapter().await;
    gpu.check().map_err(Error::from)?;
    observer.keep(adapter.map_err(Error::from)?)
}
