//! The command line as a person meets it: the whole journey on the embedded model, and for each bad
//! input an exit code and one sentence, never a panic.

mod support;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use palpable::{
    pipeline::{Precision, StableDiffusion},
    training::{Photo, Trainer, TrainingSettings, checkpoint::Terms, photos},
};
use support::{block_on, demo_model, in_repository, open_any};

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
    fails_with(&["--set=flip=perhaps"], "can't be followed");
    fails_with(&["--masked-loss=2"], "must be between 0 and 1");
    caption("a cat asleep");
    fails_with(&[], "\"a cat asleep\" does not contain the new word");
}

#[test]
fn the_whole_journey() {
    let folder = folder("journey");
    let at = |name: &str| folder.join(name).display().to_string();
    let (adapter, log) = (at("cat.safetensors"), at("log.jsonl"));
    let train = [
        &PERSONALIZE[..],
        &[
            "--photos=models/demo/subjects/cat",
            "--prompt=an oil painting of a cat at night",
            &format!("--out={adapter}"),
            &format!("--log={log}"),
        ],
    ];
    succeeds(&train.concat());
    let log = std::fs::read_to_string(log).expect("a log");
    let records: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(records.len(), 4);
    for (index, record) in records.iter().enumerate() {
        assert_eq!(record["step"], index + 1);
        assert!(record["loss"].as_f64().expect("a number").is_finite());
        assert!(record["seconds"].as_f64().expect("a number") > 0.0);
        // Alignment begins after the warm-up.
        assert_eq!(record["alignmentRatio"].as_f64().expect("a number") > 0.0, index >= 2);
    }

    let inspected = succeeds(&["inspect", &adapter]);
    assert!(inspected.contains("<my-cat>"), "{inspected}");
    assert!(succeeds(&["inspect", "models/demo"]).contains("128/160/224"));

    let draw = |name: &str, adapter: &str| {
        let out = at(name);
        succeeds(&[
            "generate",
            "--device=cpu",
            "--model=models/demo",
            &format!("--adapter={adapter}"),
            "--prompt=an oil painting of <my-cat> at night",
            "--steps=3",
            "--seed=3",
            &format!("--out={out}"),
        ]);
        image::open(out).expect("a picture").to_rgb8()
    };
    let picture = draw("1.png", &adapter);
    assert_eq!(picture.dimensions(), (128, 128));
    assert_eq!(picture, draw("2.png", &format!("{adapter}:1.0")), "the same seed is the same picture");
    assert_ne!(picture, draw("3.png", &format!("{adapter}:0")), "the adapter changes the picture");

    let scores = succeeds(&[
        "score",
        "--device=cpu",
        "--model=models/demo",
        "--prompt=an oil painting of a cat at night",
        "--photos=models/demo/subjects/cat",
        "--pictures",
        &at("1.png"),
        &at("2.png"),
    ]);
    let scores: serde_json::Value = serde_json::from_str(&scores).expect("JSON");
    assert!(scores["clipText"].as_f64().expect("a number").abs() <= 1.0);
    assert!(scores["clipImage"].as_f64().expect("a number").abs() <= 1.0);
}

/// Two subjects' keys and values trained apart, then one file for both words; and a file that doesn't fit.
#[test]
fn adapters_are_merged() {
    let folder = folder("merge");
    let at = |name: &str| folder.join(name).display().to_string();
    let train = |subject: &str, extra: &[&str]| {
        let out = at(&format!("{subject}.safetensors"));
        let own = [
            "personalize",
            "--device=cpu",
            "--model=models/demo",
            "--steps=1",
            "--warmup-steps=1",
            "--batch=1",
            "--lora-lr=1e-4",
            &format!("--class-noun={subject}"),
            &format!("--placeholder=<my-{subject}>"),
            &format!("--photos=models/demo/subjects/{subject}"),
            &format!("--prompt=a photo of a {subject}"),
            &format!("--out={out}"),
        ];
        succeeds(&[&own[..], extra].concat());
        out
    };
    let keys_values = ["--trained-weights=cross-attention"];
    let (cat, dog) = (train("cat", &keys_values), train("dog", &keys_values));
    assert!(succeeds(&["inspect", &cat]).contains("Kind: Full differences of weights with a new word"));
    let both = at("both.safetensors");
    let merge = |one: &str, other: &str, model: &str| {
        let files = [format!("--adapter={one}"), format!("--adapter={other}")];
        [
            "merge".to_owned(),
            "--device=cpu".to_owned(),
            format!("--model={model}"),
            files[0].clone(),
            files[1].clone(),
            format!("--out={both}"),
        ]
    };
    let merged = merge(&cat, &dog, "models/demo");
    succeeds(&merged.each_ref().map(String::as_str));
    let inspected = succeeds(&["inspect", &both]);
    assert!(inspected.contains("New words: <my-cat> (1 vector), <my-dog> (1 vector)"), "{inspected}");

    let lora = train("backpack", &["--rank=2"]);
    fails(&merge(&cat, &lora, "models/demo").each_ref().map(String::as_str), "keys and values alone can be");
    let draw = ["generate", "--device=cpu", "--model=models/demo", "--prompt=a dog", "--steps=1"];
    let other = at("other.safetensors");
    let name = "lora_unet_conv_in.diff";
    let tensor = palpable::weights::OutgoingTensor::f32(name, &[2, 4, 3, 3], &[0.0; 72]);
    let bytes = palpable::weights::write_safetensors(&[tensor], &Default::default());
    std::fs::write(&other, bytes).expect("a file");
    let files = [format!("--adapter={other}"), format!("--out={}", at("never.png"))];
    let misfit = [&draw[..], &files.each_ref().map(String::as_str)].concat();
    fails(&misfit, "has the shape [2, 4, 3, 3], this model's weight [128, 4, 3, 3]");
}

/// An adapter written in every form, and each form read again, from files, folders and archives.
#[test]
fn adapters_are_exported() {
    let folder = folder("export");
    let at = |name: &str| folder.join(name).display().to_string();
    let path = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k";
    let (down, up) = (vec![0.5; 2 * 128], vec![0.25; 128 * 2]);
    let adapter = palpable::adapter::Adapter {
        name: "cat".to_owned(),
        lora: vec![palpable::adapter::LoraWeights {
            path: path.to_owned(),
            rank: 2,
            in_features: 128,
            out_features: 128,
            kind: palpable::model::adaptable::LayerKind::Linear,
            down,
            up,
            alpha: 1.0,
        }],
        embeddings: vec![palpable::adapter::Embedding {
            placeholder: "<my-cat>".to_owned(),
            vectors: 1,
            width: 128,
            values: vec![0.125; 128],
        }],
        ..Default::default()
    };
    let original = at("cat.safetensors");
    std::fs::write(&original, adapter.to_bytes()).expect("a file");
    let export = |from: &str, format: &str, to: &str, options: &[&str]| {
        let own = ["export", "--adapter", from, "--format", format, "--out", to];
        succeeds(&[&own[..], options].concat());
    };
    let thumbnail = in_repository("models/demo/subjects/cat/1.png").display().to_string();
    let of_project = ["--prompt=a <my-cat> in the snow", "--thumbnail", &thumbnail];
    for (format, out, options) in [
        ("kohya", "again.safetensors", &[][..]),
        ("diffusers", "diffusers", &[]),
        ("diffusers", "diffusers.zip", &[]),
        ("peft", "peft", &[]),
        ("peft", "peft.zip", &[]),
        ("project", "cat.palpable.zip", &of_project[..]),
    ] {
        let out = at(out);
        export(&original, format, &out, options);
        let inspected = succeeds(&["inspect", &out]);
        assert!(inspected.contains("New word: <my-cat> (1 vector)"), "{out}: {inspected}");
        let scale = if format == "diffusers" { "alpha 2 (scale 1)" } else { "alpha 1 (scale 0.5)" };
        assert!(inspected.contains(&format!("LoRA: rank 2, {scale}, 1 layer")), "{out}: {inspected}");
        let back = at("back.safetensors");
        export(&out, "kohya", &back, &[]);
        let same = std::fs::read(&back).expect("a file") == adapter.to_bytes();
        assert_eq!(same, format != "diffusers", "{out}");
    }
    assert!(Path::new(&at("peft/adapter_config.json")).is_file());
    assert!(Path::new(&at("diffusers/learned_embeds.safetensors")).is_file());
    export(&original, "embedding", &at("my-cat.safetensors"), &[]);
    assert!(succeeds(&["inspect", &at("my-cat.safetensors")]).contains("Kind: Embedding of a new word"));

    // A project keeps what it had when it is written again.
    let project = at("cat.palpable.zip");
    // By whatever name a browser saved it.
    let renamed = at("cat.palpable (1).zip");
    std::fs::copy(&project, &renamed).expect("a copy");
    export(&renamed, "project", &at("second.palpable.zip"), &["--prompt=another"]);
    let second = std::fs::read(at("second.palpable.zip")).expect("a file");
    let second = palpable::adapter::Project::from_bytes(&second, "second").expect("a project");
    assert_eq!(second.prompts, ["a <my-cat> in the snow", "another"]);
    assert_eq!((second.thumbnails.len(), second.photos.len()), (1, 0));

    let bad = |from: &str, expected: &str| {
        fails(&["export", "--adapter", from, "--format=kohya", "--out=never.safetensors"], expected);
    };
    fails(
        &["export", "--adapter", &original, "--format=kohya", "--prompt=a cat", "--out=never.safetensors"],
        "are for --format project",
    );
    bad("no/such/file.safetensors", "could not be read");
    bad("models/demo/subjects", "The folder subjects holds no adapter");
    bad(&at("peft/adapter_model.safetensors"), "adapter_config.json");
}

#[test]
fn pictures_from_pictures() {
    let folder = folder("from_pictures");
    let at = |name: &str| folder.join(name).display().to_string();
    let mask = image::GrayImage::from_fn(64, 64, |x, _| image::Luma([if x < 32 { 255 } else { 0 }]));
    mask.save(at("mask.png")).expect("a file");
    let cat = image::open(in_repository("models/demo/subjects/cat/1.png")).expect("a picture");
    let given = cat.thumbnail_exact(64, 64).to_rgb8();
    given.save(at("given.png")).expect("a file");
    let init = format!("--init-image={}", at("given.png"));
    let draw = |name: &str, extra: &[&str]| {
        let out = format!("--out={}", at(name));
        let start = ["generate", "--device=cpu", "--model=models/demo", &out];
        let source = [&init, "--steps=4", "--sampler=unipc"];
        succeeds(&[&start[..], &source, &["--prompt=a (red:1.3) cat"], extra].concat());
        image::open(at(name)).expect("a picture").to_rgb8()
    };
    let redrawn = draw("redrawn.png", &["--strength=0.5"]);
    assert_eq!(redrawn.dimensions(), given.dimensions());
    assert_ne!(redrawn, draw("literal.png", &["--strength=0.5", "--prompt-syntax=literal"]));
    let mask = format!("--mask={}", at("mask.png"));
    let repainted = draw("repainted.png", &[&mask, "--strength=1", "--mask-blur=2"]);
    let (right, bottom) = (given.width() - 1, given.height() - 1);
    assert_eq!(repainted.get_pixel(right, bottom), given.get_pixel(right, bottom));
    assert_ne!(repainted, given);
}

#[test]
fn bad_pictures_are_explained() {
    let folder = folder("pictures");
    let out = format!("--out={}", folder.join("x.png").display());
    let generate = |extra: &[&str], expected: &str| {
        let start = ["generate", "--device=cpu", "--model=models/demo", &out];
        fails(&[&start[..], extra].concat(), expected);
    };
    generate(&["--prompt= "], "prompt is empty");
    generate(&["--prompt=a dog", "--sampler=magic"], "ddim, pndm, euler");
    generate(&["--prompt=a dog", "--steps=0"], "steps");
    generate(&["--prompt=a dog", "--size=100x100"], "multiples of 8");
    generate(&["--prompt=a dog", "--adapter=missing.safetensors"], "missing.safetensors");
    generate(&["--prompt=a dog", "--init-image=missing.png"], "missing.png");
    generate(&["--prompt=a dog", "--init-image=README.md"], "README.md");
    let cat = "--init-image=models/demo/subjects/cat/1.png";
    generate(&["--prompt=a dog", cat, "--strength=2"], "between 0 and 1");
    generate(&["--prompt=a dog", cat, "--strength=0"], "strength is too small");
    generate(&["--prompt=a dog", cat, "--mask=README.md"], "README.md");
    generate(&["--prompt=a dog", "--averaged"], "are for checkpoint files");
    generate(&["--prompt=a dog", "--prediction=v"], "are for checkpoint files");
    fails(&["bench", "ops", "--count"], "measured, not counted");
    for nothing in ["--batch=0", "--training-batch=0", "--rank=0", "--sizes=512,0"] {
        let output = palpable(&["bench", "unet", "--count", nothing]);
        assert_eq!(output.status.code(), Some(2), "{nothing}");
    }
    let nowhere = ["generate", "--device=cpu", "--model=no/such/folder", "--prompt=a dog", &out];
    fails(&nowhere, "\"no/such/folder\" could not be read: there is no such folder or file");
    let on_a_hub = ["generate", "--device=cpu", "--model=owner/name@v2", "--prompt=a dog", &out];
    fails(&on_a_hub, "hf download owner/name --revision v2 --local-dir name");
    let address = "--model=https://models.example/a/dreamy.safetensors";
    fails(
        &["generate", "--device=cpu", address, "--prompt=a dog", &out],
        "curl -L --fail -o dreamy.safetensors https://models.example/a/dreamy.safetensors",
    );
}

#[test]
fn bad_photos_are_explained() {
    let folder = folder("photos");
    let out = format!("--out={}", folder.join("x.safetensors").display());
    let photos = folder.join("photos");
    std::fs::create_dir_all(&photos).expect("a folder");
    let train = |expected: &str| {
        let photos = format!("--photos={}", photos.display());
        fails(&[&PERSONALIZE[..], &["--prompt=a cat at night", &photos, &out]].concat(), expected);
    };
    train("no");
    std::fs::write(photos.join("letter.png"), "Dear reader").expect("a file");
    train("letter.png");
    std::fs::remove_file(photos.join("letter.png")).expect("a file");

    // A PNG whose header promises 20000 × 20000 pixels: refused by its header, not by its weight.
    let huge = photos.join("huge.png");
    image::RgbImage::new(1, 1).save(&huge).expect("a file");
    let mut bytes = std::fs::read(&huge).expect("a file");
    bytes[16..24].copy_from_slice(&[20000u32.to_be_bytes(), 20000u32.to_be_bytes()].concat());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    std::fs::write(&huge, bytes).expect("a file");
    train("megapixel");
}

#[test]
fn bad_settings_are_explained() {
    let folder = folder("settings");
    let out = format!("--out={}", folder.join("x.safetensors").display());
    let train = |extra: &[&str], expected: &str| {
        let start = ["--photos=models/demo/subjects/cat", &out];
        fails(&[&PERSONALIZE[..], &start, extra].concat(), expected);
    };
    train(&["--prompt="], "empty");
    train(&["--prompt=a cat", "--lambda=-1"], "lambda");
    train(&["--prompt=a cat", "--log=README.md/log.jsonl"], "could not be written");
}

/// Before the model is loaded: of these folders none is one.
#[test]
fn a_missing_judge_is_named() {
    let model = ["--device=cpu", "--model=tests/goldens"];
    let cat = "models/demo/subjects/cat";
    let photos = format!("--photos={cat}");
    let score = ["score", "--prompt=a cat", &photos, "--pictures=models/demo/subjects/cat/1.png"];
    let subjects = format!("--subjects={cat}");
    let out = format!("--out={}", folder("judgeless").display());
    let evaluate = ["evaluate", "--class-noun=cat", &subjects, &out];
    let personalize = ["personalize", "--class-noun=cat", "--hold-back=1", &photos, &out];
    for command in [&score[..], &evaluate, &personalize] {
        fails(&[command, &model].concat(), "name one with --clip");
    }
    fails(&[&score[..], &["--device=cpu", "--model=no-such-folder"]].concat(), "there is no such folder");
}

#[test]
fn bad_files_are_explained() {
    let folder = folder("files");
    let adapter = folder.join("adapter.safetensors");
    let path = adapter.display().to_string();
    let inspect = |bytes: &[u8], expected: &str| {
        std::fs::write(&adapter, bytes).expect("a file");
        fails(&["inspect", &path], expected);
    };
    inspect(b"", "adapter.safetensors");
    inspect(b"\x80\x02}q\x00", "adapter.safetensors");
    let header = br#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    let file = |header: &[u8], data: &[u8]| [&(header.len() as u64).to_le_bytes(), header, data].concat();
    inspect(&file(header, &[0; 4]), "cut short");
    let lying = br#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#;
    inspect(&file(lying, &[0; 8]), "not a valid safetensors file");
    fails(&["inspect", "no/such/file.safetensors"], "no/such/file.safetensors could not be read");
    fails(&["inspect", "models"], "The model folder has no unet/config.json.");
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

/// What can't be drawn or trained with is refused before the folder remembers it.
#[test]
fn a_comparison_is_checked_before_it_begins() {
    let folder = folder("unbegun");
    let out = folder.join("study");
    let compare = |extra: &[&str], expected: &str| {
        let out = format!("--out={}", out.display());
        let start =
            ["evaluate", "--device=cpu", "--model=models/demo", "--methods=ti-db", "--first-prompts=1", &out];
        fails(&[&start[..], extra].concat(), expected);
        assert!(!folder.join("study").exists(), "{extra:?}");
    };
    let cat = "--subjects=models/demo/subjects/cat";
    compare(&[cat, "--sampler=magic"], "There is no sampler \"magic\"");
    compare(&[cat, "--guidance=-1"], "guidance scale must be between");
    compare(&[cat, "--variant=weak={\"lambda\":-1}"], "\"weak\" can't be trained. The lambda is -1");
    compare(&["--subjects=no-such-folder"], "\"no-such-folder\" can't be read");
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

/// PNG's checksum, for a header that decoders believe.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}
