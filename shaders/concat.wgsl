// Concatenation of two images along the channels: y = [a | b];  backward: da and db are dy's two parts.
// a, b, y and their gradients: [pixels][channels]. One element of y per thread.
{% from "bindings" import types, bindings %}
{{ types() }}
// first_columns, columns: elements of a pixel of a and of y;  count: elements of y
struct Parameters { first_columns: u32, columns: u32, count: u32 }

{% if pass == "forward" %}
{{ bindings([["a", "Element"], ["b", "Element"]], [["y", "Element"]]) }}
{% else %}
{{ bindings([["dy", "Element"]], [["da", "Element"], ["db", "Element"]]) }}
{% endif %}

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let at = (workgroup.x + workgroup.y * workgroups.x) * {{ workgroup_size }}u + thread;
  if (at >= p.count) { return; }
  let pixel = at / p.columns;
  let column = at % p.columns;
  if (column < p.first_columns) {
    let part = pixel * p.first_columns + column;
    {{ "y[at] = a[part];" if pass == "forward" else "da[part] = dy[at];" }}
  } else {
    let part = pixel * (p.columns - p.first_columns) + column - p.first_columns;
    {{ "y[at] = b[part];" if pass == "forward" else "db[part] = dy[at];" }}
  }
}
