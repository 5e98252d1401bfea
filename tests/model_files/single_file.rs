//! Checkpoints in the original layout against diffusers' conversion (`tools/goldens/single_file.py`).

use std::collections::{BTreeMap, HashMap};

use burn::tensor::{FloatDType, Tensor};
use palpable::{
    model::{
        clip_text::{ClipTextConfig, ClipTextModel},
        unet::UNet2DConditionModel,
        unet_config::UNet2DConditionConfig,
        vae::AutoencoderKl,
        vae_config::AutoencoderKlConfig,
    },
    sampling::{NoiseSchedule, PredictionType, SchedulerConfig},
    tokenizer::Tokenizer,
    weights::{
        ByteSource, Combined, Error, MemorySource, OutgoingTensor, SingleFile, SingleFileOptions, Weights,
        read_text, write_safetensors,
    },
};

use crate::support::{
    Golden, any_device, block_on, demo_model, formula, in_repository, relative_error, values,
};

const FILE: &str = "model.safetensors";
/// Enough for a vocabulary of 99 − 2 tokens beside the bytes: ids beyond the table are placeholders'.
const MERGES: &str = "#version: 0.2\na b\nab c</w>\n";

/// Names and shapes of a golden checkpoint.
fn shapes(name: &str) -> Vec<(String, Vec<usize>)> {
    let path = in_repository(&format!("tests/goldens/single_file/{name}.json"));
    let layers: HashMap<String, HashMap<String, Vec<usize>>> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let tensors = layers.into_iter().flat_map(|(layer, leaves)| {
        leaves.into_iter().map(move |(leaf, shape)| (format!("{layer}.{leaf}"), shape))
    });
    tensors.collect()
}

/// The checkpoint with the tensors that `keep` names, and further ones.
fn file(name: &str, keep: impl Fn(&str) -> bool, further: Vec<OutgoingTensor>) -> Vec<u8> {
    let kept = shapes(name).into_iter().filter(|(name, _)| keep(name));
    let tensors = kept.map(|(name, shape)| {
        let values = formula::weight(&name, &shape);
        OutgoingTensor::f32(name, &shape, &values)
    });
    write_safetensors(&tensors.chain(further).collect::<Vec<_>>(), &BTreeMap::new())
}

fn memory(bytes: Vec<u8>) -> MemorySource {
    let mut source = MemorySource::default();
    source.insert(FILE, bytes);
    source
}

fn open<'a>(source: &'a MemorySource, options: SingleFileOptions) -> Result<SingleFile<'a>, Error> {
    block_on(SingleFile::open(source, FILE, options))
}

fn config(source: &dyn ByteSource, path: &str) -> String {
    block_on(read_text(source, path)).unwrap()
}

fn weights(source: &dyn ByteSource, folder: &str, stem: &str) -> Weights {
    let device = any_device();
    block_on(Weights::load(source, folder, stem, &device, FloatDType::F32, &mut |_| {})).unwrap()
}

fn unet(source: &dyn ByteSource) -> UNet2DConditionModel {
    let config = UNet2DConditionConfig::from_json(&config(source, "unet/config.json")).unwrap();
    UNet2DConditionModel::load(&mut weights(source, "unet", "diffusion_pytorch_model"), config).unwrap()
}

fn noise_prediction(unet: &UNet2DConditionModel) -> Vec<f32> {
    let device = any_device();
    let sample = formula::values("sample", [2, 8, 8, 4], &device);
    let context = formula::values("encoder_hidden_states", [2, 7, 64], &device);
    values(unet.forward(sample, &[801.0, 20.5], context, None))
}

fn prediction(source: &dyn ByteSource) -> PredictionType {
    let scheduler = SchedulerConfig::from_json(&config(source, "scheduler/scheduler_config.json")).unwrap();
    NoiseSchedule::new(&scheduler).unwrap().prediction_type()
}

fn close(golden: &Golden, name: &str, actual: Vec<f32>) {
    let error = relative_error(&actual, golden.values(name));
    println!("{name}: relative error {error:.2e}");
    assert!(error <= 1e-4, "{name}: {error:.2e}");
}

fn equals_diffusers(name: &str) {
    let source = memory(file(name, |_| true, vec![]));
    let model = open(&source, SingleFileOptions { merges: Some(MERGES), ..Default::default() }).unwrap();
    assert!(model.lacks().is_empty());
    let golden = Golden::read(&format!("single_file/{name}.safetensors"));
    let device = any_device();
    close(&golden, "unet", noise_prediction(&unet(&model)));

    let vae_config = AutoencoderKlConfig::from_json(&config(&model, "vae/config.json")).unwrap();
    let vae =
        AutoencoderKl::load(&mut weights(&model, "vae", "diffusion_pytorch_model"), vae_config).unwrap();
    close(&golden, "mean", values(vae.encode(formula::values("images", [1, 16, 16, 3], &device)).mean));
    close(&golden, "decoded", values(vae.decode(formula::values("latents", [1, 2, 2, 4], &device))));

    close(&golden, "text", text_encoding(&model));
}

fn text_encoding(model: &SingleFile) -> Vec<f32> {
    let text_config = ClipTextConfig::from_json(&config(model, "text_encoder/config.json")).unwrap();
    let text = ClipTextModel::load(&mut weights(model, "text_encoder", "model"), text_config).unwrap();
    let embedded: Tensor<3> = text.embed_tokens(&[98, 5, 17, 3, 0, 0, 97]).unsqueeze();
    values(text.forward(embedded))
}

#[test]
fn stable_diffusion_1_equals_diffusers() {
    equals_diffusers("sd1");
}

#[test]
fn stable_diffusion_2_with_open_clip_equals_diffusers() {
    equals_diffusers("sd2");
}

/// SD-Turbo's file has Stability's later name for it.
#[test]
fn open_clip_has_two_names() {
    let tensors = shapes("sd2").into_iter().map(|(name, shape)| {
        let later = name.replace("cond_stage_model.", "conditioner.embedders.0.");
        OutgoingTensor::f32(later, &shape, &formula::weight(&name, &shape))
    });
    let source = memory(write_safetensors(&tensors.collect::<Vec<_>>(), &BTreeMap::new()));
    let model = open(&source, SingleFileOptions { merges: Some(MERGES), ..Default::default() }).unwrap();
    assert!(model.lacks().is_empty());
    close(&Golden::read("single_file/sd2.safetensors"), "text", text_encoding(&model));
}

/// What diffusers' script converts back to the original names lacks the layer that Stable Diffusion 2 doesn't read,
/// and the projection behind it.
#[test]
fn a_text_encoder_without_its_last_layer_is_whole() {
    let layers = |kept: &dyn Fn(&str) -> bool| {
        let source = memory(file("sd2", |name| name.starts_with("cond_stage_model.") && kept(name), vec![]));
        let model = open(&source, SingleFileOptions::default()).unwrap();
        ClipTextConfig::from_json(&config(&model, "text_encoder/config.json")).unwrap().num_hidden_layers
    };
    let unread = ["resblocks.2.", "text_projection"];
    assert_eq!(layers(&|_| true), 2);
    assert_eq!(layers(&|name| !unread.iter().any(|part| name.contains(part))), 2);
}

#[test]
fn padding_is_the_end_token_in_1_and_id_0_in_2() {
    for (name, padding) in [("sd1", 512 + 2 + 1), ("sd2", 0)] {
        let source = memory(file(name, |name| name.starts_with("cond_stage_model."), vec![]));
        let model = open(&source, SingleFileOptions { merges: Some(MERGES), ..Default::default() }).unwrap();
        let tokenizer = block_on(Tokenizer::load(&model, "tokenizer")).unwrap();
        let ids = tokenizer.encode("abc").ids;
        assert_eq!(ids[..3], [512 + 2, 512 + 1, 512 + 2 + 1], "start, the word, end");
        assert!(ids[3..].iter().all(|&id| id == padding), "{name}: {ids:?}");
    }
}

#[test]
fn the_shipped_merges_give_openai_clips_ids() {
    let merges = std::fs::read_to_string(in_repository("models/clip-tokenizer/merges.txt")).unwrap();
    let source = memory(file("sd1", |name| name.starts_with("cond_stage_model."), vec![]));
    let model = open(&source, SingleFileOptions { merges: Some(&merges), ..Default::default() }).unwrap();
    let tokenizer = block_on(Tokenizer::load(&model, "tokenizer")).unwrap();
    // What OpenAI's CLIP gives, in all its documentation.
    let photo = tokenizer.encode("a photo of a cat").ids;
    assert_eq!(photo[..7], [49406, 320, 1125, 539, 320, 2368, 49407]);
}

#[test]
fn what_is_predicted_comes_from_the_caller_the_file_or_the_spread() {
    let kept = |name: &str| name.starts_with("model.");
    let bias = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias";
    let asked = |bytes: Vec<u8>, predicts_v: Option<bool>| {
        let source = memory(bytes);
        prediction(&open(&source, SingleFileOptions { predicts_v, ..Default::default() }).unwrap())
    };
    // The formula's biases are uniform in ±1/8, of deviation 0.072; three times them is beyond 0.09.
    assert_eq!(asked(file("sd2", kept, vec![]), None), PredictionType::Epsilon);
    let wide: Vec<f32> = formula::weight(bias, &[64]).into_iter().map(|value| 3.0 * value).collect();
    let wide = || vec![OutgoingTensor::f16(bias, &[64], &wide)];
    let widened = || file("sd2", |name| kept(name) && name != bias, wide());
    assert_eq!(asked(widened(), None), PredictionType::VPrediction);
    assert_eq!(asked(widened(), Some(false)), PredictionType::Epsilon);
    assert_eq!(asked(file("sd1", kept, vec![]), Some(true)), PredictionType::VPrediction);
    let marked = file("sd1", kept, vec![OutgoingTensor::f32("v_pred", &[1], &[1.0])]);
    assert_eq!(asked(marked, None), PredictionType::VPrediction);
}

#[test]
fn averaged_weights_are_taken_only_where_asked() {
    let kept = |name: &str| name.starts_with("model.");
    let averages = shapes("sd1").into_iter().filter(|(name, _)| kept(name)).map(|(name, shape)| {
        let halved: Vec<f32> = formula::weight(&name, &shape).iter().map(|value| value / 2.0).collect();
        let averaged = format!("model_ema.{}", name["model.".len()..].replace('.', ""));
        OutgoingTensor::f32(averaged, &shape, &halved)
    });
    let source = memory(file("sd1", kept, averages.collect()));
    let first = |averaged| {
        let model = open(&source, SingleFileOptions { averaged, ..Default::default() }).unwrap();
        let mut weights = weights(&model, "unet", "diffusion_pytorch_model");
        values(weights.take::<1>("conv_in.bias", [32]).unwrap())
    };
    let own = formula::weight("model.diffusion_model.input_blocks.0.0.bias", &[32]);
    assert_eq!(first(false), own);
    assert_eq!(first(true), own.iter().map(|value| value / 2.0).collect::<Vec<_>>());
}

#[test]
fn what_a_file_lacks_is_taken_from_another_model() {
    let source = memory(file("sd1", |name| name.starts_with("first_stage_model."), vec![]));
    let vae_only = open(&source, SingleFileOptions::default()).unwrap();
    assert_eq!(vae_only.lacks(), ["unet", "text_encoder", "tokenizer"]);
    let demo = demo_model();
    let model = Combined::new(&demo).with("vae", &vae_only);
    assert!(config(&model, "vae/config.json").contains("[32,32,64,64]"));
    assert_eq!(config(&model, "unet/config.json"), config(&demo, "unet/config.json"));
    assert_eq!(unet(&model).config().block_out_channels, unet(&demo).config().block_out_channels);
}

/// As the page keeps a completed checkpoint: the other model's parts in folders beside it.
#[test]
fn what_a_file_lacks_is_found_beside_it() {
    let mut source = memory(file("sd1", |name| name.starts_with("model.diffusion_model."), vec![]));
    source.insert("merges.txt", MERGES);
    let lacks = |source: &MemorySource| block_on(SingleFile::in_folder(source)).unwrap().unwrap().lacks();
    assert_eq!(lacks(&source), ["vae", "text_encoder", "tokenizer"]);
    source.insert("vae/config.json", "{}");
    assert_eq!(lacks(&source), ["text_encoder", "tokenizer"]);
    for path in ["text_encoder/config.json", "tokenizer/vocab.json", "tokenizer/merges.txt"] {
        source.insert(path, path);
    }
    // What the file has itself counts, whatever lies beside it.
    source.insert("unet/config.json", "{}");
    let model = block_on(SingleFile::in_folder(&source)).unwrap().unwrap();
    assert!(model.lacks().is_empty());
    assert!(config(&model, "unet/config.json").contains("UNet2DConditionModel"));
    assert_eq!(config(&model, "vae/config.json"), "{}");
    assert_eq!(config(&model, "tokenizer/merges.txt"), "tokenizer/merges.txt");
    assert_eq!(block_on(model.length("tokenizer/other.txt")).unwrap(), None);
}

#[test]
fn a_folder_of_one_checkpoint_is_told_from_one_of_parts() {
    let mut source = memory(file("sd1", |_| true, vec![]));
    let alone = block_on(SingleFile::in_folder(&source)).unwrap().unwrap();
    assert_eq!(alone.lacks(), ["tokenizer"]);
    source.insert("merges.txt", MERGES);
    assert!(block_on(SingleFile::in_folder(&source)).unwrap().unwrap().lacks().is_empty());
    source.insert("model_index.json", "{}");
    assert!(block_on(SingleFile::in_folder(&source)).unwrap().is_none());
    assert!(block_on(SingleFile::in_folder(&demo_model())).unwrap().is_none());
}

#[test]
fn other_files_are_refused_in_a_sentence() {
    let refused = |bytes: Vec<u8>| {
        let source = memory(bytes);
        open(&source, SingleFileOptions::default()).err().unwrap().to_string()
    };
    let holding =
        |name: &str| write_safetensors(&[OutgoingTensor::f32(name, &[1], &[0.0])], &BTreeMap::new());
    for (bytes, expected) in [
        (holding("conditioner.embedders.1.x"), "it is a Stable Diffusion XL"),
        (holding("lora_unet_down_blocks_0.alpha"), "open it as an adapter"),
        (holding("something.weight"), "no part of it has the names"),
        (b"PK\x03\x04 a zip of pickles".to_vec(), "is a pickle"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P".to_vec(), "is a pickle"),
        (b"\x01".to_vec(), "is cut short"),
    ] {
        let message = refused(bytes);
        assert!(message.contains(expected), "{message}");
    }
}

/// The command line: one file draws; one that lacks a part says what to do, and draws with that part of
/// another model.
#[test]
fn the_command_line_draws_from_one_file() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("single_file");
    std::fs::create_dir_all(&folder).unwrap();
    let write = |file: &str, bytes: Vec<u8>| {
        let path = folder.join(file);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let whole = write("whole.safetensors", file("sd1", |_| true, vec![]));
    let bare = write("bare.safetensors", file("sd1", |name| !name.starts_with("first_stage_model."), vec![]));
    let picture = folder.join("picture.png").display().to_string();
    let draw = |model: &str, further: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_palpable"))
            .args(["generate", "--device=cpu", "--steps=1", "--size=64x64", "--prompt=a dog"])
            .args(["--model", model, "--out", &picture])
            .args(further)
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (drawn, said) = draw(&whole, &[]);
    assert!(drawn, "{said}");
    assert_eq!(image::image_dimensions(&picture).unwrap(), (64, 64));
    let (drawn, said) = draw(&bare, &[]);
    assert!(!drawn && said.contains("lacks vae; name a model to complete it with"), "{said}");
    for option in ["--vae", "--complete-with"] {
        let (drawn, said) = draw(&bare, &[option, &whole]);
        assert!(drawn, "{said}");
    }
}
