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
    submitFrom(target);
    return;
  }
  if (!singleKeys.value || event.ctrlKey || event.metaKey || event.altKey || target.closest(TYPING)) return;
  const screen = SCREENS[Number(event.key) - 1];
  if (screen) goTo(screen);
  if (event.key === "?") helpOpen.value = true;
}

/**
 * Submits a field's form: from any of its fields, also from those in which Enter alone makes a new line, and from
 * those outside it whose group names it by `data-form`.
 */
function submitFrom(target: Element): void {
  const named = target.closest<HTMLElement>("[data-form]")?.dataset.form;
  const form = named === undefined ? target.closest("form") : document.getElementById(named);
  if (!(form instanceof HTMLFormElement)) return;
  // A number counts when its field is left.
  if (target instanceof HTMLInputElement) {
    target.blur();
    target.focus();
  }
  form.requestSubmit();
}

export function listenForShortcuts(): void {
  window.addEventListener("keydown", onKey);
}
