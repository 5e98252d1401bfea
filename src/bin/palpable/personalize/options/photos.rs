//! How photos are looked at.

use clap::Args;
use palpable::training::TrainingSettings;

use super::{Options, take};

#[derive(Args)]
#[command(next_help_heading = "Photos")]
pub struct PhotoOptions {
    /// Framings of each photo; 1 is the photo alone
    #[arg(long, value_name = "COUNT")]
    photo_variants: Option<usize>,
    /// Photos made smaller and larger, which their prompts say in words
    #[arg(long, value_name = "BOOL")]
    size_words: Option<bool>,
    /// Every other photo mirrored, at random
    #[arg(long, value_name = "BOOL")]
    flip: Option<bool>,
    /// How far brightness, contrast and saturation of further framings stray, 0 to 1
    #[arg(long, value_name = "SHARE")]
    colour_jitter: Option<f64>,
    /// Side of the squares that photos are made, in pixels; the model's own if it is left out
    #[arg(long, value_name = "PIXELS")]
    resolution: Option<usize>,
    /// Photos keep about their own aspect
    #[arg(long, value_name = "BOOL")]
    aspect_buckets: Option<bool>,
    /// How much less the background counts where a photo has a mask, 0 to 1
    #[arg(long, value_name = "SHARE")]
    masked_loss: Option<f64>,
    /// Weight of keeping the new word's attention inside the photos' masks, 0 to 10
    #[arg(long, value_name = "WEIGHT")]
    localized_loss: Option<f64>,
}

impl Options for PhotoOptions {
    fn apply(&self, settings: &mut TrainingSettings) {
        take(&mut settings.photo_variants, &self.photo_variants);
        take(&mut settings.size_words, &self.size_words);
        take(&mut settings.flip, &self.flip);
        take(&mut settings.colour_jitter, &self.colour_jitter);
        take(&mut settings.resolution, &self.resolution);
        take(&mut settings.aspect_buckets, &self.aspect_buckets);
        take(&mut settings.masked_loss, &self.masked_loss);
        take(&mut settings.localized_loss, &self.localized_loss);
    }
}
