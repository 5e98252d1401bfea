//! The `__metadata__` of adapter files: strings only.
//!
//! - `ss_*`: what kohya writes; the first six are its minimum, other programs look for them. User interfaces
//!   show the tags of `ss_tag_frequency` as what to type
//! - `sshs_model_hash`: the SHA-256 of the tensors' bytes, by which A1111 and model sites know a file whatever
//!   is written beside them; `sshs_legacy_hash`, its older form
//! - `modelspec.*`: title, trigger and kind, by Stability AI's model metadata standard, which user interfaces show
//! - `palpable.*`: all of [`AdapterDetails`], so that our own files come back whole

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::json;

use crate::sampling::PredictionType;
use crate::weights::{OutgoingTensor, data_hash, legacy_hash};

use super::bundle;
use super::text::{MAX_TEXT, clean, clean_name, clean_placeholder};
use super::types::{Adapter, AdapterDetails, Embedding};

type Metadata = BTreeMap<String, String>;

/// For a LoRA file.
pub(super) fn of_adapter(adapter: &Adapter) -> Metadata {
    let mut metadata = own_entries(adapter);
    let mut set = |key: &str, value: String| metadata.insert(key.to_owned(), value);
    let lycoris = !adapter.differences.is_empty();
    set("ss_network_module", if lycoris { "lycoris.kohya" } else { "networks.lora" }.to_owned());
    set("ss_network_dim", common(adapter.lora.iter().map(|weights| weights.rank.to_string())));
    set("ss_network_alpha", common(adapter.lora.iter().map(|weights| weights.alpha.to_string())));
    set("ss_network_args", if lycoris { r#"{"algo": "full"}"# } else { "{}" }.to_owned());
    let details = &adapter.details;
    let (v2, base_version, architecture) = family(adapter.text_width(), details.prediction_type);
    set("ss_v2", v2.to_owned());
    set("ss_base_model_version", base_version.to_owned());
    if let Some(architecture) = architecture {
        set("modelspec.sai_model_spec", "1.0.0".to_owned());
        set("modelspec.architecture", format!("{architecture}/lora"));
        set("modelspec.implementation", "diffusers".to_owned());
    }
    set("ss_output_name", adapter.name.clone());
    set("modelspec.title", adapter.name.clone());
    set("ss_training_comment", comment(adapter));
    let number = |value: Option<usize>| value.map(|value| value.to_string());
    let learning_rate = details.learning_rate.map(|rate| rate.to_string());
    let has_words = !adapter.embeddings.is_empty();
    let told = [
        ("ss_sd_model_name", details.base_model.clone()),
        ("ss_sd_model_hash", details.base_model_hash.clone()),
        ("ss_new_sd_model_hash", details.base_model_sha256.clone()),
        ("ss_resolution", details.resolution.map(|side| format!("({side}, {side})"))),
        ("ss_steps", number(details.steps)),
        ("ss_max_train_steps", number(details.steps)),
        ("ss_num_train_images", number(details.photos)),
        ("ss_learning_rate", learning_rate.clone()),
        ("ss_unet_lr", learning_rate),
        ("ss_optimizer", details.optimizer.clone()),
        ("ss_seed", details.seed.map(|seed| seed.to_string())),
        ("ss_clip_skip", Some("None".to_owned())),
        ("ss_dataset_dirs", has_words.then(|| dataset_folders(adapter))),
        ("ss_tag_frequency", has_words.then(|| tag_frequency(adapter))),
        ("modelspec.trigger_phrase", has_words.then(|| trigger_words(adapter))),
        ("modelspec.resolution", details.resolution.map(|side| format!("{side}x{side}"))),
        ("modelspec.prediction_type", details.prediction_type.map(|kind| prediction_name(kind).to_owned())),
    ];
    metadata.extend(told.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    metadata
}

/// What the file is known by. The older hash is of the file with kohya's entries alone, which stay when people
/// change the others.
pub(super) fn hashes(tensors: &[OutgoingTensor], metadata: &Metadata) -> Metadata {
    let of_data = data_hash(tensors);
    let mut lasting = metadata.clone();
    lasting.retain(|key, _| key.starts_with("ss_"));
    let mut hashes = Metadata::from([
        ("sshs_legacy_hash".to_owned(), legacy_hash(tensors, &lasting)),
        ("sshs_model_hash".to_owned(), of_data.clone()),
    ]);
    if metadata.contains_key("modelspec.sai_model_spec") {
        hashes.insert("modelspec.hash_sha256".to_owned(), format!("0x{of_data}"));
    }
    hashes
}

/// kohya's folders of photos; ours is called as the first word is.
fn dataset_folders(adapter: &Adapter) -> String {
    let photos = adapter.details.photos.unwrap_or(0);
    json!({ folder(adapter): { "n_repeats": 1, "img_count": photos } }).to_string()
}

/// How often each tag was in the captions of a folder: each new word once a photo.
fn tag_frequency(adapter: &Adapter) -> String {
    let photos = adapter.details.photos.unwrap_or(1);
    let words = bundle::names(adapter.embeddings.iter().map(|word| word.placeholder.as_str()));
    let tags: BTreeMap<String, usize> = words.into_iter().map(|word| (word, photos)).collect();
    json!({ folder(adapter): tags }).to_string()
}

fn folder(adapter: &Adapter) -> String {
    adapter.embeddings.first().map_or_else(String::new, |word| bundle::name(&word.placeholder))
}

/// For an embedding file.
pub(super) fn of_embedding(adapter: &Adapter, embedding: &Embedding) -> Metadata {
    let nouns = adapter.embeddings.iter().zip(adapter.class_nouns());
    let own = nouns.filter(|(word, noun)| word.placeholder == embedding.placeholder && !noun.is_empty());
    let class_nouns = own.map(|(_, noun)| noun).collect();
    let details = AdapterDetails { class_nouns, ..adapter.details.clone() };
    own_entries(&Adapter { embeddings: vec![embedding.clone()], details, ..adapter.clone() })
}

/// Everything that only our own files say.
pub(super) fn own_entries(adapter: &Adapter) -> Metadata {
    let details = &adapter.details;
    let words: Vec<&str> = adapter.embeddings.iter().map(|word| word.placeholder.as_str()).collect();
    let placeholder = words.first().map(|&placeholder| placeholder.to_owned());
    let placeholders = (words.len() > 1).then(|| json!(words).to_string());
    let number = |value: Option<f64>| value.map(|value| value.to_string());
    let entries = [
        ("name", Some(adapter.name.clone())),
        ("placeholder", placeholder),
        ("placeholders", placeholders),
        ("class_noun", details.class_nouns.first().cloned()),
        ("class_nouns", (details.class_nouns.len() > 1).then(|| json!(details.class_nouns).to_string())),
        ("clean_prompt", details.clean_prompt.clone()),
        ("personalization_prompt", details.personalization_prompt.clone()),
        ("alpha", number(details.alpha)),
        ("beta", number(details.beta)),
        ("lambda", number(details.lambda)),
        ("steps", details.steps.map(|steps| steps.to_string())),
        ("trained_weights", details.trained_weights.clone()),
        ("base_model", details.base_model.clone()),
        ("base_model_hash", details.base_model_hash.clone()),
        ("base_model_sha256", details.base_model_sha256.clone()),
        ("prediction_type", details.prediction_type.map(|kind| prediction_name(kind).to_owned())),
        ("resolution", details.resolution.map(|side| side.to_string())),
        ("photos", details.photos.map(|photos| photos.to_string())),
        ("learning_rate", number(details.learning_rate)),
        ("optimizer", details.optimizer.clone()),
        ("seed", details.seed.map(|seed| seed.to_string())),
    ];
    let present = entries.into_iter().filter_map(|(key, value)| Some((format!("palpable.{key}"), value?)));
    present.collect()
}

/// The name that our own files carry.
pub(super) fn name(metadata: &Metadata) -> Option<String> {
    let name = clean_name(metadata.get("palpable.name")?);
    (!name.is_empty()).then_some(name)
}

/// The placeholders with their brackets, which the tensors' names do not keep, in the adapter's order.
pub(super) fn placeholders(metadata: &Metadata) -> Vec<String> {
    let all = one_or_several(metadata, "palpable.placeholder");
    all.iter().map(|placeholder| clean_placeholder(placeholder)).collect()
}

/// The list under the entry's plural, else the one under its name.
fn one_or_several(metadata: &Metadata, entry: &str) -> Vec<String> {
    let several = metadata.get(&format!("{entry}s"));
    let several = several.and_then(|json| serde_json::from_str::<Vec<String>>(json).ok());
    several.unwrap_or_else(|| metadata.get(entry).cloned().into_iter().collect())
}

/// What is there and makes sense; the rest is `None`.
pub(super) fn details(metadata: &Metadata) -> AdapterDetails {
    let text = |key: &str, longest: usize| {
        let text = clean(metadata.get(key)?, longest);
        (!text.is_empty()).then_some(text)
    };
    let prompt = |key: &str| text(key, MAX_TEXT);
    let name = |key: &str| text(key, super::text::MAX_NAME);
    let number = |key: &str| parse::<f64>(metadata, key).filter(|number| number.is_finite());
    AdapterDetails {
        class_nouns: one_or_several(metadata, "palpable.class_noun")
            .iter()
            .map(|noun| clean_name(noun))
            .collect(),
        clean_prompt: prompt("palpable.clean_prompt"),
        personalization_prompt: prompt("palpable.personalization_prompt"),
        alpha: number("palpable.alpha"),
        beta: number("palpable.beta"),
        lambda: number("palpable.lambda"),
        steps: parse(metadata, "palpable.steps").or_else(|| parse(metadata, "ss_steps")),
        trained_weights: name("palpable.trained_weights"),
        base_model: name("palpable.base_model").or_else(|| name("ss_sd_model_name")),
        base_model_hash: name("palpable.base_model_hash").or_else(|| name("ss_sd_model_hash")),
        base_model_sha256: name("palpable.base_model_sha256").or_else(|| name("ss_new_sd_model_hash")),
        prediction_type: name("palpable.prediction_type")
            .or_else(|| name("modelspec.prediction_type"))
            .and_then(|name| PREDICTION_TYPES.into_iter().find(|&kind| prediction_name(kind) == name)),
        resolution: parse(metadata, "palpable.resolution"),
        photos: parse(metadata, "palpable.photos").or_else(|| parse(metadata, "ss_num_train_images")),
        learning_rate: number("palpable.learning_rate"),
        optimizer: name("palpable.optimizer").or_else(|| name("ss_optimizer")),
        seed: parse(metadata, "palpable.seed").or_else(|| parse(metadata, "ss_seed")),
    }
}

fn parse<T: FromStr>(metadata: &Metadata, key: &str) -> Option<T> {
    metadata.get(key)?.parse().ok()
}

const PREDICTION_TYPES: [PredictionType; 2] = [PredictionType::Epsilon, PredictionType::VPrediction];

/// modelspec's name.
fn prediction_name(kind: PredictionType) -> &'static str {
    match kind {
        PredictionType::Epsilon => "epsilon",
        PredictionType::VPrediction => "v",
    }
}

/// kohya's `ss_v2` and `ss_base_model_version`, and the architecture's name in modelspec, by the width
/// of the text vectors. Of Stable Diffusion 2 there are two kinds, which differ in what they predict; a small
/// model such as the demo's has no name at all.
fn family(
    text_width: Option<usize>,
    predicts: Option<PredictionType>,
) -> (&'static str, &'static str, Option<&'static str>) {
    match (text_width, predicts) {
        (Some(768), _) => ("False", "sd_v1", Some("stable-diffusion-v1")),
        (Some(1024), Some(PredictionType::Epsilon)) => ("True", "sd_v2", Some("stable-diffusion-v2-512")),
        (Some(1024), Some(PredictionType::VPrediction)) => {
            ("True", "sd_v2_v", Some("stable-diffusion-v2-768-v"))
        }
        (Some(1024), None) => ("True", "sd_v2", None),
        _ => ("False", "other", None),
    }
}

/// The one value that all share; kohya says "Dynamic" where there are several.
fn common(mut values: impl Iterator<Item = String>) -> String {
    match values.next() {
        Some(first) if values.all(|value| value == first) => first,
        _ => "Dynamic".to_owned(),
    }
}

/// What users of other programs type for the new words.
fn trigger_words(adapter: &Adapter) -> String {
    bundle::names(adapter.embeddings.iter().map(|word| word.placeholder.as_str())).join(", ")
}

fn known_nouns(details: &AdapterDetails) -> impl Iterator<Item = &str> {
    details.class_nouns.iter().map(String::as_str).filter(|noun| !noun.is_empty())
}

/// A line for people who open the file elsewhere.
fn comment(adapter: &Adapter) -> String {
    let details = &adapter.details;
    let mut comment = "made with Palpable (PALP)".to_owned();
    match adapter.embeddings.len() {
        0 => {}
        1 => comment += &format!("; the new word is {}", trigger_words(adapter)),
        _ => comment += &format!("; the new words are {}", trigger_words(adapter)),
    }
    let nouns: Vec<String> = known_nouns(details).map(|noun| format!("a {noun}")).collect();
    if !nouns.is_empty() {
        comment += &format!(", {}", nouns.join(" and "));
    }
    if let Some(clean_prompt) = &details.clean_prompt {
        comment += &format!("; aligned with \"{clean_prompt}\"");
    }
    comment
}
