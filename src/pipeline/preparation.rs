//! Kernels compiled before they are needed.
//!
//! A pipeline is otherwise compiled when it is first launched: a picture's first step then stands still
//! for seconds, without a sign of progress. Here the whole computation is gone through once with every
//! launch dropped (cubecl's dry run), which compiles exactly the kernels that the real one will launch,
//! burn's own among them. In a browser the worker turns these compilations into asynchronous ones.

use cubecl::dry_run::DryRun;

use super::{Error, Generation, GenerationSettings, StableDiffusion};
use crate::training::Trainer;

impl StableDiffusion {
    /// Compiles what drawing at the model's own size needs: text encoder, U-Net under the default guidance,
    /// the samplers DDIM and Euler, and the VAE's decoder. While it lasts it takes the memory of a drawing.
    ///
    /// While it lasts every launch of the *process* is dropped, so nothing else may compute meanwhile;
    /// it doesn't wait for anything. Where the model's own size takes more memory than may be taken, nothing
    /// is prepared: smaller pictures may still be drawn.
    ///
    /// # Errors
    /// The device failed.
    pub fn compile_kernels(&self) -> Result<(), Error> {
        if self.plan_generation(&GenerationSettings::default(), &[], None).is_err() {
            return Ok(());
        }
        self.dry_run(|| self.ask_for_pictures())
    }

    /// Compiles what the steps of a training need, under the conditions of
    /// [`compile_kernels`](Self::compile_kernels).
    ///
    /// # Errors
    /// The device failed.
    pub fn compile_training_kernels(&self, trainer: &Trainer) -> Result<(), Error> {
        self.dry_run(|| {
            trainer.rehearse();
            Ok(())
        })
    }

    fn ask_for_pictures(&self) -> Result<(), Error> {
        for sampler in ["ddim", "euler"] {
            let prompt = "a picture".to_owned();
            let settings =
                GenerationSettings { prompt, sampler: sampler.to_owned(), steps: 2, ..Default::default() };
            let mut generation = Generation::new(self, &settings, &[])?;
            // The samplers compute their first step in another way than the later ones.
            while generation.advance() {}
            drop((generation.probe(), generation.image()));
        }
        Ok(())
    }

    fn dry_run(&self, asks: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        let dry = DryRun::new();
        asks()?;
        // Launches wait in a queue and are compiled when they leave it.
        let flushed = self.gpu.device.flush();
        drop(dry);
        self.gpu.check()?;
        flushed.map_err(|error| Error::ReadBack(error.to_string()))
    }
}
