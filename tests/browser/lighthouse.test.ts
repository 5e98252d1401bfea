/**
 * The first screen by Lighthouse, on a phone and on a desktop, without a graphics card and so without the engine. What
 * no machine's speed changes is held; the performance score and its parts go into the log and judge nothing.
 */
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ARTIFACTS } from "../../scripts/headless.mjs";
import { bringLighthouse } from "../../scripts/tools.mjs";
import { openStudio, type Studio } from "./studio";

/** Of layout, as Lighthouse sums it; 0.1 is what it calls good. */
const MAX_SHIFT = 0.05;
/** As transferred: the shell, the samples' thumbnails, the photos of the chosen one and what a training needs of the page. */
const MAX_BYTES = 750_000;

/** What is used of Lighthouse, which lies in a folder of its own. */
interface Lighthouse {
  default(address: string, flags: object, config?: object): Promise<{ lhr: Report; report: string }>;
  desktopConfig: object;
}

interface Report {
  categories: Record<string, { score: number; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<string, Audit>;
}

interface Audit {
  title: string;
  /** `null` where it does not apply. */
  score: number | null;
  numericValue?: number;
  displayValue?: string;
  details?: { items: Record<string, unknown>[] };
}

let studio: Studio;
let port: number;
let lighthouse: Lighthouse;

beforeAll(async () => {
  lighthouse = await import(pathToFileURL(bringLighthouse()).href);
  port = await freePort();
  studio = await openStudio(["--disable-gpu", `--remote-debugging-port=${port}`]);
});

afterAll(() => studio.close());

test.each(["phone", "desktop"])("the first screen: %s", async (device) => {
  const { lhr, report } = await lighthouse.default(
    studio.address,
    {
      port,
      output: "html",
      logLevel: "error",
      onlyCategories: ["performance", "accessibility", "best-practices"],
      // It loads the page a second time, for advice that no category counts.
      skipAudits: ["bf-cache"],
      disableFullPageScreenshot: true,
    },
    device === "desktop" ? lighthouse.desktopConfig : undefined,
  );
  fs.mkdirSync(ARTIFACTS, { recursive: true });
  fs.writeFileSync(path.join(ARTIFACTS, `lighthouse-${device}.html`), report);
  const { beforePaint, all } = fetched(lhr);
  console.log(`${device}: ${measured(lhr)}, ${beforePaint} bytes before that paint, ${all} in all`);
  for (const category of ["accessibility", "best-practices"]) {
    expect(failed(lhr, category), category).toEqual([]);
    expect(lhr.categories[category]?.score, category).toBe(1);
  }
  expect(lhr.audits["cumulative-layout-shift"]?.numericValue).toBeLessThanOrEqual(MAX_SHIFT);
  expect(all).toBeLessThanOrEqual(MAX_BYTES);
});

/** The score and what it is made of, as a sentence. */
function measured({ categories, audits }: Report): string {
  const { score = 0, auditRefs = [] } = categories.performance ?? {};
  const parts = auditRefs
    .filter(({ weight }) => weight > 0)
    .map(({ id }) => `${audits[id]?.title} ${audits[id]?.displayValue}`);
  return `performance ${Math.round(100 * score)}, ${parts.join(", ")}`;
}

/** What a category counts and finds wrong, in words. */
const failed = ({ categories, audits }: Report, category: string) =>
  (categories[category]?.auditRefs ?? [])
    .filter(({ id, weight }) => weight > 0 && (audits[id]?.score ?? 1) < 1)
    .map(({ id }) => `${id}: ${audits[id]?.title} ${JSON.stringify(audits[id]?.details?.items)}`);

/** Bytes as transferred: what had come before the largest paint, which Lighthouse's phone waits for, and all there was. */
function fetched({ audits }: Report): { beforePaint: number; all: number } {
  const [{ observedLargestContentfulPaint } = {}] = audits.metrics?.details?.items ?? [];
  const requests = (audits["network-requests"]?.details?.items ?? []).map(
    ({ networkEndTime, transferSize }) => [Number(networkEndTime), Number(transferSize)] as const,
  );
  const sum = (until: number) =>
    requests.reduce((sum, [ended, bytes]) => (ended < until ? sum + bytes : sum), 0);
  return { beforePaint: sum(Number(observedLargestContentfulPaint)), all: sum(Number.POSITIVE_INFINITY) };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().on("error", reject);
    server.listen(0, "localhost", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
