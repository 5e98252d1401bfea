//! Image to image and inpainting.

use image::{GrayImage, Luma, RgbImage};
use palpable::pipeline::{
    Error, Generation, GenerationSettings, NoisePurpose, Picture, SourcePicture, StableDiffusion,
};

use crate::{assert_equal, demo, draw, finish, golden_picture, settings};

fn name_of(purpose: NoisePurpose) -> &'static str {
    match purpose {
        NoisePurpose::EncodedPicture => "encoded_picture",
        _ => "first_latents",
    }
}

/// White in the middle of the lower part, as in tools/goldens/pipeline.py.
fn mask() -> GrayImage {
    let white = |x, y| (32..96).contains(&x) && y >= 48;
    GrayImage::from_fn(128, 128, |x, y| Luma([if white(x, y) { 255 } else { 0 }]))
}

fn source(mask: Option<GrayImage>) -> SourcePicture {
    SourcePicture { picture: golden_picture("ddim.png"), mask }
}

fn draw_golden(model: &StableDiffusion, sampler: &str, strength: f64, mask: Option<GrayImage>) -> Picture {
    let settings = GenerationSettings { strength, ..settings(sampler) };
    draw(model, &settings, Some(&source(mask)), "pipeline/source_noise.safetensors", name_of)
}

#[test]
fn redrawn_pictures_equal_diffusers() {
    let model = demo();
    assert_equal(&draw_golden(&model, "ddim", 0.6, None), "image_to_image_ddim.png");
    assert_equal(&draw_golden(&model, "dpm++-2m-karras", 0.75, None), "image_to_image_dpm.png");
}

#[test]
fn repainted_pictures_equal_diffusers() {
    let model = demo();
    assert_equal(&draw_golden(&model, "ddim", 0.7, Some(mask())), "inpaint_ddim.png");
    assert_equal(&draw_golden(&model, "euler", 1.0, Some(mask())), "inpaint_euler.png");
}

/// Far from a soft edge the pixels are the given ones, and in its middle new ones.
#[test]
fn a_soft_edge_gives_back_what_is_kept() {
    let model = demo();
    let given = golden_picture("ddim.png");
    let settings = GenerationSettings { steps: 2, strength: 1.0, mask_blur: 4.0, ..settings("euler-a") };
    let source = source(Some(mask()));
    let picture = finish(Generation::from_picture(&model, &settings, &[], &source).expect("valid settings"));
    let pixel = |x: usize, y: usize| &picture.rgb[3 * (y * 128 + x)..][..3];
    let same = |x: u32, y: u32| pixel(x as usize, y as usize) == given.get_pixel(x, y).0;
    assert!((0..128).all(|y| same(2, y) && same(125, y)));
    assert!((0..128).all(|x| same(x, 2)));
    let changed = (60..110).filter(|&y| !same(64, y)).count();
    assert!(changed > 40, "{changed}");
}

/// Without a size the given picture's is taken, down to a multiple of 8; with one it is stretched.
#[test]
fn sizes_follow_the_given_picture() {
    let model = demo();
    let picture = RgbImage::from_fn(75, 50, |x, y| image::Rgb([3 * x as u8, 5 * y as u8, 90]));
    let source = SourcePicture { picture, mask: Some(mask()) };
    for (width, height, expected) in [(0, 0, (72, 48)), (64, 0, (64, 48)), (40, 64, (40, 64))] {
        let settings = GenerationSettings { steps: 2, strength: 0.5, width, height, ..settings("pndm") };
        let generation = Generation::from_picture(&model, &settings, &[], &source).expect("valid settings");
        let picture = finish(generation);
        assert_eq!((picture.width, picture.height), expected);
    }
}

#[test]
fn given_pictures_that_make_no_sense_are_explained() {
    let model = demo();
    let explain = |settings: GenerationSettings, source: SourcePicture| {
        let error = Generation::from_picture(&model, &settings, &[], &source).err().expect("it is refused");
        error.sentence()
    };
    let weak = GenerationSettings { strength: 0.04, ..settings("ddim") };
    assert!(explain(weak, source(None)).contains("strength is too small"));
    let black = source(Some(GrayImage::new(128, 128)));
    assert_eq!(explain(settings("ddim"), black), Error::EmptyMask.to_string());
    // From the middle of the greys on a pixel is white.
    let grey = |value: u8| source(Some(GrayImage::from_pixel(128, 128, Luma([value]))));
    assert_eq!(explain(settings("ddim"), grey(127)), Error::EmptyMask.to_string());
    assert!(Generation::from_picture(&model, &settings("ddim"), &[], &grey(128)).is_ok());
    // A spot of 8 pixels in a mask that is blurred by 32.
    let spot = GrayImage::from_fn(128, 128, |x, y| Luma([if x.max(y) < 8 { 255 } else { 0 }]));
    let blurred = GenerationSettings { mask_blur: 32.0, ..settings("ddim") };
    assert_eq!(explain(blurred, source(Some(spot))), Error::BlurredMask(32.0).to_string());
    let tiny = SourcePicture { picture: RgbImage::new(7, 40), mask: None };
    assert!(explain(settings("ddim"), tiny).contains("multiples of 8"));
    let none = SourcePicture { picture: RgbImage::new(0, 0), mask: None };
    assert!(explain(settings("ddim"), none).contains("multiples of 8"));
}
