// dQ of attention: with P = exp₂(S − log_sum_exp), dS = P ∘ (dO·Vᵀ − delta), dQ = dS·K/√d.
//
// FlashAttention's backward pass (arXiv:2205.14135, algorithm 4) with the loops swapped, so that a
// workgroup owns rows of dQ and no atomics are needed. Layouts as in attention_forward;
// log_sum_exp, delta: [batch][heads][query_tokens]. dS is kept in f32: with thousands of keys it is too
// small for f16.
{% from "attention_rows" import backward_inputs, declarations, workgroup_memory, places, stage, in_flight, fetch, keep, scores, zero_scores, multiply, hide_unless, zero_sums, add_weighted, accumulate, store, row_groups, own_tile, other_tile, chunks, whole %}
{{ declarations(backward_inputs, [["query_gradient", "Element"]]) }}
{% if whole %}
{{ workgroup_memory("vec4<f32>", ["query_rows", "output_gradient_rows"], ["key_rows", "value_rows"]) }}
{% else %}
{{ workgroup_memory("vec4<f32>", ["own_rows"], ["other_rows"]) }}
{% endif %}

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
{{ places() }}
{% for i in range(thread_rows) %}
  var own_log_sum_exp_{{ i }} = 0.0;
  var own_delta_{{ i }} = 0.0;
  if (first_own + row + {{ i * row_groups }}u < p.query_tokens) {
    let at = workgroup.y * p.query_tokens + first_own + row + {{ i * row_groups }}u;
    own_log_sum_exp_{{ i }} = log_sum_exp[at];
    own_delta_{{ i }} = delta[at];
  }
{% endfor %}
{{ zero_sums("sum") }}
{% if whole %}
{{ stage("query", "query_rows", own_tile, "first_own", "p.query_tokens", "0u") }}
{{ stage("output_gradient", "output_gradient_rows", own_tile, "first_own", "p.query_tokens", "0u") }}
{{ in_flight("key") }}
{{ in_flight("value") }}
{{ fetch("key", "0u", "p.key_tokens") }}
{{ fetch("value", "0u", "p.key_tokens") }}
{% endif %}
{% if causal %}
  let end = min(p.key_tokens, first_own + {{ own_tile }}u);
{% else %}
  let end = p.key_tokens;
{% endif %}
  for (var first_other = 0u; first_other < end; first_other += {{ other_tile }}u) {
{% if whole %}
    workgroupBarrier();
{{ keep("key", "key_rows") }}
{{ keep("value", "value_rows") }}
{{ fetch("key", "first_other + " ~ other_tile ~ "u", "p.key_tokens") }}
{{ fetch("value", "first_other + " ~ other_tile ~ "u", "p.key_tokens") }}
    workgroupBarrier();
{{ zero_scores("slope") }}
{{ multiply("slope", "output_gradient_rows", "value_rows") }}
{{ zero_scores("score") }}
{{ multiply("score", "query_rows", "key_rows") }}
{% else %}
{{ scores("slope", "output_gradient", "p.query_tokens", "value", "p.key_tokens") }}
{{ scores("score", "query", "p.query_tokens", "key", "p.key_tokens") }}
{% endif %}
{% for i in range(thread_rows) %}
    score_{{ i }} *= p.scale;
{% endfor %}
    if (first_other + {{ other_tile }}u > {{ "min(end, first_own + 1u)" if causal else "end" }}) {
{{ hide_unless("(other_place < vec4<u32>(p.key_tokens)) & (other_place <= own_place)" if causal else "other_place < vec4<u32>(end)") }}
    }
    // 1/√d = scale·ln 2
{% for i in range(thread_rows) %}
    weights[(row + {{ i * row_groups }}u) * {{ lanes }}u + lane] =
      exp2(score_{{ i }} - vec4<f32>(own_log_sum_exp_{{ i }})) * (slope_{{ i }} - vec4<f32>(own_delta_{{ i }})) * (p.scale * 0.69314718);
{% endfor %}
    workgroupBarrier();
{% if whole %}
{{ accumulate("sum", 0, "key_rows") }}
{% else %}
{{ add_weighted("sum", "key", "p.key_tokens") }}
{% endif %}
  }
{{ store("query_gradient", "sum", "p.query_tokens") }}
}
