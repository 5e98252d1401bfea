//! Prior preservation: what the model is trained to go on drawing.

use clap::Args;
use palpable::training::TrainingSettings;

use super::{Options, take};

#[derive(Args)]
#[command(next_help_heading = "Prior preservation")]
pub struct PriorOptions {
    /// Pictures of the class noun that the model draws first and is trained to go on drawing
    #[arg(long, value_name = "COUNT")]
    prior_pictures: Option<usize>,
    /// How much they count beside the photos
    #[arg(long, value_name = "WEIGHT")]
    prior_weight: Option<f64>,
}

impl Options for PriorOptions {
    fn apply(&self, settings: &mut TrainingSettings) {
        take(&mut settings.prior_pictures, &self.prior_pictures);
        take(&mut settings.prior_weight, &self.prior_weight);
    }
}
