//! Matrix products by the GPU's matrix units: the same as by threads, but for rounding.
//!
//! On devices without them the units are emulated; staging, splits and epilogues are what they are on a GPU.

use burn::tensor::{DType, Device, FloatDType};
use palpable::gpu::tiles::{Candidate, TileTable, Unit};
use palpable::gpu::{Gpu, KernelProfile, MatrixLanguage, MatrixUnits};
use palpable::ops::packed::Packing;
use palpable::ops::{conv2d, linear};

use crate::comparison::{compare_on, gpu, half_rounded, numbers, precisions};
use crate::guarantees::every_operation;
use crate::packed::{of_layer, packed_kernel, packed_matrix};
use crate::support::{open_gpu_with_matrix_units, relative_error};

/// The candidates that compute by them, with sums whole and split.
fn candidates() -> Vec<Candidate> {
    let by_subgroups = |candidate: &Candidate| candidate.tile().unit == Unit::Subgroup;
    Candidate::all().filter(by_subgroups).filter(|candidate| [1, 4].contains(&candidate.splits)).collect()
}

/// The one with the shortest program.
fn smallest() -> Candidate {
    let whole = |candidate: &Candidate| candidate.splits == 1;
    candidates().into_iter().rfind(whole).expect("there are candidates")
}

/// A device that computes its products in 16 bits by this candidate, with its own matrix units or emulated ones,
/// and results start as NaN.
fn device_with(candidate: Candidate) -> Gpu {
    let gpu = open_gpu_with_matrix_units();
    let tiles = TileTable::default().only(candidate);
    let profile = KernelProfile::on(&gpu.device);
    let emulated = MatrixUnits { side: 16, subgroup_size: 32, language: MatrixLanguage::Emulated };
    let matrix_units = Some(profile.matrix_units.unwrap_or(emulated));
    KernelProfile { matrix_units, tiles, poison_results: true, ..profile }.set(&gpu.device);
    gpu
}

/// The tolerance of results in 16 bits; None where the device lacks those.
fn tolerance() -> Option<f64> {
    precisions().into_iter().find_map(|(dtype, tolerance)| (dtype == FloatDType::F16).then_some(tolerance))
}

#[test]
fn every_operation_by_matrix_units() {
    let Some(tolerance) = tolerance() else { return };
    let by_threads = every_operation(&gpu().device, FloatDType::F16, false);
    let gpu = device_with(smallest());
    let by_units = every_operation(&gpu.device, FloatDType::F16, false);
    for ((name, expected), (_, found)) in by_threads.iter().zip(&by_units) {
        for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
            let error = relative_error(found, expected);
            assert!(error <= tolerance, "{name}: result {place} is off by {error:e}");
        }
    }
    gpu.check().expect("no error on the GPU");
}

#[test]
fn linear_layers_by_every_tile_of_matrix_units() {
    let Some(tolerance) = tolerance() else { return };
    for candidate in candidates() {
        compare_on(
            &device_with(candidate),
            &format!("linear by {candidate:?}"),
            [numbers([1, 65, 77], 3), numbers([1, 129, 77], 4)],
            tolerance,
            FloatDType::F16,
            |[x, weight], _| linear::trainable_linear(x, weight.squeeze_dim(0)),
            |[x, weight], _| linear::reference::linear(x, weight.squeeze_dim(0), None),
        );
    }
}

/// Packed numbers are made floats while they are staged.
#[test]
fn packed_weights_by_matrix_units() {
    let Some(tolerance) = tolerance() else { return };
    let [rows, inputs, outputs] = [65, 63, 77];
    let weight = numbers([outputs, inputs], 50) * 0.2;
    let taps = numbers([outputs, inputs, 3, 3], 53) * 0.2;
    let gpu = device_with(smallest());
    for packing in [Packing::Halves, Packing::Integers] {
        let matrix = |device: &Device| packed_matrix(packing, &weight, device);
        let kernel = |device: &Device| packed_kernel(packing, &taps, device);
        compare_on(
            &gpu,
            &format!("{packing:?} linear by matrix units"),
            [numbers([1, rows, inputs], 52)],
            tolerance,
            FloatDType::F16,
            |[x], device| linear::linear(x, of_layer(matrix(device), DType::F16), None),
            |[x], device| {
                let weight = half_rounded(matrix(device).unpack(), FloatDType::F16);
                linear::reference::linear(x, weight.autodiff(), None)
            },
        );
        let padding = conv2d::Padding::same(1);
        compare_on(
            &gpu,
            &format!("{packing:?} convolution by matrix units"),
            [numbers([1, 5, 7, inputs], 54)],
            tolerance,
            FloatDType::F16,
            |[x], device| conv2d::conv2d(x, of_layer(kernel(device), DType::F16), None, 1, padding),
            |[x], device| {
                let weight = half_rounded(kernel(device).unpack(), FloatDType::F16);
                conv2d::reference::conv2d(x, weight.autodiff(), None, 1, padding)
            },
        );
    }
}
