//! Heat maps against the published DAAM package's (tools/goldens/daam_maps.py), and what is made of them.

use burn::tensor::{Tensor, TensorData};
use image::{Rgb, RgbImage};
use palpable::{
    adapter::{Adapter, Embedding},
    evaluation::{
        self, ForegroundMask, HeatMap, HeatMapRecorder, MappedWord, contamination, foreground::SubjectMask,
    },
    model::cross_attention::{CrossAttentionHook, Place},
    pipeline::{AppliedAdapter, Error, Generation, GenerationSettings, PromptSyntax, StableDiffusion},
};

use crate::{
    demo,
    support::{Golden, any_device, block_on, relative_error},
};

/// All steps with the golden noise, and the maps at their end.
fn draw_maps(
    model: &StableDiffusion,
    settings: &GenerationSettings,
    adapters: &[AppliedAdapter],
) -> Vec<HeatMap> {
    let device = model.gpu.device.clone();
    let golden = Golden::read("pipeline/noise.safetensors");
    let noise = move |_| golden.tensor("noise", &device);
    let mut generation =
        Generation::with_noise(model, settings, adapters, None, Box::new(noise)).expect("valid settings");
    while block_on(generation.step()).expect("a step") < generation.steps() {}
    block_on(generation.heat_maps()).expect("heat maps")
}

fn settings(prompt: &str, words: &[&str]) -> GenerationSettings {
    GenerationSettings {
        prompt: prompt.into(),
        heat_maps: words.iter().map(|&word| word.to_owned()).collect(),
        steps: 4,
        ..Default::default()
    }
}

/// Under guidance, and without it, where every row is the prompt's.
#[test]
fn heat_maps_equal_the_published_package() {
    let model = demo();
    let golden = Golden::read("pipeline/heat_maps.safetensors");
    let guided = settings(
        "a pencil sketch of a dog and a dog wearing a crown at the beach",
        &["dog", "crown", "pencil sketch", "beach"],
    );
    let unguided = settings("a photo of a cat in a wizardry forest", &["cat", "wizardry"]);
    let unguided = GenerationSettings { guidance_scale: 1.0, ..unguided };
    for (case, settings) in [("guided", guided), ("unguided", unguided)] {
        let maps = draw_maps(&model, &settings, &[]);
        assert_eq!(maps.len(), settings.heat_maps.len());
        for map in maps {
            assert_eq!([map.height, map.width], [16, 16]);
            let error = relative_error(&map.values, golden.values(&format!("{case}.{}", map.word)));
            println!("{case} {}: {error:.1e}", map.word);
            assert!(error < 1e-4, "{case} {}: {error:e}", map.word);
        }
    }
}

/// Looking changes nothing that can be seen: the explicit attention is the fused one's to rounding.
#[test]
fn a_mapped_picture_is_the_unmapped_one() {
    let model = demo();
    let mapped = GenerationSettings { steps: 2, ..settings("a photo of a dog", &["dog"]) };
    let plain = GenerationSettings { heat_maps: Vec::new(), ..mapped.clone() };
    let [mapped, plain] =
        [mapped, plain].map(|settings| crate::finish(Generation::new(&model, &settings, &[]).unwrap()));
    let difference = mapped.rgb.iter().zip(&plain.rgb).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(difference <= Some(1), "{difference:?}");
}

/// A learned word is one piece, in the second chunk of a long prompt too; a word that is not there is
/// explained.
#[test]
fn words_are_found_in_every_chunk() {
    let model = demo();
    let mut encoder = model.prompt_encoder();
    let width = model.text_encoder.config().hidden_size;
    let values = (0..2 * width).map(|index| (index as f32 * 0.7).sin() * 0.02).collect();
    let embedding = Embedding { placeholder: "<my-dog>".into(), vectors: 2, width, values };
    encoder.add(&embedding, &model.gpu.device).expect("a new word");
    let places = |prompt: &str, word: &str| encoder.word_positions(prompt, word, PromptSyntax::Weighted);
    assert_eq!(places("a photo of <my-dog>", "<my-dog>"), [4, 5]);
    assert_eq!(places("a (<my-dog>:1.3) BREAK <my-dog>", "<my-dog>"), [2, 3, 78, 79]);
    assert_eq!(places("a photo of a DOG, a dog", "Dog"), [5, 8]);
    assert!(places("a photo", "dog").is_empty());
    assert!(places("a photo", "").is_empty());

    let adapter = Adapter { embeddings: vec![embedding], ..Default::default() };
    let applied = [AppliedAdapter { adapter: &adapter, strength: 1.0 }];
    let settings = GenerationSettings {
        prompt_syntax: PromptSyntax::Weighted,
        steps: 1,
        ..settings("a (photo) of BREAK <my-dog> on a beach", &["<my-dog>", "beach"])
    };
    let maps = draw_maps(&model, &settings, &applied);
    assert!(maps.iter().all(|map| map.values.iter().all(|&value| value > 0.0 && value < 1.0)));

    let partly = GenerationSettings { heat_maps: vec!["crown".into(), "beach".into()], ..settings.clone() };
    let maps = draw_maps(&model, &partly, &applied);
    assert_eq!(maps.iter().map(|map| map.word.as_str()).collect::<Vec<_>>(), ["beach"]);

    let missing = GenerationSettings { heat_maps: vec!["crown".into()], ..settings };
    let error = Generation::new(&model, &missing, &applied).err().expect("it is refused");
    assert!(matches!(&error, Error::WordNotInPrompt { word, .. } if word == "crown"));
}

/// Probabilities of two rows and two heads: the prompt's row, the second, falls to the right.
fn probabilities([height, width]: [usize; 2]) -> Tensor<4> {
    let value = |row: usize, head: usize, pixel: usize, token: usize| {
        let x = (pixel % width) as f32 / width as f32;
        row as f32 * (1.0 - x) * (token + 1) as f32 * (head + 1) as f32
    };
    let mut values = Vec::new();
    for (row, head) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        for index in 0..height * width * 3 {
            values.push(value(row, head, index / 3, index % 3));
        }
    }
    Tensor::from_data(TensorData::new(values, [2, 2, height * width, 3]), &any_device())
}

/// Wide pictures stay wide; heads, layers and tokens are averaged, steps summed, and the middle is left out.
#[test]
fn sums_and_means_are_where_they_belong() {
    let word = |word: &str, positions: Vec<usize>| MappedWord { word: word.into(), positions };
    let recorder = HeatMapRecorder::new(vec![word("both", vec![0, 2]), word("one", vec![1])], 1);
    let empty = block_on(recorder.read([1, 2])).unwrap();
    assert_eq!(empty[1].values, [0.0, 0.0]);
    let size = [2, 6];
    for path in ["down_blocks.0.attn2", "mid_block.attn2", "up_blocks.0.attn2"] {
        for _step in 0..2 {
            recorder.attend(Place { path, size }, probabilities(size));
        }
    }
    let maps = block_on(recorder.read(size)).unwrap();
    // Two steps; heads of weight 1 and 2, their mean 1.5; tokens of weight 1 and 3, and of weight 2.
    for map in &maps {
        assert_eq!([map.height, map.width], size);
        let expected: Vec<f32> = (0..12).map(|pixel| 6.0 * (1.0 - (pixel % 6) as f32 / 6.0)).collect();
        assert!(relative_error(&map.values, &expected) < 1e-6, "{:?}", map.values);
    }
    let stretched = maps[0].stretched([4, 12]);
    assert_eq!(stretched.len(), 48);
    assert!((stretched[0] - 1.0).abs() < 0.05 && stretched[11] < 0.05 && stretched[36] > 0.95);
}

#[test]
fn contamination_is_the_foregrounds_share() {
    let map = |word: &str, values: [f32; 4]| HeatMap {
        word: word.into(),
        width: 2,
        height: 2,
        values: values.to_vec(),
    };
    let maps = [map("<my-dog>", [3.0, 1.0, 0.0, 9.0]), map("crown", [1.0, 1.0, 5.0, 0.0])];
    // The upper half, given at twice the maps' size.
    let values = (0..16).map(|pixel| if pixel < 8 { 1.0 } else { 0.0 }).collect();
    let mask = ForegroundMask { width: 4, height: 4, values };
    let share = |word: &str| contamination(&maps, word, &mask).unwrap();
    assert!((share("<my-dog>") - 4.0 / 6.0).abs() < 1e-9);
    assert!((share("crown") - 2.0 / 6.0).abs() < 1e-9);

    let refused = |maps: &[HeatMap], word: &str, mask: &ForegroundMask| {
        contamination(maps, word, mask).expect_err("it is refused")
    };
    assert!(matches!(refused(&maps, "beach", &mask), evaluation::Error::NotMapped { .. }));
    assert!(matches!(refused(&maps[..1], "<my-dog>", &mask), evaluation::Error::NothingToCompare { .. }));
    let nothing = ForegroundMask { values: vec![0.0; 16], ..mask.clone() };
    assert!(matches!(refused(&maps, "crown", &nothing), evaluation::Error::NoForeground));
    let broken = ForegroundMask { width: 3, ..mask };
    assert!(matches!(refused(&maps, "crown", &broken), evaluation::Error::UnequalMaps));
}

/// A red square on a grey background.
#[test]
fn a_pictures_own_subject_is_a_foreground() {
    let inside = |x: u32, y: u32| (8..18).contains(&x) && (6..14).contains(&y);
    let picture = RgbImage::from_fn(24, 20, |x, y| Rgb(if inside(x, y) { [200, 40, 30] } else { [120; 3] }));
    let mask = ForegroundMask::from(&SubjectMask::find(&picture).expect("a subject"));
    assert_eq!((mask.width, mask.height), (24, 20));
    for (index, &value) in mask.values.iter().enumerate() {
        assert_eq!(value == 1.0, inside(index as u32 % 24, index as u32 / 24), "pixel {index}");
    }
}
