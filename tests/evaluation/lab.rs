//! `palpable evaluate` from end to end on the embedded model: interrupted, gone on with, reported.

use std::{
    cell::Cell,
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use palpable::evaluation::results::{Record, read_lines};

use crate::support::in_repository;

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

fn command(out: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palpable"));
    command.args(["evaluate", "--device=cpu", "--model=models/demo", "--steps=2", "--sampler-steps=1"]);
    command.arg(format!("--out={}", out.display())).args(arguments).current_dir(in_repository("."));
    command
}

/// Killed once it has written `lines` results.
fn interrupt(mut child: Child, results: &Path, lines: usize) {
    let started = Instant::now();
    while std::fs::read_to_string(results).unwrap_or_default().lines().count() < lines {
        assert!(started.elapsed() < Duration::from_secs(60), "no results");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A subject with a hostile name and class noun, of the embedded model's photos.
fn subject(folder: &Path) -> PathBuf {
    let photos = folder.join("<b>cat & \"co\"");
    std::fs::create_dir_all(&photos).expect("a folder");
    std::fs::copy(in_repository("models/demo/subjects/cat/1.png"), photos.join("1.png")).expect("a photo");
    let metadata = serde_json::json!({ "<b>cat & \"co\"": { "class_word": "cat" } });
    std::fs::write(folder.join("subjects.json"), metadata.to_string()).expect("a file");
    photos
}

#[test]
fn an_interrupted_comparison_goes_on_and_is_reported() {
    let folder = folder("lab");
    let out = folder.join("out");
    let photos = subject(&folder);
    let prompts = folder.join("mine.txt");
    let hostile = "a photo of {subject} <script>alert(1)</script> | style: a photo | class: {subject}";
    std::fs::write(&prompts, format!("{hostile}\n")).expect("a file");
    let subjects = format!("--subjects={}", photos.display());
    let prompts = format!("--prompts={}", prompts.display());
    let asked = [
        &subjects,
        &prompts,
        "--methods=base,ti-db,palp",
        "--variant=\"><i>=>{\"lambda\":1,\"warmupSteps\":0}",
        "--seeds=1",
        "--strengths=0.5,1",
        "--dino=tests/goldens/evaluation/dino",
    ];
    let asked = asked.map(|argument| argument.replace("<i>=>", "<i>="));
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();

    let results = out.join("results.jsonl");
    // The photos' line, the base model's picture (two lines), a training and half of its first picture.
    let child = command(&out, &asked).stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("it starts");
    interrupt(child, &results, 5);
    let (_, whole) = read_lines(&std::fs::read(&results).expect("results")).expect("records");
    let before = std::fs::read_to_string(&results).expect("results")[..whole].to_owned();
    // Half a line, and half a character.
    let torn =
        [before.as_bytes(), "{\"record\":\"picture\",\"subject\":\"caf".as_bytes(), &"é".as_bytes()[..1]]
            .concat();
    std::fs::write(&results, torn).expect("results");

    let output = command(&out, &asked).output().expect("it starts");
    assert!(output.status.success(), "{}", said(&output));
    let after = std::fs::read_to_string(&results).expect("results");
    assert!(after.starts_with(&before), "what was there stays");
    let (records, _) = read_lines(after.as_bytes()).expect("records");
    let pictures: Vec<_> = records
        .iter()
        .filter_map(|record| match record {
            Record::Picture(picture) => Some(picture),
            _ => None,
        })
        .collect();
    // One of the base model, and three adapters at two strengths.
    assert_eq!(pictures.len(), 7);
    assert_eq!(pictures.iter().map(|picture| &picture.file).collect::<BTreeSet<_>>().len(), 7);
    for picture in &pictures {
        assert!(picture.scores.text_alignment.abs() <= 1.0 && picture.scores.dino.is_some());
        assert_eq!(picture.scores.elements.len(), 2);
        assert!(out.join(&picture.file).is_file(), "{}", picture.file);
    }
    // The new word against "photo", where the subject could be cut out of a picture.
    let shares: Vec<f64> = pictures.iter().filter_map(|picture| picture.scores.contamination).collect();
    assert!(!shares.is_empty() && shares.iter().all(|share| (0.0..=1.0).contains(share)), "{shares:?}");
    let trainings: Vec<_> = records
        .iter()
        .filter_map(|record| match record {
            Record::Training(run) => {
                Some((run.method.as_str(), run.unet_evaluations, run.alignment_ratio > 0.0))
            }
            _ => None,
        })
        .collect();
    // Two steps of batch 4; alignment asks for three more predictions, at PALP's second step and at both of
    // the variant's.
    assert_eq!(trainings, [("ti-db", 8, false), ("palp", 20, true), ("\"><i>", 32, true)]);

    // Everything is there: a third start computes nothing.
    let output = command(&out, &asked).output().expect("it starts");
    assert!(output.status.success() && !said(&output).contains("picture "), "{}", said(&output));
    assert_eq!(std::fs::read_to_string(&results).expect("results"), after);

    // Pictures that lie there unscored, as another judge finds them: what was seen as they were drawn is
    // still known.
    let unscored: Vec<&str> =
        after.lines().filter(|line| !line.starts_with("{\"record\":\"picture\"")).collect();
    std::fs::write(&results, format!("{}\n", unscored.join("\n"))).expect("results");
    let output = command(&out, &asked).output().expect("it starts");
    assert!(output.status.success(), "{}", said(&output));
    let scored_again = std::fs::read_to_string(&results).expect("results");
    let (records, _) = read_lines(scored_again.as_bytes()).expect("records");
    let again: Vec<f64> = records
        .iter()
        .filter_map(|record| match record {
            Record::Picture(picture) => picture.scores.contamination,
            _ => None,
        })
        .collect();
    // As near as a number is that was written and read.
    let near = again.iter().zip(&shares).all(|(again, share)| (again - share).abs() < 1e-9);
    assert!(again.len() == shares.len() && near, "{again:?} {shares:?}");

    let html = std::fs::read_to_string(out.join("report.html")).expect("a report");
    let kept = in_repository("artifacts");
    std::fs::create_dir_all(&kept).expect("a folder");
    std::fs::write(kept.join("evaluation-report.html"), &html).expect("a file");
    for expected in [
        "strength curve",
        "<svg",
        "data:image/jpeg;base64,",
        "TI+DB",
        "color-scheme: light dark",
        "width=device-width",
    ] {
        assert!(html.contains(expected), "no {expected}");
    }
    for heading in [
        "Scores",
        "Text alignment by element",
        "Differences from TI+DB",
        "Against TI+DB",
        "Contamination",
        "Cost of a training",
        "To make it again",
        "DINO-I",
    ] {
        assert!(html.contains(heading), "no {heading}");
    }
    for hostile in ["<script", "<b>cat", "\"><i>", "http://", "https://"] {
        assert!(!html.contains(hostile), "{hostile}");
    }
    assert!(html.contains("&lt;b&gt;cat &amp; &quot;co&quot;"), "the name is shown");

    // What would mix results that differ is refused.
    let refused = |change: &str, expected: &str| {
        let output = command(&out, &[&asked[..], &[change]].concat()).output().expect("it starts");
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(expected) && !said(&output).contains("panicked"), "{}", said(&output));
    };
    refused("--guidance=3", "holds a comparison with --guidance 5.0, and this one is with --guidance 3.0;");
    refused("--vae=models/demo", "without --vae, and this one is with --vae models/demo;");
    let settings = out.join("settings.json");
    let begun = std::fs::read_to_string(&settings).expect("settings");
    let with_vae = begun.replacen('{', "{\"vae\": \"other.safetensors\",", 1);
    std::fs::write(&settings, with_vae).expect("settings");
    refused("--precision=f32", "with --vae other.safetensors, and this one is without --vae;");
    std::fs::write(&settings, begun).expect("settings");
    refused("--subjects=models/demo/subjects/mug", "of other subjects");
    std::fs::copy(in_repository("models/demo/subjects/cat/2.png"), photos.join("1.png")).expect("a photo");
    refused("--precision=f32", "of other subjects, or of the same with other photos");
    refused("--variant=x={\"lamda\":1}", "there is no setting \"lamda\"");
    refused("--variant=palp={}", "two methods called \"palp\"");
    refused("--strengths=9", "from 0 to 2");
}

/// `--only`: what two machines made of one comparison's subjects is, put together, what one makes of them.
#[test]
fn a_comparison_can_be_shared_out() {
    let folder = folder("lab_shared_out");
    let subjects = "--subjects=models/demo/subjects/cat,models/demo/subjects/mug";
    let prompts = Cell::new("--first-prompts=1");
    let run = |name: &str, more: &[&str]| {
        let out = folder.join(name);
        let asked = [subjects, "--methods=base", prompts.get(), "--seeds=1"];
        let output = command(&out, &[&asked[..], more].concat()).output().expect("it starts");
        assert!(output.status.success(), "{}", said(&output));
        let lines = std::fs::read_to_string(out.join("results.jsonl")).expect("results");
        (lines, said(&output))
    };
    let (whole, _) = run("whole", &[]);
    let (cat, _) = run("together", &["--only=cat"]);
    let (mug, progress) = run("mug", &["--only=mug"]);
    assert!(progress.contains("picture 1 of 1: mug") && !progress.contains(": cat"), "{progress}");

    let together = folder.join("together");
    std::fs::write(together.join("results.jsonl"), format!("{cat}{mug}")).expect("results");
    for picture in std::fs::read_dir(folder.join("mug/pictures")).expect("pictures").flatten() {
        let place = together.join("pictures").join(picture.file_name());
        std::fs::copy(picture.path(), place).expect("a picture");
    }
    let (after, progress) = run("together", &[]);
    assert!(!progress.contains("picture "), "{progress}");
    let sorted = |lines: &str| lines.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(sorted(&after), sorted(&whole), "the margin over the other subject included");

    // What photos score depends on the prompts. An earlier version's folder doesn't know its subjects.
    prompts.set("--first-prompts=2");
    let settings = together.join("settings.json");
    let kept = std::fs::read(&settings).expect("settings");
    let mut earlier: serde_json::Value = serde_json::from_slice(&kept).expect("JSON");
    earlier.as_object_mut().expect("an object").remove("subjects");
    std::fs::write(&settings, earlier.to_string()).expect("settings");
    let (after, _) = run("together", &[]);
    assert_eq!(after.matches("\"record\":\"photos\"").count(), 4);
    assert_eq!(std::fs::read(&settings).expect("settings"), kept);
    let report = std::fs::read_to_string(together.join("report.html")).expect("a report");
    assert!(report.contains(" of 10 photos"), "each counts once");
}

#[test]
fn bad_comparisons_are_explained() {
    let folder = folder("lab_errors");
    let out = folder.join("out");
    let refused = |arguments: &[&str], expected: &str| {
        let output = command(&out, arguments).output().expect("it starts");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(said(&output).contains(expected) && !said(&output).contains("panicked"), "{}", said(&output));
    };
    let cat = "--subjects=models/demo/subjects/cat";
    refused(&[cat, "--only=dog"], "--only dog: there is no such subject; there are cat.");
    refused(&[cat, "--methods=magic"], "There is no method \"magic\"");
    refused(&[cat, "--prompts=magic"], "built-in prompt set (complex, dreambooth)");
    refused(&["--subjects=README.md"], "No subject was given");
    refused(
        &["--subjects=models/demo/clip"],
        "\"models/demo/clip/config.json\" is not a JPEG, PNG or WebP picture.",
    );
    let nameless = folder.join("nameless");
    std::fs::create_dir_all(&nameless).expect("a folder");
    let photo = in_repository("models/demo/subjects/cat/1.png");
    std::fs::copy(photo, nameless.join("1.png")).expect("a photo");
    refused(&[&format!("--subjects={}", nameless.display())], "nameless? Give --class-noun");
    refused(&[cat, "--clip=no/such/folder"], "config.json");
    assert!(!out.exists(), "nothing was begun");
}

#[test]
fn pictures_are_scored_by_other_judges() {
    let photo = "models/demo/subjects/cat/1.png";
    let score = [
        "score",
        "--device=cpu",
        "--model=models/demo",
        "--pictures",
        photo,
        "--prompt=a photo of a cat",
        "--element=a cat",
        "--photos=models/demo/subjects/cat",
        "--other-photos",
        "models/demo/subjects/dog",
        "models/demo/subjects/car",
        "--clip=tests/goldens/evaluation/clip",
        "--dino=tests/goldens/evaluation/dino",
    ];
    let mut command = Command::new(env!("CARGO_BIN_EXE_palpable"));
    let output = command.args(score).current_dir(in_repository(".")).output().expect("it starts");
    assert!(output.status.success(), "{}", said(&output));
    let scores: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(scores["judge"], "clip and dino");
    for name in
        ["clipText", "clipScore", "clipImage", "margin", "foreground", "foregroundMargin", "dinoImage"]
    {
        assert!(scores[name].is_number(), "{name}: {scores}");
    }
    assert!(scores["elements"][0].is_number(), "{scores}");
}
