// Matrix units (NVIDIA calls them tensor cores): a subgroup multiplies two square matrices of f16 and adds the
// product to one of f32:  C += A · B.  A square has `matrix_units` rows. Included by gemm.wgsl.
//
// A tile is an array of numbers in workgroup memory; `at`: a square's first number there;  stride: numbers from
// one line of the square to the next. A's lines are its columns, B's and C's their rows.
//
// No part of WebGPU yet, and each implementation has words of its own for it. matrix_language:
//   "naga":     wgpu's, for native programs
//   "chromium": Chromium's, behind its switch for unfinished WebGPU
//   "emulated": none; the subgroup's threads do it number by number. For tests of gemm.wgsl.
{% macro extension() %}
{% if matrix_language != "emulated" %}
enable {{ "wgpu_cooperative_matrix" if matrix_language == "naga" else "chromium_experimental_subgroup_matrix" }};
{% endif %}
{% if matrix_language == "chromium" %}
// It can't see that thread / unit_threads is the same for a whole subgroup.
diagnostic(off, chromium.subgroup_matrix_uniformity);
{% endif %}
{% endmacro %}

{% macro square(role) -%}
{% set number = "f32" if role == "C" else "f16" -%}
{% if matrix_language == "naga" -%}
coop_mat{{ matrix_units }}x{{ matrix_units }}<{{ number }}, {{ role }}>
{%- elif matrix_language == "chromium" -%}
subgroup_matrix_{{ {"A": "left", "B": "right", "C": "result"}[role] }}<{{ number }}, {{ matrix_units }}, {{ matrix_units }}>
{%- else -%}
Square
{%- endif %}
{%- endmacro %}

{% macro load(role, tile, at, stride) -%}
{% if matrix_language == "naga" -%}
coopLoad{{ "" if role == "A" else "T" }}<{{ square(role) }}>(&{{ tile }}[{{ at }}], {{ stride }}u)
{%- elif matrix_language == "chromium" -%}
subgroupMatrixLoad<{{ square(role) }}, {{ "col_major" if role == "A" else "row_major" }}>(&{{ tile }}, {{ at }}, {{ stride }}u)
{%- else -%}
Place({{ at }}, {{ stride }}u)
{%- endif %}
{%- endmacro %}

{% macro multiply_add() -%}
{{ {"naga": "coopMultiplyAdd", "chromium": "subgroupMatrixMultiplyAccumulate", "emulated": "multiply_add"}[matrix_language] }}
{%- endmacro %}

{% macro save(sum, tile, at) -%}
{% if matrix_language == "naga" -%}
coopStoreT({{ sum }}, &{{ tile }}[{{ at }}], {{ matrix_units }}u)
{%- elif matrix_language == "chromium" -%}
subgroupMatrixStore<row_major>(&{{ tile }}, {{ at }}, {{ sum }}, {{ matrix_units }}u)
{%- else -%}
save({{ sum }}, {{ at }})
{%- endif %}
{%- endmacro %}

// What these words stand for where there are none. A square of A or B is its place in the tile; of C's numbers
// each thread of the subgroup keeps some.
{% macro emulation(a_tile, b_tile, c_tile) %}
{% if matrix_language == "emulated" %}
{% set own = matrix_units * matrix_units // unit_threads %}
struct Place { at: u32, stride: u32 }
struct Square { numbers: array<f32, {{ own }}> }
var<private> lane: u32;

fn multiply_add(a: Place, b: Place, sum: Square) -> Square {
  var square = sum;
  // A number that no compiler knows: it would write the loops out, and take minutes.
  let one = min(p.splits, 1u);
  for (var own = 0u; own < one * {{ own }}u; own++) {
    let place = own * {{ unit_threads }}u + lane;
    for (var k = 0u; k < one * {{ matrix_units }}u; k++) {
      let left = {{ a_tile }}[a.at + k * a.stride + place / {{ matrix_units }}u];
      square.numbers[own] += f32(left) * f32({{ b_tile }}[b.at + k * b.stride + place % {{ matrix_units }}u]);
    }
  }
  return square;
}

fn save(sum: Square, at: u32) {
  var square = sum;
  for (var own = 0u; own < {{ own }}u; own++) { {{ c_tile }}[at + own * {{ unit_threads }}u + lane] = square.numbers[own]; }
}
{% endif %}
{% endmacro %}
