// What the tiled attention kernels share: declarations, moving rows of a head between buffers and
// workgroup memory, and the two matrix products that attention is made of.
//
// A workgroup owns `own_tile` rows (queries, or keys in the backward pass of keys and values) of one
// batch row and head, and walks over all other rows, `other_tile` at a time. Its threads form a grid of
// row_groups × lanes: a thread has thread_rows own rows (row, row + row_groups, …) and four other rows of
// each tile (lane, lane + lanes, …).
//   scores:       score_i[k] = own_row_i · other_row_k             thread_rows × 4 numbers per thread
//   add_weighted: sum_i     += Σ_k weights[i][k] · other_row_k     thread_rows × whole vec4s per thread
// Both read 4 + thread_rows vec4s of workgroup memory for 16·thread_rows multiply-adds. The vec4s of the
// four other rows are transposed in registers, so that rows lie as in the buffer and one staged copy serves
// both products. The rows' stride is odd, so that threads reading the same column of neighbouring rows
// hit different banks. Buffers are [batch][tokens][heads][head_size]; the last vec4 of a row is filled up
// with zeros.
//
// whole: workgroup memory holds whole rows. Own rows are staged once, and the rows of the next tile are
// fetched into registers while this tile is multiplied. Otherwise own and other rows are staged `chunk`
// vec4s at a time, again for each tile.
// unrolled: loops over columns and lanes are written out, which GPUs need for their speed and processors
// take long to compile.
{% from "bindings" import types, bindings %}
{% set vectors = (head_size + 3) // 4 %}
{% set row_groups = workgroup_size // lanes %}
{% set own_tile = row_groups * thread_rows %}
{% set other_tile = 4 * lanes %}
{% set chunks = (vectors + chunk - 1) // chunk %}
{% set whole = chunks == 1 %}
{% set stride = chunk + 1 - chunk % 2 %}
{% set few_rows = thread_rows < 4 %}
{% set slots = (chunk + lanes - 1) // lanes %}
{% set fetches = (other_tile * vectors + workgroup_size - 1) // workgroup_size %}

{% set backward_inputs = [
  ["query", "Element"], ["key", "Element"], ["value", "Element"], ["output_gradient", "Element"],
  ["log_sum_exp", "f32"], ["delta", "f32"],
] %}

{# `inputs`, `results`: pairs of a name and an element's type. #}
{% macro declarations(inputs, results) %}
{{ types() }}
alias Vector = vec4<{{ scalar }}>;

// scale: log₂(e)/√head_size, so that exponentials are powers of two.
// vectors (of a head), chunk, lanes: constants, repeated as parameters for loops that compilers are not to
// unroll, which they don't if the end is not a constant: loops with barriers inside, and the products of a
// thread with few rows, whose short bodies cost many times more compile time than unrolling gains.
// first_workgroup: where this launch begins along the own rows: not at 0 if it is a later part of the attention.
struct Parameters {
  query_tokens: u32, key_tokens: u32, heads: u32, scale: f32, vectors: u32, chunk: u32, lanes: u32, first_workgroup: u32,
}

{{ bindings(inputs, results) }}
{% endmacro %}

{# `staged`: the type of a vec4 there; `own`, `others`: names of the arrays of rows. #}
{% macro workgroup_memory(staged, own, others) %}
alias Staged = {{ staged }};
{% for name in own %}
var<workgroup> {{ name }}: array<Staged, {{ own_tile * stride }}>;
{% endfor %}
{% for name in others %}
var<workgroup> {{ name }}: array<Staged, {{ other_tile * stride }}>;
{% endfor %}
// [own row][lane]: the weights of that lane's four other rows
var<workgroup> weights: array<Staged, {{ own_tile * lanes }}>;
{% endmacro %}

{% macro places() %}
  let batch = workgroup.y / p.heads;
  let head = workgroup.y % p.heads;
  let first_own = (workgroup.x + p.first_workgroup) * {{ own_tile }}u;
  let row = thread / {{ lanes }}u;
  let lane = thread % {{ lanes }}u;
{% endmacro %}

{# `four`: the vec4 `column` of `token`. #}
{% macro read_four(four, buffer, tokens) %}
{% if vector %}
          {{ four }} = {{ buffer }}[((batch * {{ tokens }} + token) * p.heads + head) * {{ vectors }}u + column];
{% else %}
          let start = ((batch * {{ tokens }} + token) * p.heads + head) * {{ head_size }}u + column * 4u;
          let left = {{ head_size }}u - column * 4u;
          {{ four }} = Vector();
          {{ four }}.x = {{ buffer }}[start];
          if (left > 1u) { {{ four }}.y = {{ buffer }}[start + 1u]; }
          if (left > 2u) { {{ four }}.z = {{ buffer }}[start + 2u]; }
          if (left > 3u) { {{ four }}.w = {{ buffer }}[start + 3u]; }
{% endif %}
{% endmacro %}

{# Columns from `first_column` on of `tile` rows into workgroup memory; zeros outside. #}
{% macro stage(buffer, rows, tile, first, tokens, first_column) %}
      for (var item = thread; item < {{ tile * chunk }}u; item += {{ workgroup_size }}u) {
        let token = {{ first }} + item / {{ chunk }}u;
        let column = {{ first_column }} + item % {{ chunk }}u;
        var four = Vector();
        if (token < {{ tokens }} && column < {{ vectors }}u) {
{{ read_four("four", buffer, tokens) }}
        }
        {{ rows }}[item / {{ chunk }}u * {{ stride }}u + item % {{ chunk }}u] = Staged(four);
      }
{% endmacro %}

{# The vec4s of a tile of `buffer` that a thread has in flight. #}
{% macro in_flight(buffer) %}
{% for i in range(fetches) %}
  var next_{{ buffer }}_{{ i }} = Vector();
{% endfor %}
{% endmacro %}

{# Asks for the whole rows of a tile of others; past the end, for the last row again. #}
{% macro fetch(buffer, first, tokens) %}
{% for i in range(fetches) %}
    {
      let item = thread + {{ i * workgroup_size }}u;
      let token = min({{ first }} + item / {{ vectors }}u, {{ tokens }} - 1u);
      let column = item % {{ vectors }}u;
{{ read_four("next_" ~ buffer ~ "_" ~ i, buffer, tokens) }}
    }
{% endfor %}
{% endmacro %}

{# What was asked for into workgroup memory. #}
{% macro keep(buffer, rows) %}
{% for i in range(fetches) %}
    {% if (i + 1) * workgroup_size > other_tile * vectors %}if (thread + {{ i * workgroup_size }}u < {{ other_tile * vectors }}u) {% endif %}{
      let item = thread + {{ i * workgroup_size }}u;
      {{ rows }}[item / {{ vectors }}u * {{ stride }}u + item % {{ vectors }}u] = Staged(next_{{ buffer }}_{{ i }});
    }
{% endfor %}
{% endmacro %}

{# `score`_i, from zero: products of the thread's rows of `own` with its four of `other`, chunk by chunk. #}
{% macro scores(score, own, own_tokens, other, other_tokens) %}
{{ zero_scores(score) }}
    for (var first_column = 0u; first_column < p.vectors; first_column += {{ chunk }}u) {
      workgroupBarrier();
{{ stage(own, "own_rows", own_tile, "first_own", own_tokens, "first_column") }}
{{ stage(other, "other_rows", other_tile, "first_other", other_tokens, "first_column") }}
      workgroupBarrier();
{{ multiply(score, "own_rows", "other_rows") }}
    }
{% endmacro %}

{% macro zero_scores(score) %}
{% for i in range(thread_rows) %}
    var {{ score }}_{{ i }} = vec4<f32>();
{% endfor %}
{% endmacro %}

{# `score`_i += products of what is staged in `own` and `others`. #}
{% macro multiply(score, own, others) %}
{% for step in range(chunk if unrolled else 1) %}
{% set column = step ~ "u" if unrolled else "column" %}
      {{ "{" if unrolled else "for (var column = 0u; column < " ~ ("p.chunk" if few_rows else chunk ~ "u") ~ "; column++) {" }}
{% for k in range(4) %}
        let other_{{ k }} = vec4<f32>({{ others }}[(lane + {{ k * lanes }}u) * {{ stride }}u + {{ column }}]);
{% endfor %}
{% for component in "xyzw" %}
        let others_{{ component }} = vec4<f32>(other_0.{{ component }}, other_1.{{ component }}, other_2.{{ component }}, other_3.{{ component }});
{% endfor %}
{% for i in range(thread_rows) %}
        let own_{{ i }} = vec4<f32>({{ own }}[(row + {{ i * row_groups }}u) * {{ stride }}u + {{ column }}]);
{% for component in "xyzw" %}
        {{ score }}_{{ i }} = fma(vec4<f32>(own_{{ i }}.{{ component }}), others_{{ component }}, {{ score }}_{{ i }});
{% endfor %}
{% endfor %}
      }
{% endfor %}
{% endmacro %}

{# Scores of pairs that do not meet `condition` on `other_place` and `own_place` become so low that their
   exponential is zero. #}
{% macro hide_unless(condition) %}
      let other_place = vec4<u32>(first_other + lane) + vec4<u32>(0u, {{ lanes }}u, {{ 2 * lanes }}u, {{ 3 * lanes }}u);
{% for i in range(thread_rows) %}
      {
        let own_place = vec4<u32>(first_own + row + {{ i * row_groups }}u);
        score_{{ i }} = select(vec4<f32>(-1e30), score_{{ i }}, {{ condition }});
      }
{% endfor %}
{% endmacro %}

{% macro zero_sums(sum) %}
{% for i in range(thread_rows) %}
{% for c in range(chunks) %}
{% for j in range(slots) %}
  var {{ sum }}_{{ i }}_{{ c }}_{{ j }} = vec4<f32>();
{% endfor %}
{% endfor %}
{% endfor %}
{% endmacro %}

{# Adds `other`, weighted by workgroup memory's weights, chunk by chunk. All threads must be past reading
   other_rows. #}
{% macro add_weighted(sum, other, other_tokens) %}
{% for c in range(chunks) %}
{% if not loop.first %}
      workgroupBarrier();
{% endif %}
{{ stage(other, "other_rows", other_tile, "first_other", other_tokens, (c * chunk) ~ "u") }}
      workgroupBarrier();
{{ accumulate(sum, c, "other_rows") }}
{% endfor %}
{% endmacro %}

{# Adds chunk `c` of the rows staged in `others`, weighted. #}
{% macro accumulate(sum, c, others) %}
{% for turn in range(lanes if unrolled else 1) %}
{% set step = turn ~ "u" if unrolled else "step" %}
      {{ "{" if unrolled else "for (var step = 0u; step < " ~ ("p.lanes" if few_rows else lanes ~ "u") ~ "; step++) {" }}
{% for i in range(thread_rows) %}
        let weight_{{ i }} = vec4<f32>(weights[(row + {{ i * row_groups }}u) * {{ lanes }}u + {{ step }}]);
{% endfor %}
{% for j in range(slots) %}
        {% if (j + 1) * lanes > chunk %}if ({{ j * lanes }}u + lane < {{ chunk }}u) {% endif %}{
{% for k in range(4) %}
          let other_{{ k }} = vec4<f32>({{ others }}[({{ step }} + {{ k * lanes }}u) * {{ stride }}u + {{ j * lanes }}u + lane]);
{% for i in range(thread_rows) %}
          {{ sum }}_{{ i }}_{{ c }}_{{ j }} = fma(vec4<f32>(weight_{{ i }}.{{ "xyzw"[k] }}), other_{{ k }}, {{ sum }}_{{ i }}_{{ c }}_{{ j }});
{% endfor %}
{% endfor %}
        }
{% endfor %}
      }
{% endfor %}
{% endmacro %}

{# The sums to the own rows of `buffer`. #}
{% macro store(buffer, sum, tokens) %}
{% for i in range(thread_rows) %}
  if (first_own + row + {{ i * row_groups }}u < {{ tokens }}) {
    let token = first_own + row + {{ i * row_groups }}u;
{% for c in range(chunks) %}
{% for j in range(slots) %}
    {
      let column = {{ c * chunk + j * lanes }}u + lane;
{% if vector %}
      if (column < {{ vectors }}u) {
        {{ buffer }}[((batch * {{ tokens }} + token) * p.heads + head) * {{ vectors }}u + column] = Vector({{ sum }}_{{ i }}_{{ c }}_{{ j }});
      }
{% else %}
      let start = ((batch * {{ tokens }} + token) * p.heads + head) * {{ head_size }}u + column * 4u;
{% for component in "xyzw" %}
      if (column * 4u + {{ loop.index0 }}u < {{ head_size }}u) { {{ buffer }}[start + {{ loop.index0 }}u] = Element({{ sum }}_{{ i }}_{{ c }}_{{ j }}.{{ component }}); }
{% endfor %}
{% endif %}
    }
{% endfor %}
{% endfor %}
  }
{% endfor %}
{% endmacro %}
