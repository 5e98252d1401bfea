//! 3×3 kernels come to the device in the order of our convolutions, to the bit, whether the host or the device
//! reorders them.

use std::collections::BTreeMap;

use burn::tensor::FloatDType;
use palpable::{
    gpu::KernelProfile,
    weights::{MemorySource, OutgoingTensor, Weights, write_safetensors},
};

use crate::support::{block_on, formula, open_gpu, values};

/// Of one piece, with sides that nothing divides; and of more than is read (16 MiB) or brought to the device (32 MiB)
/// at once.
const SHAPES: [[usize; 4]; 2] = [[70, 33, 3, 3], [1000, 960, 3, 3]];

#[test]
fn kernels_are_reordered_alike_by_host_and_device() {
    let gpu = open_gpu();
    let name = |shape: [usize; 4]| format!("{}.weight", shape[0]);
    let numbers = SHAPES.map(|shape| formula::uniform(&name(shape), shape.iter().product()));
    let tensors = SHAPES.iter().zip(&numbers);
    let tensors: Vec<_> =
        tensors.map(|(&shape, numbers)| OutgoingTensor::f32(name(shape), &shape, numbers)).collect();
    let mut source = MemorySource::default();
    source.insert("unet/model.safetensors", write_safetensors(&tensors, &BTreeMap::new()));
    let types: &[FloatDType] =
        if gpu.report.float16 { &[FloatDType::F32, FloatDType::F16] } else { &[FloatDType::F32] };
    for &dtype in types {
        let mut found = Vec::new();
        for software in [true, false] {
            KernelProfile { software, ..KernelProfile::on(&gpu.device) }.set(&gpu.device);
            let load = || {
                block_on(Weights::load(&source, "unet", "model", &gpu.device, dtype, &mut |_| ())).unwrap()
            };
            let (mut reordered, mut stored) = (load(), load());
            for shape in SHAPES {
                found.push(values(reordered.take_kernel(&name(shape), shape).unwrap().floats()));
                found.push(values(stored.take(&name(shape), shape).unwrap()));
            }
        }
        let (by_host, by_device) = found.split_at(4);
        assert_eq!(by_host, by_device);
        if dtype == FloatDType::F32 {
            assert_eq!([&by_host[1], &by_host[3]], [&numbers[0], &numbers[1]]);
        }
        // One by hand: output 69, input 32, row 2, column 1 of the first.
        let [_, inputs, ..] = SHAPES[0];
        assert_eq!(by_host[0][((2 * 3 + 1) * inputs + 32) * 70 + 69], by_host[1][(69 * inputs + 32) * 9 + 7]);
    }
}
