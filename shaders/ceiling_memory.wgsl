// Measures how fast a device streams memory: y = x + 1, one vector per thread; neighbouring threads take
// neighbouring vectors.
// x, y: [count] vectors.
{% if scalar == "f16" %}
enable f16;
{% endif %}
alias Vector = vec4<{{ scalar }}>;

struct Parameters { count: u32 }

@group(0) @binding(0) var<storage, read> x: array<Vector>;
@group(0) @binding(1) var<storage, read_write> y: array<Vector>;
@group(0) @binding(2) var<uniform> p: Parameters;

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let at = (workgroup.x + workgroup.y * workgroups.x) * {{ workgroup_size }}u + thread;
  if (at >= p.count) { return; }
  y[at] = x[at] + Vector(1);
}
