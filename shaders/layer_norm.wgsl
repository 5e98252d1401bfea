// Layer normalization over the channels of each token; a workgroup takes one token, and its threads keep
// their elements in registers, so that each number is read once.
//
// forward:  x̂ = (x − mean)·rstd,  y = γ·x̂ + β
// backward: dx̂ = γ·dy,  dx = rstd·(dx̂ − mean(dx̂) − x̂·mean(dx̂·x̂))
// x, y, dx, dy: [tokens][channels], `columns` elements per token;  statistics: [tokens], mean and rstd, f32.
{% from "bindings" import types, bindings, width %}
{% set slots = (columns + workgroup_size - 1) // workgroup_size %}
{{ types() }}
struct Parameters { tokens: u32, epsilon: f32 }

{% if pass == "forward" %}
{{ bindings([["x", "Element"], ["weight", "Element"], ["bias", "Element"]], [["y", "Element"], ["statistics", "vec2<f32>"]]) }}
{% else %}
{{ bindings([["x", "Element"], ["dy", "Element"], ["weight", "Element"], ["statistics", "vec2<f32>"]], [["dx", "Element"]]) }}
{% endif %}

{% include "workgroup_sum" %}

{# A block for each of the thread's elements, at `column`. #}
{% macro inside(slot) %}{% if (slot + 1) * workgroup_size > columns %}if ({{ slot * workgroup_size }}u + thread < {{ columns }}u) {% endif %}{% endmacro %}

@compute @workgroup_size({{ workgroup_size }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let token = workgroup.x + workgroup.y * workgroups.x;
  if (token >= p.tokens) { return; }
  let start = token * {{ columns }}u;
  var own = vec2<f32>();
{% if pass == "forward" %}
{% for slot in range(slots) %}
  var x_{{ slot }} = Wide();
  {{ inside(slot) }}{ x_{{ slot }} = Wide(x[start + {{ slot * workgroup_size }}u + thread]); }
  own.x += total(x_{{ slot }});
{% endfor %}
  let mean = workgroup_sum(thread, own).x / {{ columns * width }}.0;
  own = vec2<f32>();
{% for slot in range(slots) %}
  {{ inside(slot) }}{
    x_{{ slot }} -= mean;
    own.x += total(x_{{ slot }} * x_{{ slot }});
  }
{% endfor %}
  let rstd = inverseSqrt(workgroup_sum(thread, own).x / {{ columns * width }}.0 + p.epsilon);
{% for slot in range(slots) %}
  {{ inside(slot) }}{
    let column = {{ slot * workgroup_size }}u + thread;
    y[start + column] = Element(Wide(weight[column]) * x_{{ slot }} * rstd + Wide(bias[column]));
  }
{% endfor %}
  if (thread == 0u) { statistics[token] = vec2<f32>(mean, rstd); }
{% else %}
  let mean = statistics[token].x;
  let rstd = statistics[token].y;
{% for slot in range(slots) %}
  var gradient_{{ slot }} = Wide();
  var normal_{{ slot }} = Wide();
  {{ inside(slot) }}{
    let column = {{ slot * workgroup_size }}u + thread;
    gradient_{{ slot }} = Wide(weight[column]) * Wide(dy[start + column]);
    normal_{{ slot }} = (Wide(x[start + column]) - mean) * rstd;
  }
  own += vec2<f32>(total(gradient_{{ slot }}), total(gradient_{{ slot }} * normal_{{ slot }}));
{% endfor %}
  let means = workgroup_sum(thread, own) / {{ columns * width }}.0;
{% for slot in range(slots) %}
  {{ inside(slot) }}{
    dx[start + {{ slot * workgroup_size }}u + thread] = Element(rstd * (gradient_{{ slot }} - means.x - normal_{{ slot }} * means.y));
  }
{% endfor %}
{% endif %}
}
