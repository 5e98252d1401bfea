//! What happens when a device is met: its self-test with faults put in, what is kept of it, the
//! device held to the least that WebGPU offers, and kernels compiled ahead.

#[path = "../support/mod.rs"]
mod support;

mod device;
mod self_test;
