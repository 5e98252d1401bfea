/** Which screen shows, kept in the address so that Back and bookmarks work. */
import { signal } from "@preact/signals";

export const SCREENS = ["personalize", "generate", "adapters", "about"] as const;
export type Screen = (typeof SCREENS)[number];

const fromAddress = (): Screen => SCREENS.find((screen) => location.hash === `#/${screen}`) ?? "personalize";

export const screen = signal<Screen>(fromAddress());

window.addEventListener("hashchange", () => {
  screen.value = fromAddress();
});

export const addressOf = (target: Screen) => `#/${target}`;

export function goTo(target: Screen): void {
  location.hash = `/${target}`;
}
