/**
 * Adapters as other programs write them, dropped on the page: alone, together by their strengths, and switched off again,
 * they draw what the native program draws with the same files.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DIALECTS, type Dialect, TWO_WORDS } from "./adapter-dialects";
import { writeFormulaModel } from "./formula-models";
import { expectGolden, likenessTo } from "./native-pictures";
import { tensorsIn } from "./safetensors-file";
import { openQuickPage } from "./studio";
import { downloaded, dropFile, goTo, middleOf, shownPixels, useFolder, waitForModel } from "./studio-steps";
import { filesIn } from "./zip";

/** How the page calls those with a word of their own, which is also what a prompt calls them. */
const WORDS: Partial<Record<Dialect, string>> = {
  "one-trainer": "<bundled>",
  "a1111-style": "<a1111-style>",
};
const NAMES = Object.keys(DIALECTS) as Dialect[];

/** In dB to the picture without an adapter; the same picture is above 60. */
const ACTS = 40;

let folder: string;
/** What the model draws alone, before any adapter was there. */
let plain: string;
let page: Page;
let close: () => Promise<void>;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "palpable-"));
  writeFormulaModel("adapted", path.join(folder, "adapted"));
  for (const name of NAMES) fs.writeFileSync(fileOf(name), DIALECTS[name]);
  ({ page, close } = await openQuickPage("models"));
  await waitForModel(page);
  await useFolder(page, path.join(folder, "adapted"));
  await expectGolden(page, path.join(folder, "adapted"), "adapter-none");
  plain = await shownPixels(page);
});

afterAll(async () => {
  await close();
  fs.rmSync(folder, { recursive: true });
});

test.each(NAMES)("%s, dropped, acts as in the native program", async (name) => {
  await goTo(page, "adapters");
  await dropFile(page, fileOf(name), await middleOf(page.locator(".drop-zone")));
  await page.locator(".adapter .word", { hasText: calledOnPage(name) }).waitFor();
  await act({ [name]: 1 });
  const word = WORDS[name];
  await expectDrawn(`adapter-${name}`, { [name]: 1 }, word && `a photo of a dog in ${word}`);
  expect(await likenessTo(page, "adapter-none")).toBeLessThan(ACTS);
});

test("one of a model with other layers is refused with a sentence", async () => {
  await goTo(page, "adapters");
  const there = await page.locator(".adapter").count();
  const file = path.resolve("tests/goldens/adapters_kohya.safetensors");
  await dropFile(page, file, await middleOf(page.locator(".drop-zone")));
  await page.getByRole("alert").filter({ hasText: "was made for another model" }).waitFor();
  expect(await page.locator(".adapter").count()).toBe(there);
  await page.getByRole("button", { name: "Dismiss" }).click();
});

test("of several files each is imported that can be and isn't here yet; of the others it is said why", async () => {
  await goTo(page, "adapters");
  const there = await page.locator(".adapter").count();
  const refused = path.resolve("tests/goldens/adapters_kohya.safetensors");
  await page.getByLabel("Choose files").setInputFiles([refused, fileOf("peft")]);
  const said = page.getByRole("alert").filter({ hasText: "was made for another model" });
  await said.getByText("peft is here already, so it was not imported again.").waitFor();
  expect(await page.locator(".adapter").count()).toBe(there);
  await said.getByRole("button", { name: "Dismiss" }).click();
  await said.waitFor({ state: "detached" });
});

test("several act together, each by its strength", async () => {
  const strengths = { peft: 0.5, "sd-scripts": 1.25, "a1111-style": 1, diffusers: 0.25 };
  await act(strengths);
  await expectDrawn("adapters-together", strengths, "a photo of a dog in <a1111-style>");
});

test("switched off, they leave the model as it was, bit for bit", async () => {
  await act({});
  await expectDrawn("adapter-none", {});
  expect(await shownPixels(page)).toBe(plain);
});

test("of two words each is exported, as the file that other programs call it by", async () => {
  await goTo(page, "adapters");
  const file = path.join(folder, "two-words.safetensors");
  fs.writeFileSync(file, TWO_WORDS);
  await dropFile(page, file, await middleOf(page.locator(".drop-zone")));
  const button = page.getByRole("button", { name: "Export the words alone" });
  const { name, bytes } = await downloaded(page, () => button.click());
  expect(name).toMatch(/^[\w-]+\.words\.zip$/);
  const files = filesIn(bytes);
  expect(files.map((each) => each.name).sort()).toEqual(["blue-cat.safetensors", "red-dog.safetensors"]);
  for (const { bytes } of files)
    expect(tensorsIn(bytes).map((tensor) => tensor.name)).toEqual(["emb_params"]);
});

const fileOf = (name: Dialect) => path.join(folder, `${name}.safetensors`);

const calledOnPage = (name: Dialect) => new RegExp(`^${WORDS[name] ?? name}$`);

type Strengths = Partial<Record<Dialect, number>>;

/** Of those in the page, these and no others. */
async function act(strengths: Strengths): Promise<void> {
  await goTo(page, "generate");
  for (const name of NAMES) {
    const row = page
      .locator(".adapter-row")
      .filter({ has: page.locator(".word", { hasText: calledOnPage(name) }) });
    if ((await row.count()) === 0) continue;
    const strength = strengths[name];
    await row.getByRole("checkbox").setChecked(strength !== undefined);
    if (strength !== undefined) await row.getByRole("slider").fill(String(strength));
  }
}

async function expectDrawn(golden: string, strengths: Strengths, prompt = "a photo of a dog"): Promise<void> {
  const adapters = Object.entries(strengths).map(
    ([name, strength]) => [fileOf(name as Dialect), strength] as const,
  );
  await expectGolden(page, path.join(folder, "adapted"), golden, { prompt, adapters });
}
