//! The pictures of heat maps that `palpable generate` writes.

use std::path::Path;

use image::{GrayImage, Luma, Rgb, RgbImage};
use palpable::{evaluation::HeatMap, pipeline::Picture};

use super::error::Error;

/// What a pixel that owes the word most is painted with.
const HOT: [f32; 3] = [255.0, 64.0, 0.0];

/// Writes two PNG files a map into the folder: `1-dog.png` over the picture, `1-dog-grey.png` alone.
///
/// # Errors
/// A file can't be written.
pub fn write(folder: &Path, maps: &[HeatMap], picture: &Picture) -> Result<(), Error> {
    for (map, number) in maps.iter().zip(1..) {
        let plain = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
        let word: String = map.word.trim_matches(['<', '>']).chars().map(plain).collect();
        let heat = map.stretched([picture.height, picture.width]);
        let file = |kind: &str| folder.join(format!("{number}-{word}{kind}.png"));
        let save = |image: image::DynamicImage, file: &Path| {
            image.save(file).map_err(|reason| Error::unwritable(file, reason))
        };
        save(overlay(picture, &heat).into(), &file(""))?;
        save(grey(picture, &heat).into(), &file("-grey"))?;
    }
    Ok(())
}

fn grey(picture: &Picture, heat: &[f32]) -> GrayImage {
    let value = |x: u32, y: u32| heat[y as usize * picture.width + x as usize];
    GrayImage::from_fn(picture.width as u32, picture.height as u32, |x, y| {
        Luma([(value(x, y) * 255.0).round() as u8])
    })
}

/// The picture in grey, and hot colours where the word acted.
fn overlay(picture: &Picture, heat: &[f32]) -> RgbImage {
    RgbImage::from_fn(picture.width as u32, picture.height as u32, |x, y| {
        let pixel = y as usize * picture.width + x as usize;
        let rgb = &picture.rgb[3 * pixel..3 * pixel + 3];
        let light = rgb.iter().map(|&value| f32::from(value)).sum::<f32>() / 3.0;
        Rgb(HOT.map(|hot| (light + heat[pixel] * 0.75 * (hot - light)).round() as u8))
    })
}
