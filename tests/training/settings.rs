//! Settings: refusals, remarks, JSON.

use palpable::training::settings::SettingsError;
use palpable::training::{Error, LoraTargets, TrainedWeights, Trainer, TrainingSettings};

use crate::tiny::{Tiny, settings};

fn refusal(change: impl FnOnce(&mut TrainingSettings)) -> SettingsError {
    let mut settings = settings();
    change(&mut settings);
    settings.validate().unwrap_err()
}

#[test]
fn settings_that_cannot_work_are_refused_in_a_sentence() {
    assert_eq!(settings().validate(), Ok(Vec::new()));
    let message = |change: fn(&mut TrainingSettings)| refusal(change).to_string();
    assert!(message(|s| s.clean_prompt = " ".into()).starts_with("The target prompt is empty"));
    assert!(message(|s| s.class_noun.clear()).starts_with("The class noun is empty"));
    assert!(message(|s| s.clean_prompt = "a sketch of <MY-dog>".into()).contains("contains the new word"));
    assert!(
        message(|s| s.personalization_prompt = "a photo".into()).contains("does not contain the new word")
    );
    assert!(message(|s| s.rank = 0).contains("rank is 0, but must be between 1 and 256"));
    assert!(message(|s| s.lambda = f64::NAN).contains("lambda"));
    assert!(message(|s| s.alignment_timesteps = [900, 100]).contains("from timestep 900 to 100"));
    assert!(message(|s| s.vectors = 9).contains("embedding vectors"));
}

#[test]
fn settings_that_may_surprise_are_remarked_on() {
    let remarks = |change: fn(&mut TrainingSettings)| {
        let mut settings = settings();
        change(&mut settings);
        settings.validate().unwrap().join(" ")
    };
    assert!(remarks(|s| s.clean_prompt = "a castle".into()).contains("does not mention the class noun"));
    assert!(remarks(|s| s.warmup_steps = 100).contains("will never act"));
    assert!(remarks(|s| s.beta = 8.0).contains("not above beta"));
    let full = |rate: f64| TrainingSettings {
        trained_weights: TrainedWeights::All,
        lora_learning_rate: rate,
        ..settings()
    };
    assert!(full(1e-3).validate().unwrap().join(" ").contains("at a rate of 0.001"));
    assert_eq!(full(5e-6).validate(), Ok(Vec::new()));
}

#[test]
fn settings_are_camel_case_json_with_defaults() {
    let json = r#"{"classNoun": "cat", "cleanPrompt": "a cat", "loraLearningRate": 0.5, "loraAlpha": 8}"#;
    let settings: TrainingSettings = serde_json::from_str(json).unwrap();
    assert_eq!(settings.lora_learning_rate, 0.5);
    assert_eq!(settings.effective_lora_alpha(), 8.0);
    assert_eq!((settings.rank, settings.steps, settings.warmup_steps), (16, 100, 50));
    assert_eq!(settings.personalization_text(), "a photo of <my-subject>");
    assert!(serde_json::to_string(&settings).unwrap().contains("\"embeddingNormCap\":1.2"));
    assert_eq!(settings.trained_weights, TrainedWeights::Lora);
    for (name, trained_weights) in [
        ("lora", TrainedWeights::Lora),
        ("crossAttention", TrainedWeights::CrossAttention),
        ("all", TrainedWeights::All),
        ("none", TrainedWeights::None),
    ] {
        let json = format!(r#"{{"trainedWeights": "{name}", "loraTargets": "crossAttention"}}"#);
        let settings: TrainingSettings = serde_json::from_str(&json).unwrap();
        assert_eq!((settings.trained_weights, trained_weights.name()), (trained_weights, name));
        assert_eq!(settings.lora_targets, LoraTargets::CrossAttention);
    }
    assert!(serde_json::from_str::<TrainingSettings>(r#"{"trainedWeights": "some"}"#).is_err());
}

#[test]
fn prompts_that_do_not_fit_are_noticed() {
    let tiny = Tiny::new();
    let long = "dog ".repeat(90);
    let prompts = TrainingSettings { clean_prompt: long.clone(), ..settings() };
    assert!(tiny.trainer(&prompts).remarks()[0].contains("too long"));
    let prompts =
        TrainingSettings { personalization_prompt: format!("{long} {{placeholder}}"), ..settings() };
    let error = Trainer::new(tiny.model(), tiny.latents(), prompts, &tiny.device).err().unwrap();
    assert!(matches!(error, Error::Settings(SettingsError::PlaceholderCutOff { tokens: 77 })), "{error}");
    let known = TrainingSettings { placeholder: "beach".into(), ..settings() };
    let error = Trainer::new(tiny.model(), tiny.latents(), known, &tiny.device).err().unwrap();
    assert!(matches!(error, Error::Tokenizer(_)), "{error}");
}
