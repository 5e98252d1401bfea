/** What the time presets choose for a training, by what was measured on this device now or at an earlier visit. */
import type { Engine, TimePlan } from "../contract";
import { openDeviceMemo } from "./device-memo";

export class TimePlanner {
  /** The engine has what earlier visits measured. */
  #taken = false;

  async plans(engine: Engine, ...training: Parameters<Engine["planTime"]>): Promise<TimePlan[]> {
    const memo = await openDeviceMemo("step-times");
    if (!this.#taken) {
      const kept = await memo.read();
      if (kept) engine.takeMeasuredTimes(kept);
      this.#taken = true;
    }
    const found = await engine.measureTimes(...training);
    if (found) await memo.keep(found);
    return engine.planTime(...training);
  }
}
