//! Tells how much of the device's memory is taken, and gives back what is not needed.
//!
//! Buffers are pooled by exact size: a buffer that a tensor gives up is kept for the next tensor of its
//! size, so the memory that the device has handed out ("reserved") only grows while work of one kind goes
//! on. It is given back between phases (after loading, encoding, training), not between steps.

use std::{
    cell::{Cell, RefCell},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use burn::tensor::Device;
use cubecl::config::{CubeClRuntimeConfig, RuntimeConfig, memory::PersistentMemory};
use serde::Serialize;

use super::{Gpu, replay::take_recordings_away};

/// Bytes of device memory that work may take unless somebody says otherwise. WebGPU does not tell how much
/// memory a GPU has (nor does the size of the largest buffer), but most GPUs that can do the work at all have
/// this much.
pub(super) const DEFAULT_MEMORY_LIMIT: u64 = 4_000_000_000;

/// Makes burn's pools keep a buffer for tensors of exactly its size. By default they have pages whose sizes
/// step by factors of 1.4 to 1.7 and serve any tensor that fits; a small tensor in a large page makes the
/// next large tensor ask for another page. A training of the embedded model then took 78 MB beside its
/// weights where 40 MB were ever alive, and more with every step. A model has few different sizes, so exact
/// sizes lose less, and what they lose can be planned. Has no effect after the first device was opened.
pub(super) fn pool_by_exact_size() {
    let mut config = CubeClRuntimeConfig::default();
    config.memory.persistent_memory = PersistentMemory::Enforced;
    CubeClRuntimeConfig::try_set(config);
}

/// Use of the device's memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryUse {
    /// Bytes of tensors that are alive.
    pub in_use: u64,
    /// Bytes that the device has handed out: tensors, and buffers kept for later tensors.
    pub reserved: u64,
    /// The most that was reserved at any reading since [`Gpu::restart_peak`].
    pub peak: u64,
}

/// The most bytes that were reserved.
#[derive(Debug, Default)]
pub(super) struct MemoryPeak(AtomicU64);

/// Has the device's unused buffers released when it is dropped. For the last field of what holds the tensors of
/// a phase: fields are dropped in order.
pub struct ReleaseUnused(pub Gpu);

impl Drop for ReleaseUnused {
    fn drop(&mut self) {
        self.0.release_unused();
    }
}

/// The buffers that a job's steps leave for its next steps, given back when it ends. Where jobs alternate, each turn
/// begins by giving back what the other's steps left: else both would lie there, and each is planned alone.
pub struct JobBuffers {
    job: u32,
    at_the_end: ReleaseUnused,
}

impl JobBuffers {
    /// Of a new job, whose turn it is: preparing it gave back what lay there.
    pub fn new(gpu: &Gpu) -> Self {
        let job = JOBS.get() + 1;
        JOBS.set(job);
        LATEST.set(job);
        Self { job, at_the_end: ReleaseUnused(gpu.clone()) }
    }

    /// To be called before each of the job's steps.
    pub fn take_turn(&self) {
        if LATEST.replace(self.job) != self.job {
            self.at_the_end.0.release_unused();
        }
    }
}

/// Memory that something takes beside the model for as long as this lives, such as a judge of pictures or the state
/// of a training: plans of other work count it.
#[derive(Debug)]
pub struct Held {
    bytes: u64,
    held: Arc<AtomicU64>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

thread_local! {
    /// Number of jobs so far.
    static JOBS: Cell<u32> = const { Cell::new(0) };
    /// The job whose turn was the latest.
    static LATEST: Cell<u32> = const { Cell::new(0) };
    /// Destroys the buffers that were released; None where they go by themselves.
    static DESTROY_RELEASED: RefCell<Option<Box<dyn Fn()>>> = const { RefCell::new(None) };
}

/// Gives buffers that neither a tensor nor a recording uses back to the device.
pub(crate) fn release_unused(device: &Device) {
    device.memory_cleanup();
    DESTROY_RELEASED.with_borrow(|destroy| {
        if let Some(destroy) = destroy {
            // What is queued may use them, and would fail if they were gone when it is submitted. A device that
            // can't take work says so at the next read-back.
            let _ = device.flush();
            destroy();
        }
    });
}

impl Gpu {
    /// The memory taken now. All zero on the processor, whose memory is not counted.
    ///
    /// Waits until everything asked of the device has been handed to it, not until it is done. Between
    /// two readings nothing is given back (see [`release_unused`](Self::release_unused)), so a reading
    /// at the end of a phase sees the phase's peak.
    pub fn memory(&self) -> MemoryUse {
        let usage = self.device.memory_pool_usage();
        let (in_use, reserved) =
            usage.map_or((0, 0), |usage| (usage.bytes_in_use + usage.bytes_padding, usage.bytes_reserved));
        let peak = self.memory_peak.0.fetch_max(reserved, Ordering::Relaxed).max(reserved);
        MemoryUse { in_use, reserved, peak }
    }

    /// Gives buffers that no tensor uses back to the device, including those of recordings. For the end of a
    /// phase: the next phase has to ask for its buffers anew.
    pub fn release_unused(&self) {
        self.memory();
        take_recordings_away();
        release_unused(&self.device);
    }

    /// Has `destroy` called whenever this thread has released buffers. In browsers wgpu leaves them to the
    /// garbage collector, which doesn't know what they hold.
    pub fn destroy_released_by(destroy: impl Fn() + 'static) {
        DESTROY_RELEASED.set(Some(Box::new(destroy)));
    }

    /// Has plans count `bytes` beside the model until what is returned is dropped.
    pub fn hold(&self, bytes: u64) -> Held {
        self.held.fetch_add(bytes, Ordering::Relaxed);
        Held { bytes, held: self.held.clone() }
    }

    /// Bytes that are [held](Self::hold) beside the model.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Forgets the peak, for the start of a phase.
    pub fn restart_peak(&self) {
        self.memory_peak.0.store(0, Ordering::Relaxed);
    }
}
