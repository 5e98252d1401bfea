//! What happens when a device is met for the first time: it proves its arithmetic, and what it fails
//! at is done in a simpler way from then on. The findings are kept for later visits.
//!
//! Drivers are buggy in ways no feature flag tells: 16-bit floats that lose their sign, subgroups of
//! another size than announced, a compiler that reorders a barrier. A picture of noise would be the
//! only sign. So each family of kernels computes a small case with a known result, forward and
//! backward, in each type of numbers, and falls back: 16-bit floats to 32-bit ones, subgroup
//! operations to workgroup memory, larger tiles to the smallest. A device that fails with the simplest
//! kernels is refused.

mod checks;
mod comparison;
mod host;
mod large_checks;
mod memo;
mod self_test;

pub use checks::{Check, small_checks};
pub use comparison::Known;
pub use large_checks::large_checks;
pub use memo::DeviceMemo;
pub use self_test::{Variants, Verdict, compile_checks, self_test};

use crate::gpu::{Error, FirstStart, Gpu, KernelProfile, tune};

/// Seconds that measuring a device's tiles may take at its first start.
const TUNING_SECONDS: f64 = 3.0;

/// A device that may be computed on.
#[derive(Clone, Debug)]
pub struct Started {
    /// Findings to be kept for the next start, as text.
    pub memo: String,
    /// Whether the findings are new, because none were kept or those that were are out of date.
    pub fresh: bool,
}

/// The checks that a device must pass: the large ones too, unless it is a software adapter.
pub fn checks_of(gpu: &Gpu) -> Vec<Check> {
    let large = if gpu.report.software { Vec::new() } else { large_checks() };
    small_checks().into_iter().chain(large).collect()
}

/// Tests the device and measures which tiles suit its matrix products and how fast they are (for the size of
/// submissions), or goes by the findings that were `kept` of the same device with the same kernels. From now
/// on the kernels go by the findings, and the device's report says so. `clock` tells seconds; the library has
/// no clock of its own in a browser.
///
/// # Errors
/// [`Error::Wrong`] if the simplest kernels fail, [`Error::Lost`] if the device goes away,
/// [`Error::OutOfMemory`] if it has no room for the test.
pub async fn start(gpu: &mut Gpu, kept: Option<&str>, clock: &dyn Fn() -> f64) -> Result<Started, Error> {
    let subject = memo::subject(gpu);
    let known = kept.and_then(|text| DeviceMemo::from_json(text, &subject));
    let fresh = known.is_none();
    let memo = match known {
        Some(memo) => {
            memo.verdict.apply(gpu);
            memo
        }
        None => {
            let begun = clock();
            let verdict = self_test(gpu, &checks_of(gpu)).await?;
            let tested = clock();
            let tiles = match verdict.variants {
                // The tiles that the verdict is about.
                Variants::Simplest => KernelProfile::on(&gpu.device).tiles,
                // Tuning gains nothing where compiling takes longer than computing.
                _ if gpu.report.software => KernelProfile::on(&gpu.device).tiles,
                _ => tune(gpu, TUNING_SECONDS, clock).await?,
            };
            let tile_seconds = tiles.measured.then(|| (clock() - tested) as f32);
            let first_start = FirstStart { test: (tested - begun) as f32, tiles: tile_seconds };
            DeviceMemo::new(subject, verdict, tiles, first_start)
        }
    };
    KernelProfile::on(&gpu.device).with_tiles(memo.tiles.clone()).set(&gpu.device);
    gpu.report.first_start = Some(memo.first_start);
    Ok(Started { memo: memo.to_json(), fresh })
}
