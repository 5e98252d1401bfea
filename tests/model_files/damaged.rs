//! Damaged and hostile files: whatever the bytes, the readers answer with a value or a sentence, never a
//! panic, and never take more memory than the file is worth.
//!
//! Mutations of valid files by a generator with a fixed seed. `PALPABLE_FUZZ_CASES` sets how many are
//! tried (each is read by one of the readers, in turn).

use palpable::{
    model::{taesd::AutoencoderTinyConfig, unet_config::UNet2DConditionConfig},
    plan::parameters,
};

use crate::{
    counting::{held, take_peak},
    readers::{Target, targets},
};

/// What a damaged file of up to 1 kB may make a reader take beyond what the undamaged one does (a
/// tokenizer compiles its patterns, whatever its files say); larger ones 64 bytes more a byte.
const MAX_MEMORY: usize = 1 << 20;

/// A linear congruential generator (Knuth's MMIX); its upper half is used.
struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, bound: usize) -> usize {
        self.next() as usize % bound.max(1)
    }
}

/// Text that breaks readers of numbers, names and JSON.
const PIECES: [&str; 16] = [
    "0",
    "-1",
    "1e400",
    "18446744073709551615",
    "9223372036854775807",
    "4294967296",
    "null",
    "{}",
    "[]",
    "\"",
    ",",
    "}",
    "\\u0000",
    "data_offsets",
    "[[[[",
    "é",
];

fn mutate(original: &[u8], generator: &mut Generator) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=generator.below(4) {
        let place = generator.below(bytes.len() + 1);
        let end = (place + generator.below(9)).min(bytes.len());
        match generator.below(6) {
            0 if place < bytes.len() => bytes[place] ^= 1 << generator.below(8),
            1 => bytes.truncate(place),
            2 => drop(bytes.drain(place..end)),
            3 => drop(bytes.splice(place..end, PIECES[generator.below(PIECES.len())].bytes())),
            4 => {
                let copied = bytes[place..end].to_vec();
                let to = generator.below(bytes.len() + 1);
                bytes.splice(to..to, copied);
            }
            // The length in front of a safetensors header.
            _ if bytes.len() >= 8 => bytes[generator.below(8)] = generator.next() as u8,
            _ => {}
        }
    }
    bytes
}

/// Like [`mutate`], within the JSON of a safetensors file, whose length is set right afterwards.
fn mutate_header(original: &[u8], generator: &mut Generator) -> Vec<u8> {
    let length = u64::from_le_bytes(original[..8].try_into().unwrap()) as usize;
    let header = mutate(&original[8..8 + length], generator);
    [&(header.len() as u64).to_le_bytes()[..], &header, &original[8 + length..]].concat()
}

#[test]
fn damaged_files_end_in_a_sentence() {
    let cases = std::env::var("PALPABLE_FUZZ_CASES").map_or(20_000, |cases| cases.parse().unwrap());
    let seed = std::env::var("PALPABLE_FUZZ_SEED").map_or(7, |seed| seed.parse().unwrap());
    let mut generator = Generator(seed);
    let targets = targets();
    let headers = targets.iter().take_while(|target| target.safetensors).count();
    let taken_by = |target: &Target, file: &[u8]| {
        take_peak();
        let before = held();
        (target.read)(file);
        (take_peak() - before) as usize
    };
    let usual: Vec<usize> = targets.iter().map(|target| taken_by(target, &target.file)).collect();
    let mut most = 0;
    for case in 0..cases {
        // Headers break in the most ways: half of all cases.
        let index =
            if case % 2 == 0 { case / 2 % headers } else { headers + case / 2 % (targets.len() - headers) };
        let target = &targets[index];
        let deep = target.safetensors && generator.below(4) != 0;
        let change = if deep { mutate_header } else { mutate };
        let file = change(&target.file, &mut generator);
        let taken = taken_by(target, &file).saturating_sub(usual[index]);
        most = most.max(taken);
        let allowed = MAX_MEMORY + 64 * file.len().saturating_sub(1024);
        assert!(taken <= allowed, "{} took {taken} bytes for {} (case {case})", target.name, file.len());
    }
    println!("{cases} cases, at most {most} bytes taken beyond the usual");
}

/// The plan lists a model's tensors before any of them is read: of as many levels and layers as a config can ask
/// for, and of none that asks for more.
#[test]
fn the_plan_of_a_hostile_config_stays_small() {
    const MOST: usize = 32 << 20;
    let peak_of = |list: &dyn Fn() -> usize| {
        take_peak();
        let before = held();
        let tensors = list();
        ((take_peak() - before) as usize, tensors)
    };
    let unet = |layers: usize, transformer_layers: usize| {
        let types = |kind| vec![kind; 8];
        let config = serde_json::json!({
            "block_out_channels": vec![32; 8],
            "down_block_types": types("CrossAttnDownBlock2D"),
            "up_block_types": types("CrossAttnUpBlock2D"),
            "layers_per_block": layers,
            "transformer_layers_per_block": transformer_layers,
        });
        UNet2DConditionConfig::from_json(&config.to_string()).map(|config| parameters::unet(&config).len())
    };
    for (layers, transformer_layers) in [(128, 1), (1, 128), (11, 11)] {
        let (taken, tensors) = peak_of(&|| unet(layers, transformer_layers).expect("accepted"));
        println!("{layers} layers of {transformer_layers}: {tensors} tensors in {taken} bytes");
        assert!(taken < MOST);
    }
    assert!(unet(128, 128).is_err());
    let taesd = |blocks: usize| {
        let config = serde_json::json!({
            "encoder_block_out_channels": vec![8; 8],
            "decoder_block_out_channels": vec![8; 8],
            "num_encoder_blocks": vec![blocks; 8],
            "num_decoder_blocks": vec![blocks; 8],
        });
        AutoencoderTinyConfig::from_json(&config.to_string()).map(|config| parameters::taesd(&config).len())
    };
    let (taken, tensors) = peak_of(&|| taesd(128).expect("accepted"));
    println!("{tensors} tensors in {taken} bytes");
    assert!(taken < MOST && taesd(4_000_000_000).is_err());
}
