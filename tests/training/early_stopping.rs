//! Early stopping: when a run is judged, what is better, when it ends and with what, also resumed.

use palpable::adapter::Adapter;
use palpable::pipeline::{self, Evaluation, RunObserver, run_training};
use palpable::training::early_stopping::{BestScore, EarlyStopping, HeldBackScores, Standing};
use palpable::training::{Trainer, TrainingRecord, TrainingSettings};

use crate::support::{block_on, open_any};
use crate::tiny::{Tiny, resume, run, settings, state, trained_values};

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
    for score in [0.1 + 0.2, 1.0 / 3.0, 0.412_345_678_901_234_6_f64.sqrt(), -f64::MIN_POSITIVE] {
        let standing = noted(&[score, f64::NAN]);
        let json = serde_json::to_string(&standing).unwrap();
        assert_eq!(serde_json::from_str::<Standing>(&json).unwrap(), standing);
    }
    let none: Standing = serde_json::from_str(&serde_json::to_string(&noted(&[f64::NAN])).unwrap()).unwrap();
    assert_eq!(none, Standing { best: None, without_gain: 1 });
}

/// Scores as they are written down, one an evaluation, by the step it is of.
struct Scripted<'a> {
    stopping: EarlyStopping,
    score_at: &'a dyn Fn(usize) -> f64,
    judged: Vec<(usize, bool, bool)>,
    kept: Vec<usize>,
    checkpoints: Vec<Vec<u8>>,
}

impl<'a> Scripted<'a> {
    fn new(patience: Option<usize>, score_at: &'a dyn Fn(usize) -> f64) -> Self {
        let stopping = EarlyStopping { evaluate_every: 2, patience };
        Self { stopping, score_at, judged: Vec::new(), kept: Vec::new(), checkpoints: Vec::new() }
    }

    fn run(&mut self, trainer: &mut Trainer) {
        let gpu = open_any();
        block_on(run_training(trainer, &gpu, 3, self)).map_err(|broken| broken.error).unwrap();
    }
}

impl RunObserver<pipeline::Error> for Scripted<'_> {
    fn made(&mut self, _record: TrainingRecord) -> Result<(), pipeline::Error> {
        Ok(())
    }

    fn keep(&mut self, adapter: Adapter) -> Result<(), pipeline::Error> {
        self.kept.extend(adapter.details.steps);
        Ok(())
    }

    fn wants_checkpoints(&self) -> bool {
        true
    }

    fn keep_checkpoint(&mut self, checkpoint: Vec<u8>) -> Result<(), pipeline::Error> {
        self.checkpoints.push(checkpoint);
        Ok(())
    }

    fn early_stopping(&self) -> Option<EarlyStopping> {
        Some(self.stopping)
    }

    async fn score(&mut self, trainer: &Trainer) -> Result<f64, pipeline::Error> {
        Ok((self.score_at)(trainer.steps_made()))
    }

    fn judged(&mut self, evaluation: Evaluation) -> Result<(), pipeline::Error> {
        self.judged.push((evaluation.step, evaluation.is_best(), evaluation.ends));
        Ok(())
    }
}

/// Best after step 4, then ever worse.
fn rising_and_falling(step: usize) -> f64 {
    1.0 / 3.0 - (step as f64 - 4.0).abs()
}

fn ten_steps(tiny: &Tiny) -> Trainer {
    tiny.trainer(&TrainingSettings { steps: 10, ..settings() })
}

#[test]
fn a_run_that_gets_worse_ends_with_its_best_state() {
    let tiny = Tiny::new();
    let mut best = ten_steps(&tiny);
    run(&mut best, 4);
    let mut trainer = ten_steps(&tiny);
    let mut observer = Scripted::new(Some(2), &rising_and_falling);
    observer.run(&mut trainer);
    let judged = [(2, true, false), (4, true, false), (6, false, false), (8, false, true)];
    assert_eq!(observer.judged, judged);
    assert_eq!(trainer.steps_made(), 8);
    assert_eq!(trained_values(&trainer), trained_values(&best));
    // Each better state, and the best one at the end; the regular ones are not put in its place.
    assert_eq!(observer.kept, [2, 4, 4]);
}

#[test]
fn without_patience_all_steps_are_made_and_the_best_is_the_result() {
    let tiny = Tiny::new();
    let mut trainer = ten_steps(&tiny);
    let mut observer = Scripted::new(None, &rising_and_falling);
    observer.run(&mut trainer);
    assert_eq!(observer.judged.len(), 5);
    assert_eq!((trainer.steps_made(), observer.kept.last()), (10, Some(&4)));
}

/// Without a number there is no best: the run is one that nobody judged.
#[test]
fn scores_that_are_no_numbers_leave_the_last_state() {
    let tiny = Tiny::new();
    let mut plain = ten_steps(&tiny);
    run(&mut plain, 10);
    let mut trainer = ten_steps(&tiny);
    let mut observer = Scripted::new(None, &|_| f64::NAN);
    observer.run(&mut trainer);
    assert_eq!(trained_values(&trainer), trained_values(&plain));
    assert_eq!(observer.kept, [3, 6, 9, 10]);
}

/// From any of its checkpoints a run goes on to the same evaluations and the same end.
#[test]
fn a_resumed_run_is_judged_as_the_uninterrupted_one() {
    let tiny = Tiny::new();
    let mut whole = ten_steps(&tiny);
    let mut observer = Scripted::new(Some(2), &rising_and_falling);
    observer.run(&mut whole);
    assert_eq!(observer.checkpoints.len(), 2);
    for checkpoint in &observer.checkpoints {
        let mut resumed = resume(&tiny, checkpoint).unwrap();
        let made = resumed.steps_made();
        let mut again = Scripted::new(Some(2), &rising_and_falling);
        again.run(&mut resumed);
        let rest: Vec<_> = observer.judged.iter().filter(|(step, ..)| *step > made).copied().collect();
        assert_eq!(again.judged, rest, "resumed after step {made}");
        assert_eq!(state(&resumed), state(&whole), "resumed after step {made}");
    }
}
