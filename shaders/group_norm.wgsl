// Group normalization of a channels-last image, with SiLU where the model applies it next.
//
// x̂ = (x − mean)·rstd,  u = γ·x̂ + β,  y = u or u·σ(u);  mean, rstd over a group's channels and all pixels
// du = dy or dy·σ(u)(1 + u(1 − σ(u))),  dx̂ = γ·du,  dx = rstd·(dx̂ − mean(dx̂) − x̂·mean(dx̂·x̂))
// x, y, dx, dy: [batch][pixels][channels];  statistics: [batch][groups], mean and rstd, f32;
// sums: [batch][groups], mean(dx̂) and mean(dx̂·x̂), f32.
//
// One workgroup normalizes a small group: "whole_forward", "whole_backward". Large groups take three passes.
// First each thread adds up one column of elements over a slice of the pixels (neighbouring threads take
// neighbours in memory) and leaves two numbers per channel in moments: [batch][slices][2][channels], f32.
//   "moments":          mean and Σ(x − mean)², added up as differences from the slice's first pixel, so
//                       that a mean far from zero doesn't cancel
//   "gradient_moments": Σ dx̂ and Σ dx̂·x̂
// Then one workgroup per group joins the slices: "statistics" (Chan et al. 1979: squares about the joint mean
// are the slices' own plus count·(their mean − joint mean)²), "sums". Last, in "forward" and "backward", each
// thread computes one element.
{% from "bindings" import types, bindings, width %}
{{ types() }}
// columns: elements of a pixel;  slices: number of slices of slice_pixels pixels;  count: threads with work
struct Parameters {
  pixels: u32, channels: u32, groups: u32, epsilon: f32,
  columns: u32, slices: u32, slice_pixels: u32, count: u32,
}

{% set image = [["x", "Element"]] %}
{% set gradient = [["x", "Element"], ["dy", "Element"], ["statistics", "vec2<f32>"], ["weight", "Element"]] %}
{% if silu %}
{% set gradient = gradient + [["bias", "Element"]] %}
{% endif %}
{% if pass == "moments" %}
{{ bindings(image, [["moments", "Wide"]]) }}
{% elif pass == "gradient_moments" %}
{{ bindings(gradient, [["moments", "Wide"]]) }}
{% elif pass == "statistics" or pass == "sums" %}
{{ bindings([["moments", "f32"]], [["result", "vec2<f32>"]]) }}
{% elif pass == "forward" %}
{{ bindings(image + [["statistics", "vec2<f32>"], ["weight", "Element"], ["bias", "Element"]], [["y", "Element"]]) }}
{% elif pass == "backward" %}
{{ bindings(gradient + [["sums", "vec2<f32>"]], [["dx", "Element"]]) }}
{% elif pass == "whole_forward" %}
{{ bindings(image + [["weight", "Element"], ["bias", "Element"]], [["y", "Element"], ["statistics", "vec2<f32>"]]) }}
{% else %}
{{ bindings(gradient, [["dx", "Element"]]) }}
{% endif %}

{% if pass in ["forward", "whole_forward"] %}
fn result_of(normal: Wide, column: u32) -> Wide {
  let u = Wide(weight[column]) * normal + Wide(bias[column]);
{% if silu %}
  return u / (1.0 + exp(-u));
{% else %}
  return u;
{% endif %}
}
{% elif pass in ["backward", "gradient_moments", "whole_backward"] %}
// dx̂
fn normal_gradient(gradient: Wide, normal: Wide, column: u32) -> Wide {
{% if silu %}
  let u = Wide(weight[column]) * normal + Wide(bias[column]);
  let sigmoid = 1.0 / (1.0 + exp(-u));
  return Wide(weight[column]) * gradient * sigmoid * (1.0 + u * (1.0 - sigmoid));
{% else %}
  return Wide(weight[column]) * gradient;
{% endif %}
}
{% endif %}

{# A component of a group's pair, for each of the channels of an element. #}
{% macro of_groups(pairs, component) %}Wide({% for i in range(width) %}{{ pairs }}[first_group + (channel + {{ i }}u) / group_channels].{{ component }}{{ ", " if not loop.last else "" }}{% endfor %}){% endmacro %}

{% if pass in ["moments", "gradient_moments", "forward", "backward"] %}
@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let at = (workgroup.x + workgroup.y * workgroups.x) * {{ workgroup_size }}u + thread;
  if (at >= p.count) { return; }
  let column = at % p.columns;
  let channel = column * {{ width }}u;
  let group_channels = p.channels / p.groups;
{% if pass in ["moments", "gradient_moments"] %}
  let slice = (at / p.columns) % p.slices;
  let batch = at / (p.columns * p.slices);
  let first = slice * p.slice_pixels;
  let end = min(first + p.slice_pixels, p.pixels);
  let start = batch * p.pixels * p.columns + column;
  let slot = (batch * p.slices + slice) * 2u * p.columns + column;
  var sum = Wide();
  var products = Wide();
{% if pass == "moments" %}
  let origin = Wide(x[start + first * p.columns]);
  for (var pixel = first; pixel < end; pixel++) {
    let difference = Wide(x[start + pixel * p.columns]) - origin;
    sum += difference;
    products += difference * difference;
  }
  let mean = sum / f32(end - first);
  moments[slot] = origin + mean;
  moments[slot + p.columns] = products - sum * mean;
{% else %}
  let first_group = batch * p.groups;
  let mean = {{ of_groups("statistics", "x") }};
  let rstd = {{ of_groups("statistics", "y") }};
  for (var pixel = first; pixel < end; pixel++) {
    let normal = (Wide(x[start + pixel * p.columns]) - mean) * rstd;
    let gradient = normal_gradient(Wide(dy[start + pixel * p.columns]), normal, column);
    sum += gradient;
    products += gradient * normal;
  }
  moments[slot] = sum;
  moments[slot + p.columns] = products;
{% endif %}
{% else %}
  let first_group = (at / (p.pixels * p.columns)) * p.groups;
  let rstd = {{ of_groups("statistics", "y") }};
  let normal = (Wide(x[at]) - {{ of_groups("statistics", "x") }}) * rstd;
{% if pass == "forward" %}
  y[at] = Element(result_of(normal, column));
{% else %}
  let gradient = normal_gradient(Wide(dy[at]), normal, column);
  dx[at] = Element(rstd * (gradient - {{ of_groups("sums", "x") }} - normal * {{ of_groups("sums", "y") }}));
{% endif %}
{% endif %}
}
{% else %}
{% include "workgroup_sum" %}

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let batch = workgroup.x / p.groups;
  let group = workgroup.x % p.groups;
  let group_channels = p.channels / p.groups;
  let numbers = f32(p.pixels * group_channels);
  var own = vec2<f32>();
{% if pass in ["statistics", "sums"] %}
  // moments has two numbers for each channel and slice.
  for (var i = thread; i < p.slices * group_channels; i += {{ workgroup_size }}u) {
    let slice = i / group_channels;
    let at = (batch * p.slices + slice) * 2u * p.channels + group * group_channels + i % group_channels;
{% if pass == "statistics" %}
    own.x += moments[at] * f32(min(p.slice_pixels, p.pixels - slice * p.slice_pixels));
{% else %}
    own += vec2<f32>(moments[at], moments[at + p.channels]);
{% endif %}
  }
{% if pass == "statistics" %}
  let mean = workgroup_sum(thread, own).x / numbers;
  own = vec2<f32>();
  for (var i = thread; i < p.slices * group_channels; i += {{ workgroup_size }}u) {
    let slice = i / group_channels;
    let at = (batch * p.slices + slice) * 2u * p.channels + group * group_channels + i % group_channels;
    let off = moments[at] - mean;
    own.x += moments[at + p.channels] + off * off * f32(min(p.slice_pixels, p.pixels - slice * p.slice_pixels));
  }
  let rstd = inverseSqrt(workgroup_sum(thread, own).x / numbers + p.epsilon);
  if (thread == 0u) { result[workgroup.x] = vec2<f32>(mean, rstd); }
{% else %}
  let means = workgroup_sum(thread, own) / numbers;
  if (thread == 0u) { result[workgroup.x] = means; }
{% endif %}
{% else %}
  let group_columns = group_channels / {{ width }}u;
  let first_column = group * group_columns;
  let start = batch * p.pixels * p.columns + first_column;
  let count = p.pixels * group_columns;
{% if pass == "whole_forward" %}
  for (var i = thread; i < count; i += {{ workgroup_size }}u) {
    own.x += total(Wide(x[start + (i / group_columns) * p.columns + i % group_columns]));
  }
  let mean = workgroup_sum(thread, own).x / numbers;
  own = vec2<f32>();
  for (var i = thread; i < count; i += {{ workgroup_size }}u) {
    let centred = Wide(x[start + (i / group_columns) * p.columns + i % group_columns]) - mean;
    own.x += total(centred * centred);
  }
  let rstd = inverseSqrt(workgroup_sum(thread, own).x / numbers + p.epsilon);
  for (var i = thread; i < count; i += {{ workgroup_size }}u) {
    let at = start + (i / group_columns) * p.columns + i % group_columns;
    y[at] = Element(result_of((Wide(x[at]) - mean) * rstd, first_column + i % group_columns));
  }
  if (thread == 0u) { statistics[workgroup.x] = vec2<f32>(mean, rstd); }
{% else %}
  let mean = statistics[workgroup.x].x;
  let rstd = statistics[workgroup.x].y;
  for (var i = thread; i < count; i += {{ workgroup_size }}u) {
    let at = start + (i / group_columns) * p.columns + i % group_columns;
    let normal = (Wide(x[at]) - mean) * rstd;
    let gradient = normal_gradient(Wide(dy[at]), normal, first_column + i % group_columns);
    own += vec2<f32>(total(gradient), total(gradient * normal));
  }
  let means = workgroup_sum(thread, own) / numbers;
  for (var i = thread; i < count; i += {{ workgroup_size }}u) {
    let at = start + (i / group_columns) * p.columns + i % group_columns;
    let normal = (Wide(x[at]) - mean) * rstd;
    let gradient = normal_gradient(Wide(dy[at]), normal, first_column + i % group_columns);
    dx[at] = Element(rstd * (gradient - means.x - normal * means.y));
  }
{% endif %}
{% endif %}
}
{% endif %}
