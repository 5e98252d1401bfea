//! What surrounds the program: a device, a reader that goes away, a full disk, odd names.

use std::path::Path;
use std::process::Command;

use crate::support::in_repository;
use crate::{PERSONALIZE, fails, folder, palpable, succeeds};

/// The findings about a device are kept in the user's cache folder: the second start needs no test.
#[test]
#[cfg(target_os = "linux")]
fn a_device_is_tested_once() {
    let cache = folder("cache");
    let start = || {
        let output = Command::new(env!("CARGO_BIN_EXE_palpable"))
            // Found only after the device was tested: a folder that is no model.
            .args(["generate", "--model=tests", "--prompt=a dog", "--out=never.png"])
            .env("XDG_CACHE_HOME", &cache)
            .output()
            .expect("the program starts");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    const TESTED: &str = "Tested this device's arithmetic";
    let first = start();
    assert!(first.contains(TESTED), "{first}");
    let kept = std::fs::read_to_string(cache.join("palpable/device.json")).expect("findings");
    assert!(kept.contains("verdict") && kept.contains("tiles"), "{kept}");
    let second = start();
    assert!(second.contains("Computing on") && !second.contains(TESTED), "{second}");
}

/// `… | head` and a closed terminal: what nobody reads ends nothing.
#[test]
fn nobody_need_read() {
    let folder = folder("unread");
    let run = |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_palpable"))
            .args(arguments)
            .current_dir(in_repository("."))
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop((program.stdout.take(), program.stderr.take()));
        program.wait().expect("it ends").code()
    };
    assert_eq!(run(&["inspect", "models/demo"]), Some(0));
    let out = folder.join("x.png").display().to_string();
    let draw =
        ["generate", "--device=cpu", "--model=models/demo", "--prompt=a dog", "--steps=1", "--out", &out];
    assert_eq!(run(&draw), Some(0));
    assert!(Path::new(&out).is_file());
}

/// A place that can't be written to is refused before the work, and a file that can't be written leaves the one before
/// it.
#[test]
#[cfg(target_os = "linux")]
fn nothing_is_lost_for_want_of_a_place() {
    let folder = folder("places");
    let at = |name: &str| folder.join(name).display().to_string();
    std::fs::write(at("file"), "no folder").expect("a file");
    let refused = |command: &[&str], option: &str, place: &str| {
        let output = palpable(&[command, &[option, place]].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.lines().count() == 1 && said.contains(place), "{said}");
    };
    let draw = ["generate", "--device=cpu", "--model=models/demo", "--prompt=a dog", "--steps=1"];
    let (train, photos) = (PERSONALIZE, ["--photos=models/demo/subjects/cat", "--prompt=a photo of a cat"]);
    let train = [&train[..], &photos].concat();
    for command in [&draw[..], &train] {
        refused(command, "--out", &at("file/x"));
        refused(command, "--out", &at(""));
    }
    let (out, picture) = (at("cat.safetensors"), at("new/folder/x.png"));
    let train = [&train[..], &["--out", &out]].concat();
    refused(&train, "--checkpoint", &at("file/x"));
    succeeds(&[&draw[..], &["--out", &picture]].concat());

    let before = std::fs::read(&picture).expect("a file");
    let limited = |command: &[&str]| {
        // Files of at most 4 kB, and no signal for larger ones.
        let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
        let output = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_palpable")])
            .args(command)
            .current_dir(in_repository("."))
            .output()
            .expect("the program starts");
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    };
    limited(&[&draw[..], &["--seed=1", "--out", &picture]].concat());
    assert!(std::fs::read(&picture).expect("a file") == before);
    assert_eq!(
        std::fs::read_dir(folder.join("new/folder")).expect("a folder").count(),
        1,
        "no piece is left"
    );

    // A log that can't be written ends the training, but what was learned is kept.
    fails(&[&train[..], &["--log=/dev/full"]].concat(), "/dev/full could not be written");
    assert!(Path::new(&out).is_file());
    // A command that is refused leaves the log of an earlier run.
    std::fs::write(at("log"), "earlier").expect("a file");
    fails(&[&train[..], &["--lambda=-1", "--log", &at("log")]].concat(), "lambda");
    assert_eq!(std::fs::read_to_string(at("log")).expect("a file"), "earlier");
    let none = at("none");
    fails(&[&train[..], &["--checkpoint", &none, "--resume"]].concat(), "leave out --resume");
}

/// The report names its command, whatever bytes that is made of.
#[test]
#[cfg(target_os = "linux")]
fn names_need_not_be_unicode() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let out = folder("bytes").join(OsStr::from_bytes(b"study-\xff"));
    let output = Command::new(env!("CARGO_BIN_EXE_palpable"))
        .args(["evaluate", "--device=cpu", "--model=models/demo", "--subjects=models/demo/subjects/cat"])
        .args(["--methods=base", "--first-prompts=1", "--seeds=1", "--sampler-steps=1", "--out"])
        .arg(&out)
        .current_dir(in_repository("."))
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(out.join("report.html").is_file());
}
