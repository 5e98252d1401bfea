//! The bench on the software adapter: every row is there and says what was measured, and the
//! architecture that is measured is Stable Diffusion 1.5's.

mod support;

use std::{path::Path, process::Command, rc::Rc, time::Instant};

use burn::tensor::{FloatDType, Tensor};
use palpable::{
    bench::{Counted, Model, ModelConfigs, Plan, Session, ShapeSet, Task, count},
    gpu::{KernelProfile, Work},
    model::{clip_text::ClipTextConfig, clip_text::ClipTextModel},
    ops::linear::linear,
    pipeline::Precision,
    weights::{MemorySource, Weights},
};
use support::{block_on, formula::FormulaModel, in_repository, open_gpu, values};

/// An architecture that a software adapter runs in no time.
fn tiny() -> Model {
    let mut folder = MemorySource::default();
    folder.insert("unet/config.json", FormulaModel::read("unet/adapted.json").config);
    folder.insert(
        "vae/config.json",
        r#"{"block_out_channels": [16, 16], "norm_num_groups": 8,
            "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"],
            "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"]}"#,
    );
    folder.insert(
        "text_encoder/config.json",
        r#"{"vocab_size": 50, "hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 1,
            "num_attention_heads": 2, "max_position_embeddings": 77}"#,
    );
    folder.insert("scheduler/scheduler_config.json", "{}");
    let configs = block_on(ModelConfigs::read(&folder)).expect("configs");
    Model::Random { name: "tiny".to_owned(), configs }
}

fn quick(tasks: &[Task]) -> Plan {
    Plan {
        tasks: tasks.to_vec(),
        shapes: ShapeSet::Quick,
        sizes: vec![16],
        rank: 4,
        precisions: vec![Precision::Float32],
        quick: true,
        ..Plan::default()
    }
}

#[test]
fn every_operation_and_network_has_its_row() {
    let gpu = open_gpu();
    let start = Instant::now();
    let clock = Rc::new(move || start.elapsed().as_secs_f64());
    let mut session = block_on(Session::new(&gpu, tiny(), quick(&Task::ALL), clock)).unwrap();
    let [_, total] = session.progress();
    let mut names = 0;
    while session.next().is_some() {
        names += 1;
        block_on(session.step()).unwrap();
    }
    assert_eq!((names, session.progress()), (total, [total; 2]));

    let report = session.report();
    let ceiling = report.ceiling.expect("ceilings");
    assert!(ceiling.teraflops > 0.0 && ceiling.gigabytes_per_second > 0.0);
    assert_eq!(ceiling.teraflops_f16.is_some(), gpu.report.float16);
    // Two rows an operation; U-Net, decoder, encoder, text, step, PALP in three ways.
    assert_eq!(report.rows.len(), 2 * ShapeSet::Quick.cases("").len() + 8);
    for row in &report.rows {
        let name = &row.name;
        assert!(
            row.milliseconds > 0.0 && row.least <= row.milliseconds && row.milliseconds <= row.most,
            "{name}"
        );
        assert!(row.launches > 0 && row.flops > 0 && row.bytes > 0, "{name} did nothing");
        assert!(row.ceiling_share.is_some_and(|share| share > 0.0), "{name}");
        assert_eq!(row.memory.is_some_and(|bytes| bytes > 0), row.pass == "whole", "{name}");
    }
    let flops = |name: &str, pass: &str| {
        let row = report.rows.iter().find(|row| row.name.starts_with(name) && row.pass == pass);
        row.unwrap_or_else(|| panic!("no row {name}, {pass}")).flops
    };
    // 2 · 256 · 320 · 320, forward and for the input's gradient; forward adds a bias.
    assert_eq!(flops("linear 256×320×320", "forward"), 2 * 256 * 320 * 320 + 256 * 320);
    assert_eq!(flops("linear 256×320×320", "backward"), 2 * 256 * 320 * 320);
    // A guided step is an evaluation of two rows; β ≠ 1 takes one prediction more than β = 1.
    assert_eq!(flops("guided step", "whole"), flops("U-Net", "whole"));
    assert!(
        flops("PALP step tiny 16² batch 1 rank 4 β 7.5", "whole")
            > flops("PALP step tiny 16² batch 1 rank 4 β 1", "whole")
    );
}

/// LoRA's sums are part of the launch whatever the weight is, in a training's step too.
#[test]
fn packed_weights_take_fewer_bytes_and_no_more_launches() {
    let precisions = vec![Precision::Float32, Precision::Float16Float32, Precision::Int8Float32];
    let plan = Plan { precisions, ..quick(&[Task::Unet, Task::Palp]) };
    let counted = block_on(count(&open_gpu(), &tiny(), &plan)).unwrap();
    let all = |each: &Counted| each.work.values().copied().sum::<Work>();
    let [floats, halves, integers] = [0, 1, 2].map(|place| &counted[4 * place..4 * place + 4]);
    for ((floats, halves), integers) in floats.iter().zip(halves).zip(integers) {
        let [floats, halves, integers] = [floats, halves, integers].map(all);
        assert_eq!([halves.launches, integers.launches], [floats.launches; 2]);
        assert_eq!([halves.flops, integers.flops], [floats.flops; 2]);
        assert!(halves.bytes < floats.bytes && integers.bytes < halves.bytes);
    }
}

/// Systems reset a slow GPU that computes on one launch for seconds.
#[test]
fn probes_are_no_longer_than_other_launches() {
    let mut gpu = open_gpu();
    gpu.report.software = false;
    let submission_budget = 1 << 30;
    KernelProfile { submission_budget, ..KernelProfile::on(&gpu.device) }.set(&gpu.device);
    let start = Instant::now();
    let clock = Rc::new(move || start.elapsed().as_secs_f64());
    let mut session = block_on(Session::new(&gpu, tiny(), quick(&[]), clock)).unwrap();
    let before = Work::so_far();
    block_on(session.step()).unwrap();
    let work = Work::so_far() - before;
    assert!(session.report().ceiling.is_some_and(|ceiling| ceiling.teraflops > 0.0));
    assert!(work.launches > 0 && work.flops <= work.launches * submission_budget, "{work:?}");
}

#[test]
fn counting_computes_nothing_and_agrees_with_what_runs() {
    let gpu = open_gpu();
    let plan = quick(&[Task::Unet]);
    let counted = block_on(count(&gpu, &tiny(), &plan)).unwrap();
    let [unet] = &counted[..] else { panic!("{counted:?}") };
    for kind in ["convolution", "linear", "attention_forward", "group_norm", "layer_norm", "geglu"] {
        assert!(unet.work.contains_key(kind), "no {kind} in {:?}", unet.work.keys());
    }
    let start = Instant::now();
    let clock = Rc::new(move || start.elapsed().as_secs_f64());
    let mut session = block_on(Session::new(&gpu, tiny(), plan, clock)).unwrap();
    while session.next().is_some() {
        block_on(session.step()).unwrap();
    }
    let row = &session.report().rows[0];
    let all: Work = unet.work.values().copied().sum();
    assert_eq!([all.launches, all.flops, all.bytes], [row.launches, row.flops, row.bytes]);

    let x = Tensor::<3>::ones([1, 4, 4], &gpu.device);
    let weight = Tensor::<2>::ones([4, 4], &gpu.device);
    let mut skipped = None;
    let counted = Work::count_without_launching(|| skipped = Some(linear(x.clone(), weight.clone(), None)));
    assert_eq!(counted["linear"].flops, 2 * 4 * 4 * 4);
    assert_ne!(values(skipped.expect("a result")), vec![4.0; 16], "it was computed");
    assert_eq!(values(linear(x, weight, None)), vec![4.0; 16], "counting did not end");
}

#[test]
fn random_weights_keep_activations_in_range() {
    let gpu = open_gpu();
    let mut precisions = vec![FloatDType::F32];
    if gpu.report.float16 {
        precisions.push(FloatDType::F16);
    }
    for dtype in precisions {
        let json = r#"{"vocab_size": 50, "hidden_size": 32, "intermediate_size": 64,
            "num_hidden_layers": 3, "num_attention_heads": 2, "max_position_embeddings": 8}"#;
        let config = ClipTextConfig::from_json(json).unwrap();
        let mut weights = Weights::random(1, &gpu.device, dtype);
        let model = ClipTextModel::load(&mut weights, config).unwrap();
        let hidden = model.forward(model.embed_tokens(&[1, 2, 3, 4]).unsqueeze::<3>());
        let hidden = values(hidden.cast(FloatDType::F32));
        // After a layer normalization with gain 1 and bias 0.
        let square = hidden.iter().map(|value| value * value).sum::<f32>() / hidden.len() as f32;
        assert!((square - 1.0).abs() < 0.05, "{square}");
    }
}

#[test]
fn the_embedded_architecture_is_stable_diffusion_1_5() {
    let gpu = open_gpu();
    let model = Model::Random { name: "SD 1.5".to_owned(), configs: ModelConfigs::sd15() };
    let plan = Plan { sizes: vec![64], batch: 1, ..quick(&[Task::Text]) };
    let counted = block_on(count(&gpu, &model, &plan)).unwrap();
    let all: Work = counted[0].work.values().copied().sum();
    // 12 layers of 77 tokens: four projections of 768², two of 768·3072, attention's two products.
    let projections = 2 * 77 * 12 * (4 * 768 * 768 + 2 * 768 * 3072);
    assert!(all.flops > projections && all.flops < projections * 11 / 10, "{all:?}");
}

#[test]
fn a_size_that_does_not_fit_is_one_sentence() {
    let plan = Plan { sizes: vec![17], ..quick(&[Task::Unet]) };
    let error = block_on(count(&open_gpu(), &tiny(), &plan)).unwrap_err();
    assert!(error.sentence().contains("multiples of 2"), "{}", error.sentence());
}

#[test]
fn the_program_measures_writes_json_and_compares() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let ours = folder.join("bench-ours.json").display().to_string();
    let palpable = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_palpable"))
            .args(arguments)
            .current_dir(in_repository("."))
            .output()
            .expect("the program starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}, {}: {errors}", output.status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let table =
        palpable(&["bench", "ops", "--quick", "--filter=layer norm", "--precision=f32", "--json", &ours]);
    assert!(table.contains("| layer norm 128×320 | forward | f32 |"), "{table}");

    let mut report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&ours).expect("a report")).expect("JSON");
    assert_eq!(report["format"], "palpable-bench-1");
    for row in report["rows"].as_array_mut().expect("rows") {
        row["milliseconds"] = (row["milliseconds"].as_f64().expect("a duration") * 2.0).into();
    }
    let theirs = folder.join("bench-theirs.json").display().to_string();
    std::fs::write(&theirs, report.to_string()).expect("written");
    let compared = palpable(&["bench", "compare", &ours, &theirs]);
    let row = compared.lines().find(|line| line.starts_with("| layer norm 128×320 | forward"));
    assert!(row.is_some_and(|row| row.ends_with("| 2.00 |")), "{compared}");

    let counted =
        palpable(&["bench", "unet", "--count", "--model=models/demo", "--random-weights", "--size=128"]);
    assert!(counted.contains("| convolution |"), "{counted}");
}
