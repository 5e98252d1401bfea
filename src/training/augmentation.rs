//! The variants of each photo that a run trains on: framings, colours, mirroring, and Custom Diffusion's
//! sizes.
//!
//! All follow from the settings and are made on the pixels, before the VAE, once; a row of a batch then
//! takes one of them. The first variant of a photo is always the photo itself.

use image::{GrayImage, Rgb, RgbImage, imageops};

use super::TrainingSettings;
use super::photos::{Framing, Photo};
use super::random::{Purpose, stream, uniform};

/// Zooms lie between 1 and this.
const MAX_ZOOM: f64 = 1.2;
/// Custom Diffusion's sizes (arXiv:2212.04488, its code): with probability `SMALLER` the photo has a third of
/// its picture's size up to the whole, else 1.2 to 1.4 times that size.
const SMALLER: f64 = 0.66;
const MIN_SCALE: f64 = 1.0 / 3.0;
const LARGER_SCALES: [f64; 2] = [1.2, 1.4];

/// One variant of a photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhotoVariant {
    pub framing: Framing,
    /// Size of the photo relative to its picture, where Custom Diffusion changes it. Below 1 the photo lies
    /// in an empty picture, shifted as the framing says.
    pub scale: Option<f64>,
    /// Factors of brightness, contrast and saturation.
    pub colours: Option<[f64; 3]>,
    pub mirrored: bool,
}

impl PhotoVariant {
    /// The photo itself.
    pub const PLAIN: Self = Self { framing: Framing::CENTRE, scale: None, colours: None, mirrored: false };
}

/// The variants of one photo, mirrored ones last.
pub fn variants(settings: &TrainingSettings, photo: usize) -> Vec<PhotoVariant> {
    let TrainingSettings { seed, photo_variants, size_words, colour_jitter, flip, .. } = *settings;
    let mut variants = vec![PhotoVariant::PLAIN];
    for variant in 1..photo_variants {
        let [zoom, shift_x, shift_y] = uniform(seed, stream(Purpose::Framing, photo, variant));
        let (shift_x, shift_y) = (2.0 * shift_x - 1.0, 2.0 * shift_y - 1.0);
        let scale = size_words.then(|| scale(uniform(seed, stream(Purpose::PictureScale, photo, variant))));
        let zoom = scale.unwrap_or(1.0 + zoom * (MAX_ZOOM - 1.0)).max(1.0);
        let colours = (colour_jitter > 0.0).then(|| {
            uniform(seed, stream(Purpose::Colours, photo, variant))
                .map(|share| 1.0 + colour_jitter * (2.0 * share - 1.0))
        });
        let framing = Framing { zoom, shift_x, shift_y };
        variants.push(PhotoVariant { framing, scale, colours, mirrored: false });
    }
    if flip {
        let mirrored: Vec<_> =
            variants.iter().map(|variant| PhotoVariant { mirrored: true, ..*variant }).collect();
        variants.extend(mirrored);
    }
    variants
}

fn scale([choice, place, _]: [f64; 3]) -> f64 {
    let [least, most] = if choice < SMALLER { [MIN_SCALE, 1.0] } else { LARGER_SCALES };
    least + place * (most - least)
}

/// A picture as the VAE takes it, and where in it the photo and the subject are.
pub struct Rendered {
    /// `[height, width, 3]` in −1..1; 0 where there is no photo.
    pub values: Vec<f32>,
    /// Left, top, right and bottom of the photo in a picture that it doesn't fill, in pixels.
    pub photo: Option<[u32; 4]>,
    /// The subject's mask, as large as the picture.
    pub subject: Option<GrayImage>,
}

/// Renders one variant of a photo as a picture of this width and height.
pub fn render(photo: &Photo, variant: PhotoVariant, size: [u32; 2]) -> Rendered {
    let PhotoVariant { framing, scale, colours, mirrored } = variant;
    let smaller = scale.filter(|scale| *scale < 1.0);
    let (framing, part, place) = match smaller {
        None => (framing, size, [0, 0]),
        Some(scale) => {
            let part = size.map(|length| ((f64::from(length) * scale).round() as u32).clamp(1, length));
            let shift = |room: u32, shift: f64| (f64::from(room) * (1.0 + shift) / 2.0).round() as u32;
            let place =
                [shift(size[0] - part[0], framing.shift_x), shift(size[1] - part[1], framing.shift_y)];
            (Framing::CENTRE, part, place)
        }
    };
    let mut picture = photo.cropped(framing, part);
    if let Some(factors) = colours {
        change_colours(&mut picture, factors);
    }
    let mask = photo.cropped_mask(framing, part);
    let [mut left, top] = place;
    let (picture, mask) = match mirrored {
        false => (picture, mask),
        true => {
            left = size[0] - part[0] - left;
            (imageops::flip_horizontal(&picture), mask.as_ref().map(imageops::flip_horizontal))
        }
    };
    let Some(_) = smaller else {
        let values = picture.as_raw().iter().map(|&value| f32::from(value) / 127.5 - 1.0).collect();
        return Rendered { values, photo: None, subject: mask };
    };
    let [width, height] = size.map(|length| length as usize);
    let mut values = vec![0.0; width * height * 3];
    for (x, y, Rgb(colours)) in picture.enumerate_pixels() {
        let pixel = ((y + top) as usize * width + (x + left) as usize) * 3;
        for (value, colour) in values[pixel..pixel + 3].iter_mut().zip(colours) {
            *value = f32::from(*colour) / 127.5 - 1.0;
        }
    }
    let subject = mask.map(|mask| {
        let mut whole = GrayImage::new(size[0], size[1]);
        imageops::replace(&mut whole, &mask, i64::from(left), i64::from(top));
        whole
    });
    Rendered { values, photo: Some([left, top, left + part[0], top + part[1]]), subject }
}

/// Brightness, contrast (around the picture's mean grey) and saturation, in this order, as torchvision's
/// `ColorJitter` does each.
fn change_colours(picture: &mut RgbImage, [brightness, contrast, saturation]: [f64; 3]) {
    let grey = |[red, green, blue]: [f64; 3]| 0.299 * red + 0.587 * green + 0.114 * blue;
    let blend = |value: f64, other: f64, factor: f64| (other + (value - other) * factor).clamp(0.0, 255.0);
    let bright = |Rgb(pixel): &Rgb<u8>| pixel.map(|value| blend(f64::from(value), 0.0, brightness));
    let sum: f64 = picture.pixels().map(|pixel| grey(bright(pixel))).sum();
    let mean = sum / f64::from(picture.width() * picture.height());
    for pixel in picture.pixels_mut() {
        let contrasted = bright(pixel).map(|value| blend(value, mean, contrast));
        let own = grey(contrasted);
        pixel.0 = contrasted.map(|value| blend(value, own, saturation).round() as u8);
    }
}

/// How much each latent of a picture counts `[height, width]`, or None if all count 1.
///
/// Where a photo doesn't fill its picture, only the latents well inside it count, as in Custom Diffusion's
/// code. Their weight is raised so that the mean over the picture equals the mean over the photo: Σ(l·m)/Σm.
/// Where there is a subject's mask m, its background counts 1 − s with s = `masked_loss`:
/// (1 − s) + s·m.
pub fn latent_weights(
    rendered: &Rendered,
    size: [u32; 2],
    factor: u32,
    masked_loss: f64,
) -> Option<Vec<f32>> {
    let subject = rendered.subject.as_ref().filter(|_| masked_loss > 0.0);
    if rendered.photo.is_none() && subject.is_none() {
        return None;
    }
    let mut weights = photo_weights(rendered, size, factor);
    if let Some(mask) = subject {
        for (weight, covered) in weights.iter_mut().zip(covered_shares(mask, factor)) {
            *weight *= 1.0 - masked_loss + masked_loss * covered;
        }
    }
    Some(weights.into_iter().map(|weight| weight as f32).collect())
}

/// Whether there is a mask that covers none of the latents that count.
pub fn is_mask_blank(rendered: &Rendered, size: [u32; 2], factor: u32) -> bool {
    rendered.subject.as_ref().is_some_and(|mask| {
        let weights = photo_weights(rendered, size, factor).into_iter();
        weights.zip(covered_shares(mask, factor)).all(|(weight, covered)| weight * covered == 0.0)
    })
}

/// How much each latent counts by the place of the photo in its picture.
fn photo_weights(rendered: &Rendered, size: [u32; 2], factor: u32) -> Vec<f64> {
    let [width, height] = size.map(|length| length / factor);
    let mut weights = vec![1.0; (width * height) as usize];
    if let Some([left, top, right, bottom]) = rendered.photo {
        let inside = |start: u32, end: u32, most: u32| {
            let first = (start / factor + 1).min(most - 1);
            first..(end / factor).saturating_sub(1).max(first + 1)
        };
        let (columns, rows) = (inside(left, right, width), inside(top, bottom, height));
        let count = columns.len() * rows.len();
        let share = f64::from(width * height) / count as f64;
        for (index, weight) in weights.iter_mut().enumerate() {
            let (x, y) = (index as u32 % width, index as u32 / width);
            let valid = columns.contains(&x) && rows.contains(&y);
            *weight = if valid { share } else { 0.0 };
        }
    }
    weights
}

/// The share of each latent that a mask covers, row by row; a latent has `factor` × `factor` pixels.
pub fn covered_shares(mask: &GrayImage, factor: u32) -> impl Iterator<Item = f64> + '_ {
    let [width, height] = [mask.width(), mask.height()].map(|length| length / factor);
    (0..width * height).map(move |index| {
        let (x, y) = (index % width * factor, index / width * factor);
        let cell = imageops::crop_imm(mask, x, y, factor, factor).to_image();
        let sum: f64 = cell.as_raw().iter().map(|&value| f64::from(value)).sum();
        sum / (255.0 * f64::from(factor * factor))
    })
}
