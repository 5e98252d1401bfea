/**
 * `node scripts/thumbnails.mjs`: makes the small pictures of the demo model's sample subjects, `web/public/samples/`,
 * with the Chromium that the tests use. They lie apart from the photos, beside which they would be taken for
 * photos. Needed only after a subject's first photo changed; the results are kept with the sources.
 */
import fs from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";
import { main, ROOT, say } from "./run.mjs";
import { chromium as findChromium } from "./test-machine.mjs";

const SUBJECTS = path.join(ROOT, "models", "demo", "subjects");
const FOLDER = path.join(ROOT, "web", "public", "samples");
/** Side in pixels, and quality as WebP: all thumbnails together are a third of one photo's size. */
const SIDE = 160;
const QUALITY = 0.88;

await main(async () => {
  /** @type {Record<string, { images: string[] }>} */
  const subjects = JSON.parse(fs.readFileSync(path.join(SUBJECTS, "subjects.json"), "utf8"));
  fs.mkdirSync(FOLDER, { recursive: true });
  const browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox"] });
  const page = await browser.newPage();
  for (const [name, { images }] of Object.entries(subjects)) {
    const photo = fs.readFileSync(path.join(SUBJECTS, images[0] ?? "")).toString("base64");
    const small = Buffer.from(await page.evaluate(shrink, { photo, side: SIDE, quality: QUALITY }), "base64");
    fs.writeFileSync(path.join(FOLDER, `${name}.webp`), small);
    say(`${name}.webp: ${(small.byteLength / 1000).toFixed(1)} kB`);
  }
  await browser.close();
});

/**
 * Makes a thumbnail; runs in the browser.
 * @param {{ photo: string, side: number, quality: number }} wanted
 */
async function shrink({ photo, side, quality }) {
  const bytes = Uint8Array.from(atob(photo), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, side, side);
  const blob = await canvas.convertToBlob({ type: "image/webp", quality });
  const small = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(small, (byte) => String.fromCharCode(byte)).join(""));
}
