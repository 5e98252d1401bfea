//! Attention: head sizes of the models and odd ones, few rows and many, causal or not.

use palpable::{
    gpu::{Gpu, KernelProfile},
    ops::attention,
};

use crate::comparison::{compare_on, gpu, numbers, precisions};
use crate::support::open_gpu;

/// batch, query tokens, key tokens, heads, head size, causal
type Case = (usize, usize, usize, usize, usize, bool);

#[test]
fn attention_heads() {
    let cases = [
        (1, 1, 1, 1, 1, false),
        (2, 5, 3, 2, 5, false),
        (1, 77, 77, 4, 32, true),
        (2, 64, 77, 4, 40, false),
        (1, 65, 63, 2, 56, false),
        (1, 17, 129, 3, 64, false),
        (1, 33, 33, 1, 80, false),
        (1, 20, 31, 1, 128, false),
        (1, 9, 21, 2, 160, false),
        (1, 6, 5, 1, 512, false),
        // Enough workgroups for the largest tiles.
        (4, 65, 77, 16, 40, false),
        (4, 77, 77, 16, 64, true),
        (8, 63, 129, 16, 80, false),
        (8, 3, 1, 16, 160, false),
        (8, 65, 65, 16, 5, true),
    ];
    compare_with_reference(gpu(), &cases);
}

/// As on a GPU, wherever the tests run: on a software adapter loops stay loops. A whole head, several rows a
/// thread, and a head in chunks; small ones, for a processor takes long to compile them.
#[test]
fn attention_whose_loops_are_written_out() {
    let gpu = open_gpu();
    let profile = KernelProfile { software: false, ..KernelProfile::on(&gpu.device) };
    profile.clone().set(&gpu.device);
    compare_with_reference(&gpu, &[(4, 65, 77, 16, 12, true)]);
    KernelProfile { workgroup_storage: 16 * 1024, ..profile }.set(&gpu.device);
    compare_with_reference(&gpu, &[(1, 17, 21, 2, 60, false)]);
}

fn compare_with_reference(gpu: &Gpu, cases: &[Case]) {
    for (dtype, tolerance) in precisions() {
        for &(batch, query_tokens, key_tokens, heads, head_size, causal) in cases {
            let channels = heads * head_size;
            let what = format!(
                "attention {batch}×{heads}×{query_tokens}×{key_tokens}×{head_size} causal {causal} {dtype:?}"
            );
            // Keys as long as queries are the same rank: one compare for all three inputs.
            compare_on(
                gpu,
                &what,
                [
                    numbers([batch, query_tokens, channels], 8) * 2.0,
                    numbers([batch, key_tokens, channels], 9) * 2.0,
                    numbers([batch, key_tokens, channels], 10),
                ],
                tolerance * 2.0,
                dtype,
                |[query, key, value], _| attention::attention(query, key, value, heads, causal),
                |[query, key, value], _| attention::reference::attention(query, key, value, heads, causal),
            );
        }
    }
}
