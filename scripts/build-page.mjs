/** Builds the page with engine and models into dist/, unless nothing it is made from has changed. */
import { fingerprint, main, onceFor, run, say } from "./run.mjs";
import { bringPackages } from "./tools.mjs";

const INPUTS = [
  "index.html",
  "vite.config.ts",
  "package-lock.json",
  "web",
  "models",
  "Cargo.lock",
  "scripts/inline-styles.mjs",
  "scripts/licences.mjs",
  "src/evaluation/prompt_sets",
  "scripts/model-folders.mjs",
  "scripts/service-worker.mjs",
];

export function buildPage() {
  bringPackages();
  onceFor({
    name: "page",
    inputs: fingerprint(INPUTS),
    result: "dist/index.html",
    work() {
      say("page (vite)");
      run(process.execPath, ["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"]);
    },
  });
}

if (process.argv[1] === import.meta.filename) await main(buildPage);
