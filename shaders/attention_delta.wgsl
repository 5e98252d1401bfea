// delta[batch][head][token] = Σ_channel dO · O: the row sums that the gradient of a softmax needs
// (FlashAttention, arXiv:2205.14135, §B.4). O, dO: [batch][tokens][heads][head_size].
// One row per thread; neighbouring threads take rows that are neighbours in memory.
{% from "attention_rows" import declarations, vectors %}
{{ declarations([["output", "Element"], ["output_gradient", "Element"]], [["delta", "f32"]]) }}

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.x * {{ workgroup_size }}u + thread;
  if (row >= p.query_tokens * p.heads) { return; }
  let at = workgroup.y * p.query_tokens * p.heads + row;
  var sum = 0.0;
{% if vector %}
  for (var column = 0u; column < {{ vectors }}u; column++) {
    sum += dot(vec4<f32>(output[at * {{ vectors }}u + column]), vec4<f32>(output_gradient[at * {{ vectors }}u + column]));
  }
{% else %}
  for (var channel = 0u; channel < {{ head_size }}u; channel++) {
    sum += f32(output[at * {{ head_size }}u + channel]) * f32(output_gradient[at * {{ head_size }}u + channel]);
  }
{% endif %}
  delta[(workgroup.y * p.heads + row % p.heads) * p.query_tokens + row / p.heads] = sum;
}
