//! Whole runs: what they change and what not, resuming, what they report and export.

use std::rc::Rc;

use burn::tensor::{FloatDType, Tensor};
use palpable::model::unet::UNet2DConditionModel;
use palpable::model::unet_config::UNet2DConditionConfig;
use palpable::training::checkpoint::{Checkpoint, Terms};
use palpable::training::host_latents::HostLatents;
use palpable::training::{Error, FrozenModel, PhotoLatents, Trainer, TrainingSettings};
use palpable::weights::{OutgoingTensor, SafetensorsHeader};

use crate::support::formula::{self, FormulaModel};
use crate::support::{block_on, values};
use crate::tiny::{PLACEHOLDER, Tiny, largest_difference, resume, run, settings, state, trained_values};

#[test]
fn warm_up_and_lambda_zero_are_the_same_run_to_the_bit() {
    let tiny = Tiny::new();
    let mut without = tiny.trainer(&TrainingSettings { lambda: 0.0, ..settings() });
    let mut warming = tiny.trainer(&TrainingSettings { warmup_steps: 6, ..settings() });
    let mut aligning = tiny.trainer(&settings());
    for trainer in [&mut without, &mut warming, &mut aligning] {
        run(trainer, 4);
    }
    assert_eq!(trained_values(&without), trained_values(&warming));
    assert!(largest_difference(&trained_values(&without), &trained_values(&aligning)) > 1e-6);
}

#[test]
fn the_frozen_model_stays_as_it_was() {
    let tiny = Tiny::new();
    let all_words: Vec<u32> = (0..3555).collect();
    let (output, words) = (tiny.base_output(), values(tiny.text_encoder.embed_tokens(&all_words)));
    let mut trainer = tiny.trainer(&settings());
    let before = trained_values(&trainer);
    run(&mut trainer, 4);
    assert_eq!(tiny.base_output(), output);
    assert_eq!(values(tiny.text_encoder.embed_tokens(&all_words)), words);
    // What is trained did move, [V] (the last 24 values) and the LoRA alike.
    let after = trained_values(&trainer);
    let split = after.len() - 24;
    assert!(largest_difference(&before[..split], &after[..split]) > 1e-4);
    assert!(largest_difference(&before[split..], &after[split..]) > 1e-4);
}

#[test]
fn a_resumed_run_is_the_uninterrupted_one_to_the_bit() {
    let tiny = Tiny::new();
    let settings = TrainingSettings { vectors: 2, accumulation: 2, batch: 1, seed: u64::MAX, ..settings() };
    let mut whole = tiny.trainer(&settings);
    let terms = Some(Terms { trained: vec!["a".to_owned()], held_back: Vec::new(), judge: None });
    whole.terms = terms.clone();
    run(&mut whole, 6);
    let mut first = tiny.trainer(&settings);
    first.terms = terms;
    run(&mut first, 3);
    let mut second = resume(&tiny, &state(&first)).unwrap();
    assert_eq!(second.steps_made(), 3);
    run(&mut second, 3);
    assert_eq!(state(&second), state(&whole));
    assert!(second.is_complete());
    assert!(matches!(block_on(second.step()), Err(Error::Complete { steps: 6 })));
}

#[test]
fn another_seed_is_another_run() {
    let tiny = Tiny::new();
    let mut one = tiny.trainer(&settings());
    let mut other = tiny.trainer(&TrainingSettings { seed: 1, ..settings() });
    let [one, other] = [&mut one, &mut other].map(|trainer| block_on(trainer.step()).unwrap());
    assert_ne!(one.loss, other.loss);
}

#[test]
fn a_diverged_step_keeps_the_state() {
    let tiny = Tiny::new();
    let broken = PhotoLatents::from_tensor(Tensor::full([1, 8, 8, 4], f32::INFINITY, &tiny.device));
    let mut trainer = Trainer::new(tiny.model(), broken, settings(), &tiny.device).unwrap();
    let before = state(&trainer);
    let error = block_on(trainer.step()).unwrap_err();
    assert!(matches!(error, Error::NotFinite { step: 1 }));
    assert!(error.to_string().contains("diverged at step 1"));
    assert_eq!(state(&trainer), before);
}

#[test]
fn a_step_reports_in_camel_case() {
    let tiny = Tiny::new();
    let mut trainer = tiny.trainer(&TrainingSettings { warmup_steps: 0, ..settings() });
    let record = block_on(trainer.step()).unwrap();
    assert_eq!((record.step, record.steps), (1, 6));
    assert!(record.alignment_ratio > 0.0 && record.loss > 0.0 && record.embedding_norm > 0.0);
    let json = serde_json::to_value(&record).unwrap();
    for field in
        ["step", "steps", "loss", "personalizationLoss", "alignmentRatio", "embeddingNorm", "seconds"]
    {
        assert!(json[field].is_number(), "{field}");
    }
}

#[test]
fn the_adapter_holds_what_was_trained() {
    let tiny = Tiny::new();
    let mut trainer = tiny.trainer(&TrainingSettings { lora_alpha: Some(1.0), ..settings() });
    run(&mut trainer, 3);
    let adapter = block_on(trainer.adapter()).unwrap();
    assert_eq!(adapter.lora.len(), tiny.unet.attention_projections().len());
    let embedding = adapter.embeddings[0].clone();
    assert_eq!((embedding.vectors, embedding.width), (1, 24));
    assert_eq!(embedding.placeholder, PLACEHOLDER);
    // The exported set makes the pictures that the trainer's own would.
    let predict = |lora| {
        let sample = formula::values("sample", [1, 8, 8, 4], &tiny.device);
        values(tiny.unet.forward(sample, &[500.0], trainer.encode_prompt("a <my-dog>"), Some(&lora)))
    };
    let exported = adapter.lora_set(&tiny.device, FloatDType::F32, 1.0);
    assert_eq!(predict(exported), predict(trainer.lora_set()));
}

/// Where the photos' pictures lie is believed only of pictures that are there.
#[test]
fn places_beyond_the_latents_are_refused() {
    let latents = block_on(HostLatents::read(&Tiny::new().latents())).unwrap();
    let with = |places: &str, variants: usize| {
        let json =
            format!(r#"{{"places": {places}, "variants": {variants}, "scales": [], "priorSubjects": [[]]}}"#);
        HostLatents { arrangement: serde_json::from_str(&json).unwrap(), ..latents.clone() }.fits(1)
    };
    assert!(with("[[0, 0], [0, 1], [0, 2]]", 1) && with("[[0, 1]]", 2));
    assert!(!with("[[0, 3]]", 1) && !with("[[0, 2]]", 2) && !with("[[1, 0]]", 1));
    assert!(!with("[]", 1) && !with("[[0, 0]]", 0) && !with(&format!("[[0, {}]]", usize::MAX), 1));
}

#[test]
fn files_that_are_no_checkpoint_of_this_model_are_refused() {
    let tiny = Tiny::new();
    let resume = |bytes: &[u8]| resume(&tiny, bytes).err().unwrap();
    assert!(matches!(resume(b"no such file"), Error::CheckpointFile(_)));
    let good = state(&tiny.trainer(&settings()));
    assert!(matches!(resume(&good[..good.len() - 4]), Error::CheckpointFile(_)));
    let other = palpable::weights::write_safetensors(&[], &[("a".to_owned(), "b".to_owned())].into());
    assert!(resume(&other).to_string().contains("not a training checkpoint"));

    // A file whose values are fewer than its layout says.
    let short = vec![0.0; 4];
    let picture = vec![0.0; 3 * 8 * 8 * 4];
    let tensors: Vec<_> = ["lora", "embedding"]
        .into_iter()
        .flat_map(|group| ["values", "moment_1", "moment_2"].map(|part| format!("{group}.{part}")))
        .map(|name| OutgoingTensor::f32(name, &[4], &short))
        .chain([OutgoingTensor::f32("photos.0.latents", &[3, 8, 8, 4], &picture)])
        .collect();
    let metadata = SafetensorsHeader::from_bytes("good", &good).unwrap().metadata;
    let error = resume(&palpable::weights::write_safetensors(&tensors, &metadata));
    assert!(error.to_string().contains("another architecture"), "{error}");

    // Prior pictures of a subject that the run doesn't have, and a size without any.
    let prior = vec![0.0; 8 * 8 * 4];
    for (subjects, pictures) in [("[[7]]", 1), ("[[]]", 0)] {
        let mut metadata = metadata.clone();
        let arrangement =
            metadata["photos"].replace(r#""priorSubjects":[[]]"#, &format!(r#""priorSubjects":{subjects}"#));
        metadata.insert("photos".to_owned(), arrangement.clone());
        assert!(arrangement.contains(subjects), "{arrangement}");
        let shape = [pictures, 8, 8, 4];
        let prior = OutgoingTensor::f32("photos.0.prior".to_owned(), &shape, &prior[..pictures * 256]);
        let tensors: Vec<_> = tensors.iter().cloned().chain([prior]).collect();
        let error = resume(&palpable::weights::write_safetensors(&tensors, &metadata));
        assert!(error.to_string().contains("don't fit each other"), "{error}");
    }

    let mut narrower = tiny.model();
    let model = FormulaModel::read("unet/residual_mid.json");
    let config = UNet2DConditionConfig::from_json(&model.config).unwrap();
    let unet = UNet2DConditionModel::load(&mut model.weights(&tiny.device, FloatDType::F32), config);
    narrower.unet = Rc::new(unet.unwrap());
    let good = Checkpoint::from_bytes(&good).unwrap();
    let error = Trainer::resume(narrower, good, &tiny.device).err().unwrap();
    assert!(error.to_string().contains("another architecture"), "{error}");
}

#[test]
fn another_model_of_the_same_name_is_refused() {
    let tiny = Tiny::new();
    let known =
        |unet: &str| FrozenModel { identity: vec![("unet".to_owned(), unet.to_owned())], ..tiny.model() };
    let mut kept = state(&Trainer::new(known("1a"), tiny.latents(), settings(), &tiny.device).unwrap());
    let resume =
        |kept: &[u8]| Trainer::resume(known("2b"), Checkpoint::from_bytes(kept).unwrap(), &tiny.device);
    let error = resume(&kept).err().unwrap().to_string();
    assert!(error.contains("another model (unet: 1a, now 2b); load that one"), "{error}");
    // As an earlier version kept it.
    let key = kept.windows(10).position(|bytes| bytes == b"\"identity\"").unwrap();
    kept[key + 1] = b'x';
    assert!(resume(&kept).is_ok());
}

#[test]
fn a_model_whose_parts_do_not_fit_is_refused() {
    let tiny = Tiny::new();
    let wide = PhotoLatents::from_tensor(Tensor::zeros([1, 8, 8, 5], &tiny.device));
    let error = Trainer::new(tiny.model(), wide, settings(), &tiny.device).err().unwrap();
    assert!(matches!(error, Error::Model { .. }), "{error}");
    assert!(error.to_string().contains("latents have 5"), "{error}");
}
