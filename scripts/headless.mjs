/** Opens the built studio in a headless Chromium on the software GPU, for scripts and browser tests. */
import path from "node:path";
import { chromium } from "playwright-core";
import { preview } from "vite";
import { WEBGPU_FLAGS } from "./chromium-flags.mjs";
import { ROOT, Stop } from "./run.mjs";
import { chromium as findChromium } from "./test-machine.mjs";

const QUIET_FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Folder of results for people to look at. */
export const ARTIFACTS = path.join(ROOT, "artifacts");

/**
 * Serves dist/ and starts a browser.
 * @param {string[]} flags @param {import("vite").Plugin[]} plugins
 */
export async function openHeadless(flags = WEBGPU_FLAGS, plugins = []) {
  const server = await preview({
    root: ROOT,
    logLevel: "silent",
    preview: { port: 0, host: "localhost" },
    plugins,
  });
  const address = server.resolvedUrls?.local[0];
  if (!address) throw new Stop("The preview server has no address.");
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: [...QUIET_FLAGS, ...flags],
  });
  return {
    address,
    browser,
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}

/**
 * Runs a script in the engine's worker before the worker's own. `script` is called for each worker that
 * starts.
 * @param {import("playwright-core").BrowserContext} context @param {() => string} script
 */
export async function serveWorkerWith(context, script) {
  await context.route("**/assets/main-*.js", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `{${script()}}\n${await response.text()}` });
  });
}

/**
 * For the engine's worker: counts in `self.gpuBuffers` the bytes of GPU buffers that were made and not destroyed, now
 * and at most, as if none were ever collected.
 */
export const COUNT_GPU_BUFFERS = `
  self.gpuBuffers = { held: 0, most: 0 };
  const sizes = new WeakMap();
  const createBuffer = GPUDevice.prototype.createBuffer;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    sizes.set(buffer, descriptor.size);
    self.gpuBuffers.held += descriptor.size;
    self.gpuBuffers.most = Math.max(self.gpuBuffers.most, self.gpuBuffers.held);
    return buffer;
  };
  const destroy = GPUBuffer.prototype.destroy;
  GPUBuffer.prototype.destroy = function () {
    self.gpuBuffers.held -= sizes.get(this) ?? 0;
    sizes.delete(this);
    return destroy.call(this);
  };`;
