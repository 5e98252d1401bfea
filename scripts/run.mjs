/** Runs programs, and remembers a result's inputs. Uses only Node's own modules: it runs before `npm ci`. */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

export const ROOT = path.resolve(import.meta.dirname, "..");

/** Prints one short line about what happens now. @param {string} line */
export const say = (line) => console.log(`· ${line}`);

/** A failure whose message is all the user needs. */
export class Stop extends Error {}

/** Runs to the end with output shown; stops everything on failure. @param {string} program @param {string[]} parameters */
export function run(program, parameters, environment = process.env) {
  const { status, error } = spawnSync(program, parameters, { cwd: ROOT, stdio: "inherit", env: environment });
  if (error) throw new Stop(`${program} could not be started: ${error.message}`);
  if (status !== 0) throw new Stop(`${[program, ...parameters].join(" ")} failed (exit code ${status}).`);
}

/**
 * A program's standard output; `undefined` if it is missing or fails.
 * @param {string} program @param {string[]} parameters
 */
export function ask(program, parameters) {
  const options = /** @type {const} */ ({ cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 28 });
  const { status, stdout } = spawnSync(program, parameters, options);
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * Runs to the end with output going to a file, for checks whose output matters only when they fail.
 * @param {string} program @param {string[]} parameters @param {string} logFile @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export function runLogged(program, parameters, logFile, environment = process.env) {
  fs.mkdirSync(path.dirname(logFile), { recursive: true });
  return new Promise((resolve) => {
    const child = spawn(program, parameters, { cwd: ROOT, env: environment });
    let output = "";
    const take = (/** @type {Buffer} */ chunk) => {
      output += chunk;
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => {
      output += error.message;
    });
    child.on("close", (code) => {
      fs.writeFileSync(logFile, output);
      resolve({ ok: code === 0, output });
    });
  });
}

const STAMPS = path.join(ROOT, "node_modules", ".cache", "palpable");

/**
 * Does the work unless it was already done from the same inputs and its result is still there.
 * @param {{ name: string, inputs: string, result: string, work: () => void }} step
 */
export function onceFor({ name, inputs, result, work }) {
  const stamp = path.join(STAMPS, `${name}.stamp`);
  const same = fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === inputs;
  if (same && fs.existsSync(path.join(ROOT, result))) return;
  work();
  fs.mkdirSync(STAMPS, { recursive: true });
  fs.writeFileSync(stamp, inputs);
}

/** @param {string} file */
export const hashFile = (file) => createHash("sha256").update(fs.readFileSync(file)).digest("hex");

/**
 * Hash of path, size and time of every file below the places: cheap, and changes with any edit.
 * @param {string[]} places
 */
export function fingerprint(places) {
  const hash = createHash("sha256");
  for (const place of places) {
    for (const file of filesBelow(path.join(ROOT, place))) {
      const { size, mtimeMs } = fs.statSync(file);
      hash.update(`${file} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest("hex");
}

/** @param {string} place @returns {string[]} */
export function filesBelow(place) {
  if (!fs.existsSync(place)) return [];
  if (fs.statSync(place).isFile()) return [place];
  return fs
    .readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/**
 * Runs a script's main function; a `Stop`, or an option that it doesn't have, ends it with one sentence. `--help` shows
 * the script's first comment instead.
 * @param {() => Promise<void> | void} script
 */
export async function main(script) {
  try {
    if (process.argv.includes("--help")) console.log(firstComment(process.argv[1] ?? ""));
    else await script();
  } catch (error) {
    if (!(error instanceof Stop || isOfOptions(error))) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** Whether `parseArgs` threw it. @param {unknown} error @returns {error is Error} */
const isOfOptions = (error) =>
  error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_");

/** @param {string} file */
function firstComment(file) {
  const [, comment = ""] = fs.readFileSync(file, "utf8").match(/\/\*\*(.*?)\*\//s) ?? [];
  return comment.replace(/^ \* ?/gm, "").trim();
}
