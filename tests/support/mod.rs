//! What the integration tests share: goldens, comparison, waiting for a future.

#![allow(dead_code, reason = "each test file uses a part")]

use std::{collections::HashMap, path::PathBuf, sync::OnceLock};

use burn::backend::DispatchDevice;
use burn::tensor::{Device, FloatDType, Tensor};
use half::f16;
use palpable::{
    gpu::{DeviceChoice, Gpu, KernelProfile},
    weights::{DirectorySource, SafetensorsHeader, StoredType, Weights},
};

pub mod formula;

pub use pollster::block_on;

/// The device that `PALPABLE_TEST_DEVICE` asks every test to compute on: `gpu`, the best there is, or `smallest`,
/// the same held to what every WebGPU device offers.
fn wanted_device() -> Option<DeviceChoice> {
    match std::env::var("PALPABLE_TEST_DEVICE").as_deref() {
        Ok("gpu") => Some(DeviceChoice::Gpu),
        Ok("smallest") => Some(DeviceChoice::SmallestGpu),
        Ok(other) => panic!("PALPABLE_TEST_DEVICE can be \"gpu\" or \"smallest\", not {other:?}"),
        Err(_) => None,
    }
}

fn open(choice: DeviceChoice) -> Gpu {
    block_on(Gpu::open(choice)).expect("a GPU or a software Vulkan driver")
}

/// For tests of what is done on a GPU.
pub fn open_gpu() -> Gpu {
    open(wanted_device().unwrap_or(DeviceChoice::Gpu))
}

/// The same with its matrix units, where wgpu offers them.
pub fn open_gpu_with_matrix_units() -> Gpu {
    match wanted_device() {
        None | Some(DeviceChoice::Gpu) => open(DeviceChoice::GpuWithMatrixUnits),
        Some(other) => open(other),
    }
}

/// For tests that any device passes: the processor, the quickest to start, unless a GPU is asked for. One for all
/// tests of a program, so that each kernel is compiled once.
pub fn open_any() -> Gpu {
    static ANY: OnceLock<Gpu> = OnceLock::new();
    ANY.get_or_init(|| open(wanted_device().unwrap_or(DeviceChoice::Cpu))).clone()
}

/// The device of [`open_any`].
pub fn any_device() -> Device {
    open_any().device
}

/// The same for numbers of `dtype`: where a GPU has none of 16 bits, the processor.
pub fn any_device_for(dtype: FloatDType) -> Device {
    let gpu = open_any();
    if dtype == FloatDType::F16 && !gpu.report.float16 { Device::flex() } else { gpu.device }
}

/// Runs `task` where the runtime does at once what it is asked, as in a browser, so that launches are recorded
/// there as well.
pub fn as_in_a_browser<T: Send + 'static>(gpu: &Gpu, task: impl FnOnce() -> T + Send) -> T {
    KernelProfile { records: true, ..KernelProfile::on(&gpu.device) }.set(&gpu.device);
    let DispatchDevice::Cube(device) = gpu.device.as_dispatch() else { panic!("a GPU") };
    device.client().exclusive(task).unwrap()
}

/// A path in the repository.
pub fn in_repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The embedded model's folder.
pub fn demo_model() -> DirectorySource {
    DirectorySource::new(in_repository("models/demo"))
}

/// One component of the embedded model in f32.
pub fn demo_weights(folder: &str, stem: &str, device: &Device) -> Weights {
    block_on(Weights::load(&demo_model(), folder, stem, device, FloatDType::F32, &mut |_| {})).unwrap()
}

/// The tensors of a golden file (`tests/goldens/<path>`), widened to f32.
pub struct Golden {
    pub tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Golden {
    pub fn read(path: &str) -> Self {
        let file = std::fs::read(in_repository("tests/goldens").join(path)).unwrap();
        let header = SafetensorsHeader::from_bytes(path, &file).unwrap();
        let tensors = header.tensors.into_iter().map(|entry| {
            let bytes = &file[entry.range.start as usize..entry.range.end as usize];
            let values = match entry.dtype {
                StoredType::F32 => bytes.as_chunks().0.iter().map(|&x| f32::from_le_bytes(x)).collect(),
                StoredType::F16 => {
                    bytes.as_chunks().0.iter().map(|&x| f16::from_le_bytes(x).to_f32()).collect()
                }
                other => panic!("{} is {other}", entry.name),
            };
            (entry.name, (entry.shape, values))
        });
        Self { tensors: tensors.collect() }
    }

    pub fn holds(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    pub fn values(&self, name: &str) -> &[f32] {
        &self.tensors.get(name).unwrap_or_else(|| panic!("no golden {name}")).1
    }

    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let (shape, values) = &self.tensors.get(name).unwrap_or_else(|| panic!("no golden {name}"));
        let flat = Tensor::<1>::from_floats(values.as_slice(), device);
        flat.reshape::<D, [usize; D]>(shape.as_slice().try_into().unwrap())
    }

    /// The tensors whose names start with `prefix`, without it: a random tiny model's weights.
    pub fn weights(&self, prefix: &str, device: &Device) -> Weights {
        let own = self.tensors.iter().filter_map(|(name, tensor)| {
            name.strip_prefix(prefix).map(|name| (name.to_owned(), tensor.clone()))
        });
        Weights::from_tensors(own.collect(), device, FloatDType::F32).unwrap()
    }
}

/// A tensor's values on the host.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// ‖actual − expected‖₂ / ‖expected‖₂; panics if the lengths differ or a value is not a number.
pub fn relative_error(actual: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(actual.len(), expected.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let difference = norm(&mut actual.iter().zip(expected).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    let error = difference / norm(&mut expected.iter().map(|&b| f64::from(b)));
    assert!(error.is_finite(), "not a number among the values");
    error
}
