// O = softmax(Q·Kᵀ/√d)·V and the log₂-sum-exp₂ of each row of scores, without storing the scores.
//
// FlashAttention (arXiv:2205.14135, algorithm 1): a workgroup owns rows of queries of one batch row and
// head and walks over the keys, a tile at a time, keeping for each row the running maximum m, the
// running sum of exponentials and the unnormalised output; when a larger score appears, what was summed
// before is scaled by exp(m_old − m_new). Scores are in units of log 2: exp₂ is what GPUs compute.
// Q, O: [batch][query_tokens][heads][head_size];  K, V: [batch][key_tokens][heads][head_size];
// log_sum_exp: [batch][heads][query_tokens], f32.
// Keys and values take turns in other_rows: while one is multiplied, the other is being fetched. The lanes
// of a row find its maximum through workgroup memory, because they need not lie in one subgroup, whose size
// differs between GPUs. The row's sum stays with the lanes until the end. Where weights are staged in f16 they are
// 2^12 times as large, which the division by their sum takes back: devices may take numbers below 2^-14 for zero,
// and thousands of small weights can matter.
{% from "attention_rows" import declarations, workgroup_memory, places, stage, in_flight, fetch, keep, scores, zero_scores, multiply, hide_unless, zero_sums, add_weighted, accumulate, store, row_groups, own_tile, other_tile, chunks, whole, slots %}
{{ declarations([["query", "Element"], ["key", "Element"], ["value", "Element"]], [["output", "Element"], ["log_sum_exp", "f32"]]) }}
{{ workgroup_memory("Vector", ["own_rows"], ["other_rows"]) }}
{% set raised = " + 12.0" if scalar == "f16" else "" %}
{% set lowered = " - 12.0" if scalar == "f16" else "" %}
// [row][lane]: a thread's maxima, at the end its totals; a component for each of its rows
var<workgroup> partial: array<vec4<f32>, {{ workgroup_size }}>;

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
{{ places() }}
{% if whole %}
{{ stage("query", "own_rows", own_tile, "first_own", "p.query_tokens", "0u") }}
{{ in_flight("key") }}
{{ in_flight("value") }}
{{ fetch("key", "0u", "p.key_tokens") }}
{% endif %}
  // A component for each of the thread's rows.
  var maximum = vec4<f32>(-1e30);
  var total = vec4<f32>();
{{ zero_sums("sum") }}
{% if causal %}
  let end = min(p.key_tokens, first_own + {{ own_tile }}u);
{% else %}
  let end = p.key_tokens;
{% endif %}
  for (var first_other = 0u; first_other < end; first_other += {{ other_tile }}u) {
{% if whole %}
    workgroupBarrier();
{{ keep("key", "other_rows") }}
{{ fetch("value", "first_other", "p.key_tokens") }}
    workgroupBarrier();
{{ zero_scores("score") }}
{{ multiply("score", "own_rows", "other_rows") }}
{% else %}
{{ scores("score", "query", "p.query_tokens", "key", "p.key_tokens") }}
{% endif %}
{% for i in range(thread_rows) %}
    score_{{ i }} *= p.scale;
{% endfor %}
    if (first_other + {{ other_tile }}u > {{ "min(end, first_own + 1u)" if causal else "end" }}) {
{{ hide_unless("(other_place < vec4<u32>(p.key_tokens)) & (other_place <= own_place)" if causal else "other_place < vec4<u32>(end)") }}
    }
    var peak = vec4<f32>(-1e30);
{% for i in range(thread_rows) %}
    peak.{{ "xyzw"[i] }} = max(max(score_{{ i }}.x, score_{{ i }}.y), max(score_{{ i }}.z, score_{{ i }}.w));
{% endfor %}
    partial[thread] = peak;
    workgroupBarrier();
    peak = maximum;
{% for step in range(lanes if unrolled else 1) %}
    {{ "{" if unrolled else "for (var other_lane = 0u; other_lane < " ~ lanes ~ "u; other_lane++) {" }}
      peak = max(peak, partial[row * {{ lanes }}u + {{ step ~ "u" if unrolled else "other_lane" }}]);
    }
{% endfor %}
    let correction = exp2(maximum - peak);
    maximum = peak;
    total *= correction;
{% for i in range(thread_rows) %}
    score_{{ i }} = exp2(score_{{ i }} - vec4<f32>(maximum.{{ "xyzw"[i] }}){{ raised }});
    total.{{ "xyzw"[i] }} += dot(score_{{ i }}, vec4<f32>(1.0));
    weights[(row + {{ i * row_groups }}u) * {{ lanes }}u + lane] = Staged(score_{{ i }});
{% for c in range(chunks) %}
{% for j in range(slots) %}
    sum_{{ i }}_{{ c }}_{{ j }} *= correction.{{ "xyzw"[i] }};
{% endfor %}
{% endfor %}
{% endfor %}
{% if whole %}
{{ keep("value", "other_rows") }}
{{ fetch("key", "first_other + " ~ other_tile ~ "u", "p.key_tokens") }}
    workgroupBarrier();
{{ accumulate("sum", 0, "other_rows") }}
{% else %}
{{ add_weighted("sum", "value", "p.key_tokens") }}
{% endif %}
  }

  partial[thread] = total;
  workgroupBarrier();
  total = vec4<f32>();
  for (var other_lane = 0u; other_lane < {{ lanes }}u; other_lane++) {
    total += partial[row * {{ lanes }}u + other_lane];
  }
{% for i in range(thread_rows) %}
{% for c in range(chunks) %}
{% for j in range(slots) %}
  sum_{{ i }}_{{ c }}_{{ j }} /= total.{{ "xyzw"[i] }};
{% endfor %}
{% endfor %}
  if (lane == 0u && first_own + row + {{ i * row_groups }}u < p.query_tokens) {
    log_sum_exp[workgroup.y * p.query_tokens + first_own + row + {{ i * row_groups }}u] = maximum.{{ "xyzw"[i] }} + log2(total.{{ "xyzw"[i] }}){{ lowered }};
  }
{% endfor %}
{{ store("output", "sum", "p.query_tokens") }}
}
