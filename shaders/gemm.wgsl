// C[row, column] = Σ_tap Σ_depth A[row, tap, depth] · B[tap, depth, column], then gemm_epilogue.wgsl.
//
// One matrix product serves linear layers and convolutions: forward, input gradient and weight gradient.
//   a_layout "rows":    A is [rows][depth]
//            "columns": A is [depth][rows]
//            "image":   A is a channels-last image [batch][source_height][source_width][depth]; a row is
//                       a pixel of the target image, and each tap of the kernel finds its source pixel
//                       (implicit im2col). `transposed` finds it backwards, for the input gradient.
//            "patches": the same image, by columns: the depth runs over the pixels of the target image and
//                       a row is one of the source's channels, once for each tap (weight gradient).
//            `upsampled`: the image stands for its nearest-neighbour doubling, cut to image_height ×
//                       image_width, which is never stored.
//   b_layout "rows":    B is [taps][columns][depth]
//            "columns": B is [taps][depth][columns]
//   b_numbers "floats":   B holds numbers of the storage type. Otherwise it is packed along the contiguous
//                       extent, which is filled up to four numbers:
//             "halves":   16-bit floats, two to a u32; these need no `f16`.
//             "integers": int8, four to a u32; its numbers are q·b_scale, with one scale per "line" or one
//                       per element of the "contiguous" extent (b_scale).
//   low_rank:           also C += T · F, where T is [rows][rank], and F is like B with the rank as its depth.
//
// A workgroup computes tile_rows × tile_columns of C, and each of its threads unit_rows × unit_columns of
// that, in named vec4 accumulators. Tiles of A and B are staged in workgroup memory depth-major, in f32
// whatever the storage type: a number is converted once and used tile_rows or tile_columns times. Row-major
// data is transposed in registers, 4×4 numbers per thread, so that every store to workgroup memory is a whole
// vec4. Two neighbouring threads read eight numbers of one row, and a vec4 of padding after each line of a
// tile puts their stores in different banks. The weight's extents are constants (one that is 0 is a
// parameter). Rows and columns past the end are loaded as the last ones or as zeros and never stored;
// only a depth that is no multiple of tile_depth is guarded in the loop.
// unrolled: the steps along a tile's depth are written out. GPU compilers do not do that by themselves, and
// the loop costs a fifth to a third of the time; on a processor it costs more compile time than it gains.
// *_vector: the contiguous extent is a multiple of four, so whole vec4s are loaded and stored.
// matrix_units > 0: not a thread but a subgroup of unit_threads computes unit_rows × unit_columns, as squares of that many rows
// by the GPU's matrix units (matrix_units.wgsl). Tiles stay f16; sums are f32 all the same. At the end each
// square passes through workgroup memory, where the subgroup's threads take vec4s of it for the epilogue.
// splits > 1: workgroups of each workgroup.z compute one share of the sum and store it without the epilogue
// (gemm_reduce.wgsl adds the shares up).
{% from "gemm_staging" import staged_lines, staged_columns %}
{% from "matrix_units" import emulation, extension, square, load, multiply_add, save %}
{% set units_across = tile_columns // unit_columns %}
{% set units_down = tile_rows // unit_rows %}
{# Matrix units read lines that begin at multiples of 16 bytes. #}
{% set padding = 2 if matrix_units else 1 %}
{% set a_stride = tile_rows // 4 + padding %}
{% set b_stride = tile_columns // 4 + padding %}
{% set a_blocks = 0 if a_layout in ["columns", "patches"] else tile_rows * tile_depth // 16 %}
{% set depth_extent = "p.depth" if depth == 0 else depth ~ "u" %}
{% set column_extent = "p.columns" if columns == 0 else columns ~ "u" %}
{% set depth_whole = depth > 0 and depth % tile_depth == 0 %}
{% set row_extent = "p.rows" if rows == 0 else rows ~ "u" %}
{% if scalar == "f16" %}
enable f16;
{% endif %}
{% if matrix_units %}
{{ extension() }}
{% endif %}
{% include "gemm_epilogue" %}

@group(0) @binding(0) var<storage, read> a: array<{{ "Vector" if a_vector else "Scalar" }}>;
@group(0) @binding(1) var<storage, read> b: array<{{ "u32" if b_numbers == "integers" else "vec2<u32>" if b_numbers == "halves" else "Vector" if b_vector else "Scalar" }}>;
{% if low_rank %}
@group(0) @binding({{ low_rank_binding }}) var<storage, read> t: array<{{ "Vector" if t_vector else "Scalar" }}>;
@group(0) @binding({{ low_rank_binding + 1 }}) var<storage, read> factor: array<{{ "Vector" if factor_vector else "Scalar" }}>;
{% endif %}
{% if b_numbers == "integers" %}
@group(0) @binding({{ b_scale_binding }}) var<storage, read> b_scale: array<f32>;
{% endif %}

{% if matrix_units %}
var<workgroup> a_tile: array<f16, {{ tile_depth * a_stride * 4 }}>;
var<workgroup> b_tile: array<f16, {{ tile_depth * b_stride * 4 }}>;
// A square of each subgroup's sums.
var<workgroup> c_squares: array<f32, {{ units_across * units_down * matrix_units * matrix_units }}>;
{{ emulation("a_tile", "b_tile", "c_squares") }}
{% else %}
var<workgroup> a_tile: array<vec4<f32>, {{ tile_depth * a_stride }}>;
var<workgroup> b_tile: array<vec4<f32>, {{ tile_depth * b_stride }}>;
{% endif %}

// The four numbers from `at` on in line `line`. Lines have `extent` numbers; those past the end are zero.
{% macro four(buffer, vector) %}
fn four_of_{{ buffer }}(line: u32, extent: u32, at: u32) -> Vector {
{% if vector %}
  return {{ buffer }}[line * (extent / 4u) + at / 4u];
{% else %}
  let start = line * extent + at;
  var four = Vector();
  if (at < extent) { four.x = {{ buffer }}[start]; }
  if (at + 1u < extent) { four.y = {{ buffer }}[start + 1u]; }
  if (at + 2u < extent) { four.z = {{ buffer }}[start + 2u]; }
  if (at + 3u < extent) { four.w = {{ buffer }}[start + 3u]; }
  return four;
{% endif %}
}
{% endmacro %}
{{ four("a", a_vector) }}
{% if b_numbers == "floats" %}
{{ four("b", b_vector) }}
{% else %}
fn four_of_b(line: u32, extent: u32, at: u32) -> Vector {
  let fours = (extent + 3u) / 4u;
  let packed = b[line * fours + min(at / 4u, fours - 1u)];
{% if b_numbers == "halves" %}
  return Vector(vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y)));
{% else %}
  let word = bitcast<i32>(packed);
  let four = vec4<f32>(vec4<i32>(
    extractBits(word, 0u, 8u), extractBits(word, 8u, 8u), extractBits(word, 16u, 8u), extractBits(word, 24u, 8u)));
{% if b_scale == "line" %}
  return Vector(four * b_scale[line]);
{% else %}
  let last = extent - 1u;
  return Vector(four * vec4<f32>(
    b_scale[min(at, last)], b_scale[min(at + 1u, last)], b_scale[min(at + 2u, last)], b_scale[min(at + 3u, last)]));
{% endif %}
{% endif %}
}
{% endif %}
{% if low_rank %}
{{ four("t", t_vector) }}
{{ four("factor", factor_vector) }}
{% endif %}

{% if a_layout in ["image", "patches"] %}
// Where a target pixel's patch starts: y and x, and the first source pixel of its picture.
fn corner_of(pixel: u32) -> vec3<i32> {
  let line = pixel / p.target_width;
  let x = i32(pixel % p.target_width);
  let y = i32(line % p.target_height);
  let image = i32(line / p.target_height * p.source_height * p.source_width);
{% if transposed and upsampled %}
  return vec3<i32>(2 * y, 2 * x, image);
{% elif transposed %}
  return vec3<i32>(y + {{ pad_top }}, x + {{ pad_left }}, image);
{% else %}
  return vec3<i32>(y * {{ stride }} - {{ pad_top }}, x * {{ stride }} - {{ pad_left }}, image);
{% endif %}
}

// The index of the source pixel that `tap` looks at in a patch, or −1 for none.
fn source_line(corner: vec3<i32>, tap: u32) -> i32 {
{% if transposed and upsampled %}
  // Each of the four copies of the pixel has taps of its own.
  let y = corner.x + i32(tap / {{ 2 * taps }}u);
  let x = corner.y + i32(tap / {{ taps }}u % 2u);
  if (y >= i32(p.image_height) || x >= i32(p.image_width)) { return -1; }
  let own = tap % {{ taps }}u;
  let source_y = y + {{ pad_top }} - i32(own / {{ kernel_width }}u);
  let source_x = x + {{ pad_left }} - i32(own % {{ kernel_width }}u);
{% elif transposed %}
  let scaled_y = corner.x - i32(tap / {{ kernel_width }}u);
  let scaled_x = corner.y - i32(tap % {{ kernel_width }}u);
  let source_y = scaled_y / {{ stride }};
  let source_x = scaled_x / {{ stride }};
{% if stride > 1 %}
  if (source_y * {{ stride }} != scaled_y || source_x * {{ stride }} != scaled_x) { return -1; }
{% endif %}
{% else %}
  let source_y = corner.x + i32(tap / {{ kernel_width }}u);
  let source_x = corner.y + i32(tap % {{ kernel_width }}u);
{% endif %}
{% set bound = "image" if upsampled and not transposed else "source" %}
  let inside = source_y >= 0 && source_x >= 0 && source_y < i32(p.{{ bound }}_height) && source_x < i32(p.{{ bound }}_width);
{% if upsampled and not transposed %}
  return select(-1, corner.z + source_y / 2 * i32(p.source_width) + source_x / 2, inside);
{% else %}
  return select(-1, corner.z + source_y * i32(p.source_width) + source_x, inside);
{% endif %}
}
{% endif %}

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let first_column = workgroup.x * {{ tile_columns }}u;
  let workgroup_down = workgroup.y + p.first_workgroup;
{% if a_layout == "patches" %}
{% set tiles_down = (rows + tile_rows - 1) // tile_rows %}
  let row_tap = workgroup_down / {{ tiles_down }}u;
  let first_row = workgroup_down % {{ tiles_down }}u * {{ tile_rows }}u;
{% else %}
  let first_row = workgroup_down * {{ tile_rows }}u;
{% endif %}
  let unit = thread / {{ unit_threads }}u;
{% if matrix_language == "emulated" %}
  lane = thread % {{ unit_threads }}u;
{% endif %}
  let unit_across = unit % {{ units_across }}u;
  let unit_down = unit / {{ units_across }}u;
{% set sums_down = unit_rows // matrix_units if matrix_units else unit_rows %}
{% set sums_across = unit_columns // (matrix_units or 4) %}
{% for i in range(sums_down) %}
{% for j in range(sums_across) %}
  var sum_{{ i }}_{{ j }} = {{ square("C") if matrix_units else "vec4<f32>" }}();
{% endfor %}
{% endfor %}
  // Places of the 4×4 blocks of row-major data that this thread transposes. Threads without a block of A
  // are the first to get one of B.
{% if a_layout in ["rows", "image"] %}
  let a_block_depth = (thread % 2u + thread / {{ tile_rows // 2 }}u * 2u) * 4u;
  let a_block_line = thread / 2u % {{ tile_rows // 4 }}u * 4u;
{% for line in range(4) %}
  let a_row_{{ line }} = min(first_row + a_block_line + {{ line }}u, {{ row_extent }} - 1u);
{% if a_layout == "image" %}
  let a_corner_{{ line }} = corner_of(a_row_{{ line }});
{% endif %}
{% endfor %}
{% endif %}
{% if b_layout == "rows" %}
  let b_thread = (thread + {{ workgroup_size - a_blocks % workgroup_size }}u) % {{ workgroup_size }}u;
  let b_block_depth = (b_thread % 2u + b_thread / {{ tile_columns // 2 }}u * 2u) * 4u;
  let b_block_line = b_thread / 2u % {{ tile_columns // 4 }}u * 4u;
{% for line in range(4) %}
  let b_column_{{ line }} = min(first_column + b_block_line + {{ line }}u, {{ column_extent }} - 1u);
{% endfor %}
{% endif %}

  // A slice is tile_depth numbers of one tap.
{% set a_taps = 0 if a_layout != "image" else taps * 4 if transposed and upsampled else taps %}
  let tap_slices = ({{ depth_extent }} + {{ tile_depth - 1 }}u) / {{ tile_depth }}u;
  let own_slices = {{ [a_taps, 1] | max }}u * tap_slices;
  let slices = own_slices + {{ (rank + tile_depth - 1) // tile_depth if low_rank else 0 }}u;
  let split_slices = (slices + {{ splits - 1 }}u) / {{ splits }}u;
  let last_slice = min((workgroup.z + 1u) * split_slices, slices);
  var slice = workgroup.z * split_slices;
  while (slice < last_slice) {
{% if a_layout == "image" %}
    let tap = slice / tap_slices;
    let tap_end = min((tap + 1u) * tap_slices, last_slice);
{% for line in range(4) %}
    let a_line_{{ line }} = source_line(a_corner_{{ line }}, tap);
{% endfor %}
    let b_tap = tap{{ " % " ~ taps ~ "u" if transposed and upsampled else "" }};
{% else %}
    let tap = 0u;
    let b_tap = 0u;
    let tap_end = last_slice;
{% endif %}
    for (; slice < tap_end; slice++) {
{% if low_rank %}
      if (slice < own_slices) {
{% endif %}
      let depth = (slice - tap * tap_slices) * {{ tile_depth }}u;
{% if a_layout == "rows" %}
{{ staged_lines("a", "a", ["a_row_0", "a_row_1", "a_row_2", "a_row_3"], tile_rows, a_stride, tile_depth, workgroup_size, depth_extent, depth_whole, false) }}
{% elif a_layout == "image" %}
{{ staged_lines("a", "a", ["u32(a_line_0)", "u32(a_line_1)", "u32(a_line_2)", "u32(a_line_3)"], tile_rows, a_stride, tile_depth, workgroup_size, depth_extent, depth_whole, true) }}
{% elif a_layout == "columns" %}
{{ staged_columns("a", "a", "at_depth", "first_row", row_extent, tile_rows, a_stride, tile_depth, workgroup_size, depth_extent, depth_whole, a_vector, false) }}
{% else %}
{{ staged_columns("a", "a", "at_depth", "first_row", row_extent, tile_rows, a_stride, tile_depth, workgroup_size, depth_extent, depth_whole, a_vector, true) }}
{% endif %}
{% if b_layout == "rows" %}
{% set b_line = "b_tap * " ~ column_extent ~ " + b_column_" %}
{{ staged_lines("b", "b", [b_line ~ 0, b_line ~ 1, b_line ~ 2, b_line ~ 3], tile_columns, b_stride, tile_depth, workgroup_size, depth_extent, depth_whole, false) }}
{% else %}
{{ staged_columns("b", "b", "b_tap * " ~ depth_extent ~ " + at_depth", "first_column", column_extent, tile_columns, b_stride, tile_depth, workgroup_size, depth_extent, depth_whole, b_vector, false) }}
{% endif %}
{% if low_rank %}
{% set rank_extent = rank ~ "u" %}
{% set rank_whole = rank % tile_depth == 0 %}
      } else {
      let depth = (slice - own_slices) * {{ tile_depth }}u;
{{ staged_lines("a", "t", ["a_row_0", "a_row_1", "a_row_2", "a_row_3"], tile_rows, a_stride, tile_depth, workgroup_size, rank_extent, rank_whole, false) }}
{% if b_layout == "rows" %}
{{ staged_lines("b", "factor", ["b_column_0", "b_column_1", "b_column_2", "b_column_3"], tile_columns, b_stride, tile_depth, workgroup_size, rank_extent, rank_whole, false) }}
{% else %}
{{ staged_columns("b", "factor", "at_depth", "first_column", column_extent, tile_columns, b_stride, tile_depth, workgroup_size, rank_extent, rank_whole, factor_vector, false) }}
{% endif %}
      }
{% endif %}
      workgroupBarrier();
{% if matrix_units %}
{% for step in range(0, tile_depth, matrix_units) %}
      {
{% for i in range(sums_down) %}
        let a_{{ i }} = {{ load("A", "a_tile", step * a_stride * 4 ~ "u + unit_down * " ~ unit_rows ~ "u + " ~ i * matrix_units ~ "u", a_stride * 4) }};
{% endfor %}
{% for j in range(sums_across) %}
        let b_{{ j }} = {{ load("B", "b_tile", step * b_stride * 4 ~ "u + unit_across * " ~ unit_columns ~ "u + " ~ j * matrix_units ~ "u", b_stride * 4) }};
{% endfor %}
{% for i in range(sums_down) %}
{% for j in range(sums_across) %}
        sum_{{ i }}_{{ j }} = {{ multiply_add() }}(a_{{ i }}, b_{{ j }}, sum_{{ i }}_{{ j }});
{% endfor %}
{% endfor %}
      }
{% endfor %}
{% else %}
{% for step in range(tile_depth if unrolled else 1) %}
{% set k = step ~ "u" if unrolled else "k" %}
      {{ "{" if unrolled else "for (var k = 0u; k < " ~ tile_depth ~ "u; k++) {" }}
{% for i in range(unit_rows // 4) %}
        let a_{{ i }} = a_tile[{{ k }} * {{ a_stride }}u + {{ i * units_down }}u + unit_down];
{% endfor %}
{% for j in range(unit_columns // 4) %}
        let b_{{ j }} = b_tile[{{ k }} * {{ b_stride }}u + {{ j * units_across }}u + unit_across];
{% endfor %}
{% for i in range(unit_rows) %}
{% for j in range(unit_columns // 4) %}
        sum_{{ i }}_{{ j }} = fma(vec4<f32>(a_{{ i // 4 }}.{{ "xyzw"[i % 4] }}), b_{{ j }}, sum_{{ i }}_{{ j }});
{% endfor %}
{% endfor %}
      }
{% endfor %}
{% endif %}
      workgroupBarrier();
    }
  }
{% set row_start = "row_tap * " ~ row_extent ~ " + " if a_layout == "patches" else "" %}
{% if matrix_units %}
{% set vectors = matrix_units // 4 %}
  let own_square = unit * {{ matrix_units * matrix_units }}u;
{% for i in range(sums_down) %}
{% for j in range(sums_across) %}
  {{ save("sum_" ~ i ~ "_" ~ j, "c_squares", "own_square") }};
  workgroupBarrier();
  for (var item = thread % {{ unit_threads }}u; item < {{ matrix_units * vectors }}u; item += {{ unit_threads }}u) {
    let row = first_row + unit_down * {{ unit_rows }}u + {{ i * matrix_units }}u + item / {{ vectors }}u;
    let column = first_column + unit_across * {{ unit_columns }}u + {{ j * matrix_units }}u + item % {{ vectors }}u * 4u;
    let at = own_square + item * 4u;
    if (row < {{ row_extent }}) {
      store({{ row_start }}row, column, workgroup.z, vec4<f32>(c_squares[at], c_squares[at + 1u], c_squares[at + 2u], c_squares[at + 3u]));
    }
  }
  workgroupBarrier();
{% endfor %}
{% endfor %}
{% else %}
{% for i in range(unit_rows) %}
  let row_{{ i }} = first_row + ({{ (i // 4) * units_down }}u + unit_down) * 4u + {{ i % 4 }}u;
  if (row_{{ i }} < {{ row_extent }}) {
{% for j in range(unit_columns // 4) %}
    store({{ row_start }}row_{{ i }}, first_column + ({{ j * units_across }}u + unit_across) * 4u, workgroup.z, sum_{{ i }}_{{ j }});
{% endfor %}
  }
{% endfor %}
{% endif %}
}
