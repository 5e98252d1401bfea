// workgroup_sum: the sum of every thread's `own`, for all threads of the workgroup; included by the norms.
// With `subgroups`: each subgroup adds up in registers and leaves its sum in `partial` at its first thread's
// place (zeros at the others' places); then each subgroup adds up all places, divided among its threads.
// Neither the subgroup's size nor which threads are in it matters, and a subgroup may be partly empty.
var<workgroup> partial: array<vec2<f32>, {{ workgroup_size }}>;

{% if subgroups %}
fn workgroup_sum(thread: u32, own: vec2<f32>) -> vec2<f32> {
  let rank = subgroupExclusiveAdd(1u);
  let size = subgroupAdd(1u);
  let sum = subgroupAdd(own);
  workgroupBarrier();
  partial[thread] = select(vec2<f32>(), sum, rank == 0u);
  workgroupBarrier();
  var places = vec2<f32>();
  for (var place = rank; place < {{ workgroup_size }}u; place += size) { places += partial[place]; }
  return subgroupAdd(places);
}
{% else %}
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
{% endif %}

// The sum of an element's numbers.
fn total(element: Wide) -> f32 {
  return {{ "dot(element, vec4<f32>(1.0))" if vector else "element" }};
}
