//! Photos: decoding, orientation, framing, refusals; and their latents.

use std::path::PathBuf;

use crate::counting::{held, take_peak};
use crate::support::{any_device, block_on, demo_model, demo_weights, in_repository, relative_error, values};
use burn::tensor::{DType, Tensor, TensorData};
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage, codecs};
use palpable::model::vae::AutoencoderKl;
use palpable::model::vae_config::AutoencoderKlConfig;
use palpable::training::augmentation::{PhotoVariant, render, variants};
use palpable::training::photo_folder::PhotoFolder;
use palpable::training::photos::{self, Framing, Photo, PhotoError};
use palpable::training::{Error, PhotoLatents, PictureSizes, TrainingSettings};
use palpable::weights::read_text;

const RED: Rgb<u8> = Rgb([250, 10, 10]);
const BLUE: Rgb<u8> = Rgb([10, 10, 250]);

/// The left half red, the right half blue.
fn two_halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { RED } else { BLUE })
}

/// EXIF with nothing but an orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let header = [b'I', b'I', 42, 0, 8, 0, 0, 0, 1, 0];
    let entry = [0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
    [&header[..], &entry].concat()
}

fn jpeg(picture: &RgbImage, orientation: Option<u8>) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 100);
    if let Some(orientation) = orientation {
        encoder.set_exif_metadata(exif(orientation)).unwrap();
    }
    encoder.encode_image(picture).unwrap();
    file
}

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut file = Vec::new();
    let encoder = codecs::png::PngEncoder::new(&mut file);
    encoder.write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8).unwrap();
    file
}

/// The same file with another size in its header, and the header's checksum made right.
fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let mut file = png(&two_halves(4, 4));
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = file[12..29].iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    });
    file[29..33].copy_from_slice(&(!checksum).to_be_bytes());
    file
}

fn close(a: Rgb<u8>, b: Rgb<u8>) -> bool {
    a.0.iter().zip(b.0).all(|(a, b)| a.abs_diff(b) <= 12)
}

/// A folder of this test's own, emptied.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("palpable-photos-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn jpeg_png_and_webp_are_read() {
    let picture = two_halves(24, 16);
    let mut webp = Vec::new();
    let encoder = codecs::webp::WebPEncoder::new_lossless(&mut webp);
    encoder.encode(&picture, 24, 16, ExtendedColorType::Rgb8).unwrap();
    for file in [jpeg(&picture, None), png(&picture), webp] {
        let photo = Photo::decode(&file, "picture").unwrap();
        assert_eq!((photo.width(), photo.height()), (24, 16));
        let square = photo.cropped(Framing::CENTRE, [16; 2]);
        assert!(close(*square.get_pixel(2, 8), RED) && close(*square.get_pixel(13, 8), BLUE));
    }
}

/// Orientation 6 is a camera held upright: the stored picture is to be turned right by 90°, so its
/// left half comes to lie on top.
#[test]
fn orientation_is_applied() {
    let photo = Photo::decode(&jpeg(&two_halves(32, 16), Some(6)), "upright.jpg").unwrap();
    assert_eq!((photo.width(), photo.height()), (16, 32));
    let square = photo.cropped(Framing::CENTRE, [16; 2]);
    assert!(close(*square.get_pixel(8, 1), RED) && close(*square.get_pixel(8, 14), BLUE));
}

#[test]
fn transparency_lies_over_white() {
    let photo = Photo::from_rgba(2, 1, &[200, 0, 0, 255, 0, 0, 0, 0]).unwrap();
    let left = Framing { zoom: 1.0, shift_x: -1.0, shift_y: 0.0 };
    // The centre square of 2×1 pixels is the left one.
    assert_eq!(photo.cropped(left, [1; 2]).get_pixel(0, 0), &Rgb([200, 0, 0]));
    let see_through = Photo::from_rgba(1, 1, &[0, 0, 0, 0]).unwrap();
    assert_eq!(see_through.cropped(Framing::CENTRE, [1; 2]).get_pixel(0, 0), &Rgb([255, 255, 255]));
    assert!(matches!(Photo::from_rgba(2, 2, &[0; 15]), Err(PhotoError::WrongByteCount { .. })));
}

#[test]
fn framing_zooms_and_shifts_inside_the_centre_square() {
    let photo = Photo::decode(&png(&two_halves(64, 32)), "photo").unwrap();
    let pixels = |framing| photo.cropped(framing, [8; 2]).pixels().copied().collect::<Vec<_>>();
    let left = pixels(Framing { zoom: 2.0, shift_x: -1.0, shift_y: 0.0 });
    let right = pixels(Framing { zoom: 2.0, shift_x: 1.0, shift_y: 1.0 });
    assert!(left.iter().all(|&pixel| close(pixel, RED)));
    assert!(right.iter().all(|&pixel| close(pixel, BLUE)));
}

#[test]
fn pixels_become_numbers_between_minus_one_and_one() {
    let photo = Photo::from_rgba(1, 1, &[255, 0, 51, 255]).unwrap();
    let expected = [1.0, -1.0, -0.6];
    assert!(relative_error(&render(&photo, PhotoVariant::PLAIN, [1, 1]).values, &expected) < 1e-6);
}

#[test]
fn bad_files_are_refused_in_a_sentence() {
    let refusal = |bytes: &[u8]| Photo::decode(bytes, "a.png").unwrap_err();
    for bytes in [&b""[..], b"hello, this is no picture", b"GIF89a\x01\0\x01\0\0\0\0;"] {
        let error = refusal(bytes);
        assert!(matches!(error, PhotoError::NotAPicture { .. }), "{error}");
        assert_eq!(error.to_string(), "\"a.png\" is not a JPEG, PNG or WebP picture.");
    }
    let whole = png(&two_halves(64, 64));
    let error = refusal(&whole[..whole.len() / 2]);
    assert!(matches!(error, PhotoError::Damaged { .. }), "{error}");
    let whole = jpeg(&two_halves(64, 64), None);
    let error = refusal(&whole[..whole.len() / 2]).to_string();
    assert!(error.contains("damaged") && !error.contains('\n'), "{error}");
    let error = refusal(&png_claiming(10_000, 10_000));
    assert!(matches!(error, PhotoError::TooLarge { width: 10_000, height: 10_000, .. }), "{error}");
    // The header's checksum is right: a smaller lie is only found in the pixels.
    let error = refusal(&png_claiming(5, 5));
    assert!(matches!(error, PhotoError::Damaged { .. }), "{error}");
}

/// 320 MB of zeros are packed into a thousandth: they stay so.
#[test]
fn a_colour_profile_does_not_fill_the_memory_as_it_is_unpacked() {
    let mut file = Vec::new();
    let mut encoder = codecs::png::PngEncoder::new(&mut file);
    encoder.set_icc_profile(vec![0; 320 << 20]).unwrap();
    encoder.write_image(&two_halves(4, 4), 4, 4, ExtendedColorType::Rgb8).unwrap();
    assert!(file.len() < 1 << 20, "{} bytes", file.len());
    let before = held();
    take_peak();
    let photo = Photo::decode(&file, "a.png").expect("a photo");
    assert_eq!(photo.pixels(), &two_halves(4, 4));
    let taken = take_peak() - before;
    assert!(taken < 200 << 20, "{taken} bytes");
}

#[test]
fn a_folder_holds_one_to_ten_photos() {
    let dog = photos::read_folder(&in_repository("models/demo/subjects/dog")).unwrap();
    assert_eq!(dog.len(), 5);
    assert!(dog.iter().all(|photo| photo.width() == photo.height()));

    let folder = folder("counts");
    let message = || photos::read_folder(&folder).unwrap_err().to_string();
    assert!(message().starts_with("There are no photos in"));
    let file = png(&two_halves(4, 4));
    for name in 0..11 {
        std::fs::write(folder.join(format!("{name}.png")), &file).unwrap();
    }
    assert_eq!(message(), "11 photos were given; at most 10 can be used.");
    // So many of each subject.
    assert!(photos::check_count(20, 2).is_ok());
    let error = photos::check_count(21, 2).unwrap_err().to_string();
    assert_eq!(error, "21 photos were given; at most 20 can be used.");
    std::fs::remove_file(folder.join("0.png")).unwrap();
    std::fs::write(folder.join(".hidden"), "x").unwrap();
    assert_eq!(photos::read_folder(&folder).unwrap().len(), 10);
    std::fs::write(folder.join("1.png"), "x").unwrap();
    assert!(message().contains("1.png\" is not a JPEG, PNG or WebP picture"));
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(message().contains("can't be read"));
}

#[test]
fn captions_and_masks_lie_beside_their_photos() {
    let folder = folder("beside");
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    write("b.png", &png(&two_halves(8, 8)));
    write("a.jpg", &jpeg(&two_halves(8, 4), None));
    write("b.txt", b"\n  a {placeholder} asleep \nmore\n");
    write("b.mask.png", &png(&RgbImage::from_fn(8, 8, |x, _| Rgb([if x < 2 { 255 } else { 0 }; 3]))));
    let PhotoFolder { photos, captions } = PhotoFolder::read(&folder).unwrap();
    assert_eq!(captions, [None, Some("a {placeholder} asleep".to_owned())]);
    assert_eq!((photos[0].width(), photos[0].height()), (8, 4));
    assert!(photos[0].mask().is_none());
    let mask = photos[1].mask().unwrap();
    assert_eq!((mask.get_pixel(1, 3).0, mask.get_pixel(2, 3).0), ([255], [0]));
    write("a.mask.png", &png(&two_halves(8, 8)));
    let error = PhotoFolder::read(&folder).unwrap_err().to_string();
    assert!(error.contains("a.jpg\" has 8×8 pixels and the photo 8×4"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

fn variants_of(seed: u64, photo: usize, count: usize) -> Vec<PhotoVariant> {
    variants(&TrainingSettings { seed, photo_variants: count, ..Default::default() }, photo)
}

#[test]
fn framings_follow_from_the_seed() {
    assert_eq!(variants_of(3, 1, 1), [PhotoVariant::PLAIN]);
    let one = variants_of(3, 1, 4);
    assert_eq!(one, variants_of(3, 1, 4));
    assert_ne!(one, variants_of(4, 1, 4));
    assert_ne!(one[1..], variants_of(3, 2, 4)[1..]);
    assert!(one.iter().all(|variant| {
        (1.0..=1.2).contains(&variant.framing.zoom) && variant.framing.shift_x.abs() <= 1.0
    }));
}

#[test]
fn latents_are_scaled_means_of_every_framing() {
    let device = any_device();
    let config = block_on(read_text(&demo_model(), "vae/config.json")).unwrap();
    let config = AutoencoderKlConfig::from_json(&config).unwrap();
    let vae =
        AutoencoderKl::load(&mut demo_weights("vae", "diffusion_pytorch_model", &device), config).unwrap();
    let photos = &photos::read_folder(&in_repository("models/demo/subjects/dog")).unwrap()[..2];
    let mut reports = Vec::new();
    let mut progress = |done, all| {
        reports.push((done, all));
        true
    };
    let settings = TrainingSettings { photo_variants: 2, seed: 5, ..Default::default() };
    let sizes = PictureSizes::square(32);
    let encoded = PhotoLatents::encode(photos, &vae, sizes, &settings, &device, &mut progress);
    let latents = block_on(encoded).unwrap();
    assert_eq!((latents.photos(), latents.variants(), latents.shape(0)), (2, 2, [4, 4, 4]));
    assert_eq!(reports, [(1, 4), (2, 4), (3, 4), (4, 4)]);
    assert!(!latents.is_weighted());

    // At their own aspect, with a size changed: two of the three sizes of these sizes' area.
    let changed = TrainingSettings { aspect_buckets: true, size_words: true, flip: true, ..settings.clone() };
    let sizes_of_aspect = PictureSizes { resolution: 32, multiple: 8 };
    let wide = Photo::decode(&png(&two_halves(60, 30)), "wide").unwrap();
    let both = [wide, photos[0].clone()];
    let mut untold = |_, _| true;
    let encoded = PhotoLatents::encode(&both, &vae, sizes_of_aspect, &changed, &device, &mut untold);
    let sized = block_on(encoded).unwrap();
    assert_eq!((sized.bucket_count(), sized.variants()), (2, 4));
    assert_eq!((sized.shape(0), sized.shape(1)), ([3, 5, 4], [4, 4, 4]));
    assert_eq!((sized.scale(0, 0), sized.scale(1, 1)), (None, sized.scale(1, 3)));
    assert!(sized.scale(1, 1).is_some());

    // Masks are kept where the localized loss asks for them.
    let mask = Photo::decode(&png(&two_halves(60, 30)), "mask").unwrap();
    let masked = [both[0].clone().with_mask(&mask, "wide").unwrap(), photos[0].clone()];
    for (localized_loss, expected) in [(1.0, 1), (0.0, 0)] {
        let asked = TrainingSettings { localized_loss, ..settings.clone() };
        let encoded = PhotoLatents::encode(&masked, &vae, sizes, &asked, &device, &mut untold);
        assert_eq!(block_on(encoded).unwrap().masked_photos(), expected);
    }

    // One that shows nothing counts as none: its picture is all subject, not all background.
    let black = Photo::decode(&png(&RgbImage::new(60, 30)), "mask").unwrap();
    let blank = [both[0].clone().with_mask(&black, "wide").unwrap()];
    let asked = TrainingSettings { masked_loss: 0.75, ..settings.clone() };
    let encoded = PhotoLatents::encode(&blank, &vae, sizes, &asked, &device, &mut untold);
    assert!(!block_on(encoded).unwrap().is_weighted());

    let picture = render(&photos[1], variants_of(5, 1, 2)[1], [32, 32]).values;
    let picture = Tensor::from_data(TensorData::new(picture, [1, 32, 32, 3]), (&device, DType::F32));
    let alone = vae.encode(picture).mean;
    let expected = values(alone * vae.config.scaling_factor);
    assert_eq!(values(latents.gather(0, &[(1, 1)]).0), expected);
    assert_ne!(values(latents.gather(0, &[(1, 0)]).0), expected);
    assert!(matches!(
        block_on(PhotoLatents::encode(&[], &vae, sizes, &settings, &device, &mut |_, _| true)),
        Err(Error::Photo(PhotoError::None))
    ));
}
