// Layer normalization over the channels of each token; a workgroup takes one token.
//
// forward:  x̂ = (x − mean)·rstd,  y = γ·x̂ + β
// backward: dx̂ = γ·dy,  dx = rstd·(dx̂ − mean(dx̂) − x̂·mean(dx̂·x̂))
// x, y, dx, dy: [tokens][channels];  statistics: [tokens][mean, rstd], f32.
{% if scalar == "f16" %}
enable f16;
{% endif %}
alias Scalar = {{ scalar }};

struct Parameters { tokens: u32, channels: u32, epsilon: f32 }

{% if pass == "forward" %}
@group(0) @binding(0) var<storage, read> x: array<Scalar>;
@group(0) @binding(1) var<storage, read> weight: array<Scalar>;
@group(0) @binding(2) var<storage, read> bias: array<Scalar>;
@group(0) @binding(3) var<storage, read_write> y: array<Scalar>;
@group(0) @binding(4) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(5) var<uniform> p: Parameters;
{% else %}
@group(0) @binding(0) var<storage, read> x: array<Scalar>;
@group(0) @binding(1) var<storage, read> dy: array<Scalar>;
@group(0) @binding(2) var<storage, read> weight: array<Scalar>;
@group(0) @binding(3) var<storage, read> statistics: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<Scalar>;
@group(0) @binding(5) var<uniform> p: Parameters;
{% endif %}

{% include "workgroup_sum" %}

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let token = workgroup.x + workgroup.y * workgroups.x;
  if (token >= p.tokens) { return; }
  let start = token * p.channels;
  let count = f32(p.channels);
  var own = vec2<f32>();
{% if pass == "forward" %}
  for (var channel = thread; channel < p.channels; channel += {{ workgroup_size }}u) { own.x += f32(x[start + channel]); }
  let mean = workgroup_sum(thread, own).x / count;
  own = vec2<f32>();
  for (var channel = thread; channel < p.channels; channel += {{ workgroup_size }}u) {
    let centred = f32(x[start + channel]) - mean;
    own.x += centred * centred;
  }
  let rstd = 1.0 / sqrt(workgroup_sum(thread, own).x / count + p.epsilon);
  for (var channel = thread; channel < p.channels; channel += {{ workgroup_size }}u) {
    let normal = (f32(x[start + channel]) - mean) * rstd;
    y[start + channel] = Scalar(f32(weight[channel]) * normal + f32(bias[channel]));
  }
  if (thread == 0u) {
    statistics[token * 2u] = mean;
    statistics[token * 2u + 1u] = rstd;
  }
{% else %}
  let mean = statistics[token * 2u];
  let rstd = statistics[token * 2u + 1u];
  for (var channel = thread; channel < p.channels; channel += {{ workgroup_size }}u) {
    let gradient = f32(weight[channel]) * f32(dy[start + channel]);
    own += vec2<f32>(gradient, gradient * (f32(x[start + channel]) - mean) * rstd);
  }
  let means = workgroup_sum(thread, own) / count;
  for (var channel = thread; channel < p.channels; channel += {{ workgroup_size }}u) {
    let gradient = f32(weight[channel]) * f32(dy[start + channel]);
    let normal = (f32(x[start + channel]) - mean) * rstd;
    dx[start + channel] = Scalar(rstd * (gradient - means.x - normal * means.y));
  }
{% endif %}
}
