//! How long loading takes beside what reading the bytes and moving them to the device take by themselves; the bar is
//! 1.3 times that on a GPU. Durations pass or fail nothing. Writes 2 GB, so it runs only when asked:
//! cargo test --release --test model_files -- --ignored --nocapture loading

use std::{fs, io::Write, path::Path, time::Instant};

use burn::tensor::{DType, FloatDType, Tensor, TensorData};
use half::f16;
use palpable::{
    gpu::{self, Gpu, KernelProfile},
    model::{
        clip_text::{ClipTextConfig, ClipTextModel},
        unet::UNet2DConditionModel,
        unet_config::UNet2DConditionConfig,
        vae::AutoencoderKl,
        vae_config::AutoencoderKlConfig,
    },
    plan::parameters::{self, Parameter},
    weights::{ByteSource, DirectorySource, Weights, component_files},
};
use serde_json::{Map, json};

use crate::support::{block_on, formula, open_gpu};

const PIECE: u64 = 16 << 20;

/// Stable Diffusion 1.5's, as the bench has them.
const CONFIGS: [&str; 3] = [
    include_str!("../../src/bench/sd15/text_encoder.json"),
    include_str!("../../src/bench/sd15/unet.json"),
    include_str!("../../src/bench/sd15/vae.json"),
];
const PARTS: [[&str; 2]; 3] =
    [["text_encoder", "model"], ["unet", "diffusion_pytorch_model"], ["vae", "diffusion_pytorch_model"]];

/// Upstream's shape of a tensor, from its name.
fn shape(Parameter { name, count, outputs }: &Parameter) -> Vec<usize> {
    let [count, outputs] = [count, outputs].map(|&number| number as usize);
    let inputs = count / outputs;
    let kernel = ["conv1.", "conv2.", "conv_in.", "conv_out.", "samplers."];
    let pointwise = ["conv_shortcut", "proj_in", "proj_out", "quant_conv"];
    if inputs == 1 || name.ends_with("bias") {
        vec![count]
    } else if kernel.iter().any(|part| name.contains(part)) {
        vec![outputs, inputs / 9, 3, 3]
    } else if pointwise.iter().any(|part| name.contains(part)) {
        vec![outputs, inputs, 1, 1]
    } else {
        vec![outputs, inputs]
    }
}

/// A file of 16-bit numbers, written as they are made.
fn write(path: &Path, parameters: &[Parameter]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let mut header = Map::new();
    let mut end = 0;
    for parameter in parameters {
        let start = end;
        end += 2 * parameter.count;
        let entry = json!({"dtype": "F16", "shape": shape(parameter), "data_offsets": [start, end]});
        header.insert(parameter.name.clone(), entry);
    }
    let json = serde_json::to_vec(&header).expect("a header");
    let mut file = fs::File::create(path).expect("a file");
    file.write_all(&(json.len() as u64).to_le_bytes()).expect("room");
    file.write_all(&json).expect("room");
    let some: Vec<u8> = formula::uniform("loading", 1 << 20)
        .into_iter()
        .flat_map(|value| f16::from_f32(value).to_le_bytes())
        .collect();
    let mut left = end as usize;
    while left > 0 {
        let piece = &some[..left.min(some.len())];
        file.write_all(piece).expect("room");
        left -= piece.len();
    }
    file.sync_all().expect("room");
}

/// Until the device has done what was asked.
fn wait(gpu: &Gpu) {
    let one = Tensor::<1>::from_floats([1.0], &gpu.device);
    block_on(gpu::read(one)).expect("a working device");
}

fn read_all(source: &DirectorySource, mut take: impl FnMut(Vec<u8>)) {
    for [folder, stem] in PARTS {
        for file in block_on(component_files(source, folder, stem, FloatDType::F16)).expect("files") {
            for start in (0..file.length).step_by(PIECE as usize) {
                let range = start..file.length.min(start + PIECE);
                take(block_on(source.read(&file.path, range)).expect("bytes"));
            }
        }
    }
}

fn load(source: &DirectorySource, gpu: &Gpu, dtype: FloatDType) {
    let weights = |[folder, stem]: [&str; 2]| {
        block_on(Weights::load(source, folder, stem, &gpu.device, dtype, &mut |_| ())).expect("weights")
    };
    let [text, unet, vae] = CONFIGS;
    let text =
        ClipTextModel::load(&mut weights(PARTS[0]), ClipTextConfig::from_json(text).expect("a config"));
    let unet = UNet2DConditionModel::load(
        &mut weights(PARTS[1]),
        UNet2DConditionConfig::from_json(unet).expect("a config"),
    );
    let vae =
        AutoencoderKl::load(&mut weights(PARTS[2]), AutoencoderKlConfig::from_json(vae).expect("a config"));
    wait(gpu);
    assert!(text.is_ok() && unet.is_ok() && vae.is_ok());
}

/// By the clock, and of all processors together where the system tells.
struct Duration {
    clock: f64,
    processors: f64,
}

impl std::fmt::Display for Duration {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(formatter, "{:.2} s ({:.2} s of processor time)", self.clock, self.processors)
    }
}

fn duration(work: impl FnOnce()) -> Duration {
    let (start, before) = (Instant::now(), processor_seconds());
    work();
    Duration { clock: start.elapsed().as_secs_f64(), processors: processor_seconds() - before }
}

/// What this process has taken so far, by Linux's account in hundredths of a second; 0 elsewhere.
fn processor_seconds() -> f64 {
    let account = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = account.rsplit(") ").next().unwrap_or_default();
    let ticks = behind_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

#[test]
#[ignore = "writes 2 GB and measures time"]
fn loading_beside_reading_and_uploading() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sd15-sized");
    let [text, unet, vae] = CONFIGS;
    let parts = [
        parameters::text_encoder(&ClipTextConfig::from_json(text).expect("a config")),
        parameters::unet(&UNet2DConditionConfig::from_json(unet).expect("a config")),
        parameters::vae(&AutoencoderKlConfig::from_json(vae).expect("a config")),
    ];
    for ([part, stem], parameters) in PARTS.into_iter().zip(&parts) {
        write(&folder.join(part).join(format!("{stem}.safetensors")), parameters);
    }
    let source = DirectorySource::new(&folder);
    let gpu = open_gpu();
    let (dtype, stored) =
        if gpu.report.float16 { (FloatDType::F16, DType::F16) } else { (FloatDType::F32, DType::F32) };
    // Once, so that every measurement finds the same in the system's cache of files.
    read_all(&source, drop);
    let reading = duration(|| read_all(&source, drop));
    let bytes =
        parts.iter().flatten().map(|parameter| parameter.count as usize * stored.size()).sum::<usize>();
    let uploading = duration(|| {
        let mut held = Vec::new();
        for piece in (0..bytes).step_by(PIECE as usize) {
            let count = (bytes - piece).min(PIECE as usize) / stored.size();
            let data = match stored {
                DType::F16 => TensorData::new(vec![f16::ONE; count], [count]),
                _ => TensorData::new(vec![1_f32; count], [count]),
            };
            held.push(Tensor::<1>::from_data(data, (&gpu.device, stored)));
        }
        wait(&gpu);
    });
    gpu.release_unused();
    println!(
        "{:.2} GB as {stored:?} on {}: reading {reading}, uploading {uploading}",
        bytes as f64 / 1e9,
        gpu.report.adapter_name
    );
    for (software, reordered_by) in [(false, "device"), (true, "host")] {
        KernelProfile { software, ..KernelProfile::on(&gpu.device) }.set(&gpu.device);
        let loading = duration(|| load(&source, &gpu, dtype));
        gpu.release_unused();
        println!(
            "loading, kernels reordered by the {reordered_by}: {loading}: {:.2} times, {:.2} of processor time",
            loading.clock / (reading.clock + uploading.clock),
            loading.processors / (reading.processors + uploading.processors)
        );
    }
    fs::remove_dir_all(&folder).expect("a folder");
}
