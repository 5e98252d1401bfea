//! Photos: files → upright RGB pixels → the square picture the model is trained on.
//!
//! A file is checked from its header before its pixels are decoded, so that a huge picture costs
//! nothing. Orientation (EXIF) is applied; transparency is laid over white, and kept as the subject's
//! mask.

use std::io::Cursor;

use image::{
    DynamicImage, GrayImage, ImageBuffer, ImageDecoder, ImageReader, Limits, Luma, Pixel, RgbImage, imageops,
};

use crate::weights::sha256;

/// A picture of this many pixels or more is refused before it is decoded.
pub const MAX_PIXELS: u64 = 100_000_000;
/// Bytes that a PNG may hold beside its pixels, unpacked: colour profiles take some kilobytes, and a hostile
/// one's grows a thousandfold as it is unpacked.
const MAX_BESIDE_PIXELS: u64 = 64 << 20;
/// A training run takes 1 to this many photos of each subject.
pub const MAX_PHOTOS: usize = 10;

/// An upright photo in memory.
#[derive(Clone, Debug)]
pub struct Photo {
    pixels: RgbImage,
    /// White where the subject is.
    mask: Option<GrayImage>,
}

/// Why a photo, or a set of photos, can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PhotoError {
    #[error("\"{name}\" is not a JPEG, PNG or WebP picture.")]
    NotAPicture { name: String },
    #[error("\"{name}\" has {width}×{height} pixels, too many to open; make it smaller than 100 megapixels.")]
    TooLarge { name: String, width: u32, height: u32 },
    #[error("\"{name}\" is damaged and can't be opened ({reason}).")]
    Damaged { name: String, reason: String },
    #[error("\"{name}\" can't be read ({reason}).")]
    Unreadable { name: String, reason: String },
    #[error("{count} bytes are not a picture of {width}×{height} pixels with red, green, blue and alpha.")]
    WrongByteCount { count: usize, width: u32, height: u32 },
    #[error(
        "The mask of \"{name}\" has {0}×{1} pixels and the photo {2}×{3}; make it as large, white where the subject is.",
        mask.0, mask.1, photo.0, photo.1
    )]
    MaskSize { name: String, mask: (u32, u32), photo: (u32, u32) },
    #[error("There are no photos in \"{folder}\"; put 1 to {MAX_PHOTOS} JPEG, PNG or WebP files there.")]
    NoneFound { folder: String },
    #[error("No photos were given; 1 to {MAX_PHOTOS} are needed.")]
    None,
    #[error("{count} photos were given; at most {most} can be used.")]
    TooMany { count: usize, most: usize },
}

/// The part of a photo that becomes a training picture: a square inside its centre square (for pictures of
/// another aspect a rectangle inside the largest centred one of that aspect).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Framing {
    /// 1 takes the whole centre square, 1.25 a square of 1/1.25 of its side.
    pub zoom: f64,
    /// Where that square lies in the room the zoom leaves: −1 left, 0 centre, 1 right.
    pub shift_x: f64,
    /// The same from top (−1) to bottom (1).
    pub shift_y: f64,
}

impl Framing {
    /// The whole centre square.
    pub const CENTRE: Self = Self { zoom: 1.0, shift_x: 0.0, shift_y: 0.0 };
}

impl Photo {
    /// A photo from straight (not premultiplied) RGBA bytes, as a browser's canvas gives them. Where it is
    /// not opaque all over, its alpha becomes the mask.
    pub fn from_rgba(width: u32, height: u32, rgba: &[u8]) -> Result<Self, PhotoError> {
        let expected = u64::from(width) * u64::from(height) * 4;
        if expected == 0 || rgba.len() as u64 != expected {
            return Err(PhotoError::WrongByteCount { count: rgba.len(), width, height });
        }
        let (colours, _) = rgba.as_chunks::<4>();
        let over_white = |colour: u8, alpha: u8| {
            let alpha = u32::from(alpha);
            ((u32::from(colour) * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        let pixels = RgbImage::from_fn(width, height, |x, y| {
            let [red, green, blue, alpha] = colours[y as usize * width as usize + x as usize];
            image::Rgb([red, green, blue].map(|colour| over_white(colour, alpha)))
        });
        let opaque = colours.iter().all(|[.., alpha]| *alpha == 255);
        let mask = (!opaque).then(|| {
            GrayImage::from_fn(width, height, |x, y| {
                Luma([colours[y as usize * width as usize + x as usize][3]])
            })
        });
        Ok(Self { pixels, mask })
    }

    /// The photo with this picture's brightness as its mask: white where the subject is. `name` is the
    /// photo's, for messages only.
    ///
    /// # Errors
    /// The two differ in size.
    pub fn with_mask(self, mask: &Photo, name: &str) -> Result<Self, PhotoError> {
        let (found, wanted) = (mask.pixels.dimensions(), self.pixels.dimensions());
        if found != wanted {
            return Err(PhotoError::MaskSize { name: name.to_owned(), mask: found, photo: wanted });
        }
        Ok(Self { mask: Some(mask.as_mask()), ..self })
    }

    /// The picture's brightness, read as a mask: white acts, black or transparent does not.
    pub fn as_mask(&self) -> GrayImage {
        let mut grey = imageops::grayscale(&self.pixels);
        if let Some(alpha) = &self.mask {
            // The pixels lie over white: c·a + 255·(1 − a). Over black they would be c·a.
            for (grey, alpha) in grey.iter_mut().zip(alpha.iter()) {
                *grey = grey.saturating_sub(255 - alpha);
            }
        }
        grey
    }

    /// White where the subject is, as large as the photo.
    pub fn mask(&self) -> Option<&GrayImage> {
        self.mask.as_ref()
    }

    /// Decodes a JPEG, PNG or WebP file and turns it upright. `name` is for messages only.
    pub fn decode(bytes: &[u8], name: &str) -> Result<Self, PhotoError> {
        let not_a_picture = || PhotoError::NotAPicture { name: name.to_owned() };
        let damaged = |error: image::ImageError| PhotoError::Damaged {
            name: name.to_owned(),
            // Some of the decoders' end with a line break.
            reason: error.to_string().trim().to_owned(),
        };

        let mut reader =
            ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| not_a_picture())?;
        // The size in pixels is judged below, before any is decoded.
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(MAX_BESIDE_PIXELS);
        reader.limits(limits);
        let mut decoder = match reader.into_decoder() {
            Ok(decoder) => decoder,
            Err(image::ImageError::Unsupported(_)) => return Err(not_a_picture()),
            Err(error) => return Err(damaged(error)),
        };
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) >= MAX_PIXELS {
            return Err(PhotoError::TooLarge { name: name.to_owned(), width, height });
        }
        let orientation = decoder.orientation().map_err(damaged)?;
        let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
        picture.apply_orientation(orientation);
        let picture = picture.into_rgba8();
        Self::from_rgba(picture.width(), picture.height(), picture.as_raw())
    }

    /// What tells photos apart: a hash of pixels and mask.
    pub fn hash(&self) -> String {
        let size = [self.width(), self.height()].map(u32::to_le_bytes).concat();
        let mask = self.mask.as_ref().map_or(&[][..], |mask| mask.as_raw());
        sha256([&size, self.pixels.as_raw(), mask].into_iter())
    }

    /// The whole photo, upright.
    pub fn pixels(&self) -> &RgbImage {
        &self.pixels
    }

    pub fn width(&self) -> u32 {
        self.pixels.width()
    }

    pub fn height(&self) -> u32 {
        self.pixels.height()
    }

    /// The framed part of the largest centred rectangle with the aspect of `size`, as a picture of that width
    /// and height (Lanczos filter).
    pub fn cropped(&self, framing: Framing, size: [u32; 2]) -> RgbImage {
        crop(&self.pixels, framing, size)
    }

    /// The same part of the mask.
    pub fn cropped_mask(&self, framing: Framing, size: [u32; 2]) -> Option<GrayImage> {
        self.mask.as_ref().map(|mask| crop(mask, framing, size))
    }
}

fn crop<P>(
    pixels: &ImageBuffer<P, Vec<u8>>,
    framing: Framing,
    [width, height]: [u32; 2],
) -> ImageBuffer<P, Vec<u8>>
where
    P: Pixel<Subpixel = u8> + 'static,
{
    let [whole_width, whole_height] = largest_part(pixels.dimensions(), [width, height]);
    let zoomed = |length: u32| ((f64::from(length) / framing.zoom.max(1.0)).round() as u32).clamp(1, length);
    let [part_width, part_height] = [whole_width, whole_height].map(zoomed);
    let start = |length: u32, whole: u32, part: u32, shift: f64| {
        let room = f64::from(whole - part) * (1.0 + shift.clamp(-1.0, 1.0)) / 2.0;
        (length - whole) / 2 + room.round() as u32
    };
    let part = imageops::crop_imm(
        pixels,
        start(pixels.width(), whole_width, part_width, framing.shift_x),
        start(pixels.height(), whole_height, part_height, framing.shift_y),
        part_width,
        part_height,
    );
    if [part_width, part_height] == [width, height] {
        return part.to_image();
    }
    imageops::resize(&part.to_image(), width, height, imageops::FilterType::Lanczos3)
}

/// Width and height of the largest rectangle with the aspect of `size` in a picture.
fn largest_part((width, height): (u32, u32), size: [u32; 2]) -> [u32; 2] {
    let [aspect_width, aspect_height] = size.map(|length| u64::from(length.max(1)));
    let scaled = |length: u32, by: u64, of: u64| {
        let scaled = (u64::from(length) * by + of / 2) / of;
        u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
    };
    [
        width.min(scaled(height, aspect_width, aspect_height)),
        height.min(scaled(width, aspect_height, aspect_width)),
    ]
}

/// Whether this number of photos of this many subjects can be trained on.
pub fn check_count(count: usize, subjects: usize) -> Result<(), PhotoError> {
    let most = MAX_PHOTOS * subjects;
    match count {
        0 => Err(PhotoError::None),
        _ if count > most => Err(PhotoError::TooMany { count, most }),
        _ => Ok(()),
    }
}

/// The photos of a folder, in the order of their names (see
/// [`PhotoFolder`](super::photo_folder::PhotoFolder)).
#[cfg(not(target_arch = "wasm32"))]
pub fn read_folder(folder: &std::path::Path) -> Result<Vec<Photo>, PhotoError> {
    super::photo_folder::PhotoFolder::read(folder).map(|found| found.photos)
}
