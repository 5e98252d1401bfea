//! When a run is judged, what is better, and when it ends.

use palpable::training::early_stopping::{BestScore, EarlyStopping, HeldBackScores, Standing};

fn noted(scores: &[f64]) -> Standing {
    let mut standing = Standing::default();
    for (step, score) in (1..).zip(scores) {
        standing.note(step, *score);
    }
    standing
}

fn best(step: usize, score: f64) -> Option<BestScore> {
    Some(BestScore { step, score })
}

#[test]
fn the_first_of_the_highest_scores_is_the_best() {
    assert_eq!(noted(&[]), Standing { best: None, without_gain: 0 });
    assert_eq!(noted(&[0.2, 0.5, 0.5, 0.4]), Standing { best: best(2, 0.5), without_gain: 2 });
    assert_eq!(noted(&[0.2, 0.1, 0.3]), Standing { best: best(3, 0.3), without_gain: 0 });
    // A score may be below zero; the first one is a gain all the same.
    assert_eq!(noted(&[-1.0]), Standing { best: best(1, -1.0), without_gain: 0 });
}

#[test]
fn a_score_that_is_no_number_is_no_gain() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    assert_eq!(noted(&odd), Standing { best: None, without_gain: 3 });
    assert_eq!(noted(&[f64::NAN, 0.1, f64::NAN]), Standing { best: best(2, 0.1), without_gain: 1 });
}

#[test]
fn a_run_ends_when_patience_has_run_out() {
    let stopping = |patience| EarlyStopping { evaluate_every: 10, patience };
    let waited = |evaluations| Standing { best: None, without_gain: evaluations };
    assert!(!stopping(Some(2)).ends(&waited(1)));
    assert!(stopping(Some(2)).ends(&waited(2)));
    assert!(!stopping(None).ends(&waited(1000)));
    // No patience at all is one evaluation's: the state that was just better doesn't end a run.
    assert!(!stopping(Some(0)).ends(&waited(0)));
    assert!(stopping(Some(0)).ends(&waited(1)));
}

#[test]
fn evaluations_are_due_at_multiples_and_at_the_end() {
    let stopping = EarlyStopping { evaluate_every: 10, patience: None };
    let due: Vec<_> = (0..=25).filter(|&made| stopping.is_due(made, 25)).collect();
    assert_eq!(due, [10, 20, 25]);
    assert!(EarlyStopping { evaluate_every: 0, patience: None }.is_due(1, 25));
}

#[test]
fn a_percent_of_either_score_weighs_the_same() {
    let scores =
        |text_alignment, image_alignment, dino| HeldBackScores { text_alignment, image_alignment, dino };
    let combined = |text, image| scores(text, image, None).combined();
    assert!((combined(0.25, 0.64) - 0.4).abs() < 1e-12);
    assert!((combined(0.25 * 1.01, 0.64) - combined(0.25, 0.64 * 1.01)).abs() < 1e-12);
    // A DINO stands for the likeness where there is one.
    assert_eq!(scores(0.25, 0.64, Some(0.36)).combined(), 0.3);
    assert_eq!(combined(-0.1, 0.7), 0.0);
    assert!(combined(f64::NAN, 0.7).is_nan() && combined(0.2, f64::NAN).is_nan());
}

/// A resumed run compares with the number itself, down to its last bit.
#[test]
fn a_standing_survives_json_to_the_bit() {
    for score in [0.1 + 0.2, 1.0 / 3.0, 0.412_345_678_901_234_56_f64.sqrt(), -f64::MIN_POSITIVE] {
        let standing = noted(&[score, f64::NAN]);
        let json = serde_json::to_string(&standing).unwrap();
        assert_eq!(serde_json::from_str::<Standing>(&json).unwrap(), standing);
    }
    let none: Standing = serde_json::from_str(&serde_json::to_string(&noted(&[f64::NAN])).unwrap()).unwrap();
    assert_eq!(none, Standing { best: None, without_gain: 1 });
}
