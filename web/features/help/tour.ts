/**
 * State of the first visit's tour: four steps over the screens, shown until it was seen or skipped once. It follows who
 * goes on without it.
 */
import { effect, signal } from "@preact/signals";
import { remember, remembered } from "../../app/choices";
import { goTo, screen } from "../../app/navigation";
import type { Screen } from "../../app/screens";
import { busy } from "../personalize/run";

/** Screen that each step describes; the steps' words are in `text.tour`. */
export const STOPS = ["personalize", "personalize", "generate", "gallery"] as const satisfies Screen[];

/** Index of the current step; `undefined` without a tour. */
export const stop = signal<number | undefined>(remembered("tour") ? undefined : 0);

effect(() => {
  const reached = STOPS.find((described) => described === screen.value);
  const at = stop.peek();
  if (reached && at !== undefined && STOPS[at] !== reached) stop.value = STOPS.indexOf(reached);
});
// The second step is about a training.
effect(() => {
  if (busy.value && stop.peek() === 0) stop.value = 1;
});

export function goToStop(at: number): void {
  const screen = STOPS[at];
  if (!screen) {
    endTour();
    return;
  }
  stop.value = at;
  goTo(screen);
}

export function endTour(): void {
  stop.value = undefined;
  remember("tour", "seen");
}
