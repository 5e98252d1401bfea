//! Stable Diffusion 1.5's layout in small.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use burn::tensor::FloatDType;
use palpable::gpu::{Gpu, KernelProfile};
use palpable::model::clip_text::{ClipTextConfig, ClipTextModel};
use palpable::model::unet::UNet2DConditionModel;
use palpable::model::unet_config::UNet2DConditionConfig;
use palpable::model::vae_config::AutoencoderKlConfig;
use palpable::plan::{ModelSizes, parameters};
use palpable::sampling::{NoiseSchedule, SchedulerConfig};
use palpable::tokenizer::Tokenizer;
use palpable::training::{FrozenModel, TrainedWeights, TrainingSettings};
use palpable::weights::{Weights, read_text};

use crate::support::formula::{self, FormulaModel};
use crate::support::{block_on, demo_model};
use crate::{
    POLICIES, activations, assert_near, open_gpu, run, train, training, with_launches, without_launches,
};

/// A text encoder of two layers, as wide as the small layout's prompts, with the activation of Stable Diffusion 2's.
fn text_encoder(gpu: &Gpu, width: usize) -> ClipTextModel {
    let config = format!(
        r#"{{"vocab_size": 3555, "hidden_size": {width}, "intermediate_size": {}, "num_hidden_layers": 2,
        "num_attention_heads": 4, "max_position_embeddings": 77, "eos_token_id": 3554,
        "hidden_act": "gelu"}}"#,
        4 * width
    );
    let config = ClipTextConfig::from_json(&config).expect("a config");
    let matrix = |name: &str| match name {
        name if name.contains("token_embedding") => vec![3555, width],
        name if name.contains("position_embedding") => vec![77, width],
        name if name.contains("fc1") => vec![4 * width, width],
        name if name.contains("fc2") => vec![width, 4 * width],
        _ => vec![width, width],
    };
    let tensors: HashMap<_, _> = parameters::text_encoder(&config)
        .into_iter()
        .map(|parameter| {
            let count = parameter.count as usize;
            let shape = if count > 4 * width { matrix(&parameter.name) } else { vec![count] };
            let values = formula::weight(&parameter.name, &shape);
            (parameter.name, (shape, values))
        })
        .collect();
    let mut weights = Weights::from_tensors(tensors, &gpu.device, FloatDType::F32).expect("weights");
    ClipTextModel::load(&mut weights, config).expect("a text encoder")
}

/// A U-Net of that layout, and what trains it.
struct Layout {
    gpu: Gpu,
    unet: Rc<UNet2DConditionModel>,
    text_encoder: Rc<ClipTextModel>,
    schedule: SchedulerConfig,
}

impl Layout {
    fn new() -> Self {
        let gpu = open_gpu();
        let formula_unet = FormulaModel::read("unet/sd15_layout.json");
        let config = UNet2DConditionConfig::from_json(&formula_unet.config).expect("a config");
        let width = config.cross_attention_dim[0];
        let mut weights = formula_unet.weights(&gpu.device, FloatDType::F32);
        let unet = UNet2DConditionModel::load(&mut weights, config).expect("a U-Net");
        let schedule = SchedulerConfig::from_json(&text("scheduler/scheduler_config.json"));
        Self {
            unet: Rc::new(unet),
            text_encoder: Rc::new(text_encoder(&gpu, width)),
            schedule: schedule.expect("a config"),
            gpu,
        }
    }

    fn model(&self) -> FrozenModel {
        FrozenModel {
            checkpoint: None,
            identity: Vec::new(),
            resolution: 512,
            name: "layout".to_owned(),
            tokenizer: block_on(Tokenizer::load(&demo_model(), "tokenizer")).expect("a tokenizer"),
            text_encoder: self.text_encoder.clone(),
            unet: self.unet.clone(),
            schedule: NoiseSchedule::new(&self.schedule).expect("a schedule"),
            dtype: FloatDType::F32.into(),
        }
    }
}

fn text(path: &str) -> String {
    block_on(read_text(&demo_model(), path)).expect("a file")
}

#[test]
fn stable_diffusions_layout_takes_what_is_planned() {
    let _dry = without_launches();
    let layout = Layout::new();
    let vae = AutoencoderKlConfig::from_json(&text("vae/config.json")).expect("a config");
    let sizes = ModelSizes {
        text_encoder: layout.text_encoder.config(),
        unet: layout.unet.config(),
        vae: &vae,
        scalar: 4,
        unet_packing: None,
        other_packing: None,
        taesd: None,
        held: 0,
        profile: Arc::new(KernelProfile::on(&layout.gpu.device)),
    };
    let [kept, recomputed] = POLICIES.map(|policy| (TrainedWeights::Lora, policy, 0.0));
    // What is trained is then most of what is held.
    let all = (TrainedWeights::All, POLICIES[1], 0.0);
    let localized = POLICIES.map(|policy| (TrainedWeights::Lora, policy, 1.0));
    let [localized_kept, localized_recomputed] = localized;
    // The largest last: of its buffers the device takes its time to take back.
    for (trained_weights, (setting, policy), localized_loss) in
        [kept, recomputed, localized_kept, localized_recomputed, all]
    {
        let settings = TrainingSettings { localized_loss, ..training(setting, trained_weights) };
        let planned = activations(&sizes.training(run(128, &settings), policy));
        let (measured, _) = train(&layout.gpu, layout.model(), 16, settings);
        let what = format!("training {trained_weights:?}, {policy:?}, localized loss {localized_loss}");
        assert_near(&what, measured, planned);
    }
}

/// Two steps: the first one changes half of the factors only.
#[test]
fn kept_and_recomputed_activations_train_the_same() {
    let _real = with_launches();
    let layout = Layout::new();
    let [kept, recomputed] = POLICIES
        .map(|(setting, _)| train(&layout.gpu, layout.model(), 8, training(setting, TrainedWeights::Lora)).1);
    assert!(kept == recomputed);
}
