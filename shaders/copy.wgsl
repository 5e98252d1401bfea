// y = x, element by element. One element of y per thread.
{% from "bindings" import types, bindings %}
{{ types() }}
// count: elements of y
struct Parameters { count: u32 }

{{ bindings([["x", "Element"]], [["y", "Element"]]) }}

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let at = (workgroup.x + workgroup.y * workgroups.x) * {{ workgroup_size }}u + thread;
  if (at >= p.count) { return; }
  y[at] = x[at];
}
