/**
 * One tab leads: it alone owns an engine, so that two engines don't compete for the GPU's memory. The lead is
 * a Web Lock; the browser gives it to the next tab in the queue when the leading tab closes.
 */
import { withLock } from "../engine/locks";

const LOCK = "palpable-engine";
/** Milliseconds to wait for the lock: a page that reloads may find its old lock still held for an instant. */
const GRACE = 500;

const forever = () => new Promise<never>(() => undefined);

let leading: Promise<void> | undefined;
let queue = new AbortController();
/** Whether an `onFree` is already waiting for the lead. */
let waiting = false;

/** Waits in the queue for the lead. `onLost` is called when another tab takes it. */
function inTurn(onLost: () => void): Promise<void> {
  leading ??= new Promise((granted) => {
    request({ signal: queue.signal }, granted, onLost);
  });
  return leading;
}

function request(options: LockOptions, granted: () => void, onLost: () => void): void {
  let held = false;
  const hold = () => {
    held = true;
    granted();
    return forever();
  };
  withLock(LOCK, options, hold).catch(() => {
    // A request that only left the queue never held the lock, so it lost nothing.
    if (!held) return;
    leading = undefined;
    onLost();
  });
}

/** True once this tab leads; false if another does: then `onFree` is called once, when that tab is gone. */
export async function takeLead(onFree: () => void, onLost: () => void): Promise<boolean> {
  const turn = inTurn(onLost);
  const leads = await Promise.race([
    turn.then(() => true),
    new Promise<false>((resolve) => setTimeout(() => resolve(false), GRACE)),
  ]);
  if (!leads && !waiting) {
    waiting = true;
    void turn.then(() => {
      waiting = false;
      onFree();
    });
  }
  return leads;
}

/** Takes the lead from the tab that has it. Ask `anyTabWorks` first: this breaks off that tab's work. */
export function stealLead(onLost: () => void): Promise<void> {
  queue.abort();
  queue = new AbortController();
  waiting = false;
  leading = new Promise((granted) => {
    request({ steal: true }, granted, onLost);
  });
  return leading;
}
