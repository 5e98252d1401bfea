/** GPU memory limit: WebGPU doesn't tell how much there is, so the visitor sets it, for later visits too. */
import { signal } from "@preact/signals";
import { remember, remembered } from "../../app/choices";
import { device, engine } from "../../app/studio";

/** Default limit in GB, the same as the engine's. */
const USUAL = 4;
/** Least limit in GB: a fifth of what the demo model takes in eight bits. */
export const LEAST = 0.01;
export const MOST = 1000;

/** The limit in GB. */
export const memoryLimit = signal(rememberedLimit());

function rememberedLimit(): number {
  const limit = Number(remembered("memory-limit"));
  return limit >= LEAST && limit <= MOST ? limit : USUAL;
}

export function setMemoryLimit(gigabytes: number): void {
  memoryLimit.value = gigabytes;
  remember("memory-limit", String(gigabytes));
  // An engine that opens later is told then. An engine that has ended reports that when it is asked for work.
  if (device.value.state === "ready") void tellMemoryLimit().catch(() => undefined);
}

/** Tells the engine the limit; from then on it refuses work that needs more. */
export const tellMemoryLimit = () => engine().setMemoryLimit(memoryLimit.value * 1e9);
