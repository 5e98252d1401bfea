/**
 * Makes many training steps and pictures in one tab, to see whether memory grows: the GPU's, the engine's
 * (wasm), and the JavaScript heaps of page and worker. Not part of `npm test`: on a software GPU it takes the
 * better part of an hour.
 *
 *   node scripts/soak.mjs [--steps 2000] [--pictures 200] [--rounds 10] [--model FOLDER]
 *
 * Each round trains, keeps the adapter, removes it, and draws; the first round warms up. Without a folder, it
 * uses a tiny model with random weights. Fails if one of the four memories, or the GPU's peak within a round, grows
 * from the second round to the last.
 */
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { buildPage } from "./build-page.mjs";
import { WEBGPU_FLAGS } from "./chromium-flags.mjs";
import { ARTIFACTS, COUNT_GPU_BUFFERS, openHeadless, serveWorkerWith } from "./headless.mjs";
import { main, Stop, say } from "./run.mjs";
import { writeTinyModel } from "./tiny-model.mjs";

const PATIENCE = 3_600_000;
const MEGABYTE = 1e6;
/** Growth that counts as flat: a share, plus megabytes for memory that comes and goes. */
const TOLERANCE = { share: 0.05, megabytes: 2 };
/** Most steps of a training: the end of the page's slider. */
const MAX_STEPS = 400;

/** Counts GPU buffers and finds the engine's memory. */
const MEASURE_IN_WORKER = `${COUNT_GPU_BUFFERS}
  let memory;
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const instantiate = WebAssembly[name];
    WebAssembly[name] = async function (...parameters) {
      const result = await instantiate.apply(this, parameters);
      memory = (result.instance ?? result).exports.memory;
      return result;
    };
  }
  self.measure = () => {
    gc();
    const { held, most } = self.gpuBuffers;
    self.gpuBuffers.most = held;
    return { gpu: held, gpuPeak: most, wasm: memory?.buffer.byteLength ?? 0 };
  };`;

/**
 * Bytes at a round's end; `gpuPeak` is the most within the round.
 * @typedef {{ gpu: number, gpuPeak: number, wasm: number, worker: number, page: number }} Memory
 */

/** @param {{ steps: number, pictures: number, rounds: number, model: string }} plan */
async function soak({ steps, pictures, rounds, model }) {
  const studio = await openHeadless([
    ...WEBGPU_FLAGS,
    "--enable-precise-memory-info",
    "--js-flags=--expose-gc",
  ]);
  try {
    const context = await studio.browser.newContext({
      viewport: { width: 1280, height: 800 },
      serviceWorkers: "block",
    });
    await context.addInitScript("localStorage.setItem('palpable-tour', 'seen')");
    await serveWorkerWith(context, () => MEASURE_IN_WORKER);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.goto(`${studio.address}#/models`);
    await ready(page);
    const workerHeap = await openWorkerHeap(page);
    await page.getByLabel("Choose a folder").setInputFiles(model);
    const offer = page.getByRole("region", { name: path.basename(model) });
    await offer.getByRole("button", { name: "Use", exact: true }).click();
    await page.locator(".verdict", { hasText: path.basename(model) }).waitFor();
    await ready(page);
    await prepare(page);
    const start = performance.now();
    /** @type {Memory[]} */
    const seen = [];
    for (let round = 1; round <= rounds; round++) {
      await train(page, Math.round(steps / rounds));
      await draw(page, Math.round(pictures / rounds));
      const memory = await measure(page, workerHeap);
      seen.push(memory);
      const minutes = ((performance.now() - start) / 60_000).toFixed(1);
      say(`round ${round} of ${rounds} after ${minutes} min: ${describe(memory)}`);
    }
    return seen;
  } finally {
    await studio.close();
  }
}

/** @param {import("playwright-core").Page} page */
const ready = (page) => page.locator(".header .pill.good, .header .pill.slow").waitFor();

/** @param {import("playwright-core").Page} page @param {string} screen */
async function goTo(page, screen) {
  await page.evaluate((name) => {
    location.hash = `/${name}`;
  }, screen);
  await page.waitForTimeout(300);
  await page.locator("main h1").waitFor();
}

/**
 * Sets up trainings with as little work per step as possible, but with everything that a training does.
 * @param {import("playwright-core").Page} page
 */
async function prepare(page) {
  await goTo(page, "personalize");
  await page.getByText("5 photos").waitFor();
  await page.getByLabel("Preview", { exact: true }).selectOption("50");
  await page.getByLabel("Steps a preview").fill("2");
  await page.getByText("Advanced settings").click();
  await page.getByLabel("Framings of a photo").fill("1");
  await page.getByLabel("Batch").fill("1");
  await goTo(page, "generate");
  await page.getByLabel("Prompt", { exact: true }).fill("a photo of a dog");
  await page.getByText("More settings").click();
  await page.getByLabel("Steps", { exact: true }).fill("2");
}

/** Trains and removes what was learned. @param {import("playwright-core").Page} page @param {number} steps */
async function train(page, steps) {
  await goTo(page, "personalize");
  await page.getByLabel("Training steps").fill(String(steps));
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByRole("heading", { name: / is learned$/ }).waitFor();
  await goTo(page, "adapters");
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Yes, remove" }).click();
  await page.getByText("Nothing here yet").waitFor();
  await goTo(page, "personalize");
  await page.getByRole("button", { name: "Back to the settings" }).click();
  await page.getByRole("button", { name: "Start training" }).waitFor();
}

/** @param {import("playwright-core").Page} page @param {number} pictures */
async function draw(page, pictures) {
  await goTo(page, "generate");
  const button = page.getByRole("button", { name: "Generate", exact: true });
  for (let picture = 0; picture < pictures; picture++) {
    await button.click();
    await page.getByRole("button", { name: "Cancel" }).waitFor();
    await button.waitFor();
  }
}

/**
 * Asks the browser for the JavaScript heap of the engine's worker, which a worker itself can't see.
 * @param {import("playwright-core").Page} page @returns {Promise<() => Promise<number>>}
 */
async function openWorkerHeap(page) {
  const session = await page.context().newCDPSession(page);
  /** @type {Promise<string>} */
  const attached = new Promise((resolve) => {
    session.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
      if (targetInfo.type === "worker" && /\/main-[^/]*\.js$/.test(targetInfo.url)) resolve(sessionId);
    });
  });
  await session.send("Target.setAutoAttach", {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });
  const sessionId = await attached;
  return () =>
    new Promise((resolve) => {
      session.once("Target.receivedMessageFromTarget", ({ message }) =>
        resolve(JSON.parse(message).result.usedSize),
      );
      const message = JSON.stringify({ id: 1, method: "Runtime.getHeapUsage" });
      void session.send("Target.sendMessageToTarget", { sessionId, message });
    });
}

/**
 * @param {import("playwright-core").Page} page @param {() => Promise<number>} workerHeap
 * @returns {Promise<Memory>}
 */
async function measure(page, workerHeap) {
  const worker = page.workers().find((one) => /\/main-[^/]*\.js$/.test(one.url()));
  if (!worker) throw new Stop("The engine's worker is gone.");
  const inWorker = await worker.evaluate(() => /** @type {any} */ (self).measure());
  const inPage = await page.evaluate(() => {
    const { gc, performance } = /** @type {any} */ (window);
    gc();
    return performance.memory.usedJSHeapSize;
  });
  return { ...inWorker, worker: await workerHeap(), page: inPage };
}

const NAMES = {
  gpu: "GPU buffers",
  gpuPeak: "at most",
  wasm: "wasm memory",
  worker: "worker's JS",
  page: "page's JS",
};
const KINDS = /** @type {(keyof Memory)[]} */ (Object.keys(NAMES));

/** @param {Memory} memory */
const describe = (memory) =>
  KINDS.map((kind) => `${NAMES[kind]} ${(memory[kind] / MEGABYTE).toFixed(1)} MB`).join(", ");

/** Kinds of memory that grew after the warm-up, of three rounds or more. @param {Memory[]} seen */
function grown(seen) {
  const [second, last] = /** @type {[Memory, Memory]} */ ([seen[1], seen.at(-1)]);
  return KINDS.filter(
    (kind) => last[kind] > second[kind] * (1 + TOLERANCE.share) + TOLERANCE.megabytes * MEGABYTE,
  );
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      steps: { type: "string", default: "2000" },
      pictures: { type: "string", default: "200" },
      rounds: { type: "string", default: "10" },
      model: { type: "string" },
    },
  });
  const [steps, pictures, rounds] = [values.steps, values.pictures, values.rounds].map(Number);
  if (!steps || !pictures || !rounds || rounds < 3 || steps / rounds > MAX_STEPS) {
    throw new Stop(
      `Steps, pictures and rounds are numbers, with three rounds at least and ${MAX_STEPS} steps a round at most.`,
    );
  }
  buildPage();
  const model = values.model ?? path.join(ARTIFACTS, "tiny-model");
  if (!values.model) writeTinyModel(model);
  const seen = await soak({ steps, pictures, rounds, model });
  fs.writeFileSync(path.join(ARTIFACTS, "soak.json"), JSON.stringify({ steps, pictures, rounds, seen }));
  const names = grown(seen).map((kind) => NAMES[kind]);
  if (names.length > 0) throw new Stop(`Grew after the warm-up: ${names.join(", ")}.`);
  say("Flat after the warm-up.");
});
