/** Which screen shows, and which item on it; kept in the address, so that Back and bookmarks work. */
import { batch, signal } from "@preact/signals";
import { SCREENS, type Screen } from "./screens";

/** What shows: a screen, or the bench, to which no link leads, only `?bench` in the address. */
export type Shown = Screen | "bench";

const FIRST: Shown = new URLSearchParams(location.search).has("bench") ? "bench" : "personalize";

/** Reads the address: `#/gallery/4f0c…` names the screen and the id of the picture on it. */
function fromAddress(): { screen: Shown; subject: string | undefined } {
  const [, name, subject] = location.hash.split("/");
  return {
    screen: SCREENS.find((screen) => screen === name) ?? FIRST,
    subject: subject || undefined,
  };
}

const start = fromAddress();
export const screen = signal<Shown>(start.screen);
export const subject = signal(start.subject);

window.addEventListener("hashchange", () => {
  const now = fromAddress();
  batch(() => {
    screen.value = now.screen;
    subject.value = now.subject;
  });
});

export const addressOf = (target: Screen, subject?: string) => `#/${target}${subject ? `/${subject}` : ""}`;

export function goTo(target: Screen, subject?: string): void {
  location.hash = addressOf(target, subject);
}
