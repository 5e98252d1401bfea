// Nearest-neighbour upsampling by two: y[b, p, q, c] = x[b, ⌊p/2⌋, ⌊q/2⌋, c];
// backward: dx[b, p, q, c] = the sum of dy over the 2×2 square that x[b, p, q, c] was copied to.
// x, dx: [batch][height][width][channels];  y, dy: [batch][2·height][2·width][channels].
// One number of the result a thread.
{% if scalar == "f16" %}
enable f16;
{% endif %}
alias Scalar = {{ scalar }};

// height and width of the small image; count of the result's numbers
struct Parameters { height: u32, width: u32, channels: u32, count: u32 }

@group(0) @binding(0) var<storage, read> source: array<Scalar>;
@group(0) @binding(1) var<storage, read_write> result: array<Scalar>;
@group(0) @binding(2) var<uniform> p: Parameters;

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let at = (workgroup.x + workgroup.y * workgroups.x) * {{ workgroup_size }}u + thread;
  if (at >= p.count) { return; }
  let channel = at % p.channels;
  let pixel = at / p.channels;
{% if pass == "forward" %}
  let column = pixel % (2u * p.width);
  let row = pixel / (2u * p.width);
  // Twice the height is even, so that ⌊row/2⌋ also finds the batch row.
  result[at] = source[((row / 2u) * p.width + column / 2u) * p.channels + channel];
{% else %}
  let column = pixel % p.width;
  let row = pixel / p.width;
  let first = (2u * row * 2u * p.width + 2u * column) * p.channels + channel;
  let below = first + 2u * p.width * p.channels;
  let sum = f32(source[first]) + f32(source[first + p.channels]) + f32(source[below]) + f32(source[below + p.channels]);
  result[at] = Scalar(sum);
{% endif %}
}
