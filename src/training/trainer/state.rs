//! Taking a run's state out and putting it back: adapters, snapshots and their scores, checkpoints.

use burn::tensor::Device;

use super::Trainer;
use crate::adapter::{Adapter, AdapterDetails, Embedding};
use crate::training::best::{Best, Snapshot};
use crate::training::checkpoint::Checkpoint;
use crate::training::early_stopping::Standing;
use crate::training::host_latents::HostLatents;
use crate::training::optimizer::ParameterGroup;
use crate::training::transfer::read;
use crate::training::{Error, FrozenModel};

impl Trainer {
    /// Resumes a run where a [`checkpoint`](Self::checkpoint) left it. On the same device the further steps
    /// are those of the uninterrupted run, bit for bit.
    ///
    /// # Errors
    /// A file that is no checkpoint ([`Error::CheckpointFile`]) or one of another model
    /// ([`Error::Checkpoint`]).
    pub fn resume(model: FrozenModel, checkpoint: Checkpoint, device: &Device) -> Result<Self, Error> {
        let Checkpoint {
            settings,
            step,
            model: made_with,
            identity,
            layout,
            unet,
            embedding,
            latents,
            best,
            terms,
        } = checkpoint;
        let refused = |reason: String| Err(Error::Checkpoint { reason });
        if made_with != model.name {
            return refused(format!(
                "it belongs to the model \"{made_with}\", and this is \"{}\"",
                model.name
            ));
        }
        for (what, now) in &model.identity {
            if let Some((_, before)) = identity.iter().find(|(known, before)| known == what && before != now)
            {
                return refused(format!(
                    "it began with another model ({what}: {before}, now {now}); load that one, with the same options"
                ));
            }
        }
        let latents = latents.upload(&device.clone().inner());
        let mut trainer = Self::new(model, latents, settings, device)?;
        let counts = [&trainer.unet, &trainer.embedding].map(ParameterGroup::count);
        let fits = layout == trainer.layout.description()
            && trainer.unet.takes(&unet)
            && trainer.embedding.takes(&embedding)
            && best.fits(counts);
        if !fits {
            return refused("it belongs to a model of another architecture".to_owned());
        }
        trainer.unet.restore(unet, step);
        trainer.embedding.restore(embedding, step);
        trainer.best = Best::from_host(best, &trainer.device);
        trainer.terms = terms;
        (trainer.step, trainer.trained_step) = (step, step);
        Ok(trainer)
    }

    /// The adapter as trained so far, read back from the device.
    pub async fn adapter(&self) -> Result<Adapter, Error> {
        let (lora, differences) = self.layout.weights(&read(self.unet.values()).await?);
        let values = read(self.embedding.values()).await?;
        let settings = &self.settings;
        let checkpoint = self.model.checkpoint.as_ref();
        let words = self.new_words.placeholders.iter();
        let embeddings =
            words.zip(values.chunks(settings.vectors * self.embedding_width)).map(|(placeholder, values)| {
                Embedding {
                    placeholder: placeholder.clone(),
                    vectors: settings.vectors,
                    width: self.embedding_width,
                    values: values.to_vec(),
                }
            });
        Ok(Adapter {
            name: settings.placeholder.trim_matches(['<', '>']).to_owned(),
            lora,
            differences,
            embeddings: embeddings.collect(),
            details: AdapterDetails {
                class_nouns: settings.subjects().map(|subject| subject.class_noun.to_owned()).collect(),
                clean_prompt: Some(settings.clean_prompt.clone()),
                personalization_prompt: Some(settings.sentences().join("; ")),
                alpha: Some(settings.alpha),
                beta: Some(settings.beta),
                lambda: Some(settings.lambda),
                steps: Some(self.trained_step),
                trained_weights: Some(settings.trained_weights.name().to_owned()),
                base_model: Some(self.model.name.clone()),
                base_model_hash: checkpoint.map(|hashes| hashes.short.clone()),
                base_model_sha256: checkpoint.and_then(|hashes| hashes.sha256.clone()),
                prediction_type: Some(self.model.schedule.prediction_type()),
                resolution: Some(settings.resolution.unwrap_or(self.model.resolution)),
                photos: Some(self.latents.photos()),
                learning_rate: Some(settings.lora_learning_rate),
                optimizer: Some(format!("{:?}", settings.optimizer)),
                seed: Some(settings.seed),
            },
        })
    }

    /// The trained values as they are; keeping them costs the memory of a copy.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { step: self.trained_step, unet: self.unet.values(), embedding: self.embedding.values() }
    }

    /// Puts earlier values in place of the present ones. The optimizer's state and the count of steps stay.
    pub fn restore(&mut self, snapshot: Snapshot) {
        let Snapshot { step, unet, embedding } = snapshot;
        self.trained_step = step;
        self.unet.set_values(unet);
        self.embedding.set_values(embedding);
    }

    /// Notes the score of the trained values (higher is better), and keeps the best values so far.
    pub fn note_score(&mut self, score: f64) -> Standing {
        let snapshot = self.snapshot();
        self.best.note(score, snapshot)
    }

    /// The best score noted, and the number of evaluations since.
    pub fn standing(&self) -> Standing {
        self.best.standing()
    }

    /// Puts the best of the noted values in place of the present ones, if any were noted.
    pub fn restore_best(&mut self) {
        if let Some(snapshot) = self.best.kept() {
            self.restore(snapshot);
        }
    }

    /// The state of the run as a file for [`resume`](Self::resume): with the photos' latents, so that a run
    /// goes on without its photos.
    pub async fn checkpoint(&self) -> Result<Vec<u8>, Error> {
        let checkpoint = Checkpoint {
            settings: self.settings.clone(),
            step: self.step,
            model: self.model.name.clone(),
            identity: self.model.identity.clone(),
            layout: self.layout.description(),
            unet: self.unet.read().await?,
            embedding: self.embedding.read().await?,
            latents: HostLatents::read(&self.latents).await?,
            best: self.best.to_host().await?,
            terms: self.terms.clone(),
        };
        checkpoint.to_bytes()
    }
}
