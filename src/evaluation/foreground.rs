//! Where the subject stands in a picture, by colour alone, so that likeness can be asked of the subject
//! without its surroundings.
//!
//! The rim of the picture shows the background: up to `RIM_COLOURS` colours stand for it. What is far
//! from all of them (Otsu's threshold, IEEE SMC 9, 1979) may be the subject; of its connected parts the
//! one with the most weight in the middle is taken, with its holes filled. This is right against plain
//! backgrounds and rough in busy scenes; a picture whose part is too small or too large has no mask.

use image::{RgbImage, imageops};

/// Colours that stand for the background.
const RIM_COLOURS: usize = 8;
/// The rim is this part of the shorter side.
const RIM_SHARE: u32 = 16;
/// Masks are found at no more pixels than this a side.
const MAX_SIDE: u32 = 128;
/// Least distance of a subject's colour from the background's, of 0 to 442.
const MIN_DISTANCE: f32 = 24.0;
/// A subject fills between these shares of the picture.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 0.02..=0.8;
/// What stands around a subject that was cut out: the mean colour of CLIP's training pictures.
const SURROUNDINGS: [u8; 3] = [123, 117, 104];

/// The subject's pixels in a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectMask {
    pub width: u32,
    pub height: u32,
    /// Row by row.
    pub subject: Vec<bool>,
}

impl SubjectMask {
    /// Finds the subject; `None` if nothing plausible stands out.
    pub fn find(picture: &RgbImage) -> Option<Self> {
        let (width, height) = picture.dimensions();
        if width < 8 || height < 8 {
            return None;
        }
        let longest = width.max(height);
        let scaled = |side: u32| (side * MAX_SIDE / longest).max(8);
        let small = match longest > MAX_SIDE {
            true => imageops::resize(picture, scaled(width), scaled(height), imageops::FilterType::Triangle),
            false => picture.clone(),
        };
        let grid = Grid { width: small.width() as usize, height: small.height() as usize };
        let background = rim_colours(&small);
        let nearest = |pixel: &image::Rgb<u8>| {
            background.iter().map(|colour| distance(colour, &floats(pixel))).fold(f32::INFINITY, f32::min)
        };
        let distances: Vec<f32> = small.pixels().map(nearest).collect();
        let threshold = otsu(&distances).max(MIN_DISTANCE);
        let far: Vec<bool> = distances.iter().map(|&distance| distance > threshold).collect();
        let closed = grid.eroded(&grid.dilated(&far));
        let subject = grid.filled(&grid.main_part(&closed)?);
        let share = subject.iter().filter(|&&inside| inside).count() as f64 / subject.len() as f64;
        PLAUSIBLE.contains(&share).then(|| Self::enlarged(&grid, &subject, width, height))
    }

    fn enlarged(grid: &Grid, subject: &[bool], width: u32, height: u32) -> Self {
        let of = |position: u32, from: u32, to: usize| position as usize * to / from as usize;
        let row = |y: u32| {
            (0..width)
                .map(move |x| subject[of(y, height, grid.height) * grid.width + of(x, width, grid.width)])
        };
        Self { width, height, subject: (0..height).flat_map(row).collect() }
    }

    /// The subject in the middle of a square that just holds it, before an even grey. The picture is of
    /// the mask's size.
    pub fn cut_out(&self, picture: &RgbImage) -> RgbImage {
        let places = (0..self.height).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        let inside: Vec<(u32, u32)> =
            places.zip(&self.subject).filter(|(_, inside)| **inside).map(|(place, _)| place).collect();
        let bounds = |values: &dyn Fn(&(u32, u32)) -> u32| {
            let all = || inside.iter().map(values);
            (all().min().unwrap_or(0), all().max().unwrap_or(0) + 1)
        };
        let ((left, right), (top, bottom)) = (bounds(&|place| place.0), bounds(&|place| place.1));
        let side = (right - left).max(bottom - top);
        let mut square = RgbImage::from_pixel(side, side, image::Rgb(SURROUNDINGS));
        let (shift_x, shift_y) = ((side - (right - left)) / 2, (side - (bottom - top)) / 2);
        for (x, y) in inside {
            square.put_pixel(x - left + shift_x, y - top + shift_y, *picture.get_pixel(x, y));
        }
        square
    }
}

fn floats(pixel: &image::Rgb<u8>) -> [f32; 3] {
    pixel.0.map(f32::from)
}

fn distance(a: &[f32; 3], b: &[f32; 3]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
}

/// The colours of a picture's rim: centres of k-means that starts with the colours farthest from each
/// other.
fn rim_colours(picture: &RgbImage) -> Vec<[f32; 3]> {
    let (width, height) = picture.dimensions();
    let rim = (width.min(height) / RIM_SHARE).max(1);
    let on_rim = |x: u32, y: u32| x < rim || y < rim || x >= width - rim || y >= height - rim;
    let colours: Vec<[f32; 3]> = picture
        .enumerate_pixels()
        .filter(|(x, y, _)| on_rim(*x, *y))
        .map(|(_, _, pixel)| floats(pixel))
        .collect();
    let nearest = |colour: &[f32; 3], centres: &[[f32; 3]]| {
        let by_distance =
            |a: &usize, b: &usize| distance(&centres[*a], colour).total_cmp(&distance(&centres[*b], colour));
        (0..centres.len()).min_by(by_distance).unwrap_or(0)
    };
    let mut centres: Vec<[f32; 3]> = colours.first().copied().into_iter().collect();
    while centres.len() < RIM_COLOURS {
        let apart = |colour: &[f32; 3]| distance(&centres[nearest(colour, &centres)], colour);
        match colours.iter().max_by(|a, b| apart(a).total_cmp(&apart(b))) {
            Some(farthest) if apart(farthest) > MIN_DISTANCE / 2.0 => centres.push(*farthest),
            _ => break,
        }
    }
    for _ in 0..8 {
        let mut sums = vec![([0.0; 3], 0.0); centres.len()];
        for colour in &colours {
            let (sum, count) = &mut sums[nearest(colour, &centres)];
            (0..3).for_each(|channel| sum[channel] += colour[channel]);
            *count += 1.0;
        }
        for (centre, (sum, count)) in centres.iter_mut().zip(sums) {
            if count > 0.0 {
                *centre = sum.map(|channel: f32| channel / count);
            }
        }
    }
    centres
}

/// The threshold that splits values best in two: it maximizes w₀·w₁·(μ₀ − μ₁)².
fn otsu(values: &[f32]) -> f32 {
    const BINS: usize = 128;
    let most = values.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let mut histogram = [0.0_f64; BINS];
    for value in values {
        histogram[((value / most * BINS as f32) as usize).min(BINS - 1)] += 1.0;
    }
    let total: f64 = histogram.iter().sum();
    let whole: f64 = histogram.iter().enumerate().map(|(bin, count)| bin as f64 * count).sum();
    let (mut below, mut moment, mut best, mut spread) = (0.0, 0.0, 0, 0.0);
    for (bin, count) in histogram.iter().enumerate() {
        below += count;
        moment += bin as f64 * count;
        let above = total - below;
        if below > 0.0 && above > 0.0 {
            let between = below * above * (moment / below - (whole - moment) / above).powi(2);
            if between > spread {
                (best, spread) = (bin, between);
            }
        }
    }
    (best + 1) as f32 * most / BINS as f32
}

/// Operations on yes-no pictures, row by row.
struct Grid {
    width: usize,
    height: usize,
}

impl Grid {
    fn neighbours(&self, place: usize) -> impl Iterator<Item = usize> {
        let (x, y, width, height) = (place % self.width, place / self.width, self.width, self.height);
        let left = (x > 0).then(|| place - 1);
        let right = (x + 1 < width).then_some(place + 1);
        let up = (y > 0).then(|| place - width);
        let down = (y + 1 < height).then_some(place + width);
        [left, right, up, down].into_iter().flatten()
    }

    fn dilated(&self, mask: &[bool]) -> Vec<bool> {
        (0..mask.len()).map(|place| mask[place] || self.neighbours(place).any(|next| mask[next])).collect()
    }

    fn eroded(&self, mask: &[bool]) -> Vec<bool> {
        (0..mask.len()).map(|place| mask[place] && self.neighbours(place).all(|next| mask[next])).collect()
    }

    /// All places that are connected with `start` and `open`.
    fn connected(&self, start: usize, open: &[bool], seen: &mut [bool]) -> Vec<usize> {
        let mut part = vec![start];
        seen[start] = true;
        let mut next = 0;
        while let Some(&place) = part.get(next) {
            next += 1;
            for neighbour in self.neighbours(place) {
                if open[neighbour] && !seen[neighbour] {
                    seen[neighbour] = true;
                    part.push(neighbour);
                }
            }
        }
        part
    }

    /// The connected part with the most weight near the middle; `None` if the mask is empty.
    fn main_part(&self, mask: &[bool]) -> Option<Vec<bool>> {
        let weight = |place: &usize| {
            let off = |position: usize, side: usize| (position as f64 + 0.5) / side as f64 - 0.5;
            let (x, y) = (off(place % self.width, self.width), off(place / self.width, self.height));
            (-(x * x + y * y) / 0.08).exp()
        };
        let mut seen = vec![false; mask.len()];
        let mut best: Option<(f64, Vec<usize>)> = None;
        for place in 0..mask.len() {
            if mask[place] && !seen[place] {
                let part = self.connected(place, mask, &mut seen);
                let weight = part.iter().map(weight).sum();
                if best.as_ref().is_none_or(|(most, _)| weight > *most) {
                    best = Some((weight, part));
                }
            }
        }
        let mut main = vec![false; mask.len()];
        best?.1.into_iter().for_each(|place| main[place] = true);
        Some(main)
    }

    /// The mask with everything inside that the picture's edge can't be reached from.
    fn filled(&self, mask: &[bool]) -> Vec<bool> {
        let outside: Vec<bool> = mask.iter().map(|inside| !inside).collect();
        let mut reached = vec![false; mask.len()];
        for place in 0..mask.len() {
            let (x, y) = (place % self.width, place / self.width);
            let on_edge = x == 0 || y == 0 || x + 1 == self.width || y + 1 == self.height;
            if on_edge && outside[place] && !reached[place] {
                self.connected(place, &outside, &mut reached);
            }
        }
        reached.iter().map(|reached| !reached).collect()
    }
}
