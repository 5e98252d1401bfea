//! Seeded normal noise: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3",
//! SC'11) and the Box–Muller transform.
//!
//! Guarantee: the same bits on every machine, natively and in a browser. Philox is integer
//! arithmetic, and logarithm, sine and cosine come from the `libm` crate instead of the platform's.
//! The generator is a function of (seed, stream, position), so nothing has to be saved to resume.

use std::f64::consts::TAU;

/// `count` independent N(0, 1) values. Different streams of one seed never overlap: use one stream per
/// purpose (seed latents of picture 0, 1, …; training noise of step 0, 1, …).
pub fn normal(seed: u64, stream: u64, count: usize) -> Vec<f32> {
    let key = halves(seed);
    let [stream_low, stream_high] = halves(stream);
    let mut values = Vec::with_capacity(count.next_multiple_of(4));
    for block in 0..count.div_ceil(4) as u64 {
        let [low, high] = halves(block);
        let [a, b, c, d] = philox4x32([low, high, stream_low, stream_high], key);
        values.extend(box_muller(a, b));
        values.extend(box_muller(c, d));
    }
    values.truncate(count);
    values
}

/// Ten rounds of Philox over a 128-bit counter with a 64-bit key: four independent uniform words.
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    let (mut counter, mut key) = (counter, key);
    for _ in 0..10 {
        let [low0, high0] = halves(u64::from(MULTIPLIERS[0]) * u64::from(counter[0]));
        let [low1, high1] = halves(u64::from(MULTIPLIERS[1]) * u64::from(counter[2]));
        counter = [high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// Two uniform words to two independent normals: √(−2·ln u₁)·(cos 2πu₂, sin 2πu₂), u₁ in (0, 1].
fn box_muller(first: u32, second: u32) -> [f32; 2] {
    const SCALE: f64 = 1.0 / 4_294_967_296.0;
    let radius = (-2.0 * libm::log((f64::from(first) + 1.0) * SCALE)).sqrt();
    let angle = TAU * (f64::from(second) * SCALE);
    [(radius * libm::cos(angle)) as f32, (radius * libm::sin(angle)) as f32]
}

fn halves(value: u64) -> [u32; 2] {
    [value as u32, (value >> 32) as u32]
}
