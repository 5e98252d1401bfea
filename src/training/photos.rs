//! Photos: files → upright RGB pixels → the square picture the model is trained on.
//!
//! A file is checked from its header before its pixels are decoded, so that a huge picture costs
//! nothing. Orientation (EXIF) is applied; transparency is laid over white.

use std::io::Cursor;

use burn::tensor::{DType, Device, Tensor, TensorData};
use image::{DynamicImage, ImageDecoder, ImageReader, RgbImage, imageops};

/// A picture of this many pixels or more is refused before it is decoded.
pub const MAX_PIXELS: u64 = 100_000_000;
/// A training run takes 1 to this many photos.
pub const MAX_PHOTOS: usize = 10;

/// An upright photo in memory.
#[derive(Clone, Debug)]
pub struct Photo {
    pixels: RgbImage,
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
    #[error("There are no photos in \"{folder}\"; put 1 to {MAX_PHOTOS} JPEG, PNG or WebP files there.")]
    NoneFound { folder: String },
    #[error("No photos were given; 1 to {MAX_PHOTOS} are needed.")]
    None,
    #[error("{count} photos were given; at most {MAX_PHOTOS} can be used.")]
    TooMany { count: usize },
}

/// The part of a photo that becomes a training picture: a square inside its centre square.
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
    /// A photo from straight (not premultiplied) RGBA bytes, as a browser's canvas gives them.
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
        Ok(Self { pixels })
    }

    /// Decodes a JPEG, PNG or WebP file and turns it upright. `name` is for messages only.
    pub fn decode(bytes: &[u8], name: &str) -> Result<Self, PhotoError> {
        let not_a_picture = || PhotoError::NotAPicture { name: name.to_owned() };
        let damaged = |error: image::ImageError| PhotoError::Damaged {
            name: name.to_owned(),
            reason: error.to_string(),
        };

        let mut reader =
            ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| not_a_picture())?;
        // The size is judged below, before any pixel is decoded.
        reader.no_limits();
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

    /// The framed square as a `resolution`×`resolution` picture (Lanczos filter).
    pub fn framed(&self, framing: Framing, resolution: u32) -> RgbImage {
        let (width, height) = self.pixels.dimensions();
        let square = width.min(height);
        let side = ((f64::from(square) / framing.zoom.max(1.0)).round() as u32).clamp(1, square);
        let start = |length: u32, shift: f64| {
            let room = f64::from(square - side) * (1.0 + shift.clamp(-1.0, 1.0)) / 2.0;
            (length - square) / 2 + room.round() as u32
        };
        let part = imageops::crop_imm(
            &self.pixels,
            start(width, framing.shift_x),
            start(height, framing.shift_y),
            side,
            side,
        );
        if side == resolution {
            return part.to_image();
        }
        imageops::resize(&part.to_image(), resolution, resolution, imageops::FilterType::Lanczos3)
    }

    /// The framed square as the VAE takes it: `[1, resolution, resolution, 3]` in −1..1.
    pub fn to_tensor(&self, framing: Framing, resolution: u32, device: &Device) -> Tensor<4> {
        let picture = self.framed(framing, resolution);
        let values: Vec<f32> = picture.as_raw().iter().map(|&value| f32::from(value) / 127.5 - 1.0).collect();
        let side = resolution as usize;
        Tensor::from_data(TensorData::new(values, [1, side, side, 3]), (device, DType::F32))
    }
}

/// Whether so many photos can be trained on.
pub fn check_count(count: usize) -> Result<(), PhotoError> {
    match count {
        0 => Err(PhotoError::None),
        1..=MAX_PHOTOS => Ok(()),
        _ => Err(PhotoError::TooMany { count }),
    }
}

/// Reads a folder of 1 to [`MAX_PHOTOS`] photos, in the order of their names. Hidden files and
/// folders inside it are passed over; any other file must be a picture.
#[cfg(not(target_arch = "wasm32"))]
pub fn read_folder(folder: &std::path::Path) -> Result<Vec<Photo>, PhotoError> {
    let unreadable = |path: &std::path::Path, error: std::io::Error| PhotoError::Unreadable {
        name: path.display().to_string(),
        reason: error.to_string(),
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && !path.is_dir() {
            paths.push(path);
        }
    }
    paths.sort();
    match check_count(paths.len()) {
        Err(PhotoError::None) => Err(PhotoError::NoneFound { folder: folder.display().to_string() }),
        Err(error) => Err(error),
        Ok(()) => paths
            .iter()
            .map(|path| {
                let bytes = std::fs::read(path).map_err(|error| unreadable(path, error))?;
                Photo::decode(&bytes, &path.display().to_string())
            })
            .collect(),
    }
}
