// dK and dV of attention: with P = exp₂(S − log_sum_exp), dV = Pᵀ·dO, dS = P ∘ (dO·Vᵀ − delta),
// dK = dSᵀ·Q/√d.
//
// FlashAttention's backward pass (arXiv:2205.14135, algorithm 4): a workgroup owns rows of dK and dV and
// walks over the queries, so that no atomics are needed. Layouts as in attention_forward;
// log_sum_exp, delta: [batch][heads][query_tokens]. P and then dS take turns in weights, f32 as in
// attention_backward_query.
{% from "attention_rows" import backward_inputs, declarations, workgroup_memory, places, stage, in_flight, fetch, keep, scores, zero_scores, multiply, hide_unless, zero_sums, add_weighted, accumulate, store, row_groups, own_tile, other_tile, chunks, whole %}
{{ declarations(backward_inputs, [["key_gradient", "Element"], ["value_gradient", "Element"]]) }}
{% if whole %}
{{ workgroup_memory("vec4<f32>", ["key_rows", "value_rows"], ["query_rows", "output_gradient_rows"]) }}
{% else %}
{{ workgroup_memory("vec4<f32>", ["own_rows"], ["other_rows"]) }}
{% endif %}

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
{{ places() }}
{{ zero_sums("key_sum") }}
{{ zero_sums("value_sum") }}
{% set first_query = "first_own" if causal else "0u" %}
{% if whole %}
{{ stage("key", "key_rows", own_tile, "first_own", "p.key_tokens", "0u") }}
{{ stage("value", "value_rows", own_tile, "first_own", "p.key_tokens", "0u") }}
{{ in_flight("query") }}
{{ in_flight("output_gradient") }}
{{ fetch("query", first_query, "p.query_tokens") }}
{{ fetch("output_gradient", first_query, "p.query_tokens") }}
{% endif %}
{% if causal %}
  // No query before the tile's first key sees any of its keys.
  for (var first_other = first_own; first_other < p.query_tokens; first_other += {{ other_tile }}u) {
{% else %}
  for (var first_other = 0u; first_other < p.query_tokens; first_other += {{ other_tile }}u) {
{% endif %}
    // Values of the thread's four queries; with the initial ones a query past the end gets probability zero.
    var others_log_sum_exp = vec4<f32>(1e30);
    var others_delta = vec4<f32>();
{% for k in range(4) %}
    if (first_other + lane + {{ k * lanes }}u < p.query_tokens) {
      let at = workgroup.y * p.query_tokens + first_other + lane + {{ k * lanes }}u;
      others_log_sum_exp.{{ "xyzw"[k] }} = log_sum_exp[at];
      others_delta.{{ "xyzw"[k] }} = delta[at];
    }
{% endfor %}
{% if whole %}
    workgroupBarrier();
{{ keep("query", "query_rows") }}
{{ keep("output_gradient", "output_gradient_rows") }}
{{ fetch("query", "first_other + " ~ other_tile ~ "u", "p.query_tokens") }}
{{ fetch("output_gradient", "first_other + " ~ other_tile ~ "u", "p.query_tokens") }}
    workgroupBarrier();
{{ zero_scores("score") }}
{{ multiply("score", "key_rows", "query_rows") }}
{{ zero_scores("slope") }}
{{ multiply("slope", "value_rows", "output_gradient_rows") }}
{% else %}
{{ scores("score", "key", "p.key_tokens", "query", "p.query_tokens") }}
{{ scores("slope", "value", "p.key_tokens", "output_gradient", "p.query_tokens") }}
{% endif %}
{% for i in range(thread_rows) %}
    score_{{ i }} *= p.scale;
{% endfor %}
{% if causal %}
    if (first_other < first_own + {{ own_tile }}u) {
{{ hide_unless("other_place >= own_place") }}
    }
{% endif %}
{% for i in range(thread_rows) %}
    score_{{ i }} = exp2(score_{{ i }} - others_log_sum_exp);
    weights[(row + {{ i * row_groups }}u) * {{ lanes }}u + lane] = score_{{ i }};
{% endfor %}
    workgroupBarrier();
{% if whole %}
{{ accumulate("value_sum", 0, "output_gradient_rows") }}
{% else %}
{{ add_weighted("value_sum", "output_gradient", "p.query_tokens") }}
{% endif %}
    workgroupBarrier();
    // 1/√d = scale·ln 2
{% for i in range(thread_rows) %}
    weights[(row + {{ i * row_groups }}u) * {{ lanes }}u + lane] = score_{{ i }} * (slope_{{ i }} - others_delta) * (p.scale * 0.69314718);
{% endfor %}
{% if whole %}
    workgroupBarrier();
{{ accumulate("key_sum", 0, "query_rows") }}
{% else %}
{{ add_weighted("key_sum", "query", "p.query_tokens") }}
{% endif %}
  }
{{ store("key_gradient", "key_sum", "p.key_tokens") }}
{{ store("value_gradient", "value_sum", "p.key_tokens") }}
}
