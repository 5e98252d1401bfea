/** What was painted by hand and is in no picture of the Gallery yet: it would be lost with the tab. */
import { signal } from "@preact/signals";

export const freshPaint = signal(false);
