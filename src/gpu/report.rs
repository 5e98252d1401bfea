//! What the graphics card can do, for the Device screen and for bug reports.

use serde::{Deserialize, Serialize};

use super::MatrixUnits;

/// A device's description in words and numbers.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceReport {
    pub adapter_name: String,
    /// "BrowserWebGpu", "Vulkan", "Metal", "Dx12", or "cpu" for burn's CPU backend.
    pub backend: String,
    /// Name and version, as far as they are told: browsers keep them to themselves.
    pub driver: String,
    /// The "GPU" is a program on the processor: everything works, slowly.
    pub software: bool,
    /// Kernels may store 16-bit floats (`shader-f16`).
    pub float16: bool,
    /// The GPU's matrix units multiply 16-bit floats.
    pub matrix_units: bool,
    pub limits: Limits,
    /// How long its first start took; `None` until it is started.
    pub first_start: Option<FirstStart>,
    /// Sentences about what to expect on this device.
    pub notes: Vec<String>,
}

/// Seconds of a first start, in which kernels are compiled too. In f32, which JSON gives back to the bit: serde_json
/// reads f64 a little off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FirstStart {
    /// Of the test of its arithmetic.
    pub test: f32,
    /// Of measuring which tiles suit it, if that was done.
    pub tiles: Option<f32>,
}

/// The limits that decide what fits, in bytes and counts.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    pub max_buffer_size: u64,
    pub max_storage_buffer_binding_size: u64,
    pub max_compute_workgroup_storage_size: u32,
    pub max_compute_invocations_per_workgroup: u32,
}

impl DeviceReport {
    pub(super) fn of(info: &wgpu::AdapterInfo, features: wgpu::Features, limits: &wgpu::Limits) -> Self {
        let float16 = features.contains(wgpu::Features::SHADER_F16);
        let named = info.name.to_lowercase();
        let software = info.device_type == wgpu::DeviceType::Cpu
            || ["swiftshader", "llvmpipe", "softpipe", "basic render"]
                .iter()
                .any(|name| named.contains(name));
        let mut notes = Vec::new();
        if software {
            notes.push("This is a software adapter: pictures take minutes, training takes hours.".into());
        }
        if !float16 {
            notes.push("16-bit floats are not offered: 32-bit ones are used, which take more memory.".into());
        }
        let named = !info.name.is_empty();
        let adapter_name = if named { info.name.clone() } else { "unnamed WebGPU adapter".into() };
        Self {
            adapter_name,
            backend: format!("{:?}", info.backend),
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            software,
            float16,
            matrix_units: false,
            limits: Limits {
                max_buffer_size: limits.max_buffer_size,
                max_storage_buffer_binding_size: limits.max_storage_buffer_binding_size,
                max_compute_workgroup_storage_size: limits.max_compute_workgroup_storage_size,
                max_compute_invocations_per_workgroup: limits.max_compute_invocations_per_workgroup,
            },
            first_start: None,
            notes,
        }
    }

    /// Says whether products use these matrix units. Those of a software adapter are idle: it gets the simplest tile.
    pub(crate) fn note_matrix_units(&mut self, units: Option<MatrixUnits>) {
        self.matrix_units = units.is_some() && !self.software;
    }

    /// burn's CPU backend, where no GPU is wanted.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn cpu() -> Self {
        Self {
            adapter_name: "processor".into(),
            backend: "cpu".into(),
            driver: String::new(),
            software: true,
            float16: false,
            matrix_units: false,
            limits: Limits::default(),
            first_start: None,
            notes: vec!["Everything runs on the processor, by the reference operations.".into()],
        }
    }
}
