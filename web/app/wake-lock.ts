/** Keeps a phone's screen on while work is under way, since browsers halt pages that nobody looks at. */
import { effect, type ReadonlySignal } from "@preact/signals";

/** Milliseconds after which work counts as long. */
const LONG = 5000;

export function keepScreenOn(working: ReadonlySignal<boolean>): void {
  let lock: Promise<WakeLockSentinel | undefined> | undefined;
  const take = () => {
    // The browser takes the lock back whenever the page is hidden, and refuses it on a low battery.
    lock = navigator.wakeLock?.request("screen").catch(() => undefined);
  };
  effect(() => {
    if (!working.value) return;
    const waiting = setTimeout(take, LONG);
    return () => {
      clearTimeout(waiting);
      void lock?.then((held) => held?.release());
      lock = undefined;
    };
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && lock) take();
  });
}
