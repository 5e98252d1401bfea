/**
 * Vite plugin: serves `models/` beside the page and, in each model folder, a `files.json` that lists the
 * files the engine reads, with sizes for the progress bar and a version that changes with any file's content.
 * A model's judge, in its folder's `clip/`, has its own list, since it is fetched only when pictures are
 * first scored.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const ROOT = "models";

/** Parts of a model folder that the engine reads to draw and train; its judge, sample subjects and papers stay out. */
const ENGINE_PARTS =
  /^(model_index\.json|(tokenizer|text_encoder|unet|vae|taesd|scheduler)\/.+\.(json|txt|safetensors))$/;

const JUDGE = "clip";
const JUDGE_PARTS = /^[\w-]+\.(json|safetensors)$/;

/** @returns {import("vite").Plugin} */
export function modelFolders() {
  let outDir = "dist";
  let serving = false;
  return {
    name: "palpable-model-folders",
    configResolved(config) {
      outDir = path.resolve(config.root, config.build.outDir);
      serving = config.command === "serve";
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const match = /^\/models\/([\w-]+)(\/clip)?\/files\.json$/.exec(request.url ?? "");
        if (!match?.[1] || (match[2] && !hasJudge(match[1]))) return next();
        response.setHeader("content-type", "application/json");
        response.end(match[2] ? judgeListing(match[1]) : modelListing(match[1]));
      });
    },
    closeBundle() {
      if (serving) return;
      for (const name of fs.readdirSync(ROOT)) {
        const target = path.join(outDir, ROOT, name);
        // A copy-on-write clone, on file systems that have them.
        fs.cpSync(path.join(ROOT, name), target, { recursive: true, mode: fs.constants.COPYFILE_FICLONE });
        fs.writeFileSync(path.join(target, "files.json"), modelListing(name));
        if (hasJudge(name)) fs.writeFileSync(path.join(target, JUDGE, "files.json"), judgeListing(name));
      }
    },
  };
}

/** @param {string} name */
const hasJudge = (name) => fs.existsSync(path.join(ROOT, name, JUDGE, "config.json"));

/** Content of `files.json`. @param {string} name @param {string} folder */
export const modelListing = (name, folder = path.join(ROOT, name)) => listing(name, folder, ENGINE_PARTS);

/** @param {string} name */
const judgeListing = (name) => listing(`${name}-judge`, path.join(ROOT, name, JUDGE), JUDGE_PARTS);

/**
 * @param {string} name
 * @param {string} folder
 * @param {RegExp} parts
 */
function listing(name, folder, parts) {
  const version = createHash("sha256");
  const files = fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.split(path.sep).join("/"))
    .filter((file) => parts.test(file))
    .sort()
    .map((file) => {
      const bytes = fs.readFileSync(path.join(folder, file));
      version.update(file).update(bytes);
      return { path: file, bytes: bytes.byteLength };
    });
  return JSON.stringify({ name, version: version.digest("hex").slice(0, 16), files });
}
