//! The options of `palpable personalize` that become settings, a file a group of the help. Each group puts
//! what was given in place of what the method has.

mod adaptation;
mod alignment;
mod new_word;
mod optimization;
mod photos;
mod prior;
mod prompts;
#[cfg(test)]
mod tests;
mod values;

use palpable::training::TrainingSettings;

pub use adaptation::AdaptationOptions;
pub use alignment::AlignmentOptions;
pub use new_word::NewWordOptions;
pub use optimization::OptimizationOptions;
pub use photos::PhotoOptions;
pub use prior::PriorOptions;
pub use prompts::PromptOptions;

/// Options of one group.
pub trait Options {
    fn apply(&self, settings: &mut TrainingSettings);
}

/// What was given replaces the setting.
fn take<T, G: Into<T> + Clone>(setting: &mut T, given: &Option<G>) {
    if let Some(given) = given {
        *setting = given.clone().into();
    }
}
