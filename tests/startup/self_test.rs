//! The self-test on a device that is right, and on one that is made wrong.

use std::time::Instant;

use burn::tensor::{Device, FloatDType, Tensor};
use palpable::{
    gpu::{
        Error, FirstStart, Gpu, KernelProfile, MatrixLanguage, MatrixUnits,
        tiles::{Candidate, TileTable},
    },
    startup::{Check, Known, Variants, Verdict, checks_of, large_checks, self_test, small_checks, start},
};

use crate::support::{as_in_a_browser, block_on, open_gpu};

/// A check of its own making among the real ones: right as long as `holds` says so.
fn with_fault(holds: impl Fn(&Device, FloatDType) -> bool + 'static) -> Vec<Check> {
    let run = move |device: &Device, dtype: FloatDType| {
        let expected = vec![if holds(device, dtype) { 2.0 } else { 3.0 }];
        vec![Known { found: Tensor::from_floats([2.0], device), expected }]
    };
    let mut checks = small_checks();
    checks.push(Check { name: "two", run: Box::new(run) });
    checks
}

/// A device whose profile offers what there is to give up.
fn capable_gpu() -> (Gpu, KernelProfile) {
    let mut gpu = open_gpu();
    gpu.report.float16 = true;
    let profile =
        KernelProfile { workgroup_storage: 32 * 1024, subgroups: true, ..KernelProfile::on(&gpu.device) };
    profile.clone().set(&gpu.device);
    (gpu, profile)
}

#[test]
fn this_device_is_right() {
    let mut gpu = open_gpu();
    let (notes, float16, profile) =
        (gpu.report.notes.len(), gpu.report.float16, KernelProfile::on(&gpu.device));
    let started = Instant::now();
    let verdict = block_on(self_test(&mut gpu, &small_checks())).expect("a right device");
    println!("tested in {:.2} s", started.elapsed().as_secs_f64());
    let matrix_units = float16 && profile.matrix_units.is_some();
    assert_eq!(verdict, Verdict { variants: Variants::Offered, float16, matrix_units });
    assert_eq!((gpu.report.notes.len(), gpu.report.float16), (notes, float16));
    assert_eq!(KernelProfile::on(&gpu.device), profile);
}

#[test]
fn large_cases_are_right() {
    let mut gpu = open_gpu();
    let float16 = gpu.report.float16;
    let matrix_units = float16 && KernelProfile::on(&gpu.device).matrix_units.is_some();
    let verdict = block_on(self_test(&mut gpu, &large_checks())).expect("a right device");
    assert_eq!(verdict, Verdict { variants: Variants::Offered, float16, matrix_units });
}

#[test]
fn what_passes_for_a_gpu_is_tested_with_large_cases_too() {
    let mut gpu = open_gpu();
    let counts = [true, false].map(|software| {
        gpu.report.software = software;
        checks_of(&gpu).len()
    });
    assert_eq!(counts, [small_checks().len(), small_checks().len() + large_checks().len()]);
}

#[test]
fn wrong_subgroups_fall_back_to_workgroup_memory() {
    let (mut gpu, offered) = capable_gpu();
    let checks = with_fault(|device, _| !KernelProfile::on(device).subgroups);
    let verdict = block_on(self_test(&mut gpu, &checks)).expect("a usable device");
    assert_eq!(verdict.variants, Variants::WithoutSubgroups);
    assert_eq!(KernelProfile::on(&gpu.device), KernelProfile { subgroups: false, ..offered });
    assert!(gpu.report.notes.iter().any(|note| note.contains("Subgroup operations failed their check")));
}

#[test]
fn wrong_fast_kernels_fall_back_to_the_simplest() {
    let (mut gpu, _) = capable_gpu();
    let checks = with_fault(|device, _| KernelProfile::on(device).workgroup_storage == 16 * 1024);
    let verdict = block_on(self_test(&mut gpu, &checks)).expect("a usable device");
    assert_eq!(verdict.variants, Variants::Simplest);
    let tiles = TileTable::default().only(Candidate::simplest());
    assert_eq!(KernelProfile::on(&gpu.device), KernelProfile { tiles, ..KernelProfile::default() });
    assert!(gpu.report.notes.iter().any(|note| note.contains("the simplest ones are used")));
}

/// How much one submission holds follows from a measured speed, never from an assumed one.
#[test]
fn an_unmeasured_device_keeps_careful_submissions() {
    let careful = KernelProfile::default();
    let simplest = TileTable::default().only(Candidate::simplest());
    let mut measured = TileTable::default();
    measured.measured = true;
    let [kept, grown] = [simplest, measured].map(|tiles| careful.clone().with_tiles(tiles).submission_budget);
    assert_eq!(kept, careful.submission_budget);
    assert!(grown > kept);
}

#[test]
fn where_repeated_launches_are_wrong_nothing_is_recorded() {
    let gpu = open_gpu();
    let verdicts = as_in_a_browser(&gpu, || {
        let found =
            |checks: &[Check]| block_on(self_test(&mut gpu.clone(), checks)).expect("a usable device");
        let wrong = with_fault(|device, _| !KernelProfile::on(device).records);
        [found(&small_checks()), found(&wrong)].map(|verdict| verdict.variants)
    });
    assert_eq!(verdicts, [Variants::Offered, Variants::Simplest]);
    assert!(!KernelProfile::on(&gpu.device).records);
}

#[test]
fn wrong_16_bit_floats_fall_back_to_32_bits() {
    let (mut gpu, _) = capable_gpu();
    if !open_gpu().report.float16 {
        return;
    }
    let checks = with_fault(|_, dtype| dtype == FloatDType::F32);
    let verdict = block_on(self_test(&mut gpu, &checks)).expect("a usable device");
    assert_eq!(verdict, Verdict { variants: Variants::Offered, float16: false, matrix_units: false });
    assert!(!gpu.report.float16 && !gpu.report.matrix_units);
    assert!(gpu.report.notes.iter().any(|note| note.contains("16-bit floats failed their check")));
}

#[test]
fn wrong_matrix_units_fall_back_to_threads() {
    let (mut gpu, offered) = capable_gpu();
    if !open_gpu().report.float16 {
        return;
    }
    let emulated = MatrixUnits { side: 16, subgroup_size: 32, language: MatrixLanguage::Emulated };
    let offered = KernelProfile { matrix_units: Some(emulated), ..offered };
    offered.clone().set(&gpu.device);
    let checks = with_fault(|device, dtype| {
        dtype == FloatDType::F32 || KernelProfile::on(device).matrix_units.is_none()
    });
    let verdict = block_on(self_test(&mut gpu, &checks)).expect("a usable device");
    assert_eq!(verdict, Verdict { variants: Variants::Offered, float16: true, matrix_units: false });
    assert_eq!(KernelProfile::on(&gpu.device), KernelProfile { matrix_units: None, ..offered });
    assert!(gpu.report.float16 && !gpu.report.matrix_units);
    assert!(gpu.report.notes.iter().any(|note| note.contains("Matrix units failed their check")));
}

#[test]
fn a_device_that_is_wrong_in_every_way_is_refused() {
    let (mut gpu, _) = capable_gpu();
    let refused = block_on(self_test(&mut gpu, &with_fault(|_, _| false))).expect_err("a refusal");
    assert!(matches!(refused, Error::Wrong { what: "two", .. }), "{refused}");
}

/// Each real check notices a wrong number: its expectations are moved by a little more than rounding.
#[test]
fn every_check_can_fail() {
    let mut gpu = open_gpu();
    let count = small_checks().len();
    for place in 0..count {
        let mut checks = small_checks();
        let Check { name, run } = checks.remove(place);
        let spoilt = move |device: &Device, dtype: FloatDType| {
            let mut results = run(device, dtype);
            for known in &mut results {
                for value in &mut known.expected {
                    *value *= 1.05;
                }
            }
            results
        };
        let checks = [Check { name, run: Box::new(spoilt) }];
        let refused = block_on(self_test(&mut gpu, &checks)).expect_err(name);
        assert!(matches!(refused, Error::Wrong { what, .. } if what == name), "{refused}");
    }
}

#[test]
fn a_lost_device_is_said_to_be_lost() {
    let mut gpu = open_gpu();
    gpu.lose();
    let lost = block_on(self_test(&mut gpu, &small_checks())).expect_err("a lost device");
    assert!(matches!(lost, Error::Lost { .. }), "{lost}");
}

/// The second start goes by what the first one returned, as long as it is about this device.
#[test]
fn findings_are_kept() {
    let opened = Instant::now();
    let clock = move || opened.elapsed().as_secs_f64();
    let mut gpu = open_gpu();
    let first = block_on(start(&mut gpu, None, &clock)).expect("a right device");
    assert!(first.fresh);

    let mut again = open_gpu();
    let second = block_on(start(&mut again, Some(&first.memo), &clock)).expect("a right device");
    assert!(!second.fresh);
    assert_eq!(second.memo, first.memo);
    let FirstStart { test, tiles } = gpu.report.first_start.expect("it is started");
    assert!(test > 0.0 && tiles.is_none() == gpu.report.software);
    assert_eq!(again.report.first_start, gpu.report.first_start);

    // What was kept is what kernels go by, whatever this device would have measured.
    let tiles = TileTable::default().only(Candidate::simplest());
    let mut memo: serde_json::Value = serde_json::from_str(&first.memo).expect("JSON");
    memo["tiles"] = serde_json::json!(tiles);
    let third = block_on(start(&mut again, Some(&memo.to_string()), &clock)).expect("a right device");
    assert!(!third.fresh);
    assert_eq!(KernelProfile::on(&again.device).tiles, tiles);

    let other_version = first.memo.replace("palpable ", "palpable 0.");
    for useless in ["", "{}", &other_version] {
        assert_ne!(useless, first.memo);
        let third = block_on(start(&mut again, Some(useless), &clock)).expect("a right device");
        assert!(third.fresh, "{useless:?} was believed");
    }
}

/// A fallback that was found at the first start holds at the second without a test, and is said again.
#[test]
fn kept_fallbacks_are_applied() {
    let (mut gpu, _) = capable_gpu();
    let clock = || 0.0;
    let first = block_on(start(&mut gpu, None, &clock)).expect("a right device");
    let (mut again, offered) = capable_gpu();
    let found = first
        .memo
        .replace("\"offered\"", "\"withoutSubgroups\"")
        .replace("\"float16\":true", "\"float16\":false");
    let second = block_on(start(&mut again, Some(&found), &clock)).expect("a right device");
    assert!(!second.fresh);
    assert!(offered.subgroups && !KernelProfile::on(&again.device).subgroups);
    assert!(!again.report.float16);
    assert_eq!(again.report.notes.iter().filter(|note| note.contains("failed their check")).count(), 2);
}
