/** Finds the square around what stands out in a map of a small picture, and whether it can be trusted. */

/** Suggested square, in pixels of the map; it may reach beyond the map. */
export interface Suggestion {
  left: number;
  top: number;
  size: number;
  /** Whether one thing stands out clearly, and is neither tiny nor nearly the whole picture. */
  sure: boolean;
}

/** Room around the subject, as a share of its longer side. */
const MARGIN = 0.12;
const BINS = 64;
/** Least share of the map's variance that must lie between subject and rest for a sure suggestion. */
const CLEAR = 0.6;
const MIN_SHARE = 0.015;
const MAX_SHARE = 0.6;
/** Least share of the largest piece in all that stands out, for a sure suggestion; small in a pattern. */
const MIN_SHARE_OF_LARGEST = 0.5;
/** Pieces smaller than this share of the largest are no part of the subject. */
const PIECE = 0.2;

/** Square around the subject in a row-by-row map of values from 0 to 1; `undefined` if nothing stands out. */
export function squareAround(map: Float32Array, width: number): Suggestion | undefined {
  const split = otsu(map);
  if (!split) return undefined;
  const pieces = piecesAbove(map, split.threshold, width);
  const largest = most(pieces.map(({ length }) => length));
  const all = pieces.reduce((sum, { length }) => sum + length, 0);
  const subject = pieces.filter(({ length }) => length >= PIECE * largest).flat();
  const columns = subject.map((at) => at % width);
  const rows = subject.map((at) => Math.floor(at / width));
  const [left, right] = [least(columns), most(columns) + 1];
  const [top, bottom] = [least(rows), most(rows) + 1];
  const size = Math.max(right - left, bottom - top) * (1 + 2 * MARGIN);
  const share = subject.length / map.length;
  return {
    left: (left + right - size) / 2,
    top: (top + bottom - size) / 2,
    size,
    sure:
      split.separability >= CLEAR &&
      largest >= MIN_SHARE_OF_LARGEST * all &&
      share >= MIN_SHARE &&
      share <= MAX_SHARE,
  };
}

const least = (values: readonly number[]) => values.reduce((one, other) => Math.min(one, other));
const most = (values: readonly number[]) => values.reduce((one, other) => Math.max(one, other));

/** Threshold that separates the values best (Otsu 1979), and how well: between-class over total variance. */
function otsu(map: Float32Array): { threshold: number; separability: number } | undefined {
  const histogram = new Float64Array(BINS);
  for (const value of map) {
    const bin = Math.min(Math.floor(value * BINS), BINS - 1);
    histogram[bin] = (histogram[bin] ?? 0) + 1 / map.length;
  }
  const mean = histogram.reduce((sum, share, bin) => sum + share * bin, 0);
  const variance = histogram.reduce((sum, share, bin) => sum + share * (bin - mean) ** 2, 0);
  let best = { threshold: 0, between: 0 };
  let [below, belowMean] = [0, 0];
  for (let bin = 0; bin < BINS - 1; bin++) {
    below += histogram[bin] ?? 0;
    belowMean += (histogram[bin] ?? 0) * bin;
    const between = below > 0 && below < 1 ? (mean * below - belowMean) ** 2 / (below * (1 - below)) : 0;
    if (between > best.between) best = { threshold: (bin + 1) / BINS, between };
  }
  if (variance === 0 || best.between === 0) return undefined;
  return { threshold: best.threshold, separability: best.between / variance };
}

/** Pieces of connected pixels at or above the threshold, each as a list of pixel indices. */
function piecesAbove(map: Float32Array, threshold: number, width: number): number[][] {
  const seen = map.map((value) => (value >= threshold ? 0 : 1));
  const pieces: number[][] = [];
  for (let start = 0; start < map.length; start++) {
    if (seen[start]) continue;
    seen[start] = 1;
    const piece = [start];
    for (const at of piece) {
      const column = at % width;
      const neighbours = [
        at - width,
        at + width,
        ...(column > 0 ? [at - 1] : []),
        ...(column < width - 1 ? [at + 1] : []),
      ];
      for (const next of neighbours) {
        if (seen[next] !== 0) continue;
        seen[next] = 1;
        piece.push(next);
      }
    }
    pieces.push(piece);
  }
  return pieces;
}
