//! WGSL kernels: templates of `shaders/` specialised by constants, launched on burn's tensors.
//!
//! Bindings of every kernel: its inputs in order, then its outputs, then (if it has any) the
//! parameters as one uniform of `u32` words. Entry point `main`, group 0.

use std::collections::BTreeMap;

use burn::{
    backend::wgpu::{CubeTensor, KernelSource, SourceKernel, SourceTemplate},
    tensor::{DType, Shape},
};
use cubecl::{
    CubeCount, CubeDim,
    ir::attributes::BufferIOAttr,
    prelude::KernelId,
    server::{KernelArguments, MetadataBindingInfo},
};
use minijinja::Value;

use super::{Work, profile::KernelProfile, submissions, templates::templates};

/// Most workgroups that WebGPU allows along one axis of a dispatch.
pub const MAX_WORKGROUPS: u32 = 65_535;

/// A template and the constants that specialise it: what identifies a compiled pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kernel {
    template: &'static str,
    constants: BTreeMap<&'static str, Constant>,
    workgroup_size: u32,
    /// See [`slower_than_products`](Self::slower_than_products).
    slowness: u64,
}

/// A value in a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Constant {
    Number(u32),
    Flag(bool),
    Word(&'static str),
}

impl From<u32> for Constant {
    fn from(value: u32) -> Self {
        Self::Number(value)
    }
}
impl From<bool> for Constant {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}
impl From<&'static str> for Constant {
    fn from(value: &'static str) -> Self {
        Self::Word(value)
    }
}

impl From<Constant> for Value {
    fn from(constant: Constant) -> Self {
        match constant {
            Constant::Number(number) => number.into(),
            Constant::Flag(flag) => flag.into(),
            Constant::Word(word) => word.into(),
        }
    }
}

impl Kernel {
    /// A kernel that stores numbers of type `scalar`, with `workgroup_size` threads in one dimension;
    /// templates see both under these names.
    pub fn new(template: &'static str, scalar: DType, workgroup_size: u32) -> Self {
        let kernel = Self { template, constants: BTreeMap::new(), workgroup_size, slowness: 1 };
        kernel
            .with("scalar", scalar_name(scalar))
            .with("workgroup_size", workgroup_size)
            .with("subgroups_extension", false)
    }

    pub fn with(mut self, name: &'static str, value: impl Into<Constant>) -> Self {
        self.constants.insert(name, value.into());
        self
    }

    /// Says that an operation of this kernel takes as long as so many of a matrix product, by whose speed the
    /// budget of a submission is measured.
    pub fn slower_than_products(self, slowness: u64) -> Self {
        Self { slowness, ..self }
    }

    /// Operations of a matrix product that take as long as `flops` of this kernel.
    fn cost(&self, flops: u64) -> u64 {
        flops.saturating_mul(self.slowness)
    }

    /// Lets a kernel with sums over its workgroup use subgroup operations where `like`'s device has them.
    pub fn with_subgroups(self, like: &CubeTensor) -> Self {
        let subgroups = KernelProfile::of(like).subgroups;
        // Browsers want the language extension named; naga, which compiles natively, has no name for it.
        self.with("subgroups", subgroups)
            .with("subgroups_extension", subgroups && cfg!(target_arch = "wasm32"))
    }

    /// The kernel's WGSL.
    pub fn wgsl(&self) -> String {
        templates()
            .get_template(self.template)
            .and_then(|template| template.render(self.constants.clone()))
            .unwrap_or_else(|error| panic!("the template {} is wrong: {error:#}", self.template))
    }

    /// The kind that [`Work`] counts it as: its template's name, or for products "linear" or "convolution".
    fn kind(&self) -> &'static str {
        match (self.template, self.constants.get("a_layout")) {
            ("gemm", Some(Constant::Word("image" | "patches"))) => "convolution",
            ("gemm", _) => "linear",
            (template, _) => template,
        }
    }

    /// Runs the kernel on `workgroups` workgroups. Inputs must be contiguous. `flops`: floating-point
    /// operations of the whole launch, for [`Work`]; a `u64` where they may exceed a browser's 32-bit
    /// `usize`.
    pub fn launch(
        self,
        workgroups: [u32; 3],
        inputs: &[&CubeTensor],
        outputs: &[&CubeTensor],
        parameters: &[u32],
        flops: impl TryInto<u64>,
    ) {
        let flops = flops.try_into().unwrap_or(u64::MAX);
        self.launch_counted(workgroups, inputs, outputs, parameters, flops, bytes_of(inputs, outputs));
    }

    /// The same in parts, so many that each stays within the device's budget: launches of some of the
    /// workgroups each, one after another along `axis`. The kernel's last parameter must be `first_workgroup`,
    /// which it adds to a workgroup's place on that axis; callers leave it zero.
    pub fn launch_in_parts(
        self,
        axis: usize,
        workgroups: [u32; 3],
        inputs: &[&CubeTensor],
        outputs: &[&CubeTensor],
        parameters: &[u32],
        flops: u64,
    ) {
        let bytes = bytes_of(inputs, outputs);
        let along = u64::from(workgroups[axis]);
        let parts = submissions::parts(outputs[0], self.cost(flops), bytes).min(along);
        // Nearly every launch: neither the kernel nor its parameters are copied.
        if parts <= 1 {
            return self.launch_counted(workgroups, inputs, outputs, parameters, flops, bytes);
        }
        let mut parameters = parameters.to_vec();
        for part in 0..parts {
            // Rounded down at both ends, so that the parts' shares of anything add up to all of it.
            let before =
                |part: u64, all: u64| (u128::from(all) * u128::from(part) / u128::from(parts)) as u64;
            let share = |all: u64| before(part + 1, all) - before(part, all);
            let mut workgroups = workgroups;
            workgroups[axis] = share(along) as u32;
            if let Some(first_workgroup) = parameters.last_mut() {
                *first_workgroup = before(part, along) as u32;
            }
            self.clone().launch_counted(workgroups, inputs, outputs, &parameters, share(flops), share(bytes));
        }
    }

    /// One launch of that work.
    fn launch_counted(
        self,
        workgroups: [u32; 3],
        inputs: &[&CubeTensor],
        outputs: &[&CubeTensor],
        parameters: &[u32],
        flops: u64,
        bytes: u64,
    ) {
        if !Work::count(self.kind(), flops, bytes) {
            return;
        }
        submissions::make_room_for_launch(outputs[0], self.cost(flops), bytes);
        let client = outputs[0].client.clone();
        // If the launch fails, its outputs count as missing from then on; its inputs stay good.
        let roles = inputs.iter().map(|tensor| (tensor, BufferIOAttr::ReadOnly));
        let roles = roles.chain(outputs.iter().map(|tensor| (tensor, BufferIOAttr::WriteOnly)));
        let mut arguments = roles.fold(KernelArguments::new(), |arguments, (tensor, role)| {
            arguments.with_buffer_io(tensor.handle.clone().binding(), role)
        });
        if !parameters.is_empty() {
            // A uniform's size is a multiple of 16 bytes.
            let mut words = parameters.to_vec();
            words.resize(words.len().next_multiple_of(4), 0);
            let packed = words.chunks(2).map(|pair| u64::from(pair[0]) | u64::from(pair[1]) << 32);
            arguments = arguments.with_info(MetadataBindingInfo::custom(packed.collect()));
        }
        let workgroup_size = CubeDim::new_3d(self.workgroup_size, 1, 1);
        let [x, y, z] = workgroups;
        client.launch(
            Box::new(SourceKernel::new(self, workgroup_size)),
            CubeCount::Static(x, y, z),
            arguments,
        );
    }
}

impl KernelSource for Kernel {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(self.wgsl())
    }
    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(self.clone())
    }
    fn lang(&self) -> &'static str {
        "wgsl"
    }
}

/// Bytes that a launch moves at least: each operand once.
fn bytes_of(inputs: &[&CubeTensor], outputs: &[&CubeTensor]) -> u64 {
    let bytes = |tensor: &&CubeTensor| (tensor.meta.shape().num_elements() * tensor.dtype.size()) as u64;
    inputs.iter().chain(outputs).map(bytes).sum()
}

fn scalar_name(scalar: DType) -> &'static str {
    match scalar {
        DType::F16 => "f16",
        DType::F32 => "f32",
        other => panic!("kernels compute on f32 and f16, not on {other:?}"),
    }
}

/// A new tensor on the device of `like`, its contents undefined.
pub fn empty(like: &CubeTensor, shape: impl Into<Shape>, dtype: DType) -> CubeTensor {
    let shape = shape.into();
    let bytes = shape.num_elements() * dtype.size();
    empty_in(like, shape, dtype, bytes)
}

/// The same in a buffer of `bytes`, which may be larger than the tensor.
pub fn empty_in(like: &CubeTensor, shape: impl Into<Shape>, dtype: DType, bytes: usize) -> CubeTensor {
    let buffer = if KernelProfile::of(like).poison_results {
        // All bits set is a NaN in either type.
        like.client.create_from_slice(&vec![0xFF; bytes])
    } else {
        like.client.empty(bytes)
    };
    CubeTensor::new_contiguous(like.client.clone(), like.device.clone(), shape.into(), buffer, dtype)
}

/// Spreads `count` workgroups over two axes, since one holds only [`MAX_WORKGROUPS`]. The kernel
/// takes `workgroup_id.x + workgroup_id.y · num_workgroups.x` and returns when it is past the end.
pub fn spread(count: u32) -> [u32; 3] {
    let rows = count.div_ceil(MAX_WORKGROUPS).max(1);
    [count.div_ceil(rows).max(1), rows, 1]
}
