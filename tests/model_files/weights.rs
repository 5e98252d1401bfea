//! Reading and writing a file's numbers: what is written comes back, in the type that is wanted.

use std::collections::{BTreeMap, HashMap};

use burn::tensor::{FloatDType, Tensor};
use palpable::ops::packed::Packing;
use palpable::weights::{
    Error, MemorySource, OutgoingTensor, SafetensorsHeader, StoredType, Weights, write_safetensors,
};

use crate::support::{any_device, block_on, values};

pub const STEM: &str = "diffusion_pytorch_model";

/// A file with the given header and so many bytes of data.
pub fn file(header: &str, data: usize) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.resize(file.len() + data, 0);
    file
}

pub fn header_error(file: &[u8]) -> String {
    SafetensorsHeader::from_bytes("a.safetensors", file).unwrap_err().to_string()
}

pub fn two_tensors() -> Vec<u8> {
    let tensors = [
        OutgoingTensor::f32("b", &[2, 2], &[1.0, 2.0, 3.0, 4.0]),
        OutgoingTensor::f16("a", &[3], &[0.5, -1.0, 2.0]),
    ];
    write_safetensors(&tensors, &BTreeMap::from([("format".to_owned(), "pt".to_owned())]))
}

pub fn load(source: &MemorySource, dtype: FloatDType) -> Result<Weights, Error> {
    block_on(Weights::load(source, "unet", STEM, &any_device(), dtype, &mut |_| {}))
}

/// A file of one tensor in f32, loaded with its numbers packed.
pub fn load_packed(name: &str, shape: &[usize], numbers: &[f32], packing: Packing) -> Result<Weights, Error> {
    let file = write_safetensors(&[OutgoingTensor::f32(name, shape, numbers)], &BTreeMap::new());
    let mut source = MemorySource::default();
    source.insert(format!("unet/{STEM}.safetensors"), file);
    let (files, device) = (["unet", STEM], any_device());
    block_on(Weights::load_packed(&source, files, &device, FloatDType::F32, Some(packing), &mut |_| ()))
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
