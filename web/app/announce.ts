/** Announcements to screen readers, wherever the focus is: results, and the end of long work. */
import { signal } from "@preact/signals";

export const announcement = signal("");

let pending: ReturnType<typeof setTimeout> | undefined;

export function announce(text: string): void {
  // Emptied first, so that the same words are read out again.
  announcement.value = "";
  clearTimeout(pending);
  pending = setTimeout(() => {
    announcement.value = text;
  }, 50);
}
