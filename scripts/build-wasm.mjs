/** Builds the engine for the browser into web/wasm/: cargo, a check of the linked module, wasm-bindgen. */
import fs from "node:fs";
import path from "node:path";
import { ask, hashFile, main, onceFor, run, Stop, say } from "./run.mjs";
import { bringWasmBindgen, bringWasmTarget } from "./tools.mjs";

export const WASM_TARGET = "wasm32-unknown-unknown";

export function buildWasm() {
  bringWasmTarget();
  const bindgen = bringWasmBindgen();
  say("engine for the browser (cargo)");
  run("cargo", ["build", "--quiet", "--profile", "wasm", "--lib", "--target", WASM_TARGET]);
  const module = path.join(targetFolder(), WASM_TARGET, "wasm", "palpable.wasm");
  onceFor({
    name: "wasm",
    inputs: `${hashFile(bindgen)} ${hashFile(module)}`,
    result: "web/wasm/palpable_bg.wasm",
    work() {
      checkConstructors(module);
      say("its JavaScript side (wasm-bindgen)");
      run(bindgen, [module, "web/wasm"]);
    },
  });
}

/** Cargo's target folder; honours CARGO_TARGET_DIR and cargo's configuration. */
function targetFolder() {
  const metadata = ask("cargo", ["metadata", "--no-deps", "--format-version", "1"]);
  if (!metadata) throw new Stop("cargo metadata failed.");
  return JSON.parse(metadata).target_directory;
}

/**
 * Checks that the linker made no wrappers. Without a reference to `__wasm_call_ctors` it wraps every export
 * in a `….command_export` that runs all constructors on each call, which takes 100 times as long as a GPU
 * operation. At this point the module still contains the names.
 * @param {string} module
 */
function checkConstructors(module) {
  if (fs.readFileSync(module).includes("command_export")) {
    throw new Stop(
      "The linked module runs its constructors on every call (it holds command_export symbols): " +
        "the start function must call __wasm_call_ctors.",
    );
  }
}

if (process.argv[1] === import.meta.filename) await main(buildWasm);
