//! A component's files: shards, variants, and what is missing among them.

use std::collections::BTreeMap;

use burn::tensor::FloatDType;
use palpable::weights::{
    Error, MemorySource, OutgoingTensor, Weights, component_files, read_config, write_safetensors,
};

use crate::support::{any_device, block_on, demo_model, values};
use crate::weights::{STEM, header_error, load};

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
