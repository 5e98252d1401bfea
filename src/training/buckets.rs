//! Picture sizes for photos that roughly keep their own aspect: each has about the area of the model's own
//! square, and sides that its U-Net halves evenly.

use super::TrainingSettings;
use super::photos::Photo;

/// Sides differ at most by this factor; a longer photo is cropped.
const WIDEST_ASPECT: u32 = 2;

/// The sizes that a model is trained at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureSizes {
    /// Side of its square pictures, in pixels.
    pub resolution: u32,
    /// Sides of other pictures are multiples of this.
    pub multiple: u32,
}

impl PictureSizes {
    /// Squares only.
    pub fn square(resolution: u32) -> Self {
        Self { resolution, multiple: resolution }
    }

    /// Width and height of all sizes: for each height the largest width whose area does not exceed the
    /// square's.
    pub fn buckets(self) -> Vec<[u32; 2]> {
        let Self { resolution, multiple } = self;
        let area = resolution * resolution;
        let heights =
            (1..).map(|count| count * multiple).take_while(|height| *height <= WIDEST_ASPECT * resolution);
        let mut buckets: Vec<_> = heights
            .map(|height| [area / height / multiple * multiple, height])
            .filter(|&[width, height]| width > 0 && width.max(height) <= WIDEST_ASPECT * width.min(height))
            .collect();
        if !buckets.contains(&[resolution; 2]) {
            buckets.push([resolution; 2]);
        }
        buckets
    }

    /// Width and height of a photo's pictures: the square, or with aspect buckets the size whose aspect is
    /// nearest (by ratio; of two as near, the larger picture).
    pub fn of_photo(self, photo: &Photo, settings: &TrainingSettings) -> [u32; 2] {
        let square = [self.resolution; 2];
        if !settings.aspect_buckets {
            return square;
        }
        let aspect = |width: u32, height: u32| (f64::from(width) / f64::from(height)).ln();
        let wanted = aspect(photo.width(), photo.height());
        let distance = |&[width, height]: &[u32; 2]| (aspect(width, height) - wanted).abs();
        let nearer = |a: &[u32; 2], b: &[u32; 2]| {
            distance(a).total_cmp(&distance(b)).then((b[0] * b[1]).cmp(&(a[0] * a[1])))
        };
        self.buckets().into_iter().min_by(nearer).unwrap_or(square)
    }
}
