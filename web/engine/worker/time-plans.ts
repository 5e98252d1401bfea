/** What the time presets choose for a training, by what was measured on this device now or at an earlier visit. */
import type { Engine, TimePlan } from "../contract";
import { openDeviceMemo } from "./device-memo";
import type { Turns } from "./turns";

export class TimePlanner {
  /** The engine has what earlier visits measured. */
  #taken = false;
  #cancelled = 0;

  /** `null` when cancelled since it was asked. */
  async plans(engine: Engine, turns: Turns, ...training: Parameters<Engine["planTime"]>) {
    const before = this.#cancelled;
    const wanted = () => this.#cancelled === before;
    return turns.take(async (): Promise<TimePlan[] | null> => {
      const memo = await openDeviceMemo("step-times");
      if (!this.#taken) {
        const kept = await memo.read();
        if (kept) engine.takeMeasuredTimes(kept);
        this.#taken = true;
      }
      try {
        const found = await engine.measureTimes(...training, wanted);
        if (found) await memo.keep(found);
      } catch (error) {
        if (wanted()) throw error;
      }
      return wanted() ? engine.planTime(...training) : null;
    });
  }

  /** For whoever has asked so far. */
  cancel(): void {
    this.#cancelled++;
  }
}
