// What most kernels begin with: the storage type, and the buffers in the order in which `Kernel::launch`
// binds them. `vector`: every row is a whole number of vec4s, and an element is a vec4; otherwise an element
// is one number.
{% set width = 4 if vector else 1 %}

{% macro types() %}
{% if scalar == "f16" %}
enable f16;
{% endif %}
{% if subgroups_extension %}
enable subgroups;
{% endif %}
alias Element = {{ "vec4<" ~ scalar ~ ">" if vector else scalar }};
// An element in f32, the type to compute in.
alias Wide = {{ "vec4<f32>" if vector else "f32" }};
{% endmacro %}

{# Pairs of a name and an element's type. #}
{% macro bindings(inputs, results) %}
{% for buffer in inputs %}
@group(0) @binding({{ loop.index0 }}) var<storage, read> {{ buffer[0] }}: array<{{ buffer[1] }}>;
{% endfor %}
{% for buffer in results %}
@group(0) @binding({{ inputs|length + loop.index0 }}) var<storage, read_write> {{ buffer[0] }}: array<{{ buffer[1] }}>;
{% endfor %}
@group(0) @binding({{ inputs|length + results|length }}) var<uniform> p: Parameters;
{% endmacro %}
