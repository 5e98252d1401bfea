//! Where to compute and with which model: the arguments that several commands share.

use std::path::Path;

use super::{
    device_memo,
    model_place::{OpenedModel, Place, Predicts, check_is_here},
    terminal::say,
};
use clap::{Args, ValueEnum};
use palpable::{
    gpu::{DeviceChoice, Gpu},
    pipeline::{Error, Precision, StableDiffusion},
    plan::{MemoryPlan, gigabytes},
    weights::{self, CheckpointHashes, Combined},
};

#[derive(Args)]
pub struct ModelArguments {
    /// A Stable Diffusion 1.x or 2.x model: a folder in diffusers' layout, or one .safetensors file
    #[arg(long, value_name = "FOLDER|FILE")]
    model: String,
    /// Another model (or a VAE file) whose autoencoder is used
    #[arg(long, value_name = "FOLDER|FILE")]
    vae: Option<String>,
    /// The model that a checkpoint file's missing parts are taken from
    #[arg(long, value_name = "FOLDER|FILE")]
    complete_with: Option<String>,
    /// What a checkpoint file's U-Net predicts; found out if it is left out
    #[arg(long, value_enum)]
    prediction: Option<Predicts>,
    /// Take a checkpoint file's averaged weights (EMA) where it has them
    #[arg(long)]
    averaged: bool,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = Device::Gpu)]
    device: Device,
    /// Use the GPU's matrix units (tensor cores) for products in 16 bits, if it has them: an experiment, see
    /// docs/performance.md
    #[arg(long)]
    matrix_units: bool,
    /// How weights and activations are stored
    #[arg(long, value_enum, default_value_t = Stored::Auto)]
    precision: Stored,
    /// GPU memory that may be taken, 4GB or 800MB for example; what needs more is refused. A GPU does not
    /// tell how much it has: without this, 4 GB
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    memory_limit: Option<u64>,
}

fn parse_bytes(text: &str) -> Result<u64, String> {
    let (digits, unit) = text.trim().split_at(text.trim().trim_end_matches(char::is_alphabetic).len());
    let factor = match unit.to_ascii_uppercase().as_str() {
        "GB" | "G" => Some(1e9),
        "MB" | "M" => Some(1e6),
        "" | "B" => Some(1.0),
        _ => None,
    };
    let number = digits.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
    match (number, factor) {
        (Some(number), Some(factor)) => Ok((number * factor) as u64),
        _ => Err("write the memory as a number with GB or MB, 4GB for example".to_owned()),
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Device {
    /// The best GPU, or a software Vulkan driver
    Gpu,
    /// The processor, by the plain reference operations
    Cpu,
}

#[derive(Clone, Copy, ValueEnum)]
enum Stored {
    /// 16-bit floats for a large model, for its weights alone where the GPU has none; else 32-bit ones; eight bits
    /// where the model fits only so
    Auto,
    F32,
    /// Half the memory, where the GPU has 16-bit floats
    F16,
    /// Weights in 16 bits, on any device; all else in 32
    #[value(name = "f16-f32")]
    F16F32,
    /// The U-Net's weights in eight bits; else as f16, or as f16-f32 where the GPU has no 16-bit floats
    Int8,
}

impl ModelArguments {
    /// Where the model lies.
    pub fn place(&self) -> Place {
        Place::of(Path::new(&self.model))
    }

    /// The SHA-256 of a checkpoint file, which reads all of it; nothing of a folder.
    pub async fn checkpoint_sha256(&self) -> Result<Option<String>, weights::Error> {
        self.place().sha256().await
    }

    /// What makes another model of the one that is named, by its options; those that were given.
    pub fn variations(&self) -> Vec<(&'static str, String)> {
        let prediction = self.prediction.and_then(|predicts| predicts.to_possible_value());
        [
            ("vae", self.vae.clone()),
            ("completeWith", self.complete_with.clone()),
            ("prediction", prediction.map(|value| value.get_name().to_owned())),
            ("averaged", self.averaged.then(|| "yes".to_owned())),
        ]
        .into_iter()
        .filter_map(|(option, given)| Some((option, given?)))
        .collect()
    }

    /// Refuses models that are not on this machine.
    pub fn check_is_here(&self) -> Result<(), weights::Error> {
        let written = [Some(&self.model), self.vae.as_ref(), self.complete_with.as_ref()];
        written.into_iter().flatten().try_for_each(|written| check_is_here(written))
    }

    /// Opens the device and loads the model.
    pub async fn load(&self) -> Result<StableDiffusion, Error> {
        let choice = match self.device {
            Device::Gpu if self.matrix_units => DeviceChoice::GpuWithMatrixUnits,
            Device::Gpu => DeviceChoice::Gpu,
            Device::Cpu => DeviceChoice::Cpu,
        };
        self.check_is_here()?;
        let mut gpu = Gpu::open(choice).await?;
        if let Some(limit) = self.memory_limit {
            gpu.memory_limit = limit;
            if choice == DeviceChoice::Cpu {
                say!(
                    "With --memory-limit the processor computes as a GPU of that memory does; its own is not counted."
                );
            }
        }
        say!("Computing on {} ({}).", gpu.report.adapter_name, gpu.report.backend);
        if choice != DeviceChoice::Cpu {
            device_memo::start(&mut gpu).await?;
            for note in &gpu.report.notes {
                say!("{note}");
            }
        }
        let place = self.place();
        place.check_options(self.averaged, self.prediction)?;
        let model = place.open(self.averaged, self.prediction).await?;
        let vae_place = self.vae.as_ref().map(|path| Place::of(Path::new(path)));
        let vae = match &vae_place {
            Some(place) => Some(place.open(false, None).await?),
            None => None,
        };
        let completing_place = self.complete_with.as_ref().map(|path| Place::of(Path::new(path)));
        let completing = match &completing_place {
            Some(place) => Some(place.open(false, None).await?),
            None => None,
        };
        let mut source = Combined::new(model.source());
        let mut lacking = Vec::new();
        for folder in model.lacks() {
            match &completing {
                // A U-Net makes a model what it is: there is nothing to complete without one.
                Some(other) if folder != "unet" => source = source.with(folder, other.source()),
                _ => lacking.push(folder),
            }
        }
        if let Some(vae) = &vae {
            source = source.with("vae", vae.source());
            lacking.retain(|folder| *folder != "vae");
        }
        if !lacking.is_empty() {
            let (path, parts) = (self.model.clone(), lacking.join(", "));
            return Err(weights::Error::IncompleteCheckpoint { path, parts }.into());
        }
        let precision = match self.precision {
            Stored::F16 if gpu.report.float16 => Precision::Float16,
            Stored::F16 => {
                say!("This device has no 16-bit floats; weights alone are kept in 16 bits.");
                Precision::Float16Float32
            }
            Stored::F16F32 => Precision::Float16Float32,
            Stored::F32 => Precision::Float32,
            Stored::Int8 if gpu.report.float16 => Precision::Int8Float16,
            Stored::Int8 => Precision::Int8Float32,
            Stored::Auto => Precision::fitting(&gpu, &source).await?,
        };
        let mut loaded = StableDiffusion::load(&gpu, &source, &place.name, precision, &mut |_| ()).await?;
        if let OpenedModel::File(file) = &model {
            loaded.checkpoint = Some(CheckpointHashes { short: file.hash().await?, sha256: None });
        }
        Ok(loaded)
    }
}

/// Says what a job will take; nothing on the processor, whose memory is not counted.
pub fn announce_memory(gpu: &Gpu, plan: &MemoryPlan) {
    if gpu.memory().reserved > 0 {
        say!("This takes {}.", plan.sentence());
        gpu.restart_peak();
    }
}

/// Says what a job took beside what was planned, where [`announce_memory`] said something.
pub fn report_memory(gpu: &Gpu, plan: &MemoryPlan) {
    let peak = gpu.memory().peak;
    if peak > 0 {
        say!("It took {} of GPU memory, {} were planned.", gigabytes(peak), gigabytes(plan.peak()));
    }
}
