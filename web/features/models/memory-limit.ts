/** GPU memory that work may take: WebGPU doesn't tell how much there is, so the visitor may, for this visit and later ones. */
import { signal } from "@preact/signals";
import { remember, remembered } from "../../app/choices";
import { device, engine } from "../../app/studio";

/** What the engine takes for granted too. */
const USUAL = 4;
/** A fifth of what the demo model takes in eight bits. */
export const LEAST = 0.01;
export const MOST = 1000;

/** In GB. */
export const memoryLimit = signal(rememberedLimit());

function rememberedLimit(): number {
  const limit = Number(remembered("memory-limit"));
  return limit >= LEAST && limit <= MOST ? limit : USUAL;
}

export function setMemoryLimit(gigabytes: number): void {
  memoryLimit.value = gigabytes;
  remember("memory-limit", String(gigabytes));
  // An engine that opens later is told then. One that has ended says so where it is asked for work.
  if (device.value.state === "ready") void tellMemoryLimit().catch(() => undefined);
}

/** The engine refuses what needs more from then on. */
export const tellMemoryLimit = () => engine().setMemoryLimit(memoryLimit.value * 1e9);
