//! The command line as a person meets it: the whole journey on the embedded model, and for each bad
//! input an exit code and one sentence, never a panic.

mod journeys;
mod refusals;
#[path = "../support/mod.rs"]
mod support;
mod surroundings;
mod trainings;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::in_repository;

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

fn palpable(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_palpable"))
        .args(arguments)
        .current_dir(in_repository("."))
        .output()
        .expect("the program starts")
}

fn succeeds(arguments: &[&str]) -> String {
    let output = palpable(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Exit code 1, and the last thing said is a sentence with `expected` in it.
fn fails(arguments: &[&str], expected: &str) {
    let output = palpable(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
    let sentence = errors.lines().last().unwrap_or_default();
    assert!(sentence.contains(expected), "{arguments:?} said: {errors}");
    assert!(!errors.contains("panicked"), "{errors}");
}

const PERSONALIZE: [&str; 9] = [
    "personalize",
    "--device=cpu",
    "--model=models/demo",
    "--class-noun=cat",
    "--placeholder=<my-cat>",
    "--steps=4",
    "--warmup-steps=2",
    "--batch=1",
    "--rank=4",
];
