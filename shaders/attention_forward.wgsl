// O = softmax(Q·Kᵀ·scale)·V and the log-sum-exp of each row of scores, without storing the scores.
//
// FlashAttention (arXiv:2205.14135, algorithm 1): a workgroup takes query_tile rows of one batch row
// and head and walks over the keys, key_tile at a time, keeping for each row the running maximum m,
// the running sum of exponentials and the unnormalised output; when a larger score appears, what was
// summed before is scaled by exp(m_old − m_new).
// Q, O: [batch][query_tokens][heads][head_size];  K, V: [batch][key_tokens][heads][head_size];
// log_sum_exp: [batch][heads][query_tokens], f32.
// Each row belongs to `lanes` threads; a lane computes every lanes-th score and every lanes-th vec4
// of the output. Keys and values take turns in the same workgroup memory.
{% from "attention_rows" import load, store, vectors %}
{% set lanes = workgroup_size // query_tile %}
{% set lane_vectors = (vectors + lanes - 1) // lanes %}
{% set lane_keys = (key_tile + lanes - 1) // lanes %}
{% if scalar == "f16" %}
enable f16;
{% endif %}
alias Scalar = {{ scalar }};

struct Parameters { query_tokens: u32, key_tokens: u32, heads: u32, scale: f32 }

@group(0) @binding(0) var<storage, read> query: array<Scalar>;
@group(0) @binding(1) var<storage, read> key: array<Scalar>;
@group(0) @binding(2) var<storage, read> value: array<Scalar>;
@group(0) @binding(3) var<storage, read_write> output: array<Scalar>;
@group(0) @binding(4) var<storage, read_write> log_sum_exp: array<f32>;
@group(0) @binding(5) var<uniform> p: Parameters;

var<workgroup> query_rows: array<vec4<f32>, {{ query_tile * vectors }}>;
var<workgroup> key_or_value_rows: array<vec4<f32>, {{ key_tile * vectors }}>;
var<workgroup> scores: array<f32, {{ query_tile * key_tile }}>;

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let batch = workgroup.y / p.heads;
  let head = workgroup.y % p.heads;
  let first_query = workgroup.x * {{ query_tile }}u;
  let row = thread / {{ lanes }}u;
  let lane = thread % {{ lanes }}u;
  let own_query = first_query + row;

{{ load("query", "query_rows", query_tile, "first_query", "p.query_tokens") }}

  var maximum = -1e30;
  var total = 0.0;
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
{{ load("key", "key_or_value_rows", key_tile, "first_key", "p.key_tokens") }}
    workgroupBarrier();
{% for j in range(lane_keys) %}
    var score_{{ j }} = 0.0;
    let key_{{ j }} = {{ j * lanes }}u + lane;
    let seen_{{ j }} = key_{{ j }} < {{ key_tile }}u && first_key + key_{{ j }} < end{% if causal %} && first_key + key_{{ j }} <= own_query{% endif %};
    if (seen_{{ j }}) {
      for (var v = 0u; v < {{ vectors }}u; v++) {
        score_{{ j }} += dot(query_rows[row * {{ vectors }}u + v], key_or_value_rows[key_{{ j }} * {{ vectors }}u + v]);
      }
      score_{{ j }} *= p.scale;
    }
    if (key_{{ j }} < {{ key_tile }}u) {
      scores[row * {{ key_tile }}u + key_{{ j }}] = select(-1e30, score_{{ j }}, seen_{{ j }});
    }
{% endfor %}
    workgroupBarrier();
    var new_maximum = maximum;
    for (var k = 0u; k < {{ key_tile }}u; k++) { new_maximum = max(new_maximum, scores[row * {{ key_tile }}u + k]); }
    let correction = exp(maximum - new_maximum);
    maximum = new_maximum;
    workgroupBarrier();
{% for j in range(lane_keys) %}
    if (key_{{ j }} < {{ key_tile }}u) {
      scores[row * {{ key_tile }}u + key_{{ j }}] = select(0.0, exp(score_{{ j }} - maximum), seen_{{ j }});
    }
{% endfor %}
{{ load("value", "key_or_value_rows", key_tile, "first_key", "p.key_tokens") }}
    workgroupBarrier();
    total *= correction;
{% for j in range(lane_vectors) %}
    sum_{{ j }} *= correction;
{% endfor %}
    for (var k = 0u; k < {{ key_tile }}u; k++) {
      let probability = scores[row * {{ key_tile }}u + k];
      total += probability;
{% for j in range(lane_vectors) %}
{% if (j + 1) * lanes <= vectors %}
      sum_{{ j }} += probability * key_or_value_rows[k * {{ vectors }}u + {{ j * lanes }}u + lane];
{% else %}
      if ({{ j * lanes }}u + lane < {{ vectors }}u) {
        sum_{{ j }} += probability * key_or_value_rows[k * {{ vectors }}u + {{ j * lanes }}u + lane];
      }
{% endif %}
{% endfor %}
    }
  }

{% for j in range(lane_vectors) %}
  sum_{{ j }} /= total;
{% endfor %}
{{ store("output", "sum", "own_query", "p.query_tokens", lanes) }}
  if (own_query < p.query_tokens && lane == 0u) {
    log_sum_exp[workgroup.y * p.query_tokens + own_query] = maximum + log(total);
  }
}
