// GEGLU: x = [h | g] along the channels, y = h·gelu(g), gelu(g) = g·Φ(g) (the exact, erf form).
// backward: dh = dy·gelu(g),  dg = dy·h·(Φ(g) + g·φ(g)).
// x, dx: [tokens][2·channels];  y, dy: [tokens][channels]. One element of y per thread.
{% from "bindings" import types, bindings %}
{{ types() }}
// count: elements of y;  columns: elements of a token of y
struct Parameters { columns: u32, count: u32 }

{% if pass == "forward" %}
{{ bindings([["x", "Element"]], [["y", "Element"]]) }}
{% else %}
{{ bindings([["x", "Element"], ["dy", "Element"]], [["dx", "Element"]]) }}
{% endif %}

// Φ(z) = (1 + erf(z/√2))/2, erf by Abramowitz and Stegun 7.1.26 (|error| < 1.5e-7).
fn normal_distribution(z: Wide) -> Wide {
  let x = abs(z) * 0.70710678;
  let t = 1.0 / (1.0 + 0.3275911 * x);
  let tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * exp(-x * x);
  return select(0.5 * tail, 1.0 - 0.5 * tail, z >= Wide());
}

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let at = (workgroup.x + workgroup.y * workgroups.x) * {{ workgroup_size }}u + thread;
  if (at >= p.count) { return; }
  let at_hidden = (at / p.columns) * 2u * p.columns + at % p.columns;
  let at_gate = at_hidden + p.columns;
  let hidden = Wide(x[at_hidden]);
  let gate = Wide(x[at_gate]);
  let distribution = normal_distribution(gate);
{% if pass == "forward" %}
  y[at] = Element(hidden * gate * distribution);
{% else %}
  let density = 0.39894228 * exp(-0.5 * gate * gate);
  let gradient = Wide(dy[at]);
  dx[at_hidden] = Element(gradient * gate * distribution);
  dx[at_gate] = Element(gradient * hidden * (distribution + gate * density));
{% endif %}
}
