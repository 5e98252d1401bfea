//! Frozen weights in fewer bits than their layers compute in, several numbers to a word of 32 bits.
//!
//! Halves: 16-bit floats, also where the device has no such type: half of f32, and exactly the numbers of a
//! file that holds 16-bit floats, as most do.
//!
//! Integers, symmetric with one scale for each output channel, a quarter of f32 and nothing to subtract:
//!
//! ```text
//! w[.., o] ≈ scale[o] · q[.., o],  scale[o] = max |w[.., o]| / 127,  q = round(w / scale) ∈ [−127, 127]
//! ```
//!
//! Layers take a [`PackedWeight`] as a [`FrozenWeight`](super::frozen_weight::FrozenWeight). The matrix product
//! unpacks it into numbers of its storage type while it stages them, so results and input gradients are those
//! of the unpacked weight. A table's rows are unpacked when they are looked up.

mod halves;
mod quantizer;
mod random;
mod weight;

pub use quantizer::Quantizer;
pub use weight::{PackedWeight, Packing, WrongCount};
