//! `preprocessor_config.json`: pictures → the pixel values that CLIP's image encoder takes
//! (transformers' `CLIPImageProcessor`: bicubic resize, centre crop, rescale, normalize).

use image::{RgbImage, imageops};
use serde::Deserialize;
use serde_json::Value;

use super::resize::resize_bicubic;
use crate::model::Error;

/// What error messages call it.
const COMPONENT: &str = "CLIP image processor";
/// The longest side that a picture is stretched to, in pixels; judges look at some hundred.
const MAX_SIDE: u32 = 1 << 12;
/// Pillow's number of the bicubic filter.
const BICUBIC: u32 = 3;
/// OpenAI's normalization.
const MEAN: [f64; 3] = [0.48145466, 0.4578275, 0.40821073];
const STD: [f64; 3] = [0.26862954, 0.26130258, 0.27577711];
/// ImageNet's.
const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// How a picture is prepared.
#[derive(Clone, Debug)]
pub(super) struct ImageProcessor {
    resize: Resize,
    /// Height and width of the centre that is kept.
    crop: Option<[u32; 2]>,
    centre: Centre,
    rescale_factor: f32,
    mean: [f32; 3],
    std: [f32; 3],
}

/// Where the centre begins if an odd number of pixels is cut away.
#[derive(Clone, Copy, Debug)]
enum Centre {
    /// transformers' rule: half of the rest, rounded down.
    Down,
    /// torchvision's: rounded to the nearest whole number, of two equally near ones the even one.
    Even,
}

#[derive(Clone, Copy, Debug)]
enum Resize {
    /// To this height and width.
    Exactly([u32; 2]),
    /// The shorter side becomes so long, the proportions stay.
    ShortestEdge(u32),
}

#[derive(Deserialize)]
struct Settings {
    #[serde(default = "yes")]
    do_resize: bool,
    #[serde(default = "default_size")]
    size: Size,
    #[serde(default = "bicubic")]
    resample: u32,
    #[serde(default = "yes")]
    do_center_crop: bool,
    #[serde(default = "default_size")]
    crop_size: Size,
    #[serde(default = "yes")]
    do_rescale: bool,
    #[serde(default = "default_rescale_factor")]
    rescale_factor: f32,
    #[serde(default = "yes")]
    do_normalize: bool,
    #[serde(default = "default_mean")]
    image_mean: [f64; 3],
    #[serde(default = "default_std")]
    image_std: [f64; 3],
}

/// Older files give one number, newer ones name it.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Size {
    One(u32),
    ShortestEdge { shortest_edge: u32 },
    HeightWidth { height: u32, width: u32 },
}

fn yes() -> bool {
    true
}

fn default_size() -> Size {
    Size::One(224)
}

fn bicubic() -> u32 {
    BICUBIC
}

fn default_rescale_factor() -> f32 {
    1.0 / 255.0
}

fn default_mean() -> [f64; 3] {
    MEAN
}

fn default_std() -> [f64; 3] {
    STD
}

impl Centre {
    /// Pixels cut away before the centre, of so many in all.
    fn start(self, rest: u32) -> u32 {
        match self {
            Self::Down => rest / 2,
            Self::Even => rest / 2 + u32::from(rest % 4 == 3),
        }
    }
}

impl ImageProcessor {
    /// `image_size`: the height and width that the image encoder takes.
    ///
    /// # Errors
    /// A setting is of the wrong kind or not supported, or the result would have another size.
    pub fn from_json(json: &str, image_size: usize) -> Result<Self, Error> {
        let settings: Settings = serde_json::from_str(json)
            .map_err(|reason| Error::UnreadableConfig { component: COMPONENT, reason })?;
        let unsupported = |setting, value: Value| {
            let value = value.to_string();
            Err(Error::UnsupportedSetting { component: COMPONENT, setting, value })
        };
        if !settings.do_resize {
            return unsupported("do_resize", false.into());
        }
        if settings.resample != BICUBIC {
            return unsupported("resample", settings.resample.into());
        }
        let processor = Self {
            resize: match settings.size {
                Size::One(edge) | Size::ShortestEdge { shortest_edge: edge } => Resize::ShortestEdge(edge),
                Size::HeightWidth { height, width } => Resize::Exactly([height, width]),
            },
            crop: settings.do_center_crop.then_some(match settings.crop_size {
                Size::One(edge) | Size::ShortestEdge { shortest_edge: edge } => [edge, edge],
                Size::HeightWidth { height, width } => [height, width],
            }),
            centre: Centre::Down,
            rescale_factor: if settings.do_rescale { settings.rescale_factor } else { 1.0 },
            mean: if settings.do_normalize { settings.image_mean.map(|mean| mean as f32) } else { [0.0; 3] },
            std: if settings.do_normalize { settings.image_std.map(|std| std as f32) } else { [1.0; 3] },
        };
        let longest = match processor.resize {
            Resize::ShortestEdge(edge) => edge,
            Resize::Exactly([height, width]) => height.max(width),
        };
        if longest > MAX_SIDE {
            return unsupported("size", longest.into());
        }
        if !processor.std.iter().all(|std| std.is_normal()) {
            return unsupported("image_std", settings.image_std.to_vec().into());
        }
        if processor.output_size().is_none_or(|size| size.map(|side| side as usize) != [image_size; 2]) {
            let reason = format!("it does not make pictures of {image_size}×{image_size}");
            return Err(Error::InconsistentConfig { component: COMPONENT, reason });
        }
        Ok(processor)
    }

    /// What DreamBooth prepares pictures for DINO with: torchvision's `Resize(256, bicubic)` and
    /// `CenterCrop(224)`, in proportion for another `image_size`, and ImageNet's normalization.
    pub fn of_dreambooth(image_size: usize) -> Self {
        let side = image_size as u32;
        Self {
            resize: Resize::ShortestEdge((side * 256).div_ceil(224)),
            crop: Some([side; 2]),
            centre: Centre::Even,
            rescale_factor: 1.0 / 255.0,
            mean: IMAGENET_MEAN,
            std: IMAGENET_STD,
        }
    }

    /// Height and width of every result, if they are the same for all pictures.
    fn output_size(&self) -> Option<[u32; 2]> {
        match (self.resize, self.crop) {
            (Resize::Exactly(size), None) => Some(size),
            (Resize::Exactly([height, width]), Some(crop)) => {
                (crop[0] <= height && crop[1] <= width).then_some(crop)
            }
            (Resize::ShortestEdge(_), None) => None,
            (Resize::ShortestEdge(edge), Some(crop)) => (crop[0] <= edge && crop[1] <= edge).then_some(crop),
        }
    }

    /// A picture with at least one pixel → `[height, width, 3]` in the order of its pixels.
    pub fn pixel_values(&self, picture: &RgbImage) -> Vec<f32> {
        let (width, height) = picture.dimensions();
        let [new_height, new_width] = match self.resize {
            Resize::Exactly(size) => size,
            Resize::ShortestEdge(edge) => {
                let longer = |long: u32, short: u32| {
                    (u64::from(edge) * u64::from(long) / u64::from(short.max(1))) as u32
                };
                if height <= width { [edge, longer(width, height)] } else { [longer(height, width), edge] }
            }
        };
        let mut resized = resize_bicubic(picture, new_width, new_height);
        if let Some([height, width]) = self.crop {
            let (left, top) = (self.centre.start(new_width - width), self.centre.start(new_height - height));
            resized = imageops::crop_imm(&resized, left, top, width, height).to_image();
        }
        let channel = |channel: usize, value: u8| {
            (f32::from(value) * self.rescale_factor - self.mean[channel]) / self.std[channel]
        };
        resized.into_raw().iter().enumerate().map(|(index, &value)| channel(index % 3, value)).collect()
    }
}
