/**
 * What the visitor typed, kept as long as the tab: over a reload, another language, a new version, and where a phone
 * ends a page in the background.
 */
import { effect, type Signal, signal } from "@preact/signals";

/** `initial` counts at first, and where nothing of its kind is kept. */
export function typed<T>(name: string, initial: T): Signal<T> {
  const key = `palpable-${name}`;
  const value = signal(initial);
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "");
    if (typeof kept === typeof initial && Array.isArray(kept) === Array.isArray(initial)) value.value = kept;
  } catch {
    // Nothing is kept.
  }
  effect(() => {
    const text = JSON.stringify(value.value);
    try {
      sessionStorage.setItem(key, text);
    } catch {
      // Where the browser forbids it, it lasts as long as the page.
    }
  });
  return value;
}
