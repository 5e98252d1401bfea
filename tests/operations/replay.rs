//! Computations that are recorded and repeated give what they give anew, bit for bit.

use burn::tensor::{DType, Device, Tensor};
use palpable::gpu::{Gpu, KernelProfile, Replay, Work};
use palpable::ops::{attention::attention, linear::linear};

use crate::comparison::numbers;
use crate::support::{as_in_a_browser, open_gpu, values};

/// Our kernels and burn's between them.
fn compute(image: &Tensor<3>, factor: &Tensor<1>, weight: &Tensor<2>) -> Tensor<3> {
    let dtype = image.dtype();
    let projected = linear(image.clone() * factor.clone().unsqueeze(), weight.clone(), None);
    let attended = attention(projected.clone(), image.clone(), projected.clone(), 3, false);
    (attended.cast(DType::F32) + projected.cast(DType::F32)).cast(dtype) * 0.5
}

/// Five runs, each with other numbers: what they gave, after all of them, and what it is anew. And the work of
/// the last one.
fn five_runs(device: &Device, dtype: DType) -> (Vec<[Vec<f32>; 2]>, Work) {
    let on_device = |tensor: Tensor<3>| Tensor::<3>::from_data(tensor.into_data(), device).cast(dtype);
    let weight = on_device(numbers([1, 33, 33], 1)).squeeze_dim(0);
    let mut replay = Replay::new(device);
    let mut work = Work::default();
    let mut runs = Vec::new();
    for round in 0..5 {
        let image = on_device(numbers([2, 65, 33], 10 + round));
        let factor = on_device(numbers([1, 1, 1], 20 + round)).reshape([1]);
        let anew = compute(&image, &factor, &weight);
        let before = Work::so_far();
        let (image, factor) = (replay.input(image), replay.input(factor));
        runs.push([replay.run(|| compute(&image, &factor, &weight)), anew]);
        work = Work::so_far() - before;
    }
    // Later runs leave the results of earlier ones alone.
    let read = |result: Tensor<3>| values(result.cast(DType::F32));
    (runs.into_iter().map(|pair| pair.map(read)).collect(), work)
}

fn on_gpu(profile: impl Fn(KernelProfile) -> KernelProfile, check: impl Fn(&Gpu, DType, Work) + Sync) {
    let gpu = open_gpu();
    profile(KernelProfile::on(&gpu.device)).set(&gpu.device);
    let mut dtypes = vec![DType::F32];
    dtypes.extend(gpu.report.float16.then_some(DType::F16));
    for dtype in dtypes {
        let (runs, last) = as_in_a_browser(&gpu, || five_runs(&gpu.device, dtype));
        for [found, expected] in runs {
            assert_eq!(found, expected, "{dtype:?}");
        }
        check(&gpu, dtype, last);
    }
}

#[test]
fn what_is_repeated_equals_what_is_computed() {
    on_gpu(
        |offered| offered,
        |_, _, last| {
            // Two inputs and an output are copied beside the linear layer and attention.
            assert_eq!((last.launches, last.repeated), (last.repeated + 3, last.repeated));
            assert!(last.repeated >= 2);
        },
    );
}

#[test]
fn what_a_weak_gpu_takes_too_long_for_is_computed_anew() {
    on_gpu(
        |offered| KernelProfile { submission_budget: 1000, ..offered },
        |_, _, last| assert_eq!(last.repeated, 0),
    );
}

/// burn submits 64 launches at once, so that much work in a row has to fit, wherever in the computation it comes.
#[test]
fn as_much_work_as_is_submitted_at_once_decides_what_is_too_long() {
    let gpu = open_gpu();
    let device = &gpu.device;
    let [small, large] = [1, 64].map(|rows| Tensor::<3>::ones([1, rows, 8], (device, DType::F32)));
    let weight = Tensor::<2>::ones([8, 8], (device, DType::F32));
    let chain = |x: &Tensor<3>, count| (0..count).fold(x.clone(), |x, _| linear(x, weight.clone(), None));
    let before = Work::so_far();
    chain(&large, 1);
    let one = Work::so_far() - before;
    let size = one.flops.max(10 * one.bytes);
    // Small ones around them, so that they are neither the first nor the last.
    let compute = |count| {
        chain(&small, 70);
        chain(&large, count);
        chain(&small, 70)
    };
    let repeated = |(count, submission_budget)| {
        KernelProfile { submission_budget, ..KernelProfile::on(device) }.set(device);
        let mut replay = Replay::new(device);
        let mut run = || {
            let before = Work::so_far();
            replay.run(|| compute(count));
            (Work::so_far() - before).repeated
        };
        [run(), run(), run()][2]
    };
    as_in_a_browser(&gpu, || {
        let most = 64 * size;
        let found = [(64, most), (64, most - 1), (70, most), (70, most - 1)].map(repeated);
        assert_eq!(found, [140 + 64, 0, 140 + 70, 0]);
    });
}

/// Results filled with NaN come from the host, which a recording can't repeat.
#[test]
fn what_cannot_be_recorded_is_computed_anew() {
    on_gpu(
        |offered| KernelProfile { poison_results: true, ..offered },
        |_, _, last| assert_eq!(last.repeated, 0),
    );
}

#[test]
fn a_recording_is_taken_away_with_unused_memory_and_made_anew() {
    let gpu = open_gpu();
    as_in_a_browser(&gpu, || {
        let weight = Tensor::<2>::ones([1 << 20, 1], (&gpu.device, DType::F32));
        let mut replay = Replay::new(&gpu.device);
        let mut run = |number: f32| {
            let x = replay.input(Tensor::<3>::full([1, 1, 1], number, (&gpu.device, DType::F32)));
            let before = Work::so_far();
            // Four megabytes that nothing of the result needs.
            let squares = || linear(x.clone(), weight.clone(), None).narrow(2, 0, 3).square();
            (values(replay.run(squares)), (Work::so_far() - before).repeated > 0)
        };
        assert_eq!([run(1.0), run(2.0), run(3.0)].map(|(_, repeated)| repeated), [false, false, true]);
        let held = gpu.memory().in_use;
        gpu.release_unused();
        let left = gpu.memory().in_use;
        println!("{held} bytes in use with a recording, {left} without");
        assert!(held >= left + (1 << 22), "{held} {left}");
        assert_eq!([run(4.0), run(5.0)], [(vec![16.0; 3], false), (vec![25.0; 3], true)]);
    });
}

/// Before a run's inputs, between them, or after them; and where there are none.
#[test]
fn a_recording_that_is_taken_away_at_any_time_spoils_no_run() {
    let gpu = open_gpu();
    as_in_a_browser(&gpu, || {
        let number = |number: f32| Tensor::<3>::full([1, 1, 1], number, (&gpu.device, DType::F32));
        let weight = Tensor::<2>::full([3, 1], 2.0, (&gpu.device, DType::F32));
        let mut replay = Replay::new(&gpu.device);
        let mut run = |round: usize, taken_after: Option<usize>| {
            let release_after = |inputs| {
                if taken_after == Some(inputs) {
                    gpu.release_unused();
                }
            };
            release_after(0);
            let x = replay.input(number(round as f32));
            release_after(1);
            let y = replay.input(number(0.5));
            release_after(2);
            let before = Work::so_far();
            let sum = values(replay.run(|| linear(x.clone(), weight.clone(), None) + y.clone()));
            assert_eq!(sum, vec![2.0 * round as f32 + 0.5; 3], "run {round}, taken after {taken_after:?}");
            (Work::so_far() - before).repeated > 0
        };
        let taken = [None, None, None, Some(0), None, Some(1), None, None, Some(2), None, None];
        let repeated: Vec<bool> = (0..).zip(taken).map(|(round, taken)| run(round, taken)).collect();
        // The run after the loss makes another recording.
        let expected = [false, false, true, false, true, false, false, true, false, false, true];
        assert_eq!(repeated, expected);

        let x = number(1.0);
        let mut replay = Replay::new(&gpu.device);
        let mut run = || {
            let before = Work::so_far();
            replay.run(|| linear(x.clone(), weight.clone(), None));
            (Work::so_far() - before).repeated > 0
        };
        assert_eq!([run(), run(), run()], [false, false, true]);
        gpu.release_unused();
        assert_eq!([run(), run()], [false, true]);
    });
}
