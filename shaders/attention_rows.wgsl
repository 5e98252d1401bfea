// What the three tiled attention kernels share: moving rows of a head from a buffer to workgroup memory,
// and from the registers of the `lanes` threads of a row back to a buffer.
// Buffers are [batch][tokens][heads][head_size]; a row in workgroup memory is `vectors` vec4s, the last
// one filled up with zeros.
{% set vectors = (head_size + 3) // 4 %}

{% macro load(buffer, rows, tile, first, tokens) %}
    for (var item = thread; item < {{ tile * vectors }}u; item += {{ workgroup_size }}u) {
      let token = {{ first }} + item / {{ vectors }}u;
      let channel = (item % {{ vectors }}u) * 4u;
      var four = vec4<f32>();
      if (token < {{ tokens }}) {
        let start = ((batch * {{ tokens }} + token) * p.heads + head) * {{ head_size }}u + channel;
        four.x = f32({{ buffer }}[start]);
        if (channel + 1u < {{ head_size }}u) { four.y = f32({{ buffer }}[start + 1u]); }
        if (channel + 2u < {{ head_size }}u) { four.z = f32({{ buffer }}[start + 2u]); }
        if (channel + 3u < {{ head_size }}u) { four.w = f32({{ buffer }}[start + 3u]); }
      }
      {{ rows }}[item] = four;
    }
{% endmacro %}

{% macro store(buffer, sums, token, tokens, lanes) %}
  if ({{ token }} < {{ tokens }}) {
    let start = ((batch * {{ tokens }} + {{ token }}) * p.heads + head) * {{ head_size }}u;
{% for j in range((vectors + lanes - 1) // lanes) %}
    {
      let channel = ({{ j * lanes }}u + lane) * 4u;
      if (channel < {{ head_size }}u) { {{ buffer }}[start + channel] = Scalar({{ sums }}_{{ j }}.x); }
      if (channel + 1u < {{ head_size }}u) { {{ buffer }}[start + channel + 1u] = Scalar({{ sums }}_{{ j }}.y); }
      if (channel + 2u < {{ head_size }}u) { {{ buffer }}[start + channel + 2u] = Scalar({{ sums }}_{{ j }}.z); }
      if (channel + 3u < {{ head_size }}u) { {{ buffer }}[start + channel + 3u] = Scalar({{ sums }}_{{ j }}.w); }
    }
{% endfor %}
  }
{% endmacro %}
