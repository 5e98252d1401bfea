/**
 * `node scripts/bench-dawn.mjs`: measures the browser's engine in Node, on Dawn (Chrome's WebGPU), without a
 * browser.
 *
 *   --tasks ops,unet,vae,text,step,palp   what to measure; all if left out
 *   --model sd15 | FOLDER                 Stable Diffusion 1.5's architecture with random weights, or a model's folder
 *   --shapes sd15 | demo | quick          set of operations that is measured
 *   --sizes 512,768  --batch 2  --rank 32  --precisions f32,f16  --filter TEXT
 *   --quick                               small shapes, few and short samples
 *   --matrix-units                        with Chromium's experimental matrix units, where the GPU has them
 *   --software                            on the SwiftShader that comes with Chromium
 *   --host                                on Dawn's null backend, which computes nothing: queueing time only
 *   --json FILE                           the report, as `palpable bench` writes it
 *
 * Needs the built engine (`node scripts/build-wasm.mjs`). Dawn comes as the npm package `webgpu`, which is
 * fetched once into the user's cache: with its 100 MB it shouldn't be a dependency for everybody.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { runnerImport } from "vite";
import { F16_ON_NVIDIA, ZEROED_BY_LOOP } from "./chromium-flags.mjs";
import { main, ROOT, run, Stop, say } from "./run.mjs";

const DAWN = "webgpu@0.6.2";
const ENGINE = path.join(ROOT, "web", "wasm", "palpable.js");

await main(async () => {
  const { values: options } = parseArgs({
    options: {
      tasks: { type: "string", default: "ops,unet,vae,text,step,palp" },
      model: { type: "string", default: "sd15" },
      shapes: { type: "string", default: "sd15" },
      sizes: { type: "string", default: "512" },
      batch: { type: "string", default: "2" },
      rank: { type: "string", default: "32" },
      precisions: { type: "string", default: "f32,f16" },
      filter: { type: "string", default: "" },
      quick: { type: "boolean", default: false },
      "matrix-units": { type: "boolean", default: false },
      software: { type: "boolean", default: false },
      host: { type: "boolean", default: false },
      json: { type: "string" },
    },
  });
  if (!fs.existsSync(ENGINE))
    throw new Stop("The engine isn't built: run node scripts/build-wasm.mjs first.");
  if (options.software) chooseSoftware();
  await offerWebGpu(await bringDawn(), options);
  const { requestUnlistedFeatures } = await workerModule("unlisted-features.ts");
  const { watchBuffers } = await workerModule("released-buffers.ts");
  const unlisted = requestUnlistedFeatures(navigator.gpu);
  const destroyReleased = watchBuffers(navigator.gpu);
  const { default: init, Engine } = await import(pathToFileURL(ENGINE).href);
  const { __wbindgen_externrefs: references } = await init({
    module_or_path: fs.readFileSync(ENGINE.replace(".js", "_bg.wasm")),
  });
  const engine = await Engine.open(unlisted, () => destroyReleased(references));
  // As the page does: kernels are tested and tiles chosen before anything is measured.
  if (!options.host) {
    await engine.start();
    const { test, tiles } = engine.device().firstStart;
    say(
      `seconds of the first start: ${test.toFixed(1)} for the test, ${tiles?.toFixed(1) ?? "none"} for tiles`,
    );
  }
  const sd15 = options.model === "sd15";
  if (!sd15) await engine.loadModel(folderSource(options.model), () => undefined);
  const bench = await engine.beginBench({
    sd15,
    tasks: options.tasks.split(","),
    shapes: options.quick ? "quick" : options.shapes,
    filter: options.filter,
    sizes: options.sizes.split(",").map(Number),
    batch: Number(options.batch),
    rank: Number(options.rank),
    precisions: options.precisions.split(","),
    quick: options.quick,
  });
  for (let now = bench.progress(); now.next !== null; now = bench.progress()) {
    say(`${now.done + 1} of ${now.total}: ${now.next}`);
    const before = bench.report().rows.length;
    await bench.step().catch((/** @type {Error} */ error) => console.error(error.message));
    const report = bench.report();
    for (const row of report.rows.slice(before)) console.log(lineOf(row));
    // Written after each step, so that the results outlive a run that is cut short.
    if (options.json) fs.writeFileSync(options.json, JSON.stringify(report, undefined, 1));
  }
  // Dawn's threads would otherwise keep the process alive.
  process.exit();
});

/** A part of the page's worker. @param {string} file */
async function workerModule(file) {
  const { module } = await runnerImport(path.join(ROOT, "web", "engine", "worker", file));
  return module;
}

/** @param {{ name: string, pass: string, precision: string, milliseconds: number, host: number, flops: number, ceilingShare: number | null }} row */
function lineOf({ name, pass, precision, milliseconds, host, flops, ceilingShare }) {
  const share = ceilingShare === null ? "" : `, ${(ceilingShare * 100).toFixed(0)} % of the ceiling`;
  const speed = `${Number((flops / milliseconds / 1e9).toPrecision(3))} TFLOP/s${share}`;
  return `  ${name}, ${pass}, ${precision}: ${milliseconds.toFixed(3)} ms (queued after ${host.toFixed(3)}), ${speed}`;
}

/** Dawn's package, fetched once for this machine. */
async function bringDawn() {
  const folder = path.join(os.homedir(), ".cache", "palpable", "tools", DAWN.replace("@", "-"));
  const entry = path.join(folder, "node_modules", "webgpu", "index.js");
  if (!fs.existsSync(entry)) {
    say(`${DAWN}, once for this machine`);
    fs.mkdirSync(folder, { recursive: true });
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    run(npm, [
      "install",
      "--prefix",
      folder,
      "--no-save",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      DAWN,
    ]);
  }
  return import(pathToFileURL(entry).href);
}

/**
 * Defines `navigator.gpu` and whatever else the engine expects of a page.
 * @param {any} dawn
 * @param {{ host: boolean, software: boolean, "matrix-units": boolean }} options
 */
async function offerWebGpu({ create, globals }, options) {
  const flags = [...(options.host ? ["backend=null"] : []), ...(options.software ? [ZEROED_BY_LOOP] : [])];
  const features = options["matrix-units"] ? ["allow_unsafe_apis"] : [];
  const open = () => create([...flags, `enable-dawn-features=${features.join(",")}`]);
  let gpu = open();
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    throw new Stop(
      "Dawn found no GPU. Install a Vulkan driver, or add --software to measure on SwiftShader.",
    );
  }
  if (adapter.info.vendor === "nvidia" && !adapter.features.has("shader-f16")) {
    features.push(F16_ON_NVIDIA);
    gpu = open();
  }
  say(`on ${adapter.info.description || adapter.info.architecture} through Dawn`);
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, "navigator", { value: { gpu, userAgent: `Node ${process.version}` } });
  // wgpu looks for the GPU on a window or a worker, so the global object must pass for a window.
  const Window = Object.defineProperty(() => undefined, Symbol.hasInstance, {
    value: (/** @type {unknown} */ object) => object === globalThis,
  });
  Object.defineProperty(globalThis, "Window", { value: Window });
}

/** Must be set before Dawn loads the Vulkan loader. */
function chooseSoftware() {
  const places = ["/usr/lib/chromium", "/usr/lib64/chromium-browser", "/opt/google/chrome"];
  const driver = places
    .map((place) => path.join(place, "vk_swiftshader_icd.json"))
    .find((file) => fs.existsSync(file));
  if (!driver)
    throw new Stop("No SwiftShader was found: install chromium, or set VK_ICD_FILENAMES yourself.");
  process.env.VK_ICD_FILENAMES = driver;
  delete process.env.VK_DRIVER_FILES;
}

/** Source that lets the engine read a model folder on disk. @param {string} folder */
function folderSource(folder) {
  const at = (/** @type {string} */ file) => path.join(folder, file);
  return {
    name: path.basename(path.resolve(folder)),
    length: async (/** @type {string} */ file) =>
      fs.existsSync(at(file)) ? fs.statSync(at(file)).size : undefined,
    read: async (/** @type {string} */ file, /** @type {number} */ start, /** @type {number} */ end) => {
      const blob = await fs.openAsBlob(at(file));
      return new Uint8Array(await blob.slice(start, end).arrayBuffer());
    },
  };
}
