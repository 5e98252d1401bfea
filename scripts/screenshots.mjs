/**
 * Takes screenshots of every screen in use, on a desktop and on a phone, into artifacts/screens/, and puts
 * all of them on one sheet for the README, docs/screenshots/screens.webp. Draws and trains a little first,
 * with the demo model on the software GPU, or with `--gpu` on the machine's own, where the pictures may have
 * more steps.
 *
 *   node scripts/screenshots.mjs [--gpu] [--steps 12] [--training-steps 6]
 */
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { buildPage } from "./build-page.mjs";
import { GPU_FLAGS, WEBGPU_FLAGS } from "./chromium-flags.mjs";
import { ARTIFACTS, openHeadless } from "./headless.mjs";
import { main, ROOT, say } from "./run.mjs";

const PATIENCE = 3_600_000;
const SIZES = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
};
const SCREENS = ["personalize", "generate", "gallery", "adapters", "evaluate", "models", "about"];
const PROMPTS = [
  "a watercolor painting of a cat in the snow",
  "a photo of a dog at the beach",
  "pixel art of a car at night",
];
const FOLDER = path.join(ARTIFACTS, "screens");
const SHEET = path.join(ROOT, "docs/screenshots/screens.webp");
/** Height of each screenshot on the sheet, in pixels; the sheet must stay small enough for the repository. */
const HEIGHT = 400;
const GAP = 12;
const QUALITY = 0.5;

/** @typedef {import("playwright-core").Page} Page */

/** @param {Page} page @param {string} screen */
async function goTo(page, screen) {
  await page.evaluate((name) => {
    location.hash = `/${name}`;
  }, screen);
  await page.waitForTimeout(500);
  await page.locator("main h1").waitFor();
}

/** @param {Page} page @param {number} steps */
async function draw(page, steps) {
  await goTo(page, "generate");
  await page.getByText("More settings").click();
  await page.getByLabel("Steps", { exact: true }).fill(String(steps));
  const button = page.getByRole("button", { name: "Generate", exact: true });
  for (const prompt of PROMPTS) {
    await page.getByLabel("Prompt", { exact: true }).fill(prompt);
    await button.click();
    await page.getByRole("button", { name: "Cancel" }).waitFor();
    await button.waitFor();
  }
}

/** @param {Page} page @param {number} steps */
async function train(page, steps) {
  await goTo(page, "personalize");
  await page.getByText("5 photos").waitFor();
  await page.getByLabel("Preview", { exact: true }).selectOption("5");
  await page.getByLabel("Training steps").fill(String(steps));
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByRole("heading", { name: / is learned$/ }).waitFor();
  await page.getByRole("button", { name: "Compare with the untrained model" }).click();
  await page.locator(".before-after").waitFor();
  await shoot(page, "training");
  await page.getByRole("button", { name: "Train another" }).click();
}

/** Takes a screenshot in both sizes. @param {Page} page @param {string} name @returns {Promise<void>} */
async function shoot(page, name) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    await page.evaluate(() => scrollTo(0, 0));
    await page.waitForTimeout(500);
    await page.screenshot({ path: path.join(FOLDER, `${size}-${name}.png`) });
  }
  await page.setViewportSize(SIZES.desktop);
}

/**
 * Writes the sheet with all screenshots, as a WebP made by the browser.
 * @param {Page} page @param {string[]} names
 */
async function writeSheet(page, names) {
  const pictures = Object.keys(SIZES).map((size) =>
    names.map((name) => fs.readFileSync(path.join(FOLDER, `${size}-${name}.png`)).toString("base64")),
  );
  await page.goto("about:blank");
  const encoded = await page.evaluate(
    async ({ pictures, height, gap, quality }) => {
      const bitmaps = await Promise.all(
        pictures.map((row) =>
          Promise.all(
            row.map(async (base64) => {
              const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
              return createImageBitmap(new Blob([bytes], { type: "image/png" }));
            }),
          ),
        ),
      );
      // Two rows of desktops, then one of phones.
      const [desktops = [], phones = []] = bitmaps;
      const half = Math.ceil(desktops.length / 2);
      const rows = [desktops.slice(0, half), desktops.slice(half), phones];
      const widthOf = (/** @type {ImageBitmap} */ bitmap) =>
        Math.round((height * bitmap.width) / bitmap.height);
      const widths = rows.map((row) => row.reduce((sum, bitmap) => sum + widthOf(bitmap) + gap, gap));
      const canvas = new OffscreenCanvas(Math.max(...widths), rows.length * (height + gap) + gap);
      const context = canvas.getContext("2d");
      if (!context) throw new Error("no canvas");
      context.fillStyle = "#dfe5e1";
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.imageSmoothingQuality = "high";
      for (const [at, row] of rows.entries()) {
        let left = gap + (canvas.width - (widths[at] ?? 0)) / 2;
        for (const bitmap of row) {
          context.drawImage(bitmap, left, gap + at * (height + gap), widthOf(bitmap), height);
          left += widthOf(bitmap) + gap;
        }
      }
      const blob = await canvas.convertToBlob({ type: "image/webp", quality });
      const bytes = new Uint8Array(await blob.arrayBuffer());
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    },
    { pictures, height: HEIGHT, gap: GAP, quality: QUALITY },
  );
  fs.writeFileSync(SHEET, Buffer.from(encoded, "base64"));
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      gpu: { type: "boolean", default: false },
      steps: { type: "string", default: "12" },
      "training-steps": { type: "string", default: "6" },
    },
  });
  buildPage();
  fs.mkdirSync(FOLDER, { recursive: true });
  const flags = values.gpu ? GPU_FLAGS : WEBGPU_FLAGS;
  const studio = await openHeadless(flags);
  try {
    const context = await studio.browser.newContext({ viewport: SIZES.desktop, serviceWorkers: "block" });
    await context.addInitScript("localStorage.setItem('palpable-tour', 'seen')");
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.goto(`${studio.address}#/about`);
    await page.locator(".header .pill.good, .header .pill.slow").waitFor();
    say("draws");
    await draw(page, Number(values.steps));
    say("trains");
    await train(page, Number(values["training-steps"]));
    for (const screen of SCREENS) {
      await goTo(page, screen);
      await shoot(page, screen);
    }
    await writeSheet(page, ["training", ...SCREENS]);
    say(`${path.relative(ROOT, SHEET)}: ${(fs.statSync(SHEET).size / 1000).toFixed(1)} kB`);
  } finally {
    await studio.close();
  }
});
