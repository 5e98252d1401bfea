/** What would be lost with the tab. Features name it; while there is any, the browser asks before the page is left. */
import type { ReadonlySignal } from "@preact/signals";
import { wiped } from "./wipe";

const losses: ReadonlySignal<boolean>[] = [];

/** Has the browser ask before the page is left while `lost` is true. */
export function askBeforeLeaving(lost: ReadonlySignal<boolean>): void {
  losses.push(lost);
}

export function guardLeaving(): void {
  window.addEventListener("beforeunload", (event) => {
    if (!wiped.value && losses.some((lost) => lost.value)) event.preventDefault();
  });
}
