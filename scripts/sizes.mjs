/**
 * Checks the page against its download budget, with files compressed as servers do. The shell is everything
 * that every visit fetches before the engine: the page with its scripts and styles, their imports, and the
 * worker, but not the screens that are fetched later.
 */
import fs from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { filesBelow, main, ROOT, Stop } from "./run.mjs";

const KILOBYTE = 1000;
const DIST = path.join(ROOT, "dist");
const BUDGETS = [
  { name: "page shell", files: shell, limit: 100 * KILOBYTE },
  { name: "wasm engine", files: () => assets(/\.wasm$/), limit: 4000 * KILOBYTE },
];

/** Result of each budget, with a line to print. @returns {{ name: string, line: string, ok: boolean }[]} */
export function measure() {
  return BUDGETS.map(({ name, files, limit }) => {
    const bytes = files().reduce((sum, file) => sum + gzipSync(fs.readFileSync(file)).byteLength, 0);
    const ok = bytes > 0 && bytes <= limit;
    return { name, ok, line: `${name}: ${kilobytes(bytes)} of ${kilobytes(limit)} gzip` };
  });
}

const assets = (/** @type {RegExp} */ pattern) =>
  filesBelow(path.join(DIST, "assets")).filter((file) => pattern.test(file));

/** Files of the shell: the page, the worker (`main`), and everything they refer to or import statically. */
function shell() {
  const start = path.join(DIST, "index.html");
  const found = new Set([start, ...assets(/\/main-[^/]*\.js$/)]);
  for (const file of found) {
    if (!/\.(html|js)$/.test(file)) continue;
    const content = fs.readFileSync(file, "utf8");
    const references =
      file === start
        ? content.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)
        : content.matchAll(/(?:from|import)\s*"(\.\/[^"]+)"/g);
    for (const [, reference = ""] of references) {
      found.add(path.join(file === start ? DIST : path.dirname(file), reference));
    }
  }
  return [...found];
}

const kilobytes = (/** @type {number} */ bytes) => `${(bytes / KILOBYTE).toFixed(1)} kB`;

if (process.argv[1] === import.meta.filename) {
  await main(() => {
    const results = measure();
    for (const { line } of results) console.log(line);
    if (results.some(({ ok }) => !ok)) throw new Stop("A download budget is exceeded, or dist/ isn't built.");
  });
}
