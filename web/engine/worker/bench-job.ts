/** Runs a bench, one item per turn, until all items are measured or it is cancelled. */
import type { BenchObserver } from "../api";
import type { BenchPlan } from "../contract/bench";
import type { Engine } from "../contract/engine";
import { toFault } from "../fault";
import type { JobControl } from "./job-control";
import { release } from "./release";
import type { Turns } from "./turns";

export async function runBench(
  engine: Engine,
  turns: Turns,
  control: JobControl,
  plan: BenchPlan,
  observer: BenchObserver,
): Promise<void> {
  const bench = await turns.take(() => engine.beginBench(plan));
  try {
    for (;;) {
      const progress = bench.progress();
      observer.progress(progress);
      const name = progress.next;
      if (name === null || control.cancelled) return;
      try {
        await turns.take(() => bench.step());
      } catch (error) {
        const fault = toFault(error);
        // Without a device nothing more can be measured; anything else concerns this item alone.
        if (fault.kind === "DeviceLost") throw error;
        observer.failed(name, fault.message);
      }
      observer.report(bench.report());
    }
  } finally {
    await turns.take(() => release(bench));
  }
}
