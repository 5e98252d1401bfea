//! Reading and writing model files: what upstream writes loads, what is broken says so in a sentence.

use std::collections::{BTreeMap, HashMap};

use crate::support::{any_device, block_on, demo_model, in_repository, values};
use burn::tensor::{FloatDType, Tensor};
use palpable::ops::{frozen_weight::FrozenWeight, packed::Packing};
use palpable::weights::{
    Error, MemorySource, OutgoingTensor, SafetensorsHeader, StoredType, Weights, component_files,
    read_config, write_safetensors,
};

const STEM: &str = "diffusion_pytorch_model";

/// A file with the given header and so many bytes of data.
fn file(header: &str, data: usize) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.resize(file.len() + data, 0);
    file
}

fn header_error(file: &[u8]) -> String {
    SafetensorsHeader::from_bytes("a.safetensors", file).unwrap_err().to_string()
}

fn two_tensors() -> Vec<u8> {
    let tensors = [
        OutgoingTensor::f32("b", &[2, 2], &[1.0, 2.0, 3.0, 4.0]),
        OutgoingTensor::f16("a", &[3], &[0.5, -1.0, 2.0]),
    ];
    write_safetensors(&tensors, &BTreeMap::from([("format".to_owned(), "pt".to_owned())]))
}

fn load(source: &MemorySource, dtype: FloatDType) -> Result<Weights, Error> {
    block_on(Weights::load(source, "unet", STEM, &any_device(), dtype, &mut |_| {}))
}

#[test]
fn a_written_file_reads_back() {
    let file = two_tensors();
    let header = SafetensorsHeader::from_bytes("a.safetensors", &file).unwrap();
    assert_eq!(header.metadata["format"], "pt");
    assert_eq!(header.data_start % 8, 0);
    let [wide, narrow] = &header.tensors[..] else { panic!("{header:?}") };
    assert_eq!((wide.name.as_str(), wide.dtype, &wide.shape[..]), ("b", StoredType::F32, &[2, 2][..]));
    assert_eq!((narrow.name.as_str(), narrow.dtype, &narrow.shape[..]), ("a", StoredType::F16, &[3][..]));

    let mut source = MemorySource::default();
    source.insert(format!("unet/{STEM}.safetensors"), file);
    let mut weights = load(&source, FloatDType::F32).unwrap();
    assert_eq!(values(weights.take("b", [2, 2]).unwrap()), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(values(weights.take("a", [3]).unwrap()), [0.5, -1.0, 2.0]);
    assert!(!weights.contains("a"), "a tensor is taken once");
}

#[test]
fn every_stored_float_becomes_the_wanted_one() {
    let mut data = Vec::new();
    data.extend((-1.5_f64).to_le_bytes());
    data.extend(half::bf16::from_f32(3.0).to_le_bytes());
    data.extend(half::f16::from_f32(0.25).to_le_bytes());
    let header = r#"{"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},
        "b":{"dtype":"BF16","shape":[1],"data_offsets":[8,10]},
        "h":{"dtype":"F16","shape":[],"data_offsets":[10,12]},
        "ids":{"dtype":"I64","shape":[1,2],"data_offsets":[12,28]},
        "nothing":{"dtype":"F32","shape":[2,0],"data_offsets":[28,28]}}"#;
    let mut bytes = file(header, 0);
    bytes.extend(data);
    bytes.extend([0; 16]);
    let mut source = MemorySource::default();
    source.insert(format!("unet/{STEM}.safetensors"), bytes);
    for dtype in [FloatDType::F32, FloatDType::F16] {
        let mut weights = load(&source, dtype).unwrap();
        assert_eq!(values(weights.take("d", [1]).unwrap()), [-1.5]);
        assert_eq!(values(weights.take("b", [1]).unwrap()), [3.0]);
        assert_eq!(values(weights.take("h", [1]).unwrap()), [0.25], "a scalar is taken as [1]");
        let error = weights.take("ids", [1, 2]).unwrap_err();
        assert!(error.to_string().starts_with("\"ids\" of unet is stored as I64, "), "{error}");
        assert!(error.to_string().ends_with("choose a file of the model in fp16, bf16 or fp32"), "{error}");
    }
    let error = load(&source, FloatDType::F32).unwrap().take("nothing", [2, 0]).unwrap_err();
    assert_eq!(error.to_string(), "\"nothing\" of unet holds nothing");
    let error = load(&source, FloatDType::F64).unwrap_err();
    assert_eq!(error.to_string(), "weights can be loaded as f32 or f16, not as f64");
}

/// Subnormals, both zeros and all the rest.
#[test]
fn every_16_bit_float_keeps_its_value() {
    let all = (0..=u16::MAX).map(half::f16::from_bits).filter(|number| number.is_finite());
    let all: Vec<half::f16> = all.collect();
    let mut bytes = file(r#"{"all":{"dtype":"F16","shape":[63488],"data_offsets":[0,126976]}}"#, 0);
    bytes.extend(all.iter().flat_map(|number| number.to_le_bytes()));
    let mut source = MemorySource::default();
    source.insert(format!("unet/{STEM}.safetensors"), bytes);
    let found = values(load(&source, FloatDType::F32).unwrap().take("all", [63488]).unwrap());
    for (found, number) in found.into_iter().zip(all) {
        assert!(found.to_bits() == number.to_f32().to_bits(), "{found} for {number}");
    }
}

/// Where a model takes it: files may hold more than models take.
#[test]
fn a_weight_that_is_not_finite_is_named_with_its_file() {
    let damaged = |number: f32| {
        [
            ("F64", f64::from(number).to_le_bytes().to_vec()),
            ("F32", number.to_le_bytes().to_vec()),
            ("F16", half::f16::from_f32(number).to_le_bytes().to_vec()),
            ("BF16", half::bf16::from_f32(number).to_le_bytes().to_vec()),
        ]
    };
    let path = format!("unet/{STEM}.safetensors");
    for (stored, number) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY].into_iter().flat_map(damaged) {
        let size = number.len();
        let header = format!(
            r#"{{"whole":{{"dtype":"{stored}","shape":[1],"data_offsets":[0,{size}]}},"damaged":{{"dtype":"{stored}","shape":[2],"data_offsets":[{size},{}]}}}}"#,
            3 * size
        );
        let bytes = [file(&header, 2 * size), number].concat();
        let length = bytes.len() as u64;
        let mut source = MemorySource::default();
        source.insert(&*path, bytes);
        for dtype in [FloatDType::F32, FloatDType::F16] {
            let mut read = 0;
            let device = any_device();
            let progress = &mut |bytes| read += bytes;
            let loading = Weights::load(&source, "unet", STEM, &device, dtype, progress);
            let mut weights = block_on(loading).unwrap();
            assert_eq!(read, length, "every byte was counted");
            assert_eq!(values(weights.take("whole", [1]).unwrap()), [0.0]);
            let error = weights.take("damaged", [2]).unwrap_err().to_string();
            let expected =
                format!("\"damaged\" in {path} holds numbers that are not finite: the file is damaged");
            assert!(error.starts_with(&expected), "{stored}: {error}");
        }
    }
    for packing in [Packing::Halves, Packing::Integers] {
        for shape in [&[1, 2][..], &[2, 1, 3, 3]] {
            let mut numbers = vec![0.0; shape.iter().product()];
            numbers[1] = f32::NAN;
            let mut weights = load_packed("w.weight", shape, &numbers, packing).expect("weights");
            let taken = match *shape {
                [outputs, inputs] => weights.take_matrix("w.weight", [outputs, inputs]).map(drop),
                _ => weights.take_kernel("w.weight", [2, 1, 3, 3]).map(drop),
            };
            assert!(matches!(taken, Err(Error::NotFinite { .. })), "{taken:?}");
        }
    }
}

#[test]
fn a_number_too_large_for_f16_is_refused() {
    let tensors = HashMap::from([("w".to_owned(), (vec![1], vec![1e6]))]);
    let error = Weights::from_tensors(tensors, &any_device(), FloatDType::F16).unwrap_err();
    assert!(error.to_string().contains("too large for 16-bit floats"), "{error}");
}

/// A file of one tensor in f32, loaded with its numbers packed.
fn load_packed(name: &str, shape: &[usize], numbers: &[f32], packing: Packing) -> Result<Weights, Error> {
    let file = write_safetensors(&[OutgoingTensor::f32(name, shape, numbers)], &BTreeMap::new());
    let mut source = MemorySource::default();
    source.insert(format!("unet/{STEM}.safetensors"), file);
    let (files, device) = (["unet", STEM], any_device());
    block_on(Weights::load_packed(&source, files, &device, FloatDType::F32, Some(packing), &mut |_| ()))
}

/// Those of linear layers, of 1×1 convolutions and of 3×3 ones, also where no word is full.
#[test]
fn packed_weights_are_those_of_the_file() {
    // Exact in 16 and in eight bits.
    let numbers: Vec<f32> = (0..54).map(|index| [127, 3, -64, 100, -127][index % 5] as f32 / 128.0).collect();
    for packing in [Packing::Halves, Packing::Integers] {
        let load = |shape: &[usize]| {
            let count = shape.iter().product::<usize>();
            load_packed("w.weight", shape, &numbers[..count], packing).expect("weights")
        };
        let matrix = load(&[3, 5]).take_matrix("w.weight", [3, 5]).expect("a matrix");
        let pointwise = load(&[3, 5, 1, 1]).take_pointwise("w.weight", [3, 5]).expect("a matrix");
        for matrix in [matrix, pointwise] {
            assert!(matches!(matrix, FrozenWeight::Packed { .. }));
            assert_eq!(values(matrix.floats()), numbers[..15]);
        }
        let kernel = load(&[2, 3, 3, 3]).take_kernel("w.weight", [2, 3, 3, 3]).expect("a kernel");
        assert!(matches!(kernel, FrozenWeight::Packed { .. }));
        let stored_order = kernel.floats().permute([3, 2, 0, 1]);
        assert_eq!(values(stored_order), numbers);
        let error = load(&[3, 5]).take("w.weight", [3, 5]).expect_err("it is packed");
        assert!(error.to_string().contains("packed in fewer bits"), "{error}");
    }
    // Halves are made of the kernels that there are.
    let mut wide = load_packed("w.weight", &[2, 1, 5, 5], &numbers[..50], Packing::Halves).expect("weights");
    let wide = wide.take_kernel("w.weight", [2, 1, 5, 5]).expect("a kernel");
    assert!(matches!(wide, FrozenWeight::Floats(_)));
    let error = load_packed("w.weight", &[1, 1], &[1e6], Packing::Halves).expect_err("it is too large");
    assert!(error.to_string().contains("too large for 16-bit floats"), "{error}");
}

/// Its rows are looked up in 16 bits, however layers are packed.
#[test]
fn a_packed_table_of_embeddings_has_the_rows_of_the_file() {
    let numbers: Vec<f32> = (0..21).map(|index| half::f16::from_f32(index as f32 / 7.0).to_f32()).collect();
    for packing in [Packing::Halves, Packing::Integers] {
        let load = || load_packed("token_embedding.weight", &[7, 3], &numbers, packing).expect("weights");
        let parts = load().take_rows("token_embedding.weight", [7, 3]).expect("a table");
        assert!(matches!(parts[..], [FrozenWeight::Packed { .. }]));
        assert_eq!(values(parts[0].floats()), numbers);
        let rows = [&numbers[18..], &numbers[..3], &numbers[..3]].concat();
        assert_eq!(values(parts[0].rows(&[6, 0, 0])), rows);
        let error = load().take_rows("token_embedding.weight", [3, 7]).expect_err("it has another shape");
        assert!(matches!(error, Error::WrongShape { .. }), "{error}");
    }
}

/// What a part may have lies on the host at once.
#[test]
fn a_large_packed_table_lies_in_parts_of_whole_rows() {
    let (rows, columns) = (300_001, 57);
    let numbers: Vec<f32> = (0..rows).flat_map(|row| [(row % 2048) as f32; 57]).collect();
    let mut weights =
        load_packed("token_embedding.weight", &[rows, columns], &numbers, Packing::Halves).unwrap();
    let parts = weights.take_rows("token_embedding.weight", [rows, columns]).expect("a table");
    let first = (32 << 20) / 2 / columns;
    assert_eq!(parts.iter().map(FrozenWeight::dims).collect::<Vec<_>>(), [[first, 57], [rows - first, 57]]);
    let row = |row: usize| vec![(row % 2048) as f32; columns];
    assert_eq!(values(parts[0].rows(&[first as i32 - 1])), row(first - 1));
    assert_eq!(values(parts[1].rows(&[0])), row(first));
    assert_eq!(values(parts[1].rows(&[(rows - first) as i32 - 1])), row(rows - 1));
}

#[test]
fn the_demo_models_shards_load_with_exact_progress() {
    let (source, device) = (demo_model(), any_device());
    let files = block_on(component_files(&source, "unet", STEM, FloatDType::F32)).unwrap();
    assert_eq!(files.len(), 2);
    let mut read = 0;
    let progress = &mut |bytes| read += bytes;
    let mut weights =
        block_on(Weights::load(&source, "unet", STEM, &device, FloatDType::F32, progress)).unwrap();
    assert_eq!(read, files.iter().map(|file| file.length).sum::<u64>());
    weights.take("conv_in.weight", [128, 4, 3, 3]).unwrap();

    let error = weights.take("conv_in.bias", [4, 32]).unwrap_err().to_string();
    assert_eq!(error, "\"conv_in.bias\" of unet has the shape [128] where its config asks for [4, 32]");
    let error = weights.take("conv_inn.bias", [128]).unwrap_err().to_string();
    assert_eq!(error, "unet lacks the tensor \"conv_inn.bias\"; is it a model of another kind?");
}

#[test]
fn the_half_size_variant_serves_where_it_is_enough() {
    let half = write_safetensors(&[OutgoingTensor::f16("w", &[1], &[0.1])], &BTreeMap::new());
    let full = write_safetensors(&[OutgoingTensor::f32("w", &[1], &[0.1])], &BTreeMap::new());
    let mut source = MemorySource::default();
    source.insert(format!("unet/{STEM}.fp16.safetensors"), half);
    assert_eq!(values(load(&source, FloatDType::F32).unwrap().take("w", [1]).unwrap()), [0.099975586]);
    source.insert(format!("unet/{STEM}.safetensors"), full);
    assert_eq!(values(load(&source, FloatDType::F32).unwrap().take("w", [1]).unwrap()), [0.1]);
    let chosen = block_on(component_files(&source, "unet", STEM, FloatDType::F16)).unwrap();
    assert_eq!(chosen[0].path, format!("unet/{STEM}.fp16.safetensors"));
}

#[test]
fn broken_shards_are_named() {
    let part = write_safetensors(&[OutgoingTensor::f32("w", &[1], &[0.1])], &BTreeMap::new());
    let index = |map: &str| format!(r#"{{"metadata":{{"total_size":4}},"weight_map":{map}}}"#);
    let index_path = format!("unet/{STEM}.safetensors.index.json");
    let mut source = MemorySource::default();
    source.insert("unet/one.safetensors", part);

    source.insert(&*index_path, index(r#"{"w":"one.safetensors","v":"two.safetensors"}"#));
    let error = load(&source, FloatDType::F32).unwrap_err().to_string();
    assert!(error.contains("names the part unet/two.safetensors, which is not in the folder"), "{error}");

    source.insert(&*index_path, index(r#"{"w":"one.safetensors","v":"one.safetensors"}"#));
    let error = load(&source, FloatDType::F32).unwrap_err().to_string();
    assert!(error.contains("says that unet/one.safetensors holds \"v\", which it does not"), "{error}");

    source.insert(&*index_path, index(r#"{"w":"../one.safetensors"}"#));
    let error = load(&source, FloatDType::F32).unwrap_err().to_string();
    assert!(error.contains("a part outside of its folder"), "{error}");

    source.insert(&*index_path, "{");
    assert!(matches!(load(&source, FloatDType::F32), Err(Error::BadConfig { .. })));
}

#[test]
fn missing_files_and_pickles_are_told_apart() {
    let mut source = MemorySource::default();
    let error = load(&source, FloatDType::F32).unwrap_err().to_string();
    assert_eq!(error, format!("the model folder has no unet/{STEM}.safetensors"));
    let error = block_on(read_config::<BTreeMap<String, String>>(&source, "unet/config.json")).unwrap_err();
    assert_eq!(error.to_string(), "the model folder has no unet/config.json");

    source.insert(format!("unet/{STEM}.bin"), *b"PK\x03\x04....");
    let pickle = "is a pickle, which can run code when opened";
    assert!(load(&source, FloatDType::F32).unwrap_err().to_string().contains(pickle));
    assert!(header_error(b"PK\x03\x04\x00\x00\x08\x08\x00").contains(pickle));
    assert!(header_error(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.").contains(pickle));
    assert!(header_error(b"version https://git-lfs.github.com/spec/v1\n").contains("Git LFS pointer"));
}

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

/// Five rows of three numbers where a tensor holds 24 bytes: two rows each.
#[test]
fn a_matrix_too_large_for_one_tensor_is_split_between_rows() {
    let tensors = || HashMap::from([("w".to_owned(), (vec![5, 3], (0..15).map(|x| x as f32).collect()))]);
    let device = any_device();
    let weights = || Weights::from_tensors_in_parts(tensors(), &device, FloatDType::F32, 24).unwrap();
    let parts = weights().take_rows("w", [5, 3]).unwrap();
    assert_eq!(parts.iter().map(|part| part.dims()).collect::<Vec<_>>(), [[2, 3], [2, 3], [1, 3]]);
    assert_eq!(values(parts[1].floats()), [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
    let whole: Tensor<2> = weights().take("w", [5, 3]).unwrap();
    assert_eq!(values(whole), (0..15).map(|x| x as f32).collect::<Vec<_>>());
    assert!(matches!(weights().take_rows("w", [3, 5]), Err(Error::WrongShape { .. })));
    assert!(matches!(weights().take_rows("v", [5, 3]), Err(Error::MissingTensor { .. })));
}
