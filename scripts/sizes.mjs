/** Holds the page to its download budget: what a visitor fetches, compressed as servers do. */
import fs from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { filesBelow, main, ROOT, Stop } from "./run.mjs";

const KILOBYTE = 1000;
const BUDGETS = [
  { name: "page shell", files: /\.(html|js|css|svg)$/, limit: 100 * KILOBYTE },
  { name: "wasm engine", files: /\.wasm$/, limit: 4000 * KILOBYTE },
];

/** One line a budget. @returns {{ name: string, line: string, ok: boolean }[]} */
export function measure() {
  const dist = path.join(ROOT, "dist");
  const files = [path.join(dist, "index.html"), ...filesBelow(path.join(dist, "assets"))];
  return BUDGETS.map(({ name, files: pattern, limit }) => {
    const bytes = files
      .filter((file) => pattern.test(file))
      .reduce((sum, file) => sum + gzipSync(fs.readFileSync(file)).byteLength, 0);
    const ok = bytes > 0 && bytes <= limit;
    return { name, ok, line: `${name}: ${kilobytes(bytes)} of ${kilobytes(limit)} gzip` };
  });
}

const kilobytes = (/** @type {number} */ bytes) => `${(bytes / KILOBYTE).toFixed(1)} kB`;

if (process.argv[1] === import.meta.filename) {
  await main(() => {
    const results = measure();
    for (const { line } of results) console.log(line);
    if (results.some(({ ok }) => !ok)) throw new Stop("A download budget is exceeded, or dist/ isn't built.");
  });
}
