//! Every operation's kernels against its reference, forward and backward, on odd shapes and round
//! ones: the kernels on the GPU (a software one where there is no other), the reference on burn's CPU
//! backend. A file an operation, and what holds for all of them.

#[path = "../support/mod.rs"]
mod support;

mod comparison;

mod activation;
mod attention;
mod attention_tiles;
mod concat;
mod conv2d;
mod geglu;
mod gradients;
mod group_norm;
mod guarantees;
mod layer_norm;
mod linear;
mod matrix_units;
mod packed;
mod product_tiles;
mod replay;
mod subgroups;
mod sums;
mod tiles;
