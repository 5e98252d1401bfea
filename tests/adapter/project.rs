//! Projects: what is packed comes out again, and archives that lie, unfold or lead elsewhere are refused.

use palpable::adapter::{Adapter, Error, Project, ProjectPicture, read_adapter, read_project};
use serde_json::{Value, json};

use crate::golden_file;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and more";
const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0 and more";

fn project() -> Project {
    let name = "adapters_wide_kohya.safetensors";
    let picture = |name: &str, bytes: &[u8]| ProjectPicture { name: name.to_owned(), bytes: bytes.to_vec() };
    let settings = json!({"method": "palp", "steps": 500, "nested": {"a": [1, 2.5, null]}});
    Project {
        adapter: Adapter::from_bytes(&golden_file(name), name).unwrap(),
        settings: settings.as_object().unwrap().clone(),
        prompts: vec!["a <my-dog> in the snow, größer 🐶".to_owned(), String::new()],
        thumbnails: vec![picture("1-snow.png", PNG), picture("2-../../etc", PNG)],
        photos: Vec::new(),
    }
}

fn refusal(bytes: &[u8]) -> String {
    let error = Project::from_bytes(bytes, "mine.palpable.zip").unwrap_err();
    let sentence = error.to_string();
    assert!(!sentence.is_empty() && !sentence.contains('\n'), "{sentence}");
    sentence
}

/// A zip archive by hand: name, content, and what its headers claim.
struct Packed<'a> {
    name: &'a str,
    content: &'a [u8],
    method: u16,
    flags: u16,
    claimed: Option<u32>,
    offset: Option<u32>,
}

fn file<'a>(name: &'a str, content: &'a [u8]) -> Packed<'a> {
    Packed { name, content, method: 0, flags: 0, claimed: None, offset: None }
}

/// By the reference of the format, apart from the writer that is tested: CRC-32 bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

fn zip(files: &[Packed]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for Packed { name, content, method, flags, claimed, offset } in files {
        let size = claimed.unwrap_or(content.len() as u32);
        let mut common = [20, *flags, *method, 0, 33].map(u16::to_le_bytes).concat();
        common.extend([crc32(content), size, size].map(u32::to_le_bytes).concat());
        common.extend([name.len() as u16, 0].map(u16::to_le_bytes).concat());
        let own = offset.unwrap_or(archive.len() as u32);
        archive.extend([b"PK\x03\x04", common.as_slice(), name.as_bytes(), content].concat());
        directory.extend(
            [b"PK\x01\x02\x14\0", common.as_slice(), &[0; 10], &own.to_le_bytes(), name.as_bytes()].concat(),
        );
    }
    let (count, start) = (files.len() as u16, archive.len() as u32);
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].map(u16::to_le_bytes).concat());
    archive.extend([directory.len() as u32, start].map(u32::to_le_bytes).concat());
    archive.extend([0, 0]);
    archive
}

fn manifest(changes: Value) -> Vec<u8> {
    let mut manifest = json!({"palpableProject": 1, "name": "x", "adapter": "adapter.safetensors"});
    manifest.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    manifest.to_string().into_bytes()
}

#[test]
fn a_project_comes_back() {
    let project = project();
    let bytes = project.to_bytes().unwrap();
    let read = Project::from_bytes(&bytes, "renamed.zip").unwrap();
    assert_eq!(
        (&read.adapter, &read.settings, &read.prompts),
        (&project.adapter, &project.settings, &project.prompts)
    );
    let thumbnails: Vec<_> =
        read.thumbnails.iter().map(|picture| (picture.name.as_str(), &picture.bytes[..])).collect();
    assert_eq!(thumbnails, [("1-1snow.png", PNG), ("2-etc.etc", PNG)]);
    assert!(read.photos.is_empty());
    assert_eq!(read_adapter(&bytes, "mine.palpable.zip").unwrap(), project.adapter);
    assert_eq!(read_adapter(&project.adapter.to_bytes(), "x").unwrap(), project.adapter);

    assert_eq!(read_project(&bytes, "mine.palpable.zip").unwrap(), Some(read));
    assert_eq!(read_project(&project.adapter.to_bytes(), "mine.safetensors").unwrap(), None);

    let photos = vec![ProjectPicture { name: "dog.JPG".to_owned(), bytes: JPEG.to_vec() }];
    let bytes = Project { photos, ..project }.to_bytes().unwrap();
    let read = Project::from_bytes(&bytes, "x").unwrap();
    assert_eq!(read.photos, [ProjectPicture { name: "1-dog.JPG".to_owned(), bytes: JPEG.to_vec() }]);
}

/// The writer of these tests and the one that is tested write the same archive.
#[test]
fn archives_are_those_of_other_programs() {
    let adapter = project().adapter.to_bytes();
    let given = |flags| {
        zip(&[
            Packed { flags, ..file("palpable.json", &manifest(json!({"thumbnails": ["t.png"]}))) },
            Packed { flags, ..file("adapter.safetensors", &adapter) },
            Packed { flags, ..file("folder/", b"") },
            Packed { flags, ..file("t.png", PNG) },
        ])
    };
    for flags in [0, 1 << 11, 1 << 3] {
        let read = Project::from_bytes(&given(flags), "x").unwrap();
        assert_eq!((read.adapter.lora.len(), read.thumbnails.len()), (93, 1), "flags {flags}");
    }
    let mut commented = given(0);
    let length = commented.len();
    commented[length - 2..].copy_from_slice(&5_u16.to_le_bytes());
    commented.extend(b"hello");
    assert!(Project::from_bytes(&commented, "x").is_ok());
    assert_eq!(
        refusal(&commented[..length + 4]),
        "mine.palpable.zip is no zip archive that can be read: it has no directory, so it is cut short or no zip archive"
    );
}

#[test]
fn hostile_archives_are_refused() {
    let adapter = project().adapter.to_bytes();
    let manifest = manifest(json!({}));
    let with = |further: Vec<Packed>| {
        let mut files = vec![file("palpable.json", &manifest), file("adapter.safetensors", &adapter)];
        files.extend(further);
        refusal(&zip(&files))
    };
    for name in
        ["../x", "a/../../x", "/etc/passwd", "a//b", "./x", "C:x", "a\\b", "..", "a/..", "nul\0x", "x\n", ""]
    {
        let sentence = with(vec![file(name, b"")]);
        assert!(
            sentence.contains("leads out of its folder") || sentence.contains("is empty or very long"),
            "{name:?}: {sentence}"
        );
    }
    let long = "x".repeat(201);
    for (packed, words) in [
        (file(&long, b""), "empty or very long"),
        (file("Palpable.JSON", b"{}"), "two files of one name"),
        (Packed { method: 8, ..file("x", b"\x03\0") }, "it is compressed"),
        (Packed { flags: 1, ..file("x", b"") }, "it is encrypted"),
        (Packed { claimed: Some(1_000_000_000), ..file("x", b"") }, "longer than the archive"),
        (Packed { claimed: Some(u32::MAX), ..file("x", b"") }, "longer than the archive"),
        (Packed { offset: Some(u32::MAX), ..file("x", b"") }, "cut short"),
        // What makes a bomb of a small archive: many entries that are one and the same data.
        (Packed { offset: Some(0), ..file("palpable.json.", &manifest) }, "goes by two names"),
        (file("folder/", b"content"), "a folder of it has content"),
    ] {
        let sentence = with(vec![packed]);
        assert!(sentence.contains(words), "{sentence} (expected: {words})");
    }
    // A file within the bytes of another one.
    let inner = zip(&[file("inner", b"12345678")]);
    let content = &inner[..30 + 5 + 8];
    let start = (30 + "outer".len()) as u32;
    let overlapping =
        zip(&[file("outer", content), Packed { offset: Some(start), ..file("inner", b"12345678") }]);
    assert!(refusal(&overlapping).contains("two of its files share bytes"));
    let many: Vec<String> = (0..1001).map(|index| format!("{index}")).collect();
    let sentence = refusal(&zip(&many.iter().map(|name| file(name, b"")).collect::<Vec<_>>()));
    assert!(sentence.contains("more than 1000 files"), "{sentence}");

    let mut damaged = zip(&[file("palpable.json", &manifest), file("adapter.safetensors", &adapter)]);
    damaged[50] ^= 1;
    assert!(refusal(&damaged).contains("a checksum is wrong"));
    for bytes in [&b""[..], b"PK", b"PK\x03\x04", &[0; 22], b"PK\x05\x06"] {
        assert!(refusal(bytes).contains("is no zip archive"));
    }
}

#[test]
fn projects_that_make_no_sense_are_refused() {
    let adapter = project().adapter.to_bytes();
    let with = |manifest: &[u8]| {
        refusal(&zip(&[
            file("palpable.json", manifest),
            file("adapter.safetensors", &adapter),
            file("text.png", b"no picture"),
        ]))
    };
    let large = "x".repeat(1 << 20);
    for (changes, words) in [
        (json!({"palpableProject": 2}), "a newer version of Palpable wrote it"),
        (json!({"palpableProject": 0}), "no version that is known"),
        (json!({"palpableProject": "1"}), "is not a manifest"),
        (json!({"adapter": "elsewhere.safetensors"}), "the adapter it names is missing"),
        (json!({"thumbnails": ["gone.png"]}), "a picture it names is missing"),
        (json!({"thumbnails": ["text.png"]}), "neither PNG nor JPEG nor WebP"),
        (json!({"photos": vec!["text.png"; 101]}), "more than 100 pictures"),
        (json!({"thumbnails": ["text.png"], "photos": ["text.png"]}), "it names a picture twice"),
        (json!({"prompts": vec!["a"; 201]}), "more than 200 prompts"),
        (json!({"prompts": ["x".repeat(2001)]}), "more than 200 prompts, or one of more than 2000"),
        (json!({"name": "x".repeat(101)}), "longer than 100 characters"),
        (json!({"settings": {"text": large}}), "more than 1 MB"),
        (json!({"settings": []}), "is not a manifest"),
    ] {
        let sentence = with(&manifest(changes.clone()));
        assert!(sentence.contains(words), "{sentence} (expected: {words})");
    }
    assert!(with(b"{").contains("is not a manifest"));
    assert!(refusal(&zip(&[file("x", b"")])).contains("it has no palpable.json"));
    let damaged = zip(&[file("palpable.json", &manifest(json!({}))), file("adapter.safetensors", b"{")]);
    assert!(matches!(Project::from_bytes(&damaged, "x"), Err(Error::File(_))));

    let too_much = Project { prompts: vec!["x".repeat(2001)], ..project() };
    assert!(matches!(too_much.to_bytes(), Err(Error::Project { .. })));
}

/// PyTorch's pickles are zip archives too.
#[test]
fn pickles_in_archives_are_still_pickles() {
    let torch = zip(&[file("archive/data.pkl", b"\x80\x02}q\0."), file("archive/data/0", b"1234")]);
    for name in ["lora.pt", "lora.bin", "lora.safetensors"] {
        assert_eq!(read_adapter(&torch, name).unwrap_err(), Error::Pickle { file: name.to_owned() });
    }
    let error = read_adapter(&torch, "lora.zip").unwrap_err();
    assert_eq!(error, Error::EmptyFolder { folder: "lora".to_owned() });
    assert!(matches!(read_adapter(&torch[..60], "lora.zip"), Err(Error::Archive { .. })));
}
