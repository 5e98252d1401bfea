// Measures how fast a device multiplies and adds: the ceiling that kernels' speeds are shares of.
// Each thread runs 64 independent chains of c = a·c + b, in vectors of `width`, all in registers: enough
// to hide the latency of the arithmetic. A round is 64 · 2 = 128 operations per thread.
// y: [threads] vectors, written so that the compiler can't leave the work out. The factor a is below 1, so
// nothing grows, and it comes from a parameter, so nothing is known when the kernel is compiled.
{% if scalar == "f16" %}
enable f16;
{% endif %}
alias Scalar = {{ scalar }};
{% set chains = 64 // width %}
alias Vector = vec{{ width }}<{{ scalar }}>;

struct Parameters { rounds: u32, factor: f32 }

@group(0) @binding(0) var<storage, read> x: array<Vector>;
@group(0) @binding(1) var<storage, read_write> y: array<Vector>;
@group(0) @binding(2) var<uniform> p: Parameters;

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(global_invocation_id) invocation: vec3<u32>) {
  let a = Vector(Scalar(p.factor));
  let b = x[invocation.x];
{% for chain in range(chains) %}
  var c{{ chain }} = b * Scalar({{ chain + 1 }});
{% endfor %}
  for (var round = 0u; round < p.rounds; round++) {
{% for chain in range(chains) %}
    c{{ chain }} = fma(a, c{{ chain }}, b);
{% endfor %}
  }
  var sum = c0;
{% for chain in range(1, chains) %}
  sum += c{{ chain }};
{% endfor %}
  y[invocation.x] = sum;
}
