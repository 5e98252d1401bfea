//! The ways of looking at a photo: mirrored, recoloured, made smaller or larger, at its own aspect; and
//! what of a picture counts.

use image::{Rgb, RgbImage};
use palpable::training::augmentation::{PhotoVariant, is_mask_blank, latent_weights, render, variants};
use palpable::training::photos::{Framing, Photo};
use palpable::training::{PictureSizes, TrainingSettings};

/// A photo whose left half is red and right half blue, opaque where `alpha` says so.
fn photo(width: u32, height: u32, alpha: impl Fn(u32, u32) -> u8) -> Photo {
    let mut rgba = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let [red, blue] = if x < width / 2 { [255, 0] } else { [0, 255] };
            rgba.extend([red, 0, blue, alpha(x, y)]);
        }
    }
    Photo::from_rgba(width, height, &rgba).unwrap()
}

fn opaque(width: u32, height: u32) -> Photo {
    photo(width, height, |_, _| 255)
}

fn settings() -> TrainingSettings {
    TrainingSettings { photo_variants: 16, ..Default::default() }
}

#[test]
fn mirrored_variants_are_the_others_turned_around() {
    let all = variants(&TrainingSettings { flip: true, photo_variants: 3, ..settings() }, 0);
    assert_eq!(all.len(), 6);
    for (plain, mirrored) in all[..3].iter().zip(&all[3..]) {
        assert_eq!(PhotoVariant { mirrored: true, ..*plain }, *mirrored);
    }
    let [plain, mirrored] = [all[0], all[3]].map(|variant| render(&opaque(16, 16), variant, [8, 8]).values);
    assert_eq!((plain[0], mirrored[0]), (1.0, -1.0));
    for (row, turned) in plain.chunks(24).zip(mirrored.chunks(24)) {
        let turned: Vec<f32> = turned.chunks(3).rev().flatten().copied().collect();
        assert_eq!(row, turned);
    }
}

#[test]
fn a_small_photo_stands_in_an_empty_picture_and_alone_counts() {
    let sized = variants(&TrainingSettings { size_words: true, ..settings() }, 0);
    assert_eq!(sized[0], PhotoVariant::PLAIN);
    let scales: Vec<f64> = sized[1..].iter().map(|variant| variant.scale.unwrap()).collect();
    assert!(scales.iter().all(|scale| (1.0 / 3.0..=1.0).contains(scale) || (1.2..=1.4).contains(scale)));
    assert!(scales.iter().any(|scale| *scale > 1.0) && scales.iter().any(|scale| *scale < 1.0));

    // Half the size at the right and lower edge: columns and rows 16..32 of 32, latents 4..8 of 8.
    let framing = Framing { zoom: 1.0, shift_x: 1.0, shift_y: 1.0 };
    let variant = PhotoVariant { framing, scale: Some(0.5), colours: None, mirrored: false };
    let rendered = render(&opaque(32, 32), variant, [32, 32]);
    let pixel = |x: usize, y: usize| &rendered.values[(y * 32 + x) * 3..][..3];
    assert_eq!((pixel(0, 0), pixel(15, 31)), (&[0.0; 3][..], &[0.0; 3][..]));
    assert_eq!((pixel(16, 16), pixel(31, 31)), (&[1.0, -1.0, -1.0][..], &[-1.0, -1.0, 1.0][..]));
    // Custom Diffusion's code: mask[top // 4 + 1 : (top + 16) // 4 - 1] is 5..7, both ways.
    let weights = latent_weights(&rendered, [32, 32], 4, 0.0).unwrap();
    let counted: Vec<usize> = (0..64).filter(|&index| weights[index] > 0.0).collect();
    assert_eq!(counted, [45, 46, 53, 54]);
    assert_eq!((weights[45], weights.iter().sum::<f32>()), (16.0, 64.0));

    let mirrored = render(&opaque(32, 32), PhotoVariant { mirrored: true, ..variant }, [32, 32]);
    assert_eq!(mirrored.photo, Some([0, 16, 16, 32]));
}

#[test]
fn a_mask_lowers_the_background() {
    // The right half of the photo is its subject.
    let masked = photo(16, 16, |x, _| if x < 8 { 0 } else { 255 });
    let rendered = render(&masked, PhotoVariant::PLAIN, [16, 16]);
    assert_eq!(latent_weights(&rendered, [16, 16], 8, 0.75), Some(vec![0.25, 1.0, 0.25, 1.0]));
    assert_eq!(latent_weights(&rendered, [16, 16], 8, 0.0), None);
    let mirrored = PhotoVariant { mirrored: true, ..PhotoVariant::PLAIN };
    let rendered = render(&masked, mirrored, [16, 16]);
    assert_eq!(latent_weights(&rendered, [16, 16], 8, 1.0), Some(vec![1.0, 0.0, 1.0, 0.0]));
    let half_covered =
        render(&photo(16, 16, |x, _| if x < 4 { 0 } else { 255 }), PhotoVariant::PLAIN, [16, 16]);
    assert_eq!(latent_weights(&half_covered, [16, 16], 8, 1.0), Some(vec![0.5, 1.0, 0.5, 1.0]));

    let blank = |photo: &Photo, variant| is_mask_blank(&render(photo, variant, [16, 16]), [16, 16], 8);
    assert!(!blank(&masked, PhotoVariant::PLAIN));
    let left_half = Framing { zoom: 2.0, shift_x: -1.0, shift_y: 0.0 };
    assert!(blank(&masked, PhotoVariant { framing: left_half, ..PhotoVariant::PLAIN }));
    // Of a small photo only its middle counts.
    let edge = photo(32, 32, |x, _| if x < 31 { 0 } else { 255 });
    let small = PhotoVariant { scale: Some(0.5), ..PhotoVariant::PLAIN };
    assert!(is_mask_blank(&render(&edge, small, [32, 32]), [32, 32], 4));

    let plain = render(&opaque(16, 16), PhotoVariant::PLAIN, [16, 16]);
    assert_eq!(latent_weights(&plain, [16, 16], 8, 1.0), None);
    let white = Photo::from_rgba(16, 16, &[255; 16 * 16 * 4]).unwrap();
    assert!(opaque(16, 16).with_mask(&white, "cat.png").unwrap().mask().is_some());
    // White paint on transparency: what is not painted is no part of the subject.
    let painted = Photo::from_rgba(3, 1, &[255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 128]).unwrap();
    assert_eq!(painted.as_mask().as_raw(), &[255, 0, 0]);
    let error = opaque(16, 8).with_mask(&white, "cat.png").unwrap_err().to_string();
    assert!(error.contains("mask of \"cat.png\" has 16×16 pixels and the photo 16×8"), "{error}");
}

#[test]
fn colours_stray_as_far_as_is_said() {
    let jittered = variants(&TrainingSettings { colour_jitter: 0.2, ..settings() }, 0);
    assert_eq!(jittered[0].colours, None);
    let factors: Vec<f64> = jittered[1..].iter().flat_map(|variant| variant.colours.unwrap()).collect();
    assert!(factors.iter().all(|factor| (0.8..=1.2).contains(factor)));
    assert!(factors.iter().any(|factor| *factor < 0.9) && factors.iter().any(|factor| *factor > 1.1));

    let picture = RgbImage::from_pixel(2, 2, Rgb([100, 100, 200]));
    let rgba: Vec<u8> =
        picture.pixels().flat_map(|Rgb([red, green, blue])| [*red, *green, *blue, 255]).collect();
    let photo = Photo::from_rgba(2, 2, &rgba).unwrap();
    let first = |colours| {
        let variant = PhotoVariant { colours: Some(colours), ..PhotoVariant::PLAIN };
        let values = render(&photo, variant, [2, 2]).values;
        [0, 1, 2].map(|channel| ((values[channel] + 1.0) * 127.5).round())
    };
    assert_eq!(first([0.5, 1.0, 1.0]), [50.0, 50.0, 100.0]);
    // The picture's mean grey, and without saturation each pixel's own: 0.886 · 100 + 0.114 · 200 = 111.4.
    assert_eq!(first([1.0, 0.0, 1.0]), [111.0; 3]);
    assert_eq!(first([1.0, 1.0, 0.0]), [111.0; 3]);
    // After the brightness, the mean grey is that of the darker picture.
    assert_eq!(first([0.5, 0.0, 1.0]), [56.0; 3]);
}

#[test]
fn buckets_have_about_the_models_area() {
    let sizes = PictureSizes { resolution: 512, multiple: 64 };
    let buckets = sizes.buckets();
    assert!(buckets.contains(&[512, 512]) && buckets.contains(&[640, 384]) && buckets.contains(&[384, 640]));
    for [width, height] in buckets {
        assert_eq!((width % 64, height % 64), (0, 0));
        assert!(width * height <= 512 * 512 && width * height > 512 * 512 / 2);
    }
    let aspect = TrainingSettings { aspect_buckets: true, ..settings() };
    let size = |width, height| sizes.of_photo(&opaque(width, height), &aspect);
    assert_eq!(size(40, 40), [512, 512]);
    assert_eq!(size(50, 30), [640, 384]);
    assert_eq!(size(30, 50), [384, 640]);
    assert_eq!(sizes.of_photo(&opaque(50, 30), &settings()), [512, 512]);
    // A photo of its bucket's aspect is not cropped: both edges are there.
    let whole = render(&opaque(50, 30), PhotoVariant::PLAIN, [50, 30]).values;
    assert_eq!((whole[0], whole[49 * 3]), (1.0, -1.0));
}
