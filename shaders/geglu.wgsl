// GEGLU: x = [h | g] along the channels, y = h·gelu(g), gelu(g) = g·Φ(g) (the exact, erf form).
// backward: dh = dy·gelu(g),  dg = dy·h·(Φ(g) + g·φ(g)).
// x, dx: [tokens][2·channels];  y, dy: [tokens][channels]. One number of y a thread.
{% if scalar == "f16" %}
enable f16;
{% endif %}
alias Scalar = {{ scalar }};

struct Parameters { channels: u32, count: u32 }

@group(0) @binding(0) var<storage, read> x: array<Scalar>;
{% if pass == "forward" %}
@group(0) @binding(1) var<storage, read_write> y: array<Scalar>;
@group(0) @binding(2) var<uniform> p: Parameters;
{% else %}
@group(0) @binding(1) var<storage, read> dy: array<Scalar>;
@group(0) @binding(2) var<storage, read_write> dx: array<Scalar>;
@group(0) @binding(3) var<uniform> p: Parameters;
{% endif %}

// Φ(z) = (1 + erf(z/√2))/2, erf by Abramowitz and Stegun 7.1.26 (|error| < 1.5e-7).
fn normal_distribution(z: f32) -> f32 {
  let x = abs(z) * 0.70710678;
  let t = 1.0 / (1.0 + 0.3275911 * x);
  let tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * exp(-x * x);
  return select(0.5 * tail, 1.0 - 0.5 * tail, z >= 0.0);
}

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let at = (workgroup.x + workgroup.y * workgroups.x) * {{ workgroup_size }}u + thread;
  if (at >= p.count) { return; }
  let at_hidden = (at / p.channels) * 2u * p.channels + at % p.channels;
  let at_gate = at_hidden + p.channels;
  let hidden = f32(x[at_hidden]);
  let gate = f32(x[at_gate]);
  let distribution = normal_distribution(gate);
{% if pass == "forward" %}
  y[at] = Scalar(hidden * gate * distribution);
{% else %}
  let density = 0.39894228 * exp(-0.5 * gate * gate);
  let gradient = f32(dy[at]);
  dx[at_hidden] = Scalar(gradient * gate * distribution);
  dx[at_gate] = Scalar(gradient * hidden * (distribution + gate * density));
{% endif %}
}
