//! Scaled dot-product attention with several heads.
//!
//! S = Q·Kᵀ/√d,  P = softmax(S),  O = P·V      per batch row and head
//! backward (FlashAttention, arXiv:2205.14135, §B): D = rowsum(dO ∘ O),  dV = Pᵀ·dO,
//! dS = P ∘ (dO·Vᵀ − D),  dQ = dS·K/√d,  dK = dSᵀ·Q/√d
//!
//! Saved for backward: Q, K, V, O and the row-wise log-sum-exp of S; the scores are never stored.
//! The kernels compute scores and weighted sums as matrix products out of workgroup memory, with several
//! rows per thread; [`tiles`] decides how much of them at a time.

pub mod tiles;

use std::f32::consts::LOG2_E;

use super::{extension::*, on_gpu};
use crate::gpu::{
    kernel::{Kernel, empty},
    profile::KernelProfile,
};
use tiles::{Task, Tiles};

/// The axis of the workgroups that runs along the rows they own.
const ALONG_ROWS: usize = 0;

/// How many times as long as a matrix product's an operation takes: on an H200, products run at 27 to 31 TFLOP/s,
/// attention with heads of 40 at 19 to 21…
const SLOWNESS: u64 = 2;
/// …and with heads of 512, whose rows are too long for a thread to own several, at 7.
const SLOWNESS_OF_LONG_ROWS: u64 = 4;

/// query `[batch, query_tokens, heads·d]`, key and value `[batch, tokens, heads·d]` →
/// `[batch, query_tokens, heads·d]`. `causal`: a query sees only keys at its own place or before.
pub fn attention(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    heads: usize,
    causal: bool,
) -> Tensor<3> {
    if !on_gpu(&query) {
        return reference::attention(query, key, value, heads, causal);
    }
    Tensor::from_dispatch(Dispatch::attention(
        query.into_dispatch(),
        key.into_dispatch(),
        value.into_dispatch(),
        heads,
        causal,
    ))
}

/// The kernels behind the function above.
#[backend_extension(Autodiff, Cube)]
pub trait AttentionOps: Backend {
    fn attention(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        heads: usize,
        causal: bool,
    ) -> FloatTensor<Self>;
}

/// Contiguous queries, keys and values, and how to read them.
#[derive(Clone, Debug)]
struct Projections {
    query: CubeTensor,
    key: CubeTensor,
    value: CubeTensor,
    heads: usize,
    causal: bool,
}

impl Projections {
    fn new(query: CubeTensor, key: CubeTensor, value: CubeTensor, heads: usize, causal: bool) -> Self {
        let [query, key, value] = [query, key, value].map(into_contiguous);
        Self { query, key, value, heads, causal }
    }

    /// `[batch, query tokens, key tokens, head size]`
    fn extents(&self) -> [usize; 4] {
        let [batch, query_tokens, channels] = self.query.shape().dims();
        [batch, query_tokens, self.key.shape()[1], channels / self.heads]
    }

    fn kernel(&self, template: &'static str, tiles: Tiles) -> Kernel {
        let [_, _, _, head_size] = self.extents();
        // Unrolled, many chunks make a long program, and on an H200 a head of 512 was no faster for it.
        let few_chunks = head_size.div_ceil(4) as u32 <= 4 * tiles.chunk;
        Kernel::new(template, self.query.dtype, tiles.threads())
            .with("head_size", head_size as u32)
            .with("vector", head_size.is_multiple_of(4))
            .with("causal", self.causal)
            .with("thread_rows", tiles.thread_rows)
            .with("lanes", tiles.lanes)
            .with("chunk", tiles.chunk)
            .with("unrolled", few_chunks && !KernelProfile::of(&self.query).software)
            .slower_than_products(if tiles.thread_rows == 1 { SLOWNESS_OF_LONG_ROWS } else { SLOWNESS })
    }

    /// Tiles of the forward kernel, which stages rows as they are stored.
    fn forward_tiles(&self, query_tokens: usize) -> Tiles {
        let staged_bytes = 4 * self.query.dtype.size() as u32;
        self.fitting(Task { staged_bytes, exchanges: true, ..self.task(query_tokens) })
    }

    /// Tiles of a backward kernel whose workgroups own rows of `tokens` and sum up `sums` results. Such a
    /// kernel stages in f32: the gradients of scores are too small for f16.
    fn backward_tiles(&self, tokens: usize, sums: u32) -> Tiles {
        self.fitting(Task { operands: 2, sums, ..self.task(tokens) })
    }

    /// A task with one operand and one result, staged in f32, for workgroups that own rows of `tokens`.
    fn task(&self, tokens: usize) -> Task {
        let [batch, _, _, head_size] = self.extents();
        Task {
            vectors: head_size.div_ceil(4) as u32,
            staged_bytes: 16,
            exchanges: false,
            operands: 1,
            sums: 1,
            tokens: tokens as u32,
            heads: (batch * self.heads) as u32,
        }
    }

    fn fitting(&self, task: Task) -> Tiles {
        Tiles::fitting(task, KernelProfile::of(&self.query).workgroup_storage)
    }

    /// Floating-point operations of one product over all pairs of tokens: queries with keys, or
    /// probabilities with values. The half that a causal mask hides is not counted.
    fn product_flops(&self) -> u64 {
        // In 64 bits: a large picture's attention has more operations than a browser's 32-bit usize holds.
        let [batch, query_tokens, key_tokens, head_size] = self.extents().map(|extent| extent as u64);
        let pairs = query_tokens * key_tokens / if self.causal { 2 } else { 1 };
        2 * batch * self.heads as u64 * pairs * head_size
    }

    fn parameters(&self, tiles: Tiles) -> [u32; 8] {
        let [_, query_tokens, key_tokens, head_size] = self.extents();
        let scale = LOG2_E / (head_size as f32).sqrt();
        let vectors = head_size.div_ceil(4) as u32;
        let first_workgroup = 0;
        [
            query_tokens as u32,
            key_tokens as u32,
            self.heads as u32,
            scale.to_bits(),
            vectors,
            tiles.chunk,
            tiles.lanes,
            first_workgroup,
        ]
    }

    /// One workgroup for each tile of `tokens` and each head of each batch row.
    fn workgroups(&self, tokens: usize, tiles: Tiles) -> [u32; 3] {
        let [batch, ..] = self.extents();
        [(tokens as u32).div_ceil(tiles.own()), (batch * self.heads) as u32, 1]
    }

    /// O, and the logarithm to base 2 of the sum of the scores' exponentials
    /// `[batch, heads, query_tokens]`.
    fn forward(&self) -> (CubeTensor, CubeTensor) {
        let [batch, query_tokens, ..] = self.extents();
        let output = empty(&self.query, self.query.shape(), self.query.dtype);
        let log_sum_exp = empty(&self.query, [batch, self.heads, query_tokens], DType::F32);
        let tiles = self.forward_tiles(query_tokens);
        self.kernel("attention_forward", tiles).launch_in_parts(
            ALONG_ROWS,
            self.workgroups(query_tokens, tiles),
            &[&self.query, &self.key, &self.value],
            &[&output, &log_sum_exp],
            &self.parameters(tiles),
            self.product_flops() * 2,
        );
        (output, log_sum_exp)
    }

    /// dQ, dK and dV.
    fn backward(&self, output: &CubeTensor, log_sum_exp: &CubeTensor, dy: CubeTensor) -> [CubeTensor; 3] {
        let dy = into_contiguous(dy);
        let [batch, query_tokens, key_tokens, _] = self.extents();
        let tiles = self.backward_tiles(query_tokens, 1);
        let delta = empty(log_sum_exp, log_sum_exp.shape(), DType::F32);
        let rows = (query_tokens * self.heads) as u32;
        self.kernel("attention_delta", tiles).launch(
            [rows.div_ceil(tiles.threads()), batch as u32, 1],
            &[output, &dy],
            &[&delta],
            &self.parameters(tiles),
            2 * output.shape().num_elements(),
        );
        let like = |tensor: &CubeTensor| empty(tensor, tensor.shape(), tensor.dtype);
        let (dq, dk, dv) = (like(&self.query), like(&self.key), like(&self.value));
        let inputs = [&self.query, &self.key, &self.value, &dy, log_sum_exp, &delta];
        self.kernel("attention_backward_query", tiles).launch_in_parts(
            ALONG_ROWS,
            self.workgroups(query_tokens, tiles),
            &inputs,
            &[&dq],
            &self.parameters(tiles),
            self.product_flops() * 3,
        );
        let tiles = self.backward_tiles(key_tokens, 2);
        self.kernel("attention_backward_key_value", tiles).launch_in_parts(
            ALONG_ROWS,
            self.workgroups(key_tokens, tiles),
            &inputs,
            &[&dk, &dv],
            &self.parameters(tiles),
            self.product_flops() * 4,
        );
        [dq, dk, dv]
    }
}

impl AttentionOps for CubeBackend {
    fn attention(
        query: CubeTensor,
        key: CubeTensor,
        value: CubeTensor,
        heads: usize,
        causal: bool,
    ) -> CubeTensor {
        Projections::new(query, key, value, heads, causal).forward().0
    }
}

/// What the backward pass needs, which does not include the scores.
#[derive(Clone, Debug)]
struct Attended {
    projections: Projections,
    output: CubeTensor,
    log_sum_exp: CubeTensor,
}

#[derive(Debug)]
struct Attention;

impl Backward<CubeBackend, 3> for Attention {
    type State = Attended;
    fn backward(self, ops: Ops<Attended, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let Attended { projections, output, log_sum_exp } = ops.state;
        let dy = grads.consume::<CubeBackend>(&ops.node);
        let gradients = projections.backward(&output, &log_sum_exp, dy);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(parent) = parent {
                grads.register::<CubeBackend>(parent.id, gradient);
            }
        }
    }
}

impl<C: CheckpointStrategy> AttentionOps for Autodiff<CubeBackend, C> {
    fn attention(
        query: Tracked<C>,
        key: Tracked<C>,
        value: Tracked<C>,
        heads: usize,
        causal: bool,
    ) -> Tracked<C> {
        let (query, query_node) = query.into_parts();
        let (key, key_node) = key.into_parts();
        let (value, value_node) = value.into_parts();
        let projections = Projections::new(query, key, value, heads, causal);
        let (output, log_sum_exp) = projections.forward();
        match Attention.prepare::<C>([query_node, key_node, value_node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = Attended { projections, output: output.clone(), log_sum_exp };
                prepared.finish(state, output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::Tensor;
    use burn::tensor::{Bool, activation::softmax};

    pub fn attention(
        query: Tensor<3>,
        key: Tensor<3>,
        value: Tensor<3>,
        heads: usize,
        causal: bool,
    ) -> Tensor<3> {
        let [batch, query_tokens, channels] = query.dims();
        let tokens = key.dims()[1];
        let head_size = channels / heads;
        let split =
            |x: Tensor<3>, tokens: usize| x.reshape([batch, tokens, heads, head_size]).swap_dims(1, 2);
        let (query, key, value) = (split(query, query_tokens), split(key, tokens), split(value, tokens));
        let mut scores = query.matmul(key.transpose()) / (head_size as f64).sqrt();
        if causal {
            let hidden = Tensor::<2, Bool>::tril_mask([query_tokens, tokens], 0, &scores.device());
            scores = scores.mask_fill(
                hidden.unsqueeze::<4>().expand([batch, heads, query_tokens, tokens]),
                f32::NEG_INFINITY,
            );
        }
        softmax(scores, 3).matmul(value).swap_dims(1, 2).reshape([batch, query_tokens, channels])
    }
}
