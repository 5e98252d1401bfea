/**
 * Steps are recorded and repeated in a browser: their launches ask the page for nothing but themselves. That they give
 * the same pictures and adapters is what every other file checks against the native program's.
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { beforeTheWorker, openQuickPage } from "./studio";
import { drawn, goTo, setUpLeastTraining, untilLearned, waitForModel } from "./studio-steps";

/** What the worker's launches took since it was asked last. */
interface Launches {
  dispatches: number;
  bindGroups: number;
}

const CHANNEL = "launches";

const COUNTING = `
  let launches = { dispatches: 0, bindGroups: 0 };
  const { dispatchWorkgroups } = GPUComputePassEncoder.prototype;
  GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...counts) {
    launches.dispatches++;
    return dispatchWorkgroups.apply(this, counts);
  };
  const { createBindGroup } = GPUDevice.prototype;
  GPUDevice.prototype.createBindGroup = function (descriptor) {
    launches.bindGroups++;
    return createBindGroup.call(this, descriptor);
  };
  const channel = new BroadcastChannel("${CHANNEL}");
  channel.onmessage = ({ data }) => {
    if (data === "ask") channel.postMessage(launches);
    launches = { dispatches: 0, bindGroups: 0 };
  };`;

const launchesOf = (page: Page): Promise<Launches> =>
  page.evaluate(
    (name) =>
      new Promise((resolve) => {
        const channel = new BroadcastChannel(name);
        channel.onmessage = ({ data }) => {
          channel.close();
          resolve(data);
        };
        channel.postMessage("ask");
      }),
    CHANNEL,
  );

/** The first step is computed as it is, the second too and recorded besides: bind groups of three, launches of eight. */
const STEPS = 8;

let page: Page;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ page, close } = await openQuickPage("personalize", (context) => beforeTheWorker(context, COUNTING)));
  await waitForModel(page);
});

afterAll(() => close());

test("a training's steps are repeated", async () => {
  await setUpLeastTraining(page, STEPS);
  await launchesOf(page);
  await page.getByRole("button", { name: "Start training" }).click();
  await untilLearned(page);
  const { dispatches, bindGroups } = await launchesOf(page);
  console.info(`training: ${dispatches} launches, ${bindGroups} bind groups`);
  expect(dispatches).toBeGreaterThan(1.5 * bindGroups);
});

test("a picture's steps are repeated", async () => {
  await goTo(page, "generate");
  await page.getByLabel("Prompt", { exact: true }).fill("a photo of a dog");
  await page.getByText("More settings").click();
  await page.getByLabel("Steps", { exact: true }).fill(String(STEPS));
  await launchesOf(page);
  await drawn(page);
  const { dispatches, bindGroups } = await launchesOf(page);
  console.info(`picture: ${dispatches} launches, ${bindGroups} bind groups`);
  expect(dispatches).toBeGreaterThan(1.5 * bindGroups);
});
