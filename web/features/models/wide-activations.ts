/** Whether models compute with 32-bit numbers though the GPU has 16-bit ones; said once, for later visits too. */
import { signal } from "@preact/signals";
import { remember, remembered } from "../../app/choices";
import { device, engine } from "../../app/studio";
import type { ModelPlan } from "../../engine/model-choice";

export const wideActivations = signal(remembered("wide-activations") === "on");

/** The engine applies it to models that it loads from then on. */
export async function setWideActivations(wide: boolean): Promise<void> {
  wideActivations.value = wide;
  remember("wide-activations", wide ? "on" : "off");
  // An engine that opens later is told then. An engine that has ended reports that when it is asked for work.
  if (device.value.state === "ready") await tellWideActivations().catch(() => undefined);
}

export const tellWideActivations = () => engine().setWideActivations(wideActivations.value);

/** Whether a model in that precision would be loaded in another one now. */
export function isOutdated(precision: ModelPlan["precision"]): boolean {
  const isWide = precision === "f16-f32" || precision === "int8-f32";
  return precision !== "f32" && isWide !== wideActivations.value;
}
