// Moves a tile of a factor from its buffer to workgroup memory (for gemm.wgsl). A tile lies depth-major:
// `stride` vec4s for each place along the depth, the last of them padding. For matrix units it holds f16, number
// by number; otherwise vec4s of f32.
// tile: "a" or "b";  buffer: what is read, by four_of_<buffer>(line, extent, at). The variable `depth`, the
// tile's first place along the depth, is in scope. whole: the depth is a multiple of tile_depth, so nothing
// is guarded.

// Puts four numbers into a tile, at vec4 `place`.
{% macro put(tile, place, four) %}
{% if matrix_units %}
{
          let start = ({{ place }}) * 4u;
          let numbers = {{ four }};
          {{ tile }}_tile[start] = numbers.x;
          {{ tile }}_tile[start + 1u] = numbers.y;
          {{ tile }}_tile[start + 2u] = numbers.z;
          {{ tile }}_tile[start + 3u] = numbers.w;
        }
{%- else %}
{{ tile }}_tile[{{ place }}] = vec4<f32>({{ four }});
{%- endif %}
{% endmacro %}

// Row-major data: a thread loads four numbers of each of four lines and stores them transposed.
// holes: where a_line_<i> is negative there is no line, and its numbers are zero.
{% macro staged_lines(tile, buffer, lines, extent, stride, tile_depth, workgroup_size, depth_extent, whole, holes) %}
{% set blocks = extent * tile_depth // 16 %}
{% for load in range((blocks + workgroup_size - 1) // workgroup_size) %}
      {% if blocks < workgroup_size %}if ({{ "b_thread" if tile == "b" else "thread" }} < {{ blocks }}u) {% endif %}{
        let block_depth = {{ tile }}_block_depth + {{ load * workgroup_size * 16 // extent }}u;
        let at = depth + block_depth;
{% for line in lines %}
        var four_{{ loop.index0 }} = Vector();
{% set guards = ["a_line_" ~ loop.index0 ~ " >= 0"] if holes else [] %}
{% set guards = guards if whole else guards + ["at < " ~ depth_extent] %}
        {% if guards %}if ({{ guards | join(" && ") }}) {% endif %}{ four_{{ loop.index0 }} = four_of_{{ buffer }}({{ line }}, {{ depth_extent }}, at); }
{% endfor %}
{% for component in "xyzw" %}
{% set place = "(block_depth + " ~ loop.index0 ~ "u) * " ~ stride ~ "u + " ~ tile ~ "_block_line / 4u" %}
        {{ put(tile, place, "Vector(four_0." ~ component ~ ", four_1." ~ component ~ ", four_2." ~ component ~ ", four_3." ~ component ~ ")") }}
{% endfor %}
      }
{% endfor %}
{% endmacro %}

// Depth-major data: vec4s are copied. line: the line at depth at_depth;  first: the tile's first place in
// a line of `extent` numbers. patches: a line is the source pixel of a target pixel; where there is none,
// its numbers are zero.
{% macro staged_columns(tile, buffer, line, first, extent, tile_extent, stride, tile_depth, workgroup_size, depth_extent, whole, vector, patches) %}
{% set across = tile_extent // 4 %}
{% set items = tile_depth * across %}
{% for load in range((items + workgroup_size - 1) // workgroup_size) %}
      {
        let item = thread + {{ load * workgroup_size }}u;
        {% if (load + 1) * workgroup_size > items %}if (item < {{ items }}u) {% endif %}{
          let at_depth = depth + item / {{ across }}u;
          let at = {{ first }} + item % {{ across }}u * 4u;
          var four = Vector();
{% set place = "min(at, " ~ extent ~ " - 4u)" if vector else "at" %}
{% if patches %}
          if (at_depth < {{ depth_extent }}) {
            let line = source_line(corner_of(at_depth), row_tap);
            if (line >= 0) { four = four_of_{{ buffer }}(u32(line), {{ extent }}, {{ place }}); }
          }
{% else %}
          {% if not whole %}if (at_depth < {{ depth_extent }}) {% endif %}{ four = four_of_{{ buffer }}({{ line }}, {{ extent }}, {{ place }}); }
{% endif %}
          {{ put(tile, "item / " ~ across ~ "u * " ~ stride ~ "u + item % " ~ across ~ "u", "four") }}
        }
      }
{% endfor %}
{% endmacro %}
