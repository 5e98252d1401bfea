// C[row, column] = Σ_tap Σ_depth A[row, tap, depth] · B[tap, depth, column]  (+ bias[column])
//
// One matrix product serves linear layers and convolutions, forward and backward.
//   a_layout "rows":    A is [rows][depth]
//            "columns": A is [depth][rows]
//            "image":   A is a channels-last image [batch][source_height][source_width][depth]; a row is
//                       a pixel of the target image, and each tap of the kernel finds its source pixel
//                       (implicit im2col). `transposed` finds it backwards, for the input gradient.
//   b_layout "rows":    B is [taps][columns][depth]
//            "columns": B is [taps][depth][columns]
// A workgroup computes tile_rows × tile_columns of C, a thread thread_rows × thread_columns of it in
// named vec4 accumulators (f32 whatever the storage type). Tiles of A and B are staged in workgroup
// memory depth-major; data that lies row-major is turned in registers, 4×4 numbers a thread, so that
// every store to workgroup memory is a whole vec4.
// *_vector: the contiguous extent is a multiple of four, so whole vec4s are loaded and stored.
{% set threads_across = tile_columns // thread_columns %}
{% set threads_down = tile_rows // thread_rows %}
{% set tile_rows_4 = tile_rows // 4 %}
{% set tile_columns_4 = tile_columns // 4 %}
{% set tile_depth_4 = tile_depth // 4 %}
{% if scalar == "f16" %}
enable f16;
{% endif %}
alias Scalar = {{ scalar }};
alias Vector = vec4<{{ scalar }}>;

struct Parameters {
  rows: u32,
  columns: u32,
  depth: u32,
  taps: u32,
{% if a_layout == "image" %}
  source_height: u32,
  source_width: u32,
  target_height: u32,
  target_width: u32,
  stride: u32,
  pad_top: u32,
  pad_left: u32,
  kernel_width: u32,
{% endif %}
}

@group(0) @binding(0) var<storage, read> a: array<{{ "Vector" if a_vector else "Scalar" }}>;
@group(0) @binding(1) var<storage, read> b: array<{{ "Vector" if b_vector else "Scalar" }}>;
{% if bias %}
@group(0) @binding(2) var<storage, read> bias: array<Scalar>;
{% endif %}
@group(0) @binding({{ 3 if bias else 2 }}) var<storage, read_write> c: array<{{ "Vector" if c_vector else "Scalar" }}>;
@group(0) @binding({{ 4 if bias else 3 }}) var<uniform> p: Parameters;

var<workgroup> a_tile: array<Vector, {{ tile_depth * tile_rows_4 }}>;
var<workgroup> b_tile: array<Vector, {{ tile_depth * tile_columns_4 }}>;

// Four numbers of `a` from `start` on; those at or past `left` are outside and zero.
fn four_of_a(start: u32, left: u32) -> Vector {
{% if a_vector %}
  return a[start / 4u];
{% else %}
  var four = Vector();
  four.x = a[start];
  if (left > 1u) { four.y = a[start + 1u]; }
  if (left > 2u) { four.z = a[start + 2u]; }
  if (left > 3u) { four.w = a[start + 3u]; }
  return four;
{% endif %}
}

fn four_of_b(start: u32, left: u32) -> Vector {
{% if b_vector %}
  return b[start / 4u];
{% else %}
  var four = Vector();
  four.x = b[start];
  if (left > 1u) { four.y = b[start + 1u]; }
  if (left > 2u) { four.z = b[start + 2u]; }
  if (left > 3u) { four.w = b[start + 3u]; }
  return four;
{% endif %}
}

{% if a_layout == "image" %}
// The pixel of A that this tap of the kernel looks at from the target pixel `row`, or −1 for none.
fn source_line(row: u32, tap: u32) -> i32 {
  if (row >= p.rows) { return -1; }
  let x = row % p.target_width;
  let y = (row / p.target_width) % p.target_height;
  let batch = row / (p.target_width * p.target_height);
  let kernel_y = tap / p.kernel_width;
  let kernel_x = tap % p.kernel_width;
{% if transposed %}
  let scaled_y = i32(y + p.pad_top) - i32(kernel_y);
  let scaled_x = i32(x + p.pad_left) - i32(kernel_x);
  if (scaled_y < 0 || scaled_x < 0) { return -1; }
  if (u32(scaled_y) % p.stride != 0u || u32(scaled_x) % p.stride != 0u) { return -1; }
  let source_y = scaled_y / i32(p.stride);
  let source_x = scaled_x / i32(p.stride);
{% else %}
  let source_y = i32(y * p.stride + kernel_y) - i32(p.pad_top);
  let source_x = i32(x * p.stride + kernel_x) - i32(p.pad_left);
  if (source_y < 0 || source_x < 0) { return -1; }
{% endif %}
  if (source_y >= i32(p.source_height) || source_x >= i32(p.source_width)) { return -1; }
  return (i32(batch * p.source_height) + source_y) * i32(p.source_width) + source_x;
}
{% elif a_layout == "rows" %}
fn source_line(row: u32, tap: u32) -> i32 {
  return select(-1, i32(row), row < p.rows);
}
{% endif %}

fn store(row: u32, column: u32, sum: vec4<f32>) {
  if (row >= p.rows || column >= p.columns) { return; }
  var value = sum;
  let left = p.columns - column;
{% if bias %}
  value.x += f32(bias[column]);
  if (left > 1u) { value.y += f32(bias[column + 1u]); }
  if (left > 2u) { value.z += f32(bias[column + 2u]); }
  if (left > 3u) { value.w += f32(bias[column + 3u]); }
{% endif %}
  let start = row * p.columns + column;
{% if c_vector %}
  c[start / 4u] = Vector(value);
{% else %}
  c[start] = Scalar(value.x);
  if (left > 1u) { c[start + 1u] = Scalar(value.y); }
  if (left > 2u) { c[start + 2u] = Scalar(value.z); }
  if (left > 3u) { c[start + 3u] = Scalar(value.w); }
{% endif %}
}

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let first_row = workgroup.y * {{ tile_rows }}u;
  let first_column = workgroup.x * {{ tile_columns }}u;
  let thread_across = thread % {{ threads_across }}u;
  let thread_down = thread / {{ threads_across }}u;
{% for i in range(thread_rows) %}
{% for j in range(thread_columns // 4) %}
  var sum_{{ i }}_{{ j }} = vec4<f32>();
{% endfor %}
{% endfor %}
  // The 4×4 block of row-major data that this thread turns.
  let block_line = (thread / {{ tile_depth_4 }}u) * 4u;
  let block_depth = (thread % {{ tile_depth_4 }}u) * 4u;

  for (var tap = 0u; tap < p.taps; tap++) {
{% if a_layout != "columns" %}
    let line_0 = source_line(first_row + block_line, tap);
    let line_1 = source_line(first_row + block_line + 1u, tap);
    let line_2 = source_line(first_row + block_line + 2u, tap);
    let line_3 = source_line(first_row + block_line + 3u, tap);
{% endif %}
    for (var depth = 0u; depth < p.depth; depth += {{ tile_depth }}u) {
{% if a_layout == "columns" %}
{% for load in range((tile_depth * tile_rows_4 + workgroup_size - 1) // workgroup_size) %}
      {
        let item = thread + {{ load * workgroup_size }}u;
        if (item < {{ tile_depth * tile_rows_4 }}u) {
          let at_depth = depth + item / {{ tile_rows_4 }}u;
          let row = first_row + (item % {{ tile_rows_4 }}u) * 4u;
          var four = Vector();
          if (at_depth < p.depth && row < p.rows) { four = four_of_a(at_depth * p.rows + row, p.rows - row); }
          a_tile[item] = four;
        }
      }
{% endfor %}
{% else %}
      if (thread < {{ tile_rows_4 * tile_depth_4 }}u) {
        let at_depth = depth + block_depth;
        let left = p.depth - min(at_depth, p.depth);
{% for line in range(4) %}
        var four_{{ line }} = Vector();
        if (line_{{ line }} >= 0 && left > 0u) { four_{{ line }} = four_of_a(u32(line_{{ line }}) * p.depth + at_depth, left); }
{% endfor %}
{% for component in "xyzw" %}
        a_tile[(block_depth + {{ loop.index0 }}u) * {{ tile_rows_4 }}u + block_line / 4u] =
          Vector(four_0.{{ component }}, four_1.{{ component }}, four_2.{{ component }}, four_3.{{ component }});
{% endfor %}
      }
{% endif %}
{% if b_layout == "columns" %}
{% for load in range((tile_depth * tile_columns_4 + workgroup_size - 1) // workgroup_size) %}
      {
        let item = thread + {{ load * workgroup_size }}u;
        if (item < {{ tile_depth * tile_columns_4 }}u) {
          let at_depth = depth + item / {{ tile_columns_4 }}u;
          let column = first_column + (item % {{ tile_columns_4 }}u) * 4u;
          var four = Vector();
          if (at_depth < p.depth && column < p.columns) {
            four = four_of_b((tap * p.depth + at_depth) * p.columns + column, p.columns - column);
          }
          b_tile[item] = four;
        }
      }
{% endfor %}
{% else %}
      if (thread < {{ tile_columns_4 * tile_depth_4 }}u) {
        let at_depth = depth + block_depth;
        let left = p.depth - min(at_depth, p.depth);
{% for line in range(4) %}
        let column_{{ line }} = first_column + block_line + {{ line }}u;
        var four_{{ line }} = Vector();
        if (column_{{ line }} < p.columns && left > 0u) {
          four_{{ line }} = four_of_b((tap * p.columns + column_{{ line }}) * p.depth + at_depth, left);
        }
{% endfor %}
{% for component in "xyzw" %}
        b_tile[(block_depth + {{ loop.index0 }}u) * {{ tile_columns_4 }}u + block_line / 4u] =
          Vector(four_0.{{ component }}, four_1.{{ component }}, four_2.{{ component }}, four_3.{{ component }});
{% endfor %}
      }
{% endif %}
      workgroupBarrier();
      for (var k = 0u; k < {{ tile_depth }}u; k++) {
{% for i in range(thread_rows // 4) %}
        let a_{{ i }} = vec4<f32>(a_tile[k * {{ tile_rows_4 }}u + {{ i * threads_down }}u + thread_down]);
{% endfor %}
{% for j in range(thread_columns // 4) %}
        let b_{{ j }} = vec4<f32>(b_tile[k * {{ tile_columns_4 }}u + {{ j * threads_across }}u + thread_across]);
{% endfor %}
{% for i in range(thread_rows) %}
{% for j in range(thread_columns // 4) %}
        sum_{{ i }}_{{ j }} = fma(vec4<f32>(a_{{ i // 4 }}.{{ "xyzw"[i % 4] }}), b_{{ j }}, sum_{{ i }}_{{ j }});
{% endfor %}
{% endfor %}
      }
      workgroupBarrier();
    }
  }
{% for i in range(thread_rows) %}
{% for j in range(thread_columns // 4) %}
  store(
    first_row + ({{ (i // 4) * threads_down }}u + thread_down) * 4u + {{ i % 4 }}u,
    first_column + ({{ j * threads_across }}u + thread_across) * 4u,
    sum_{{ i }}_{{ j }},
  );
{% endfor %}
{% endfor %}
}
