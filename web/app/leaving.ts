/** What would be lost with the tab. Features name it; while there is any, the browser asks before the page is left. */
import type { ReadonlySignal } from "@preact/signals";
import { wiped } from "./wipe";

const losses: ReadonlySignal<boolean>[] = [];
let agreed = false;

/** Has the browser ask before the page is left while `lost` is true. */
export function askBeforeLeaving(lost: ReadonlySignal<boolean>): void {
  losses.push(lost);
}

export const wouldLose = () => !wiped.value && losses.some((lost) => lost.value);

/** The page has asked itself: the browser need not ask again. */
export function agreeToLeave(): void {
  agreed = true;
}

export function guardLeaving(): void {
  window.addEventListener("beforeunload", (event) => {
    if (!agreed && wouldLose()) event.preventDefault();
  });
}
