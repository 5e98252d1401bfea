/**
 * Props of a field that shows and sets a signal. Call it while a component renders: the component then
 * follows the signal.
 */
import type { Signal } from "@preact/signals";

export const bound = <T>(signal: Signal<T>) => ({
  value: signal.value,
  onValue: (value: T) => {
    signal.value = value;
  },
});
