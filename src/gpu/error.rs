//! What can go wrong with a graphics card, each as one sentence for the person in front of it.

use thiserror::Error;

#[derive(Debug, Clone, Error)]
pub enum Error {
    #[error(
        "No GPU was found. In a browser, use a current Chrome, Edge, Safari or Firefox with WebGPU switched on; natively, install a Vulkan, Metal or DirectX 12 driver, or compute on the processor (--device cpu)."
    )]
    NoAdapter,
    #[error(
        "The GPU \"{adapter}\" refused to start ({reason}). Close other programs that use it, update its driver, and try again."
    )]
    Refused { adapter: String, reason: String },
    #[error(
        "The GPU \"{adapter}\" is too small for this work: {what} is {has}, {needs} are needed. Try another device."
    )]
    TooSmall { adapter: String, what: &'static str, has: u64, needs: u64 },
    #[error(
        "The GPU \"{adapter}\" computes wrongly: even the simplest kernels give wrong numbers for {what}. Update its driver, or use another browser or device."
    )]
    Wrong { adapter: String, what: &'static str },
    #[error(
        "The GPU was lost ({reason}): the driver restarted it or took it away. Start again; what was saved until now is kept."
    )]
    Lost { reason: String },
    #[error(
        "The GPU is out of memory. Close other tabs and programs, or choose a smaller picture or batch, and try again."
    )]
    OutOfMemory,
    #[error("A computation failed on the GPU: {reason}. Please report this with your device's description.")]
    Failed { reason: String },
}
