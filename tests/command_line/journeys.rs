//! From photos to adapters and pictures, and on to other programs.

use std::path::Path;

use crate::support::in_repository;
use crate::{PERSONALIZE, fails, folder, succeeds};

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

/// Weights in eight bits, as on such a GPU: the picture that browsers' are compared with.
#[test]
fn the_processor_keeps_to_a_memory_limit() {
    let out = folder("memory-limit").join("eight-bits.png");
    succeeds(&[
        "generate",
        "--device=cpu",
        "--model=models/demo",
        "--prompt=a photo of a dog",
        "--sampler=ddim",
        "--steps=2",
        "--guidance=5",
        "--seed=7",
        "--size=64x64",
        "--memory-limit=60MB",
        &format!("--out={}", out.display()),
    ]);
    let golden = in_repository("tests/goldens/native/eight-bits.png");
    let [drawn, golden] = [out, golden].map(|path| image::open(path).expect("a picture").to_rgb8());
    assert!(drawn.iter().zip(golden.iter()).all(|(a, b)| a.abs_diff(*b) <= 2));
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
