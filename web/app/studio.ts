/** The page's engine: opened at start, replaced when it is beyond use. Features hang their own state on it. */
import { signal } from "@preact/signals";
import { EngineClient } from "../engine/client";
import type { DeviceReport } from "../engine/contract";
import { type Fault, faultError, toFault } from "../engine/fault";
import { text } from "./text";

export type DeviceState =
  | { state: "checking" }
  | { state: "ready"; report: DeviceReport }
  | { state: "fault"; fault: Fault };

export const device = signal<DeviceState>({ state: "checking" });

let client: EngineClient | undefined;

/** Steps to run whenever a fresh engine is open: load the model, bring the adapters back. */
const onOpened: (() => Promise<void>)[] = [];

export function whenEngineOpens(step: () => Promise<void>): void {
  onOpened.push(step);
}

export function engine(): EngineClient {
  if (!client) throw faultError("EngineStopped", text.faults.notOpen);
  return client;
}

export async function openEngine(): Promise<void> {
  client?.dispose();
  client = undefined;
  device.value = { state: "checking" };
  try {
    checkPage();
    const opening = new EngineClient();
    client = opening;
    device.value = { state: "ready", report: await opening.open() };
    for (const step of onOpened) await step();
  } catch (error) {
    device.value = { state: "fault", fault: toFault(error) };
  }
}

/** What can be told without starting a worker. */
function checkPage(): void {
  if (!window.isSecureContext) throw faultError("InsecurePage", text.faults.insecurePage);
  if (!navigator.gpu) throw faultError("NoWebGpu", text.faults.noWebGpu);
  if (typeof WebAssembly === "undefined") throw faultError("WasmBlocked", text.faults.wasmBlocked);
}
