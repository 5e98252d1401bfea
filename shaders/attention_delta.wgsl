// delta[batch][head][token] = Σ_channel dO · O: the row sums that the gradient of a softmax needs
// (FlashAttention, arXiv:2205.14135, §B.4). O, dO: [batch][tokens][heads][head_size]. One row a thread.
{% if scalar == "f16" %}
enable f16;
{% endif %}

struct Parameters { tokens: u32, heads: u32, rows: u32 }

@group(0) @binding(0) var<storage, read> output: array<{{ scalar }}>;
@group(0) @binding(1) var<storage, read> output_gradient: array<{{ scalar }}>;
@group(0) @binding(2) var<storage, read_write> delta: array<f32>;
@group(0) @binding(3) var<uniform> p: Parameters;

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(global_invocation_id) invocation: vec3<u32>) {
  let row = invocation.x;
  if (row >= p.rows) { return; }
  let token = row % p.tokens;
  let head = (row / p.tokens) % p.heads;
  let batch = row / (p.tokens * p.heads);
  let start = ((batch * p.tokens + token) * p.heads + head) * {{ head_size }}u;
  var sum = 0.0;
  for (var channel = 0u; channel < {{ head_size }}u; channel++) {
    sum += f32(output[start + channel]) * f32(output_gradient[start + channel]);
  }
  delta[row] = sum;
}
