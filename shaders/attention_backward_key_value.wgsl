// dK and dV of attention: with P = exp(S − log_sum_exp), dV = Pᵀ·dO, dS = P ∘ (dO·Vᵀ − delta),
// dK = dSᵀ·Q·scale.
//
// FlashAttention's backward pass (arXiv:2205.14135, algorithm 4): a workgroup owns key_tile rows of
// dK and dV and walks over the queries, so that no atomics are needed. Layouts as in attention_forward;
// log_sum_exp, delta: [batch][heads][query_tokens].
{% from "attention_rows" import load, store, vectors %}
{% set lanes = workgroup_size // key_tile %}
{% set lane_vectors = (vectors + lanes - 1) // lanes %}
{% set lane_others = (query_tile + lanes - 1) // lanes %}
{% if scalar == "f16" %}
enable f16;
{% endif %}
alias Scalar = {{ scalar }};

struct Parameters { query_tokens: u32, key_tokens: u32, heads: u32, scale: f32 }

@group(0) @binding(0) var<storage, read> query: array<Scalar>;
@group(0) @binding(1) var<storage, read> key: array<Scalar>;
@group(0) @binding(2) var<storage, read> value: array<Scalar>;
@group(0) @binding(3) var<storage, read> output_gradient: array<Scalar>;
@group(0) @binding(4) var<storage, read> log_sum_exp: array<f32>;
@group(0) @binding(5) var<storage, read> delta: array<f32>;
@group(0) @binding(6) var<storage, read_write> key_gradient: array<Scalar>;
@group(0) @binding(7) var<storage, read_write> value_gradient: array<Scalar>;
@group(0) @binding(8) var<uniform> p: Parameters;

var<workgroup> query_rows: array<vec4<f32>, {{ query_tile * vectors }}>;
var<workgroup> gradient_rows: array<vec4<f32>, {{ query_tile * vectors }}>;
var<workgroup> key_rows: array<vec4<f32>, {{ key_tile * vectors }}>;
var<workgroup> value_rows: array<vec4<f32>, {{ key_tile * vectors }}>;
var<workgroup> probabilities: array<f32, {{ key_tile * query_tile }}>;
var<workgroup> score_gradients: array<f32, {{ key_tile * query_tile }}>;

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let batch = workgroup.y / p.heads;
  let head = workgroup.y % p.heads;
  let first_key = workgroup.x * {{ key_tile }}u;
  let row = thread / {{ lanes }}u;
  let lane = thread % {{ lanes }}u;
  let own_key = first_key + row;
{{ load("key", "key_rows", key_tile, "first_key", "p.key_tokens") }}
{{ load("value", "value_rows", key_tile, "first_key", "p.key_tokens") }}
{% for j in range(lane_vectors) %}
  var key_sum_{{ j }} = vec4<f32>();
  var value_sum_{{ j }} = vec4<f32>();
{% endfor %}

{% if causal %}
  // No query before the tile's first key sees any of its keys.
  for (var first_query = first_key; first_query < p.query_tokens; first_query += {{ query_tile }}u) {
{% else %}
  for (var first_query = 0u; first_query < p.query_tokens; first_query += {{ query_tile }}u) {
{% endif %}
    workgroupBarrier();
{{ load("query", "query_rows", query_tile, "first_query", "p.query_tokens") }}
{{ load("output_gradient", "gradient_rows", query_tile, "first_query", "p.query_tokens") }}
    workgroupBarrier();
{% for j in range(lane_others) %}
    {
      let q = {{ j * lanes }}u + lane;
      if (q < {{ query_tile }}u) {
        let token = first_query + q;
        var probability = 0.0;
        var score_gradient = 0.0;
        if (token < p.query_tokens && own_key < p.key_tokens{% if causal %} && own_key <= token{% endif %}) {
          var score = 0.0;
          var probability_gradient = 0.0;
          for (var v = 0u; v < {{ vectors }}u; v++) {
            score += dot(query_rows[q * {{ vectors }}u + v], key_rows[row * {{ vectors }}u + v]);
            probability_gradient += dot(gradient_rows[q * {{ vectors }}u + v], value_rows[row * {{ vectors }}u + v]);
          }
          probability = exp(score * p.scale - log_sum_exp[workgroup.y * p.query_tokens + token]);
          score_gradient = probability * (probability_gradient - delta[workgroup.y * p.query_tokens + token]) * p.scale;
        }
        probabilities[row * {{ query_tile }}u + q] = probability;
        score_gradients[row * {{ query_tile }}u + q] = score_gradient;
      }
    }
{% endfor %}
    workgroupBarrier();
    for (var q = 0u; q < {{ query_tile }}u; q++) {
      let probability = probabilities[row * {{ query_tile }}u + q];
      let score_gradient = score_gradients[row * {{ query_tile }}u + q];
{% for j in range(lane_vectors) %}
      if ({{ j * lanes }}u + lane < {{ vectors }}u) {
        value_sum_{{ j }} += probability * gradient_rows[q * {{ vectors }}u + {{ j * lanes }}u + lane];
        key_sum_{{ j }} += score_gradient * query_rows[q * {{ vectors }}u + {{ j * lanes }}u + lane];
      }
{% endfor %}
    }
  }
{{ store("key_gradient", "key_sum", "own_key", "p.key_tokens", lanes) }}
{{ store("value_gradient", "value_sum", "own_key", "p.key_tokens", lanes) }}
}
