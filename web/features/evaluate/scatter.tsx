/** Following the prompt against likeness: a mark a row, the adapter's strengths as a curve, base and photos beside it. */

import { decimals } from "../../app/format";
import type { PhotoScores } from "../../engine/contract/judging";
import { BASE } from "./plan";
import type { Summary } from "./results";
import { axisTicks, scaleOf } from "./scales";
import { evaluateText as words } from "./text";

const WIDTH = 380;
const HEIGHT = 320;
const MARGIN = { left: 44, right: 16, top: 14, bottom: 42 };

/** The base's label goes below its mark: a weak adapter's mark lies close by. */
const LABEL_ABOVE = -7;
const LABEL_BELOW = 15;

interface Mark {
  name: string;
  text: number;
  image: number;
}

export function Scatter({ rows, photos }: { rows: readonly Summary[]; photos: PhotoScores | undefined }) {
  const real =
    photos?.textAlignment != null && photos.imageAlignment !== null
      ? { name: words.row.photos, text: photos.textAlignment, image: photos.imageAlignment }
      : undefined;
  const marks: Mark[] = [
    ...rows.map(({ strength, text, image }) => ({
      name: strength === BASE ? words.row.base : words.row.adapter(strength),
      text: text.mean,
      image: image.mean,
    })),
    ...(real ? [real] : []),
  ];
  const x = scaleOf(
    [...rows.flatMap(({ text }) => [text.low, text.high]), ...(real ? [real.text] : [])],
    [MARGIN.left, WIDTH - MARGIN.right],
  );
  const y = scaleOf(
    [...rows.flatMap(({ image }) => [image.low, image.high]), ...(real ? [real.image] : [])],
    [HEIGHT - MARGIN.bottom, MARGIN.top],
  );
  const curve = rows.map(({ text, image }) => `${x.at(text.mean)},${y.at(image.mean)}`).join(" ");
  const spoken = marks.map(({ name, text, image }) =>
    words.chartPoint(name, decimals(text, 3), decimals(image, 3)),
  );
  return (
    <figure class="scatter">
      <figcaption>
        <h3>{words.chartTitle}</h3>
        <p class="hint">{words.chartHint}</p>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words.chartLabel(spoken.join(" "))}>
        {axisTicks(x).map((value) => (
          <g key={value} class="grid">
            <path d={`M${x.at(value)} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}`} />
            <text x={x.at(value)} y={HEIGHT - MARGIN.bottom + 15} text-anchor="middle">
              {decimals(value, 2)}
            </text>
          </g>
        ))}
        {axisTicks(y).map((value) => (
          <g key={value} class="grid">
            <path d={`M${MARGIN.left} ${y.at(value)}H${WIDTH - MARGIN.right}`} />
            <text x={MARGIN.left - 6} y={y.at(value) + 4} text-anchor="end">
              {decimals(value, 2)}
            </text>
          </g>
        ))}
        <text x={WIDTH - MARGIN.right} y={HEIGHT - 8} text-anchor="end">
          {words.textAxis}
        </text>
        <text transform={`translate(12 ${MARGIN.top}) rotate(-90)`} text-anchor="end">
          {words.imageAxis}
        </text>
        <polyline class="curve" points={curve} />
        {rows.map(({ strength, text, image }) => (
          <g key={strength} class={strength === BASE ? "base" : "adapter"}>
            <path
              class="whisker"
              d={`M${x.at(text.low)} ${y.at(image.mean)}H${x.at(text.high)}M${x.at(text.mean)} ${y.at(image.low)}V${y.at(image.high)}`}
            />
            <circle cx={x.at(text.mean)} cy={y.at(image.mean)} r={5} />
          </g>
        ))}
        {real && (
          <rect
            class="photos"
            x={x.at(real.text) - 5}
            y={y.at(real.image) - 5}
            width={10}
            height={10}
            transform={`rotate(45 ${x.at(real.text)} ${y.at(real.image)})`}
          />
        )}
        {marks.map(({ name, text, image }) => (
          <Label
            key={name}
            name={name}
            x={x.at(text)}
            y={y.at(image) + (name === words.row.base ? LABEL_BELOW : LABEL_ABOVE)}
          />
        ))}
      </svg>
    </figure>
  );
}

/** Label beside its mark, on the side where there is room. */
function Label({ name, x, y }: { name: string; x: number; y: number }) {
  const leftwards = x > WIDTH * 0.6;
  return (
    <text class="mark" x={leftwards ? x - 9 : x + 9} y={y} text-anchor={leftwards ? "end" : "start"}>
      {name}
    </text>
  );
}
