/** A fault of numbers that outgrow 16 bits goes with the model that had them; others stay. */
import { signal } from "@preact/signals";
import { expect, test, vi } from "vitest";
import type { Fault } from "../../web/engine/fault";

const steps = vi.hoisted(() => [] as (() => Promise<void>)[]);

vi.mock("../../web/features/models/model", () => ({
  whenModelIsChosen: (step: () => Promise<void>) => steps.push(step),
}));

const { endsWithModel } = await import("../../web/features/models/overflow-faults");

test("an overflow ends as soon as a model is loaded, nothing else does", async () => {
  const held = signal<Fault | undefined>(undefined);
  endsWithModel(held);
  for (const kind of ["Overflow", "MemoryLimit"] as const) {
    held.value = { kind, message: "It can't be drawn." };
    for (const step of steps) await step();
    expect(held.value?.kind).toBe(kind === "Overflow" ? undefined : kind);
  }
});
