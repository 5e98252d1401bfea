//! Pillow's bicubic resize, to the bit: published scores were measured with it, and another library's
//! rounding moves a picture's vector by almost a percent.
//!
//! Horizontally, then vertically, 8 bits in between. For output pixel i of n from an input of m, with
//! s = m/n and the filter widened by max(s, 1) when shrinking:
//! y[i] = Σ_j k((j + ½ − (i + ½)·s) / max(s, 1))·x[j] / Σ_j k(…),   in 22-bit fixed point

use image::RgbImage;

/// Bits after the point of a weight.
const PRECISION: u32 = 22;
/// The filter is zero from here on.
const SUPPORT: f64 = 2.0;

/// The picture at another width and height; neither of its own is zero.
pub(super) fn resize_bicubic(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    let mut resized = picture.clone();
    if resized.width() != width {
        let taps = taps(resized.width(), width);
        resized = RgbImage::from_fn(width, resized.height(), |x, y| {
            let (first, weights) = &taps[x as usize];
            image::Rgb(weigh(weights, |tap| resized.get_pixel(first + tap, y).0))
        });
    }
    if resized.height() != height {
        let taps = taps(resized.height(), height);
        resized = RgbImage::from_fn(width, height, |x, y| {
            let (first, weights) = &taps[y as usize];
            image::Rgb(weigh(weights, |tap| resized.get_pixel(x, first + tap).0))
        });
    }
    resized
}

/// For each output pixel its first input pixel and the weights from there on.
fn taps(input: u32, output: u32) -> Vec<(u32, Vec<i64>)> {
    let scale = f64::from(input) / f64::from(output);
    let widening = scale.max(1.0);
    let taps_of = |pixel: u32| {
        let centre = (f64::from(pixel) + 0.5) * scale;
        let reach = SUPPORT * widening;
        // Casts cut toward zero and stop at zero, as Pillow does.
        let first = (centre - reach + 0.5) as u32;
        let end = ((centre + reach + 0.5) as u32).min(input);
        let weights = (first..end).map(|tap| bicubic((f64::from(tap) - centre + 0.5) / widening));
        let weights: Vec<_> = weights.collect();
        let sum: f64 = weights.iter().sum();
        let fixed = |weight: &f64| (weight / sum * f64::from(1 << PRECISION)).round() as i64;
        (first, weights.iter().map(fixed).collect())
    };
    (0..output).map(taps_of).collect()
}

/// Keys' cubic with a = −½.
fn bicubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    match x.abs() {
        x if x < 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
        x if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * A,
        _ => 0.0,
    }
}

/// The weighted sum of pixels, rounded and kept within 0 to 255.
fn weigh(weights: &[i64], pixel: impl Fn(u32) -> [u8; 3]) -> [u8; 3] {
    let mut sums = [1 << (PRECISION - 1); 3];
    for (tap, weight) in weights.iter().enumerate() {
        for (sum, value) in sums.iter_mut().zip(pixel(tap as u32)) {
            *sum += weight * i64::from(value);
        }
    }
    sums.map(|sum| (sum >> PRECISION).clamp(0, 255) as u8)
}
