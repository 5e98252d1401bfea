/** Plans what time presets choose for a training, by times measured on this device now or earlier. */
import type { Engine } from "../contract/engine";
import type { TimePlan } from "../contract/training";
import { openDeviceMemo } from "./device-memo";
import type { Turns } from "./turns";

export class TimePlanner {
  /** Whether the engine has taken over what earlier visits measured. */
  #taken = false;
  #cancelled = 0;

  /** `null` if `cancel` was called after this call. */
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

  /** Cancels all calls of `plans` made so far. */
  cancel(): void {
    this.#cancelled++;
  }
}
