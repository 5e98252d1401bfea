/**
 * A GPU that goes away, as at a driver's reset, runs out of memory, or takes the whole worker with it: wherever that
 * happens, one sentence, an engine that starts afresh, and nothing lost but the work under way.
 */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveWorkerWith } from "../../scripts/headless.mjs";
import { openQuickPage, PATIENCE } from "./studio";
import {
  drawInOneStep,
  goTo,
  screenshot,
  setUpLeastTraining,
  untilLearned,
  waitForModel,
} from "./studio-steps";

/** When, by what the engine reports (its callbacks' parameters), and how it ends. */
interface Fate {
  when: string;
  end: keyof typeof ENDS;
}

/** Of the engine's `device`. */
const ENDS = {
  lost: "device.destroy()",
  outOfMemory: `device.dispatchEvent(
    new GPUUncapturedErrorEvent("uncapturederror", { error: new GPUOutOfMemoryError("as asked for by a test") }),
  )`,
  killed: "self.close()",
};

const LOADING = "first?.phase === 'upload'";
const SAMPLING = "first === 1 && second === 2";
const DECODING = "first === 2 && second === 2";
const TRAINING = "first?.step === 6";

let page: Page;
let close: () => Promise<void>;
/** Of the engine that starts next. */
let fate: Fate | undefined = { when: LOADING, end: "outOfMemory" };

beforeAll(async () => {
  ({ page, close } = await openQuickPage("generate", withFate));
});

afterAll(() => close());

test.each([
  ["out of memory", "The GPU is out of memory.", { when: LOADING, end: "killed" }],
  ["the whole worker killed", "The engine stopped unexpectedly.", { when: LOADING, end: "lost" }],
  ["lost", "The GPU was lost", { when: SAMPLING, end: "lost" }],
] satisfies [string, string, Fate][])("while the model moves to it: %s", async (_, sentence, next) => {
  await told(sentence);
  await restart(next);
});

test.each([
  ["lost while it draws", "The GPU was lost", { when: DECODING, end: "lost" }],
  ["lost while it decodes", "The GPU was lost", { when: DECODING, end: "outOfMemory" }],
  ["out of memory while it decodes", "The GPU is out of memory.", { when: TRAINING, end: "lost" }],
] satisfies [string, string, Fate][])("%s", async (_, sentence, next) => {
  await waitForModel(page);
  await page.getByLabel("Prompt", { exact: true }).fill("a photo of a dog");
  const steps = page.getByLabel("Steps", { exact: true });
  if (!(await steps.isVisible())) await page.getByText("More settings").click();
  await steps.fill("2");
  await page.getByRole("button", { name: "Generate", exact: true }).click();
  await told(sentence);
  await restart(next);
  // What was asked for is still there.
  expect(await page.getByLabel("Prompt", { exact: true }).inputValue()).toBe("a photo of a dog");
});

test.each([
  ["lost", "The GPU was lost", { when: TRAINING, end: "outOfMemory" }, "<my-dog>"],
  ["out of memory", "The GPU is out of memory.", undefined, "<my-dog-2>"],
] satisfies [string, string, Fate | undefined, string][])(
  "%s in the middle of a training: what was learned so far is kept",
  async (_, sentence, next, word) => {
    await waitForModel(page);
    await goTo(page, "personalize");
    if (word === "<my-dog>") await setUpLeastTraining(page, 40);
    else await page.getByRole("button", { name: "Train another" }).click();
    await page.getByRole("button", { name: "Start training" }).click();
    // The first state is saved at step 5.
    await page.getByText("The training broke off").waitFor({ timeout: PATIENCE });
    await told(sentence);
    await screenshot(page, "fault-in-training");
    fate = next;
    await page.getByRole("button", { name: "Keep the state of step 5" }).click();
    await untilLearned(page);
    await goTo(page, "adapters");
    expect(await page.locator(".adapter .word").allTextContents()).toContain(word);
    // The engine is whole again: it draws with what was kept.
    await drawInOneStep(page, `a photo of ${word}`);
  },
);

/** Another fault than the one that was arranged fails at once, by its own sentence. */
async function told(sentence: string): Promise<void> {
  const faults = page.getByRole("alert").filter({ hasText: /GPU|engine/ });
  await faults.first().waitFor({ timeout: PATIENCE });
  expect((await faults.allInnerTexts()).join("\n")).toContain(sentence);
}

/** By the button beside the sentence. */
async function restart(next: Fate): Promise<void> {
  fate = next;
  const button = page.getByRole("button", { name: "Start the engine afresh" });
  await button.click();
  // The header shows the engine that was until the page is drawn anew.
  await button.waitFor({ state: "detached" });
}

/** Watches what the engine's worker tells the page, and ends the device at the moment that is its fate. */
function withFate(context: BrowserContext): Promise<void> {
  return serveWorkerWith(
    context,
    () => `
    const request = GPUAdapter.prototype.requestDevice;
    const tell = MessagePort.prototype.postMessage;
    GPUAdapter.prototype.requestDevice = async function (...parameters) {
      const device = await request.apply(this, parameters);
      MessagePort.prototype.postMessage = function (message, ...others) {
        const [first, second] = message?.argumentList?.map(({ value }) => value) ?? [];
        if (${fate?.when ?? "false"}) ${fate ? ENDS[fate.end] : "undefined"};
        return tell.call(this, message, ...others);
      };
      return device;
    };`,
  );
}
