// C = epilogue(Σ_split sums[split]): adds up what the splits of gemm.wgsl have computed, always in the
// same order. sums: [splits][rows][columns], f32. Each thread computes four numbers of one row of C. No
// extent is a constant, so that one kernel serves all layers with the same epilogue.
{% if scalar == "f16" %}
enable f16;
{% endif %}
{% include "gemm_epilogue" %}

@group(0) @binding(0) var<storage, read> sums: array<{{ "vec4<f32>" if c_vector else "f32" }}>;

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let item = (workgroup.x + workgroup.y * workgroups.x) * {{ workgroup_size }}u + thread;
  let columns_4 = (p.columns + 3u) / 4u;
  let row = item / columns_4;
  if (row >= p.rows) { return; }
  let column = item % columns_4 * 4u;
  var sum = vec4<f32>();
  for (var split = 0u; split < p.splits; split++) {
    let start = (split * p.rows + row) * p.columns + column;
{% if c_vector %}
    sum += sums[start / 4u];
{% else %}
    sum.x += sums[start];
    if (column + 1u < p.columns) { sum.y += sums[start + 1u]; }
    if (column + 2u < p.columns) { sum.z += sums[start + 2u]; }
    if (column + 3u < p.columns) { sum.w += sums[start + 3u]; }
{% endif %}
  }
  store(row, column, 0u, sum);
}
