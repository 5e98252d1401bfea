/**
 * Undo of removals. For some seconds the page alone still holds what was removed; the next removal lets go of
 * the previous one.
 */
import { signal } from "@preact/signals";
import { announce } from "./announce";

export interface Removal {
  /** What happened: "1 picture deleted." */
  sentence: string;
  bringBack(): Promise<void> | void;
  /** Called once it can no longer be undone. */
  letGo?(): void;
}

export const UNDO_SECONDS = 10;

/** The removal that Undo would take back. */
export const undoable = signal<Removal | undefined>(undefined);

let timer: ReturnType<typeof setTimeout> | undefined;

export function offerUndo(removal: Removal): void {
  letGo();
  undoable.value = removal;
  startTimer();
  announce(removal.sentence);
}

export async function undo(): Promise<void> {
  const removal = undoable.value;
  clearTimeout(timer);
  undoable.value = undefined;
  await removal?.bringBack();
}

/** Withdraws the offer, for removals that no longer have a place to come back to. */
export function withdrawUndo(removal: Removal | undefined): void {
  if (removal && undoable.value === removal) letGo();
}

/** Stops the time while somebody is at the button. */
export function holdTimer(): void {
  clearTimeout(timer);
}

export function startTimer(): void {
  clearTimeout(timer);
  timer = setTimeout(letGo, UNDO_SECONDS * 1000);
}

function letGo(): void {
  clearTimeout(timer);
  undoable.value?.letGo?.();
  undoable.value = undefined;
}
