// The sum of every thread's `own`, for all threads of the workgroup; included by the norms.
var<workgroup> partial: array<vec2<f32>, {{ workgroup_size }}>;

fn workgroup_sum(thread: u32, own: vec2<f32>) -> vec2<f32> {
  workgroupBarrier();
  partial[thread] = own;
  for (var half = {{ workgroup_size // 2 }}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { partial[thread] += partial[thread + half]; }
  }
  workgroupBarrier();
  return partial[0];
}
