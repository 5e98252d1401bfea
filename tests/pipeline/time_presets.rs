//! Time presets: the sum of measured parts exactly, what gives way on a slow device, and that measurements
//! are made once. That estimates come true is measured in docs/page-performance.md: a test of it would fail
//! on a busy machine.

use std::cell::Cell;

use palpable::{
    pipeline::{
        Error, GenerationSettings, MeasuredTimes, Measuring, Previews, StepTimes, TimePlan, TimePreset,
        TimedTraining, TrainingPreviews,
    },
    training::{Activations, Method, TrainingSettings},
};

use crate::{demo, support::block_on};

const PHOTOS: usize = 5;
/// Of a device that makes two steps a second.
const TIMES: StepTimes = StepTimes {
    encoding: 0.25,
    plain_step: 0.5,
    aligned_step: 1.0,
    prior_step: 0.125,
    denoising_step: 0.0625,
    decoding: 0.5,
};

fn asked(settings: &TrainingSettings) -> TimedTraining<'_> {
    TimedTraining { settings, photos: PHOTOS, previews: None, evaluate_every: None }
}

fn choose(preset: TimePreset, settings: &TrainingSettings, slower: f64) -> TimePlan {
    let times = |side: usize| TIMES.scaled(slower * (side * side) as f64 / (512.0 * 512.0));
    preset.choose(asked(settings), 512, &[512, 384, 256], &times).expect("there are sides")
}

#[test]
fn a_run_takes_the_sum_of_its_parts() {
    // 5 photos in 4 framings; 50 steps without alignment and 50 with it.
    let palp = TrainingSettings { photo_variants: 4, warmup_steps: 50, steps: 100, ..Default::default() };
    assert_eq!(asked(&palp).seconds(&TIMES), 20.0 * 0.25 + 50.0 * 0.5 + 50.0);
    // After every 30th step and the last one.
    let previews = Some(Previews { every: 30, steps: 8, scored: false });
    let with_previews = TimedTraining { previews, ..asked(&palp) };
    assert_eq!(with_previews.seconds(&TIMES), asked(&palp).seconds(&TIMES) + 4.0 * (8.0 * 0.0625 + 0.5));
    let none =
        TimedTraining { previews: Some(Previews { every: 0, steps: 8, scored: false }), ..asked(&palp) };
    assert_eq!(none.seconds(&TIMES), asked(&palp).seconds(&TIMES));
    // Two seeds each of the target prompt and of the photos' own, in 12 steps, as often.
    let palp =
        TrainingSettings { clean_prompt: "a sketch of a dog".into(), class_noun: "dog".into(), ..palp };
    let judged = TimedTraining { evaluate_every: Some(30), ..asked(&palp) };
    assert_eq!(judged.seconds(&TIMES), asked(&palp).seconds(&TIMES) + 4.0 * 4.0 * (12.0 * 0.0625 + 0.5));
    // Mirrored photos, and 10 pictures of the prior in batches of 4, 25 denoising steps each.
    let dreambooth = TrainingSettings {
        batch: 4,
        steps: 7,
        flip: true,
        photo_variants: 2,
        prior_pictures: 10,
        ..TrainingSettings::of_method(Method::Dreambooth)
    };
    assert_eq!(asked(&dreambooth).seconds(&TIMES), 20.0 * 0.25 + 3.0 * 25.0 * 0.125 + 7.0 * 0.5);
}

#[test]
fn presets_move_steps_and_rank_where_there_is_time() {
    let own = TrainingSettings { lora_alpha: Some(8.0), ..Default::default() };
    let plans = TimePreset::ALL.map(|preset| choose(preset, &own, 1.0));
    let chosen = plans.each_ref().map(|TimePlan { settings, size, .. }| {
        (
            settings.steps,
            settings.warmup_steps,
            settings.rank,
            settings.lora_alpha,
            *size,
            settings.resolution,
        )
    });
    let expected = [
        (60, 30, 8, Some(4.0), 512, None),
        (100, 50, 16, Some(8.0), 512, None),
        (200, 100, 32, Some(16.0), 512, None),
    ];
    assert_eq!(chosen, expected);
    assert_eq!(plans[1].settings, own);
    assert_eq!(plans[1].seconds, asked(&own).seconds(&TIMES));
    assert!(plans.windows(2).all(|pair| pair[0].seconds < pair[1].seconds));
    // No more steps than a training may have, all phases in proportion.
    let long = TrainingSettings {
        steps: 80_000,
        warmup_steps: 40_000,
        lambda_ramp_steps: 8,
        learning_rate_warmup_steps: 16,
        ..own.clone()
    };
    let TimePlan { settings, .. } = choose(TimePreset::Thorough, &long, 1e-6);
    assert_eq!((settings.steps, settings.warmup_steps), (100_000, 50_000));
    assert_eq!((settings.lambda_ramp_steps, settings.learning_rate_warmup_steps), (10, 20));
    // A small rank is not made smaller.
    let small = TrainingSettings { rank: 2, ..own };
    assert_eq!(choose(TimePreset::Quick, &small, 1.0).settings.rank, 2);
}

#[test]
fn slow_devices_make_smaller_pictures_then_fewer_steps() {
    let own = TrainingSettings::default();
    // Balanced may take 900 s; its 100 steps take 80 s at the largest side of the device above.
    let chosen = |slower: f64| {
        let TimePlan { settings, seconds, size, .. } = choose(TimePreset::Balanced, &own, slower);
        assert_eq!(settings.resolution, (size != 512).then_some(size));
        (size, settings.steps, seconds <= 900.0)
    };
    assert_eq!(chosen(11.0), (512, 100, true));
    assert_eq!(chosen(12.0), (384, 100, true));
    assert_eq!(chosen(40.0), (256, 100, true));
    assert_eq!(chosen(50.0), (256, 75, true));
    // The least there is, and it says how long that takes.
    assert_eq!(chosen(1000.0), (256, 50, false));
}

#[test]
fn measuring_ends_when_nobody_waits_for_it() {
    let model = demo();
    let asked_after = Cell::new(0);
    let wanted = || {
        asked_after.set(asked_after.get() + 1);
        asked_after.get() < 3
    };
    let own = TrainingSettings { batch: 1, class_noun: "dog".into(), ..Default::default() };
    let mut measured = MeasuredTimes::default();
    let measuring = Measuring { clock: &|| 0.0, wanted: &wanted };
    let ended = block_on(model.measure_times(asked(&own), &mut measured, measuring));
    assert!(matches!(ended, Err(Error::Cancelled)), "{ended:?}");
    assert_eq!(asked_after.get(), 3);
    assert_eq!(measured, MeasuredTimes::default());
}

/// Going through so many steps would take days.
#[test]
fn more_steps_than_a_run_may_have_are_refused_before_they_are_counted() {
    let model = demo();
    let endless = TrainingSettings { steps: 1_000_000_000_000, ..Default::default() };
    let mut measured = MeasuredTimes::default();
    let measuring = Measuring { clock: &|| 0.0, wanted: &|| true };
    let refusals = [
        model.plan_training(&endless, 1, None).expect_err("no plan").sentence(),
        model.plan_times(asked(&endless), &measured).expect_err("no plans").sentence(),
        block_on(model.measure_times(asked(&endless), &mut measured, measuring))
            .expect_err("no times")
            .sentence(),
    ];
    assert!(
        refusals.iter().all(|refusal| refusal.starts_with("The number of steps is 1000000000000")),
        "{refusals:?}"
    );
}

/// Beside what is kept and drawn in between, the largest pictures have no room.
#[test]
fn a_plan_of_a_judged_run_is_not_refused_afterwards() {
    let mut model = demo();
    let own = TrainingSettings { activations: Activations::Recompute, batch: 1, ..Default::default() };
    let picture = GenerationSettings { width: 128, height: 128, preview: true, ..Default::default() };
    let previews = Some(Previews { every: 25, steps: 8, scored: true });
    let judged = TimedTraining { evaluate_every: Some(25), ..asked(&own) };
    let drawn = [model.trials(&own), TrainingPreviews { picture, scored: true }];
    for (training, drawn) in [judged, TimedTraining { previews, ..asked(&own) }].into_iter().zip(drawn) {
        model.gpu.memory_limit = u64::MAX;
        let needed = model.plan_training(&own, PHOTOS, Some(&drawn)).expect("room").peak();
        model.gpu.memory_limit = needed - 1;
        let plans = model.plan_times(training, &MeasuredTimes::default()).expect("plans");
        assert_eq!(plans[1].size, 96);
    }
}

/// On a clock by which everything takes five seconds.
#[test]
fn a_device_is_measured_once() {
    let mut model = demo();
    let now = Cell::new(0.0);
    let clock = || {
        now.set(now.get() + 5.0);
        now.get()
    };
    let own = TrainingSettings { batch: 1, class_noun: "dog".into(), ..Default::default() };
    let mut measured = MeasuredTimes::default();
    let measure = |settings: &TrainingSettings, measured: &mut MeasuredTimes| {
        let measuring = Measuring { clock: &clock, wanted: &|| true };
        block_on(model.measure_times(asked(settings), measured, measuring)).expect("times")
    };
    assert!(measure(&own, &mut measured));
    let times = measured.of(&model, &own, 128).expect("its own side");
    let expected = StepTimes {
        encoding: 5.0,
        plain_step: 5.0,
        aligned_step: 5.0,
        prior_step: 0.0,
        denoising_step: 5.0,
        decoding: 5.0,
    };
    assert_eq!(times, expected);
    // Quick may take 300 s: smaller pictures would have done by their pixels, but turned out as slow.
    assert!([96, 64].iter().all(|&side| measured.of(&model, &own, side) == Some(expected)));
    let plans = model.plan_times(asked(&own), &measured).expect("plans");
    let quick = &plans[0];
    assert_eq!((quick.settings.steps, quick.size, quick.seconds), (30, 128, 20.0 * 5.0 + 30.0 * 5.0));

    // Kept and read again; other words, rates and steps are the same work.
    let mut kept = MeasuredTimes::from_json(&measured.to_json());
    assert_eq!(kept, measured);
    let other = TrainingSettings {
        clean_prompt: "a dog at night".into(),
        steps: 7,
        seed: 3,
        lambda: 0.5,
        ..own.clone()
    };
    assert!(!measure(&other, &mut kept));
    // Guidance of either model is one prediction more, whatever its scale.
    let of = |alpha: f64, beta: f64| {
        measured.of(&model, &TrainingSettings { alpha, beta, ..own.clone() }, 128).is_some()
    };
    assert_eq!([of(3.0, 1.0), of(1.0, 1.0), of(own.alpha, 2.0)], [true, false, false]);

    // What no longer fits is computed again, which takes longer.
    let kept = model.plan_training(&own, 1, None).expect("it fits").peak();
    model.gpu.memory_limit = kept - 1;
    assert_eq!(measured.of(&model, &own, 128), None);

    let other_version = measured.to_json().replace(env!("CARGO_PKG_VERSION"), "0.0.0");
    assert_eq!(MeasuredTimes::from_json(&other_version), MeasuredTimes::default());
    assert_eq!(MeasuredTimes::from_json("{"), MeasuredTimes::default());
}
