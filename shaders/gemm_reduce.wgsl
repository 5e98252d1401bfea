// C = epilogue(Σ_split partial[split]): adds up what the splits of gemm.wgsl have computed, always in the
// same order. partial: [splits][rows][columns], f32. Four numbers of one row of C a thread.
{% set columns_4 = (columns + 3) // 4 %}
{% if scalar == "f16" %}
enable f16;
{% endif %}
{% include "gemm_epilogue" %}

@group(0) @binding(0) var<storage, read> sums: array<{{ "vec4<f32>" if c_vector else "f32" }}>;

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let item = (workgroup.x + workgroup.y * workgroups.x) * {{ workgroup_size }}u + thread;
  let row = item / {{ columns_4 }}u;
  if (row >= p.rows) { return; }
  let column = item % {{ columns_4 }}u * 4u;
  var sum = vec4<f32>();
  for (var split = 0u; split < {{ splits }}u; split++) {
    let start = (split * p.rows + row) * {{ columns }}u + column;
{% if c_vector %}
    sum += sums[start / 4u];
{% else %}
    sum.x += sums[start];
    if (column + 1u < {{ columns }}u) { sum.y += sums[start + 1u]; }
    if (column + 2u < {{ columns }}u) { sum.z += sums[start + 2u]; }
    if (column + 3u < {{ columns }}u) { sum.w += sums[start + 3u]; }
{% endif %}
  }
  store(row, column, 0u, sum);
}
