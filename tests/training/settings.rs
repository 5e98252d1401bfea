//! Settings: refusals, remarks, JSON.

use palpable::training::settings::{Method, SettingsError, Subject};
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
    assert_eq!(settings.sentences(), ["a photo of a <my-subject> cat"]);
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

#[test]
fn subjects_and_photos_must_fit_each_other() {
    let cat =
        Subject { placeholder: "<my-cat>".into(), class_noun: "cat".into(), photos: 2, ..Subject::default() };
    let pair = TrainingSettings { further_subjects: vec![cat.clone()], ..settings() };
    assert_eq!(pair.validate(), Ok(Vec::new()));
    assert_eq!((pair.check_photos(3), pair.photo_counts(3)), (Ok(()), vec![1, 2]));
    for photos in [0, 1, 2] {
        assert!(pair.check_photos(photos).unwrap_err().to_string().contains("at least one of its own"));
    }
    // Together they are 1 where a sum wraps.
    let many = [usize::MAX, 2].map(|photos| Subject { photos, ..cat.clone() }).to_vec();
    let many = TrainingSettings { further_subjects: many, ..settings() };
    assert_eq!(many.photo_counts(3)[0], 0);
    assert!(many.check_photos(3).unwrap_err().to_string().contains("at least one of its own"));
    let twin = Subject { placeholder: "<MY-dog>".into(), ..cat.clone() };
    let refused = refusal(|s| s.further_subjects = vec![twin]).to_string();
    assert!(refused.contains("same new word \"<MY-dog>\""), "{refused}");
    let unnamed = Subject { personalization_prompt: "a photo of a cat".into(), ..cat.clone() };
    let refused = refusal(|s| s.further_subjects = vec![unnamed]).to_string();
    assert!(refused.contains("does not contain the new word"), "{refused}");
    let refused = refusal(|s| {
        s.further_subjects = vec![cat.clone()];
        s.further_clean_prompts = vec!["a dog chasing <my-cat>".into()];
    });
    assert!(refused.to_string().contains("write the class noun (\"cat\")"));

    let captions = |captions: Vec<Option<&str>>| {
        let captions = captions.into_iter().map(|caption| caption.map(str::to_owned)).collect();
        TrainingSettings { captions, ..pair.clone() }.check_photos(3)
    };
    assert_eq!(captions(vec![None, Some("{placeholder} asleep")]), Ok(()));
    assert_eq!(captions(vec![None, None, Some("<my-cat> asleep")]), Ok(()));
    // The third photo is the cat's.
    assert!(captions(vec![None, None, Some("<my-dog> asleep")]).is_err());
    assert!(captions(vec![None; 4]).unwrap_err().to_string().contains("4 captions for 3 photos"));
    assert_eq!(pair.with_class_nouns("a <my-dog> beside <my-cat>"), "a dog beside a cat");
}

#[test]
fn textual_inversion_starts_from_one_token() {
    let tiny = Tiny::new();
    let trainer = |class_noun: &str, initializer_word: Option<&str>, method| {
        let settings = TrainingSettings {
            class_noun: class_noun.into(),
            initializer_word: initializer_word.map(str::to_owned),
            method,
            ..settings()
        };
        Trainer::new(tiny.model(), tiny.latents(), settings, &tiny.device)
    };
    assert!(trainer("dog", None, Method::TextualInversion).is_ok());
    assert!(trainer("red dog", Some("dog"), Method::TextualInversion).is_ok());
    assert!(trainer("red dog", None, Method::TextualInversion).is_ok());
    assert!(trainer("red dog", None, Method::TiDb).is_ok());
    let error = trainer("dog", Some("red dog"), Method::TextualInversion).err().unwrap().to_string();
    assert!(error.contains("2 tokens") && error.contains("single common word"), "{error}");
}
