/**
 * Keys that work on every screen. Single keys can be switched off (WCAG 2.1.4), since speech input and
 * shaking hands press them unintentionally. The keys of a single screen or control are handled in its own
 * file.
 */
import { signal } from "@preact/signals";
import { remember, remembered } from "./choices";
import { goTo } from "./navigation";
import { SCREENS } from "./screens";

export const helpOpen = signal(false);
export const singleKeys = signal(remembered("single-keys") !== "off");

export function chooseSingleKeys(on: boolean): void {
  singleKeys.value = on;
  remember("single-keys", on ? "on" : "off");
}

const TYPING = "input:not([type=checkbox], [type=range]), textarea, select, [contenteditable]";

function onKey(event: KeyboardEvent): void {
  const target = event.target instanceof Element ? event.target : document.body;
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    // From any field of a form, also from those in which Enter alone makes a new line.
    target.closest("form")?.requestSubmit();
    return;
  }
  if (!singleKeys.value || event.ctrlKey || event.metaKey || event.altKey || target.closest(TYPING)) return;
  const screen = SCREENS[Number(event.key) - 1];
  if (screen) goTo(screen);
  if (event.key === "?") helpOpen.value = true;
}

export function listenForShortcuts(): void {
  window.addEventListener("keydown", onKey);
}
