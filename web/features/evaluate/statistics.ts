/**
 * Means with confidence intervals by percentile bootstrap, like those of `palpable evaluate`, which takes
 * more resamples. Values are drawn with replacement by a generator with a fixed seed, so that the same scores
 * give the same interval.
 */

export interface Interval {
  low: number;
  mean: number;
  high: number;
}

/** Share of the resamples that lies in an interval. */
const CONFIDENCE = 0.95;
const RESAMPLES = 2000;

/** Mean of the values; `undefined` if there are none. */
export function mean(values: readonly number[]): number | undefined {
  return values.length > 0 ? sum(values) / values.length : undefined;
}

/** Mean, and the interval that contains it in 95 of 100 resamples; `undefined` if there are no values. */
export function interval(values: readonly number[]): Interval | undefined {
  const whole = mean(values);
  if (whole === undefined) return undefined;
  const below = generator();
  const means = Array.from({ length: RESAMPLES }, () => {
    let total = 0;
    for (let drawn = 0; drawn < values.length; drawn++) total += values[below(values.length)] ?? 0;
    return total / values.length;
  }).sort((one, other) => one - other);
  const tail = (1 - CONFIDENCE) / 2;
  const at = (share: number) => means[Math.round((RESAMPLES - 1) * share)] ?? whole;
  return { low: at(tail), mean: whole, high: at(1 - tail) };
}

const sum = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** Whole numbers below a limit, by Tommy Ettinger's Mulberry32. */
function generator(): (limit: number) => number {
  let state = 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
