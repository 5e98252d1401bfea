// What is done to each sum of the matrix product before it is stored; included by gemm.wgsl and
// gemm_reduce.wgsl:
// C = activation(scale·sum + bias[column] + image_add[image, column]) + residual[row, column]
// An image is p.image_rows rows of C. SiLU x·σ(x);  GELU x·Φ(x), the exact form;  quick GELU x·σ(1.702·x).
// partial (splits > 1): the sum itself is stored, in f32, [splits][rows][columns].
// columns 0: that extent is a parameter.
{% set column_extent = "p.columns" if columns == 0 else columns ~ "u" %}
alias Scalar = {{ scalar }};
alias Vector = vec4<{{ scalar }}>;

struct Parameters {
  rows: u32,
  depth: u32,
  image_rows: u32,
  scale: f32,
  columns: u32,
  splits: u32,
  source_height: u32,
  source_width: u32,
  target_height: u32,
  target_width: u32,
  image_height: u32,
  image_width: u32,
  // Where this launch begins down the rows of C, in workgroups: not at 0 if it is a later part of a product.
  first_workgroup: u32,
}
{% set element = "Vector" if c_vector else "Scalar" %}
{% for name, binding in [["bias", bias], ["image_add", image_add], ["residual", residual]] %}
{% if binding %}
@group(0) @binding({{ binding }}) var<storage, read> {{ name }}: array<{{ element }}>;

fn four_of_{{ name }}(row: u32, column: u32) -> vec4<f32> {
{% if c_vector %}
  return vec4<f32>({{ name }}[(row * {{ column_extent }} + column) / 4u]);
{% else %}
  let start = row * {{ column_extent }} + column;
  var four = vec4<f32>();
  four.x = f32({{ name }}[start]);
  if (column + 1u < {{ column_extent }}) { four.y = f32({{ name }}[start + 1u]); }
  if (column + 2u < {{ column_extent }}) { four.z = f32({{ name }}[start + 2u]); }
  if (column + 3u < {{ column_extent }}) { four.w = f32({{ name }}[start + 3u]); }
  return four;
{% endif %}
}
{% endif %}
{% endfor %}
{% if partial %}
{% set stored = "vec4<f32>" if c_vector else "f32" %}
{% else %}
{% set stored = element %}
{% endif %}
@group(0) @binding({{ c_binding }}) var<storage, read_write> c: array<{{ stored }}>;
@group(0) @binding({{ c_binding + 1 }}) var<uniform> p: Parameters;
{% if activation == "gelu" %}

// Φ(z) = (1 + erf(z/√2))/2, erf by Abramowitz and Stegun 7.1.26 (|error| < 1.5e-7).
fn normal_distribution(z: vec4<f32>) -> vec4<f32> {
  let x = abs(z) * 0.70710678;
  let t = 1.0 / (1.0 + 0.3275911 * x);
  let tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * exp(-x * x);
  return select(0.5 * tail, 1.0 - 0.5 * tail, z >= vec4<f32>());
}
{% endif %}

fn store(row: u32, column: u32, split: u32, sum: vec4<f32>) {
{% if tile_columns is defined and (columns == 0 or columns % tile_columns != 0) %}
  if (column >= {{ column_extent }}) { return; }
{% endif %}
  var value = sum;
  var start = row * {{ column_extent }} + column;
{% if partial %}
  start += split * {{ "p.rows" if rows == 0 else rows * row_groups ~ "u" }} * {{ column_extent }};
{% else %}
{% if scaled %}
  value *= p.scale;
{% endif %}
{% if bias %}
  value += four_of_bias(0u, column);
{% endif %}
{% if image_add %}
  value += four_of_image_add(row / p.image_rows, column);
{% endif %}
{% if activation == "silu" %}
  value /= 1.0 + exp(-value);
{% elif activation == "quick_gelu" %}
  value /= 1.0 + exp(-1.702 * value);
{% elif activation == "gelu" %}
  value *= normal_distribution(value);
{% endif %}
{% if residual %}
  value += four_of_residual(row, column);
{% endif %}
{% endif %}
{% set number = "f32" if partial else "Scalar" %}
{% if c_vector %}
  c[start / 4u] = {{ stored }}(value);
{% else %}
  c[start] = {{ number }}(value.x);
  if (column + 1u < {{ column_extent }}) { c[start + 1u] = {{ number }}(value.y); }
  if (column + 2u < {{ column_extent }}) { c[start + 2u] = {{ number }}(value.z); }
  if (column + 3u < {{ column_extent }}) { c[start + 3u] = {{ number }}(value.w); }
{% endif %}
}
