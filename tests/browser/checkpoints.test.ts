/**
 * A tab killed in the middle of a training, after jumps of the clock, and its latest state damaged: the next visit goes on
 * from the one before, to the same adapter. Its photos were to be kept, so they are there too, go out only where that is
 * asked for, and are gone when they are deleted.
 */
import type { Page, Route } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible } from "./accessibility";
import { storedKeys } from "./gallery-steps";
import { beforeTheWorker, openPage, openQuickStudio, PATIENCE, type Studio } from "./studio";
import { downloaded, goTo, screenshot, setUpLeastTraining, untilLearned, waitForModel } from "./studio-steps";
import { VISITOR } from "./visitor";
import { filesIn } from "./zip";

const STEPS = 4;
const KEPT = 2;

/** In the worker each state is saved a year before the one that it follows. */
const CLOCK_GOES_BACK = `
  const now = Date.now;
  let years = 0;
  Date.now = () => now() - 31_536_000_000 * years++;
`;

let studio: Studio;

beforeAll(async () => {
  studio = await openQuickStudio();
});

afterAll(() => studio.close());

test("killed and continued, a training ends in the adapter of one that was left alone, bit for bit", async () => {
  const { page, close } = await openPage(studio, VISITOR, "personalize", (context) =>
    beforeTheWorker(context, CLOCK_GOES_BACK),
  );
  await setUp(page);
  await page.getByRole("button", { name: "Start training" }).click();
  const whole = await trainedFile(page);
  await goTo(page, "adapters");
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Yes, remove" }).click();
  await page.getByText("Nothing here yet").waitFor();

  // The same again, and the tab is gone with its worker as soon as a state is kept.
  await goTo(page, "personalize");
  await page.getByRole("button", { name: "Back to the settings" }).click();
  expect(await keptPhotos(page)).toEqual([]);
  await page.getByLabel("Keep the photos with the adapter").check();
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByText(`Kept in this browser up to step ${KEPT}`).waitFor({ timeout: PATIENCE });
  const context = page.context();
  await page.close({ runBeforeUnload: false });

  const next = await context.newPage();
  await next.goto(`${studio.address}licences.json`);
  await next.evaluate(damageLatestState);
  await next.goto(`${studio.address}#/personalize`);
  // Of the state before; one or two more may have been kept before the tab was gone.
  const offer = next.getByRole("heading", {
    name: /^Continue the training of <my-dog> \(step [123] of 4\)$/,
  });
  await offer.waitFor();
  await screenshot(next, "unfinished-training");
  await waitForModel(next);
  await next.getByRole("button", { name: "Continue", exact: true }).click();
  const continued = await trainedFile(next);
  expect(continued.equals(whole)).toBe(true);
  const log = await downloaded(next, () => next.getByRole("button", { name: "Save the log" }).click());
  expect(log.bytes.toString().trim().split("\n")).toHaveLength(STEPS);

  // Nothing of the run is left, and the adapter is there at the next visit.
  await next.reload();
  await waitForModel(next);
  await next.getByText("5 photos").waitFor();
  expect(await offer.count()).toBe(0);
  await goTo(next, "adapters");
  await next.locator(".adapter .word", { hasText: "<my-dog>" }).waitFor();

  await next.getByText("Its photo is kept with it").waitFor();
  await next.getByText("Name, licence and form of the export").click();
  await next.getByLabel("For", { exact: true }).selectOption("project");
  expect((await exportedProject(next)).photos).toEqual([]);
  await next.getByLabel("With its photo").check();
  const { file, photos } = await exportedProject(next);
  const [photo, ...others] = photos;
  expect(others).toEqual([]);
  // A JPEG without EXIF (APP1) or comment.
  expect([...(photo?.subarray(0, 3) ?? [])]).toEqual([0xff, 0xd8, 0xff]);
  expect(segments(photo)).not.toContain(0xe1);
  expect(segments(photo)).not.toContain(0xfe);
  await screenshot(next, "kept-photos");
  await expectAccessible(next, "an adapter with photos");

  await next.getByRole("button", { name: "Train again with its photo" }).click();
  await next.getByText("1 photo", { exact: true }).waitFor();
  await next.getByRole("button", { name: "Remove dog 1" }).waitFor();
  await goTo(next, "adapters");
  expect((await keptPhotos(next)).length).toBe(1);
  await next.getByRole("button", { name: "Delete its photo" }).click();
  await next.getByText("Its photo is kept with it").waitFor({ state: "detached" });
  expect(await keptPhotos(next)).toEqual([]);
  await next.getByRole("button", { name: "Undo" }).click();
  expect((await keptPhotos(next)).length).toBe(1);
  await next.getByRole("button", { name: "Delete its photo" }).click();
  await next.getByText("Its photo is kept with it").waitFor({ state: "detached" });
  expect(await keptPhotos(next)).toEqual([]);

  // The project brings it back to whoever imports it.
  await next.getByRole("button", { name: "Remove", exact: true }).click();
  await next.getByRole("button", { name: "Yes, remove" }).click();
  await next.getByText("Nothing here yet").waitFor();
  const name = "from-a-friend.palpable.zip";
  await next.getByLabel("Choose files").setInputFiles({ name, mimeType: "application/zip", buffer: file });
  await next.getByText("Its photo is kept with it").waitFor();
  expect((await keptPhotos(next)).length).toBe(1);
  await close();
});

test("another tab leaves alone photos that are to be kept", async () => {
  let ask: (request: Route) => void = () => {};
  const judge = new Promise<Route>((resolve) => (ask = resolve));
  const { page, close } = await openPage(studio, VISITOR, "personalize", (context) =>
    context.route("**/models/demo/clip/*.safetensors", ask),
  );
  await waitForModel(page);
  await setUpLeastTraining(page, 1);
  await page.getByLabel("Watch the quality").check();
  await page.getByLabel("Keep the photos with the adapter").check();
  await page.getByRole("button", { name: "Start training" }).click();
  const request = await judge;
  const other = await page.context().newPage();
  await other.goto(`${studio.address}#/personalize`);
  await other.getByText("Palpable is open in another tab").waitFor();
  await other.getByText("5 photos").waitFor();
  expect((await keptPhotos(page)).length).toBe(1);
  await request.abort();
  await close();
});

/** Of a project, by the button of the export's form. */
async function exportedProject(page: Page): Promise<{ file: Buffer; photos: Buffer[] }> {
  const project = await downloaded(page, () =>
    page.getByRole("button", { name: "Export in this form" }).click(),
  );
  expect(project.name).toBe("my-dog.palpable.zip");
  const files = filesIn(project.bytes);
  const manifest = JSON.parse(files.find(({ name }) => name === "palpable.json")?.bytes.toString() ?? "");
  expect(manifest.settings).toMatchObject({ placeholder: "<my-dog>", steps: STEPS });
  const photos = files.filter(({ name }) => name.startsWith("photos/")).map(({ bytes }) => bytes);
  return { file: project.bytes, photos };
}

/** The second bytes of a JPEG's markers up to its pixels. */
function segments(jpeg: Buffer = Buffer.alloc(0)): number[] {
  const kinds: number[] = [];
  for (let at = 2; jpeg[at] === 0xff && jpeg[at + 1] !== 0xda; at += 2 + jpeg.readUInt16BE(at + 2)) {
    kinds.push(jpeg[at + 1] ?? 0);
  }
  return kinds;
}

/** Read past the page's own code: under which keys photos lie. */
const keptPhotos = (page: Page) => storedKeys(page, "palpable-adapters", ["photos"]);

/** A state after each step. */
async function setUp(page: Page): Promise<void> {
  await waitForModel(page);
  await setUpLeastTraining(page, STEPS);
  await page.getByText("prompt alignment will never act").waitFor();
  await page.getByLabel("Steps between saved states").fill("1");
}

/** One byte in the middle of the file that was written last. */
async function damageLatestState(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  const trainings = await root.getDirectoryHandle("unfinished-trainings");
  const files: { handle: FileSystemFileHandle; file: File }[] = [];
  for await (const training of trainings.values()) {
    for await (const handle of (training as FileSystemDirectoryHandle).values()) {
      const file = await (handle as FileSystemFileHandle).getFile();
      files.push({ handle: handle as FileSystemFileHandle, file });
    }
  }
  const [latest] = files.sort((one, other) => other.file.lastModified - one.file.lastModified);
  if (files.length !== 2 || !latest) throw new Error(`${files.length} states`);
  const middle = Math.floor(latest.file.size / 2);
  const byte = new Uint8Array(await latest.file.slice(middle, middle + 1).arrayBuffer());
  const writable = await latest.handle.createWritable({ keepExistingData: true });
  await writable.write({ type: "write", position: middle, data: byte.map((value) => value ^ 1) });
  await writable.close();
}

async function trainedFile(page: Page): Promise<Buffer> {
  await untilLearned(page);
  return (await downloaded(page, () => page.getByRole("button", { name: "Export" }).click())).bytes;
}
