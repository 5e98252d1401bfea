/**
 * Vite plugin: builds the service worker beside the page, with the list of every file of the page. Files
 * whose names contain a hash of their content need no version mark; the others are marked with the hash of
 * their content.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { build } from "vite";

const ENTRY = "web/service-worker/service-worker.ts";
const NAME = "service-worker.js";

/** Files of the models that are kept: only those the page itself shows, the sample subjects and papers. */
const KEPT_OF_MODELS = /^models\/demo\/(subjects\/.+\.(json|png)|[A-Z_]+\.md)$/;

/** Files that only some visitors need: kept once they were fetched, not before. None ever changes under its name. */
const KEPT_LATER = /^(assets\/libheif-|models\/clip-tokenizer\/)/;

/** @returns {import("vite").Plugin} */
export function serviceWorker() {
  let outDir = "dist";
  return {
    name: "palpable-service-worker",
    apply: "build",
    configResolved(config) {
      outDir = path.resolve(config.root, config.build.outDir);
    },
    closeBundle: {
      order: "post",
      sequential: true,
      async handler() {
        await build({
          configFile: false,
          logLevel: "warn",
          publicDir: false,
          define: {
            PAGE_FILES: JSON.stringify(pageFiles(outDir)),
            LATER_FILES: JSON.stringify(filesOf(outDir).filter((file) => KEPT_LATER.test(file))),
          },
          build: {
            outDir,
            emptyOutDir: false,
            target: "es2023",
            rolldownOptions: { input: ENTRY, output: { format: "iife", entryFileNames: NAME } },
          },
        });
      },
    },
  };
}

/** @param {string} outDir @returns {{ url: string, revision: string | null }[]} */
function pageFiles(outDir) {
  return filesOf(outDir)
    .filter((file) => file !== NAME && !KEPT_LATER.test(file))
    .filter((file) => !file.startsWith("models/") || KEPT_OF_MODELS.test(file))
    .sort()
    .map((file) => ({
      url: file,
      revision: file.startsWith("assets/") ? null : contentHash(path.join(outDir, file)),
    }));
}

/** @param {string} outDir @returns {string[]} */
const filesOf = (outDir) =>
  fs
    .readdirSync(outDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(outDir, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"));

/** @param {string} file */
const contentHash = (file) => createHash("sha256").update(fs.readFileSync(file)).digest("hex").slice(0, 16);
