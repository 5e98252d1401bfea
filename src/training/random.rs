//! Every random choice of a run as a function of (seed, purpose, place), so that resuming needs no
//! generator state.

use crate::sampling::noise::philox4x32;

/// What random numbers are for. Each purpose has streams of its own.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    LoraStart = 1,
    EmbeddingStart,
    Framing,
    PhotoOrder,
    PhotoVariant,
    Timestep,
    Noise,
    SubjectOrder,
    BucketOrder,
    Template,
    SizeWords,
    PictureScale,
    Colours,
    PriorPicture,
    PriorOrder,
    PriorTimestep,
    PriorNoise,
    AlignmentNoise,
}

/// The number of a stream: a purpose and two counters (the first below 2³², the second below 2²⁴).
pub fn stream(purpose: Purpose, first: usize, second: usize) -> u64 {
    (purpose as u64) << 56 | (first as u64 & 0xFFFF_FFFF) << 24 | (second as u64 & 0xFF_FFFF)
}

/// Uniform 32-bit words of a stream.
fn words(seed: u64, stream: u64) -> impl Iterator<Item = u32> {
    let halves = |value: u64| [value as u32, (value >> 32) as u32];
    let [low, high] = halves(stream);
    (0..=u32::MAX).flat_map(move |block| philox4x32([block, 0, low, high], halves(seed)))
}

/// Three numbers in 0..1.
pub fn uniform(seed: u64, stream: u64) -> [f64; 3] {
    let mut words = words(seed, stream).map(|word| f64::from(word) / 4_294_967_296.0);
    std::array::from_fn(|_| words.next().unwrap_or_default())
}

/// `count` whole numbers, each equally likely in 0..limit.
pub fn integers(seed: u64, stream: u64, limit: usize, count: usize) -> Vec<usize> {
    words(seed, stream).take(count).map(|word| scale(word, limit)).collect()
}

/// A random order of 0..count (Fisher–Yates).
pub fn permutation(seed: u64, stream: u64, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for (last, word) in (1..count).rev().zip(words(seed, stream)) {
        order.swap(last, scale(word, last + 1));
    }
    order
}

/// Maps a word to 0..limit; the bias is below limit / 2³².
fn scale(word: u32, limit: usize) -> usize {
    ((u64::from(word) * limit as u64) >> 32) as usize
}
