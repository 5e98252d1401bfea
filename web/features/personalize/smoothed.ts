/** Exponential moving average with bias correction (Kingma & Ba 2015, §3), so that the first values count fully. */
export function smoothed(values: readonly number[], keep = 0.9): number[] {
  let mean = 0;
  return values.map((value, index) => {
    mean = keep * mean + (1 - keep) * value;
    return mean / (1 - keep ** (index + 1));
  });
}
