/** Which screen shows, kept in the address so that Back and bookmarks work. */
import { signal } from "@preact/signals";

export const SCREENS = ["personalize", "generate", "adapters", "about"] as const;
export type Screen = (typeof SCREENS)[number];

/** What shows: a screen, or the bench, which no link leads to but `?bench` in the address. */
export type Shown = Screen | "bench";

const FIRST: Shown = new URLSearchParams(location.search).has("bench") ? "bench" : "personalize";

const fromAddress = (): Shown => SCREENS.find((screen) => location.hash === `#/${screen}`) ?? FIRST;

export const screen = signal<Shown>(fromAddress());

window.addEventListener("hashchange", () => {
  screen.value = fromAddress();
});

export const addressOf = (target: Screen) => `#/${target}`;

export function goTo(target: Screen): void {
  location.hash = `/${target}`;
}
