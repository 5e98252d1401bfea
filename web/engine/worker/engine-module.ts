/** Starts the wasm engine, telling apart a browser that forbids WebAssembly from a file that didn't arrive. */
import type { Engine, EngineModule } from "../contract/engine";
import { faultError } from "../fault";
import { evenOutDevices } from "./device-events";
import { compileOnRequest } from "./pipelines";
import { watchBuffers } from "./released-buffers";
import { doWithoutTimestampQueries } from "./timestamp-queries";
import { requestUnlistedFeatures } from "./unlisted-features";

/** The smallest module there is: magic number and version. */
const EMPTY_MODULE = new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);

/**
 * The object that is changed below, held as long as the worker lives: Safari lets go of what no script refers to, and
 * gives the engine's GPU library a new one without the changes (as of `mediaCapabilities` in WebKit/WebKit#65807).
 */
const { gpu } = navigator;

export async function openEngine(): Promise<Engine> {
  if (!gpu) {
    throw faultError("NoWebGpu", "This browser offers no WebGPU, which Palpable computes with.");
  }
  if (!(await wasmAllowed())) {
    throw faultError("WasmBlocked", "This browser doesn't allow WebAssembly, which Palpable's engine is.");
  }
  evenOutDevices(gpu);
  doWithoutTimestampQueries(gpu);
  compileOnRequest(gpu);
  const unlisted = requestUnlistedFeatures(gpu);
  const destroyReleased = watchBuffers(gpu);
  const { Engine, references } = await startModule();
  return Engine.open(unlisted, () => destroyReleased(references));
}

async function wasmAllowed(): Promise<boolean> {
  try {
    await WebAssembly.compile(EMPTY_MODULE);
    return true;
  } catch {
    return false;
  }
}

async function startModule() {
  try {
    const module = (await import("../../wasm/palpable.js")) as unknown as EngineModule;
    const { __wbindgen_externrefs: references } = await module.default();
    return { Engine: module.Engine, references };
  } catch {
    throw faultError(
      "Network",
      "The engine's file could not be fetched. Check the connection and try again.",
    );
  }
}
