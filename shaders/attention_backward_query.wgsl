// dQ of attention: with P = exp(S − log_sum_exp), dS = P ∘ (dO·Vᵀ − delta), dQ = dS·K·scale.
//
// FlashAttention's backward pass (arXiv:2205.14135, algorithm 4) with the loops turned so that a
// workgroup owns query_tile rows of dQ and no atomics are needed. Layouts as in attention_forward;
// log_sum_exp, delta: [batch][heads][query_tokens].
{% from "attention_rows" import load, store, vectors %}
{% set lanes = workgroup_size // query_tile %}
{% set lane_vectors = (vectors + lanes - 1) // lanes %}
{% set lane_others = (key_tile + lanes - 1) // lanes %}
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
@group(0) @binding(6) var<storage, read_write> query_gradient: array<Scalar>;
@group(0) @binding(7) var<uniform> p: Parameters;

var<workgroup> query_rows: array<vec4<f32>, {{ query_tile * vectors }}>;
var<workgroup> gradient_rows: array<vec4<f32>, {{ query_tile * vectors }}>;
var<workgroup> key_rows: array<vec4<f32>, {{ key_tile * vectors }}>;
var<workgroup> value_rows: array<vec4<f32>, {{ key_tile * vectors }}>;
var<workgroup> score_gradients: array<f32, {{ query_tile * key_tile }}>;

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let batch = workgroup.y / p.heads;
  let head = workgroup.y % p.heads;
  let first_query = workgroup.x * {{ query_tile }}u;
  let row = thread / {{ lanes }}u;
  let lane = thread % {{ lanes }}u;
  let own_query = first_query + row;
{{ load("query", "query_rows", query_tile, "first_query", "p.query_tokens") }}
{{ load("output_gradient", "gradient_rows", query_tile, "first_query", "p.query_tokens") }}
  var own_log_sum_exp = 0.0;
  var own_delta = 0.0;
  if (own_query < p.query_tokens) {
    own_log_sum_exp = log_sum_exp[workgroup.y * p.query_tokens + own_query];
    own_delta = delta[workgroup.y * p.query_tokens + own_query];
  }
{% for j in range(lane_vectors) %}
  var sum_{{ j }} = vec4<f32>();
{% endfor %}

{% if causal %}
  let end = min(p.key_tokens, first_query + {{ query_tile }}u);
{% else %}
  let end = p.key_tokens;
{% endif %}
  for (var first_key = 0u; first_key < end; first_key += {{ key_tile }}u) {
    workgroupBarrier();
{{ load("key", "key_rows", key_tile, "first_key", "p.key_tokens") }}
{{ load("value", "value_rows", key_tile, "first_key", "p.key_tokens") }}
    workgroupBarrier();
{% for j in range(lane_others) %}
    {
      let k = {{ j * lanes }}u + lane;
      if (k < {{ key_tile }}u) {
        var score_gradient = 0.0;
        if (first_key + k < end{% if causal %} && first_key + k <= own_query{% endif %}) {
          var score = 0.0;
          var probability_gradient = 0.0;
          for (var v = 0u; v < {{ vectors }}u; v++) {
            score += dot(query_rows[row * {{ vectors }}u + v], key_rows[k * {{ vectors }}u + v]);
            probability_gradient += dot(gradient_rows[row * {{ vectors }}u + v], value_rows[k * {{ vectors }}u + v]);
          }
          score_gradient = exp(score * p.scale - own_log_sum_exp) * (probability_gradient - own_delta) * p.scale;
        }
        score_gradients[row * {{ key_tile }}u + k] = score_gradient;
      }
    }
{% endfor %}
    workgroupBarrier();
    for (var k = 0u; k < {{ key_tile }}u; k++) {
      let score_gradient = score_gradients[row * {{ key_tile }}u + k];
{% for j in range(lane_vectors) %}
      if ({{ j * lanes }}u + lane < {{ vectors }}u) {
        sum_{{ j }} += score_gradient * key_rows[k * {{ vectors }}u + {{ j * lanes }}u + lane];
      }
{% endfor %}
    }
  }
{{ store("query_gradient", "sum", "own_query", "p.query_tokens", lanes) }}
}
