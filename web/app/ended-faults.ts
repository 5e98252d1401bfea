/** Clears faults that a fresh engine makes good, as soon as one is open. */
import type { Signal } from "@preact/signals";
import { type Fault, needsFreshEngine } from "../engine/fault";
import { whenEngineOpens } from "./studio";

export function endsWithEngine(held: Signal<Fault | undefined>): void {
  whenEngineOpens(async () => {
    if (held.value && needsFreshEngine(held.value)) held.value = undefined;
  });
}
