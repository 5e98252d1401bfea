/** Clears what was said of numbers that outgrow 16 bits, as soon as a model is loaded, which has other numbers. */
import type { Signal } from "@preact/signals";
import type { Fault } from "../../engine/fault";
import { whenModelIsChosen } from "./model";

export function endsWithModel(held: Signal<Fault | undefined>): void {
  whenModelIsChosen(async () => {
    if (held.value?.kind === "Overflow") held.value = undefined;
  });
}
