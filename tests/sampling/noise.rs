//! The seeded noise against Random123's published answers and an independent implementation.

use palpable::sampling::noise::{normal, philox4x32};

use crate::{golden_json, support::relative_error};

/// Random123's known answers for Philox4x32-10.
#[test]
fn philox_gives_the_published_answers() {
    const ONES: u32 = u32::MAX;
    for (counter, key, answer) in [
        ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        ([ONES; 4], [ONES; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
        (
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
            [0xa409_3822, 0x299f_31d0],
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
        ),
    ] {
        assert_eq!(philox4x32(counter, key), answer);
    }
}

#[test]
fn noise_is_the_independent_implementations() {
    for case in golden_json()["noise"].as_array().unwrap() {
        let (seed, stream) = (case["seed"].as_u64().unwrap(), case["stream"].as_u64().unwrap());
        let expected: Vec<f32> = serde_json::from_value(case["values"].clone()).unwrap();
        let actual = normal(seed, stream, expected.len());
        assert!(relative_error(&actual, &expected) < 1e-7, "{seed} {stream}: {actual:?}");
    }
}

/// Fixed bits: a change here changes every picture that a seed has ever made.
#[test]
fn noise_keeps_its_bits() {
    let bits: Vec<u32> = normal(42, 0, 6).into_iter().map(f32::to_bits).collect();
    let expected = [-0.970_189_8_f32, 0.194_018_96, -1.235_620_7, 1.923_926_7, -0.073_181_51, 0.139_137_49];
    assert_eq!(bits, expected.map(f32::to_bits));
    assert_eq!(normal(42, 0, 3), normal(42, 0, 6)[..3]);
    assert!(normal(42, 0, 0).is_empty());
}

#[test]
fn noise_is_normal_and_streams_are_independent() {
    const COUNT: usize = 400_000;
    let (first, second) = (normal(7, 0, COUNT), normal(7, 1, COUNT));
    let mean_of = |power: i32| first.iter().map(|&x| f64::from(x).powi(power)).sum::<f64>() / COUNT as f64;
    for (power, expected) in [(1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0)] {
        assert!((mean_of(power) - expected).abs() < 0.05, "moment {power}: {}", mean_of(power));
    }
    let product: f64 = first.iter().zip(&second).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    assert!((product / COUNT as f64).abs() < 0.01);
    assert!(first.iter().all(|x| x.is_finite()));
}
