/**
 * `node scripts/icons.mjs`: makes the PNG icons of the web app manifest from `web/public/icons/icon.svg`, with the
 * Chromium that the tests use. Needed only after the drawing changed; the results are kept with the sources.
 */
import fs from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";
import { main, ROOT, say } from "./run.mjs";
import { chromium as findChromium } from "./test-machine.mjs";

const FOLDER = path.join(ROOT, "web", "public", "icons");
const PAPER = "#f3f5f2";

/**
 * `share`: how much of the side the drawing fills. A maskable icon may be cut to any shape around its middle
 * 80 %; iOS rounds the corners of its icon.
 */
const ICONS = [
  { name: "icon-192.png", side: 192, share: 1, paper: "transparent" },
  { name: "icon-512.png", side: 512, share: 1, paper: "transparent" },
  { name: "maskable-512.png", side: 512, share: 0.62, paper: PAPER },
  { name: "apple-touch-icon.png", side: 180, share: 0.76, paper: PAPER },
];

await main(async () => {
  const drawing = fs.readFileSync(path.join(FOLDER, "icon.svg"), "utf8");
  const browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox"] });
  for (const { name, side, share, paper } of ICONS) {
    const page = await browser.newPage({ viewport: { width: side, height: side } });
    await page.setContent(
      `<style>html{background:${paper}}body{margin:0;display:grid;place-items:center;height:100vh}
       svg{width:${share * 100}vw;height:${share * 100}vw}</style>${drawing}`,
    );
    await page.screenshot({ path: path.join(FOLDER, name), omitBackground: true });
    await page.close();
    say(name);
  }
  await browser.close();
});
