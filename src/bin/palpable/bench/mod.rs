//! `palpable bench`: how long operations and networks take on this device, and how far from its
//! ceilings they are.

mod compare;
mod table;

use std::{
    path::{Path, PathBuf},
    rc::Rc,
    time::Instant,
};

use clap::{Args, Subcommand, ValueEnum};
use palpable::{
    bench::{Model, ModelConfigs, Plan, Session, ShapeSet, Task, count},
    gpu::{DeviceChoice, Gpu},
    pipeline::{self, Precision, StableDiffusion},
    weights::DirectorySource,
};

use super::{
    device_memo,
    error::Error,
    numbers::at_least_one,
    terminal::{say, write_result},
    whole_file::{make_way, write_whole},
};

/// Measure the engine on this device
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Every kernel alone, forward and backward
    Ops(Options),
    /// One evaluation of the U-Net
    Unet(Options),
    /// The VAE's decoder and encoder
    Vae(Options),
    /// The text encoder
    Text(Options),
    /// One guided sampling step
    Step(Options),
    /// One training step of PALP, β = 1 and β ≠ 1
    Palp(Options),
    /// All of these
    All(Options),
    /// Set two reports side by side: ours, and for example the PyTorch baseline's
    Compare(compare::Arguments),
}

#[derive(Args)]
struct Options {
    /// "sd15" for Stable Diffusion 1.5's architecture, or a model folder
    #[arg(long, default_value = SD15)]
    model: String,
    /// Invent the weights: of a model folder only the configs are read
    #[arg(long)]
    random_weights: bool,
    /// Sides of the pictures in pixels
    #[arg(long = "sizes", visible_alias = "size", value_delimiter = ',', value_parser = at_least_one::<usize>,
        default_values_t = Plan::default().sizes)]
    sizes: Vec<usize>,
    /// Rows of a U-Net evaluation
    #[arg(long, value_parser = at_least_one::<usize>, default_value_t = Plan::default().batch)]
    batch: usize,
    /// Pictures of a training step
    #[arg(long, value_parser = at_least_one::<usize>, default_value_t = Plan::default().training_batch)]
    training_batch: usize,
    /// Rank of the LoRA that is trained
    #[arg(long, value_parser = at_least_one::<usize>, default_value_t = Plan::default().rank)]
    rank: usize,
    /// Whose operations "ops" measures
    #[arg(long, value_enum, default_value_t = Shapes::Sd15)]
    shapes: Shapes,
    /// Only operations whose name contains this
    #[arg(long, default_value = "")]
    filter: String,
    /// How weights and activations are stored
    #[arg(long, value_enum, default_value_t = Precisions::Both)]
    precision: Precisions,
    /// Use the GPU's matrix units (tensor cores) for products in 16 bits, if it has them: an experiment, see
    /// docs/performance.md
    #[arg(long)]
    matrix_units: bool,
    /// Few and short samples, and for "ops" small shapes: for software adapters
    #[arg(long)]
    quick: bool,
    /// Say what there is to do instead of measuring it
    #[arg(long)]
    count: bool,
    /// A file for the report
    #[arg(long)]
    json: Option<PathBuf>,
}

const SD15: &str = "sd15";

#[derive(Clone, Copy, ValueEnum)]
enum Shapes {
    /// Stable Diffusion 1.5 at 512²
    Sd15,
    /// The embedded model
    Demo,
    /// One of each kind, small
    Quick,
}

#[derive(Clone, Copy, ValueEnum)]
enum Precisions {
    F32,
    F16,
    /// f32 and f16
    Both,
    /// Weights in 16 bits, all else in 32
    #[value(name = "f16-f32")]
    F16F32,
    /// The U-Net's weights in eight bits, all else in 32
    #[value(name = "int8-f32")]
    Int8F32,
    /// The U-Net's weights in eight bits, all else in 16
    #[value(name = "int8-f16")]
    Int8F16,
}

impl Options {
    fn plan(&self, tasks: &[Task]) -> Plan {
        Plan {
            tasks: tasks.to_vec(),
            shapes: match self.shapes {
                _ if self.quick => ShapeSet::Quick,
                Shapes::Sd15 => ShapeSet::Sd15,
                Shapes::Demo => ShapeSet::Demo,
                Shapes::Quick => ShapeSet::Quick,
            },
            filter: self.filter.clone(),
            sizes: self.sizes.clone(),
            batch: self.batch,
            training_batch: self.training_batch,
            rank: self.rank,
            precisions: match self.precision {
                Precisions::F32 => vec![Precision::Float32],
                Precisions::F16 => vec![Precision::Float16],
                Precisions::Both => vec![Precision::Float32, Precision::Float16],
                Precisions::F16F32 => vec![Precision::Float16Float32],
                Precisions::Int8F32 => vec![Precision::Int8Float32],
                Precisions::Int8F16 => vec![Precision::Int8Float16],
            },
            quick: self.quick,
        }
    }

    async fn model(&self, gpu: &Gpu, plan: &Plan) -> Result<Model, Error> {
        if self.model == SD15 {
            return Ok(Model::Random { name: "SD 1.5".to_owned(), configs: ModelConfigs::sd15() });
        }
        let folder = Path::new(&self.model);
        let source = DirectorySource::new(folder);
        let name = folder.file_name().map_or("model".into(), |name| name.to_string_lossy().into_owned());
        if self.random_weights {
            let configs = ModelConfigs::read(&source).await.map_err(pipeline::Error::from)?;
            return Ok(Model::Random { name, configs });
        }
        let precision = plan.precisions[0];
        if plan.precisions.len() > 1 {
            say!(
                "A model's own weights are measured in {} alone; --precision chooses another, --random-weights \
                 measures both.",
                precision.name()
            );
        }
        let model = StableDiffusion::load(gpu, &source, &name, precision, &mut |_| ()).await?;
        Ok(Model::Loaded(Box::new(model)))
    }
}

pub async fn run(arguments: Arguments) -> Result<(), Error> {
    match arguments.what {
        What::Ops(options) => measure(&options, &[Task::Ops]).await,
        What::Unet(options) => measure(&options, &[Task::Unet]).await,
        What::Vae(options) => measure(&options, &[Task::Vae]).await,
        What::Text(options) => measure(&options, &[Task::Text]).await,
        What::Step(options) => measure(&options, &[Task::Step]).await,
        What::Palp(options) => measure(&options, &[Task::Palp]).await,
        What::All(options) => measure(&options, &Task::ALL).await,
        What::Compare(arguments) => compare::run(&arguments),
    }
}

async fn measure(options: &Options, tasks: &[Task]) -> Result<(), Error> {
    if options.count && tasks == [Task::Ops] {
        let sentence = "Single operations are measured, not counted: leave out --count, or count unet, vae, text, \
                        step or palp.";
        return Err(Error::Other(sentence.to_owned()));
    }
    options.json.as_deref().map_or(Ok(()), make_way)?;
    let choice = if options.matrix_units { DeviceChoice::GpuWithMatrixUnits } else { DeviceChoice::Gpu };
    let mut gpu = Gpu::open(choice).await.map_err(pipeline::Error::from)?;
    say!("Measuring on {} ({}).", gpu.report.adapter_name, gpu.report.backend);
    let plan = options.plan(tasks);
    let model = options.model(&gpu, &plan).await?;
    if options.count {
        let counted = count(&gpu, &model, &plan).await?;
        write(options.json.as_deref(), &counted)?;
        return write_result(&table::counted(&counted));
    }
    device_memo::start(&mut gpu).await.map_err(pipeline::Error::from)?;
    let start = Instant::now();
    let mut session = Session::new(&gpu, model, plan, Rc::new(move || start.elapsed().as_secs_f64())).await?;
    while let Some(name) = session.next() {
        let [done, total] = session.progress();
        say!("{} of {total}: {name}", done + 1);
        if let Err(error) = session.step().await {
            // A row that doesn't fit must not cost the others.
            say!("{}", Error::from(error).sentence());
        }
        // What is there already outlives a session that is cut short.
        write(options.json.as_deref(), session.report())?;
    }
    write_result(&table::measured(session.report()))
}

fn write(file: Option<&Path>, report: &impl serde::Serialize) -> Result<(), Error> {
    let Some(file) = file else { return Ok(()) };
    let json = serde_json::to_string_pretty(report).map_err(|reason| Error::unwritable(file, reason))?;
    write_whole(file, json.as_bytes())
}
