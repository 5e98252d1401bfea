// Group normalization of a channels-last image, with SiLU where the model applies it next.
//
// x̂ = (x − mean)·rstd,  u = γ·x̂ + β,  y = u or u·σ(u);  mean, rstd over a group's channels and all pixels
// du = dy or dy·σ(u)(1 + u(1 − σ(u))),  dx̂ = γ·du,  dx = rstd·(dx̂ − mean(dx̂) − x̂·mean(dx̂·x̂))
// x, y, dx, dy: [batch][pixels][channels];  statistics: [batch][groups][mean, rstd], f32;
// sums: [batch][groups][mean(dx̂), mean(dx̂·x̂)], f32.
// Four passes share this file: "statistics" and "sums" give each batch row and group a workgroup (two
// passes over the data, since E[x²] − E[x]² cancels); "forward" and "backward" give each number a thread.
{% if scalar == "f16" %}
enable f16;
{% endif %}
alias Scalar = {{ scalar }};

struct Parameters { pixels: u32, channels: u32, groups: u32, epsilon: f32, count: u32 }

{% if pass == "statistics" %}
@group(0) @binding(0) var<storage, read> x: array<Scalar>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;
@group(0) @binding(2) var<uniform> p: Parameters;
{% elif pass == "forward" %}
@group(0) @binding(0) var<storage, read> x: array<Scalar>;
@group(0) @binding(1) var<storage, read> statistics: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<Scalar>;
@group(0) @binding(3) var<storage, read> bias: array<Scalar>;
@group(0) @binding(4) var<storage, read_write> y: array<Scalar>;
@group(0) @binding(5) var<uniform> p: Parameters;
{% else %}
@group(0) @binding(0) var<storage, read> x: array<Scalar>;
@group(0) @binding(1) var<storage, read> dy: array<Scalar>;
@group(0) @binding(2) var<storage, read> statistics: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<Scalar>;
{% set next = 4 %}
{% if silu %}
@group(0) @binding(4) var<storage, read> bias: array<Scalar>;
{% set next = 5 %}
{% endif %}
{% if pass == "sums" %}
@group(0) @binding({{ next }}) var<storage, read_write> result: array<f32>;
@group(0) @binding({{ next + 1 }}) var<uniform> p: Parameters;
{% else %}
@group(0) @binding({{ next }}) var<storage, read> sums: array<f32>;
@group(0) @binding({{ next + 1 }}) var<storage, read_write> dx: array<Scalar>;
@group(0) @binding({{ next + 2 }}) var<uniform> p: Parameters;
{% endif %}

// dx̂ of one number.
fn normal_gradient(gradient: f32, normal: f32, channel: u32) -> f32 {
{% if silu %}
  let u = f32(weight[channel]) * normal + f32(bias[channel]);
  let sigmoid = 1.0 / (1.0 + exp(-u));
  return f32(weight[channel]) * gradient * sigmoid * (1.0 + u * (1.0 - sigmoid));
{% else %}
  return f32(weight[channel]) * gradient;
{% endif %}
}
{% endif %}

{% if pass == "statistics" or pass == "sums" %}
{% include "workgroup_sum" %}

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let batch = workgroup.x / p.groups;
  let group = workgroup.x % p.groups;
  let group_channels = p.channels / p.groups;
  let start = batch * p.pixels * p.channels + group * group_channels;
  let count = p.pixels * group_channels;
  var own = vec2<f32>();
{% if pass == "statistics" %}
  for (var i = thread; i < count; i += {{ workgroup_size }}u) {
    own.x += f32(x[start + (i / group_channels) * p.channels + i % group_channels]);
  }
  let mean = workgroup_sum(thread, own).x / f32(count);
  own = vec2<f32>();
  for (var i = thread; i < count; i += {{ workgroup_size }}u) {
    let centred = f32(x[start + (i / group_channels) * p.channels + i % group_channels]) - mean;
    own.x += centred * centred;
  }
  let variance = workgroup_sum(thread, own).x / f32(count);
  if (thread == 0u) {
    result[workgroup.x * 2u] = mean;
    result[workgroup.x * 2u + 1u] = 1.0 / sqrt(variance + p.epsilon);
  }
{% else %}
  let mean = statistics[workgroup.x * 2u];
  let rstd = statistics[workgroup.x * 2u + 1u];
  for (var i = thread; i < count; i += {{ workgroup_size }}u) {
    let channel = i % group_channels;
    let at = start + (i / group_channels) * p.channels + channel;
    let normal = (f32(x[at]) - mean) * rstd;
    let gradient = normal_gradient(f32(dy[at]), normal, group * group_channels + channel);
    own += vec2<f32>(gradient, gradient * normal);
  }
  let means = workgroup_sum(thread, own) / f32(count);
  if (thread == 0u) {
    result[workgroup.x * 2u] = means.x;
    result[workgroup.x * 2u + 1u] = means.y;
  }
{% endif %}
}
{% else %}
@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let at = (workgroup.x + workgroup.y * workgroups.x) * {{ workgroup_size }}u + thread;
  if (at >= p.count) { return; }
  let channel = at % p.channels;
  let batch = at / (p.pixels * p.channels);
  let slot = (batch * p.groups + channel / (p.channels / p.groups)) * 2u;
  let rstd = statistics[slot + 1u];
  let normal = (f32(x[at]) - statistics[slot]) * rstd;
{% if pass == "forward" %}
  let u = f32(weight[channel]) * normal + f32(bias[channel]);
{% if silu %}
  y[at] = Scalar(u / (1.0 + exp(-u)));
{% else %}
  y[at] = Scalar(u);
{% endif %}
{% else %}
  let gradient = normal_gradient(f32(dy[at]), normal, channel);
  dx[at] = Scalar(rstd * (gradient - sums[slot] - normal * sums[slot + 1u]));
{% endif %}
}
{% endif %}
