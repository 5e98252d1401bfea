//! Resizing maps and masks: each of attention's layers has a resolution of its own, and so has a picture.
//! Separable filters on the host, in f64, as torch's `interpolate` with `align_corners=False`.
//!
//! ```text
//! y[i] = Σ_j w_i[j]·x[j],   s = from/to,   output pixel i stands at (i + ½)·s of the input
//! ```

/// How neighbouring pixels are weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The share of each input pixel in the output pixel: nothing reaches beyond it.
    Area,
    /// torch's bilinear with `antialias=True`: a triangle that reaches max(s, 1) input pixels to either side.
    Bilinear,
    /// torch's bicubic (Keys' cubic with a = −¾ over four pixels, the edge's repeated).
    Bicubic,
}

/// A change of resolution.
#[derive(Clone, Debug)]
pub struct Resampler {
    from_width: usize,
    rows: Vec<Taps>,
    columns: Vec<Taps>,
}

/// The first input pixel of an output pixel, and the weights from there on; their sum is 1.
#[derive(Clone, Debug)]
struct Taps {
    first: usize,
    weights: Vec<f64>,
}

impl Resampler {
    /// From `[height, width]` to `[height, width]`, none of them zero.
    pub fn new(filter: Filter, from: [usize; 2], to: [usize; 2]) -> Self {
        Self {
            from_width: from[1],
            rows: taps(filter, from[0], to[0]),
            columns: taps(filter, from[1], to[1]),
        }
    }

    /// An image, row by row → the same at the other size. It must have the size that was given to
    /// [`new`](Self::new).
    pub fn apply(&self, image: &[f32]) -> Vec<f32> {
        let narrowed: Vec<Vec<f64>> = image
            .chunks_exact(self.from_width)
            .map(|row| self.columns.iter().map(|taps| taps.sum(|x| f64::from(row[x]))).collect())
            .collect();
        let row = |taps: &Taps| -> Vec<f32> {
            (0..self.columns.len()).map(|x| taps.sum(|y| narrowed[y][x]) as f32).collect()
        };
        self.rows.iter().flat_map(row).collect()
    }
}

/// The weights of every output pixel of a line as a matrix `[to, from]`, row by row.
pub fn matrix(filter: Filter, from: usize, to: usize) -> Vec<f32> {
    let mut values = vec![0.0; from * to];
    for (row, taps) in values.chunks_exact_mut(from.max(1)).zip(taps(filter, from, to)) {
        for (value, weight) in row[taps.first..].iter_mut().zip(taps.weights) {
            *value = weight as f32;
        }
    }
    values
}

impl Taps {
    fn sum(&self, value: impl Fn(usize) -> f64) -> f64 {
        self.weights.iter().zip(self.first..).map(|(weight, place)| weight * value(place)).sum()
    }

    /// Weights by place: those that lie beyond an edge are moved to it, and all are scaled to the sum 1.
    fn new(weights: impl Iterator<Item = (isize, f64)>, from: usize) -> Self {
        let last = from as isize - 1;
        let inside: Vec<(usize, f64)> =
            weights.map(|(place, weight)| (place.clamp(0, last) as usize, weight)).collect();
        let first = inside.iter().map(|(place, _)| *place).min().unwrap_or(0);
        let end = inside.iter().map(|(place, _)| place + 1).max().unwrap_or(0);
        let mut taps = Self { first, weights: vec![0.0; end - first] };
        let sum: f64 = inside.iter().map(|(_, weight)| weight).sum();
        inside.into_iter().for_each(|(place, weight)| taps.weights[place - first] += weight / sum);
        taps
    }
}

fn taps(filter: Filter, from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    let of_pixel = |pixel: usize| {
        let (start, centre) = (pixel as f64 * scale, (pixel as f64 + 0.5) * scale);
        match filter {
            Filter::Area => {
                let end = start + scale;
                let covered = |place: isize| (end.min(place as f64 + 1.0) - start.max(place as f64)).max(0.0);
                let places = start.floor() as isize..(end.ceil() as isize).min(from as isize);
                Taps::new(places.map(|place| (place, covered(place))), from)
            }
            Filter::Bilinear => {
                let reach = scale.max(1.0);
                let first = ((centre - reach + 0.5) as isize).max(0);
                let end = ((centre + reach + 0.5) as isize).min(from as isize);
                let weight = |place: isize| (1.0 - ((place as f64 + 0.5 - centre) / reach).abs()).max(0.0);
                Taps::new((first..end).map(|place| (place, weight(place))), from)
            }
            Filter::Bicubic => {
                let base = (centre - 0.5).floor();
                let places = base as isize - 1..=base as isize + 2;
                Taps::new(places.map(|place| (place, cubic(centre - 0.5 - place as f64))), from)
            }
        }
    };
    (0..to).map(of_pixel).collect()
}

/// Keys' cubic with a = −¾.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.75;
    match x.abs() {
        x if x <= 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
        x if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * A,
        _ => 0.0,
    }
}
