//! Scaled dot-product attention with several heads.
//!
//! S = Q·Kᵀ/√d,  P = softmax(S),  O = P·V      per batch row and head
//! backward (FlashAttention, arXiv:2205.14135, §B): D = rowsum(dO ∘ O),  dV = Pᵀ·dO,
//! dS = P ∘ (dO·Vᵀ − D),  dQ = dS·K/√d,  dK = dSᵀ·Q/√d
//!
//! Saved for backward: Q, K, V, O and the row-wise log-sum-exp of S; the scores are never stored.

use super::{extension::*, on_gpu};
use crate::gpu::kernel::{Kernel, empty};

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

/// Threads of a workgroup; each row of a tile belongs to `WORKGROUP_SIZE / rows` of them.
const WORKGROUP_SIZE: u32 = 64;
/// Bytes of workgroup memory every WebGPU device has.
const WORKGROUP_STORAGE: u32 = 16 * 1024;

/// Rows of queries and keys that a workgroup holds at a time.
#[derive(Clone, Copy, Debug)]
struct Tiles {
    query: u32,
    key: u32,
}

/// From the largest, which read each key the fewest times, to one that holds any head.
const TILES: [Tiles; 7] = [
    Tiles { query: 16, key: 32 },
    Tiles { query: 16, key: 16 },
    Tiles { query: 16, key: 8 },
    Tiles { query: 8, key: 8 },
    Tiles { query: 8, key: 4 },
    Tiles { query: 4, key: 2 },
    Tiles { query: 2, key: 1 },
];

impl Tiles {
    /// The largest that fit, if a pair of rows needs `copies` times the head (in f32), and a score
    /// `scores` numbers.
    fn fitting(head_size: u32, copies: u32, scores: u32) -> Self {
        let row = head_size.div_ceil(4) * 16 * copies;
        let bytes = |tiles: &Tiles| (tiles.query + tiles.key) * row + tiles.query * tiles.key * 4 * scores;
        TILES.into_iter().find(|tiles| bytes(tiles) <= WORKGROUP_STORAGE).unwrap_or(TILES[TILES.len() - 1])
    }
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

    /// batch, query tokens, key tokens, head size
    fn extents(&self) -> [usize; 4] {
        let [batch, query_tokens, channels] = self.query.shape().dims();
        [batch, query_tokens, self.key.shape()[1], channels / self.heads]
    }

    fn kernel(&self, template: &'static str, tiles: Tiles) -> Kernel {
        let [_, _, _, head_size] = self.extents();
        Kernel::new(template, self.query.dtype, WORKGROUP_SIZE)
            .with("head_size", head_size as u32)
            .with("causal", self.causal)
            .with("query_tile", tiles.query)
            .with("key_tile", tiles.key)
    }

    /// Operations of one of the products between tokens and tokens: queries with keys, or
    /// probabilities with values. The half that a causal mask hides is not counted.
    fn product_flops(&self) -> usize {
        let [batch, query_tokens, key_tokens, head_size] = self.extents();
        let pairs = query_tokens * key_tokens / if self.causal { 2 } else { 1 };
        2 * batch * self.heads * pairs * head_size
    }

    fn parameters(&self) -> [u32; 4] {
        let [_, query_tokens, key_tokens, head_size] = self.extents();
        let scale = 1.0 / (head_size as f32).sqrt();
        [query_tokens as u32, key_tokens as u32, self.heads as u32, scale.to_bits()]
    }

    /// One workgroup for each tile of `tokens` and each head of each batch row.
    fn workgroups(&self, tokens: usize, tile: u32) -> [u32; 3] {
        let [batch, ..] = self.extents();
        [(tokens as u32).div_ceil(tile), (batch * self.heads) as u32, 1]
    }

    /// O, and the log-sum-exp of the scores `[batch, heads, query_tokens]`.
    fn forward(&self) -> (CubeTensor, CubeTensor) {
        let [batch, query_tokens, _, head_size] = self.extents();
        let output = empty(&self.query, self.query.shape(), self.query.dtype);
        let log_sum_exp = empty(&self.query, [batch, self.heads, query_tokens], DType::F32);
        let tiles = Tiles::fitting(head_size as u32, 1, 1);
        self.kernel("attention_forward", tiles).launch(
            self.workgroups(query_tokens, tiles.query),
            &[&self.query, &self.key, &self.value],
            &[&output, &log_sum_exp],
            &self.parameters(),
            self.product_flops() * 2,
        );
        (output, log_sum_exp)
    }

    /// dQ, dK and dV.
    fn backward(&self, output: &CubeTensor, log_sum_exp: &CubeTensor, dy: CubeTensor) -> [CubeTensor; 3] {
        let dy = into_contiguous(dy);
        let [_, query_tokens, key_tokens, head_size] = self.extents();
        let delta = empty(log_sum_exp, log_sum_exp.shape(), DType::F32);
        let rows = delta.shape().num_elements() as u32;
        Kernel::new("attention_delta", dy.dtype, WORKGROUP_SIZE).with("head_size", head_size as u32).launch(
            [rows.div_ceil(WORKGROUP_SIZE), 1, 1],
            &[output, &dy],
            &[&delta],
            &[query_tokens as u32, self.heads as u32, rows],
            2 * output.shape().num_elements(),
        );
        let like = |tensor: &CubeTensor| empty(tensor, tensor.shape(), tensor.dtype);
        let (dq, dk, dv) = (like(&self.query), like(&self.key), like(&self.value));
        let inputs = [&self.query, &self.key, &self.value, &dy, log_sum_exp, &delta];
        let tiles = Tiles::fitting(head_size as u32, 2, 2);
        self.kernel("attention_backward_query", tiles).launch(
            self.workgroups(query_tokens, tiles.query),
            &inputs,
            &[&dq],
            &self.parameters(),
            self.product_flops() * 3,
        );
        self.kernel("attention_backward_key_value", tiles).launch(
            self.workgroups(key_tokens, tiles.key),
            &inputs,
            &[&dk, &dv],
            &self.parameters(),
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

/// What the backward pass needs: never the scores.
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
