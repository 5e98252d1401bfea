//! For each bad input an exit code and one sentence.

use crate::{PERSONALIZE, fails, folder, palpable};

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

/// As all options that can't be read: the arguments' parser refuses them, with its own exit code.
#[test]
fn counts_of_nothing_are_explained() {
    for (command, counts) in [
        (&["bench", "unet"][..], &["--batch=0", "--training-batch=0", "--rank=0", "--sizes=512,0"][..]),
        (&["evaluate"], &["--seeds=0", "--training-seeds=0", "--steps=0"]),
        (&["personalize"], &["--evaluate-every=0", "--patience=0"]),
    ] {
        for nothing in counts {
            let output = palpable(&[command, &[*nothing]].concat());
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{command:?} {nothing}: {said}");
            assert!(said.contains("write a whole number from 1 up"), "{command:?} {nothing}: {said}");
        }
    }
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

/// PNG's checksum, for a header that decoders believe.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}
