/** Scales that map values to places on a chart. */

export interface Scale {
  low: number;
  high: number;
  at(value: number): number;
}

/** Least span of an axis: on a narrower one, noise looks like a difference. */
const MIN_SPAN = 0.04;
const MAX_TICKS = 5;

/** Scale with room around all values; `from` and `to` are the places of its low and high ends. */
export function scaleOf(values: readonly number[], [from, to]: [number, number]): Scale {
  const [least, most] = values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const middle = (least + most) / 2;
  const span = Math.max((most - least) * 1.24, MIN_SPAN);
  const [low, high] = [middle - span / 2, middle + span / 2];
  return { low, high, at: (value) => from + ((value - low) / span) * (to - from) };
}

/** Round values along an axis, with at most five steps between them. */
export function axisTicks({ low, high }: Scale): number[] {
  const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
  const step = steps.find((step) => (high - low) / step <= MAX_TICKS) ?? 1;
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) =>
    Number(((first + index) * step).toFixed(2)),
  );
}
