//! A model of 2 GB passes through little memory: the header first, then piece by piece.

use std::{cell::Cell, ops::Range};

use burn::tensor::{Device, FloatDType};
use palpable::{
    ops::packed::Packing,
    weights::{ByteSource, Error, LocalFuture, Weights},
};
use serde_json::{Map, json};

use crate::{
    counting::{held, take_peak},
    support::block_on,
};

const MEGABYTE: isize = 1 << 20;

/// A safetensors file that is made as it is read: zeros behind a header.
struct Endless {
    start: Vec<u8>,
    length: u64,
    largest_read: Cell<u64>,
    /// Of the bytes read so far, in percent: what the thread should keep, as tensors.
    kept_percent: isize,
    /// The most that it held beside them.
    most_beside: Cell<isize>,
    before: isize,
    read: Cell<u64>,
}

impl Endless {
    fn new(shapes: &[Vec<u64>], kept_percent: isize) -> Self {
        let mut end = 0;
        let mut header = Map::new();
        for (index, shape) in shapes.iter().enumerate() {
            let first = end;
            end += 2 * shape.iter().product::<u64>();
            let entry = json!({"dtype": "F16", "shape": shape, "data_offsets": [first, end]});
            // The first is a text encoder's table.
            let name = if index == 0 { "token_embedding".to_owned() } else { format!("tensor.{index}") };
            header.insert(format!("{name}.weight"), entry);
        }
        let json = serde_json::to_vec(&header).unwrap();
        let start = [(json.len() as u64).to_le_bytes().to_vec(), json].concat();
        let length = start.len() as u64 + end;
        let counted = (Cell::new(0), Cell::new(0), Cell::new(0));
        Self {
            start,
            length,
            kept_percent,
            largest_read: counted.0,
            most_beside: counted.1,
            read: counted.2,
            before: held(),
        }
    }

    fn measure(&self) {
        let beside = take_peak() - self.before - self.read.get() as isize * self.kept_percent / 100;
        self.most_beside.set(self.most_beside.get().max(beside));
    }
}

impl ByteSource for Endless {
    fn length<'a>(&'a self, path: &'a str) -> LocalFuture<'a, Result<Option<u64>, Error>> {
        Box::pin(async move { Ok((path == "unet/model.safetensors").then_some(self.length)) })
    }

    fn read<'a>(&'a self, _: &'a str, range: Range<u64>) -> LocalFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(async move {
            self.measure();
            let size = range.end - range.start;
            self.largest_read.set(self.largest_read.get().max(size));
            if range.end <= self.start.len() as u64 {
                return Ok(self.start[range.start as usize..range.end as usize].to_vec());
            }
            self.read.set(self.read.get() + size);
            Ok(vec![0; size as usize])
        })
    }
}

#[test]
fn two_gigabytes_load_in_little_memory_beside_the_tensors() {
    load_two_gigabytes(FloatDType::F16, None, 100);
}

#[test]
fn two_gigabytes_become_halves_in_little_memory_beside_them() {
    load_two_gigabytes(FloatDType::F32, Some(Packing::Halves), 100);
}

#[test]
fn two_gigabytes_become_integers_in_little_memory_beside_them() {
    load_two_gigabytes(FloatDType::F32, Some(Packing::Integers), 50);
}

fn load_two_gigabytes(dtype: FloatDType, packing: Option<Packing>, kept_percent: isize) {
    // Stable Diffusion 2's token table, its largest convolution, and as many layers as make 2 GB.
    let mut shapes = vec![vec![49_408, 1024], vec![1280, 2560, 3, 3]];
    shapes.extend(std::iter::repeat_n(vec![10_240, 1280], 70));
    let source = Endless::new(&shapes, kept_percent);
    assert!(source.length > 1_900_000_000);
    take_peak();
    let mut counted = 0;
    let mut progress = |bytes| counted += bytes;
    let device = Device::flex();
    let files = ["unet", "model"];
    let loading = Weights::load_packed(&source, files, &device, dtype, packing, &mut progress);
    let weights = block_on(loading).unwrap();
    source.measure();
    assert_eq!(counted, source.length);
    assert_eq!(2 * weights.parameters(), source.length - source.start.len() as u64);
    let (beside, largest) = (source.most_beside.get() / MEGABYTE, source.largest_read.get() >> 20);
    println!("beside the tensors at most {beside} MB, largest read {largest} MB");
    assert!(beside <= 256, "{beside} MB beside the tensors");
    assert!(largest <= 16, "{largest} MB read at once");
}
