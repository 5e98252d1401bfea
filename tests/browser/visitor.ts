/**
 * What a visitor holds: the two screens everything must work on. The tests of the studio run on a desktop;
 * `PALPABLE_VISITOR=phone npx vitest run --project browser` runs them on a phone, where every click is a touch.
 */
import type { BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";

export const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};

/** The one that a test runs on which serves both. */
export const VISITOR = process.env.PALPABLE_VISITOR === "phone" ? PHONE : DESKTOP;

const touched = new WeakSet<BrowserContext>();
let clicksAreTouches = false;

/** From now on `click` touches on this page's context. Playwright's own sends a mouse's events to phones too. */
export function touchInsteadOfClick(page: Page): void {
  touched.add(page.context());
  if (clicksAreTouches) return;
  clicksAreTouches = true;
  const locators: Locator = Object.getPrototypeOf(page.locator("html"));
  const { click } = locators;
  locators.click = function (options) {
    return touched.has(this.page().context()) ? this.tap(options) : click.call(this, options);
  };
}
