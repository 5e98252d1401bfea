//! Matrix units, which NVIDIA calls tensor cores: a subgroup multiplies two small square matrices of 16-bit floats
//! and adds the product to one of 32-bit floats.
//!
//! WebGPU doesn't have them yet. Natively wgpu offers them as an experiment, and so does Chromium behind its
//! switch for unfinished WebGPU; where neither does, products are computed by threads.

/// The matrix units of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatrixUnits {
    /// Rows and columns of a matrix: 8 or 16.
    pub side: u32,
    /// Threads of a subgroup, the same number in each and at most 32.
    pub subgroup_size: u32,
    pub language: MatrixLanguage,
}

/// The words for matrix units in the shading language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatrixLanguage {
    /// Those of wgpu.
    Naga,
    /// Those of Chromium.
    Chromium,
    /// None: threads do the work, slowly. For tests on devices without matrix units.
    Emulated,
}

impl MatrixLanguage {
    /// Its name in `shaders/matrix_units.wgsl`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Naga => "naga",
            Self::Chromium => "chromium",
            Self::Emulated => "emulated",
        }
    }
}

/// With larger subgroups the tiles would need more threads than a workgroup may have.
const MAX_SUBGROUP: u32 = 32;

impl MatrixUnits {
    /// wgpu's name for them; browsers' adapters never have it.
    pub(super) const FEATURE: wgpu::Features = wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX;

    /// Those that a browser has told of, if our kernels can use them.
    #[cfg(target_arch = "wasm32")]
    pub fn in_browser(side: u32, subgroup_size: u32) -> Option<Self> {
        let usable = [8, 16].contains(&side) && subgroup_size <= MAX_SUBGROUP;
        usable.then_some(Self { side, subgroup_size, language: MatrixLanguage::Chromium })
    }

    /// Those of an adapter that offers them with 32-bit sums, for subgroups of one size; None unless `features`,
    /// what is to be asked of it, hold them and the 16-bit floats that they multiply. Larger matrices first: they
    /// need fewer reads of workgroup memory.
    pub(super) fn of(adapter: &wgpu::Adapter, features: wgpu::Features) -> Option<Self> {
        if !features.contains(Self::FEATURE | wgpu::Features::SHADER_F16) {
            return None;
        }
        let info = adapter.get_info();
        let subgroup_size = info.subgroup_min_size;
        let sizes = adapter.cooperative_matrix_properties();
        let offered = |side: &u32| {
            sizes.iter().any(|size| {
                [size.m_size, size.n_size, size.k_size] == [*side; 3]
                    && size.ab_type == wgpu::CooperativeScalarType::F16
                    && size.cr_type == wgpu::CooperativeScalarType::F32
            })
        };
        let side = [16, 8].into_iter().find(offered)?;
        let even = subgroup_size == info.subgroup_max_size && subgroup_size <= MAX_SUBGROUP;
        even.then_some(Self { side, subgroup_size, language: MatrixLanguage::Naga })
    }
}
