/**
 * Vite plugin: serves `models/` beside the page and, in each model folder, a `files.json` that lists what the
 * engine reads, with sizes for the progress bar and a version that changes with any file's content.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const ROOT = "models";

/** Parts of a model folder that the engine reads in the browser; judges, sample subjects and papers stay out. */
const ENGINE_PARTS =
  /^(model_index\.json|(tokenizer|text_encoder|unet|vae|taesd|scheduler)\/.+\.(json|txt|safetensors))$/;

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
        const match = /^\/models\/([\w-]+)\/files\.json$/.exec(request.url ?? "");
        if (!match?.[1]) return next();
        response.setHeader("content-type", "application/json");
        response.end(listing(match[1]));
      });
    },
    closeBundle() {
      if (serving) return;
      for (const name of fs.readdirSync(ROOT)) {
        const target = path.join(outDir, ROOT, name);
        // A copy-on-write clone where the file system has them.
        fs.cpSync(path.join(ROOT, name), target, { recursive: true, mode: fs.constants.COPYFILE_FICLONE });
        fs.writeFileSync(path.join(target, "files.json"), listing(name));
      }
    },
  };
}

/** @param {string} name */
function listing(name) {
  const folder = path.join(ROOT, name);
  const version = createHash("sha256");
  const files = fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.split(path.sep).join("/"))
    .filter((file) => ENGINE_PARTS.test(file))
    .sort()
    .map((file) => {
      const bytes = fs.readFileSync(path.join(folder, file));
      version.update(file).update(bytes);
      return { path: file, bytes: bytes.byteLength };
    });
  return JSON.stringify({ name, version: version.digest("hex").slice(0, 16), files });
}
