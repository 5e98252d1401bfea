/** Everything that can go wrong, as a value: a kind for the page to act on and a sentence for the visitor. */
import type { EngineErrorKind } from "./contract/engine";

export type FaultKind =
  | EngineErrorKind
  /** The page isn't served from a secure origin, so the browser hides WebGPU. */
  | "InsecurePage"
  /** WebAssembly is switched off or forbidden. */
  | "WasmBlocked"
  /** A file of the page or a model could not be fetched. */
  | "Network"
  /** A server gives a file only to those who prove who they are. */
  | "AccessDenied"
  /** The browser's own storage is full, closed or broken. */
  | "Storage"
  /** A file of this device is gone or may not be read. */
  | "LocalFile"
  /** Another tab of this browser leads: it alone has an engine. */
  | "OtherTab"
  /** The worker or the wasm instance is gone. */
  | "EngineStopped";

export interface Fault {
  kind: FaultKind;
  message: string;
}

const FAULT_KINDS: ReadonlySet<string> = new Set<FaultKind>([
  "DeviceLost",
  "NoWebGpu",
  "OutOfMemory",
  "BadFile",
  "BadSettings",
  "MemoryLimit",
  "Overflow",
  "Internal",
  "InsecurePage",
  "WasmBlocked",
  "Network",
  "AccessDenied",
  "Storage",
  "LocalFile",
  "OtherTab",
  "EngineStopped",
]);

/** An error that carries its kind in `name`, which survives the way from worker to page. */
export function faultError(kind: FaultKind, message: string): Error {
  const error = new Error(message);
  error.name = kind;
  return error;
}

const UNREADABLE: readonly string[] = ["NotReadableError", "NotFoundError"];

/** A trap in wasm (`RuntimeError`) leaves the instance unusable: that is a stopped engine, not a failed call. */
export function toFault(thrown: unknown): Fault {
  if (!(thrown instanceof Error)) return { kind: "Internal", message: String(thrown) };
  if (FAULT_KINDS.has(thrown.name)) return { kind: thrown.name as FaultKind, message: thrown.message };
  if (thrown.name === "RuntimeError") return { kind: "EngineStopped", message: thrown.message };
  // The browser's own error for a file that was moved, deleted or is too large for it.
  if (UNREADABLE.includes(thrown.name)) {
    return toFault(
      faultError("LocalFile", "A file can't be read. Check that it is still there, and choose it again."),
    );
  }
  return { kind: "Internal", message: thrown.message };
}

/** Faults after which nothing in the worker can be relied on: only a fresh engine helps. */
const ENDING_KINDS: readonly FaultKind[] = ["DeviceLost", "OutOfMemory", "EngineStopped", "Internal"];

export function needsFreshEngine(fault: Fault): boolean {
  return ENDING_KINDS.includes(fault.kind);
}
