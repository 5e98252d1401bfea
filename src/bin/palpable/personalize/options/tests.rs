//! Every setting has an option that reaches it.

use clap::Parser;
use palpable::training::TrainingSettings;
use serde_json::{Value, json};

use super::super::Arguments;

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    arguments: Arguments,
}

fn parse(options: &[&str]) -> Result<Arguments, clap::Error> {
    let needed = ["personalize", "--model=model", "--photos=photos", "--class-noun=dog", "--out=out"];
    CommandLine::try_parse_from([&needed, options].concat()).map(|line| line.arguments)
}

fn settings(options: &[&str]) -> TrainingSettings {
    let arguments = parse(options).unwrap_or_else(|error| panic!("{error}"));
    arguments.settings().unwrap_or_else(|error| panic!("{}", error.sentence()))
}

/// Options, and the setting that they make.
fn cases() -> Vec<(&'static [&'static str], &'static str, Value)> {
    vec![
        (&["--method=ti-db"], "method", json!("ti-db")),
        (&["--placeholder=<rex>"], "placeholder", json!("<rex>")),
        (&["--prompt=a sketch of <my-subject>"], "cleanPrompt", json!("a sketch of a dog")),
        (
            &["--further-prompt=a dog at night", "--further-prompt=a dog in the snow"],
            "furtherCleanPrompts",
            json!(["a dog at night", "a dog in the snow"]),
        ),
        (&["--template=a {placeholder}"], "personalizationPrompt", json!("a {placeholder}")),
        (&["--templates=styles"], "promptTemplates", json!("styles")),
        (&["--vectors=3"], "vectors", json!(3)),
        (&["--initializer-word=puppy"], "initializerWord", json!("puppy")),
        (&["--train-embedding=false"], "trainEmbedding", json!(false)),
        (&["--embedding-norm-cap=none"], "embeddingNormCap", json!(null)),
        (&["--embedding-norm-decay=1.5"], "embeddingNormDecay", json!(1.5)),
        (&["--embedding-std-retraction=true"], "embeddingStdRetraction", json!(true)),
        (&["--embedding-anchor=0.5"], "embeddingAnchor", json!(0.5)),
        (&["--trained-weights=cross-attention"], "trainedWeights", json!("crossAttention")),
        (&["--lora-targets=cross-attention"], "loraTargets", json!("crossAttention")),
        (&["--rank=7"], "rank", json!(7)),
        (&["--lora-alpha=2"], "loraAlpha", json!(2.0)),
        (&["--lambda=0.5"], "lambda", json!(0.5)),
        (&["--alpha=15"], "alpha", json!(15.0)),
        (&["--beta=7"], "beta", json!(7.0)),
        (&["--warmup-steps=9"], "warmupSteps", json!(9)),
        (&["--lambda-ramp-steps=8"], "lambdaRampSteps", json!(8)),
        (&["--lambda-profile=1.5, 0.25"], "lambdaProfile", json!([1.5, 0.25])),
        (&["--alignment-timesteps=100,900"], "alignmentTimesteps", json!([100, 900])),
        (&["--alignment-form=sds"], "alignmentForm", json!("sds")),
        (&["--alignment-noise=fresh"], "alignmentNoise", json!("fresh")),
        (&["--alignment-samples=4"], "alignmentSamples", json!(4)),
        (&["--rescale=false"], "rescale", json!(false)),
        (&["--fast-alignment=true"], "fastAlignment", json!(true)),
        (&["--steps=300"], "steps", json!(300)),
        (&["--batch=3"], "batch", json!(3)),
        (&["--accumulation=2"], "accumulation", json!(2)),
        (&["--optimizer=adamw8bit"], "optimizer", json!("adamw8bit")),
        (&["--lora-lr=0.01"], "loraLearningRate", json!(0.01)),
        (&["--embedding-lr=0.02"], "embeddingLearningRate", json!(0.02)),
        (&["--lr-schedule=cosine"], "learningRateSchedule", json!("cosine")),
        (&["--lr-warmup-steps=11"], "learningRateWarmupSteps", json!(11)),
        (&["--weight-decay=0.1"], "weightDecay", json!(0.1)),
        (&["--gradient-clip=2"], "gradientClip", json!(2.0)),
        (&["--min-snr-gamma=5"], "minSnrGamma", json!(5.0)),
        (&["--seed=12"], "seed", json!(12)),
        (&["--activations=recompute"], "activations", json!("recompute")),
        (&["--photo-variants=2"], "photoVariants", json!(2)),
        (&["--size-words=true"], "sizeWords", json!(true)),
        (&["--flip=true"], "flip", json!(true)),
        (&["--colour-jitter=0.2"], "colourJitter", json!(0.2)),
        (&["--resolution=96"], "resolution", json!(96)),
        (&["--aspect-buckets=true"], "aspectBuckets", json!(true)),
        (&["--masked-loss=0.75"], "maskedLoss", json!(0.75)),
        (&["--localized-loss=0.5"], "localizedLoss", json!(0.5)),
        (&["--prior-pictures=10"], "priorPictures", json!(10)),
        (&["--prior-weight=0.5"], "priorWeight", json!(0.5)),
    ]
}

fn as_json(settings: &TrainingSettings) -> Value {
    serde_json::to_value(settings).expect("settings are JSON")
}

#[test]
fn options_reach_their_settings_and_nothing_else() {
    let plain = as_json(&settings(&[]));
    for (options, name, expected) in cases() {
        assert_ne!(plain[name], expected, "{options:?} would change nothing");
        let mut changed = as_json(&settings(options));
        assert_eq!(changed[name], expected, "{options:?}");
        if name != "method" && name != "placeholder" {
            changed[name] = plain[name].clone();
            assert_eq!(changed, plain, "{options:?} changes more than {name}");
        }
    }
}

/// Beside what photos and subjects say, which have arguments of their own.
#[test]
fn every_setting_has_an_option() {
    let elsewhere = ["classNoun", "captions", "furtherSubjects"];
    let all = as_json(&TrainingSettings::default());
    let cases = cases();
    for name in all.as_object().expect("an object").keys() {
        let reached = cases.iter().any(|(_, known, _)| known == name);
        assert!(reached || elsewhere.contains(&name.as_str()), "no option reaches {name}");
    }
}

#[test]
fn a_method_keeps_what_no_option_replaces() {
    let custom = settings(&["--method=custom-diffusion", "--rank=3"]);
    assert_eq!((custom.prior_pictures, custom.photo_variants, custom.rank), (40, 8, 3));
    // A short run keeps a share of its steps for alignment.
    assert_eq!(settings(&["--steps=10"]).warmup_steps, 5);
    assert_eq!(settings(&["--steps=10", "--warmup-steps=8"]).warmup_steps, 8);
    let subject = settings(&[
        "--subject=<my-cat>=cat:cats",
        "--template=<my-cat>=an oil painting of {placeholder}",
        "--prompt=<my-subject> beside <my-cat>",
    ]);
    assert_eq!(subject.further_subjects[0].personalization_prompt, "an oil painting of {placeholder}");
    assert_eq!(subject.clean_prompt, "a dog beside a cat");
}

#[test]
fn what_is_no_value_is_explained() {
    let refused = |option: &str| match parse(&[option]) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{option} was taken"),
    };
    assert!(refused("--lambda-profile=1").contains("write two numbers with a comma between them"));
    assert!(refused("--alignment-timesteps=1.5,2").contains("two numbers"));
    assert!(refused("--embedding-norm-cap=much").contains("write a number, or none"));
    assert!(refused("--patience=2").contains("--hold-back"));
}
