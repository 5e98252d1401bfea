//! Training in full: gradients of weight differences against PyTorch (tools/goldens/unet.py), the same kept
//! and computed again, and runs that train each choice of weights.

use burn::tensor::{FloatDType, Tensor};
use palpable::adapter::Adapter;
use palpable::model::adaptable::{AdaptableModule, LayerKind, ModuleChoice};
use palpable::model::lora::{Folding, LoraSet, WeightDifference};
use palpable::plan::Adaptation;
use palpable::training::settings::TrainingSettings;
use palpable::training::unet_parameters::UNetLayout;
use palpable::training::{ActivationPolicy, Activations, LoraTargets, TrainedWeights};

use crate::passes::Pass;
use crate::support::{Golden, block_on, formula, open_gpu, relative_error, values};
use crate::tiny::{Tiny, largest_difference, resume, run, settings, state, trained_values};

/// The golden script's differences, a tenth of the formula's weights, in the layout of the flat vector.
fn formula_differences(modules: &[AdaptableModule]) -> Vec<f32> {
    let mut flat = Vec::new();
    for module in modules {
        let shape = module.weight_shape();
        let weight = formula::weight(&format!("difference.{}.weight", module.path), &shape);
        match module.kind {
            LayerKind::Linear | LayerKind::Pointwise => flat.extend(weight),
            LayerKind::Convolution => {
                let (inputs, outputs) = (module.in_features, module.out_features);
                let at =
                    |tap: usize, input: usize, output: usize| weight[(output * inputs + input) * 9 + tap];
                for tap in 0..9 {
                    for input in 0..inputs {
                        flat.extend((0..outputs).map(|output| at(tap, input, output)));
                    }
                }
            }
        }
        if module.has_bias {
            flat.extend(formula::weight(&format!("difference.{}.bias", module.path), &[module.out_features]));
        }
    }
    flat.iter().map(|value| value * 0.1).collect()
}

/// The golden script's sample of a gradient: every n-th number, at most 128, and the norm of all.
fn sample_of(gradient: &[f32]) -> Vec<f32> {
    let step = (gradient.len() / 128).max(1);
    let norm = gradient.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
    gradient.iter().copied().step_by(step).take(128).chain([norm as f32]).collect()
}

fn compare_with_pytorch(case: &str, choice: ModuleChoice, count: usize) {
    let tiny = Tiny::new();
    let modules = tiny.unet.adaptable_modules(choice);
    let layout = UNetLayout::full(modules.clone());
    let flat = formula_differences(&modules);
    assert_eq!(flat.len(), layout.count());
    let flat = Tensor::<1>::from_floats(flat.as_slice(), &tiny.device);
    let factors = layout.split(&flat).on_tape(true);

    let sample = formula::values("sample", [2, 8, 6, 4], &tiny.device);
    let context = formula::values("encoder_hidden_states", [2, 7, 24], &tiny.device);
    let context: Tensor<3> = Tensor::autodiff(context).require_grad();
    let lora = layout.lora_set(&factors);
    let output = tiny.unet.forward(sample, &[801.0, 20.5], context.clone(), Some(&lora));
    let direction = formula::values("direction", output.dims(), &tiny.device);
    let mut gradients = (output.clone() * direction).sum().backward();

    let golden = Golden::read("unet/differences.safetensors");
    let check = |what: &str, actual: &[f32], limit: f64| {
        let error = relative_error(actual, golden.values(&format!("{case}.{what}")));
        assert!(error <= limit, "{case} {what}: relative error {error:.1e}");
        error
    };
    check("output", &values(output), 1e-4);
    let context = values(context.grad_remove(&mut gradients).unwrap());
    let mut worst = check("gradient.encoder_hidden_states", &context, 1e-3);
    let flat = layout.flatten(factors.gradients(&mut gradients), &tiny.device);
    let (low_rank, differences) = layout.weights(&values(flat));
    assert!(low_rank.is_empty());
    let mut compared = 0;
    for difference in differences {
        let name = format!("gradient.{}.weight", difference.path);
        worst = worst.max(check(&name, &sample_of(&difference.weight), 1e-3));
        compared += 1;
        if let Some(bias) = &difference.bias {
            let name = format!("gradient.{}.bias", difference.path);
            worst = worst.max(check(&name, &sample_of(bias), 1e-3));
            compared += 1;
        }
    }
    assert_eq!(compared, count);
    println!("{case}: {count} tensors, worst relative error {worst:.1e}");
}

#[test]
fn gradients_of_all_weights_equal_pytorch() {
    compare_with_pytorch("all", ModuleChoice::All, 138);
}

#[test]
fn gradients_of_cross_attentions_keys_and_values_equal_pytorch() {
    compare_with_pytorch("keys_values", ModuleChoice::CrossAttentionKeysValues, 8);
}

fn layouts(tiny: &Tiny) -> [(&'static str, UNetLayout); 5] {
    let modules = |choice| tiny.unet.adaptable_modules(choice);
    [
        ("all", UNetLayout::full(modules(ModuleChoice::All))),
        ("keys and values", UNetLayout::full(modules(ModuleChoice::CrossAttentionKeysValues))),
        ("nothing", UNetLayout::full(modules(ModuleChoice::Nothing))),
        ("LoRA", UNetLayout::new(modules(ModuleChoice::AttentionProjections), 2, 2.0)),
        ("LoRA on cross-attention", UNetLayout::new(modules(ModuleChoice::CrossAttention), 2, 2.0)),
    ]
}

/// Piece by piece, kept and computed again, and by one tape of the whole pass.
#[test]
fn each_choice_of_weights_has_the_gradients_of_the_whole_pass() {
    for dtype in [FloatDType::F32, FloatDType::F16] {
        for (what, layout) in layouts(&Tiny::stored_as(dtype)) {
            let mut pass = Pass::training(Tiny::stored_as(dtype), layout);
            let kept = pass.gradients(None);
            pass.activations = ActivationPolicy::Recompute;
            let recomputed = pass.gradients(None);
            assert_eq!(values(recomputed.unet), values(kept.unet.clone()), "{what}");
            assert_eq!(values(recomputed.embedding), values(kept.embedding.clone()), "{what}");
            if dtype == FloatDType::F16 {
                continue;
            }
            // Added up in another order.
            let (lora, embedding) = pass.gradients_against(pass.batch.noise.clone());
            let mut error = relative_error(&values(kept.embedding), &embedding);
            if pass.trained.layout.count() > 0 {
                error = error.max(relative_error(&values(kept.unet), &lora));
                assert!(lora.iter().any(|&value| value != 0.0), "{what}");
            }
            println!("{what}: relative error {error:.1e}");
            assert!(error < 1e-5, "{what}: {error:.1e}");
        }
    }
}

fn trains(trained_weights: TrainedWeights) -> TrainingSettings {
    TrainingSettings { trained_weights, lora_learning_rate: 1e-4, warmup_steps: 1, ..settings() }
}

/// Every choice moves what it names and the word, leaves the model as it was, resumes to the bit, and its
/// adapter makes the pictures that the trainer's own values would.
#[test]
fn runs_train_what_they_are_told_to() {
    let tiny = Tiny::new();
    let base = tiny.base_output();
    for (trained_weights, layers) in [
        (TrainedWeights::All, tiny.unet.adaptable_modules(ModuleChoice::All).len()),
        (TrainedWeights::CrossAttention, 8),
        (TrainedWeights::None, 0),
    ] {
        let settings = trains(trained_weights);
        let mut trainer = tiny.trainer(&settings);
        let before = trained_values(&trainer);
        run(&mut trainer, 2);
        let checkpoint = state(&trainer);
        run(&mut trainer, 1);
        let after = trained_values(&trainer);
        let split = after.len() - 24;
        assert!(largest_difference(&before[split..], &after[split..]) > 1e-4);
        assert_eq!(tiny.base_output(), base, "the frozen model");

        let mut resumed = resume(&tiny, &checkpoint).unwrap();
        run(&mut resumed, 1);
        assert_eq!(state(&resumed), state(&trainer));

        let adapter = block_on(trainer.adapter()).unwrap();
        assert_eq!((adapter.lora.len(), adapter.differences.len()), (0, layers));
        assert_eq!(adapter.details.trained_weights.as_deref(), Some(trained_weights.name()));
        assert!(adapter.differences.iter().all(|each| each.weight.iter().any(|&value| value != 0.0)));
        assert_eq!(adapter.check_fits(&tiny.unet.adaptable_modules(ModuleChoice::All)), Ok(()));
        assert_eq!(adapter.difference_values() as u64, Adaptation::of(&settings).values(tiny.unet.config()));
        let predict = |lora| {
            let sample = formula::values("sample", [1, 8, 8, 4], &tiny.device);
            values(tiny.unet.forward(sample, &[500.0], trainer.encode_prompt("a <my-dog>"), Some(&lora)))
        };
        let exported = adapter.lora_set(&tiny.device, FloatDType::F32, 1.0);
        let learned = predict(trainer.lora_set());
        assert_eq!(predict(exported.clone()), learned);
        let mut folded = exported;
        tiny.unet.fold(&mut folded, Folding::Differences, &tiny.device);
        assert_eq!(predict(folded), learned, "the same sum, made once");
    }
}

#[test]
fn lora_on_cross_attention_alone_leaves_self_attention() {
    let tiny = Tiny::new();
    let settings = TrainingSettings { lora_targets: LoraTargets::CrossAttention, ..settings() };
    let trainer = tiny.trainer(&settings);
    let adapter = block_on(trainer.adapter()).unwrap();
    assert_eq!(adapter.lora.len(), 16);
    assert!(adapter.lora.iter().all(|layer| layer.path.contains(".attn2.")));
    let values: usize = adapter.lora.iter().map(|layer| layer.down.len() + layer.up.len()).sum();
    assert_eq!(values as u64, Adaptation::of(&settings).values(tiny.unet.config()));
}

/// A difference of strength 0, and one of a layer that the model does not have, change no bit.
#[test]
fn without_a_difference_the_model_is_the_base_model() {
    let tiny = Tiny::new();
    let mut trainer = tiny.trainer(&trains(TrainedWeights::All));
    run(&mut trainer, 1);
    let adapter = block_on(trainer.adapter()).unwrap();
    let predict = |lora| {
        let sample = formula::values("sample", [1, 8, 8, 4], &tiny.device);
        let context = formula::values("context", [1, 7, 24], &tiny.device);
        values(tiny.unet.forward(sample, &[500.0], context, Some(&lora)))
    };
    let at = |adapter: &Adapter, strength| adapter.lora_set(&tiny.device, FloatDType::F32, strength);
    assert_ne!(predict(at(&adapter, 1.0)), tiny.base_output());
    assert_eq!(predict(at(&adapter, 0.0)), tiny.base_output());
    let mut elsewhere = adapter.clone();
    elsewhere.differences.iter_mut().for_each(|difference| difference.path += ".elsewhere");
    assert_eq!(predict(at(&elsewhere, 1.0)), tiny.base_output());
    // Half of it twice is all of it.
    let mut halves = at(&adapter, 0.5);
    adapter.add_to(&mut halves, &tiny.device, FloatDType::F32, 0.5);
    assert!(relative_error(&predict(halves), &predict(at(&adapter, 1.0))) < 1e-5);
}

/// In f16, whose weights could not hold such small steps: the sum is made in f32 and rounded once.
#[test]
fn differences_are_summed_in_full_precision() {
    let tiny = Tiny::stored_as(FloatDType::F16);
    let modules = tiny.unet.adaptable_modules(ModuleChoice::CrossAttentionKeysValues);
    let predict = |count: usize, strength: f32| {
        let mut set = LoraSet::new();
        for module in &modules {
            // A fraction of what f16 tells apart where weights are large.
            let weight = Tensor::full(module.difference_shape(), 1.0 / 4096.0, &tiny.device);
            for _ in 0..count {
                let difference = WeightDifference { weight: weight.clone(), bias: None, strength };
                set.insert_difference(&module.path, difference);
            }
        }
        let sample = formula::values("sample", [1, 8, 8, 4], &tiny.device);
        let context = formula::values("context", [1, 7, 24], &tiny.device);
        values(tiny.unet.forward(sample, &[500.0], context, Some(&set)))
    };
    assert_eq!(predict(8, 0.125), predict(1, 1.0));
    assert_ne!(predict(8, 0.125), predict(0, 1.0));
    let recomputed = TrainingSettings { activations: Activations::Recompute, ..trains(TrainedWeights::All) };
    let mut trainer = tiny.trainer(&recomputed);
    run(&mut trainer, 2);
    assert!(trained_values(&trainer).iter().all(|value| value.is_finite()));
}

/// The kernels' gradients are the reference's, and kept or computed again the same to the bit.
#[test]
fn a_gpu_trains_in_full_as_the_processor_does() {
    let gpu = open_gpu();
    let on_gpu = || Tiny::on(gpu.device.clone(), FloatDType::F32);
    for ((what, layout), (_, same_layout)) in layouts(&Tiny::new()).into_iter().zip(layouts(&on_gpu())) {
        let expected = Pass::training(Tiny::new(), layout).gradients(None);
        let mut pass = Pass::training(on_gpu(), same_layout);
        let kept = pass.gradients(None);
        pass.activations = ActivationPolicy::Recompute;
        let recomputed = pass.gradients(None);
        assert_eq!(values(recomputed.unet), values(kept.unet.clone()), "{what}");
        assert_eq!(values(recomputed.embedding), values(kept.embedding.clone()), "{what}");
        let mut error = relative_error(&values(kept.embedding), &values(expected.embedding));
        if pass.trained.layout.count() > 0 {
            error = error.max(relative_error(&values(kept.unet), &values(expected.unet)));
        }
        println!("{what}: relative error {error:.1e}");
        assert!(error < 1e-4, "{what}: {error:.1e}");
    }
    gpu.check().unwrap();
    for trained_weights in [TrainedWeights::All, TrainedWeights::None] {
        let tiny = on_gpu();
        let mut trainer = tiny.trainer(&trains(trained_weights));
        let before = trained_values(&trainer);
        run(&mut trainer, 1);
        // From here on the best values are others than those of now.
        trainer.note_score(1.0);
        run(&mut trainer, 1);
        let best = trained_values(&trainer);
        assert!(largest_difference(&before, &best) > 1e-5);
        assert_eq!(trained_values(&resume(&tiny, &state(&trainer)).unwrap()), best);
    }
    gpu.check().unwrap();
}
