/** The page around the engine: screens in both sizes, help, keys, the tour, and one tab that leads. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SCREENS } from "../../web/app/screens";
import { expectAccessible } from "./accessibility";
import { openPage, openStudio, type Studio, withoutEngine } from "./studio";
import { goTo, overflowsSideways, screenshot } from "./studio-steps";
import { DESKTOP, PHONE } from "./visitor";

let studio: Studio;

beforeAll(async () => {
  studio = await openStudio([]);
});

afterAll(() => studio.close());

test.each([
  ["desktop", DESKTOP],
  ["phone", PHONE],
])("every screen is accessible and fits: %s", async (size, options) => {
  const { page, close } = await openPage(studio, options, "personalize", withoutEngine, true);
  await page.getByText("5 photos").waitFor();
  await screenshot(page, `frame-${size}-tour`);
  await expectAccessible(page, "tour");
  // Who goes on without it is followed, and not told of another screen.
  await goTo(page, "gallery");
  await page.getByText("Tour, 4 of 4").waitFor();
  await goTo(page, "adapters");
  await page.locator("main h1").waitFor();
  expect(await page.getByText("Tour, ").count()).toBe(0);
  await goTo(page, "personalize");
  await page.getByText("Tour, 1 of 4").waitFor();
  for (const words of ["Next", "Next", "Previous", "Next", "Next", "Got it"]) {
    await page.getByRole("button", { name: words, exact: true }).click();
  }
  for (const screen of [...SCREENS, "about/licences", "generate/grid"]) {
    await goTo(page, screen);
    await page.locator("main h1").waitFor();
    if (screen === "about/licences") await page.getByText("burn-tensor").waitFor();
    await screenshot(page, `frame-${size}-${screen.replace("/", "-")}`);
    expect(await overflowsSideways(page), screen).toBe(false);
    await expectAccessible(page, screen);
    await setDirection(page, "rtl");
    expect(await overflowsSideways(page), `${screen} from right to left`).toBe(false);
    await setDirection(page, "ltr");
  }
  await page.reload();
  await page.locator("main h1").waitFor();
  expect(await page.getByText("Tour, 1 of 4").count()).toBe(0);
  await close();
});

/** As a language that is written from right to left would. */
const setDirection = (page: Page, direction: string) =>
  page.evaluate((direction) => {
    document.documentElement.dir = direction;
  }, direction);

test("in the dark and in German it is accessible too", async () => {
  const options = { ...PHONE, colorScheme: "dark", locale: "de-DE" } as const;
  const { page, close } = await openPage(studio, options, "personalize", withoutEngine, true);
  await page.getByText("5 Fotos").waitFor();
  await screenshot(page, "frame-phone-dark");
  await expectAccessible(page, "personalize");
  await goTo(page, "about");
  await screenshot(page, "frame-phone-dark-about");
  await expectAccessible(page, "about");
  for (const width of [360, 600, 780, 1024, 1100]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await overflowsSideways(page), `${width} pixels wide`).toBe(false);
  }
  await screenshot(page, "frame-dark-1100");
  await close();
});

test("on the smallest screens, with large letters and long words everything has room", async () => {
  const options = { ...PHONE, locale: "de-DE" };
  const { page, close } = await openPage(studio, options, "personalize", withoutEngine);
  const session = await page.context().newCDPSession(page);
  await page.getByLabel("Was ist es?").fill("Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen");
  for (const [width, letters] of [
    [320, 16],
    [390, 24],
  ] as const) {
    await page.setViewportSize({ width, height: 640 });
    await session.send("Page.setFontSizes", { fontSizes: { standard: letters } });
    for (const screen of [...SCREENS, "about/licences"]) {
      await goTo(page, screen);
      // With a long address, and a text as wide as its lines.
      if (screen === "about/licences") await page.locator("summary").first().click();
      const where = `${screen}, ${width} pixels wide, letters of ${letters}`;
      expect(await overflowsSideways(page), where).toBe(false);
      expect(await cutOff(page), where).toEqual([]);
    }
  }
  await close();
});

/** Buttons and links whose words are wider than they are, and boxes to tick that gave way to the words beside them. */
const cutOff = (page: Page) =>
  page.evaluate(() => {
    const cut = [...document.querySelectorAll("button, a")].filter(
      ({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth + 1,
    );
    const squeezed = [...document.querySelectorAll<HTMLElement>("[type=checkbox], .icon-button")].filter(
      ({ offsetWidth, offsetHeight }) => offsetWidth !== offsetHeight,
    );
    return [...cut, ...squeezed].map(({ outerHTML }) => outerHTML.slice(0, 200));
  });

test("in colours that the system forces on the page, what is chosen differs from the rest", async () => {
  const options = { ...DESKTOP, forcedColors: "active" } as const;
  const { page, close } = await openPage(studio, options, "personalize", withoutEngine);
  const background = (pressed: boolean) =>
    page
      .locator(`.sample[aria-pressed=${pressed}]`)
      .first()
      .evaluate((sample) => getComputedStyle(sample).backgroundColor);
  await page.getByText("5 photos").waitFor();
  expect(await background(true)).not.toBe(await background(false));
  await close();
});

test("fields keep to their limits, and say so", async () => {
  const { page, close } = await openPage(studio, DESKTOP, "generate", withoutEngine);
  const count = page.getByLabel("Pictures", { exact: true });
  const problem = page.getByRole("alert").filter({ hasText: "Only whole numbers from 1 to 32" });
  const wrong = () => count.getAttribute("aria-invalid");
  for (const [typed, then] of [
    ["99", "32"],
    ["2.5", "32"],
    ["-3", "1"],
  ] as const) {
    await count.fill("");
    await count.pressSequentially(typed);
    expect(await wrong()).toBe("true");
    expect(await problem.count()).toBe(0);
    await count.blur();
    await problem.waitFor();
    expect([await count.inputValue(), await wrong()]).toEqual([then, null]);
  }
  await count.fill("7");
  expect(await problem.count()).toBe(0);
  // What is longer is not kept.
  expect(await page.getByLabel("Prompt", { exact: true }).getAttribute("maxlength")).toBe("20000");
  await close();
});

test("what was typed is there again after a reload", async () => {
  const { page, close } = await openPage(studio, DESKTOP, "personalize", withoutEngine);
  await page.getByRole("button", { name: "Sample: mug" }).click();
  await page.getByRole("button", { name: "Add another wish" }).click();
  const labels = ["What do you want to see?", "Wish 2", "Its new word"];
  await page.getByRole("button", { name: "Teach another thing at the same time" }).click();
  const second = page.getByRole("region", { name: "The second thing" });
  await second.getByRole("button", { name: "Sample: chair" }).click();
  const words = second.getByRole("textbox");
  await words.first().fill("seat");
  const fields = [...labels.map((label) => page.getByLabel(label, { exact: true }).first()), words.nth(1)];
  for (const field of fields) await field.fill("<my-own>");
  await goTo(page, "generate");
  await page.getByLabel("Prompt", { exact: true }).fill("a cup");
  await page.reload();
  expect(await page.getByLabel("Prompt", { exact: true }).inputValue()).toBe("a cup");
  await goTo(page, "personalize");
  await page.locator("[aria-pressed=true]", { hasText: "mug" }).first().waitFor();
  await second.locator("[aria-pressed=true]", { hasText: "chair" }).waitFor();
  await second.getByText("5 photos").waitFor();
  for (const field of fields) expect(await field.inputValue()).toBe("<my-own>");
  expect(await words.first().inputValue()).toBe("seat");
  await close();
});

test("keys lead to screens and to the help, unless they are switched off", async () => {
  const { page, close } = await openPage(studio, DESKTOP, "personalize", withoutEngine);
  await page.locator("main h1").waitFor();
  await page.keyboard.press("3");
  await page.getByRole("heading", { name: "Gallery" }).waitFor();
  await page.getByRole("button", { name: "Skip to content" }).press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("content");
  await page.getByRole("heading", { name: "Gallery" }).waitFor();
  // Not where somebody types.
  await page.keyboard.press("2");
  await page.getByLabel("Prompt", { exact: true }).press("4");
  expect(await page.getByLabel("Prompt", { exact: true }).inputValue()).toBe("4");
  await page.getByRole("heading", { name: "Generate", level: 1 }).click();

  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Help" });
  await help.waitFor();
  await screenshot(page, "frame-desktop-help");
  await expectAccessible(page, "help");
  await help.getByLabel("Single keys act at once").uncheck();
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
  await page.keyboard.press("1");
  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Generate", level: 1 }).waitFor();
  expect(await help.count()).toBe(0);

  await page.getByRole("button", { name: "Help and keys" }).click();
  await help.getByRole("button", { name: "Show the tour" }).click();
  await page.getByText("Tour, 1 of 4").waitFor();
  await close();
});

test("an adapter from a link is fetched only after a clear question", async () => {
  const link = (address: string) => `adapters/from=${encodeURIComponent(address)}`;
  const { page, close } = await openPage(
    studio,
    PHONE,
    link("https://adapters.example/a/my-dog.safetensors"),
    withoutEngine,
  );
  const asked: string[] = [];
  page.context().on("request", (request) => asked.push(request.url()));
  await page.getByText("Fetch the adapter “my-dog.safetensors” from adapters.example?").waitFor();
  // There is no model to check it with.
  expect(await page.getByRole("button", { name: "Yes, fetch it" }).isDisabled()).toBe(true);
  await screenshot(page, "frame-phone-link");
  await expectAccessible(page, "link");
  await page.getByRole("button", { name: "No", exact: true }).click();
  await page.getByText("Fetch the adapter").waitFor({ state: "detached" });
  await goTo(page, link("javascript:alert(1)//x.safetensors"));
  await page.getByRole("alert").filter({ hasText: "Nothing was fetched." }).waitFor();
  expect(asked.filter((url) => !url.startsWith(studio.address))).toEqual([]);
  await close();
});

describe("two tabs", () => {
  test("one leads, the other says so, takes over when asked, and gives back", async () => {
    const { page: first, close } = await openPage(studio, DESKTOP, "about", (context) =>
      context.route("**/*.wasm", (route) => route.abort()),
    );
    const noEngine = first.getByText("offers no WebGPU").or(first.getByText("could not be fetched")).first();
    await noEngine.waitFor();
    const second = await first.context().newPage();
    await second.goto(`${studio.address}#/generate`);
    const elsewhere = "Palpable is open in another tab";
    await second.getByText(elsewhere).waitFor();
    await screenshot(second, "fault-other-tab");

    await first.evaluate(() => {
      navigator.locks.request("palpable-working", { mode: "shared" }, () => {
        return new Promise<void>((done) => addEventListener("work-done", () => done(), { once: true }));
      });
    });
    await second.getByRole("button", { name: "Use it in this tab" }).click();
    await second.getByText("The other tab is in the middle of work.").waitFor();
    expect(await first.getByText(elsewhere).count()).toBe(0);

    await first.evaluate(() => dispatchEvent(new Event("work-done")));
    await second.getByRole("button", { name: "Use it in this tab" }).click();
    await second.getByText(elsewhere).waitFor({ state: "detached" });
    await first.getByText(elsewhere).waitFor();

    await second.close();
    await first.getByText(elsewhere).waitFor({ state: "detached" });
    await noEngine.waitFor();
    await close();
  });
});
