/** What a screen reader should hear although nothing has the focus: results and ends of long work. */
import { signal } from "@preact/signals";

export const announcement = signal("");

export function announce(text: string): void {
  announcement.value = text;
}
