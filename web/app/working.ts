/**
 * Whether a tab is in the middle of work for the engine. Other tabs see that by a Web Lock, which the browser
 * frees when the tab is gone. Actions that would break off work (an update, another tab taking the engine)
 * ask here first.
 */
import { effect } from "@preact/signals";
import { pendingCalls } from "../engine/client";
import { heldLocks, withLock } from "../engine/locks";

const LOCK = "palpable-working";

/** Holds the lock while this tab works; several tabs may hold it at once. */
export function tellOtherTabs(): void {
  let release: (() => void) | undefined;
  effect(() => {
    const working = pendingCalls.value > 0;
    if (working && !release) {
      const done = new Promise<void>((resolve) => {
        release = resolve;
      });
      void withLock(LOCK, { mode: "shared" }, () => done);
    }
    if (!working) {
      release?.();
      release = undefined;
    }
  });
}

export async function anyTabWorks(): Promise<boolean> {
  if (pendingCalls.value > 0) return true;
  return (await heldLocks()).has(LOCK);
}
