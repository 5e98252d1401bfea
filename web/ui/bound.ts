/** A field that shows a signal and sets it: read while its component is drawn, so that this one follows the signal. */
import type { Signal } from "@preact/signals";

export const bound = <T>(signal: Signal<T>) => ({
  value: signal.value,
  onValue: (value: T) => {
    signal.value = value;
  },
});
