//! Where to compute and with which model: the arguments that several commands share.

use std::path::PathBuf;

use super::device_memo;
use clap::{Args, ValueEnum};
use palpable::{
    gpu::{Choice, Gpu},
    pipeline::{Error, Precision, StableDiffusion},
    weights::DirectorySource,
};

#[derive(Args)]
pub struct ModelArguments {
    /// A Stable Diffusion 1.x model folder in diffusers' layout
    #[arg(long)]
    pub model: PathBuf,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = Device::Gpu)]
    device: Device,
    /// How weights and activations are stored
    #[arg(long, value_enum, default_value_t = Stored::F32)]
    precision: Stored,
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
    F32,
    /// Half the memory, where the GPU has 16-bit floats
    F16,
}

impl ModelArguments {
    /// Opens the device and loads the model.
    pub async fn load(&self) -> Result<StableDiffusion, Error> {
        let choice = match self.device {
            Device::Gpu => Choice::Gpu,
            Device::Cpu => Choice::Cpu,
        };
        let mut gpu = Gpu::open(choice).await?;
        eprintln!("Computing on {} ({}).", gpu.report.adapter_name, gpu.report.backend);
        if choice != Choice::Cpu {
            device_memo::start(&mut gpu).await?;
            for note in &gpu.report.notes {
                eprintln!("{note}");
            }
        }
        let precision = match self.precision {
            Stored::F16 if gpu.report.float16 => Precision::Float16,
            Stored::F16 => {
                eprintln!("This device has no 16-bit floats; 32-bit ones are used.");
                Precision::Float32
            }
            Stored::F32 => Precision::Float32,
        };
        let source = DirectorySource::new(&self.model);
        let name = self.model.file_name().map_or("model".into(), |name| name.to_string_lossy().into_owned());
        StableDiffusion::load(&gpu, &source, &name, precision, &mut |_| ()).await
    }
}
