/** What a screen reader should hear although nothing has the focus: results and ends of long work. */
import { signal } from "@preact/signals";

export const announcement = signal("");

let pending: ReturnType<typeof setTimeout> | undefined;

export function announce(text: string): void {
  // Emptied first: the same words once more are news, too.
  announcement.value = "";
  clearTimeout(pending);
  pending = setTimeout(() => {
    announcement.value = text;
  }, 50);
}
