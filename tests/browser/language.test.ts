/** The page speaks the browser's language, or the one that was chosen. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage, openStudio, type Studio, withoutEngine } from "./studio";
import { goTo, screenshot } from "./studio-steps";
import { DESKTOP, PHONE } from "./visitor";

let studio: Studio;

beforeAll(async () => {
  studio = await openStudio([]);
});

afterAll(() => studio.close());

test("German for a German browser, until the visitor chooses English", async () => {
  const { page, close } = await openPage(studio, { ...PHONE, locale: "de-AT" }, "personalize", withoutEngine);
  await page.getByRole("heading", { name: "Bring ihm etwas von dir bei" }).waitFor();
  const language = () => page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]);
  expect(await language()).toEqual(["de", "ltr"]);
  await page.getByText("5 Fotos").waitFor();
  await screenshot(page, "german-personalize");
  await goTo(page, "gallery");
  await page.getByText("Hier ist noch nichts").waitFor();
  await goTo(page, "about");
  await page.getByLabel("Sprache der Seite").selectOption("English");
  await page.getByRole("heading", { name: "This device" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "This device" }).waitFor();
  expect(await language()).toEqual(["en", "ltr"]);
  await close();
});

test("one's own photos are not lost by a change of it, unless the visitor agrees", async () => {
  const { page, close } = await openPage(studio, DESKTOP, "personalize", withoutEngine);
  await page.getByText("5 photos").waitFor();
  await page.locator(".photo-picker input[type=file]").setInputFiles("web/public/icons/icon-192.png");
  await page.getByText("1 photo", { exact: true }).waitFor();
  await goTo(page, "about");
  const language = page.getByLabel("Language of the page");
  await language.selectOption("Deutsch");
  const question = page.getByRole("group", { name: "What isn't kept" });
  await question.getByRole("button", { name: "Keep it" }).click();
  expect(await language.inputValue()).toBe("en");
  await language.selectOption("Deutsch");
  // The browser need not ask once more.
  page.on("dialog", () => expect.unreachable());
  await question.getByRole("button", { name: "Yes, change it" }).click();
  await page.getByLabel("Sprache der Seite").waitFor();
  await close();
});

test("English for a browser whose languages there are not", async () => {
  const { page, close } = await openPage(studio, { ...DESKTOP, locale: "fr-FR" }, "about", withoutEngine);
  await page.getByRole("heading", { name: "This device" }).waitFor();
  await close();
});
