/**
 * What the visitor typed, kept as long as the tab: over a reload, another language, a new version, and where a phone
 * ends a page in the background. It goes with the tab.
 */
import { effect, type Signal, signal } from "@preact/signals";

const keyOf = (name: string) => `palpable-${name}`;

/** `undefined` if there is nothing that can be read. */
export function tabMemory(name: string): unknown {
  try {
    return JSON.parse(sessionStorage.getItem(keyOf(name)) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

/** Writes the value down now and whenever it changes. */
export function keepInTab(name: string, value: () => unknown): void {
  effect(() => {
    const text = JSON.stringify(value());
    try {
      sessionStorage.setItem(keyOf(name), text);
    } catch {
      // Where the browser forbids it, or there is too much, it lasts as long as the page.
    }
  });
}

/** A text that is kept so. */
export function typed(name: string): Signal<string> {
  const kept = tabMemory(name);
  const text = signal(typeof kept === "string" ? kept : "");
  keepInTab(name, () => text.value);
  return text;
}
