//! Trainings: interrupted and resumed, judged, by another method.

use std::path::Path;
use std::process::Command;

use palpable::pipeline::{Precision, StableDiffusion};
use palpable::training::checkpoint::Terms;
use palpable::training::{Photo, Trainer, TrainingSettings, photos};

use crate::support::{block_on, demo_model, in_repository, open_any};
use crate::{PERSONALIZE, fails, folder, palpable, succeeds};

/// Killed after a checkpoint and resumed, a run ends in the file that it would have ended in.
#[test]
fn an_interrupted_run_goes_on() {
    let folder = folder("interrupted");
    let file = |name: &str| folder.join(name).display().to_string();
    let photos = folder.join("photos");
    std::fs::create_dir(&photos).expect("a folder");
    std::fs::copy(in_repository("models/demo/subjects/cat/1.png"), photos.join("1.png")).expect("a photo");
    let (whole, resumed, checkpoint) = (file("whole.safetensors"), file("my.safetensors"), file("run"));
    let photos = format!("--photos={}", photos.display());
    let command = |out: &str| {
        let mut command = vec!["personalize", "--device=cpu", "--model=models/demo", "--class-noun=cat"];
        let more = ["--prompt=a photo of a cat", "--steps=27", "--warmup-steps=20", "--batch=1", "--rank=2"];
        command.extend(more);
        let given = [format!("--out={out}"), photos.clone(), "--photo-variants=1".to_owned()];
        command.into_iter().map(str::to_owned).chain(given).collect::<Vec<_>>()
    };
    let run = |out: &str, more: &[String]| {
        let all = [command(out), more.to_vec()].concat();
        palpable(&all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let kept = format!("--checkpoint={checkpoint}");
    let log_file = file("log.jsonl");
    let log = format!("--log={log_file}");
    assert!(run(&whole, &[]).status.success());

    let mut first = Command::new(env!("CARGO_BIN_EXE_palpable"))
        .args(command(&resumed))
        .args([&kept, &log])
        .current_dir(in_repository("."))
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program starts");
    let begun = std::time::Instant::now();
    while !Path::new(&checkpoint).exists() {
        assert!(first.try_wait().expect("its state").is_none(), "it ended without a checkpoint");
        assert!(begun.elapsed().as_secs() < 300, "no checkpoint was written");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    first.kill().expect("it can be killed");
    first.wait().expect("it ends");

    let logged = std::fs::read(&log_file).expect("a file");
    let refused = run(&resumed, &[kept.clone(), log.clone()]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("add --resume"));
    assert!(
        !logged.is_empty() && std::fs::read(&log_file).expect("a file") == logged,
        "the log is as it was"
    );
    // The run went a step further than its checkpoint, and was stopped in the middle of a line.
    let mut later = logged;
    later.extend(b"{\"step\": 26}\n{\"step\": 2");
    std::fs::write(&log_file, later).expect("a file");
    assert!(run(&resumed, &[kept, log, "--resume".to_owned()]).status.success());
    let logged = std::fs::read_to_string(&log_file).expect("a file");
    let step =
        |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("an object")["step"].as_u64();
    assert!(logged.lines().map(step).eq((1..=27).map(Some)), "each step once: {logged}");
    assert_eq!(std::fs::read(whole).expect("a file"), std::fs::read(resumed).expect("a file"));
    assert!(!Path::new(&checkpoint).exists(), "a finished run leaves no checkpoint");
}

/// A run judged by a photo that it doesn't see ends with its best state, and the log says how it was judged.
#[test]
fn a_run_is_judged_by_photos_held_back() {
    let folder = folder("held_back");
    let at = |name: &str| folder.join(name).display().to_string();
    let (adapter, log) = (at("cat.safetensors"), at("log.jsonl"));
    let train = |options: &[&str]| {
        let files = [format!("--out={adapter}"), format!("--log={log}")];
        let files = files.each_ref().map(String::as_str);
        let run = ["--photos=models/demo/subjects/cat", "--prompt=an oil painting of a cat at night"];
        [&PERSONALIZE[..], &run, &files, options].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let judged = train(&["--hold-back=1", "--evaluate-every=2", "--patience=1", "--photo-variants=1"]);
    let output = palpable(&judged.iter().map(String::as_str).collect::<Vec<_>>());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    // Five photos, one of them held back.
    assert!(said.contains("picture 4 of 4 prepared"), "{said}");
    let log = std::fs::read_to_string(&log).expect("a log");
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let evaluations: Vec<_> = lines.iter().filter(|line| line["evaluation"].is_object()).collect();
    assert_eq!((lines.len(), evaluations.len()), (6, 2), "{log}");
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    for (evaluation, step) in evaluations.iter().zip([2, 4]) {
        assert_eq!(evaluation["step"], step);
        let scores = &evaluation["evaluation"];
        let [text, image] = [&scores["textAlignment"], &scores["imageAlignment"]].map(number);
        assert!(text.abs() < 1.0 && image > 0.0 && image < 1.0, "{scores}");
        assert!((number(&evaluation["score"]) - (text.max(0.0) * image).sqrt()).abs() < 1e-9);
    }
    let best = if evaluations[1]["isBest"] == true { 4 } else { 2 };
    assert_eq!(number(&evaluations[1]["score"]) > number(&evaluations[0]["score"]), best == 4);
    assert!(said.contains(&format!("The best state is that after step {best}")), "{said}");
    let bytes = std::fs::read(&adapter).expect("an adapter");
    let adapter = palpable::adapter::Adapter::from_bytes(&bytes, "cat.safetensors").expect("an adapter");
    assert_eq!(adapter.details.steps, Some(best));

    let all = train(&["--hold-back=5"]);
    fails(&all.iter().map(String::as_str).collect::<Vec<_>>(), "5 of 5 photos can't be held back");
}

/// Otherwise photos that it learns from would judge it, or its scores be compared with another judge's.
#[test]
fn a_run_is_resumed_on_its_own_terms() {
    let folder = folder("terms");
    let checkpoint = folder.join("run");
    let photos = photos::read_folder(&in_repository("models/demo/subjects/cat")).expect("photos");
    let hashes: Vec<_> = photos.iter().map(Photo::hash).collect();
    let settings = TrainingSettings {
        placeholder: "<my-cat>".into(),
        class_noun: "cat".into(),
        clean_prompt: "a photo of a cat".into(),
        steps: 2,
        photo_variants: 1,
        ..Default::default()
    };
    let begun = |trained: usize| {
        block_on(async {
            let (gpu, source) = (open_any(), demo_model());
            let model = StableDiffusion::load(&gpu, &source, "demo", Precision::Float32, &mut |_| ()).await?;
            let mut trainer =
                model.trainer(&photos[..trained], settings.clone(), None, &mut |_, _| true).await?;
            trainer.step().await?;
            Ok::<_, palpable::pipeline::Error>(trainer)
        })
        .expect("a run")
    };
    let keep = |trainer: &Trainer| {
        std::fs::write(&checkpoint, block_on(trainer.checkpoint()).expect("a state")).expect("a file");
    };
    let kept = format!("--checkpoint={}", checkpoint.display());
    let out = format!("--out={}", folder.join("cat.safetensors").display());
    let resumed =
        [&PERSONALIZE[..], &["--photos=models/demo/subjects/cat", "--resume", &kept, &out]].concat();
    let refused = |options: &[&str], expected: &str| {
        fails(&[&resumed[..], options].concat(), expected);
        assert!(checkpoint.exists(), "the run can still go on");
    };

    let mut trainer = begun(5);
    // As an earlier version kept it.
    keep(&trainer);
    refused(&["--hold-back=4"], "(photos: 5; now photos: 1, 4 held back for the CLIP of demo)");
    let terms = |trained: &[String], held_back: &[String], judge: Option<&str>| {
        let [trained, held_back] = [trained, held_back].map(<[_]>::to_vec);
        Some(Terms { trained, held_back, judge: judge.map(str::to_owned) })
    };
    trainer.terms = terms(&[&hashes[1..], &hashes[..1]].concat(), &[], None);
    keep(&trainer);
    refused(&[], "was begun with other photos");
    trainer.terms = terms(&hashes, &[], None);
    keep(&trainer);
    refused(&["--hold-back=4"], "(photos: 5; now photos: 1, 4 held back");
    succeeds(&resumed);
    trainer.terms = None;
    trainer.note_score(0.5);
    keep(&trainer);
    refused(&[], "(photos: 5, others held back; now photos: 5); give --photos, --subject, --hold-back,");

    let mut trainer = begun(4);
    trainer.note_score(0.5);
    trainer.terms = terms(&hashes[..4], &hashes[4..], Some("the CLIP of demo and dino"));
    keep(&trainer);
    refused(&["--hold-back=1"], "(photos: 4, 1 held back for the CLIP of demo and dino; now photos: 4,");
    trainer.terms = terms(&hashes[..4], &hashes[4..], Some("the CLIP of demo"));
    keep(&trainer);
    refused(&["--hold-back=3"], "now photos: 2, 3 held back for the CLIP of demo)");
    // Another autoencoder of the same architecture.
    let other = folder.join("other/vae");
    std::fs::create_dir_all(&other).expect("a folder");
    for (file, change) in [("config.json", 0), ("diffusion_pytorch_model.safetensors", 1)] {
        let mut bytes = std::fs::read(in_repository("models/demo/vae").join(file)).expect("a file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= change;
        std::fs::write(other.join(file), bytes).expect("a file");
    }
    refused(
        &["--hold-back=1", &format!("--vae={}", folder.join("other").display())],
        "another model (vae/diffusion_pytorch_model.safetensors: ",
    );
    succeeds(&[&resumed[..], &["--hold-back=1"]].concat());
}

/// Custom Diffusion of two subjects with captions and masks: prior pictures, prompts by row, weights of
/// cross-attention, two words in one file.
#[test]
fn a_method_with_its_options() {
    let folder = folder("method");
    let photos = folder.join("cat");
    std::fs::create_dir_all(&photos).expect("a folder");
    for (photo, name) in [("1.png", "sleeping.png"), ("2.png", "other.png")] {
        std::fs::copy(in_repository("models/demo/subjects/cat").join(photo), photos.join(name))
            .expect("a copy");
    }
    let caption = |text: &str| std::fs::write(photos.join("sleeping.txt"), text).expect("a caption");
    caption("a {placeholder} {class} asleep");
    image::GrayImage::from_pixel(256, 256, image::Luma([255]))
        .save(photos.join("other.mask.png"))
        .expect("a mask");
    let at = |name: &str| folder.join(name).display().to_string();
    let (photos, out) =
        (format!("--photos={}", photos.display()), format!("--out={}", at("pair.safetensors")));
    let train = |options: &[&str]| {
        let method = ["--method=custom-diffusion", &photos, "--captions", &out, "--photo-variants=2"];
        let subject =
            ["--subject=<my-dog>=dog:models/demo/subjects/dog", "--template=<my-dog>=a {placeholder}"];
        [&PERSONALIZE[..], &method, &subject, options]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let arguments = train(&["--prior-pictures=2", "--masked-loss=0.5", "--set=minSnrGamma=5", "--flip=true"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let said = String::from_utf8_lossy(&palpable(&arguments).stderr).into_owned();
    assert!(said.contains("of 30 prepared") && said.contains("Use <my-cat> cat in prompts"), "{said}");
    let inspected = succeeds(&["inspect", &at("pair.safetensors")]);
    assert!(inspected.contains("<my-cat>") && inspected.contains("<my-dog>"), "{inspected}");

    let fails_with = |options: &[&str], expected: &str| {
        let arguments = train(options);
        fails(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    };
    fails_with(&["--set=nothing=1"], "there is no setting \"nothing\"");
    fails_with(&["--set=flip=perhaps"], "\"flip\" is false now, and can't be \"perhaps\"");
    fails_with(&["--masked-loss=2"], "must be between 0 and 1");
    caption("a cat asleep");
    fails_with(&[], "\"a cat asleep\" does not contain the new word");
}
