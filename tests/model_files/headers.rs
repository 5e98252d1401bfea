//! Headers: whole, cut and lying.

use palpable::weights::{Error, SafetensorsHeader};

use crate::support::in_repository;
use crate::weights::{file, header_error, two_tensors};

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let whole = two_tensors();
    for length in 0..whole.len() {
        let error = SafetensorsHeader::from_bytes("a.safetensors", &whole[..length]).unwrap_err();
        assert!(matches!(error, Error::Truncated { .. }), "at {length}: {error}");
    }
    let cut = &whole[..whole.len() - 1];
    let expected = format!(
        "a.safetensors is cut short: it has {} of {} bytes; download it again",
        cut.len(),
        whole.len()
    );
    assert_eq!(header_error(cut), expected);
}

#[test]
fn a_lying_header_is_refused() {
    let lies = [
        // Ranges: a hole, an overlap, backwards, not from 0, longer or shorter than the shape asks for.
        (
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#,
            12,
            "hole",
        ),
        (
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#,
            6,
            "overlaps",
        ),
        (r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "overlaps"),
        (r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "hole"),
        (r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "as many bytes"),
        (r#"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,8]}}"#, 8, "as many bytes"),
        // Sizes beyond all bounds.
        (r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0, "as many bytes"),
        (
            r#"{"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,18446744073709551615]}}"#,
            0,
            "beyond any",
        ),
        (r#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "cannot be read"),
        (r#"{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}"#, 4, "cannot be read"),
        // Names twice, unknown fields and types, metadata that are not strings.
        (
            r#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#,
            0,
            "twice",
        ),
        (r#"{"__metadata__":{"x":"1","x":"2"}}"#, 0, "twice"),
        (r#"{"__metadata__":{"x":1}}"#, 0, "cannot be read"),
        (r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}"#, 4, "cannot be read"),
        (r#"{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}"#, 4, "cannot be read"),
        (r#"{"a":{"dtype":"F32","shape":[1]}}"#, 0, "cannot be read"),
        // Not an object, not JSON, data after the last tensor.
        ("[]", 0, "does not start with"),
        ("", 0, "does not start with"),
        ("{", 0, "cannot be read"),
        (r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5, "goes on after"),
    ];
    for (header, data, reason) in lies {
        let error = header_error(&file(header, data));
        assert!(error.starts_with("a.safetensors is not a valid safetensors file: "), "{header}: {error}");
        assert!(error.contains(reason), "{header}: {error}");
    }
    let deep = format!("{{\"a\":{}", "[".repeat(100_000));
    assert!(header_error(&file(&deep, 0)).contains("cannot be read"));
    assert!(header_error(&[0xff; 64]).contains("longer than 100 MB"));
    let beyond_the_end = r#"{"a":{"dtype":"F32","shape":[1000],"data_offsets":[0,4000]}}"#;
    assert!(header_error(&file(beyond_the_end, 8)).contains("cut short"));
}

#[test]
fn upstreams_own_file_reads_with_its_metadata() {
    let file = std::fs::read(in_repository("models/demo/text_encoder/model.safetensors")).unwrap();
    let header = SafetensorsHeader::from_bytes("model.safetensors", &file).unwrap();
    assert_eq!((header.tensors.len(), header.metadata["format"].as_str()), (84, "pt"));
}
