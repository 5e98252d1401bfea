//! The templates of `shaders/`, and a number that tells one state of them from another.

use std::sync::OnceLock;

use minijinja::{Environment, UndefinedBehavior};

/// Every template, by its name in `shaders/`.
const TEMPLATES: &[(&str, &str)] = &[
    ("gemm", include_str!("../../shaders/gemm.wgsl")),
    ("gemm_staging", include_str!("../../shaders/gemm_staging.wgsl")),
    ("matrix_units", include_str!("../../shaders/matrix_units.wgsl")),
    ("gemm_epilogue", include_str!("../../shaders/gemm_epilogue.wgsl")),
    ("gemm_reduce", include_str!("../../shaders/gemm_reduce.wgsl")),
    ("attention_rows", include_str!("../../shaders/attention_rows.wgsl")),
    ("attention_forward", include_str!("../../shaders/attention_forward.wgsl")),
    ("attention_delta", include_str!("../../shaders/attention_delta.wgsl")),
    ("attention_backward_query", include_str!("../../shaders/attention_backward_query.wgsl")),
    ("attention_backward_key_value", include_str!("../../shaders/attention_backward_key_value.wgsl")),
    ("bindings", include_str!("../../shaders/bindings.wgsl")),
    ("copy", include_str!("../../shaders/copy.wgsl")),
    ("concat", include_str!("../../shaders/concat.wgsl")),
    ("group_norm", include_str!("../../shaders/group_norm.wgsl")),
    ("layer_norm", include_str!("../../shaders/layer_norm.wgsl")),
    ("geglu", include_str!("../../shaders/geglu.wgsl")),
    ("workgroup_sum", include_str!("../../shaders/workgroup_sum.wgsl")),
    ("ceiling_compute", include_str!("../../shaders/ceiling_compute.wgsl")),
    ("ceiling_memory", include_str!("../../shaders/ceiling_memory.wgsl")),
];

/// The parsed templates, for all kernels.
pub(super) fn templates() -> &'static Environment<'static> {
    static TEMPLATES_PARSED: OnceLock<Environment<'static>> = OnceLock::new();
    TEMPLATES_PARSED.get_or_init(|| {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for &(name, source) in TEMPLATES {
            environment
                .add_template(name, source)
                .unwrap_or_else(|error| panic!("the template {name} is wrong: {error:#}"));
        }
        environment
    })
}

/// A number that changes with any template, with code that launches and checks the templates, and with
/// the pinned libraries that compile them: findings about older kernels may not hold for newer ones.
pub fn fingerprint() -> u64 {
    const FIXED: u64 = fnv_of(&[
        include_bytes!("tiles.rs"),
        include_bytes!("gemm/launch.rs"),
        include_bytes!("../ops/attention/tiles.rs"),
        include_bytes!("../ops/group_norm.rs"),
        include_bytes!("../startup/checks.rs"),
        include_bytes!("../startup/comparison.rs"),
        include_bytes!("../startup/large_checks.rs"),
        include_bytes!("../../Cargo.toml"),
    ]);
    let bytes = TEMPLATES.iter().flat_map(|(name, source)| name.bytes().chain(source.bytes()));
    bytes.fold(FIXED, fnv)
}

/// Hash of the files' bytes, computed while the engine is compiled, so that the files need not be part of it.
const fn fnv_of(files: &[&[u8]]) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325;
    let mut file = 0;
    while file < files.len() {
        let mut at = 0;
        while at < files[file].len() {
            hash = fnv(hash, files[file][at]);
            at += 1;
        }
        file += 1;
    }
    hash
}

/// One step of FNV-1a.
const fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x100_0000_01B3)
}
