/** The page's engine: opened at start, replaced when it is beyond use. Features register steps for both. */
import { signal } from "@preact/signals";
import { EngineClient } from "../engine/client";
import type { DeviceReport } from "../engine/contract/device";
import { type Fault, faultError, toFault } from "../engine/fault";
import { stealLead, takeLead } from "./lead";
import { text } from "./text";
import { anyTabWorks } from "./working";

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

/** Steps to run when an engine closes: they drop the state that is gone with it. */
const onClosed: (() => void)[] = [];

export function whenEngineCloses(step: () => void): void {
  onClosed.push(step);
}

export function engine(): EngineClient {
  if (!client) throw faultError("EngineStopped", text.faults.notOpen);
  return client;
}

export async function openEngine(): Promise<void> {
  closeEngine();
  device.value = { state: "checking" };
  try {
    checkPage();
    if (!(await takeLead(openEngine, giveWay))) throw faultError("OtherTab", text.faults.otherTab);
    // Checked before the engine's megabytes are fetched.
    if (!(await navigator.gpu.requestAdapter())) throw faultError("NoWebGpu", text.faults.noGpu);
    const opening = new EngineClient();
    client = opening;
    device.value = { state: "ready", report: await opening.open() };
    for (const step of onOpened) await step();
  } catch (error) {
    device.value = { state: "fault", fault: toFault(error) };
  }
}

/** Closes the engine. No new one opens until `openEngine` is called. */
export function closeEngine(): void {
  if (!client) return;
  client.dispose();
  client = undefined;
  for (const step of onClosed) step();
}

/** Another tab took the lead: this one's engine goes, with its GPU memory. */
function giveWay(): void {
  closeEngine();
  void openEngine();
}

/** Moves the engine from the tab that has it to this one; false if a tab is in the middle of work. */
export async function useHere(): Promise<boolean> {
  if (await anyTabWorks()) return false;
  await stealLead(giveWay);
  await openEngine();
  return true;
}

/** Checks that are possible without starting a worker. @throws a fault */
function checkPage(): void {
  if (!window.isSecureContext) throw faultError("InsecurePage", text.faults.insecurePage);
  if (!navigator.gpu) throw faultError("NoWebGpu", text.faults.noWebGpu);
  if (typeof WebAssembly === "undefined") throw faultError("WasmBlocked", text.faults.wasmBlocked);
}
