//! Runs checks on a device and decides what it can be trusted with.

use burn::tensor::FloatDType;
use cubecl::dry_run::DryRun;
use serde::{Deserialize, Serialize};

use super::{Check, Known};
use crate::gpu::{
    self, Error, Gpu, KernelProfile, launch_probes,
    tiles::{Candidate, TileTable},
};

/// Which variants of the kernels a device may run, from the fastest to the simplest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Variants {
    /// Everything that the device offers.
    Offered,
    /// Reductions through workgroup memory instead of subgroup operations.
    WithoutSubgroups,
    /// Only what every WebGPU device offers.
    Simplest,
}

impl Variants {
    const LADDER: [Self; 3] = [Self::Offered, Self::WithoutSubgroups, Self::Simplest];

    /// The profile that makes kernels choose these variants.
    fn profile(self, offered: &KernelProfile) -> KernelProfile {
        let offered = offered.clone();
        match self {
            Self::Offered => offered,
            Self::WithoutSubgroups => KernelProfile { subgroups: false, ..offered },
            Self::Simplest => KernelProfile {
                submission_budget: offered.submission_budget,
                records: false,
                poison_results: offered.poison_results,
                tiles: TileTable::default().only(Candidate::simplest()),
                ..KernelProfile::default()
            },
        }
    }
}

/// What a device can be trusted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    pub variants: Variants,
    /// Whether 16-bit floats are offered and right.
    pub float16: bool,
    /// Whether matrix units are offered and right.
    pub matrix_units: bool,
}

impl Verdict {
    /// Makes kernels go by the verdict from now on; the device's report then says what was given up.
    pub fn apply(&self, gpu: &mut Gpu) {
        let profile = self.variants.profile(&KernelProfile::on(&gpu.device));
        let gives_up_units = profile.matrix_units.is_some() && !self.matrix_units;
        let matrix_units = profile.matrix_units.filter(|_| self.matrix_units);
        gpu.report.note_matrix_units(matrix_units);
        KernelProfile { matrix_units, ..profile }.set(&gpu.device);
        let notes = &mut gpu.report.notes;
        match self.variants {
            Variants::Offered => {}
            Variants::WithoutSubgroups => notes
                .push("Subgroup operations failed their check on this GPU: workgroup memory is used.".into()),
            Variants::Simplest => notes.push(
                "The faster kernels failed their check on this GPU: the simplest ones are used.".into(),
            ),
        }
        if gives_up_units && self.float16 {
            notes.push(
                "Matrix units failed their check on this GPU: 16-bit floats are multiplied without them."
                    .into(),
            );
        }
        if gpu.report.float16 && !self.float16 {
            gpu.report.float16 = false;
            notes.push(
                "16-bit floats failed their check on this GPU: 32-bit ones are used, which take more memory."
                    .into(),
            );
        }
    }
}

/// Each type's largest relative error, ‖found − expected‖ / ‖expected‖: many times the rounding errors of
/// the small cases.
const SINGLE: (FloatDType, f64) = (FloatDType::F32, 1e-4);
const HALF: (FloatDType, f64) = (FloatDType::F16, 2e-2);

/// Runs `checks` on the device and applies the verdict to it.
///
/// # Errors
/// [`Error::Wrong`] if a check fails in 32 bits with the simplest kernels, [`Error::Lost`] if the
/// device goes away, [`Error::OutOfMemory`] if it has no room for the checks.
pub async fn self_test(gpu: &mut Gpu, checks: &[Check]) -> Result<Verdict, Error> {
    let offered = KernelProfile::on(&gpu.device);
    let mut tried: Option<(KernelProfile, &'static str)> = None;
    for variants in Variants::LADDER {
        let profile = variants.profile(&offered);
        // A rung that changes nothing has been tried already.
        if tried.as_ref().is_some_and(|(other, _)| *other == profile) {
            continue;
        }
        profile.clone().set(&gpu.device);
        match first_failure(gpu, checks, SINGLE).await? {
            Some(what) => tried = Some((profile, what)),
            None => {
                let (float16, matrix_units) = half_verdict(gpu, checks, profile).await?;
                let verdict = Verdict { variants, float16, matrix_units };
                offered.set(&gpu.device);
                verdict.apply(gpu);
                return Ok(verdict);
            }
        }
    }
    offered.set(&gpu.device);
    let what = tried.map_or("nothing", |(_, what)| what);
    Err(Error::Wrong { adapter: gpu.report.adapter_name.clone(), what })
}

/// Whether 16-bit floats are right, and whether matrix units are, with which they are tried first. Goes by
/// `profile`, which the device has.
async fn half_verdict(gpu: &Gpu, checks: &[Check], profile: KernelProfile) -> Result<(bool, bool), Error> {
    if !gpu.report.float16 {
        return Ok((false, false));
    }
    let with_units = profile.matrix_units.is_some();
    if first_failure(gpu, checks, HALF).await?.is_none() {
        return Ok((true, with_units));
    }
    if !with_units {
        return Ok((false, false));
    }
    KernelProfile { matrix_units: None, ..profile }.set(&gpu.device);
    Ok((first_failure(gpu, checks, HALF).await?.is_none(), false))
}

/// Compiles the kernels that [`self_test`] and tuning will launch, by running all checks and probes with
/// every launch dropped. In a browser the worker turns this into asynchronous compilations; elsewhere it
/// gains nothing.
///
/// Meanwhile every launch of the *process* is dropped, so nothing else may compute.
pub fn compile_checks(gpu: &Gpu, checks: &[Check]) {
    let dry = DryRun::new();
    let half = gpu.report.float16.then_some(FloatDType::F16);
    for dtype in half.into_iter().chain([FloatDType::F32]) {
        for check in checks {
            (check.run)(&gpu.device, dtype);
        }
    }
    if !gpu.report.software {
        launch_probes(gpu);
    }
    // Launches wait in a queue; they are compiled when they leave it. A failure shows in the test.
    let _ = gpu.device.flush();
    drop(dry);
}

/// The name of the first check that fails, if one does.
async fn first_failure(
    gpu: &Gpu,
    checks: &[Check],
    (dtype, tolerance): (FloatDType, f64),
) -> Result<Option<&'static str>, Error> {
    // All checks are launched before the first result is awaited, so that the device goes on computing.
    let asked: Vec<(&'static str, Vec<Known>)> =
        checks.iter().map(|check| (check.name, (check.run)(&gpu.device, dtype))).collect();
    for (name, results) in asked {
        for Known { found, expected } in results {
            let read = gpu::read(found).await;
            match gpu.check() {
                // Neither error says anything about the arithmetic.
                Err(error @ (Error::Lost { .. } | Error::OutOfMemory)) => return Err(error),
                Err(_) => return Ok(Some(name)),
                Ok(()) => {}
            }
            let right = read.is_ok_and(|data| {
                let found: Vec<f64> = data.iter::<f64>().collect();
                relative_error(&found, &expected) <= tolerance
            });
            if !right {
                return Ok(Some(name));
            }
        }
    }
    Ok(None)
}

/// ‖found − expected‖₂ / ‖expected‖₂; not a number if a value isn't one, which no tolerance allows.
fn relative_error(found: &[f64], expected: &[f64]) -> f64 {
    if found.len() != expected.len() {
        return f64::NAN;
    }
    let norm = |squares: f64| squares.sqrt();
    let difference = norm(found.iter().zip(expected).map(|(a, b)| (a - b) * (a - b)).sum());
    difference / norm(expected.iter().map(|b| b * b).sum())
}
